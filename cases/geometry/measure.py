"""How large a shape is."""

import math
from collections.abc import Sequence

from cases.geometry.shapes import RINGS, Point, Shape

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
        Square pixels or square millimetres, at least 0; 0 for a point and for a length. Of an outline that
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
    x0, y0, x1, y1 = shape.bounds
    box = (x1 - x0) * (y1 - y0) * rows * columns
    return box * math.pi / 4 if shape.kind == "ellipse" else box


def perimeter(shape: Shape, spacing: Spacing | None = None) -> float:
    """Length of the outline; of the line itself for a length.

    Parameters
    ----------
    shape : Shape
    spacing : (rows, columns) or None
        Millimetres between pixel centres; None measures in pixels.

    Returns
    -------
    float
        Pixels or millimetres, at least 0; 0 for a point.

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
    if shape.kind == "point":
        return 0.0
    if shape.kind in RINGS or shape.kind == "length":
        ends = [*shape.points[1:], shape.points[0]] if shape.kind in RINGS else list(shape.points[1:])
        pairs = zip(shape.points, ends, strict=False)
        return sum(math.hypot((x2 - x1) * columns, (y2 - y1) * rows) for (x1, y1), (x2, y2) in pairs)
    x0, y0, x1, y1 = shape.bounds
    width, height = (x1 - x0) * columns, (y1 - y0) * rows
    return 2 * (width + height) if shape.kind == "box" else _ellipse_perimeter(width / 2, height / 2)


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
