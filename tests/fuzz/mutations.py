"""Change good files where their format hurts: chunks, segments, directories, members, elements."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from tests.fuzz.elements import change_elements
from tests.fuzz.sources import Source, one_of
from tests.fuzz.spans import change_bytes

MOST = 1 << 18


def mutate(data: bytes, source: Source) -> bytes:
    """A changed copy of ``data``, at most :data:`MOST` bytes long."""
    for _round in range(source.whole(1, 3)):
        data = _structured(data)(data, source) if source.whole(0, 3) else change_bytes(data, source)
    return data[:MOST]


def _structured(data: bytes) -> Callable[[bytes, Source], bytes]:
    if data[128:132] == b"DICM":
        return change_elements
    for magic, change in _BY_MAGIC:
        if data.startswith(magic):
            return change
    return change_bytes


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
        return change_bytes(data, source)
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
        chunks[where] = (name, change_bytes(value, source))
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
        return change_bytes(data, source)
    place = one_of(source, places)
    length = int.from_bytes(data[place + 2 : place + 4], "big")
    marker, body = data[place + 1], data[place + 4 : place + 2 + length]
    if source.whole(0, 3) == 0:
        marker = one_of(
            source, (0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC9, 0xDB, 0xDD, 0xE0, 0xE1, 0xE2, 0xEE, 0xF7, 0xFE)
        )
    else:
        body = change_bytes(body, source)[:65533]
    segment = bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body
    return data[:place] + segment + data[place + 2 + length :]


def _tiff(data: bytes, source: Source) -> bytes:
    """An entry of the first directory changed."""
    order = "<" if data[:2] == b"II" else ">"
    if len(data) < 10:
        return change_bytes(data, source)
    (start,) = struct.unpack_from(order + "I", data, 4)
    if start + 2 > len(data):
        return change_bytes(data, source)
    (entries,) = struct.unpack_from(order + "H", data, start)
    place = start + 2 + 12 * source.whole(0, max(entries - 1, 0))
    if place + 12 > len(data):
        return change_bytes(data, source)
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
        return change_bytes(data, source)
    try:
        with zipfile.ZipFile(BytesIO(data)) as opened:
            inside = [(entry.filename, opened.read(entry)) for entry in opened.infolist()[:8]]
    except Exception:  # noqa: BLE001  a damaged archive is changed as bytes
        return change_bytes(data, source)
    packed = BytesIO()
    method = one_of(source, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(packed, "w", method) as written:
        for number, (name, content) in enumerate(inside):
            changed = _inner(content, source) if source.whole(0, 1) else content
            written.writestr(zipfile.ZipInfo(f"{number}{name}"[:200]), changed, method)
    return packed.getvalue()


def _gzip(data: bytes, source: Source) -> bytes:
    if source.whole(0, 2) == 0:
        return change_bytes(data, source)
    try:
        inside = zlib.decompressobj(31).decompress(data, MOST)
    except zlib.error:
        return change_bytes(data, source)
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
        return change_bytes(data, source)
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return change_bytes(data, source)
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
        return change_bytes(data, source)
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
