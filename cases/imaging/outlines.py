"""From masks to outlines that cover the same pixels, and from places in the patient to pixels."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
# Beyond this the borders of a mask are noise, and following them step by step would take minutes.
MOST_STEPS = 500_000


@dataclass(frozen=True)
class Plane:
    """Where a picture lies in the patient (DICOM PS3.3 C.7.6.2.1.1).

    Attributes
    ----------
    position : tuple of 3 floats
        Centre of the first pixel, millimetres.
    orientation : tuple of 6 floats
        Direction cosines of a row and of a column.
    spacing : tuple of 2 floats
        Millimetres between rows and between columns.
    """

    position: tuple[float, float, float]
    orientation: tuple[float, float, float, float, float, float]
    spacing: tuple[float, float]

    def _axes(self) -> tuple[Points, Points, Points]:
        across, down = np.array(self.orientation[:3]), np.array(self.orientation[3:])
        return across, down, np.cross(across, down)

    def to_pixels(self, places: Points) -> tuple[Points, Points]:
        """Pixels of places in the patient, and how far those lie from the plane.

        Parameters
        ----------
        places : ndarray, shape (N, 3)
            Millimetres.

        Returns
        -------
        tuple of ndarray
            ``(N, 2)`` x and y, ``(0, 0)`` being the top-left corner of the top-left pixel; ``(N,)`` distances
            in millimetres along the normal.

        Examples
        --------
        >>> plane = Plane((0, 0, 5), (1, 0, 0, 0, 1, 0), (2.0, 0.5))
        >>> xy, off = plane.to_pixels(np.array([[1.0, 2.0, 6.0]]))
        >>> xy.tolist(), off.tolist()
        ([[2.5, 1.5]], [1.0])
        """
        across, down, normal = self._axes()
        offset = np.asarray(places, float) - np.array(self.position)
        x = offset @ across / self.spacing[1] + 0.5
        y = offset @ down / self.spacing[0] + 0.5
        return np.column_stack([x, y]), offset @ normal

    def to_places(self, pixels: Points) -> Points:
        """Places in the patient of pixels; undoes `to_pixels` within the plane."""
        across, down, _normal = self._axes()
        x = (np.asarray(pixels, float)[:, 0] - 0.5) * self.spacing[1]
        y = (pixels[:, 1] - 0.5) * self.spacing[0]
        return np.array(self.position) + np.outer(x, across) + np.outer(y, down)


def rings(mask: NDArray[Any]) -> list[Points]:
    """Outlines that run along the edges of pixels and enclose exactly the pixels of a mask.

    Parameters
    ----------
    mask : ndarray, shape (rows, columns)
        Anything but 0 belongs to the region.

    Returns
    -------
    list of ndarray, shape (N, 2)
        One closed ring for each part that hangs together across pixel edges, ``(x, y)`` of its corners. Holes
        are joined to the ring around them by a line that runs there and back, so that both the even-odd rule
        and the signed area leave them out.

    Raises
    ------
    ValueError
        When the borders have more than `MOST_STEPS` pixel edges.

    Notes
    -----
    ``cv2.findContours`` runs through the centres of the outermost pixels: a region of one pixel would have no
    area, and one of five pixels across would lose a third of it.

    Examples
    --------
    >>> rings(np.array([[0, 1], [0, 1]]))[0].tolist()
    [[1.0, 0.0], [2.0, 0.0], [2.0, 2.0], [1.0, 2.0]]
    """
    found = np.asarray(mask) != 0
    used_rows, used_columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    if not used_rows.size:
        return []
    top, left = int(used_rows[0]), int(used_columns[0])
    inside = np.pad(found[top : int(used_rows[-1]) + 1, left : int(used_columns[-1]) + 1], 1)
    _count, labels = cv2.connectedComponents(inside.astype(np.uint8), connectivity=4)
    following, owner, steps = _edges(inside, labels)
    if steps > MOST_STEPS:
        raise ValueError("the mask has too many borders to be outlined")
    grouped: dict[int, list[Points]] = defaultdict(list)
    while following:
        start = next(iter(following))
        label = owner[start]
        grouped[label].append(np.array(_corners(_walk(start, following)), dtype=np.float64))
    return [joined(parts) + np.array([left, top]) for _label, parts in sorted(grouped.items())]


_Edge = tuple[int, int, int]  # x and y of its start, and its direction: 0 right, 1 down, 2 left, 3 up
_STEP = ((1, 0), (0, 1), (-1, 0), (0, -1))


def _edges(inside: NDArray[Any], labels: NDArray[Any]) -> tuple[dict[_Edge, None], dict[_Edge, int], int]:
    """Pixel edges between inside and outside, directed so that the inside lies to the right."""
    sides = (
        (inside[1:, 1:] & ~inside[:-1, 1:], labels[1:, 1:]),  # top edge, to the right
        (inside[1:, :-1] & ~inside[1:, 1:], labels[1:, :-1]),  # right edge, downwards
        (inside[:-1, :-1] & ~inside[1:, :-1], labels[:-1, :-1]),  # bottom edge, to the left
        (inside[:-1, 1:] & ~inside[:-1, :-1], labels[:-1, 1:]),  # left edge, upwards
    )
    steps = sum(int(np.count_nonzero(found)) for found, _labels in sides)
    following: dict[_Edge, None] = {}
    owner: dict[_Edge, int] = {}
    if steps > MOST_STEPS:
        return following, owner, steps
    for direction, (found, named) in enumerate(sides):
        ys, xs = np.nonzero(found)
        for y, x, label in zip(ys.tolist(), xs.tolist(), named[ys, xs].tolist(), strict=True):
            edge = (x, y, direction)
            following[edge] = None
            owner[edge] = label
    return following, owner, steps


def _walk(start: _Edge, following: dict[_Edge, None]) -> list[_Edge]:
    """Take the ring of edges that begins with `start` out of `following`."""
    ring = [start]
    del following[start]
    x, y, direction = start
    while True:
        x, y = x + _STEP[direction][0], y + _STEP[direction][1]
        # Right first: where two pixels touch at a corner only, the ring stays with its own pixel.
        for turn in (1, 0, 3):
            edge = (x, y, (direction + turn) % 4)
            if edge in following:
                break
        else:
            return ring
        del following[edge]
        ring.append(edge)
        direction = edge[2]


def _corners(ring: list[_Edge]) -> list[tuple[int, int]]:
    """Where a ring changes its direction."""
    before = [ring[-1], *ring[:-1]]
    return [edge[:2] for edge, last in zip(ring, before, strict=True) if edge[2] != last[2]]


def signed_area(ring: Points) -> float:
    """Area by the shoelace formula; positive when the ring runs clockwise on the screen."""
    x, y = ring[:, 0], ring[:, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def joined(parts: Sequence[Points]) -> Points:
    """One ring of an outer ring and the holes in it.

    Parameters
    ----------
    parts : sequence of ndarray, shape (N, 2)
        The largest is the outer one. Bridges run there and back between the nearest corners.

    Returns
    -------
    ndarray, shape (M, 2)
    """
    ordered = sorted(parts, key=lambda ring: -abs(signed_area(ring)))
    outer = ordered[0] if signed_area(ordered[0]) > 0 else ordered[0][::-1]
    for hole in ordered[1:]:
        turned = hole if signed_area(hole) < 0 else hole[::-1]
        gaps = ((outer[:, None, :] - turned[None, :, :]) ** 2).sum(axis=2)
        i, j = (int(place) for place in np.unravel_index(int(np.argmin(gaps)), gaps.shape))
        around = np.vstack([turned[j:], turned[: j + 1]])
        outer = np.vstack([outer[: i + 1], around, outer[i:]])
    return outer


def inside_picture(ring: Points, rows: int, columns: int) -> Points:
    """Cut a ring off at the borders of a picture (Sutherland and Hodgman, 1974, doi:10.1145/360767.360802).

    Returns
    -------
    ndarray, shape (N, 2)
        Fewer than three points when nothing remains.
    """
    for axis, limit, sign in ((0, 0.0, 1), (0, float(columns), -1), (1, 0.0, 1), (1, float(rows), -1)):
        if not len(ring):
            break
        depth = (ring[:, axis] - limit) * sign
        if (depth >= 0).all():
            continue
        kept: list[Points] = []
        for here, after, d0, d1 in zip(ring, np.roll(ring, -1, 0), depth, np.roll(depth, -1), strict=True):
            if d0 >= 0:
                kept.append(here)
            if (d0 >= 0) != (d1 >= 0):
                kept.append(here + (after - here) * (d0 / (d0 - d1)))
        ring = np.array(kept).reshape(-1, 2)
    return ring


def simplified(ring: Points, most: int) -> Points:
    """A ring of at most `most` corners: the tolerance starts at a twentieth of a pixel and doubles.

    Returns
    -------
    ndarray, shape (N, 2)
        The same ring when it is short enough (Douglas and Peucker, 1973, doi:10.3138/FM57-6770-U75U-7727).
    """
    tolerance = 0.05
    found = ring
    while len(found) > most and math.isfinite(tolerance):
        shorter = cv2.approxPolyDP(ring.astype(np.float32)[:, None, :], tolerance, closed=True)
        found = shorter[:, 0, :].astype(np.float64)
        tolerance *= 2
    return found
