"""The shapes a person can draw."""

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal[
    "point",
    "box",
    "rotated-box",
    "ellipse",
    "circle",
    "polygon",
    "freehand",
    "mask",
    "polyline",
    "arrow",
    "text",
    "length",
    "bidirectional",
    "angle",
    "cobb",
]
Point = tuple[float, float]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
RINGS: Final[frozenset[str]] = frozenset({"rotated-box", "polygon", "freehand"})
"""Points are the corners of a closed outline."""
ROUND: Final[frozenset[str]] = frozenset({"ellipse", "circle"})
CLOSED: Final[frozenset[str]] = RINGS | ROUND | {"box", "mask"}
PATHS: Final[frozenset[str]] = frozenset({"length", "arrow", "polyline"})
"""Points are an open line that has a length."""
PLACES: Final[frozenset[str]] = frozenset({"point", "text"})


@dataclass(frozen=True, slots=True)
class Shape:
    """One drawn shape on one frame.

    Parameters
    ----------
    id : str
        UUID in its canonical form, made by the browser.
    kind : Kind
        What the points mean: ``point`` and ``text`` one position; ``box``, ``ellipse`` and ``circle`` two
        opposite corners of the bounding box; a turned ``ellipse`` four, the ends of one axis, then of the
        other; ``rotated-box`` its four corners in order; ``polygon`` and ``freehand`` three corners or
        more, closed implicitly; ``mask`` the top-left and bottom-right corner of the rectangle that
        ``counts`` fills; ``length`` two ends; ``arrow`` tail and head; ``polyline`` two points or more;
        ``bidirectional`` the ends of the long axis, then of the short one; ``angle`` an arm, the vertex,
        the other arm; ``cobb`` the ends of one line, then of the other.
    frame : int
        Index of the frame in the series, from 0.
    points : tuple of (x, y)
        Pixels; ``(0, 0)`` is the top-left corner of the top-left pixel.
    label : str
        Code of a term, or free text, up to 64 characters.
    note : str
        Free text, up to 500 characters; of a ``text`` what stands on the image.
    counts : tuple of int
        Of a ``mask`` only: lengths of runs of pixels, row by row inside of its rectangle, in turns out of the
        mask and in it, beginning with the run outside (which may be 0). Their sum is width times height.
    attributes : tuple of (name, value)
        Short texts, sorted by name.
    code : str
        Of the label, where it is a term of a terminology: ``"radlex:RID50149"``; empty for own words.

    Examples
    --------
    >>> Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "box", 0, ((4.0, 6.0), (1.0, 2.0))).bounds
    (1.0, 2.0, 4.0, 6.0)
    """

    id: str
    kind: Kind
    frame: int
    points: tuple[Point, ...]
    label: str = ""
    note: str = ""
    counts: tuple[int, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    code: str = ""

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Smallest x, smallest y, largest x, largest y, in pixels."""
        if self.is_turned:
            (x, y), (ux, uy), (vx, vy) = self.half_axes
            across, down = math.hypot(ux, vx), math.hypot(uy, vy)
            return x - across, y - down, x + across, y + down
        xs = [x for x, _ in self.points]
        ys = [y for _, y in self.points]
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def is_turned(self) -> bool:
        """Whether it is an ellipse given by the ends of its axes."""
        return self.kind == "ellipse" and len(self.points) == 4

    @property
    def half_axes(self) -> tuple[Point, Point, Point]:
        """Of what is round: its middle, and the ways from there to the end of either axis."""
        if not self.is_turned:
            x0, y0, x1, y1 = self.bounds
            return ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, 0.0), (0.0, (y1 - y0) / 2)
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = self.points
        middle = ((ax + bx + cx + dx) / 4, (ay + by + cy + dy) / 4)
        return middle, ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2)

    @property
    def is_closed(self) -> bool:
        """Whether the shape surrounds an area."""
        return self.kind in CLOSED
