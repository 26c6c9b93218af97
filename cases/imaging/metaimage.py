"""Read MetaImage volumes in one file (.mha; https://itk.org/Wiki/MetaIO/Documentation).

The keys below are read and nothing else; other keys, among them comments and whatever a tool adds, are
counted and left. A header whose voxels lie in another file, or in a list of files, is refused: nothing is
opened here.
"""

from __future__ import annotations

import re

import numpy as np

from .errors import Refused
from .grids import Grid, bad_volume, first_volume, inflated, placed, taken, volume_elsewhere, voxel_count

_LONGEST_HEADER = 1 << 16
_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4",
    "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
_KNOWN = {
    "ObjectType", "NDims", "BinaryData", "BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData",
    "CompressedDataSize", "TransformMatrix", "Rotation", "Orientation", "Offset", "Position", "Origin",
    "CenterOfRotation", "AnatomicalOrientation", "ElementSpacing", "ElementSize", "DimSize", "HeaderSize",
    "ElementNumberOfChannels", "ElementType", "ElementDataFile", "ElementMin", "ElementMax",
}  # fmt: skip
_MOST_AXES = 4


def _header(data: bytes) -> tuple[dict[str, str], dict[str, int], int]:
    """Known keys, how many others there are, and where the voxels begin."""
    fields: dict[str, str] = {}
    others = 0
    place = 0
    while "ElementDataFile" not in fields:
        end = data.find(b"\n", place, _LONGEST_HEADER)
        if end < 0:
            raise bad_volume("The header of the volume does not end.")
        name, equals, value = data[place:end].decode("latin-1").partition("=")
        name = name.strip()
        place = end + 1
        if not equals or name in fields:
            raise bad_volume("The header of the volume is damaged.")
        if name in _KNOWN:
            fields[name] = value.strip()
        else:
            others += 1
    return fields, {"key-value": others} if others else {}, place


def _whole(text: str) -> list[int]:
    parts = text.split()
    if len(parts) > _MOST_AXES or not all(re.fullmatch(r"-?[0-9]{1,9}", part, re.ASCII) for part in parts):
        raise bad_volume("The header of the volume holds something else where numbers belong.")
    return [int(part) for part in parts]


def _numbers(fields: dict[str, str], names: tuple[str, ...]) -> list[float]:
    text = next((fields[name] for name in names if name in fields), "")
    try:
        return [float(part) for part in text.split()[: _MOST_AXES**2]]
    except ValueError as error:
        raise bad_volume("The header of the volume holds something else where numbers belong.") from error


def _is(fields: dict[str, str], *names: str) -> bool:
    return any(fields.get(name, "").lower() in ("true", "1", "t") for name in names)


def read_metaimage(data: bytes) -> Grid:
    """Read a volume from the bytes of one file.

    Parameters
    ----------
    data : bytes
        MetaImage with ``ElementDataFile = LOCAL``, plain or compressed; grey, or RGB of 8 bits. Of several
        volumes the first is taken.

    Returns
    -------
    Grid
        MetaImage has no field for the kind of its space; as in ITK, which writes most of these files, it is
        taken as the patient's, to the left, back and head.

    Raises
    ------
    Refused
        ``volume-elsewhere`` for a header that names another file; ``bad-volume``, ``bad-depth``,
        ``truncated`` or ``too-large``.
    """
    fields, dropped, start = _header(data)
    if fields["ElementDataFile"] != "LOCAL":
        raise volume_elsewhere()
    if fields.get("ObjectType", "Image") != "Image" or fields.get("HeaderSize", "0") not in ("0", "-1"):
        raise bad_volume("The header of the volume is damaged.")
    sizes = _whole(fields.get("DimSize", ""))
    if _whole(fields.get("NDims", "")) != [len(sizes)] or not 1 <= len(sizes) <= _MOST_AXES:
        raise bad_volume("The header declares an impossible number of axes.")
    samples = (_whole(fields.get("ElementNumberOfChannels", "1")) or [1])[0]
    name = _TYPES.get(fields.get("ElementType", "").removesuffix("_ARRAY"))
    if name is None or samples not in (1, 3) or (samples == 3 and name != "u1"):
        raise Refused(
            "bad-depth",
            "The volume stores its voxels in a type that has no picture. Export it as whole numbers, one "
            "for each voxel.",
        )
    if not _is(fields, "BinaryData"):
        raise Refused("bad-depth", "The voxels are written as text. Save the volume in binary form.")
    big = _is(fields, "BinaryDataByteOrderMSB", "ElementByteOrderMSB")
    kind = np.dtype(name).newbyteorder(">" if big else "<")
    size = voxel_count(sizes, samples * kind.itemsize) * samples * kind.itemsize
    if _is(fields, "CompressedData"):
        raw: bytes | memoryview = inflated(data, start, size, method="gzip")
    else:
        raw = taken(data, start, size)
    values, several = first_volume(np.frombuffer(raw, kind), sizes, samples)
    notes = ("first-volume",) if several else ()
    steps = [abs(step) for step in _numbers(fields, ("ElementSpacing", "ElementSize"))]
    matrix = _numbers(fields, ("TransformMatrix", "Rotation", "Orientation"))
    offset = _numbers(fields, ("Offset", "Position", "Origin"))
    count = len(sizes)
    spacing = steps or [1.0] * count
    grid = Grid(values, dropped=dropped, notes=notes)
    if len(spacing) != count or len(matrix) not in (0, count * count) or len(offset) not in (0, count):
        raise bad_volume("The header of the volume does not agree with itself.")
    if count < 3:
        across, down, between = (*spacing, 1.0, 1.0)[:3]
        return placed(Grid(values, spacing=(across, down, between), dropped=dropped, notes=notes))
    # Each row of the file's matrix is the direction of one axis.
    turn = np.array(matrix or np.eye(count).reshape(-1), dtype=np.float64).reshape(count, count)[:3, :3].T
    origin = np.array((offset or [0.0] * count)[:3], dtype=np.float64)
    return placed(Grid(grid.values, turn * np.array(spacing[:3]), origin, dropped=dropped, notes=notes))
