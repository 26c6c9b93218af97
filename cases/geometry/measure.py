"""How large a shape is."""

import math
from collections.abc import Sequence

import numpy as np

from cases.geometry.runs import window
from cases.geometry.shapes import PATHS, RINGS, ROUND, Point, Shape

Spacing = tuple[float, float]
UNIT: Spacing = (1.0, 1.0)


def _checked(spacing: Spacing | None) -> Spacing:
    if spacing is None:
        return UNIT
    if len(spacing) != 2 or not all(math.isfinite(value) and value > 0 for value in spacing):
        raise ValueError(f"spacing must be two positive lengths (rows, columns) in mm, not {spacing!r}")
    return spacing


def _shoelace(points: Sequence[Point]) -> float:
    total = 0.0
    for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True):
        total += x1 * y2 - x2 * y1
    return abs(total) / 2


def _ellipse_perimeter(a: float, b: float) -> float:
    """Circumference by the arithmetic-geometric mean (Abramowitz & Stegun, 1964, 17.6)."""
    x, y = max(a, b), min(a, b)
    if y == 0:
        return 4 * x
    total = x * x
    gap = x * x - y * y
    factor = 0.5
    for _ in range(40):
        if abs(gap) <= 1e-16 * x * x:
            break
        total -= factor * gap
        half = (x - y) / 2
        x, y = (x + y) / 2, math.sqrt(x * y)
        gap = half * half
        factor *= 2
    total -= factor * gap
    return 2 * math.pi * total / x


def area(shape: Shape, spacing: Spacing | None = None) -> float:
    """Area that the outline encloses.

    Parameters
    ----------
    shape : Shape
    spacing : (rows, columns) or None
        Millimetres between pixel centres; None measures in pixels.

    Returns
    -------
    float
        Square pixels or square millimetres, at least 0; 0 for what is not closed. Of an outline that
        crosses itself, the parts run through in opposite directions are subtracted from one another (the
        shoelace formula), unlike in :func:`cases.geometry.rasterise.mask`.

    Raises
    ------
    ValueError
        If the spacing is not two positive finite numbers.

    Examples
    --------
    >>> box = Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "box", 0, ((1.0, 2.0), (4.0, 6.0)))
    >>> area(box), area(box, (0.5, 2.0))
    (12.0, 12.0)
    """
    rows, columns = _checked(spacing)
    if not shape.is_closed:
        return 0.0
    if shape.kind in RINGS:
        return _shoelace(shape.points) * rows * columns
    if shape.kind == "mask":
        return sum(shape.counts[1::2]) * rows * columns
    if shape.is_turned:
        _, (ux, uy), (vx, vy) = shape.half_axes
        return abs(ux * vy - uy * vx) * math.pi * rows * columns
    x0, y0, x1, y1 = shape.bounds
    box = (x1 - x0) * (y1 - y0) * rows * columns
    return box * math.pi / 4 if shape.kind in ROUND else box


def perimeter(shape: Shape, spacing: Spacing | None = None) -> float:
    """Length of the outline; of the line itself for a length, an arrow and a polyline.

    Parameters
    ----------
    shape : Shape
    spacing : (rows, columns) or None
        Millimetres between pixel centres; None measures in pixels.

    Returns
    -------
    float
        Pixels or millimetres, at least 0; 0 for points, texts, angles and pairs of axes. The outline of a
        mask runs along the edges of its pixels.

    Raises
    ------
    ValueError
        If the spacing is not two positive finite numbers.

    Examples
    --------
    >>> box = Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "box", 0, ((1.0, 2.0), (4.0, 6.0)))
    >>> perimeter(box), perimeter(box, (0.5, 2.0))
    (14.0, 16.0)
    """
    rows, columns = _checked(spacing)
    if shape.kind in RINGS or shape.kind in PATHS:
        ends = [*shape.points[1:], shape.points[0]] if shape.kind in RINGS else list(shape.points[1:])
        pairs = zip(shape.points, ends, strict=False)
        return sum(_distance(first, last, rows, columns) for first, last in pairs)
    if not shape.is_closed:
        return 0.0
    if shape.kind == "mask":
        return _edges(shape, rows, columns)
    if shape.is_turned:
        return _ellipse_perimeter(*_semi_axes(shape, rows, columns))
    x0, y0, x1, y1 = shape.bounds
    width, height = (x1 - x0) * columns, (y1 - y0) * rows
    return _ellipse_perimeter(width / 2, height / 2) if shape.kind in ROUND else 2 * (width + height)


def _semi_axes(shape: Shape, rows: float, columns: float) -> tuple[float, float]:
    """Half of the longest and the shortest diameter, from any conjugate ones (Apollonius, VII 12 and 31)."""
    _, (ux, uy), (vx, vy) = shape.half_axes
    squares = (ux**2 + vx**2) * columns**2 + (uy**2 + vy**2) * rows**2
    product = abs(ux * vy - uy * vx) * rows * columns
    total, gap = math.sqrt(squares + 2 * product), math.sqrt(max(squares - 2 * product, 0.0))
    return (total + gap) / 2, (total - gap) / 2


def _distance(first: Point, last: Point, rows: float, columns: float) -> float:
    return math.hypot((last[0] - first[0]) * columns, (last[1] - first[1]) * rows)


def _edges(shape: Shape, rows: float, columns: float) -> float:
    """Edges between a pixel of the mask and one that is none: across lie edges of a column's width."""
    inside = np.pad(window(shape), 1)
    across = np.count_nonzero(inside[1:, :] != inside[:-1, :])
    along = np.count_nonzero(inside[:, 1:] != inside[:, :-1])
    return across * columns + along * rows


def length(shape: Shape, spacing: Spacing | None = None) -> float:
    """Distance between the two ends of a length.

    Parameters
    ----------
    shape : Shape
        Of kind ``length``.
    spacing : (rows, columns) or None
        Millimetres between pixel centres; None measures in pixels.

    Returns
    -------
    float
        Pixels or millimetres.

    Raises
    ------
    ValueError
        If the shape is not a length, or the spacing is not two positive finite numbers.

    Examples
    --------
    >>> line = Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "length", 0, ((0.0, 0.0), (3.0, 4.0)))
    >>> length(line)
    5.0
    """
    if shape.kind != "length":
        raise ValueError(f"only a length has a length, this is a {shape.kind}; use perimeter()")
    return perimeter(shape, spacing)


def axes(shape: Shape, spacing: Spacing | None = None) -> tuple[float, float]:
    """Long and short axis of a pair, as RECIST 1.1 measures (doi:10.1016/j.ejca.2008.10.026).

    Parameters
    ----------
    shape : Shape
        Of kind ``bidirectional``.
    spacing : (rows, columns) or None
        Millimetres between pixel centres; None measures in pixels.

    Returns
    -------
    (float, float)
        Pixels or millimetres, the longer first, whichever was drawn first.

    Raises
    ------
    ValueError
        If the shape is no pair of axes, or the spacing is not two positive finite numbers.

    Examples
    --------
    >>> ends = ((0.0, 2.0), (6.0, 2.0), (3.0, 0.0), (3.0, 4.0))
    >>> axes(Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "bidirectional", 0, ends))
    (6.0, 4.0)
    """
    if shape.kind != "bidirectional":
        raise ValueError(f"only a bidirectional has axes, this is a {shape.kind}")
    rows, columns = _checked(spacing)
    first = _distance(shape.points[0], shape.points[1], rows, columns)
    second = _distance(shape.points[2], shape.points[3], rows, columns)
    return max(first, second), min(first, second)


def degrees(shape: Shape, spacing: Spacing | None = None) -> float:
    """Size of an angle: of ``angle`` at its vertex, of ``cobb`` the acute one between its lines.

    Cobb, 1948, measures the angle of perpendiculars to two end plates, which is the angle of the plates.

    Parameters
    ----------
    shape : Shape
        Of kind ``angle`` or ``cobb``.
    spacing : (rows, columns) or None
        Millimetres between pixel centres: where pixels are not square, an angle on the screen of pixels is
        none in the body.

    Returns
    -------
    float
        Degrees, 0 to 180; of ``cobb`` 0 to 90.

    Raises
    ------
    ValueError
        If the shape is no angle, or the spacing is not two positive finite numbers.

    Examples
    --------
    >>> corner = ((0.0, 4.0), (0.0, 0.0), (4.0, 4.0))
    >>> round(degrees(Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "angle", 0, corner)), 9)
    45.0
    """
    rows, columns = _checked(spacing)
    if shape.kind == "angle":
        (a, vertex, b) = shape.points
        pairs = ((vertex, a), (vertex, b))
    elif shape.kind == "cobb":
        pairs = ((shape.points[0], shape.points[1]), (shape.points[2], shape.points[3]))
    else:
        raise ValueError(f"only an angle and a cobb have degrees, this is a {shape.kind}")
    (x1, y1), (x2, y2) = (((end[0] - start[0]) * columns, (end[1] - start[1]) * rows) for start, end in pairs)
    # atan2 of both products stays exact near 0 and 180 degrees, where the arc cosine does not.
    cross, dot = abs(x1 * y2 - y1 * x2), x1 * x2 + y1 * y2
    return math.degrees(math.atan2(cross, abs(dot) if shape.kind == "cobb" else dot))
