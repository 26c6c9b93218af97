"""Hand-made NIfTI, NRRD and MetaImage files with known truth."""

import struct
from typing import Any

import numpy as np

PLANTED = b"ZYXWVPLANTED"
_CODES = {
    "u1": 2,
    "i2": 4,
    "i4": 8,
    "f4": 16,
    "f8": 64,
    "i1": 256,
    "u2": 512,
    "u4": 768,
    "i8": 1024,
    "u8": 1280,
}


def ramp(shape: tuple[int, ...] = (2, 3, 4), kind: str = "i2") -> np.ndarray:
    """Values that all differ, ``(K, J, I)``."""
    return np.arange(int(np.prod(shape))).reshape(shape).astype(kind)


def nifti1(values: np.ndarray, order: str = "<", **fields: Any) -> bytes:
    """NIfTI-1; fields as in the standard; ``srow`` is 3 x 4, ``quatern`` is b, c, d and the offset."""
    colour = values.ndim > 3 and values.shape[-1] == 3 and fields.get("colour", False)
    sizes = list(values.shape[: -1 if colour else None])[::-1]
    head = bytearray(352)
    struct.pack_into(order + "i", head, 0, 348)
    struct.pack_into(order + "8h", head, 40, *fields.get("dim", [len(sizes), *sizes, *[1] * 7][:8]))
    code = 128 if colour else _CODES[values.dtype.str[1:]]
    struct.pack_into(order + "2h", head, 70, fields.get("code", code), values.dtype.itemsize * 8)
    struct.pack_into(order + "8f", head, 76, *fields.get("pixdim", [1, 1, 1, 1, 0, 0, 0, 0]))
    struct.pack_into(order + "f", head, 108, fields.get("offset", 352))
    struct.pack_into(order + "2f", head, 112, *fields.get("scl", (0, 0)))
    head[123] = fields.get("units", 2)
    struct.pack_into(order + "2f", head, 124, *fields.get("cal", (0, 0)))
    head[148 : 148 + len(PLANTED)] = PLANTED
    head[328 : 328 + len(PLANTED)] = PLANTED
    if "srow" in fields:
        struct.pack_into(order + "h", head, 254, 1)
        struct.pack_into(order + "12f", head, 280, *np.ravel(fields["srow"]))
    if "quatern" in fields:
        struct.pack_into(order + "h", head, 252, 1)
        struct.pack_into(order + "6f", head, 256, *fields["quatern"])
    head[344:348] = fields.get("magic", b"n+1\x00")
    return bytes(head) + values.astype(values.dtype.newbyteorder(order)).tobytes()


def nifti2(values: np.ndarray, srow: Any) -> bytes:
    """NIfTI-2, little endian."""
    head = bytearray(544)
    struct.pack_into("<i8s2h", head, 0, 540, b"n+2\x00\r\n\x1a\n", _CODES[values.dtype.str[1:]], 0)
    struct.pack_into("<8q", head, 16, *[values.ndim, *values.shape[::-1], *[1] * 7][:8])
    struct.pack_into("<8d", head, 104, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<q", head, 168, 544)
    struct.pack_into("<2i", head, 344, 0, 1)
    struct.pack_into("<12d", head, 400, *np.ravel(srow))
    struct.pack_into("<i", head, 500, 2)
    head[240 : 240 + len(PLANTED)] = PLANTED
    return bytes(head) + values.tobytes()


def nrrd(values: np.ndarray, body: bytes | None = None, **fields: str) -> bytes:
    """NRRD; fields replace or add, with ``_`` for blanks, and ``None`` leaves one out."""
    lines: dict[str, str | None] = {
        "type": {"i2": "short", "u1": "uchar", "f4": "float", "i4": "int"}[values.dtype.str[1:]],
        "dimension": str(values.ndim),
        "sizes": " ".join(str(size) for size in values.shape[::-1]),
        "encoding": "raw",
        "endian": "little",
        **{name.replace("_", " "): text for name, text in fields.items()},
    }
    text = "".join(f"{name}: {value}\n" for name, value in lines.items() if value is not None)
    comment = f"# {PLANTED.decode()}\nSeriesDescription:={PLANTED.decode()}\n"
    return f"NRRD0005\n{comment}{text}\n".encode() + (values.tobytes() if body is None else body)


def mha(values: np.ndarray, body: bytes | None = None, **fields: str | None) -> bytes:
    """MetaImage; fields replace or add, ``None`` leaves one out."""
    lines: dict[str, str | None] = {
        "ObjectType": "Image",
        "NDims": str(values.ndim),
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "DimSize": " ".join(str(size) for size in values.shape[::-1]),
        "Comment": PLANTED.decode(),
        "ElementType": {"i2": "MET_SHORT", "u1": "MET_UCHAR", "f4": "MET_FLOAT"}[values.dtype.str[1:]],
        **fields,
        "ElementDataFile": fields.get("ElementDataFile", "LOCAL"),
    }
    text = "".join(f"{name} = {value}\n" for name, value in lines.items() if value is not None)
    return text.encode() + (values.tobytes() if body is None else body)
