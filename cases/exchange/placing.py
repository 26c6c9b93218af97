"""Where outlines of other programs lie on the pictures of this one: by the image they name, else by place."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.geometry.schema import MAX_POINTS_PER_SHAPE
from cases.imaging.outlines import Plane, inside_picture, signed_area, simplified
from cases.imaging.regions import Outline

_NAMESPACE = uuid.UUID("2f0dbb5e-8b0e-5d0f-9d43-3a6f3f0a6f6e")
# An outline belongs to the slice it lies in; half a slice away it belongs to another.
_NEAREST_MM = 0.5
_SMALLEST = 1e-3


@dataclass(frozen=True)
class Target:
    """A frame that an outline may lie on.

    Attributes
    ----------
    series : int
        Key of the series.
    series_uid, frame_of_reference, sop_uid : str
        Pseudonyms; empty when unknown.
    number : int
        Its place among the frames of its instance, from 0.
    index : int
        Its place in the series, from 0.
    rows, columns : int
    plane : Plane or None
        Where it lies.
    thickness : float
        Millimetres; 0 when unknown.
    """

    series: int
    series_uid: str
    frame_of_reference: str
    sop_uid: str
    number: int
    index: int
    rows: int
    columns: int
    plane: Plane | None
    thickness: float


Placed = tuple[Target, NDArray[np.float64]]


class Targets:
    """Finds the frame of an outline: by the image it names, else by where it lies."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self._by_image: dict[str, list[Target]] = defaultdict(list)
        self._by_series: dict[str, list[Target]] = defaultdict(list)
        self._by_space: dict[str, list[Target]] = defaultdict(list)
        for target in targets:
            self._by_image[target.sop_uid].append(target)
            self._by_series[target.series_uid].append(target)
            self._by_space[target.frame_of_reference].append(target)
        self._all = [target for found in self._by_series.values() for target in found]
        self._stacks: dict[int, _Stack] = {}

    def of(self, outline: Outline) -> Placed | None:
        """The frame and the outline's pixels on it, as the file names it; ``None`` when it is not there."""
        if outline.sop_uid:
            named = self._by_image.get(outline.sop_uid, [])
            if outline.frame is not None:
                named = [target for target in named if target.number == outline.frame - 1]
            candidates = named
        else:
            # An empty name is no name: it would bring together whatever has none.
            candidates = self._by_series.get(outline.series_uid, []) if outline.series_uid else []
            if not candidates and outline.frame_of_reference:
                candidates = self._by_space.get(outline.frame_of_reference, [])
            candidates = self._near(candidates, outline)
        return _best(candidates, outline)

    def by_place(self, outline: Outline) -> Placed | None:
        """The frame that lies where the outline does, whatever the file names; ``None`` when none does."""
        if outline.rows and outline.plane is None:
            return None
        return _best([one for one in self._near(self._all, outline) if one.plane is not None], outline)

    def _near(self, candidates: list[Target], outline: Outline) -> list[Target]:
        if not candidates:
            return candidates
        # The lists of this object live as long as it does, so their ids name them.
        stack = self._stacks.setdefault(id(candidates), _Stack(candidates))
        return stack.near(outline)


def _best(candidates: Iterable[Target], outline: Outline) -> Placed | None:
    best: tuple[float, Target, NDArray[np.float64]] | None = None
    for target in candidates:
        found = _on(target, outline)
        if found is not None and (best is None or found[0] < best[0]):
            best = (found[0], target, found[1])
    return None if best is None else (best[1], best[2])


class _Stack:
    """Planes of many frames, to leave out at once those that an outline is far from.

    One by one, a structure set of thousands of outlines that name no image took minutes.
    """

    def __init__(self, targets: list[Target]) -> None:
        self._targets = targets
        self._arrays: tuple[NDArray[np.float64], ...] | None = None

    def near(self, outline: Outline) -> list[Target]:
        """Those that :func:`_on` may take, in their order."""
        if outline.rows and outline.plane is None:
            return self._targets
        first = np.array(outline.points[:1], dtype=np.float64)
        if outline.plane is not None and outline.rows:
            first = outline.plane.to_places(first)
        if self._arrays is None:
            self._arrays = self._measured()
        origins, normals, limits = self._arrays
        far = np.abs(((first - origins) * normals).sum(axis=1)) > limits
        return [self._targets[place] for place in np.flatnonzero(~far)]

    def _measured(self) -> tuple[NDArray[np.float64], ...]:
        planes = [target.plane for target in self._targets]
        origins = np.array([(0.0, 0.0, 0.0) if plane is None else plane.position for plane in planes])
        turns = np.array([(0.0,) * 6 if plane is None else plane.orientation for plane in planes])
        # Of a frame without a place nothing is known: its normal of length 0 makes no distance too far.
        normals = np.cross(turns[:, :3], turns[:, 3:])
        return origins, normals, np.array([_limit(target) + _SMALLEST for target in self._targets])


def _limit(target: Target) -> float:
    """How far from a frame an outline may lie, millimetres."""
    return max(target.thickness / 2, _NEAREST_MM)


def _on(target: Target, outline: Outline) -> tuple[float, NDArray[np.float64]] | None:
    """Distance from the frame in millimetres and pixels on it; ``None`` when the outline lies elsewhere."""
    points = np.array(outline.points, dtype=np.float64)
    if outline.rows:
        if same_grid(target, outline):
            return 0.0, points
        if outline.plane is None or target.plane is None:
            return None
        points = outline.plane.to_places(points)
    if target.plane is None:
        return None
    pixels, distances = target.plane.to_pixels(points)
    farthest = float(np.abs(distances).max())
    if farthest > _limit(target):
        return None
    return farthest, pixels


def _same(first: Plane, second: Plane) -> bool:
    """Whether two grids lie on one another within a hundredth of a pixel's size."""
    tolerance = 0.01 * min(*first.spacing, *second.spacing)
    return bool(
        np.allclose(first.position, second.position, rtol=0, atol=tolerance)
        and np.allclose(first.orientation, second.orientation, rtol=0, atol=1e-4)
        and np.allclose(first.spacing, second.spacing, rtol=1e-4, atol=0)
    )


def shape_of(name: str, target: Target, points: NDArray[np.float64], code: str = "") -> dict[str, Any] | None:
    """What a browser would have sent; ``None`` for what lies outside of the picture or has no area."""
    if len(points) == 1:
        x, y = (float(value) for value in points[0])
        if not (0 <= x <= target.columns and 0 <= y <= target.rows):
            return None
    else:
        points = simplified(inside_picture(points, target.rows, target.columns), MAX_POINTS_PER_SHAPE)
        if len(points) < 3 or abs(signed_area(points)) < _SMALLEST:
            return None
    rounded = (np.round(points, 4) + 0.0).tolist()
    # Named by what it is: the same outline on the same image gets the same name again.
    return {
        "id": name_of(target, name, rounded),
        "kind": "point" if len(points) == 1 else "polygon",
        "frame": target.index,
        "points": rounded,
        "label": name,
        **({"code": code} if code and name else {}),
    }


def name_of(target: Target, *what: object) -> str:
    """The id of a shape that came in a file: named by what it is and where."""
    said = "/".join(str(one) for one in what)
    return str(uuid.uuid5(_NAMESPACE, f"{target.sop_uid}/{target.number}/{said}"))


def same_grid(target: Target, outline: Outline) -> bool:
    """Whether the pixels of an outline are those of the frame."""
    if (outline.rows, outline.columns) != (target.rows, target.columns):
        return False
    return outline.plane is None or target.plane is None or _same(outline.plane, target.plane)
