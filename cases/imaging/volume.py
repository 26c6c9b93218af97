"""Put slices in the order of space."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

_PARALLEL = 0.999  # cosine of about 2.6 degrees
_SAME_PLACE = 1e-3  # mm


class Placed(Protocol):
    """What ordering needs of a frame; see `frames.DecodedFrame`."""

    @property
    def position(self) -> tuple[float, ...] | None: ...
    @property
    def orientation(self) -> tuple[float, ...] | None: ...
    @property
    def instance_number(self) -> int | None: ...
    @property
    def frame_number(self) -> int: ...


@dataclass(frozen=True, slots=True)
class FrameGeometry:
    """Where a frame lies, for callers that hold rows of a database instead of frames.

    Attributes
    ----------
    position : tuple of 3 floats or None
        Centre of the first pixel in millimetres.
    orientation : tuple of 6 floats or None
        Direction cosines of a row and of a column.
    instance_number : int or None
        Number of the object in its series.
    frame_number : int
        Number of the frame in its object.
    """

    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    instance_number: int | None = None
    frame_number: int = 0


def normal(orientation: Sequence[float]) -> np.ndarray:
    """Unit vector perpendicular to a slice.

    Parameters
    ----------
    orientation : sequence of 6 floats
        Direction cosines of a row, then of a column (DICOM PS3.3 C.7.6.2.1.1).

    Returns
    -------
    ndarray of float, shape (3,)
        Cross product of both; pointing to the feet or head for axial slices.

    Raises
    ------
    ValueError
        When the two directions do not span a plane.

    Examples
    --------
    >>> normal((1, 0, 0, 0, 1, 0)).tolist()
    [0.0, 0.0, 1.0]
    """
    if len(orientation) != 6:
        raise ValueError("an orientation has six numbers: the directions of a row and of a column")
    across = np.cross(np.asarray(orientation[:3], float), np.asarray(orientation[3:], float))
    length = float(np.linalg.norm(across))
    if not length > 1e-6:
        raise ValueError("the row and column directions are parallel; the slice has no normal")
    return across / length


def _normal_or_none(frame: Placed) -> np.ndarray | None:
    if frame.position is None or frame.orientation is None:
        return None
    return _known_normal(tuple(frame.orientation))


@lru_cache(maxsize=256)
def _known_normal(orientation: tuple[float, ...]) -> np.ndarray | None:
    """All slices of a series have the same one, and each step of an upload asks for all of them."""
    try:
        found = normal(orientation)
    except ValueError:
        return None
    found.flags.writeable = False
    return found


def _by_number(frames: Sequence[Placed], index: int) -> tuple[bool, int, int, int]:
    number = frames[index].instance_number
    return number is None, number or 0, frames[index].frame_number, index


def order(frames: Sequence[Placed]) -> list[int]:
    """Order frames along the normal of the first of them.

    Parameters
    ----------
    frames : sequence
        Anything with `position`, `orientation` and `instance_number`.

    Returns
    -------
    list of int
        A permutation of ``range(len(frames))``. Frames of equal place (cardiac phases,
        echoes) follow their instance number. When any frame lacks geometry or is tilted
        against the others, all follow the instance number.
    """
    places = range(len(frames))
    normals = [_normal_or_none(frame) for frame in frames]
    first = normals[0] if normals else None
    if first is None or any(one is None or float(one @ first) < _PARALLEL for one in normals):
        return sorted(places, key=lambda index: _by_number(frames, index))
    along = [round(float(np.dot(frame.position or (), first)) / _SAME_PLACE) for frame in frames]
    return sorted(places, key=lambda index: (along[index], *_by_number(frames, index)))


def spacing_between(
    positions: Sequence[Sequence[float]], orientation: Sequence[float] | None = None
) -> tuple[float, bool]:
    """Distance between neighbouring slices.

    Parameters
    ----------
    positions : sequence of 3 floats
        Positions in millimetres, in the order of space.
    orientation : sequence of 6 floats, optional
        With it the distance is measured along the normal; without it from point to
        point, which is too long when the gantry is tilted.

    Returns
    -------
    tuple of float and bool
        Median distance in millimetres over distinct places, and whether all distances
        lie within 2 % of it. ``(0.0, True)`` for fewer than two places.

    Examples
    --------
    >>> spacing_between([(0, 0, 0), (0, 0, 3), (0, 0, 6)])
    (3.0, True)
    """
    points = np.asarray(positions, float).reshape(-1, 3)
    steps = np.diff(points, axis=0)
    distances = (
        np.abs(steps @ normal(orientation)) if orientation is not None else np.linalg.norm(steps, axis=1)
    )
    distances = distances[distances > _SAME_PLACE]
    if distances.size == 0:
        return 0.0, True
    middle = float(np.median(distances))
    return middle, bool(np.all(np.abs(distances - middle) <= 0.02 * middle))


def split_localisers(frames: Sequence[Placed]) -> tuple[list[int], list[int]]:
    """Separate the slices of a stack from the scouts that cross it.

    Parameters
    ----------
    frames : sequence
        Frames of one series.

    Returns
    -------
    tuple of two lists of int
        Indices of the largest group of parallel frames, in the order of space, and of
        all other frames, in the order given. Frames without geometry count as one group.
        Of groups of equal size the one that starts first is taken.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    directions: list[np.ndarray] = []
    for index, frame in enumerate(frames):
        found = _normal_or_none(frame)
        if found is None:
            groups[-1].append(index)
            continue
        same = (n for n, known in enumerate(directions) if abs(float(found @ known)) >= _PARALLEL)
        number = next(same, len(directions))
        if number == len(directions):
            directions.append(found)
        groups[number].append(index)
    if not groups:
        return [], []
    sizes = Counter({number: len(members) for number, members in groups.items()})
    largest = min(groups, key=lambda number: (-sizes[number], groups[number][0]))
    stack = groups[largest]
    ordered = [stack[place] for place in order([frames[index] for index in stack])]
    return ordered, sorted(set(range(len(frames))) - set(stack))


def across_the_stack(orientations: Sequence[Sequence[float] | None]) -> list[int]:
    """Which instances cross the stack that the others form: scouts among the slices they were planned on.

    Parameters
    ----------
    orientations : sequence of 6 floats or None
        Of each instance; ``None`` where unknown.

    Returns
    -------
    list of int
        Indices, in order; empty unless at least three parallel slices are twice as many as all others. A
        series of three crossing planes is what it is, and stays together; what has no place stays as well.

    Examples
    --------
    >>> axial, sagittal = (1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1)
    >>> across_the_stack([sagittal, axial, axial, axial])
    [0]
    """
    frames = [
        FrameGeometry(
            (0.0, 0.0, 0.0) if one is not None else None, None if one is None else tuple(one), place
        )
        for place, one in enumerate(orientations)
    ]
    known = [place for place, frame in enumerate(frames) if _normal_or_none(frame) is not None]
    stack, others = split_localisers([frames[place] for place in known])
    if len(stack) < 3 or len(stack) < 2 * len(others):
        return []
    return [known[place] for place in others]


def uneven_steps(places: Sequence[Placed]) -> tuple[float, float] | None:
    """Shortest and longest distance between neighbouring slices of an uneven stack.

    Parameters
    ----------
    places : sequence
        Frames in the order of space.

    Returns
    -------
    tuple of float or None
        Millimetres along the normal; ``None`` when the distances are even within 2 %, or unknown.

    Examples
    --------
    >>> stack = [FrameGeometry((0, 0, z), (1, 0, 0, 0, 1, 0)) for z in (0, 3, 6, 12)]
    >>> uneven_steps(stack)
    (3.0, 6.0)
    """
    first = _normal_or_none(places[0]) if places else None
    if first is None:
        return None
    normals = [_normal_or_none(one) for one in places]
    if any(one is None or abs(float(one @ first)) < _PARALLEL for one in normals):
        return None
    along = np.array([float(np.dot(one.position or (), first)) for one in places])
    steps = np.abs(np.diff(along))
    steps = steps[steps > _SAME_PLACE]
    if steps.size < 2:
        return None
    middle = float(np.median(steps))
    if np.all(np.abs(steps - middle) <= 0.02 * middle):
        return None
    return float(steps.min()), float(steps.max())
