"""Bringing an earlier text of a case back."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cases.models import Case, CaseVersion, Term
from cases.permissions import check_user_can_edit_case
from cases.services import cases
from cases.services.snapshots import LISTS
from medweb.accounts.models import User
from medweb.audit.services import record


@transaction.atomic
def restore(*, case: Case, revision: int, number: int, by: User) -> Case:
    """Save the text of version ``number`` over ``revision``, as a version of its own.

    Raises
    ------
    PermissionDenied
    StaleRevision
    ValidationError
        There is no such version.
    """
    check_user_can_edit_case(by, case)
    version = case.versions.filter(number=number).first()
    if version is None:
        raise ValidationError(_("There is no such version of this case."))
    saved = cases.update(
        case=case, revision=revision, fields=restorable(version), by=by, restored_from=number
    )
    record("case.restore", saved, by=by, number=number)
    return saved


def restorable(version: CaseVersion) -> dict[str, Any]:
    """Fields of a version in the names of :func:`cases.services.cases.update`."""
    fields = {name: version.fields[name] for name in cases.TEXT_FIELDS if name in version.fields}
    fields.pop("diagnosis", None)
    fields.update({name: version.fields.get(name, []) for name in LISTS})
    told = version.fields.get("diagnosis")
    if told is None:
        return {**fields, "diagnosis": None}
    term = Term.objects.filter(system=told["system"], code=told["code"]).first()
    # A term of this server that nobody used any more may be gone; its wording makes it anew.
    return (
        {**fields, "diagnosis": term} if term is not None else {**fields, "diagnosis_text": told["display"]}
    )
