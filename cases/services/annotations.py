"""Drawing: every save a revision, none lost."""

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import AnnotationStatus, NoticeKind
from cases.errors import StaleRevision
from cases.geometry.errors import GeometryError
from cases.geometry.schema import parse_shapes, to_payload
from cases.models import Annotation, AnnotationRevision, Series
from cases.permissions import check_user_can_draw, check_user_can_edit_annotation
from cases.policies import case_is_blinded, check_annotation_move, check_layer_may_change
from cases.services import notices, readings
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.live.publish import publish

annotation_submitted = Signal()
"""Sent on commit with ``annotation_id``; how other apps hear of new drawings."""


def checked(series: Series, payload: object) -> list[dict[str, Any]]:
    """Shapes as they are stored.

    Raises
    ------
    cases.geometry.schema.GeometryError
        Names the field that is wrong.
    """
    sizes = list(series.frames.order_by("index").values_list("rows", "columns"))
    return to_payload(parse_shapes(payload, frames=sizes))


def start(*, series: Series, shapes: object, by: User) -> Annotation:
    """First save of one's layer on a series.

    Raises
    ------
    StaleRevision
        When one's layer exists already, from another tab; it is sent along.
    """
    check_user_can_draw(by, series.case)
    stored = checked(series, shapes)
    try:
        with transaction.atomic():
            annotation = Annotation.objects.create(
                series=series, author=by, shapes=stored, is_reference=series.case.author_id == by.pk
            )
            _keep_revision(annotation, by)
            readings.name_readers(series.case)
            record("annotation.start", annotation, by=by, shapes=len(stored))
            _tell_author(annotation)
    except IntegrityError:
        existing = Annotation.objects.get(series=series, author=by)
        raise StaleRevision(current_state(existing)) from None
    return annotation


@transaction.atomic
def save(*, annotation: Annotation, revision: int, shapes: object, by: User) -> Annotation:
    """Save over ``revision``; drawing on after submitting makes the layer a draft again.

    Raises
    ------
    StaleRevision
        When another tab or device saved in between; carries what is stored now.
    """
    check_user_can_edit_annotation(by, annotation)
    check_layer_may_change(annotation)
    stored = checked(annotation.series, shapes)
    was_shown = annotation.status != AnnotationStatus.DRAFT
    saved = {
        "revision": revision + 1,
        "shapes": stored,
        "status": AnnotationStatus.DRAFT,
        "modified_at": timezone.now(),
    }
    if not Annotation.objects.filter(pk=annotation.pk, revision=revision).update(**saved):
        annotation.refresh_from_db()
        raise StaleRevision(current_state(annotation))
    # Read anew, it would ask for its series and its author once more.
    for name, value in saved.items():
        setattr(annotation, name, value)
    _keep_revision(annotation, by)
    record("annotation.save", annotation, by=by, shapes=len(stored), revision=annotation.revision)
    if was_shown:
        # A draft again: who saw it must not go on seeing it.
        tell(annotation)
    _tell_author(annotation)
    return annotation


@transaction.atomic
def restore(*, annotation: Annotation, revision: int, number: int, by: User) -> Annotation:
    """Save the shapes of revision ``number`` over ``revision``: nothing in between is lost.

    Raises
    ------
    StaleRevision
    ValidationError
        There is no such revision, or its shapes do not fit the images that the series has now.
    """
    check_user_can_edit_annotation(by, annotation)
    earlier = annotation.revisions.filter(number=number).first()
    if earlier is None:
        raise ValidationError(_("There is no such revision."))
    try:
        saved = save(annotation=annotation, revision=revision, shapes=earlier.shapes, by=by)
    except GeometryError as error:
        sentence = _("The series has other images now, and these shapes do not fit them: %(why)s")
        raise ValidationError(sentence % {"why": f"{error.field} {error.message}"}) from error
    record("annotation.restore", saved, by=by, number=number)
    return saved


@transaction.atomic
def submit(*, annotation: Annotation, revision: int, by: User) -> Annotation:
    """Hand the layer in: it becomes visible to those it is meant for.

    A revision of its own: a save that set out before and arrives after would otherwise make it a draft again,
    and nobody would learn why the drawing is not there.

    Raises
    ------
    PermissionDenied, ValidationError
    StaleRevision
        When somebody saved in between; carries what is stored now.
    """
    check_user_can_edit_annotation(by, annotation)
    check_annotation_move(annotation, AnnotationStatus.SUBMITTED)
    changed = Annotation.objects.filter(
        pk=annotation.pk, revision=revision, status__in=(AnnotationStatus.DRAFT, AnnotationStatus.RETURNED)
    ).update(revision=F("revision") + 1, status=AnnotationStatus.SUBMITTED, submitted_at=timezone.now())
    annotation.refresh_from_db()
    if not changed:
        raise StaleRevision(current_state(annotation))
    _keep_revision(annotation, by)
    record("annotation.submit", annotation, by=by, revision=annotation.revision)
    notices.tell(kind=NoticeKind.HANDED_IN, to=[annotation.series.case.author], annotation=annotation, by=by)
    annotation_id = annotation.pk
    tell(annotation)
    _tell_author(annotation)
    transaction.on_commit(lambda: annotation_submitted.send(sender=Annotation, annotation_id=annotation_id))
    return annotation


@transaction.atomic
def put_reference(*, series: Series, shapes: object, by: User) -> Annotation:
    """Submitted reference layer of an import; importing twice replaces it only when it differs."""
    stored = checked(series, shapes)
    annotation, made = Annotation.objects.select_for_update().get_or_create(
        series=series,
        author=by,
        defaults={"shapes": stored, "is_reference": True},
    )
    if not made and annotation.shapes == stored:
        return annotation
    if not made:
        annotation.revision += 1
    annotation.shapes, annotation.is_reference = stored, True
    annotation.status, annotation.submitted_at = AnnotationStatus.SUBMITTED, timezone.now()
    annotation.modified_at = timezone.now()
    annotation.save()
    _keep_revision(annotation, by)
    record("annotation.import", annotation, by=by, shapes=len(stored))
    return annotation


@transaction.atomic
def add_to_reference(*, series: Series, shapes: list[dict[str, Any]], by: User) -> int:
    """Add imported shapes to the reference layer of the case's author; what is drawn there stays.

    A layer that exists keeps its state: a draft stays a draft until its author submits it.

    Returns
    -------
    int
        How many were new; shapes whose ids the layer has are left as they are.

    Raises
    ------
    cases.geometry.errors.GeometryError
        When a shape is wrong, or the layer cannot hold them all.
    """
    author = series.case.author
    now = timezone.now()
    fresh = {"is_reference": True, "status": AnnotationStatus.SUBMITTED, "submitted_at": now, "shapes": []}
    layers = Annotation.objects.select_for_update()
    annotation, made = layers.get_or_create(series=series, author=author, defaults=fresh)
    known = {shape["id"] for shape in annotation.shapes}
    new = {shape["id"]: shape for shape in shapes if shape["id"] not in known}
    if not new and not made:
        return 0
    annotation.shapes = checked(series, [*annotation.shapes, *new.values()])
    annotation.revision += not made
    annotation.is_reference = True
    annotation.modified_at = now
    annotation.save()
    _keep_revision(annotation, by)
    record("annotation.import", annotation, by=by, shapes=len(annotation.shapes))
    tell(annotation)
    return len(new)


def unknown(before: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What of ``found`` is not in ``before`` yet; another shape under a known id gets one of its own."""
    known = {shape["id"]: shape for shape in before}
    new = []
    for shape in found:
        here = known.get(shape["id"])
        if here == shape:
            continue
        fresh = shape if here is None else {**shape, "id": str(uuid.uuid4())}
        known[fresh["id"]] = fresh
        new.append(fresh)
    return new


def tell(annotation: Annotation) -> None:
    """Let open pages read the layers of the series again."""
    case = annotation.series.case
    topics = [f"case:{case.pk}"]
    if case_is_blinded(case.pk):
        # That somebody handed in is news about the others: only author and reader hear of it.
        topics = [f"user:{pk}" for pk in sorted({case.author_id, annotation.author_id})]
    for topic in topics:
        publish(topic, "annotations-changed", case=case.pk, series=annotation.series_id)


def _keep_revision(annotation: Annotation, by: User) -> None:
    AnnotationRevision.objects.create(
        annotation=annotation, number=annotation.revision, shapes=annotation.shapes, saved_by=by
    )


def _tell_author(annotation: Annotation) -> None:
    """Other windows of the author follow; nobody else hears that a draft was saved."""
    publish(
        f"user:{annotation.author_id}",
        "annotations-changed",
        case=annotation.series.case_id,
        series=annotation.series_id,
        annotation=annotation.pk,
        revision=annotation.revision,
    )


def current_state(annotation: Annotation) -> dict[str, Any]:
    return {
        "id": annotation.pk,
        "revision": annotation.revision,
        "status": annotation.status,
        "shapes": annotation.shapes,
    }
