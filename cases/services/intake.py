"""From clean instances to rows: what uploads, imports and the sample library have in common."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max

from cases import blobs
from cases.enums import Modality
from cases.imaging.clean import CleanInstance, clean
from cases.imaging.frames import DecodedFrame, pack
from cases.imaging.render import preview
from cases.imaging.volume import FrameGeometry, order
from cases.models import Case, Frame, Instance, Series


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
    """Write rows for ``prepared``; the same instance twice counts as doubled."""
    # One writer per case at a time: two uploads of one series would number its frames twice.
    case = Case.objects.select_for_update().get(pk=case.pk)
    outcome = Outcome()
    for item in prepared:
        series = _series_for(case, item.clean)
        instance, made = Instance.objects.get_or_create(
            series=series,
            sop_uid=item.clean.sop_uid,
            defaults={
                "digest": item.clean.digest,
                "byte_count": item.byte_count,
                "kind": item.clean.kind,
                "number": item.clean.instance_number or 0,
                "facts": _facts(item.clean),
            },
        )
        outcome.series.add(series.pk)
        if not made:
            outcome.doubled += 1
            continue
        outcome.taken += 1
        first = Frame.objects.filter(series=series).count()
        Frame.objects.bulk_create(
            Frame(series=series, instance=instance, index=first + n, number_in_instance=n, **values)
            for n, values in enumerate(item.frames)
        )
    for pk in outcome.series:
        number_frames(Series.objects.get(pk=pk))
    if prepared and outcome.taken:
        _adopt_facts(case, prepared[0].clean)
    return outcome


def _series_for(case: Case, instance: CleanInstance) -> Series:
    # A picture file does not know its modality; its case does.
    modality = instance.modality if instance.modality in Modality.values else Modality.OT
    if modality == Modality.OT:
        modality = Modality(case.modality)
    number = (Series.objects.filter(case=case).aggregate(Max("number"))["number__max"] or 0) + 1
    series, _made = Series.objects.get_or_create(
        case=case,
        series_uid=instance.series_uid,
        defaults={
            "study_uid": instance.study_uid,
            "modality": modality,
            "description": instance.series_description[:120],
            "number": number,
        },
    )
    return series


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
