"""Labels that the author of a case puts first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cases.enums import TermSystem
from cases.models import Case, CaseLabel, Term
from cases.permissions import check_user_can_edit_case
from medweb.accounts.models import User
from medweb.audit.services import record

MOST = 9
LONGEST = 64
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Wanted:
    """A label as its author writes it."""

    label: str
    colour: str


@transaction.atomic
def arrange(*, case: Case, wanted: Sequence[Wanted], by: User) -> list[CaseLabel]:
    """Put labels first on a case, in this order, which gives them the keys 1 to 9; none takes all away.

    A wording that a terminology has becomes its term. What is drawn already keeps its label.

    Raises
    ------
    PermissionDenied
    ValidationError
        More than nine, one twice, too long, or a colour that is none.
    """
    check_user_can_edit_case(by, case)
    rows = [Wanted(" ".join(one.label.split()), one.colour) for one in wanted]
    rows = [one for one in rows if one.label]
    if len(rows) > MOST:
        raise ValidationError(_("At most nine labels can stand first: there are nine keys."))
    seen: set[str] = set()
    for one in rows:
        if one.label.casefold() in seen:
            raise ValidationError(_("“%(label)s” stands there twice. Remove one.") % {"label": one.label})
        if len(one.label) > LONGEST:
            raise ValidationError(_("A label has at most %(n)d characters. Shorten it.") % {"n": LONGEST})
        if not one.label.isprintable():
            raise ValidationError(_("A label holds a control character. Type it again."))
        if not _COLOUR.fullmatch(one.colour):
            raise ValidationError(_("A colour is written as #56b4e9. Choose one."))
        seen.add(one.label.casefold())
    Case.objects.select_for_update().get(pk=case.pk)
    case.labels.all().delete()
    made = CaseLabel.objects.bulk_create(
        CaseLabel(case=case, key=key, label=one.label, colour=one.colour.lower(), term=_term(one.label))
        for key, one in enumerate(rows, 1)
    )
    record("case.arrange-labels", case, by=by, labels=len(made))
    return made


def _term(wording: str) -> Term | None:
    found = Term.objects.exclude(system=TermSystem.LOCAL).filter(display__iexact=wording)
    return found.order_by("pk").first()
