"""Shapes of every kind for tests of exchange."""

import uuid

import numpy as np
from hypothesis import strategies as st

from cases.exchange.layers import Layer, Picture
from cases.geometry.runs import from_window
from cases.geometry.schema import parse_shapes
from cases.geometry.shapes import KINDS, Shape

ROWS, COLUMNS = 24, 32
PICTURES = tuple(Picture(f"series-7-{n:04d}", ROWS, COLUMNS, (0.5, 0.25)) for n in (1, 2, 3))
POINTS = {
    "point": 1, "text": 1, "box": 2, "ellipse": 2, "circle": 2, "rotated-box": 4, "polygon": 5, "freehand": 6,
    "polyline": 3, "arrow": 2, "length": 2, "bidirectional": 4, "angle": 3, "cobb": 4,
}  # fmt: skip
WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)


def layer(*shapes: Shape, author: str = "Ann", reference: bool = False) -> Layer:
    """The shapes on three pictures of 24 by 32 pixels."""
    return Layer(PICTURES, shapes, author, reference)


def shape(kind: str, points, *, frame: int = 0, label: str = "Cyst", **more) -> Shape:
    """A shape as the schema gives it."""
    item = {
        "id": str(uuid.uuid4()), "kind": kind, "frame": frame, "points": [list(p) for p in points],
        "label": label, **more,
    }  # fmt: skip
    return parse_shapes([item], frames=[(ROWS, COLUMNS)] * 3)[0]


def masked(inside, *, x: int = 0, y: int = 0, **more) -> Shape:
    """A mask shape of what is true."""
    points, counts = from_window(np.asarray(inside, bool), x=x, y=y)
    return shape("mask", points, counts=list(counts), **more)


def turned_ends(degrees: float, half: float) -> list[list[float]]:
    """Ends of the axes of an ellipse in the middle of a picture; one axis is two thirds of the other."""
    turns = [np.radians(degrees), np.radians(degrees + 90)]
    ways = [
        (side * size * np.cos(turn), side * size * np.sin(turn))
        for turn, size in zip(turns, (half, half * 2 / 3), strict=True)
        for side in (-1, 1)
    ]
    return [[round(COLUMNS / 2 + float(x), 2), round(ROWS / 2 + float(y), 2)] for x, y in ways]


@st.composite
def shapes(draw, kinds=KINDS, *, whole: bool = False):
    """Any valid shape."""
    kind = draw(st.sampled_from(kinds))
    label = draw(st.just("") | WORDS)
    more = {
        "frame": draw(st.integers(0, 2)),
        "label": label,
        "code": draw(st.sampled_from(["", "radlex:RID50149", "icd10:C34.1"])) if label else "",
        "note": draw(WORDS),
        "attributes": draw(st.dictionaries(WORDS, WORDS, max_size=2)),
    }
    if kind == "mask":
        size = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
        bits = draw(
            st.lists(st.booleans(), min_size=size[0] * size[1], max_size=size[0] * size[1]).filter(any)
        )
        x, y = draw(st.integers(0, 20)), draw(st.integers(0, 15))
        return masked(np.array(bits).reshape(size), x=x, y=y, **more)
    number = st.integers if whole else lambda a, b: st.floats(a, b).map(lambda v: round(v, 2))
    xs = draw(st.lists(number(0, COLUMNS), min_size=POINTS[kind], max_size=POINTS[kind], unique=True))
    ys = draw(st.lists(number(0, ROWS), min_size=POINTS[kind], max_size=POINTS[kind], unique=True))
    if kind == "ellipse" and not whole and draw(st.booleans()):
        return shape(kind, turned_ends(draw(st.integers(0, 179)), draw(number(3, 9))), **more)
    if kind in ("polygon", "freehand", "rotated-box"):
        centre = (COLUMNS / 2, ROWS / 2)
        radius = draw(number(2, 10))
        turns = np.linspace(0, 2 * np.pi, POINTS[kind], endpoint=False)
        points = [
            [round(centre[0] + radius * np.cos(t), 2), round(centre[1] + radius * np.sin(t), 2)]
            for t in turns
        ]
        return shape(kind, points, **more)
    return shape(kind, list(zip(xs, ys, strict=True)), **more)
