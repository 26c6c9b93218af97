"""Which kinds of metadata a picture file carries: counted by name of the kind, never read."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator

from .kinds import Kind

# Needed to show the picture, and nothing else is in them.
_PNG_PLAIN = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs", b"bKGD")
)
_PNG = {b"eXIf": "EXIF", b"iCCP": "ICC profile", b"tIME": "Date", b"tEXt": "Text", b"zTXt": "Text"}
_WEBP = {b"EXIF": "EXIF", b"XMP ": "XMP", b"ICCP": "ICC profile"}
_WEBP_PLAIN = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"))
# Tags of TIFF 6.0 and its supplements that describe the picture instead of making it.
_TIFF = {
    269: "Text", 270: "Text", 285: "Text", 305: "Software", 306: "Date", 315: "Artist", 316: "Software",
    271: "Device", 272: "Device", 700: "XMP", 33432: "Text", 33723: "IPTC", 34377: "Photoshop", 34665: "EXIF",
    34675: "ICC profile", 34853: "GPS", 37724: "Photoshop", 50706: "Device",
}  # fmt: skip
_FIRST_PRIVATE = 32768
_MOST = 100_000


def metadata_of(data: bytes, kind: Kind) -> Counter[str]:
    """Count what a picture file carries besides its picture.

    Parameters
    ----------
    data : bytes
        The whole file; damage ends the count, and is refused elsewhere.
    kind : Kind
        Of the file.

    Returns
    -------
    Counter
        Names of kinds, such as ``EXIF``, ``XMP``, ``IPTC``, ``ICC profile``, ``Comment``, ``GPS``,
        ``Bytes behind the picture``.

    Examples
    --------
    >>> metadata_of(b"\\xff\\xd8\\xff\\xfe\\x00\\x05Ann\\xff\\xda", Kind.JPEG)
    Counter({'Comment': 1})
    """
    finders = {Kind.PNG: _png, Kind.JPEG: _jpeg, Kind.TIFF: _tiff, Kind.WEBP: _webp, Kind.BMP: _bmp}
    found: Counter[str] = Counter()
    if kind in finders:
        try:
            found.update(finders[kind](data))
        except (struct.error, IndexError, OverflowError):
            # What follows the damage is never copied either.
            found["Damaged metadata"] += 1
    return found


def _png(data: bytes) -> Iterator[str]:
    place = 8
    while place + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        if name == b"iTXt":
            xmp = data.startswith(b"XML:com.adobe.xmp\x00", place + 8)
            yield "XMP" if xmp else "Text"
        elif name in _PNG:
            yield _PNG[name]
        elif name not in _PNG_PLAIN:
            yield "Other metadata"
        place += 12 + length
        if name == b"IEND":
            break
    if place < len(data):
        yield "Bytes behind the picture"


def _jpeg(data: bytes) -> Iterator[str]:
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == 0xDA:
            break
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        kind = _jpeg_segment(marker, data[place + 4 : place + 40], length)
        if kind:
            yield kind
        place += 2 + length
    end = data.rfind(b"\xff\xd9")
    if end > 0 and data[end + 2 :].strip(b"\x00"):
        yield "Bytes behind the picture"


def _jpeg_segment(marker: int, start: bytes, length: int) -> str:
    if marker == 0xFE:
        return "Comment"
    if not 0xE0 <= marker <= 0xEF:
        return ""
    if start.startswith(b"JFIF\x00"):
        return "Thumbnail" if length > 16 else ""
    known = ((b"Exif\x00", "EXIF"), (b"http://ns.adobe.com/", "XMP"), (b"ICC_PROFILE", "ICC profile"))
    for prefix, name in (*known, (b"Photoshop", "IPTC"), (b"JFXX", "Thumbnail")):
        if start.startswith(prefix):
            return name
    return "" if marker == 0xEE and start.startswith(b"Adobe") else "Other metadata"


def _webp(data: bytes) -> Iterator[str]:
    place = 12
    while place + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        if name in _WEBP:
            yield _WEBP[name]
        elif name not in _WEBP_PLAIN:
            yield "Other metadata"
        place += 8 + length + length % 2


def _bmp(data: bytes) -> Iterator[str]:
    (size,) = struct.unpack_from("<I", data, 2)
    if 54 <= size < len(data):
        yield "Bytes behind the picture"
    (header,) = struct.unpack_from("<I", data, 14)
    if header == 124 and struct.unpack_from("<I", data, 14 + 116)[0]:
        yield "ICC profile"


def _tiff(data: bytes) -> Iterator[str]:
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    offset, count, entry = ("Q", "Q", 20) if big else ("I", "H", 12)
    (place,) = struct.unpack_from(order + offset, data, 8 if big else 4)
    seen: set[int] = set()
    while place and place not in seen and len(seen) < _MOST:
        seen.add(place)
        (entries,) = struct.unpack_from(order + count, data, place)
        start = place + struct.calcsize(order + count)
        for index in range(min(entries, _MOST)):
            (tag,) = struct.unpack_from(order + "H", data, start + index * entry)
            if tag in _TIFF:
                yield _TIFF[tag]
            elif tag >= _FIRST_PRIVATE:
                yield "Other metadata"
        (place,) = struct.unpack_from(order + offset, data, start + entries * entry)
