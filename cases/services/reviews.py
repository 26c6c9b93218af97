"""Review of layers: accepted, returned with a comment, or taken into the reference."""

from collections.abc import Collection as Container

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import HANDED_IN, AnnotationStatus, NoticeKind
from cases.errors import StaleRevision
from cases.models import Annotation
from cases.permissions import check_user_can_review
from cases.policies import check_annotation_move, check_layer_is_handed_in
from cases.services import annotations, comments, notices
from cases.services.comments import Place
from medweb.accounts.models import User
from medweb.audit.services import record


@transaction.atomic
def accept(*, annotation: Annotation, revision: int, by: User) -> Annotation:
    """Say that a layer is good.

    Raises
    ------
    PermissionDenied, ValidationError
    StaleRevision
        Its author drew on since ``revision`` was looked at.
    """
    check_user_can_review(by, annotation)
    check_annotation_move(annotation, AnnotationStatus.ACCEPTED)
    _move(annotation, revision, AnnotationStatus.ACCEPTED, (AnnotationStatus.SUBMITTED,))
    record("annotation.accept", annotation, by=by, revision=revision)
    notices.tell(kind=NoticeKind.ACCEPTED, to=[annotation.author], annotation=annotation, by=by)
    annotations.tell(annotation)
    return annotation


@transaction.atomic
def send_back(
    *, annotation: Annotation, revision: int, text: str, place: Place | None = None, by: User
) -> Annotation:
    """Return a layer to its author with a comment that says what to change.

    Raises
    ------
    PermissionDenied
    ValidationError
        Without words nobody knows what to change.
    StaleRevision
    """
    check_user_can_review(by, annotation)
    check_annotation_move(annotation, AnnotationStatus.RETURNED)
    comments.write(annotation=annotation, text=text, place=place, by=by)
    _move(annotation, revision, AnnotationStatus.RETURNED, HANDED_IN)
    record("annotation.return", annotation, by=by, revision=revision)
    notices.tell(kind=NoticeKind.RETURNED, to=[annotation.author], annotation=annotation, by=by)
    return annotation


@transaction.atomic
def merge(
    *, annotation: Annotation, revision: int, shapes: Container[str] | None = None, by: User
) -> tuple[Annotation, int]:
    """Take chosen shapes of a layer, or all, into the reference; the layer is accepted by that.

    Parameters
    ----------
    annotation : Annotation
    revision : int
        The one that was looked at.
    shapes : collection of str or None
        Ids of the chosen ones; ``None`` for all.
    by : User

    Returns
    -------
    annotation, added
        Shapes that the reference has already are not added again.

    Raises
    ------
    PermissionDenied, ValidationError, StaleRevision
    cases.geometry.errors.GeometryError
        The reference cannot hold them all.
    """
    check_user_can_review(by, annotation)
    check_layer_is_handed_in(annotation)
    news = annotation.status != AnnotationStatus.ACCEPTED
    _move(annotation, revision, AnnotationStatus.ACCEPTED, HANDED_IN)
    chosen = [shape for shape in annotation.shapes if shapes is None or shape["id"] in shapes]
    if not chosen:
        raise ValidationError(_("Choose at least one shape to take into the reference."))
    series = annotation.series
    reference = Annotation.objects.select_for_update().filter(series=series, author=series.case.author)
    held = reference.values_list("shapes", flat=True).first() or []
    added = annotations.add_to_reference(series=series, shapes=annotations.unknown(held, chosen), by=by)
    if news:
        notices.tell(kind=NoticeKind.ACCEPTED, to=[annotation.author], annotation=annotation, by=by)
    record("annotation.merge", annotation, by=by, revision=revision, shapes=len(chosen), added=added)
    annotations.tell(annotation)
    return annotation, added


def _move(annotation: Annotation, revision: int, to: str, since: tuple[str, ...]) -> None:
    """Change the state of what was looked at; the author may draw on at the same moment."""
    looked_at = Annotation.objects.filter(pk=annotation.pk, revision=revision, status__in=since)
    changed = looked_at.update(status=to, modified_at=timezone.now())
    annotation.refresh_from_db(fields=["revision", "status", "shapes", "modified_at"])
    if not changed:
        raise StaleRevision(annotations.current_state(annotation))
