"""What is exchanged: the pictures of a series and the shapes on them."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydicom.dataset import Dataset

from cases.geometry.errors import GeometryError
from cases.geometry.schema import parse_shapes, to_payload
from cases.geometry.shapes import Shape

MAX_BYTES = 8_000_000
"""Largest file of drawings that is read."""
_NUMBER = re.compile(r"-(\d{1,6})(?:\.\w{1,5})?$")


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame, as much of it as drawings need.

    Attributes
    ----------
    name : str
        Names the picture in files: made of numbers of this server, never of the patient or of a file. Ends in
        a dash and the place of the picture in its series, from 1.
    rows, columns : int
    spacing : tuple of float or None
        Millimetres between rows and between columns.
    position, orientation : tuple of float or None
        Centre of the first pixel in millimetres; direction cosines of a row and of a column.
    source : str
        Pseudonymous UID of the DICOM instance that holds it; empty when it came from another kind of file.
    number : int
        Its place among the frames of that instance, from 0.
    thickness : float
        Millimetres of the slice; 0 when unknown.
    """

    name: str
    rows: int
    columns: int
    spacing: tuple[float, float] | None = None
    position: tuple[float, ...] | None = None
    orientation: tuple[float, ...] | None = None
    source: str = ""
    number: int = 0
    thickness: float = 0.0


@dataclass(frozen=True)
class Layer:
    """The shapes of one person on one series.

    Attributes
    ----------
    pictures : tuple of Picture
        All of the series, in order; ``Shape.frame`` counts them from 0.
    shapes : tuple of Shape
    author : str
        Who drew, as this server shows people to others.
    reference : bool
        Whether the layer teaches.
    header : callable or None
        Gives the header of a ``Picture.source`` without its pixels, de-identified; for DICOM only.
    """

    pictures: tuple[Picture, ...]
    shapes: tuple[Shape, ...]
    author: str = ""
    reference: bool = False
    header: Callable[[str], Dataset] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Written:
    """A file, and what it could not say."""

    data: bytes
    content_type: str
    suffix: str
    losses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """Shapes of a file, and what of it was left out."""

    shapes: tuple[Shape, ...]
    losses: tuple[str, ...] = ()


class Unreadable(ValueError):
    """A file that is not what it should be; the text says what is wrong and what to do."""


@dataclass
class Losses:
    """Counts what is lost, and tells it in sentences with how often."""

    _found: Counter[str] = field(default_factory=Counter)

    def add(self, sentence: str) -> None:
        """One more of ``sentence``, which speaks of several."""
        self._found[sentence] += 1

    def told(self) -> tuple[str, ...]:
        """The sentences in the order of their first time."""
        return tuple(f"{sentence} ({count})" for sentence, count in self._found.items())


def seal(shape: Shape, standard: object) -> dict[str, Any]:
    """The shape as it is, to stand beside what a format can say of it.

    Parameters
    ----------
    shape : Shape
    standard : object
        What the format says, ready for JSON; another program that changes it breaks the seal.

    Returns
    -------
    dict
        For :func:`unsealed`.
    """
    return {"shape": to_payload([shape])[0], "seal": _digest(standard)}


def unsealed(found: object, standard: object, frame: int, picture: Picture) -> Shape | None:
    """The shape under a seal, or ``None`` when there is none or the standard part was changed meanwhile."""
    if not isinstance(found, dict) or found.get("seal") != _digest(standard):
        return None
    kept = found.get("shape")
    if not isinstance(kept, dict):
        return None
    try:
        (shape,) = parse_shapes([{**kept, "frame": 0}], frames=[(picture.rows, picture.columns)])
    except GeometryError:
        return None
    return replace(shape, frame=frame)


def _digest(standard: object) -> str:
    text = json.dumps(_even(standard), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _even(value: object) -> object:
    """Numbers as every program writes them: 1.0 and 1 are the same, and so are 0.1 + 0.2 and 0.3."""
    if isinstance(value, dict):
        return {key: _even(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_even(one) for one in value]
    return round(float(value), 3) if isinstance(value, int | float) and not isinstance(value, bool) else value


def place_of(name: object, pictures: Sequence[Picture]) -> int | None:
    """Which picture a file means by ``name``: one of this series, or the only one that there is."""
    if isinstance(name, str):
        stem = name.replace("\\", "/").rsplit("/", 1)[-1]
        known = {picture.name: place for place, picture in enumerate(pictures)}
        if stem in known:
            return known[stem]
        base = stem.rsplit(".", 1)[0]
        if base in known:
            return known[base]
        number = _NUMBER.search(stem)
        if number and 1 <= int(number[1]) <= len(pictures):
            return int(number[1]) - 1
    return 0 if len(pictures) == 1 else None


def new_shape(
    kind: str,
    points: Iterable[Sequence[float]],
    *,
    frame: int,
    picture: Picture,
    label: str = "",
    note: str = "",
    counts: Sequence[int] | None = None,
    attributes: dict[str, str] | None = None,
    code: str = "",
) -> Shape:
    """A shape of foreign numbers, checked as what a browser sends is.

    Raises
    ------
    GeometryError
        Names what is wrong with it.
    """
    sent: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "frame": 0,
        "points": [[float(x), float(y)] for x, y in points],
        "label": plain(label)[:64],
        "note": plain(note, lines=True)[:500],
        "attributes": attributes or {},
        "code": code if plain(label) else "",
    }
    if counts is not None:
        sent["counts"] = list(counts)
    (shape,) = parse_shapes([sent], frames=[(picture.rows, picture.columns)])
    return replace(shape, frame=frame)


def plain(text: object, *, lines: bool = False) -> str:
    """Text without control characters and halves of letters, which no database takes."""
    kept = "\n\t" if lines else ""
    return "".join(
        char
        for char in (text if isinstance(text, str) else "")
        if (ord(char) >= 32 or char in kept) and ord(char) != 127 and not 0xD800 <= ord(char) <= 0xDFFF
    ).strip()


def taken(losses: Losses, make: Callable[[], Shape]) -> list[Shape]:
    """The shape that ``make`` gives, or none and a loss that names its fault."""
    try:
        return [make()]
    except GeometryError as error:
        losses.add(f"Shapes were left out: {error.field.removeprefix('shapes[0].')} {error.message}.")
    except (TypeError, ValueError, OverflowError):
        losses.add("Shapes were left out: their numbers could not be read.")
    return []


def tell_words_lost(losses: Losses, shape: Shape) -> None:
    """Say what of a shape's words a format that knows labels only leaves out."""
    if shape.note or shape.attributes:
        losses.add("Notes and attributes were left out.")
    if shape.code:
        losses.add("Codes of labels were left out: this format knows their words only.")


def labels_of(layers: Iterable[Layer]) -> list[str]:
    """Labels in the order of the alphabet; what has none is called ``unlabelled``."""
    return sorted({shape.label or UNLABELLED for layer in layers for shape in layer.shapes})


UNLABELLED = "unlabelled"


def label_of(name: object) -> str:
    """The label that a name in a file stands for."""
    found = plain(name)
    return "" if found == UNLABELLED else found
