"""Coded terms."""

from django.utils.text import slugify

from cases.enums import TermSystem
from cases.models import Term


def local_term(display: str) -> Term:
    """The server's own term with this wording; made when new."""
    display = " ".join(display.split())[:200]
    code = slugify(display)[:64] or "term"
    term, _made = Term.objects.get_or_create(
        system=TermSystem.LOCAL, code=code, defaults={"display": display}
    )
    return term


def coded_term(*, system: str, code: str, display: str) -> Term:
    """The term of a terminology; made when new."""
    if system == TermSystem.LOCAL and not code:
        return local_term(display)
    term, _made = Term.objects.get_or_create(system=system, code=code, defaults={"display": display[:200]})
    return term
