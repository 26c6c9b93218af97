"""The stored form of a whole slide: one file of JPEG tiles with a table of where each lies.

Layout: eight bytes that name the format; the tiles, in the order they were made; for each tile, levels from
coarse to fine and rows within a level, its offset (64 bits) and length (32 bits); a footer with its size and
scale. Numbers are little-endian, the scale three doubles. Level 0 is one tile, each next one twice as fine.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import BinaryIO, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

TILE = 512
"""Pixels a side: a screen needs about a dozen tiles, each below 100 KB."""
OVERVIEW = 2048
"""Longest side of the picture that stands for the whole slide."""
_QUALITY = (
    cv2.IMWRITE_JPEG_QUALITY, 90,
    # Full colour resolution: stains differ in hue, and thin membranes bleed when chroma is halved.
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
)  # fmt: skip
_MAGIC = b"MWSLIDE1"
_ENTRY = struct.Struct("<QI")
_FOOTER = struct.Struct("<IIHHddd8s")
# Empty glass is most of many slides, and its tiles are equal to the byte.
_MOST_PLAIN = 4096


class Source(Protocol):
    """A slide that can be read piece by piece."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    def region(self, x: int, y: int, width: int, height: int) -> Picture:
        """RGB pixels ``(height, width, 3)`` of a part that lies inside of the slide."""


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Size of a stored slide.

    Attributes
    ----------
    width, height : int
        Pixels of the finest level.
    tile : int
        Side of a tile; those at the right and lower edge are smaller.

    Examples
    --------
    >>> Pyramid(2220, 2967).sizes
    ((278, 371), (555, 742), (1110, 1484), (2220, 2967))
    """

    width: int
    height: int
    tile: int = TILE

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Width and height of each level, the coarsest first."""
        found = [(self.width, self.height)]
        while max(found[-1]) > self.tile:
            found.append(((found[-1][0] + 1) // 2, (found[-1][1] + 1) // 2))
        return tuple(reversed(found))

    @property
    def levels(self) -> int:
        return len(self.sizes)

    def grid(self, level: int) -> tuple[int, int]:
        """Tiles across and down."""
        width, height = self.sizes[level]
        return -(-width // self.tile), -(-height // self.tile)

    def number(self, level: int, x: int, y: int) -> int:
        """Place of a tile in the table.

        Raises
        ------
        LookupError
            When there is no such tile.
        """
        if not 0 <= level < self.levels:
            raise LookupError("no such level")
        across, down = self.grid(level)
        if not (0 <= x < across and 0 <= y < down):
            raise LookupError("no such tile")
        before = sum(across * down for across, down in map(self.grid, range(level)))
        return before + y * across + x

    @property
    def tiles(self) -> int:
        return sum(across * down for across, down in map(self.grid, range(self.levels)))

    def box(self, level: int, x: int, y: int) -> tuple[int, int, int, int]:
        """Left, top, width and height of a tile in pixels of its level."""
        width, height = self.sizes[level]
        left, top = x * self.tile, y * self.tile
        return left, top, min(self.tile, width - left), min(self.tile, height - top)


@dataclass(frozen=True, slots=True)
class Scale:
    """Micrometres per pixel of the finest level across and down, and magnification; 0 when not known."""

    across: float = 0.0
    down: float = 0.0
    magnification: float = 0.0


@dataclass(frozen=True, eq=False)
class Written:
    """What `write` made."""

    pyramid: Pyramid
    scale: Scale
    digest: str
    byte_count: int
    overview: Picture
    overview_scale: int
    """Pixels of the finest level to one of the overview, along a side."""


@dataclass
class _Writer:
    file: BinaryIO
    pyramid: Pyramid
    scale: Scale
    place: int = 0
    hashed: hashlib._Hash = field(default_factory=hashlib.sha256)
    plain: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.entries = np.zeros(self.pyramid.tiles, dtype=[("offset", "<u8"), ("length", "<u4")])
        self.append(_MAGIC)

    def append(self, data: bytes) -> tuple[int, int]:
        self.file.write(data)
        self.hashed.update(data)
        self.place += len(data)
        return self.place - len(data), len(data)

    def tile(self, number: int, pixels: Picture) -> None:
        key = b""
        if (pixels == pixels[0, 0]).all():
            key = struct.pack("<HH", *pixels.shape[:2]) + pixels[0, 0].tobytes()
        entry = self.plain.get(key) if key else None
        if entry is None:
            entry = self.append(encode(pixels))
            if key and len(self.plain) < _MOST_PLAIN:
                self.plain[key] = entry
        self.entries[number] = entry

    def close(self) -> tuple[str, int]:
        self.append(self.entries.tobytes())
        self.append(_footer(self.pyramid, self.scale))
        return self.hashed.hexdigest(), self.place


def _footer(pyramid: Pyramid, scale: Scale) -> bytes:
    size = (pyramid.width, pyramid.height, pyramid.tile, pyramid.levels)
    return _FOOTER.pack(*size, scale.across, scale.down, scale.magnification, _MAGIC)


def encode(pixels: Picture) -> bytes:
    """RGB pixels as a JPEG file without metadata, quality 90, colour at full resolution."""
    written, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _QUALITY)
    if not written:
        raise ValueError("a tile could not be encoded; tiles are uint8 RGB of at least one pixel")
    return data.tobytes()


def halved(pixels: Picture) -> Picture:
    """Every 2 x 2 pixels as one; an odd last row or column counts twice.

    Examples
    --------
    >>> halved(np.full((3, 5, 3), 7, np.uint8)).shape
    (2, 3, 3)
    """
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    small = cv2.resize(pixels, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def write(source: Source, file: BinaryIO, *, scale: Scale = Scale()) -> Written:
    """Write a slide as tiles, holding one tile of each level in memory.

    Parameters
    ----------
    source : Source
        Each of its pixels is read once.
    file : binary file
        Written from its present place, from front to back.
    scale : Scale
        Kept beside the tiles.

    Returns
    -------
    Written
        Its digest is the SHA-256 of what was written; equal pixels give equal bytes.
    """
    pyramid = Pyramid(source.width, source.height)
    writer = _Writer(file, pyramid, scale)
    level = max((n for n, size in enumerate(pyramid.sizes) if max(size) <= OVERVIEW), default=0)
    width, height = pyramid.sizes[level]
    overview = np.zeros((height, width, 3), np.uint8)

    def make(at: int, x: int, y: int) -> Picture:
        left, top, wide, high = pyramid.box(at, x, y)
        if at == pyramid.levels - 1:
            pixels = source.region(left, top, wide, high)
        else:
            pixels = halved(_joined(at + 1, x, y))
        writer.tile(pyramid.number(at, x, y), pixels)
        if at == level:
            overview[top : top + high, left : left + wide] = pixels
        return pixels

    def _joined(at: int, x: int, y: int) -> Picture:
        across, down = pyramid.grid(at)
        rows = [
            np.concatenate([make(at, column, row) for column in range(2 * x, min(2 * x + 2, across))], axis=1)
            for row in range(2 * y, min(2 * y + 2, down))
        ]
        return np.concatenate(rows, axis=0)

    make(0, 0, 0)
    digest, size = writer.close()
    return Written(pyramid, scale, digest, size, overview, 2 ** (pyramid.levels - 1 - level))


def read_pyramid(file: BinaryIO) -> Pyramid:
    """Size of a stored slide.

    Raises
    ------
    ValueError
        When the file is none.
    """
    return _described(file)[0]


def _described(file: BinaryIO) -> tuple[Pyramid, Scale]:
    file.seek(0, 2)
    if file.tell() < len(_MAGIC) + _FOOTER.size:
        raise ValueError("this is no stored slide")
    file.seek(-_FOOTER.size, 2)
    width, height, tile, levels, across, down, magnification, magic = _FOOTER.unpack(file.read(_FOOTER.size))
    pyramid = Pyramid(width, height, tile)
    if magic != _MAGIC or min(width, height, tile) < 1 or pyramid.levels != levels:
        raise ValueError("this is no stored slide")
    return pyramid, Scale(across, down, magnification)


def read_tile(file: BinaryIO, level: int, x: int, y: int) -> bytes:
    """One tile of a stored slide as a JPEG file; three short reads, whatever the size of the slide.

    Raises
    ------
    LookupError
        When there is no such tile.
    ValueError
        When the file is no stored slide.
    """
    pyramid = read_pyramid(file)
    return _read(file, pyramid, pyramid.number(level, x, y))


def _read(file: BinaryIO, pyramid: Pyramid, number: int) -> bytes:
    file.seek(-_FOOTER.size - _ENTRY.size * (pyramid.tiles - number), 2)
    offset, length = _ENTRY.unpack(file.read(_ENTRY.size))
    file.seek(offset)
    return file.read(length)


def places(pyramid: Pyramid) -> Iterator[tuple[int, int, int]]:
    """Level, column and row of every tile in the order of the table."""
    for level in range(pyramid.levels):
        across, down = pyramid.grid(level)
        yield from ((level, x, y) for y, x in product(range(down), range(across)))


@dataclass(frozen=True)
class _Blackened:
    """A stored slide as a source, with parts of it black."""

    file: BinaryIO
    pyramid: Pyramid
    boxes: tuple[tuple[int, int, int, int], ...]

    @property
    def width(self) -> int:
        return self.pyramid.width

    @property
    def height(self) -> int:
        return self.pyramid.height

    def region(self, x: int, y: int, width: int, height: int) -> Picture:
        tile = self.pyramid.tile
        data = read_tile(self.file, self.pyramid.levels - 1, x // tile, y // tile)
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if decoded is None:
            raise ValueError("a tile of the stored slide is damaged")
        pixels = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
        for left, top, wide, high in self.boxes:
            pixels[max(top - y, 0) : max(top + high - y, 0), max(left - x, 0) : max(left + wide - x, 0)] = 0
        return np.asarray(pixels[:height, :width], np.uint8)


def black_out(file: BinaryIO, boxes: list[tuple[int, int, int, int]], target: BinaryIO) -> Written:
    """Write a stored slide again with parts of it black on every level.

    Parameters
    ----------
    file : binary file
        A stored slide.
    boxes : list of tuple of int
        Left, top, width and height in pixels of the overview.
    target : binary file
        Where the new one goes.

    Raises
    ------
    ValueError
        When `file` is no stored slide.
    """
    pyramid, scale = _described(file)
    level = max((n for n, size in enumerate(pyramid.sizes) if max(size) <= OVERVIEW), default=0)
    steps = 2 ** (pyramid.levels - 1 - level)
    # A margin of eight: neighbours of a box share blocks of the JPEG with what was under it.
    grown = tuple(
        (left * steps - 8, top * steps - 8, wide * steps + 16, high * steps + 16)
        for left, top, wide, high in boxes
    )
    return write(_Blackened(file, pyramid, grown), target, scale=scale)
