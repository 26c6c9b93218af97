"""The numbers of frames in their series, and the drawings that follow them; inside of a transaction."""

from collections import defaultdict
from typing import Any

from django.db.models import F
from django.utils import timezone

from cases.imaging.volume import FrameGeometry, order
from cases.models import Annotation, AnnotationRevision, Frame, Series
from medweb.live.publish import publish


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
