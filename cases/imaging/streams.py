"""Compressed pictures without anything but the picture: no notes in them, nothing behind their end."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from .errors import Refused

_SOF = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SCAN, _COMMENT = 0xDA, 0xFE
# Entropy-coded data stuff a byte behind 0xFF that is smaller, and may hold restart markers (0xD0 to 0xD7).
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_SIZE, _TILE, _DATA, _NOTE = b"\xff\x51", b"\xff\x90", b"\xff\x93", b"\xff\x64"
_RLE_HEADER = 64


def _broken() -> Refused:
    return Refused(
        "broken-pixels", "The compressed picture is damaged. Copy or export it again, then upload."
    )


class Declared(NamedTuple):
    """What the header says of the picture in a code stream."""

    rows: int
    columns: int
    samples: int

    def check(self, height: int, width: int, components: int) -> None:
        """Refuse a stream of another kind: decoders allocate what it says, and GDCM ends the process."""
        if height * width > self.rows * self.columns * 2:
            raise Refused(
                "bad-header", "The compressed picture is larger than its header says. Export it again."
            )
        if components != self.samples:
            raise Refused(
                "bad-header",
                "The compressed picture has other colours than its header says. Export it again.",
            )


def clean_jpeg(stream: bytes, declared: Declared) -> bytes:
    """Copy a JPEG or JPEG-LS stream up to its end marker, without comments and application segments.

    Kept are those that decoders need: the JFIF and Adobe segments in their plain form, and the colour
    transform of JPEG-LS.

    Raises
    ------
    Refused
        ``broken-pixels``, or ``bad-header`` when it is another picture than the header says.

    References
    ----------
    ITU-T T.81 annex B; ITU-T T.87 annex C.
    """
    if stream[:2] != _SOI:
        raise _broken()
    parts, place, scans = [_SOI], 2, 0
    while place + 2 <= len(stream):
        if stream[place] != 0xFF:
            raise _broken()
        marker = stream[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == 0xD9:
            break
        length = int.from_bytes(stream[place + 2 : place + 4], "big")
        segment = stream[place : place + 2 + length]
        if length < 2 or len(segment) != length + 2:
            raise _broken()
        if marker in _SOF:
            if length < 8:
                raise _broken()
            declared.check(*struct.unpack(">HHB", segment[5:10]))
        if _is_needed(marker, segment):
            parts.append(segment)
        place += 2 + length
        if marker == _SCAN:
            found = _MARKER.search(stream, place)
            end = found.start() if found else len(stream)
            parts.append(stream[place:end])
            place, scans = end, scans + 1
    if not scans:
        raise _broken()
    return b"".join((*parts, _EOI))


def _is_needed(marker: int, segment: bytes) -> bool:
    if marker == 0xE0:
        # Longer than 16 bytes it carries a thumbnail.
        return len(segment) == 18 and segment[4:9] == b"JFIF\x00"
    if marker == 0xE8:
        return len(segment) == 9 and segment[4:8] == b"mrfx"
    if marker == 0xEE:
        return len(segment) == 16 and segment[4:9] == b"Adobe"
    return marker != _COMMENT and not 0xE0 <= marker <= 0xEF


def clean_jpeg2000(stream: bytes, declared: Declared) -> bytes:
    """Copy a JPEG 2000 code stream without comments, the boxes of a JP2 file and what follows its end.

    Comments inside of tiles are blanked where they are: other segments hold the lengths of tiles.

    Raises
    ------
    Refused
        ``broken-pixels``, or ``bad-header`` when it is another picture than the header says.

    References
    ----------
    ITU-T T.800 annex A.
    """
    start = stream.find(b"\xff\x4f" + _SIZE)
    if start < 0:
        raise _broken()
    parts, place = [stream[start : start + 2]], start + 2
    for marker, segment in _segments(stream, place, _TILE):
        place += len(segment)
        if marker == _SIZE:
            if len(segment) < 40:
                raise _broken()
            width, height, left, top = struct.unpack(">IIII", segment[6:22])
            declared.check(height - top, width - left, int.from_bytes(segment[38:40], "big"))
        if marker != _NOTE:
            parts.append(segment)
    tiles = 0
    while stream[place : place + 2] == _TILE and len(stream) >= place + 14:
        length = int.from_bytes(stream[place + 6 : place + 10], "big")
        # Without a length the tile goes on to the end of the stream.
        end = place + length if length else stream.find(_EOI, place)
        end = len(stream) if end < 0 else min(end, len(stream))
        if end < place + 14:
            raise _broken()
        parts.append(_clean_tile(stream[place:end]))
        place, tiles = end, tiles + 1
    if not tiles:
        raise _broken()
    return b"".join((*parts, _EOI))


def _segments(stream: bytes, place: int, until: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Marker and whole segment, one after the other, up to the marker ``until``."""
    while stream[place : place + 2] != until:
        length = int.from_bytes(stream[place + 2 : place + 4], "big")
        segment = stream[place : place + 2 + length]
        if segment[:1] != b"\xff" or length < 2 or len(segment) != length + 2:
            raise _broken()
        yield segment[:2], segment
        place += len(segment)


def _clean_tile(part: bytes) -> bytes:
    cleaned, place = bytearray(part), 12
    for marker, segment in _segments(part, place, _DATA):
        if marker == _NOTE:
            cleaned[place + 4 : place + len(segment)] = bytes(len(segment) - 4)
        place += len(segment)
    return bytes(cleaned)


def clean_rle(stream: bytes, declared: Declared) -> bytes:
    """Copy a frame in DICOM's RLE: of each segment just the bytes that make pixels.

    Raises
    ------
    Refused
        ``broken-pixels``

    References
    ----------
    DICOM PS3.5 annex G.
    """
    if len(stream) < _RLE_HEADER:
        raise _broken()
    count, *offsets = struct.unpack("<16I", stream[:_RLE_HEADER])
    if not 1 <= count <= 15:
        raise _broken()
    starts = offsets[:count]
    if starts[0] < _RLE_HEADER or starts != sorted(starts) or starts[-1] >= len(stream):
        raise _broken()
    pixels = declared.rows * declared.columns
    segments = [
        _packed(stream[start:end], pixels)
        for start, end in zip(starts, [*starts[1:], len(stream)], strict=True)
    ]
    places, place = [], _RLE_HEADER
    for segment in segments:
        places.append(place)
        place += len(segment)
    header = struct.pack("<16I", count, *places, *[0] * (15 - count))
    return b"".join((header, *segments))


def _packed(data: bytes, pixels: int) -> bytes:
    """The runs of ``data`` up to the one that makes the last pixel, padded to an even length."""
    place = made = 0
    while made < pixels and place < len(data):
        head = data[place]
        if head < 128:
            made, place = made + head + 1, place + head + 2
        elif head > 128:
            made, place = made + 257 - head, place + 2
        else:
            place += 1
    kept = data[:place]
    return kept + b"\x00" * (len(kept) % 2)
