"""From what a browser sent to shapes, or to one sentence about what is wrong with it."""

import json
import math
import re
from collections.abc import Sequence
from typing import Any, Final

from cases.geometry.errors import GeometryError
from cases.geometry.measure import area, perimeter
from cases.geometry.shapes import KINDS, PATHS, Kind, Point, Shape

MAX_SHAPES: Final = 2_000
MAX_POINTS_PER_SHAPE: Final = 5_000
MAX_POINTS: Final = 100_000
MAX_COUNTS_PER_MASK: Final = 50_000
MAX_COUNTS: Final = 400_000
MAX_ATTRIBUTES: Final = 16
MAX_ATTRIBUTE_NAME: Final = 32
MAX_ATTRIBUTE_VALUE: Final = 64
MAX_LABEL: Final = 64
MAX_NOTE: Final = 500
MAX_BYTES: Final = 8_000_000
TOLERANCE: Final = 1.0
SMALLEST: Final = 1e-6
"""Area in square pixels, or length in pixels, under which a shape has no extent."""

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REQUIRED: Final = frozenset({"id", "kind", "frame", "points"})
_ALLOWED: Final = _REQUIRED | {"label", "note", "counts", "attributes", "code"}
CODE: Final = re.compile(r"[a-z][a-z0-9-]{1,11}:[A-Za-z0-9][A-Za-z0-9._/+-]{0,62}")
"""A terminology, a colon and the code there."""
_EXACT: Final = {
    "point": 1,
    "text": 1,
    "box": 2,
    "ellipse": 2,
    "circle": 2,
    "mask": 2,
    "length": 2,
    "arrow": 2,
    "angle": 3,
    "rotated-box": 4,
    "bidirectional": 4,
    "cobb": 4,
}
_TURNED: Final = 4
"""Points of an ellipse that does not lie upright: the ends of its axes."""
_FEWEST: Final = {"polygon": 3, "freehand": 3, "polyline": 2}
_LINES: Final = {"bidirectional": ((0, 1), (2, 3)), "cobb": ((0, 1), (2, 3)), "angle": ((1, 0), (1, 2))}
"""Pairs of points that must be two places."""


def read_json(body: bytes | str, *, max_bytes: int = MAX_BYTES) -> Any:
    """Decode JSON from a stranger.

    Python's decoder alone lets ``Infinity`` and ``NaN`` through, and answers deep nesting with a
    ``RecursionError`` and numbers of 5,000 digits with a bare ``ValueError``, which become server errors.

    Parameters
    ----------
    body : bytes or str
        UTF-8.
    max_bytes : int
        Longer bodies are refused unread.

    Returns
    -------
    object
        Dictionaries, lists, texts, numbers, booleans and None.

    Raises
    ------
    GeometryError
        With the field ``"body"``.

    Examples
    --------
    >>> read_json(b'{"shapes": []}')
    {'shapes': []}
    """
    if len(body) > max_bytes:
        raise GeometryError("body", f"is larger than {max_bytes} bytes; save fewer or simpler shapes")
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except GeometryError:
        raise
    except RecursionError as error:
        raise GeometryError("body", "is nested too deeply") from error
    except ValueError as error:
        raise GeometryError("body", "is not valid JSON") from error


def _refuse_constant(name: str) -> Any:
    raise GeometryError("body", f"holds {name}, which is not a number JSON knows")


def parse_shapes(payload: object, *, frames: Sequence[tuple[int, int]]) -> tuple[Shape, ...]:
    """Check the shapes of one annotation.

    Parameters
    ----------
    payload : object
        A list of ``{"id", "kind", "frame", "points", "label"?, "code"?, "note"?, "counts"?,
        "attributes"?}`` as decoded from JSON; ``counts`` with masks only.
    frames : sequence of (rows, columns)
        Size of every frame of the series, in pixels.

    Returns
    -------
    tuple of Shape
        In the order of the payload, points moved into the image where they lay up to one pixel outside.

    Raises
    ------
    GeometryError
        With the field and a sentence: wrong type, unknown or missing key, unknown kind, id not a UUID or used
        twice, frame not in the series, wrong number of points, not finite, more than one pixel outside, no
        extent, text too long or not storable, a text without words, a mask whose corners are not whole or
        whose counts do not fill it, more than 2,000 shapes, 5,000 points in one or 100,000 in all, 50,000
        counts in one or 400,000 in all, more than 16 attributes.

    Examples
    --------
    >>> sent = {"id": "6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "kind": "point", "frame": 0, "points": [[3, 4]]}
    >>> parse_shapes([sent], frames=[(16, 16)])[0].points
    ((3.0, 4.0),)
    """
    if not isinstance(payload, list):
        raise GeometryError("shapes", "must be a list")
    if len(payload) > MAX_SHAPES:
        raise GeometryError("shapes", f"holds {len(payload)} shapes, at most {MAX_SHAPES} are accepted")
    shapes: list[Shape] = []
    seen: set[str] = set()
    total = runs = 0
    for index, item in enumerate(payload):
        field = f"shapes[{index}]"
        shape = _parse_shape(item, field, frames)
        if shape.id in seen:
            raise GeometryError(f"{field}.id", "is used by another shape of this list")
        seen.add(shape.id)
        total += len(shape.points)
        if total > MAX_POINTS:
            raise GeometryError(
                f"{field}.points", f"bring the total above {MAX_POINTS}; simplify some outlines"
            )
        runs += len(shape.counts)
        if runs > MAX_COUNTS:
            raise GeometryError(f"{field}.counts", f"bring the total above {MAX_COUNTS}; smooth some masks")
        shapes.append(shape)
    return tuple(shapes)


def to_payload(shapes: Sequence[Shape]) -> list[dict[str, Any]]:
    """What :func:`parse_shapes` reads; what is not required and empty is left out.

    Parameters
    ----------
    shapes : sequence of Shape

    Returns
    -------
    list of dict
        Ready for JSON.

    Examples
    --------
    >>> shape = Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "point", 0, ((3.0, 4.0),), "cyst")
    >>> to_payload([shape])[0]["points"]
    [[3.0, 4.0]]
    """
    return [
        {
            "id": shape.id,
            "kind": shape.kind,
            "frame": shape.frame,
            "points": [[x, y] for x, y in shape.points],
            "label": shape.label,
            **({"note": shape.note} if shape.note else {}),
            **({"counts": list(shape.counts)} if shape.counts else {}),
            **({"attributes": dict(shape.attributes)} if shape.attributes else {}),
            **({"code": shape.code} if shape.code else {}),
        }
        for shape in shapes
    ]


def _parse_shape(item: object, field: str, frames: Sequence[tuple[int, int]]) -> Shape:
    if not isinstance(item, dict):
        raise GeometryError(field, "must be an object")
    missing = sorted(_REQUIRED - item.keys())
    if missing:
        raise GeometryError(f"{field}.{missing[0]}", "is missing")
    if not item.keys() <= _ALLOWED:
        raise GeometryError(field, f"may only hold {', '.join(sorted(_ALLOWED))}")
    identity = item["id"]
    if not isinstance(identity, str) or not _UUID.fullmatch(identity.lower()):
        raise GeometryError(f"{field}.id", "must be a UUID such as 6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11")
    kind = _parse_kind(item["kind"], f"{field}.kind")
    frame = item["frame"]
    if not isinstance(frame, int) or isinstance(frame, bool) or not 0 <= frame < len(frames):
        raise GeometryError(f"{field}.frame", f"must be a whole number from 0 to {len(frames) - 1}")
    rows, columns = frames[frame]
    points = _parse_points(item["points"], kind, f"{field}.points", rows, columns)
    counts = _parse_counts(item.get("counts"), kind, points, field)
    label = _parse_text(item.get("label", ""), MAX_LABEL, f"{field}.label", lines=False)
    note = _parse_text(item.get("note", ""), MAX_NOTE, f"{field}.note", lines=True)
    attributes = _parse_attributes(item.get("attributes", {}), f"{field}.attributes")
    code = _parse_code(item.get("code", ""), label, f"{field}.code")
    shape = Shape(identity.lower(), kind, frame, points, label, note, counts, attributes, code)
    _check_extent(shape, field)
    return shape


def _check_extent(shape: Shape, field: str) -> None:
    if shape.is_closed and area(shape) < SMALLEST:
        raise GeometryError(f"{field}.points", "enclose no area; draw the shape again")
    if shape.is_turned:
        a, b, c, d = shape.points
        apart = math.hypot(a[0] + b[0] - c[0] - d[0], a[1] + b[1] - c[1] - d[1]) / 2
        # The browser rounds to a hundredth, and ends just beside the image are moved onto it.
        if apart > 2 * TOLERANCE:
            sentence = "of a turned ellipse are not two axes that halve each other; draw it again"
            raise GeometryError(f"{field}.points", sentence)
    if shape.kind in PATHS and perimeter(shape) < SMALLEST:
        raise GeometryError(f"{field}.points", f"are the same place; draw the {shape.kind} again")
    for first, last in _LINES.get(shape.kind, ()):
        if math.dist(shape.points[first], shape.points[last]) < SMALLEST:
            raise GeometryError(f"{field}.points", f"have a line without length; draw the {shape.kind} again")
    if shape.kind == "text" and not shape.note.strip():
        raise GeometryError(f"{field}.note", "is what a text shows; write at least one word")


def _parse_counts(value: object, kind: Kind, points: tuple[Point, ...], field: str) -> tuple[int, ...]:
    if kind != "mask":
        if value is not None:
            raise GeometryError(f"{field}.counts", f"belong to a mask, not to a {kind}")
        return ()
    if not isinstance(value, list) or not value:
        raise GeometryError(f"{field}.counts", "must be a list of lengths of runs, the run outside first")
    if len(value) > MAX_COUNTS_PER_MASK:
        raise GeometryError(
            f"{field}.counts",
            f"are {len(value)}, at most {MAX_COUNTS_PER_MASK} are accepted; smooth the mask",
        )
    (x0, y0), (x1, y1) = points
    if not all(place.is_integer() for place in (x0, y0, x1, y1)) or not (x0 < x1 and y0 < y1):
        raise GeometryError(
            f"{field}.points", "of a mask must be whole: its top left corner, then its bottom right one"
        )
    size = int(x1 - x0) * int(y1 - y0)
    for index, count in enumerate(value):
        whole = isinstance(count, int) and not isinstance(count, bool)
        # Only the first run, outside of the mask, may be empty.
        if not whole or not min(index, 1) <= count <= size:
            raise GeometryError(f"{field}.counts[{index}]", f"must be a whole number from 1 to {size}")
    if sum(value) != size:
        raise GeometryError(f"{field}.counts", f"fill {sum(value)} pixels of a rectangle of {size}")
    return tuple(value)


def _parse_attributes(value: object, field: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise GeometryError(field, "must be an object of names and values")
    if len(value) > MAX_ATTRIBUTES:
        raise GeometryError(field, f"are {len(value)}, at most {MAX_ATTRIBUTES} are accepted")
    pairs = []
    for name, content in value.items():
        key = _parse_text(name, MAX_ATTRIBUTE_NAME, field, lines=False)
        if not key.strip():
            raise GeometryError(field, "have a name that is empty")
        pairs.append((key, _parse_text(content, MAX_ATTRIBUTE_VALUE, f"{field}.{key}", lines=False)))
    return tuple(sorted(pairs))


def _parse_code(value: object, label: str, field: str) -> str:
    if value == "":
        return ""
    if not isinstance(value, str) or not CODE.fullmatch(value):
        raise GeometryError(field, "must be a terminology and its code, such as radlex:RID50149")
    if not label:
        raise GeometryError(field, "says what a label means, and there is no label")
    return value


def _parse_kind(value: object, field: str) -> Kind:
    for kind in KINDS:
        if isinstance(value, str) and value == kind:
            return kind
    raise GeometryError(field, f"must be one of {', '.join(KINDS)}")


def _parse_points(value: object, kind: Kind, field: str, rows: int, columns: int) -> tuple[Point, ...]:
    if not isinstance(value, list):
        raise GeometryError(field, "must be a list of [x, y]")
    if kind in _FEWEST:
        if not _FEWEST[kind] <= len(value) <= MAX_POINTS_PER_SHAPE:
            raise GeometryError(
                field, f"must be {_FEWEST[kind]} to {MAX_POINTS_PER_SHAPE} points, not {len(value)}"
            )
    elif len(value) != _EXACT[kind] and not (kind == "ellipse" and len(value) == _TURNED):
        known = f"{_EXACT[kind]} or {_TURNED}" if kind == "ellipse" else str(_EXACT[kind])
        raise GeometryError(field, f"must be {known} for a {kind}, not {len(value)}")
    return tuple(_parse_point(point, f"{field}[{index}]", rows, columns) for index, point in enumerate(value))


def _parse_point(value: object, field: str, rows: int, columns: int) -> Point:
    if not isinstance(value, list) or len(value) != 2:
        raise GeometryError(field, "must be [x, y]")
    x = _parse_coordinate(value[0], columns, field, "x")
    y = _parse_coordinate(value[1], rows, field, "y")
    return x, y


def _parse_coordinate(value: object, limit: int, field: str, axis: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GeometryError(field, f"{axis} must be a number")
    # Compared before it is converted: a whole number of 5,000 digits overflows float().
    if not -TOLERANCE <= value <= limit + TOLERANCE:
        known = isinstance(value, float) and not math.isfinite(value)
        reason = "must be finite" if known else f"lies outside of the image, which goes from 0 to {limit}"
        raise GeometryError(field, f"{axis} {reason}")
    return min(max(float(value), 0.0), float(limit))


def _parse_text(value: object, limit: int, field: str, *, lines: bool) -> str:
    if not isinstance(value, str):
        raise GeometryError(field, "must be text")
    if len(value) > limit:
        raise GeometryError(field, f"has {len(value)} characters, at most {limit} are accepted")
    allowed = "\n\t" if lines else ""
    for char in value.replace("\r\n", "\n") if lines else value:
        # PostgreSQL stores no NUL, and half a surrogate pair cannot be written as UTF-8: both would be a 5xx.
        if (ord(char) < 32 and char not in allowed) or ord(char) == 127 or 0xD800 <= ord(char) <= 0xDFFF:
            raise GeometryError(field, "holds a control character; please remove it")
    return value
