"""Change good files where their format hurts: elements, chunks, segments, directories, members."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from tests.fuzz.sources import Source, one_of

MOST = 1 << 18
_WORDS = (
    b"\x00", b"\xff", b"\x7f", b"\x80", b"\x00\x00", b"\xff\xff", b"\xff\x7f", b"\x00\x80", b"\xfe\xff",
    b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\xf0\xff\xff\xff", b"\x00\x00\x00\x00",
    b"\x01\x00\x00\x00", b"\x00\x00\x00\x01", b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0",
)  # fmt: skip
_VRS = (
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"OB", b"OD", b"OF",
    b"OL", b"OV", b"OW", b"PN", b"SH", b"SL", b"SQ", b"SS", b"ST", b"SV", b"TM", b"UC", b"UI", b"UL", b"UN",
    b"UR", b"US", b"UT", b"UV", b"\x00\x00", b"ZZ",
)  # fmt: skip
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
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


def mutate(data: bytes, source: Source) -> bytes:
    """A changed copy of ``data``, at most :data:`MOST` bytes long."""
    for _round in range(source.whole(1, 3)):
        data = _structured(data)(data, source) if source.whole(0, 3) else _bytes(data, source)
    return data[:MOST]


def _structured(data: bytes) -> Callable[[bytes, Source], bytes]:
    if data[128:132] == b"DICM":
        return _dicom
    for magic, change in _BY_MAGIC:
        if data.startswith(magic):
            return change
    return _bytes


def _bytes(data: bytes, source: Source) -> bytes:
    """Bits, words, pieces doubled, lost and moved, and the end cut off."""
    place = source.whole(0, max(len(data) - 1, 0))
    if source.whole(0, 1):  # headers decide more than pixels
        place = min(place, source.whole(0, 512))
    kind = source.whole(0, 5)
    if kind == 0:
        return (
            data[:place]
            + bytes([data[place] ^ (1 << source.whole(0, 7))] if data else [0])
            + data[place + 1 :]
        )
    if kind == 1:
        word = one_of(source, _WORDS)
        return data[:place] + word + data[place + len(word) :]
    if kind == 2:
        return data[:place] + one_of(source, _WORDS) + data[place:]
    length = source.whole(1, 64)
    if kind == 3:
        return data[:place] + data[place + length :]
    if kind == 4:
        return (
            data[: place + length]
            + data[place : place + length] * source.whole(1, 3)
            + data[place + length :]
        )
    return data[:place]


# --- DICOM ------------------------------------------------------------------------------------------------

Element = tuple[int, bytes, bytes]


def read_elements(data: bytes) -> tuple[list[Element], bytes]:
    """Elements in explicit little endian, and the rest that is none."""
    found: list[Element] = []
    place = 0
    while place + 8 <= len(data):
        group, element, vr = struct.unpack_from("<HH2s", data, place)
        if vr not in _VRS[:-2]:
            break
        if vr in _LONG:
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
    if vr in _LONG:
        return head + struct.pack("<HI", 0, size & 0xFFFFFFFF) + value
    return head + struct.pack("<H", min(size, 0xFFFF)) + value[:0xFFFF]


def _dicom(data: bytes, source: Source) -> bytes:
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
        vr = one_of(source, _VRS)
        changed.append((_tag(source), vr, _value(source, vr)))
        return sorted(changed, key=lambda element: element[0]), None
    place = source.whole(0, len(changed) - 1)
    tag, vr, value = changed[place]
    if vr == b"SQ" and depth < 6 and source.whole(0, 2):
        changed[place] = (tag, vr, _change_items(value, source, depth))
    elif kind == 1:
        changed[place] = (tag, one_of(source, _VRS), value)
    elif kind <= 4:
        changed[place] = (tag, vr, _value(source, vr))
    elif kind == 5:
        del changed[place]
    elif kind == 6:
        changed.insert(place, (tag, vr, _value(source, vr)))
    elif kind == 7:
        changed[place] = (tag, vr, _bytes(value, source))
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
        return _bytes(value, source)
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
        return one_of(source, _WORDS) * source.whole(0, 4)
    text = one_of(source, _TEXTS)
    return text + b" " * (len(text) % 2)


# --- pictures ---------------------------------------------------------------------------------------------


def _png(data: bytes, source: Source) -> bytes:
    """Chunks changed with a right checksum, which random changes never have."""
    chunks = []
    place = 8
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    if not chunks:
        return _bytes(data, source)
    where = source.whole(0, len(chunks) - 1)
    name, value = chunks[where]
    kind = source.whole(0, 5)
    if kind == 0:
        chunks.insert(where, (one_of(source, _PNG_CHUNKS), source.some(64)))
    elif kind == 1:
        del chunks[where]
    elif kind == 2:
        chunks[where] = (one_of(source, _PNG_CHUNKS), value)
    elif name == b"IHDR" and len(value) == 13:
        changed = bytearray(value)
        changed[source.whole(0, 12)] = one_of(source, (0, 1, 2, 3, 4, 6, 8, 16, 127, 255))
        chunks[where] = (name, bytes(changed))
    elif name == b"IDAT" and kind > 3:
        chunks[where] = (name, zlib.compress(source.some(64)))
    else:
        chunks[where] = (name, _bytes(value, source))
    return data[:8] + b"".join(
        struct.pack(">I", len(body)) + title + body + struct.pack(">I", zlib.crc32(title + body))
        for title, body in chunks
    )


_PNG_CHUNKS = (
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"iCCP", b"tEXt", b"zTXt", b"iTXt", b"eXIf",
    b"acTL", b"fcTL", b"fdAT", b"pHYs", b"sRGB", b"bKGD", b"cHRM",
)  # fmt: skip


def _jpeg(data: bytes, source: Source) -> bytes:
    """A segment's body changed with a right length, or another marker."""
    places = []
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        places.append(place)
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    if not places:
        return _bytes(data, source)
    place = one_of(source, places)
    length = int.from_bytes(data[place + 2 : place + 4], "big")
    marker, body = data[place + 1], data[place + 4 : place + 2 + length]
    if source.whole(0, 3) == 0:
        marker = one_of(
            source, (0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC9, 0xDB, 0xDD, 0xE0, 0xE1, 0xE2, 0xEE, 0xF7, 0xFE)
        )
    else:
        body = _bytes(body, source)[:65533]
    segment = bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body
    return data[:place] + segment + data[place + 2 + length :]


def _tiff(data: bytes, source: Source) -> bytes:
    """An entry of the first directory changed."""
    order = "<" if data[:2] == b"II" else ">"
    if len(data) < 10:
        return _bytes(data, source)
    (start,) = struct.unpack_from(order + "I", data, 4)
    if start + 2 > len(data):
        return _bytes(data, source)
    (entries,) = struct.unpack_from(order + "H", data, start)
    place = start + 2 + 12 * source.whole(0, max(entries - 1, 0))
    if place + 12 > len(data):
        return _bytes(data, source)
    tag, kind, count, value = struct.unpack_from(order + "HHII", data, place)
    what = source.whole(0, 3)
    if what == 0:
        kind = source.whole(0, 18)
    elif what == 1:
        count = one_of(source, (0, 1, 2, 3, 255, 65535, 0x7FFFFFFF, 0xFFFFFFFF))
    elif what == 2:
        tag = one_of(
            source,
            (256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 339, 347),
        )
    if what:
        value = one_of(
            source,
            (0, 1, 2, 5, 6, 7, 8, 16, 32, 34712, 50000, 65535, 0x7FFFFFFF, 0xFFFFFFFF, value, len(data) - 4),
        )
    return data[:place] + struct.pack(order + "HHII", tag, kind, count, value) + data[place + 12 :]


# --- archives ---------------------------------------------------------------------------------------------


def _zip(data: bytes, source: Source) -> bytes:
    """A member changed by its own kind and packed again."""
    if source.whole(0, 2) == 0:
        return _bytes(data, source)
    try:
        with zipfile.ZipFile(BytesIO(data)) as opened:
            inside = [(entry.filename, opened.read(entry)) for entry in opened.infolist()[:8]]
    except Exception:  # noqa: BLE001  a damaged archive is changed as bytes
        return _bytes(data, source)
    packed = BytesIO()
    method = one_of(source, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(packed, "w", method) as written:
        for number, (name, content) in enumerate(inside):
            changed = _inner(content, source) if source.whole(0, 1) else content
            written.writestr(zipfile.ZipInfo(f"{number}{name}"[:200]), changed, method)
    return packed.getvalue()


def _gzip(data: bytes, source: Source) -> bytes:
    if source.whole(0, 2) == 0:
        return _bytes(data, source)
    try:
        inside = zlib.decompressobj(31).decompress(data, MOST)
    except zlib.error:
        return _bytes(data, source)
    return gzip.compress(_inner(inside, source), 1, mtime=0)


def _inner(data: bytes, source: Source) -> bytes:
    return _structured(data)(data, source)


# --- JSON -------------------------------------------------------------------------------------------------

_JSON_TEXTS = (
    "null", "true", "-1", "1e400", "-0.0", "NaN", "[]", "{}", '""', '"\\ud800"', '"\\u0000"', "9" * 400,
    "1e-320", "[[[]]]", '{"__proto__": 1}', "0", "63.5", "64.9", "2147483648", '"polygon"', '"freehand"',
    '"ellipse"',
)  # fmt: skip


def _json(data: bytes, source: Source) -> bytes:
    """A value somewhere in the tree replaced, doubled or dropped."""
    if source.whole(0, 3) == 0:
        return _bytes(data, source)
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return _bytes(data, source)
    slots: list[tuple[Any, Any]] = []
    level = [tree]
    while level:
        node = level.pop()
        inner = (
            list(node.items())
            if isinstance(node, dict)
            else list(enumerate(node))
            if isinstance(node, list)
            else []
        )
        slots += [(node, key) for key, _value in inner]
        level += [value for _key, value in inner]
    if not slots:
        return one_of(source, _JSON_TEXTS).encode()
    holder, key = one_of(source, slots)
    kind = source.whole(0, 4)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, list):
        holder.insert(key, holder[key])
    else:
        mark = "\u0001mark\u0001"
        holder[key] = mark
        return json.dumps(tree).replace(json.dumps(mark), one_of(source, _JSON_TEXTS)).encode()
    return json.dumps(tree).encode()


# --- text headers of volumes ------------------------------------------------------------------------------

_HEADER_VALUES = (
    b"", b"0", b"-1", b"1", b"3", b"65536", b"1e400", b"nan", b"4294967296 4294967296 4", b"1 1 1", b"gzip",
    b"raw", b"bzip2", b"ascii", b"hex", b"/etc/passwd", b"LOCAL", b"LIST", b"MET_DOUBLE", b"MET_UCHAR",
    b"block",
    b"double", b"uint64", b"(1,0,0) (0,1,0) (0,0,0)", b"(nan,0,0) (0,1,0) (0,0,1)", b"True", b"False",
    b"\xff\xfe",
)  # fmt: skip


def _lines(data: bytes, source: Source) -> bytes:
    """A line of a text header changed (NRRD, MetaImage)."""
    head, blank, rest = data.partition(b"\n\n")
    lines = (head if blank else data[:1000]).split(b"\n")
    if not blank:
        rest = data[1000:]
    place = source.whole(0, len(lines) - 1)
    separator = b"=" if b"=" in lines[place] else b":"
    name, found, _old = lines[place].partition(separator)
    kind = source.whole(0, 3)
    if kind == 0:
        del lines[place]
    elif kind == 1:
        lines.insert(place, lines[place])
    elif found:
        lines[place] = name + separator + b" " + one_of(source, _HEADER_VALUES)
    else:
        return _bytes(data, source)
    return b"\n".join(lines) + blank + rest


_BY_MAGIC: tuple[tuple[bytes, Callable[[bytes, Source], bytes]], ...] = (
    (b"\x89PNG", _png),
    (b"\xff\xd8", _jpeg),
    (b"II*\x00", _tiff),
    (b"MM\x00*", _tiff),
    (b"PK", _zip),
    (b"\x1f\x8b", _gzip),
    (b"{", _json),
    (b"[", _json),
    (b"NRRD", _lines),
    (b"ObjectType", _lines),
    (b"NDims", _lines),
)
