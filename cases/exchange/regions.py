"""Regions of DICOM objects, in: segmentations and RT structure sets onto the pictures of one series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.exchange import codes
from cases.exchange.layers import UNLABELLED, Losses, Picture, Read, Unreadable, taken
from cases.exchange.placing import Target, Targets, name_of, same_grid, shape_of
from cases.geometry.rasterise import mask
from cases.geometry.runs import from_window
from cases.geometry.schema import parse_shapes
from cases.geometry.shapes import Shape
from cases.imaging.errors import Refused
from cases.imaging.outlines import Plane
from cases.imaging.reader import read_dicom
from cases.imaging.regions import CLASSES, RT_STRUCTURES, CleanRegions, read_regions

SEGMENTATIONS = CLASSES - {RT_STRUCTURES}
STRUCTURES = frozenset({RT_STRUCTURES})
_NAMES = {SEGMENTATIONS: "DICOM segmentation", STRUCTURES: "RT structure set"}
_NOTES = {
    "open-contours": "Open contours were left out: only closed ones and points can be drawn.",
    "fractional": "Degrees of belonging were cut at a half: a pixel belongs to a mask or not.",
}
# Said where the object has it: what a label has of its own, and what no shape can hold.
_UNTOLD = {
    "ROIDisplayColor": "Colours were left out: labels have their own here.",
    "RecommendedDisplayCIELabValue": "Colours were left out: labels have their own here.",
    "RTROIObservationsSequence": "Observations on regions were left out.",
    "ROIGenerationAlgorithm": "How regions were made was left out.",
    "SegmentAlgorithmName": "How regions were made was left out.",
}
BoolMask = NDArray[np.bool_]


@dataclass(frozen=True)
class Space:
    """Under which names a series is known, and the key of those names.

    Attributes
    ----------
    secret : bytes
        Key of the pseudonyms.
    series, frame_of_reference : str
        Pseudonymous UIDs; empty when unknown.
    """

    secret: bytes
    series: str = ""
    frame_of_reference: str = ""


def read(data: bytes, pictures: Sequence[Picture], space: Space, kind: frozenset[str]) -> Read:
    """Read the regions of an object onto the pictures of a series.

    Nothing of the object is kept but geometry and the names of regions, which are cleaned as all free text
    is; its UIDs become pseudonyms before they are compared.

    Parameters
    ----------
    data : bytes
        The whole file.
    pictures : sequence of Picture
        All of the series.
    space : Space
    kind : frozenset of str
        ``SEGMENTATIONS`` or ``STRUCTURES``.

    Returns
    -------
    Read
        Of a segmentation on the grid of its picture one mask for each segment and picture, else polygons.

    Raises
    ------
    Unreadable
        It is no such object, cannot be read, or lies on none of these pictures.
    """
    found = _regions(data, pictures, space, kind)
    losses = Losses()
    for note in found.notes:
        if note in _NOTES:
            losses.add(_NOTES[note])
    for keyword in found.report:
        if keyword in _UNTOLD:
            losses.add(_UNTOLD[keyword])
    shapes = placed(found, pictures, space, losses)
    return Read(tuple(shapes), losses.told())


def _regions(data: bytes, pictures: Sequence[Picture], space: Space, kind: frozenset[str]) -> CleanRegions:
    own = {space.series, space.frame_of_reference, *(one.source for one in pictures)} - {""}
    try:
        ds = read_dicom(data, also=CLASSES)
        if str(ds.get("SOPClassUID")) not in kind:
            raise Unreadable(f"This is no {_NAMES[kind]}. Choose the format that the file has.")
        return read_regions(ds, secret=space.secret, known=own)
    except Refused as refused:
        raise Unreadable(refused.sentence) from refused


def placed(found: CleanRegions, pictures: Sequence[Picture], space: Space, losses: Losses) -> list[Shape]:
    """Shapes of regions, in the order of the file; what does not lie on these pictures is told.

    Raises
    ------
    Unreadable
        Nothing does.
    """
    everywhere = _targets(pictures, space)
    targets = Targets(everywhere)
    shapes: list[Shape] = []
    for region in found.regions:
        name = "" if region.name == UNLABELLED else region.name
        code = codes.from_scheme(*region.code) if name else ""
        masks: dict[int, BoolMask] = {}
        sent: list[tuple[Target, dict[str, Any]]] = []
        for outline in region.outlines:
            place = targets.of(outline)
            if place is None:
                place = targets.by_place(outline)
                if place is not None:
                    losses.add(
                        "The file names other images than these: outlines were put where they lie in the "
                        "patient. Look whether they fit."
                    )
            if place is None:
                losses.add("Outlines on images that this series does not have were left out.")
                continue
            target, points = place
            if outline.rows and same_grid(target, outline):
                _fill(masks, target, points)
                continue
            item = shape_of(name, target, points, code)
            if item is None:
                losses.add("Outlines beyond the picture or without an area were left out.")
            else:
                sent.append((target, item))
        shapes += _masks(masks, (name, code), pictures, everywhere, losses)
        for target, item in sent:
            shapes += taken(losses, lambda target=target, item=item: _checked(item, pictures[target.index]))  # type: ignore[misc]
    if not shapes:
        told = " ".join(losses.told())
        raise Unreadable(
            f"None of the regions lies on the images of this series. {told} "
            "Choose the series they were drawn on."
        )
    return shapes


def _targets(pictures: Sequence[Picture], space: Space) -> list[Target]:
    return [
        Target(
            series=0,
            series_uid=space.series,
            frame_of_reference=space.frame_of_reference,
            sop_uid=one.source,
            number=one.number,
            index=index,
            rows=one.rows,
            columns=one.columns,
            plane=_plane(one),
            thickness=one.thickness,
        )
        for index, one in enumerate(pictures)
    ]


def _plane(one: Picture) -> Plane | None:
    if not (one.position and one.orientation and one.spacing):
        return None
    x, y, z = one.position
    a, b, c, d, e, f = one.orientation
    return Plane((x, y, z), (a, b, c, d, e, f), one.spacing)


def _fill(masks: dict[int, BoolMask], target: Target, points: NDArray[np.float64]) -> None:
    """Pixels inside of an outline join those of the same segment on the same picture."""
    into = masks.setdefault(target.index, np.zeros((target.rows, target.columns), np.bool_))
    x, y = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    x, y = max(int(x), 0), max(int(y), 0)
    rows, columns = min(int(bottom), target.rows) - y, min(int(right), target.columns) - x
    if rows > 0 and columns > 0:
        ring = Shape("", "polygon", 0, tuple((float(a) - x, float(b) - y) for a, b in points))
        into[y : y + rows, x : x + columns] |= mask(ring, rows, columns)


def _masks(
    masks: dict[int, BoolMask],
    named: tuple[str, str],
    pictures: Sequence[Picture],
    targets: list[Target],
    losses: Losses,
) -> list[Shape]:
    made: list[Shape] = []
    for index, inside in sorted(masks.items()):
        if not inside.any():
            continue
        points, counts = from_window(inside)
        item = {
            "id": name_of(targets[index], named[0], points, counts),
            "kind": "mask",
            "frame": index,
            "points": [list(point) for point in points],
            "counts": list(counts),
            "label": named[0],
            "code": named[1],
        }
        made += taken(losses, lambda item=item: _checked(item, pictures[item["frame"]]))  # type: ignore[misc]
    return made


def _checked(item: dict[str, Any], picture: Picture) -> Shape:
    sizes = [(picture.rows, picture.columns)]
    (shape,) = parse_shapes([{**item, "frame": 0}], frames=sizes)
    return replace(shape, frame=item["frame"])
