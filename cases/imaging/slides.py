"""Whole slides, from an uploaded file to tiles that name nobody.

Only pixels, micrometres per pixel and the magnification go through; the label, the macro picture, every text
and every tag stay behind, because nothing here reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

from . import slide_dicom, slide_tiff
from .errors import Refused
from .frames import DecodedFrame
from .kinds import Kind, sniff
from .slide_store import Source, Written, write

# Where the class of a DICOM object stands: in its file meta, or as one of its first elements.
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class SlideLimits:
    """How large a slide may be, in pixels of its finest level."""

    side: int = 1 << 18
    pixels: int = 1 << 32


LIMITS = SlideLimits()


class Likeness(Enum):
    """What kind of slide a file is."""

    NONE = "none"
    DICOM = "dicom"
    TIFF = "tiff"
    PICTURE_TOO = "picture-too"
    """A TIFF that is also a picture of several pages, where no slide can be read."""


@dataclass(frozen=True, slots=True)
class SlideFacts:
    """What is kept of a slide beside its tiles.

    Attributes
    ----------
    width, height : int
        Pixels of the finest level.
    tile : int
        Side of a stored tile in pixels.
    microns_x, microns_y : float or None
        Micrometres per pixel of the finest level, across and down.
    magnification : float or None
        Of the objective, e.g. 20.0.
    byte_count : int
        Size of the stored file.
    """

    width: int
    height: int
    tile: int
    microns_x: float | None
    microns_y: float | None
    magnification: float | None
    byte_count: int


class Scaled(Source, Protocol):
    """A source that knows its size in nature."""

    @property
    def microns(self) -> tuple[float, float] | None: ...
    @property
    def magnification(self) -> float | None: ...


def likeness(source: Path | bytes) -> Likeness:
    """Tell by content whether a file is a whole slide.

    Parameters
    ----------
    source : path or bytes
        The whole file.
    """
    with as_file(source) as file:
        head = file.read(_HEAD)
        kind = sniff(head)
        if kind is Kind.DICOM:
            found = slide_dicom.WHOLE_SLIDE.encode() in head
            return Likeness.DICOM if found else Likeness.NONE
        if kind is not Kind.TIFF:
            return Likeness.NONE
        return {
            slide_tiff.Likeness.NONE: Likeness.NONE,
            slide_tiff.Likeness.PICTURE_TOO: Likeness.PICTURE_TOO,
            slide_tiff.Likeness.SLIDE: Likeness.TIFF,
        }[slide_tiff.likeness(file)]


@contextmanager
def as_file(source: Path | bytes) -> Iterator[BinaryIO]:
    """The source as a file that can be sought in."""
    with source.open("rb") if isinstance(source, Path) else BytesIO(source) as file:
        yield file


def store(source: Scaled, target: BinaryIO, *, limits: SlideLimits = LIMITS) -> tuple[Written, SlideFacts]:
    """Write the tiles of a slide.

    Parameters
    ----------
    source : Scaled
        From `slide_tiff.opened` or `slide_dicom.opened`.
    target : binary file
        Written from front to back.
    limits : SlideLimits
        Checked before anything is read.

    Raises
    ------
    Refused
        ``too-large``, or ``broken-slide`` when a part cannot be read.
    """
    width, height = source.width, source.height
    if width < 1 or height < 1:
        raise Refused("bad-header", "The slide has no pixels. Export it again.")
    if max(width, height) > limits.side or width * height > limits.pixels:
        raise Refused(
            "too-large",
            f"The slide has more than {limits.pixels >> 20} million pixels. Upload a part of it, "
            "or export it with a smaller magnification.",
        )
    written = write(source, target)
    across, down = source.microns or (None, None)
    facts = SlideFacts(
        width, height, written.pyramid.tile, across, down, source.magnification, written.byte_count
    )
    return written, facts


def overview(written: Written, facts: SlideFacts) -> DecodedFrame:
    """The picture that stands for the whole slide, with its spacing in millimetres."""
    spacing = None
    if facts.microns_x and facts.microns_y:
        to_millimetres = written.overview_scale / 1000
        spacing = (facts.microns_y * to_millimetres, facts.microns_x * to_millimetres)
    return DecodedFrame(
        pixels=written.overview,
        slope=1.0,
        intercept=0.0,
        window_center=127.5,
        window_width=256.0,
        invert=False,
        pixel_spacing=spacing,
        position=None,
        orientation=None,
        slice_location=None,
        thickness=None,
        unit="",
        frame_number=1,
    )
