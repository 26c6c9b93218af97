"""Pictures of drawings: a small frame with outlines over it, for templates/cases/_frame_picture.html."""

from dataclasses import dataclass

from cases.exchange.paths import path
from cases.geometry.shapes import Shape
from cases.models import Frame

# A picture of a thousand outlines shows nothing.
MOST_DRAWN = 300


@dataclass(frozen=True)
class Stroke:
    """One outline of a picture: its path, and the class that says what it is."""

    d: str
    kind: str


@dataclass(frozen=True)
class Picture:
    """A frame, how high it is in units of its columns, and what lies over it."""

    frame: Frame
    height: float
    strokes: list[Stroke]


def picture_of(frame: Frame, strokes: list[Stroke]) -> Picture:
    """``frame`` in the proportions of the body, under the last of ``strokes``."""
    spacing = frame.pixel_spacing or [1.0, 1.0]
    return Picture(frame, round(frame.rows * spacing[0] / spacing[1], 2), strokes[-MOST_DRAWN:])


def strokes_of(shapes: list[Shape], kind: str) -> list[Stroke]:
    """Outlines of ``shapes``, all of one ``kind``."""
    return [Stroke(path(shape), kind) for shape in shapes]
