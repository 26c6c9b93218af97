"""Read NRRD volumes whose voxels lie in the same file (Kindlmann, https://teem.sourceforge.net/nrrd/format.html).

Of the header only the fields below are looked at; comments and key/value pairs, where tools write names and
paths, are counted and left where they are. A header that names another file is refused: nothing is opened.
"""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from .errors import Refused
from .grids import Grid, bad_volume, first_volume, inflated, placed, taken, volume_elsewhere, voxel_count

_LONGEST_HEADER = 1 << 16
_MOST_AXES = 8
_TYPES = {
    "signed char": "i1", "int8": "i1", "int8_t": "i1", "uchar": "u1", "unsigned char": "u1", "uint8": "u1",
    "uint8_t": "u1", "short": "i2", "short int": "i2", "signed short": "i2", "signed short int": "i2",
    "int16": "i2", "int16_t": "i2", "ushort": "u2", "unsigned short": "u2", "unsigned short int": "u2",
    "uint16": "u2", "uint16_t": "u2", "int": "i4", "signed int": "i4", "int32": "i4", "int32_t": "i4",
    "uint": "u4", "unsigned int": "u4", "uint32": "u4", "uint32_t": "u4", "longlong": "i8", "long long": "i8",
    "long long int": "i8", "signed long long": "i8", "signed long long int": "i8", "int64": "i8",
    "int64_t": "i8", "ulonglong": "u8", "unsigned long long": "u8", "unsigned long long int": "u8",
    "uint64": "u8", "uint64_t": "u8", "float": "f4", "double": "f8",
}  # fmt: skip
# Signs that lead from the named space to left, posterior, superior.
_SPACES = {
    "left-posterior-superior": (1, 1, 1), "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1), "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1), "las": (1, -1, 1),
}  # fmt: skip
_FIELD = re.compile(r"([A-Za-z][A-Za-z ]*):[ \t]+(.*)")
_ELSEWHERE = re.compile(rb"(?im)^data ?file:")
_COLOUR = {"rgb-color", "vector", "3-color", "3-vector"}


def _header(data: bytes) -> tuple[dict[str, str], dict[str, int], int]:
    """Fields, counts of what was left unread, and where the voxels begin."""
    head = data[:_LONGEST_HEADER]
    ends = [(head.find(mark), len(mark)) for mark in (b"\n\n", b"\n\r\n")]
    found = [(at, length) for at, length in ends if at >= 0]
    # Looked for before anything else: a list of files has no end that we would know.
    if _ELSEWHERE.search(head[: min(found)[0]] if found else head):
        raise volume_elsewhere()
    if not found:
        raise bad_volume("The header of the volume does not end.")
    at, length = min(found)
    fields: dict[str, str] = {}
    dropped = {"comment": 0, "key-value": 0, "text": 0}
    for line in head[:at].decode("latin-1").splitlines()[1:]:
        if line.startswith("#"):
            dropped["comment"] += 1
        elif ":=" in line:
            dropped["key-value"] += 1
        else:
            match = _FIELD.fullmatch(line.rstrip())
            name = match[1].strip().lower() if match else ""
            if match is None or name in fields:
                raise bad_volume("The header of the volume is damaged.")
            fields[name] = match[2].strip()
    if fields.keys() & {"content", "sample units", "labels", "axis labels"}:
        dropped["text"] += len(fields.keys() & {"content", "sample units", "labels", "axis labels"})
    return fields, {name: count for name, count in dropped.items() if count}, at + length


def _whole(text: str) -> list[int]:
    parts = text.split()
    if len(parts) > _MOST_AXES or not all(re.fullmatch(r"-?[0-9]{1,9}", part, re.ASCII) for part in parts):
        raise bad_volume("The header of the volume holds something else where numbers belong.")
    return [int(part) for part in parts]


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in re.split(r"[\s,]+", text.strip())[: 4 * _MOST_AXES]]
    except ValueError as error:
        raise bad_volume("The header of the volume holds something else where numbers belong.") from error


def _directions(text: str) -> list[list[float] | None]:
    parts = re.findall(r"none|\([^()]*\)", text)[:_MOST_AXES]
    return [None if part == "none" else _numbers(part.strip("()")) for part in parts]


def _voxels(data: bytes, start: int, fields: dict[str, str], size: int) -> bytes | memoryview:
    lines, skip = _whole(fields.get("line skip", "0")), _whole(fields.get("byte skip", "0"))
    if lines != [0] or len(skip) != 1 or skip[0] < -1:
        raise bad_volume("The header skips a part of the file.")
    encoding = fields.get("encoding", "").lower()
    if encoding == "raw":
        return taken(data, len(data) - size if skip[0] == -1 else start + skip[0], size)
    if encoding in ("gzip", "gz", "bzip2", "bz2") and skip == [0]:
        return inflated(data, start, size, method="gzip" if encoding.startswith("g") else "bzip2")
    raise Refused(
        "bad-depth", "The voxels are stored in a way that is not read here. Save it as raw, gzip or bzip2."
    )


def _geometry(
    fields: dict[str, str], spatial: list[int], axes: int
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None, tuple[float, float, float] | None]:
    signs = _SPACES.get(fields.get("space", "").lower())
    steps = _directions(fields.get("space directions", ""))
    if len(spatial) == 3 and len(steps) == axes:
        vectors = [steps[place] for place in spatial]
        origin = _directions(fields.get("space origin", ""))
        lengths = [math.hypot(*vector) if vector else 0.0 for vector in vectors]
        if all(vector is not None and len(vector) == 3 for vector in vectors):
            spacing = (lengths[0], lengths[1], lengths[2])
            if signs is None or len(origin) != 1 or origin[0] is None or len(origin[0]) != 3:
                return None, None, spacing
            turn = np.diag(np.array(signs, dtype=np.float64))
            return turn @ np.array(vectors, dtype=np.float64).T, turn @ np.array(origin[0]), spacing
    if "spacings" in fields:
        found = _numbers(fields["spacings"])
        if len(found) == axes:
            one = [abs(found[place]) for place in spatial] + [1.0, 1.0]
            return None, None, (one[0], one[1], one[2])
    return None, None, None


def read_nrrd(data: bytes) -> Grid:
    """Read a volume from the bytes of one file.

    Parameters
    ----------
    data : bytes
        NRRD with attached voxels, raw, gzip or bzip2; grey, or RGB of 8 bits with colour as its first axis.
        Of several volumes the first is taken.

    Returns
    -------
    Grid

    Raises
    ------
    Refused
        ``volume-elsewhere`` for a header that names another file; ``bad-volume``, ``bad-depth``,
        ``truncated`` or ``too-large``.
    """
    fields, dropped, start = _header(data)
    sizes = _whole(fields.get("sizes", ""))
    if _whole(fields.get("dimension", "")) != [len(sizes)] or not 1 <= len(sizes) <= _MOST_AXES:
        raise bad_volume("The header declares an impossible number of axes.")
    name = _TYPES.get(fields.get("type", "").lower())
    if name is None:
        raise Refused(
            "bad-depth",
            "The volume stores its voxels in a type that has no picture. Export it as whole numbers.",
        )
    kinds = [kind.lower() for kind in fields.get("kinds", "").split()]
    directions = _directions(fields.get("space directions", ""))
    # The first axis is no axis of space when its kind says colour, or space gives it no direction.
    inner = len(sizes) > 2 and (
        (len(kinds) == len(sizes) and kinds[0] in (*_COLOUR, "list", "rgba-color", "4-vector"))
        or (len(directions) == len(sizes) and directions[0] is None)
    )
    samples = sizes[0] if inner else 1
    if samples not in (1, 3) or (samples == 3 and name != "u1"):
        raise Refused(
            "bad-depth", "The volume holds several values for each voxel. Export one volume for each of them."
        )
    kind = np.dtype(name).newbyteorder(">" if fields.get("endian", "little").lower() == "big" else "<")
    outer = sizes[1:] if inner else sizes
    size = voxel_count(outer, samples * kind.itemsize) * samples * kind.itemsize
    values, several = first_volume(np.frombuffer(_voxels(data, start, fields, size), kind), outer, samples)
    spatial = list(range(int(inner), len(sizes)))[:3]
    axes, origin, spacing = _geometry(fields, spatial, len(sizes))
    notes = ("first-volume",) if several else ()
    return placed(Grid(values, axes, origin, spacing, dropped=dropped, notes=notes))
