"""Header of a large DICOM object, and where the bytes of its frames lie, without reading its pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID

from .errors import Refused, let_stops_pass
from .reader import handled, whole_number

_UNDEFINED = 0xFFFFFFFF
_ITEM, _END = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
MOST_FRAMES = 1 << 20


def broken() -> Refused:
    """The refusal of a slide that cannot be what it says."""
    return Refused("broken-slide", "The slide is damaged or cut off. Copy or export it again, then upload.")


@contextmanager
def damage_refused() -> Iterator[None]:
    """Turn errors of every kind into a refusal: any value of a damaged header fails when it is first used."""
    with handled():
        try:
            yield
        except Refused:
            raise
        except MemoryError as error:
            raise Refused(
                "too-large", "The slide declares more data than can be read. Export it again."
            ) from error
        except Exception as error:
            let_stops_pass(error)
            raise broken() from error


def read_header(file: BinaryIO) -> tuple[Dataset, RawDataElement | None]:
    """Header of an object, and where its pixels lie; the pixels are not read.

    Raises
    ------
    Refused
        ``broken-slide``.
    """
    with damage_refused():
        file.seek(0)
        ds = pydicom.dcmread(file, stop_before_pixels=True, force=True)
        file.seek(0)
        # Deferred, so that only its place is read.
        place = pydicom.dcmread(file, defer_size=1, specific_tags=["PixelData"], force=True)
        raw = place.get_item("PixelData", keep_deferred=True) if "PixelData" in place else None
    return ds, raw if isinstance(raw, RawDataElement) else None


@dataclass(frozen=True)
class FrameBytes:
    """Where the bytes of each frame lie: pieces of (offset, length)."""

    file: BinaryIO
    pieces: list[list[tuple[int, int]]]

    def read(self, number: int) -> bytes:
        parts = []
        for offset, length in self.pieces[number]:
            self.file.seek(offset)
            part = self.file.read(length)
            if len(part) < length:
                raise broken()
            parts.append(part)
        return b"".join(parts)


def _fragments(file: BinaryIO, start: int) -> tuple[bytes, list[tuple[int, int]]]:
    """Basic offset table, and offset and length of the fragments after it (PS3.5 A.4)."""
    found: list[tuple[int, int]] = []
    place = start
    table: bytes | None = None
    while True:
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            raise broken()
        group, element, length = struct.unpack("<HHI", head)
        if (group, element) == _END:
            break
        if (group, element) != _ITEM or length == _UNDEFINED or len(found) > 4 * MOST_FRAMES:
            raise broken()
        if table is None:
            if length > 4 * MOST_FRAMES:
                raise broken()
            table = file.read(length)
        else:
            found.append((place + 8, length))
        place += 8 + length
    return table or b"", found


def frame_bytes(ds: Dataset, raw: RawDataElement, file: BinaryIO, count: int) -> FrameBytes:
    syntax = UID(ds.file_meta.TransferSyntaxUID)
    if syntax.is_deflated:
        raise Refused("unknown-syntax", "The whole file is compressed. Export the slide in another syntax.")
    if not syntax.is_encapsulated:
        size = (
            whole_number(ds, "Rows", 0) * whole_number(ds, "Columns", 0)
            * whole_number(ds, "SamplesPerPixel", 1) * (whole_number(ds, "BitsAllocated", 8) // 8)
        )  # fmt: skip
        if raw.length == _UNDEFINED or raw.length < size * count:
            raise broken()
        return FrameBytes(file, [[(raw.value_tell + n * size, size)] for n in range(count)])
    table, fragments = _fragments(file, raw.value_tell)
    if len(fragments) == count:
        return FrameBytes(file, [[one] for one in fragments])
    if count == 1:
        return FrameBytes(file, [fragments])
    starts = list(struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4]))
    if len(starts) != count or not fragments:
        raise broken()
    origin = fragments[0][0] - 8
    pieces = [
        [one for one in fragments if begin <= one[0] - 8 - origin < end]
        for begin, end in pairwise([*starts, 1 << 40])
    ]
    if not all(pieces):
        raise broken()
    return FrameBytes(file, pieces)
