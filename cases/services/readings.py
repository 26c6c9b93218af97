"""Blinded readings: letters for readers, and the moment when everybody may know."""

import secrets

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import Annotation, Case, Collection, Reader
from cases.permissions import check_user_can_edit_collection
from cases.policies import case_is_blinded
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.live.publish import publish

# So many letters more than readers: the one that is drawn next tells nothing about who came when.
SPARE = 4


def name_readers(case: Case) -> None:
    """Give a letter to everybody who has a layer on a blinded case; who has one keeps it."""
    if not case_is_blinded(case.pk):
        return
    # Two who start at once must not draw from the same letters.
    Case.objects.select_for_update().filter(pk=case.pk).first()
    known = dict(Reader.objects.filter(case=case).values_list("user", "number"))
    drawn = (
        Annotation.objects.filter(series__case=case).values_list("author", flat=True).distinct().order_by()
    )
    for user_id in sorted(set(drawn) - set(known)):
        taken = set(known.values())
        free = [number for number in range(len(taken) + SPARE) if number not in taken]
        known[user_id] = secrets.choice(free)
        Reader.objects.create(case=case, user_id=user_id, number=known[user_id])


@transaction.atomic
def open_reading(*, collection: Collection, by: User) -> Collection:
    """End the blinding: from now on readers have their names, and everybody sees what they may.

    Raises
    ------
    PermissionDenied
    ValidationError
        It is not blinded.
    """
    check_user_can_edit_collection(by, collection)
    if not collection.is_blind:
        raise ValidationError(_("The reading of this collection is open already."))
    collection.opened_at = timezone.now()
    collection.save(update_fields=["opened_at"])
    record("collection.open-reading", collection, by=by, cases=collection.items.count())
    for case_id in collection.items.values_list("case", flat=True):
        publish(f"case:{case_id}", "annotations-changed", case=case_id)
    return collection
