"""Slices that form a stack, the scouts among them, and the distances between them."""

import uuid
from collections import defaultdict
from typing import Any

from django.db.models import Max

from cases.imaging.volume import FrameGeometry, across_the_stack, uneven_steps
from cases.models import Annotation, Frame, Instance, Series
from cases.models.series import UNEVEN

_NAMESPACE = uuid.UUID("5b0fe5b2-6f58-5a3a-8a53-6a2f53a0c3f1")


def arranged(series: Series) -> list[Series]:
    """Set scouts that cross the stack of ``series`` apart, in a series of their own.

    Looks at both series together each time, so that it does not matter in which order slices arrive. Slices
    on which somebody has drawn stay where they are.

    Parameters
    ----------
    series : Series
        To which instances were just added; its case is locked.

    Returns
    -------
    list of Series
        Those whose frames must be numbered: ``series``, and the one of its scouts when it changed.
    """
    if series.is_localiser:
        return [series]
    beside = Series.objects.filter(case=series.case_id, series_uid=_uid_of(series)).first()
    both = [series] if beside is None else [series, beside]
    frames = Frame.objects.filter(series__in=both)
    if beside is None and frames.order_by().values("orientation").distinct().count() < 2:
        return [series]
    rows = frames.order_by("instance", "number_in_instance").values_list("instance", "series", "orientation")
    turned: dict[int, list[Any]] = defaultdict(list)
    lies_in: dict[int, int] = {}
    for instance, own, orientation in rows:
        turned[instance].append(orientation)
        lies_in[instance] = own
    # An object of several planes is one object: it stays.
    whole = [pk for pk, found in turned.items() if all(one == found[0] for one in found)]
    apart = {whole[place] for place in across_the_stack([turned[pk][0] for pk in whole])}
    drawn = _drawn_on(both)
    leaves = [pk for pk in whole if pk in apart and lies_in[pk] == series.pk and pk not in drawn]
    returns = [pk for pk in whole if pk not in apart and lies_in[pk] != series.pk and pk not in drawn]
    if not leaves and not returns:
        return [series]
    if beside is None:
        beside = _series_of_scouts(series)
    if series.is_held and not beside.is_held:
        beside.clearance = series.clearance
        beside.save(update_fields=["clearance"])
    if returns and beside.is_held and not series.is_held:
        # A doubt about a scout comes along with it.
        series.clearance = beside.clearance
        series.save(update_fields=["clearance"])
    _carry(leaves, beside)
    _carry(returns, series)
    return [series, beside]


def _uid_of(series: Series) -> str:
    return f"2.25.{uuid.uuid5(_NAMESPACE, series.series_uid).int}"


def _series_of_scouts(series: Series) -> Series:
    last = Series.objects.filter(case=series.case_id).aggregate(Max("number"))["number__max"] or 0
    return Series.objects.create(
        case_id=series.case_id,
        series_uid=_uid_of(series),
        study_uid=series.study_uid,
        modality=series.modality,
        description=series.description,
        number=last + 1,
        is_localiser=True,
        clearance=series.clearance,
        patient_key=series.patient_key,
        frame_of_reference=series.frame_of_reference,
        study_date=series.study_date,
    )


def _drawn_on(both: list[Series]) -> set[int]:
    """Instances on a frame of which some layer has a shape."""
    found: set[int] = set()
    for layer in Annotation.objects.filter(series__in=both):
        numbers = {shape["frame"] for shape in layer.shapes}
        numbers |= {shape["frame"] for row in layer.revisions.all() for shape in row.shapes}
        frames = Frame.objects.filter(series=layer.series_id, index__in=sorted(numbers)[:900])
        found |= set(frames.values_list("instance", flat=True))
    return found


def _carry(instances: list[int], target: Series) -> None:
    """Move instances with their frames, behind the frames that are there."""
    free = (Frame.objects.filter(series=target).aggregate(Max("index"))["index__max"] or 0) + 1
    for pk in instances:
        Instance.objects.filter(pk=pk).update(series=target)
        for frame in Frame.objects.filter(instance=pk).order_by("number_in_instance"):
            frame.series, frame.index, free = target, free, free + 1
            frame.save(update_fields=["series", "index"])


def note_spacing(series: Series) -> None:
    """Keep in the notes of ``series`` how far its slices lie apart when that differs; frames are in order."""
    rows = Frame.objects.filter(series=series).order_by("index").values_list("position", "orientation")
    uneven = uneven_steps(
        [
            FrameGeometry(tuple(place) if place else None, tuple(turn) if turn else None)
            for place, turn in rows
        ]
    )
    notes = [note for note in series.notes if not (isinstance(note, dict) and note.get("code") == UNEVEN)]
    if uneven is not None:
        low, high = (round(step, 3) for step in uneven)
        notes.append({"code": UNEVEN, "min_mm": low, "max_mm": high})
    if notes != series.notes:
        series.notes = notes
        series.save(update_fields=["notes"])
