"""The de-identification desk: series whose pixels a person must see before readers do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import Clearance, ReviewState
from cases.errors import StaleRevision
from cases.models import Case, ClearanceReview, Instance, Series
from cases.permissions import check_user_can_confirm_clearance, check_user_can_review_series
from cases.policies import check_review_move
from cases.services import erasing
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.jobs import services as jobs
from medweb.jobs.models import Job
from medweb.live.publish import publish

KIND = "cases.black-out"
MOST_BOXES = 2000
Box = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """How a held series stands: what was saved, or what the detector proposes.

    ``boxes`` are as in :class:`~cases.models.ClearanceReview`; ``reasons`` are codes of why it waits.
    """

    state: str
    revision: int
    boxes: list[Box]
    reasons: list[str]
    first_by: User | None
    seen: int


def waiting(user: User) -> "QuerySet[Series]":
    """Held series whose case ``user`` may edit."""
    return Series.objects.visible_to(user).filter(clearance=Clearance.HELD, case__in=_editable(user))


def _editable(user: User) -> "QuerySet[Case]":
    return Case.objects.editable_by(user).order_by()


def waiting_of(case: Case) -> list[Series]:
    """Held series of one case, for those who may edit it."""
    return list(case.series.filter(clearance=Clearance.HELD).order_by("number"))


def standing(series: Series) -> Standing:
    """Read how ``series`` stands; writes nothing."""
    review = ClearanceReview.objects.select_related("first_by").filter(series=series).first()
    rows = series.instances.order_by("pk").values("pk", "suspicion", "boxes")
    instances: list[dict[str, Any]] = [dict(row) for row in rows]
    reasons = sorted({code for row in instances for code in row["suspicion"]})
    seen = max((row["pk"] for row in instances), default=0)
    if review is None or review.state == ReviewState.DONE:
        revision = review.revision if review else 0
        return Standing(ReviewState.OPEN, revision, _proposals(series, instances), reasons, None, seen)
    boxes = review.boxes
    if boxes is None:
        boxes = _proposals(series, instances)
    else:
        boxes = boxes + _proposals(series, [row for row in instances if row["pk"] > review.seen])
    return Standing(review.state, review.revision, boxes, reasons, review.first_by, seen)


def reasons_of(rows: Iterable[Series]) -> dict[int, list[str]]:
    """Codes of why each of ``rows`` waits, by key; one query, however many rows there are."""
    found: dict[int, set[str]] = {series.pk: set() for series in rows}
    told = Instance.objects.filter(series__in=found).order_by().values_list("series", "suspicion").distinct()
    for series, codes in told:
        found[series].update(codes)
    return {series: sorted(codes) for series, codes in found.items()}


def _proposals(series: Series, instances: list[dict[str, Any]]) -> list[Box]:
    """What the detector found, by keys of frames; of a series of one object, its whole is all of them."""
    if not any(row["boxes"] for row in instances):
        return []
    frames: dict[int, dict[int, int]] = {}
    rows = series.frames.order_by("instance", "number_in_instance")
    for pk, instance, number in rows.values_list("pk", "instance", "number_in_instance"):
        frames.setdefault(instance, {})[number + 1] = pk
    alone = len(frames) == 1
    found: list[Box] = []
    for row in instances:
        own = frames.get(row["pk"], {})
        for box in row["boxes"]:
            number = box["frame"]
            keys = (
                None if number == 0 and alone else sorted(own.values()) if number == 0 else [own.get(number)]
            )
            if keys is None or None not in keys:
                place = {name: box[name] for name in ("x", "y", "width", "height", "score")}
                found.append({"frames": keys, **place})
    return found


def checked(series: Series, payload: object) -> list[Box]:
    """Boxes as they are stored.

    Raises
    ------
    ValidationError
        Naming what is wrong.
    """
    if not isinstance(payload, list) or len(payload) > MOST_BOXES:
        raise ValidationError(_("Send a list of at most %(n)d boxes.") % {"n": MOST_BOXES})
    sizes = {pk: (columns, rows) for pk, columns, rows in series.frames.values_list("pk", "columns", "rows")}
    return [_checked(box, sizes) for box in payload]


def _checked(box: object, sizes: dict[int, tuple[int, int]]) -> Box:
    if not isinstance(box, dict):
        raise ValidationError(_("A box is an object with frames, x, y, width and height."))
    frames = box.get("frames")
    known = frames is None or (
        isinstance(frames, list) and frames and all(type(pk) is int and pk in sizes for pk in frames)
    )
    if not known:
        raise ValidationError(_("A box is on all frames (null) or on a list of frames of this series."))
    numbers = [box.get(name) for name in ("x", "y", "width", "height")]
    if any(type(number) is not int for number in numbers):
        raise ValidationError(_("x, y, width and height of a box are whole numbers of pixels."))
    x, y, width, height = (int(number) for number in numbers)  # type: ignore[arg-type]
    of = [sizes[pk] for pk in frames] if frames else list(sizes.values())
    right, bottom = max((size[0] for size in of), default=0), max((size[1] for size in of), default=0)
    if not (0 <= x < right and 0 <= y < bottom and 1 <= width <= right and 1 <= height <= bottom):
        raise ValidationError(_("A box lies outside of the picture."))
    score = box.get("score")
    return {
        "frames": sorted(set(frames)) if frames else None,
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "score": float(score) if isinstance(score, (int, float)) and 0 <= score <= 1 else None,
    }


def _locked(series: Series, by: User, revision: int) -> ClearanceReview:
    """The review, locked behind its case, if ``revision`` is the stored one.

    Raises
    ------
    StaleRevision
        When somebody saved in between, or images arrived; carries what is stored now.
    """
    check_user_can_review_series(by, series)
    Case.objects.select_for_update().get(pk=series.case_id)
    series.refresh_from_db()
    if not series.is_held:
        raise ValidationError(_("This series no longer waits at the desk."))
    review, _made = ClearanceReview.objects.select_for_update().get_or_create(series=series)
    if review.revision != revision:
        raise StaleRevision({"revision": review.revision, "state": review.state})
    if review.state == ReviewState.DONE:
        review.state, review.boxes = ReviewState.OPEN, None
    return review


@transaction.atomic
def save_boxes(*, series: Series, revision: int, boxes: object, by: User) -> ClearanceReview:
    """Keep the boxes as a person left them; the first of two approvals is void then.

    Raises
    ------
    PermissionDenied, ValidationError
    StaleRevision
    """
    review = _locked(series, by, revision)
    if review.state == ReviewState.APPROVED:
        raise ValidationError(_("This series is being blacked out; nothing can be changed any more."))
    _put(review, boxes)
    _reopen(review)
    return _kept(review, "series.mark", by)


def _reopen(review: ClearanceReview) -> None:
    """Nobody has approved it, whoever did before."""
    review.state, review.first_by, review.first_at = ReviewState.OPEN, None, None


def _kept(review: ClearanceReview, verb: str, by: User) -> ClearanceReview:
    """Save ``review`` and write into the trail who did what with how many boxes."""
    review.save()
    record(verb, review.series, by=by, boxes=len(review.boxes or ()))
    return review


def _moved(review: ClearanceReview, to: str, verb: str, by: User) -> ClearanceReview:
    """One step of the two approvals: checked, kept, and told to open pages."""
    check_review_move(review, to)
    review.state = to
    _kept(review, verb, by)
    _announce(review.series)
    return review


def _put(review: ClearanceReview, boxes: object) -> None:
    review.boxes = checked(review.series, boxes)
    review.seen = max(review.series.instances.values_list("pk", flat=True), default=0)
    review.revision += 1
    review.modified_at = timezone.now()


@transaction.atomic
def approve(*, series: Series, revision: int, boxes: object, by: User) -> ClearanceReview:
    """These boxes hide everything: queue the black-out, or ask a second person for the same.

    Raises
    ------
    PermissionDenied, ValidationError
    StaleRevision
    """
    review = _locked(series, by, revision)
    if review.state == ReviewState.PROPOSED:
        raise ValidationError(_("This was approved already; a second person has to confirm it."))
    _put(review, boxes)
    review.first_by, review.first_at = by, timezone.now()
    if settings.DESK_TWO_STEP:
        return _moved(review, ReviewState.PROPOSED, "series.propose-clearance", by)
    return _approved(review, by)


@transaction.atomic
def confirm(*, series: Series, revision: int, by: User) -> ClearanceReview:
    """The second of two persons agrees with the boxes as they are.

    Raises
    ------
    PermissionDenied, ValidationError
    StaleRevision
        Also when images arrived since the first person looked.
    """
    review = _locked(series, by, revision)
    check_user_can_confirm_clearance(by, review)
    if review.state != ReviewState.PROPOSED:
        raise ValidationError(_("Nobody has approved this series yet."))
    return _approved(review, by)


def _approved(review: ClearanceReview, by: User) -> ClearanceReview:
    series = review.series
    if review.seen != max(series.instances.values_list("pk", flat=True), default=0):
        raise StaleRevision({"revision": review.revision, "state": review.state})
    review.approved_by, review.approved_at = by, timezone.now()
    _moved(review, ReviewState.APPROVED, "series.approve-clearance", by)
    jobs.enqueue(
        KIND,
        params={"series_id": series.pk, "revision": review.revision},
        key=key(series.pk),
        topics=[f"case:{series.case_id}"],
        by=by,
    )
    return review


def key(series_id: int) -> str:
    """Job key: at most one black-out of a series at a time."""
    return f"black-out:{series_id}"


@transaction.atomic
def withdraw(*, series: Series, revision: int, by: User) -> ClearanceReview:
    """Take the first of two approvals back; the boxes stay."""
    review = _locked(series, by, revision)
    if review.state != ReviewState.PROPOSED:
        raise ValidationError(_("There is no approval to take back."))
    _reopen(review)
    review.revision += 1
    _kept(review, "series.withdraw-clearance", by)
    _announce(series)
    return review


@transaction.atomic
def refuse(*, series: Series, by: User) -> None:
    """Delete a held series with its bytes: nobody will ever see it.

    Raises
    ------
    PermissionDenied, ValidationError
    """
    check_user_can_review_series(by, series)
    # Jobs before the case, as everywhere: a black-out that is being written is waited for.
    active = Job.objects.active().filter(key=key(series.pk))
    if list(active.select_for_update()):
        raise ValidationError(_("This series is being blacked out. Wait a moment, or cancel the job first."))
    Case.objects.select_for_update().get(pk=series.case_id)
    series.refresh_from_db()
    if not series.is_held:
        raise ValidationError(_("This series no longer waits at the desk."))
    marks = erasing.marks_of(series)
    record("series.refuse", series, by=by, images=series.frame_count)
    case_id = series.case_id
    series.delete()
    erasing.erase_on_commit(marks)
    publish(f"case:{case_id}", "case-changed", case=case_id)


def images_changed(series: Series, *, moved: bool = False, replaced: bool = False) -> None:
    """Void what was said of a held series: images of it came, moved or were replaced.

    Its revision moves on, so a page that was opened before, a first approval and a black-out under way are
    of other images, and end with 409 or a sentence. Called by the intake, inside of its transaction and
    behind the lock of the case.

    Parameters
    ----------
    series : Series
        One that is held.
    moved : bool
        Images of before moved into it: what the detector proposes on them is shown again.
    replaced : bool
        Images have other pixels now, so boxes on the old ones mean nothing.
    """
    review, _made = ClearanceReview.objects.select_for_update().get_or_create(series=series)
    if replaced or review.state == ReviewState.DONE:
        review.boxes = None
    if review.boxes is not None:
        here = set(series.frames.values_list("pk", flat=True))
        review.boxes = [
            box for box in review.boxes if box["frames"] is None or here.issuperset(box["frames"])
        ]
    if moved:
        review.seen = 0
    review.revision += 1
    _reopen(review)
    review.modified_at = timezone.now()
    review.save()


def _announce(series: Series) -> None:
    publish(f"case:{series.case_id}", "case-changed", case=series.case_id)


def check_user_can_black_out(user: User, *, series_id: int, revision: int) -> None:
    """Raise unless ``user`` may have this black-out tried again."""
    series = Series.objects.select_related("case").filter(pk=series_id).first()
    if series is None:
        raise ValidationError(_("The series was deleted."))
    check_user_can_review_series(user, series)
    if not ClearanceReview.objects.filter(
        series=series, revision=revision, state=ReviewState.APPROVED
    ).exists():
        raise ValidationError(_("This series must be approved at the desk again."))


def abandoned(job: Job, sentence: str) -> None:
    """The black-out ended without a result: the series waits again."""
    ClearanceReview.objects.filter(
        series=job.params["series_id"], revision=job.params["revision"], state=ReviewState.APPROVED
    ).update(state=ReviewState.OPEN, first_by=None, first_at=None)
