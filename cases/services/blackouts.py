"""The black-out job: boxes burned into stored bytes, frames and previews of a whole series."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import blobs
from cases.enums import Clearance, ReviewState
from cases.imaging.errors import Refused
from cases.imaging.prepare import Prepared
from cases.models import Case, ClearanceReview, Frame, Instance, Series
from cases.policies import check_review_move
from cases.services import cleaning, erasing
from cases.services.cleaning import Cleaned, DiskFull, Work
from cases.services.workspaces import Workspace
from medweb.audit.services import record
from medweb.jobs.run import JobFailed, Run
from medweb.live.publish import publish

pixels_replaced = Signal()
"""Sent inside the transaction with ``frames``, the rows as they were: what was computed from them must go."""

LOOK_SECONDS = 0.2
_KEPT = frozenset({"window_center", "window_width", "voi_function", "uptake_factor"})
Burn = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class _Task:
    instance: Instance
    boxes: list[Burn]


def black_out(run: Run, *, series_id: int, revision: int) -> None:
    """Rewrite the instances of an approved series, and let readers see it.

    Raises
    ------
    JobFailed
        When the series is gone, was changed since, or cannot be rewritten.
    """
    review = ClearanceReview.objects.select_related("series").filter(series=series_id).first()
    if review is None:
        raise _gone()
    if review.state != ReviewState.APPROVED or review.revision != revision:
        raise _changed()
    tasks = _tasks(review)
    # The decoders end first: one at work would write into a folder that is being deleted.
    with Workspace.of_job(run.job.pk, run.attempt) as space, cleaning.children() as children:
        done = _burn(run, Work(children, space), tasks)
        adopted: dict[str, int] = {}
        try:
            with run.finish() as result:
                _write(review, revision, tasks, done, space, adopted)
                result["series"] = series_id
        except BaseException:
            blobs.take_back(adopted)
            raise


def _gone() -> JobFailed:
    return JobFailed(_("The series was deleted."))


def _changed() -> JobFailed:
    return JobFailed(_("The series changed after it was approved. Look at it at the desk once more."))


def _tasks(review: ClearanceReview) -> list[_Task]:
    """Every instance with the boxes of its frames, by number from 1, or 0 for all."""
    places: dict[int, tuple[int, int]] = {}
    rows = review.series.frames.order_by().values_list("pk", "instance", "number_in_instance")
    for pk, instance, number in rows:
        places[pk] = instance, number + 1
    everywhere: list[Burn] = []
    single: dict[int, list[Burn]] = defaultdict(list)
    for box in review.boxes or ():
        area = box["x"], box["y"], box["width"], box["height"]
        if box["frames"] is None:
            everywhere.append((0, *area))
            continue
        for frame in box["frames"]:
            if frame in places:
                instance, number = places[frame]
                single[instance].append((number, *area))
    return [
        _Task(instance, [*everywhere, *single[instance.pk]])
        for instance in review.series.instances.order_by("pk")
    ]


def _burn(run: Run, work: Work, tasks: Iterable[_Task]) -> dict[int, Cleaned]:
    """What the decoders' processes made, by key of the instance.

    A picture without boxes is as it should be; of a DICOM object the header will say that it was looked at.
    """
    waiting = [task for task in tasks if task.boxes or task.instance.kind == "dicom"]
    total, done = len(waiting), dict[int, Cleaned]()
    waiting.reverse()
    try:
        while waiting or work.busy:
            while waiting and work.free:
                task = waiting.pop()
                path = blobs.path_of(task.instance.digest)
                work.black_out(task.instance.pk, path, kind=task.instance.kind, boxes=task.boxes)
            for found in work.collect(LOOK_SECONDS):
                if not isinstance(found, Cleaned) or isinstance(found.found, Refused):
                    raise JobFailed(
                        _("One image could not be rewritten. Refuse the series, or upload it again.")
                    )
                done[found.key] = found
            run.progress(0.95 * len(done) / max(total, 1), _("Blacking out %(n)d images") % {"n": total})
    except DiskFull:
        raise JobFailed(
            _("The disk of the server is full. Tell the administrator, then try again.")
        ) from None
    return done


def _write(
    review: ClearanceReview,
    revision: int,
    tasks: list[_Task],
    done: dict[int, Cleaned],
    space: Workspace,
    adopted: dict[str, int],
) -> None:
    case = Case.objects.select_for_update().filter(pk=review.series.case_id).first()
    series = Series.objects.select_for_update().filter(pk=review.series_id).first()
    if case is None or series is None:
        raise _gone()
    review = ClearanceReview.objects.select_for_update().get(pk=review.pk)
    keys = set(series.instances.order_by().values_list("pk", flat=True))
    if (
        review.state != ReviewState.APPROVED
        or review.revision != revision
        or keys != {task.instance.pk for task in tasks}
    ):
        raise _changed()
    check_review_move(review, ReviewState.DONE)
    before = list(series.frames.order_by("instance", "number_in_instance"))
    marks = erasing.marks_of(series)
    by_instance: dict[int, list[Frame]] = defaultdict(list)
    for frame in before:
        by_instance[frame.instance_id].append(frame)
    pixels_replaced.send(sender=Series, frames=before)
    blobs.hold()
    for key, cleaned in done.items():
        if isinstance(cleaned.found, Prepared):
            adopted.update(space.adopt(cleaned.number))
            _rewrite(key, cleaned.found, by_instance[key])
    series.instances.update(suspicion=[], boxes=[])
    series.clearance = Clearance.CLEARED
    series.save(update_fields=["clearance"])
    boxes = len(review.boxes or ())
    review.state, review.boxes, review.modified_at = ReviewState.DONE, None, timezone.now()
    review.save()
    record("series.clear", series, by=review.approved_by, boxes=boxes, images=len(before))
    publish(f"case:{case.pk}", "case-changed", case=case.pk)
    # Only now are the new names in rows: what is the same as before stays.
    kept = erasing.digests_of(series)
    erasing.erase_on_commit({digest: mark for digest, mark in marks.items() if digest not in kept})


def _rewrite(key: int, prepared: Prepared, frames: list[Frame]) -> None:
    if len(frames) != len(prepared.frames):
        raise _changed()
    Instance.objects.filter(pk=key).update(digest=prepared.clean.digest, byte_count=prepared.byte_count)
    columns: set[str] = set()
    fresh: list[Frame] = []
    for frame, changed in zip(frames, prepared.frames, strict=True):
        # Where no header names a window, the black boxes would darken the one that is computed. The header
        # that told the factor of uptake is gone.
        values = {name: value for name, value in changed.items() if name not in _KEPT}
        columns |= values.keys()
        fresh.append(Frame(pk=frame.pk, **_fixed(frame), **values))
    Frame.objects.bulk_update(fresh, sorted(columns), batch_size=200)


def _fixed(frame: Frame) -> dict[str, Any]:
    """Columns that a black-out leaves alone: drawings stay on their frames."""
    return {
        "series_id": frame.series_id,
        "instance_id": frame.instance_id,
        "index": frame.index,
        "number_in_instance": frame.number_in_instance,
    }
