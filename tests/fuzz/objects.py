"""Image objects with anything in their headers: for the walker, which must let no name through."""

from __future__ import annotations

import struct

from pydicom.datadict import DicomDictionary, dictionary_VR

from tests.fuzz.elements import LONG, VRS, write_element
from tests.fuzz.seeds import SMALL
from tests.fuzz.sources import Source, one_of
from tests.pure.imaging.build import PLANTED, image, to_file

# As a surname, a number, a date, an address: each must go wherever it stands.
NAME = PLANTED.encode()
PLANTS = (
    NAME, NAME + b"^Ann", b"seen by " + NAME, NAME + b"\\" + NAME, b"ID-4711-77", NAME.lower(),
    b"(" + NAME + b")", NAME + b" chest", b"=" + NAME + b"=" + NAME, b"http://" + NAME, b"\t" + NAME,
    NAME + b"\x00\x00",
    b"<" + NAME + b">",
)  # fmt: skip
_KNOWN = sorted(tag for tag in DicomDictionary if 0x00080000 < tag < 0x7FE00000)
_NAMED = sorted(
    tag for tag in _KNOWN if dictionary_VR(tag) in ("LO", "SH", "LT", "ST", "UT", "PN", "UC", "CS")
)
_SEQUENCES = sorted(tag for tag in _KNOWN if dictionary_VR(tag) == "SQ")
_BASE = to_file(image(SMALL))


def make(source: Source) -> bytes:
    """A DICOM file in explicit little endian whose pixels are right and whose header is anything."""
    count = source.whole(0, 24)
    extra: dict[int, bytes] = {}
    for _number in range(count):
        tag, written = _element(source, 0)
        extra[tag] = written
    head, place = _BASE[:132], 132
    # The file meta stays: without it nothing would be read at all.
    (length,) = struct.unpack_from("<I", _BASE, place + 8)
    start = place + 12 + length
    parts: dict[int, bytes] = {}
    while start < len(_BASE):
        group, number, vr = struct.unpack_from("<HH2s", _BASE, start)
        long = vr in LONG
        size = struct.unpack_from("<I" if long else "<H", _BASE, start + (8 if long else 6))[0]
        size += 12 if long else 8
        parts[group << 16 | number] = _BASE[start : start + size]
        start += size
    protected = {tag for tag in parts if tag >> 16 == 0x0028 or tag >= 0x7FE00000} | {0x00100010, 0x00100020}
    parts.update({tag: written for tag, written in extra.items() if tag not in protected})
    body = b"".join(parts[tag] for tag in sorted(parts))
    return head + _BASE[place : place + 12 + length] + body


def _element(source: Source, depth: int) -> tuple[int, bytes]:
    kind = source.whole(0, 9)
    if kind <= 2:
        tag = one_of(source, _NAMED)
    elif kind <= 4:
        tag = one_of(source, _KNOWN)
    elif kind == 5:
        tag = one_of(source, _SEQUENCES)
    elif kind == 6:  # private, or of no dictionary
        tag = source.whole(0x0009, 0x6FFF) << 16 | source.whole(0, 0xFFFF)
    elif kind == 7:  # curves and overlays repeat
        tag = one_of(source, (0x5000, 0x6000)) + 2 * source.whole(0, 15) << 16 | source.whole(0, 0x3100)
    elif kind == 8:
        tag = one_of(source, _KNOWN) | 0x00010000
    else:
        tag = one_of(source, (0x00080005, 0x0040A730, 0x00080104, 0x0008103E, 0x00181030, 0x00200010))
    right = (dictionary_VR(tag).split(" or ")[0] if tag in DicomDictionary else "LO").encode()
    vr = right if source.whole(0, 3) else one_of(source, VRS[:-2])
    if right == b"SQ" and depth < 5 and source.whole(0, 3):
        # As a sequence, or the same bytes with a VR of unknown meaning.
        vr = one_of(source, (b"SQ", b"SQ", b"UN"))
        return tag, write_element(tag, vr, _items(source, depth + 1, implicit=vr == b"UN"))
    return tag, write_element(tag, vr, _value(source, vr))


def _items(source: Source, depth: int, *, implicit: bool) -> bytes:
    parts = []
    for _number in range(source.whole(0, 3)):
        inside = dict(_element(source, depth) for _element_number in range(source.whole(0, 3)))
        body = b"".join(_implicit(inside[tag]) if implicit else inside[tag] for tag in sorted(inside))
        if source.whole(0, 3):
            parts.append(struct.pack("<HHI", 0xFFFE, 0xE000, len(body)) + body)
        else:
            delimiter = struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
            parts.append(struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + body + delimiter)
    return b"".join(parts)


def _implicit(element: bytes) -> bytes:
    """The same element without its VR: what stands behind UN is in implicit little endian (PS3.5 6.2.2)."""
    start = 12 if element[4:6] in LONG else 8
    return element[:4] + struct.pack("<I", len(element) - start) + element[start:]


def _value(source: Source, vr: bytes) -> bytes:
    if source.whole(0, 2):
        text = one_of(source, PLANTS)
        return text + b" " * (len(text) % 2)
    return source.some(24)
