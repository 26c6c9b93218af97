"""From clean instances to rows: what uploads, imports and the sample library have in common."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from cases import blobs
from cases.enums import Modality
from cases.imaging.clean import CleanInstance, clean
from cases.imaging.frames import DecodedFrame, pack
from cases.imaging.render import preview
from cases.imaging.volume import FrameGeometry, order
from cases.models import Annotation, AnnotationRevision, Case, Frame, Instance, Series
from medweb.live.publish import publish


@dataclass(frozen=True)
class Prepared:
    """A cleaned instance whose bytes are stored, ready to be attached to a case.

    ``clean`` is without its pixels and bytes: an archive of a thousand slices would hold a gigabyte.
    """

    clean: CleanInstance
    byte_count: int
    frames: tuple[dict[str, Any], ...]


@dataclass
class Outcome:
    """What attaching did."""

    taken: int = 0
    doubled: int = 0
    series: set[int] = field(default_factory=set)


def prepare(data: bytes) -> Prepared:
    """De-identify, decode and store the bytes of one file; touches no database row.

    Raises
    ------
    cases.imaging.errors.Refused
        With the sentence to show.
    """
    instance = clean(data, secret=settings.PSEUDONYM_KEY)
    blobs.put(instance.clean_bytes)
    frames = tuple(_frame_values(frame) for frame in instance.frames)
    return Prepared(replace(instance, clean_bytes=b"", frames=()), len(instance.clean_bytes), frames)


def _frame_values(frame: DecodedFrame) -> dict[str, Any]:
    rows, columns = frame.pixels.shape[:2]
    return {
        "digest": blobs.put(pack(frame.pixels)),
        "preview_digest": blobs.put(preview(frame, size=384)),
        "rows": rows,
        "columns": columns,
        "samples": 1 if frame.pixels.ndim == 2 else 3,
        "dtype": str(frame.pixels.dtype),
        "slope": frame.slope,
        "intercept": frame.intercept,
        "window_center": frame.window_center,
        "window_width": frame.window_width,
        "invert": frame.invert,
        "unit": frame.unit,
        "pixel_spacing": list(frame.pixel_spacing) if frame.pixel_spacing else None,
        "position": list(frame.position) if frame.position else None,
        "orientation": list(frame.orientation) if frame.orientation else None,
        "slice_thickness": frame.thickness,
    }


@transaction.atomic
def attach(case: Case, prepared: Sequence[Prepared]) -> Outcome:
    """Write rows for ``prepared``; the same instance twice counts as doubled.

    All rows of a series are written at once: one by one, a thousand slices held SQLite's only write lock
    for ten seconds.
    """
    # One writer per case at a time: two uploads of one series would number its frames twice.
    case = Case.objects.select_for_update().get(pk=case.pk)
    outcome = Outcome()
    by_series: dict[str, dict[str, Prepared]] = defaultdict(dict)
    for item in prepared:
        fresh = by_series[item.clean.series_uid]
        if item.clean.sop_uid in fresh:
            outcome.doubled += 1
        fresh.setdefault(item.clean.sop_uid, item)
    for fresh in by_series.values():
        series = _series_for(case, next(iter(fresh.values())).clean)
        outcome.series.add(series.pk)
        known = set(Instance.objects.filter(series=series).values_list("sop_uid", flat=True))
        new = [item for uid, item in fresh.items() if uid not in known]
        outcome.doubled += len(fresh) - len(new)
        outcome.taken += len(new)
        _write(series, new)
    if prepared and outcome.taken:
        _adopt_facts(case, prepared[0].clean)
    return outcome


def _write(series: Series, new: list[Prepared]) -> None:
    if not new:
        return
    instances = Instance.objects.bulk_create(
        Instance(
            series=series,
            sop_uid=item.clean.sop_uid,
            digest=item.clean.digest,
            byte_count=item.byte_count,
            kind=item.clean.kind,
            number=item.clean.instance_number or 0,
            facts=_facts(item.clean),
        )
        for item in new
    )
    # Behind all others; number_frames gives every frame its place.
    free = count(Frame.objects.filter(series=series).count())
    Frame.objects.bulk_create(
        (
            Frame(series=series, instance=instance, index=next(free), number_in_instance=n, **values)
            for instance, item in zip(instances, new, strict=True)
            for n, values in enumerate(item.frames)
        ),
        batch_size=500,
    )
    number_frames(series)


def _series_for(case: Case, instance: CleanInstance) -> Series:
    known = Series.objects.filter(case=case, series_uid=instance.series_uid).first()
    if known is not None:
        return known
    # A picture file does not know its modality; its case does.
    modality = instance.modality if instance.modality in Modality.values else Modality.OT
    return Series.objects.create(
        case=case,
        series_uid=instance.series_uid,
        study_uid=instance.study_uid,
        modality=Modality(case.modality) if modality == Modality.OT else modality,
        description=instance.series_description[:120],
        number=(Series.objects.filter(case=case).aggregate(Max("number"))["number__max"] or 0) + 1,
    )


def _facts(instance: CleanInstance) -> dict[str, str]:
    """Header values that are safe to show after de-identification."""
    facts = {
        "manufacturer_model": instance.manufacturer_model,
        "patient_sex": instance.patient_sex,
        "patient_age": instance.patient_age,
        "body_part": instance.body_part,
    }
    return {name: value for name, value in facts.items() if value}


def _adopt_facts(case: Case, instance: CleanInstance) -> None:
    """A case that does not yet know its patient or modality learns them from its first picture."""
    changed = []
    if not case.patient_key and instance.patient_key:
        case.patient_key = instance.patient_key
        changed.append("patient_key")
    if case.modality == Modality.OT and instance.modality in Modality.values:
        case.modality = instance.modality
        changed.append("modality")
    if changed:
        case.save(update_fields=[*changed, "modified_at"])


def number_frames(series: Series) -> None:
    """Give the frames of ``series`` their places along the slice normal."""
    rows = list(
        Frame.objects.filter(series=series)
        .order_by("index", "pk")
        .values_list("pk", "index", "position", "orientation", "instance__number", "number_in_instance")
    )
    places = order(
        [
            FrameGeometry(
                position=tuple(position) if position else None,
                orientation=tuple(orientation) if orientation else None,
                instance_number=instance_number,
                frame_number=frame_number,
            )
            for _pk, _index, position, orientation, instance_number, frame_number in rows
        ]
    )
    _move({rows[place][0]: index - rows[place][1] for index, place in enumerate(places)})
    _follow(series, {rows[place][1]: index for index, place in enumerate(places)})
    Series.objects.filter(pk=series.pk).update(frame_count=len(rows))


def _move(steps: dict[int, int]) -> None:
    """Add a step to the index of each frame.

    A slice that arrives moves all behind it by the same step, so frames are moved in groups: writing a number
    for each of them took as long as decoding the slice.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    for pk, step in steps.items():
        if step:
            groups[step].append(pk)
    for step, keys in groups.items():
        for start in range(0, len(keys), 500):
            Frame.objects.filter(pk__in=keys[start : start + 500]).update(index=F("index") + step)


def _follow(series: Series, places: dict[int, int]) -> None:
    """Drawings stay on their slice when slices arrive before it.

    Shapes name the number of their frame, so every layer and its history are renumbered with the frames.
    The layer gets a new revision: a tab that is open on the old numbers must not save over it.
    """
    if all(old == new for old, new in places.items()):
        return
    for annotation in Annotation.objects.select_for_update().filter(series=series):
        moved = renumbered(annotation.shapes, places)
        for row in annotation.revisions.all():
            row.shapes = renumbered(row.shapes, places)
            row.save(update_fields=["shapes"])
        if moved == annotation.shapes:
            continue
        annotation.shapes = moved
        annotation.revision += 1
        annotation.modified_at = timezone.now()
        annotation.save(update_fields=["shapes", "revision", "modified_at"])
        AnnotationRevision.objects.create(
            annotation=annotation, number=annotation.revision, shapes=moved, saved_by=annotation.author
        )
        publish(f"case:{series.case_id}", "annotations-changed", case=series.case_id, series=series.pk)


def renumbered(shapes: list[dict[str, Any]], places: dict[int, int]) -> list[dict[str, Any]]:
    """Copies of ``shapes`` on the frames' new numbers."""
    return [{**shape, "frame": places.get(shape["frame"], shape["frame"])} for shape in shapes]
