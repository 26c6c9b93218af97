"""Coded terms."""

import hashlib

from django.db.models import Exists, OuterRef, Q
from django.utils.text import slugify

from cases.enums import TermSystem
from cases.models import Term, TermWord
from medweb.accounts.models import User


def local_term(display: str) -> Term:
    """The server's own term with this wording; made when new.

    The code holds a digest of the wording: from the readable part alone, HER2+ and HER2- were one term,
    and every wording without Latin letters was the same.
    """
    display = " ".join(display.split())[:200]
    digest = hashlib.sha256(display.casefold().encode()).hexdigest()[:12]
    code = f"{slugify(display)[:50] or 'term'}-{digest}"
    term, _made = Term.objects.get_or_create(
        system=TermSystem.LOCAL, code=code, defaults={"display": display}
    )
    return term


def term_for(wording: str, *, chosen: int | None = None, by: User | None = None) -> Term | None:
    """The term somebody typed: a coded one with this wording, else a local one; ``None`` for nothing.

    Parameters
    ----------
    wording : str
    chosen : int, optional
        Key of the term that was picked from a list. It counts as long as the wording is one of its own:
        somebody may have typed on.
    by : User, optional
        Who picked it.
    """
    wording = " ".join(wording.split())[:200]
    if not wording:
        return None
    if chosen is not None and by is not None:
        named = Q(display__iexact=wording) | Exists(
            TermWord.objects.filter(term=OuterRef("pk"), word__iexact=wording)
        )
        if picked := Term.objects.visible_to(by).filter(named, pk=chosen).first():
            return picked
    known = Term.objects.filter(~Q(system=TermSystem.LOCAL) | Q(loaded=True)).filter(display__iexact=wording)
    return known.order_by("pk").first() or local_term(wording)


def coded_term(*, system: str, code: str, display: str) -> Term:
    """The term of a terminology; made when new."""
    if system == TermSystem.LOCAL and not code:
        return local_term(display)
    term, _made = Term.objects.get_or_create(system=system, code=code, defaults={"display": display[:200]})
    return term
