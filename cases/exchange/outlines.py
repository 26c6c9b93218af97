"""Shapes as closed outlines and as runs, for formats that know nothing else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.geometry.rasterise import mask
from cases.geometry.runs import from_window, window
from cases.geometry.shapes import RINGS, ROUND, Point, Shape
from cases.imaging.outlines import rings

CORNERS = 64
"""Corners of the outline that stands for an ellipse."""
BoolMask = NDArray[np.bool_]


def outlines_of(shape: Shape) -> list[tuple[Point, ...]]:
    """Closed outlines of a closed shape: one, or one for each part of a mask.

    Raises
    ------
    ValueError
        The shape is open.
    """
    if shape.kind in RINGS:
        return [shape.points]
    if shape.kind == "mask":
        x0, y0, _x1, _y1 = shape.bounds
        return [tuple((float(x + x0), float(y + y0)) for x, y in ring) for ring in rings(window(shape))]
    x0, y0, x1, y1 = shape.bounds
    if shape.kind in ROUND:
        turns = [(math.cos(a), math.sin(a)) for a in (2 * math.pi * n / CORNERS for n in range(CORNERS))]
        (x, y), (ux, uy), (vx, vy) = shape.half_axes
        return [tuple((x + ux * cos + vx * sin, y + uy * cos + vy * sin) for cos, sin in turns)]
    if shape.kind == "box":
        return [((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    raise ValueError(f"a {shape.kind} has no outline")


def column_runs(shape: Shape, rows: int, columns: int) -> list[int]:
    """Runs of COCO: down the columns of the whole picture, the run outside first.

    Examples
    --------
    >>> corners = ((0.0, 0.0), (2.0, 1.0))
    >>> shape = Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "mask", 0, corners, counts=(0, 2))
    >>> column_runs(shape, 2, 3)
    [0, 1, 1, 1, 3]
    """
    flat = np.concatenate([[False], mask(shape, rows, columns).ravel(order="F")])
    ends = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]), [flat.size - 1]])
    return [int(count) for count in np.diff(ends)]


def from_column_runs(counts: list[int], rows: int, columns: int) -> BoolMask:
    """Undo :func:`column_runs`.

    Raises
    ------
    ValueError
        The counts do not fill the picture.
    """
    if any(type(count) is not int or count < 0 for count in counts) or sum(counts) != rows * columns:
        raise ValueError("the runs do not fill the picture")
    turns = np.arange(len(counts)) % 2 == 1
    return np.repeat(turns, counts).reshape((rows, columns), order="F")


def mask_values(inside: BoolMask) -> dict[str, Any]:
    """Points and counts of a mask shape. Raises ValueError when nothing is inside."""
    points, counts = from_window(inside)
    return {"points": points, "counts": counts}
