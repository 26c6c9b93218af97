"""Putting cases together."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from cases.enums import Split, Visibility
from cases.models import Case, Collection, CollectionItem
from cases.permissions import (
    check_user_can_create_collection,
    check_user_can_edit_collection,
    check_user_can_put_case,
    user_can_edit_case,
)
from cases.services import readings
from medweb.accounts.models import User
from medweb.audit.services import record

FIELDS = ("title", "description", "visibility", "blinded")


@transaction.atomic
def create(
    *,
    title: str,
    description: str = "",
    visibility: str = Visibility.EVERYONE,
    blinded: bool = False,
    by: User,
) -> Collection:
    """Make an empty collection; the slug is taken from the title and made unique."""
    check_user_can_create_collection(by)
    base = slugify(title)[:70] or "collection"
    slug, number = base, 1
    while Collection.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    collection = Collection(
        title=title.strip(), slug=slug, description=description, visibility=visibility, owner=by
    )
    collection.blinded = blinded
    collection.full_clean()
    collection.save()
    record("collection.create", collection, by=by)
    return collection


@transaction.atomic
def update(
    *, collection: Collection, fields: dict[str, Any], members: list[User] | None = None, by: User
) -> Collection:
    """Change title, description, visibility and (when given) the invited members."""
    check_user_can_edit_collection(by, collection)
    if unknown := set(fields) - set(FIELDS):
        raise ValidationError(f"These fields cannot be set here: {', '.join(sorted(unknown))}.")
    if fields.get("visibility", collection.visibility) != collection.visibility:
        _check_turning(collection, collection.cases.all(), by)
    turned = fields.get("blinded", collection.blinded) != collection.blinded
    if turned:
        _check_turning(collection, collection.cases.all(), by)
        # Blinding once more begins a new reading.
        collection.opened_at = None
    for name, value in fields.items():
        setattr(collection, name, value)
    collection.full_clean()
    collection.save()
    if turned:
        for case in collection.cases.all():
            readings.name_readers(case)
        record("collection.blind" if collection.blinded else "collection.unblind", collection, by=by)
    if members is not None:
        collection.members.set(members)
    record("collection.update", collection, by=by, fields=sorted(fields), members=members is not None)
    return collection


def _check_turning(collection: Collection, cases: "QuerySet[Case]", by: User) -> None:
    """Refuse what would hide or show cases of other authors.

    Closing hides them from everyone not invited; opening, deleting and taking out of a closed collection
    show them to everyone who signs in. Their authors put them there, or an administrator did.
    """
    if cases.exclude(pk__in=Case.objects.editable_by(by)).exists():
        raise ValidationError(
            {
                "visibility": _(
                    "“%(title)s” holds cases of other authors, and this would change who sees them. "
                    "Ask them or an administrator to take them out first."
                )
                % {"title": collection.title}
            }
        )


@transaction.atomic
def delete(*, collection: Collection, by: User) -> None:
    """Remove the collection; its cases stay."""
    check_user_can_edit_collection(by, collection)
    if collection.visibility == Visibility.MEMBERS or collection.is_blind:
        _check_turning(collection, collection.cases.all(), by)
    record("collection.delete", collection, by=by)
    collection.delete()


@transaction.atomic
def put(
    *, collection: Collection, case: Case, label: str = "", split: str = Split.NONE, by: User
) -> CollectionItem:
    """Put a case into a collection, or change its label and split there."""
    check_user_can_put_case(by, case, collection)
    if split not in Split.values:
        raise ValidationError({"split": _("The split is train, val, test or empty.")})
    last = collection.items.aggregate(Max("position"))["position__max"] or 0
    item, made = CollectionItem.objects.get_or_create(
        collection=collection,
        case=case,
        defaults={"label": label.strip()[:80], "split": split, "position": last + 1},
    )
    if not made and (item.label, item.split) != (label, split):
        item.label, item.split = label.strip()[:80], split
        item.save(update_fields=["label", "split"])
        record("collection.relabel", collection, by=by, case=case.pk)
    if made:
        readings.name_readers(case)
        record("collection.put", collection, by=by, case=case.pk)
    return item


@transaction.atomic
def take_out(*, collection: Collection, case: Case, by: User) -> None:
    """Take a case out of a collection: its owner, or out of a closed one whoever may edit the case."""
    if collection.visibility == Visibility.EVERYONE or not user_can_edit_case(by, case):
        check_user_can_edit_collection(by, collection)
    if collection.visibility == Visibility.MEMBERS or collection.is_blind:
        _check_turning(collection, collection.cases.filter(pk=case.pk), by)
    gone, _rows = CollectionItem.objects.filter(collection=collection, case=case).delete()
    if gone:
        record("collection.take-out", collection, by=by, case=case.pk)
