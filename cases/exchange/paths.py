"""Shapes as data of SVG paths, in pixels of the image."""

from __future__ import annotations

from collections.abc import Sequence

from cases.exchange.outlines import outlines_of
from cases.geometry.shapes import PLACES, ROUND, Shape


def number(value: float) -> str:
    """A coordinate with at most four decimals and no zeros at its end."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def line(points: Sequence[Sequence[float]]) -> str:
    """Straight lines from point to point."""
    return "".join(f"{'L' if n else 'M'}{number(x)} {number(y)}" for n, (x, y) in enumerate(points))


def path(shape: Shape) -> str:
    """What to draw for a shape.

    Parameters
    ----------
    shape : Shape

    Returns
    -------
    str
        The attribute ``d``: closed outlines, open lines; of a place a line of next to no length, which round
        ends make a dot; of an arrow its head as well.

    Examples
    --------
    >>> path(Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "length", 0, ((0.0, 0.5), (3.0, 4.0))))
    'M0 0.5L3 4'
    """
    x0, y0, x1, y1 = shape.bounds
    if shape.kind in PLACES:
        return f"M{number(x0)} {number(y0)}h.001"
    if shape.kind in ROUND and not shape.is_turned:
        a, b, middle = (x1 - x0) / 2, (y1 - y0) / 2, (y0 + y1) / 2
        arc = f"a{number(a)} {number(b)} 0 1 0 "
        return f"M{number(x0)} {number(middle)}{arc}{number(2 * a)} 0{arc}{number(-2 * a)} 0Z"
    if shape.is_closed:
        return "".join(line(ring) + "Z" for ring in outlines_of(shape))
    if shape.kind in ("bidirectional", "cobb"):
        return line(shape.points[:2]) + line(shape.points[2:])
    if shape.kind == "arrow":
        return line(shape.points) + _head(shape)
    return line(shape.points)


def _head(shape: Shape) -> str:
    """Two short strokes at the head of an arrow, a sixth of its length."""
    (x0, y0), (x1, y1) = shape.points
    dx, dy = (x0 - x1) / 6, (y0 - y1) / 6
    sides = [(x1 + dx - dy, y1 + dy + dx), (x1 + dx + dy, y1 + dy - dx)]
    return line([sides[0], (x1, y1), sides[1]])
