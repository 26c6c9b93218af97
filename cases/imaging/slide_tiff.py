"""Whole slides in TIFF: told from ordinary pictures by content, read with OpenSlide when it is there."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

from .errors import Refused, let_stops_pass
from .kinds import Kind, sniff
from .pictures import LIMITS as PICTURE_LIMITS
from .reader import handled
from .slide_store import Picture

# Written by the scanners' own software into description or software (OpenSlide's formats).
_MAKERS = (
    b"Aperio", b"leica-microsystems.com/scn", b"Philips", b"iScan", b"Trestle",
)  # fmt: skip
_HAMAMATSU = 65421
NO_READER = frozenset({"slide-reader-missing", "unsupported-slide"})
"""Codes of refusals that say nothing against the file itself."""
_SUBFILE, _WIDTH, _LENGTH, _DESCRIPTION, _SOFTWARE, _TILE_WIDTH, _XMP = 254, 256, 257, 270, 305, 322, 700
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 13: 4, 16: 8}
_FORMATS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
_MOST_PAGES = 64
_MOST_ENTRIES = 512
_HEAD_OF_TEXT = 4096


@dataclass(frozen=True)
class _Page:
    """What one directory says of its picture."""

    numbers: dict[int, int]
    texts: dict[int, bytes]

    @property
    def tiled(self) -> bool:
        return _TILE_WIDTH in self.numbers

    @property
    def reduced(self) -> bool:
        return bool(self.numbers.get(_SUBFILE, 0) & 1)


class Likeness(Enum):
    """How far a file is a whole slide."""

    NONE = 0
    PICTURE_TOO = 1
    """Tiles with smaller copies of themselves: where no slide can be read, a picture of several pages."""
    SLIDE = 2


def likeness(file: BinaryIO) -> Likeness:
    """Whether a TIFF is a whole slide and no ordinary picture; its name is not asked.

    It is one by a scanner's own mark, by smaller copies of itself, or by tiles of more pixels than a picture
    may have. Damaged files are none: the way of the pictures refuses them with its sentence.
    """
    file.seek(0)
    if sniff(file.read(1024)) is not Kind.TIFF:
        return Likeness.NONE
    try:
        pages = list(_pages(file))
    except (struct.error, OverflowError, ValueError):
        return Likeness.NONE
    if not pages or not pages[0].tiled:
        return Likeness.NONE
    first = pages[0]
    marked = any(mark in text for text in first.texts.values() for mark in _MAKERS)
    width, height = first.numbers.get(_WIDTH, 0), first.numbers.get(_LENGTH, 0)
    large = max(width, height) > PICTURE_LIMITS.side or width * height > PICTURE_LIMITS.pixels
    if marked or large or _HAMAMATSU in first.numbers:
        return Likeness.SLIDE
    smaller = any(page.tiled and page.reduced for page in pages[1:])
    return Likeness.PICTURE_TOO if smaller else Likeness.NONE


def _pages(file: BinaryIO) -> Iterator[_Page]:
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\x00", b"\x00+")
    (place,) = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)
    seen: set[int] = set()
    while place and place not in seen and len(seen) < _MOST_PAGES:
        seen.add(place)
        file.seek(place)
        (count,) = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))
        if count > _MOST_ENTRIES:
            raise ValueError("more entries than any directory has")
        data = file.read(count * (20 if big else 12))
        (place,) = struct.unpack(order + ("Q" if big else "I"), file.read(8 if big else 4))
        yield _page(file, data, order, big=big, count=count)


def _page(file: BinaryIO, data: bytes, order: str, *, big: bool, count: int) -> _Page:
    numbers: dict[int, int] = {}
    texts: dict[int, bytes] = {}
    step, room = (20, 8) if big else (12, 4)
    for index in range(count):
        tag, kind, length = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, index * step)
        value = data[index * step + step - room : index * step + step]
        if tag in (_SUBFILE, _WIDTH, _LENGTH, _TILE_WIDTH) and length == 1 and kind in _FORMATS:
            (numbers[tag],) = struct.unpack_from(order + _FORMATS[kind], value)
        elif tag == _HAMAMATSU:
            numbers[tag] = 1
        elif tag in (_DESCRIPTION, _SOFTWARE, _XMP) and kind in _SIZES:
            size = _SIZES[kind] * length
            if size > room:
                (place,) = struct.unpack(order + ("Q" if big else "I"), value)
                file.seek(place)
                value = file.read(min(size, _HEAD_OF_TEXT))
            texts[tag] = value
    return _Page(numbers, texts)


def _library() -> ModuleType:
    """OpenSlide, or the sentence that says who can add it."""
    try:
        import openslide
    except (ImportError, OSError) as error:
        # OSError: the Python part is there and the library behind it is not.
        raise Refused(
            "slide-reader-missing",
            "This server cannot read whole-slide files of scanners yet. Ask an administrator to install the "
            "Python packages openslide-python and openslide-bin (the extra “wsi”) and to restart the server, "
            "then send the file again.",
        ) from error
    return openslide


def _damaged() -> Refused:
    return Refused(
        "broken-slide", "The slide is damaged, cut off or of a kind that cannot be read. Export it again."
    )


@dataclass(frozen=True, eq=False)
class TiffSlide:
    """An opened slide. Label, macro picture, texts and tags are never asked for."""

    slide: Any
    left: int
    top: int
    width: int
    height: int
    microns: tuple[float, float] | None
    magnification: float | None
    dropped: dict[str, int]

    def region(self, x: int, y: int, width: int, height: int) -> Picture:
        """RGB pixels; where the scanner took none it is white, as glass."""
        with handled():
            try:
                found = np.asarray(self.slide.read_region((self.left + x, self.top + y), 0, (width, height)))
            except Exception as error:  # OpenSlide and its libraries: errors of every kind on damaged bytes
                let_stops_pass(error)
                raise _damaged() from error
        alpha = found[:, :, 3]
        if alpha.min() == 255:
            return np.ascontiguousarray(found[:, :, :3])
        weight = alpha[:, :, None].astype(np.uint16)
        return np.asarray((found[:, :, :3] * weight + 255 * (255 - weight)) // 255, np.uint8)


def _number(slide: Any, name: str, low: float, high: float) -> float | None:
    try:
        found = float(slide.properties[name])
    except (KeyError, ValueError):
        return None
    return found if low <= found <= high else None


@contextmanager
def opened(source: Path | bytes) -> Iterator[TiffSlide]:
    """Open a whole slide in TIFF.

    Parameters
    ----------
    source : path or bytes
        A path is better: OpenSlide reads files only, so bytes are laid into an unnamed one.

    Yields
    ------
    TiffSlide

    Raises
    ------
    Refused
        ``slide-reader-missing``, ``broken-slide`` or ``too-large``.
    """
    library = _library()
    with _as_path(source) as path:
        try:
            slide = library.OpenSlide(str(path))
        except library.OpenSlideUnsupportedFormatError as error:
            raise Refused(
                "unsupported-slide", "Slides of this kind cannot be read here. Export it as SVS or DICOM."
            ) from error
        except Exception as error:  # errors of every kind on damaged bytes
            let_stops_pass(error)
            raise _damaged() from error
        try:
            try:
                described = _described(slide)
            except Exception as error:  # as above: much is read only when it is asked for
                let_stops_pass(error)
                raise _damaged() from error
            yield described
        finally:
            slide.close()


def _described(slide: Any) -> TiffSlide:
    width, height = slide.dimensions
    across, down = (_number(slide, f"openslide.mpp-{side}", 0.001, 1000.0) for side in "xy")
    edges = [_number(slide, f"openslide.bounds-{side}", 0, 1 << 31) for side in ("x", "y", "width", "height")]
    left, top, wide, high = (int(edge) for edge in (edge or 0 for edge in edges))
    if not (0 < wide <= width - left and 0 < high <= height - top):
        left, top, wide, high = 0, 0, width, height
    # Their names only: asking whether one is there would read the picture.
    beside = set(iter(slide.associated_images))
    dropped = {
        "SlideProperties": sum(1 for name in slide.properties if not name.startswith("openslide.")),
        "SlideLabel": int("label" in beside),
        "SlideMacro": int("macro" in beside),
        "SlideThumbnail": int("thumbnail" in beside),
    }
    return TiffSlide(
        slide=slide,
        left=left,
        top=top,
        width=wide,
        height=high,
        microns=(across, down) if across and down else None,
        magnification=_number(slide, "openslide.objective-power", 0.1, 1000.0),
        dropped={name: count for name, count in dropped.items() if count},
    )


@contextmanager
def _as_path(source: Path | bytes) -> Iterator[Path]:
    if isinstance(source, Path):
        yield source
        return
    if hasattr(os, "memfd_create"):
        # In memory and without a name: nothing can stay behind when the process dies half way.
        handle = os.memfd_create("slide")
        with os.fdopen(handle, "wb") as file:
            file.write(source)
            file.flush()
            yield Path(f"/proc/self/fd/{handle}")
        return
    with tempfile.TemporaryDirectory(prefix="medweb-slide-") as folder:
        path = Path(folder) / "slide"
        path.write_bytes(source)
        yield path
