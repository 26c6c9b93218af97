"""Which pixels a shape covers."""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cases.geometry.runs import window
from cases.geometry.shapes import PLACES, RINGS, ROUND, Point, Shape

BoolMask = NDArray[np.bool_]


def mask(shape: Shape, rows: int, columns: int) -> BoolMask:
    """Pixels of a shape on its frame.

    A pixel belongs to a closed shape when its centre does: pixel ``(r, c)`` is asked at ``x = c + 0.5``,
    ``y = r + 0.5``. A centre exactly on the outline of a straight-edged shape belongs to the side with larger
    x or y, so that two shapes with a common edge never share a pixel and leave no gap; on an ellipse it
    belongs to it. Outlines that cross themselves follow the even-odd rule, as they are drawn on the screen. A
    mask covers the pixels it names. A point and a text cover the pixel they lie in; a line the pixels of the
    digital line between the pixels of its ends (Bresenham, 1965, doi:10.1147/sj.41.0025), the same in both
    directions.

    Parameters
    ----------
    shape : Shape
        Parts beyond the image are cut off; a point or an end on the far border takes the last pixel.
    rows, columns : int
        Size of the frame, both at least 1.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
        A new array.

    Raises
    ------
    ValueError
        If the size is not positive.

    Notes
    -----
    ``cv2.fillPoly`` is not used: it rounds corners to whole pixels and colours the outline, which adds half a
    pixel all round; the area of a nodule of 5 pixels across would be a third too large.

    Examples
    --------
    >>> box = Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "box", 0, ((1.0, 0.0), (3.0, 1.0)))
    >>> mask(box, 2, 4).astype(int).tolist()
    [[0, 1, 1, 0], [0, 0, 0, 0]]
    """
    if rows < 1 or columns < 1:
        raise ValueError(f"a frame has at least one row and one column, not {rows} x {columns}")
    result = np.zeros((rows, columns), dtype=bool)
    if shape.kind in PLACES:
        row, column = _pixel(shape.points[0], rows, columns)
        result[row, column] = True
    elif shape.kind == "mask":
        x0, y0 = (int(value) for value in shape.points[0])
        inside = window(shape)[: max(rows - y0, 0), : max(columns - x0, 0)]
        result[y0 : y0 + inside.shape[0], x0 : x0 + inside.shape[1]] = inside
    elif shape.kind in ROUND:
        _fill_ellipse(result, shape)
    elif shape.is_closed:
        _fill_ring(result, shape.points if shape.kind in RINGS else _corners(shape))
    else:
        for first, last in _strokes(shape):
            for row, column in _line(_pixel(first, rows, columns), _pixel(last, rows, columns)):
                result[row, column] = True
    return result


def _strokes(shape: Shape) -> list[tuple[Point, Point]]:
    """Straight lines of what is not closed: two for pairs of lines, else from each point to the next."""
    if shape.kind in ("bidirectional", "cobb"):
        a, b, c, d = shape.points
        return [(a, b), (c, d)]
    return list(pairwise(shape.points))


def _corners(shape: Shape) -> tuple[Point, ...]:
    x0, y0, x1, y1 = shape.bounds
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _pixel(point: Point, rows: int, columns: int) -> tuple[int, int]:
    x, y = point
    return min(max(math.floor(y), 0), rows - 1), min(max(math.floor(x), 0), columns - 1)


def _line(first: tuple[int, int], last: tuple[int, int]) -> list[tuple[int, int]]:
    """Pixels from end to end, diagonal steps allowed; sorted ends make both directions agree."""
    (r0, c0), (r1, c1) = sorted((first, last))
    steps = max(abs(r1 - r0), abs(c1 - c0))
    if steps == 0:
        return [(r0, c0)]
    # Whole numbers only: floor((2 * i * d + steps) / (2 * steps)) is i * d / steps rounded half up.
    return [
        (r0 + (2 * i * (r1 - r0) + steps) // (2 * steps), c0 + (2 * i * (c1 - c0) + steps) // (2 * steps))
        for i in range(steps + 1)
    ]


def _fill_ellipse(result: BoolMask, shape: Shape) -> None:
    rows, columns = result.shape
    x0, y0, x1, y1 = shape.bounds
    if x1 <= x0 or y1 <= y0:
        return
    if shape.is_turned:
        (x, y), (ux, uy), (vx, vy) = shape.half_axes
        size = ux * vy - uy * vx
        if size == 0:
            return
        dx, dy = np.arange(columns) + 0.5 - x, np.arange(rows) + 0.5 - y
        # How far along either half axis each centre lies.
        along = (dx[None, :] * vy - dy[:, None] * vx) / size
        beside = (dy[:, None] * ux - dx[None, :] * uy) / size
        np.less_equal(along**2 + beside**2, 1.0, out=result)
        return
    u = (np.arange(columns) + 0.5 - (x0 + x1) / 2) / ((x1 - x0) / 2)
    v = (np.arange(rows) + 0.5 - (y0 + y1) / 2) / ((y1 - y0) / 2)
    np.less_equal(u[None, :] ** 2 + v[:, None] ** 2, 1.0, out=result)


def _fill_ring(result: BoolMask, points: tuple[Point, ...]) -> None:
    """Even-odd scan lines through the pixel centres."""
    rows, columns = result.shape
    corners = np.asarray(points, dtype=np.float64)
    following = np.roll(corners, -1, axis=0)
    # Every edge from its upper end to its lower one: two shapes with a common edge then compute the same
    # crossings to the last bit.
    swap = corners[:, 1] > following[:, 1]
    upper = np.where(swap[:, None], following, corners)
    lower = np.where(swap[:, None], corners, following)
    first = max(0, math.floor(float(corners[:, 1].min())))
    after = min(rows, math.ceil(float(corners[:, 1].max())) + 1)
    for row in range(first, after):
        y = row + 0.5
        crossed = (upper[:, 1] <= y) & (lower[:, 1] > y)
        if not crossed.any():
            continue
        top, bottom = upper[crossed], lower[crossed]
        xs = top[:, 0] + ((y - top[:, 1]) * (bottom[:, 0] - top[:, 0])) / (bottom[:, 1] - top[:, 1])
        xs.sort()
        # The first pixel whose centre is not left of the crossing.
        edges = np.clip(np.ceil(xs - 0.5), 0, columns).astype(np.intp)
        for start, stop in zip(edges[0::2], edges[1::2], strict=True):
            result[row, start:stop] = True
