"""Change DICOM files where they hurt: elements, kinds of value, lengths and sequences."""

from __future__ import annotations

import struct

from tests.fuzz.sources import Source, one_of
from tests.fuzz.spans import WORDS, change_bytes

VRS = (
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"OB", b"OD", b"OF",
    b"OL", b"OV", b"OW", b"PN", b"SH", b"SL", b"SQ", b"SS", b"ST", b"SV", b"TM", b"UC", b"UI", b"UL", b"UN",
    b"UR", b"US", b"UT", b"UV", b"\x00\x00", b"ZZ",
)  # fmt: skip
LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
# Attributes that decide how much is allocated, looped over or trusted.
_TAGS = (
    0x00020010, 0x00080005, 0x00080016, 0x00080018, 0x00080060, 0x00100010, 0x00200013, 0x00200032,
    0x00200037, 0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280030,
    0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00281050, 0x00281051, 0x00281052, 0x00281053,
    0x00281101, 0x00281102, 0x00281103, 0x00281201, 0x00283000, 0x00283010, 0x00289001, 0x52009229,
    0x52009230, 0x30060020, 0x30060039, 0x30060050, 0x00620001, 0x00620002, 0x60000010, 0x60003000,
    0x7FE00001, 0x7FE00008, 0x7FE00009, 0x7FE00010, 0x00090010,
)  # fmt: skip
_TEXTS = (
    b"", b"0", b"-1", b"1", b"2", b"3", b"65536", b"2147483648", b"1e400", b"nan", b"inf", b"\\", b"1\\2",
    b"1\\2\\3", b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.5", b"1.2.840.10008.1.2.2", b"MONOCHROME1",
    b"RGB", b"YBR_FULL_422", b"YBR_ICT", b"PALETTE COLOR", b"ISO_IR 192", b"\\ISO 2022 IR 87", b"YES",
    b"\xff", b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.4.80", b"1.2.840.10008.1.2.4.51", b"9" * 60,
    b"\x1b$B",
)  # fmt: skip

Element = tuple[int, bytes, bytes]


def read_elements(data: bytes) -> tuple[list[Element], bytes]:
    """Elements in explicit little endian, and the rest that is none."""
    found: list[Element] = []
    place = 0
    while place + 8 <= len(data):
        group, element, vr = struct.unpack_from("<HH2s", data, place)
        if vr not in VRS[:-2]:
            break
        if vr in LONG:
            if place + 12 > len(data):
                break
            (length,), start = struct.unpack_from("<I", data, place + 8), place + 12
        else:
            (length,), start = struct.unpack_from("<H", data, place + 6), place + 8
        if length == 0xFFFFFFFF or start + length > len(data):
            break
        found.append((group << 16 | element, vr, data[start : start + length]))
        place = start + length
    return found, data[place:]


def write_element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """One element in explicit little endian; ``length`` may lie."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    size = len(value) if length is None else length
    if vr in LONG:
        return head + struct.pack("<HI", 0, size & 0xFFFFFFFF) + value
    return head + struct.pack("<H", min(size, 0xFFFF)) + value[:0xFFFF]


def change_elements(data: bytes, source: Source) -> bytes:
    elements, rest = read_elements(data[132:])
    elements, lie = _change(elements, source, depth=0)
    parts = [write_element(*element) for element in elements]
    if lie is not None and parts:
        place = lie % len(parts)
        tag, vr, value = elements[place]
        parts[place] = write_element(tag, vr, value, length=source.whole(0, 1 << 17) or 0xFFFFFFF0)
    return data[:132] + b"".join(parts) + rest


def _change(elements: list[Element], source: Source, depth: int) -> tuple[list[Element], int | None]:
    changed = list(elements)
    kind = source.whole(0, 9)
    if not changed or kind == 0:
        vr = one_of(source, VRS)
        changed.append((_tag(source), vr, _value(source, vr)))
        return sorted(changed, key=lambda element: element[0]), None
    place = source.whole(0, len(changed) - 1)
    tag, vr, value = changed[place]
    if vr == b"SQ" and depth < 6 and source.whole(0, 2):
        changed[place] = (tag, vr, _change_items(value, source, depth))
    elif kind == 1:
        changed[place] = (tag, one_of(source, VRS), value)
    elif kind <= 4:
        changed[place] = (tag, vr, _value(source, vr))
    elif kind == 5:
        del changed[place]
    elif kind == 6:
        changed.insert(place, (tag, vr, _value(source, vr)))
    elif kind == 7:
        changed[place] = (tag, vr, change_bytes(value, source))
    elif kind == 8:
        items = struct.pack("<HHI", 0xFFFE, 0xE000, 8 + len(value)) + write_element(tag, vr, value)
        changed.insert(
            place, (one_of(source, (0x00081140, 0x52009230, 0x00283000, 0x00089215)), b"SQ", items)
        )
    else:
        return changed, place
    return changed, None


def _change_items(value: bytes, source: Source, depth: int) -> bytes:
    if len(value) < 8:
        return change_bytes(value, source)
    (length,) = struct.unpack_from("<I", value, 4)
    elements, rest = read_elements(value[8 : 8 + length])
    inside = b"".join(write_element(*element) for element in _change(elements, source, depth + 1)[0]) + rest
    return value[:4] + struct.pack("<I", len(inside)) + inside + value[8 + length :]


def _tag(source: Source) -> int:
    if source.whole(0, 3):
        return one_of(source, _TAGS)
    return source.whole(0x0008, 0x7FE0) << 16 | source.whole(0, 0xFFFF)


def _value(source: Source, vr: bytes) -> bytes:
    kind = source.whole(0, 3)
    if kind == 0:
        return source.some(40)
    if vr in (b"US", b"SS", b"UL", b"SL", b"AT", b"OW", b"OB", b"UN", b"FD", b"FL") and kind < 3:
        return one_of(source, WORDS) * source.whole(0, 4)
    text = one_of(source, _TEXTS)
    return text + b" " * (len(text) % 2)
