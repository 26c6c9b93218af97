"""The shapes a person can draw."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal["point", "box", "ellipse", "polygon", "freehand", "length"]
Point = tuple[float, float]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
RINGS: Final[frozenset[str]] = frozenset({"polygon", "freehand"})
CLOSED: Final[frozenset[str]] = frozenset({"box", "ellipse", "polygon", "freehand"})


@dataclass(frozen=True, slots=True)
class Shape:
    """One drawn shape on one frame.

    Parameters
    ----------
    id : str
        UUID in its canonical form, made by the browser.
    kind : Kind
        What the points mean: ``point`` one position; ``box`` and ``ellipse`` two opposite corners of the
        bounding box; ``polygon`` and ``freehand`` three corners or more, closed implicitly; ``length``
        two ends.
    frame : int
        Index of the frame in the series, from 0.
    points : tuple of (x, y)
        Pixels; ``(0, 0)`` is the top-left corner of the top-left pixel.
    label : str
        Code of a term, or free text, up to 64 characters.
    note : str
        Free text, up to 500 characters.

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

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Smallest x, smallest y, largest x, largest y, in pixels."""
        xs = [x for x, _ in self.points]
        ys = [y for _, y in self.points]
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def is_closed(self) -> bool:
        """Whether the shape surrounds an area."""
        return self.kind in CLOSED
