"""The order of a collection: its cases by hand, under headings."""

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Model, QuerySet
from django.utils.translation import gettext as _

from cases.models import Collection, CollectionItem, Section
from cases.permissions import check_user_can_edit_collection
from medweb.accounts.models import User
from medweb.audit.services import record

MOST_SECTIONS = 50
STEPS = ("up", "down", "first", "last")
M = TypeVar("M", bound=Model)


def _held(collection: Collection, by: User) -> None:
    """Two people who move at once would give two rows one place."""
    check_user_can_edit_collection(by, collection)
    Collection.objects.select_for_update().get(pk=collection.pk)


def _moved(rows: "QuerySet[M, Any]", row: M, step: str) -> None:
    """Give ``row`` another place among ``rows``; only places that change are written."""
    if step not in STEPS:
        raise ValidationError(_("It can go up or down, first or last."))
    ordered = list(rows.only("pk", "position"))
    at = next(i for i, one in enumerate(ordered) if one.pk == row.pk)
    to = {"up": max(at - 1, 0), "down": at + 1, "first": 0, "last": len(ordered)}[step]
    ordered.insert(to, ordered.pop(at))
    changed = []
    for place, one in enumerate(ordered, start=1):
        if one.position != place:
            one.position = place
            changed.append(one)
    rows.model._default_manager.bulk_update(changed, ["position"], batch_size=500)


@transaction.atomic
def move(*, item: CollectionItem, step: str, by: User) -> None:
    """Move a case ``up``, ``down``, ``first`` or ``last`` in its section."""
    _held(item.collection, by)
    beside = CollectionItem.objects.filter(collection=item.collection, section=item.section)
    _moved(beside.order_by("position", "pk"), item, step)
    record("collection.arrange", item.collection, by=by, case=item.case_id)


@transaction.atomic
def put_under(*, item: CollectionItem, section: Section | None, by: User) -> None:
    """Put a case at the end of a section, or above all of them."""
    _held(item.collection, by)
    if section is not None and section.collection_id != item.collection_id:
        raise ValidationError(_("This section belongs to another collection."))
    beside = CollectionItem.objects.filter(collection=item.collection, section=section)
    last = beside.aggregate(last=Max("position"))["last"] or 0
    CollectionItem.objects.filter(pk=item.pk).update(section=section, position=last + 1)
    record("collection.arrange", item.collection, by=by, case=item.case_id)


def _title(text: str) -> str:
    title = " ".join(text.split())[:120]
    if not title:
        raise ValidationError({"title": _("Give the section a title.")})
    return title


@transaction.atomic
def add_section(*, collection: Collection, title: str, by: User) -> Section:
    """Make a section, the last of its collection."""
    _held(collection, by)
    if collection.sections.count() >= MOST_SECTIONS:
        raise ValidationError({"title": _("A collection has fifty sections at most.")})
    last = collection.sections.aggregate(last=Max("position"))["last"] or 0
    section = Section.objects.create(collection=collection, title=_title(title), position=last + 1)
    record("collection.add-section", collection, by=by, section=section.pk)
    return section


@transaction.atomic
def rename_section(*, section: Section, title: str, by: User) -> None:
    """Give a section another title."""
    _held(section.collection, by)
    section.title = _title(title)
    section.save(update_fields=["title"])
    record("collection.rename-section", section.collection, by=by, section=section.pk)


@transaction.atomic
def move_section(*, section: Section, step: str, by: User) -> None:
    """Move a section with its cases."""
    _held(section.collection, by)
    _moved(section.collection.sections.order_by("position", "pk"), section, step)
    record("collection.arrange", section.collection, by=by, section=section.pk)


@transaction.atomic
def delete_section(*, section: Section, by: User) -> None:
    """Remove a heading; its cases go above all sections, in their order."""
    _held(section.collection, by)
    free = CollectionItem.objects.filter(collection=section.collection, section=None)
    last = free.aggregate(last=Max("position"))["last"] or 0
    items = list(section.items.order_by("position", "pk"))
    for place, item in enumerate(items, start=last + 1):
        item.section, item.position = None, place
    CollectionItem.objects.bulk_update(items, ["section", "position"], batch_size=500)
    record("collection.delete-section", section.collection, by=by, section=section.pk)
    section.delete()
