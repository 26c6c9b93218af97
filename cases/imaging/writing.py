"""Write clean data sets as DICOM files.

Our own because pydicom spends three times as long on a header as reading it takes; what this
module has no quick way for is handed to pydicom, element by element.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "SV": "q", "UV": "Q"}
_WORDS = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
)
_BYTES = frozenset(("OB", "OW", "OF", "OD", "OL", "OV", "UN"))
# Two bytes of reserve and four of length (PS3.5 section 7.1.2).
_LONG = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"))
_ITEM = b"\xfe\xff\x00\xe0"
_END = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
_UNDEFINED = 0xFFFFFFFF


def raw(tag: int, vr: str, value: bytes) -> RawDataElement:
    """An element of a clean data set as its bytes: little endian, padded to an even length."""
    if len(value) % 2:
        value += b"\0" if vr == "UI" else b" "
    return RawDataElement(BaseTag(tag), vr, len(value), value, 0, False, True)


def write_file(ds: Dataset) -> bytes:
    """A whole file in explicit little endian: empty preamble, file meta, data set.

    Parameters
    ----------
    ds : pydicom.Dataset
        With ``file_meta``, whose transfer syntax is little endian with explicit representations.

    Returns
    -------
    bytes
        Equal data sets give equal bytes, read in before or not.
    """
    meta = FileMetaDataset()
    meta.update({tag: element for tag, element in ds.file_meta.items() if int(tag) != 0x00020000})
    head = _data_set(meta)
    length = _header(0x00020000, "UL", 4) + struct.pack("<I", len(head))
    # Joined once: pixels are copied as often as bytes are joined.
    return b"".join((bytes(128), b"DICM", length, head, *_pieces(ds)))


def write_items(items: Iterable[Dataset]) -> bytes:
    """The value of a sequence: its items one after the other, each behind its length."""
    bodies = map(_data_set, items)
    return b"".join(_ITEM + struct.pack("<I", len(body)) + body for body in bodies)


def _data_set(ds: Dataset) -> bytes:
    return b"".join(_pieces(ds))


def _pieces(ds: Dataset) -> Iterator[bytes]:
    for tag, element in sorted(ds.items(), key=_tag):
        yield from _element(int(tag), element)


def _tag(pair: tuple[BaseTag, Any]) -> int:
    return int(pair[0])


def _header(tag: int, vr: str, length: int) -> bytes:
    if vr in _LONG:
        return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr.encode(), 0, length)
    if length > 0xFFFF:
        # PS3.5 section 6.2.2: what is too long for its representation is written as unknown.
        return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, b"UN", 0, length)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), length)


def _element(tag: int, element: DataElement | RawDataElement) -> tuple[bytes, ...]:
    vr = str(element.VR)
    if vr == "OB or OW":
        # Pixels that were set anew; little endian reads the same either way.
        vr = "OW"
    if isinstance(element, RawDataElement):
        value = element.value or b""
        return _header(tag, vr, len(value)), value
    encoded = _value(vr, element.value)
    if encoded is None:
        return (_by_pydicom(element),)
    if vr == "SQ" or not element.is_undefined_length:
        return _header(tag, vr, len(encoded)), encoded
    return _header(tag, vr, _UNDEFINED), encoded, _END


def _value(vr: str, value: Any) -> bytes | None:
    """The value as bytes of even length; ``None`` when there is no quick way."""
    if vr == "SQ":
        return write_items(value or ())
    if value is None or value == "":
        return b""
    values = value if isinstance(value, (MultiValue, list, tuple)) else [value]
    if vr in _WORDS:
        encoded = "\\".join(str(one) for one in values).encode("utf-8", "replace")
        return encoded + (b"\0" if vr == "UI" else b" ") * (len(encoded) % 2)
    if vr in _NUMBERS:
        return struct.pack(f"<{len(values)}{_NUMBERS[vr]}", *values)
    if vr == "AT":
        return b"".join(struct.pack("<HH", int(one) >> 16, int(one) & 0xFFFF) for one in values)
    if vr in _BYTES and isinstance(value, bytes):
        return value + b"\0" * (len(value) % 2)
    return None


def _by_pydicom(element: DataElement) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_data_element(buffer, element, ["utf8"])
    return bytes(buffer.getvalue())
