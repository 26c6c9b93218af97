"""Whole slides, from an uploaded file to tiles that name nobody.

Only pixels, micrometres per pixel and the magnification go through; the label, the macro picture, every text
and every tag stay behind, because nothing here reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from . import slide_dicom, slide_tiff
from .burned import TextBox
from .errors import Refused
from .frames import DecodedFrame
from .kinds import Kind, media_class, sniff
from .slide_store import Scale, Source, Written, write

# Where the class of a DICOM object stands: in its file meta, or as one of its first elements.
_HEAD = 4096
# Grey levels from pixel to pixel, and the share of such pixels round a box: 0.0 to 0.2 round writing on
# glass, 0.4 to 0.9 round what only looks like it in tissue.
_EDGE, _RESTLESS = 12.0, 0.35


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
            named = media_class(head)
            found = named == slide_dicom.WHOLE_SLIDE if named else slide_dicom.WHOLE_SLIDE.encode() in head
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
    across, down = (round(microns, 6) for microns in source.microns or (0.0, 0.0))
    written = write(source, target, scale=Scale(across, down, source.magnification or 0.0))
    return written, facts_of(written)


def facts_of(written: Written) -> SlideFacts:
    """What is kept of a slide beside its tiles."""
    scale, pyramid = written.scale, written.pyramid
    return SlideFacts(
        width=pyramid.width,
        height=pyramid.height,
        tile=pyramid.tile,
        microns_x=scale.across or None,
        microns_y=scale.down or None,
        magnification=scale.magnification or None,
        byte_count=written.byte_count,
    )


def writing_beside(frame: DecodedFrame, boxes: Sequence[TextBox]) -> tuple[TextBox, ...]:
    """Of ``boxes``, those that lie on calm ground, as writing on glass does.

    Fibres and rows of nuclei are strokes beside one another as letters are, so nearly every section of tissue
    would wait for a person; but they lie among others of their kind.
    """
    grey = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY)
    return tuple(box for box in boxes if _unrest_around(grey, box) < _RESTLESS)


def _unrest_around(grey: NDArray[Any], box: TextBox) -> float:
    """Share of the pixels round a box that lie at an edge of something."""
    margin = max(8, box.height // 2)
    left, top = max(0, box.x - margin), max(0, box.y - margin)
    part = grey[top : box.y + box.height + margin, left : box.x + box.width + margin].astype(np.float32)
    edges = np.hypot(cv2.Sobel(part, cv2.CV_32F, 1, 0), cv2.Sobel(part, cv2.CV_32F, 0, 1)) / 4
    around = np.ones(part.shape, bool)
    # Three pixels more: what blurs over the edge of the box belongs to it.
    x, y = box.x - left, box.y - top
    around[max(0, y - 3) : y + box.height + 3, max(0, x - 3) : x + box.width + 3] = False
    return float((edges[around] > _EDGE).mean()) if around.any() else 0.0


def overview(written: Written) -> DecodedFrame:
    """The picture that stands for the whole slide, with its spacing in millimetres."""
    spacing = None
    if written.scale.across and written.scale.down:
        to_millimetres = written.overview_scale / 1000
        spacing = (written.scale.down * to_millimetres, written.scale.across * to_millimetres)
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
