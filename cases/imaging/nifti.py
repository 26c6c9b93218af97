"""Read and write NIfTI-1 and NIfTI-2 in one file: numbers only, no text is ever taken.

Cox et al., "A (sort of) new image data format standard: NIfTI-1", 2004; https://nifti.nimh.nih.gov.
"""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from typing import Any, Literal

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from .errors import Refused
from .grids import Grid, bad_volume, first_volume, placed, taken, volume_elsewhere, voxel_count

_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_RGB = 128
_CODES = {np.dtype(name): code for code, name in _TYPES.items()}
# Millimetres of the unit in the lowest three bits; nothing said means millimetres.
_UNITS = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
# Texts by their place: (name, start, length).
_TEXTS_1 = (("data_type", 4, 10), ("db_name", 14, 18), ("descrip", 148, 80), ("aux_file", 228, 24),
            ("intent_name", 328, 16))  # fmt: skip
_TEXTS_2 = (("descrip", 240, 80), ("aux_file", 320, 24), ("intent_name", 508, 16))
_TO_LPS = np.diag([-1.0, -1.0, 1.0])
_SHORTEST_1, _SHORTEST_2 = 348, 540


class _Header:
    """The numbers of a header of either version."""

    def __init__(self, data: bytes) -> None:
        self.second = data[4:8] == b"n+2\x00" or data[4:8] == b"ni2\x00"
        self.size = _SHORTEST_2 if self.second else _SHORTEST_1
        if len(data) < self.size:
            raise Refused(
                "truncated", "The file ends inside its header. Copy or export it again, then upload."
            )
        self.data = data
        self.order: Literal["<", ">"] = "<" if struct.unpack_from("<i", data)[0] == self.size else ">"
        if self.numbers("i", 0)[0] != self.size:
            raise bad_volume("The header of the volume is damaged.")
        if data[4:8] == b"ni2\x00" or (data[344:348] == b"ni1\x00" and not self.second):
            raise volume_elsewhere()

    def numbers(self, kind: str, place: int, count: int = 1) -> tuple[Any, ...]:
        return struct.unpack_from(f"{self.order}{count}{kind}", self.data, place)

    def pick(self, first: tuple[str, int, int], second: tuple[str, int, int]) -> tuple[Any, ...]:
        return self.numbers(*(second if self.second else first))

    def sizes(self) -> list[int]:
        dim = self.pick(("h", 40, 8), ("q", 16, 8))
        if not 1 <= dim[0] <= 7:
            raise bad_volume("The header declares an impossible number of axes.")
        return [int(size) for size in dim[1 : dim[0] + 1]]

    def start(self) -> int:
        (offset,) = self.pick(("f", 108, 1), ("q", 168, 1))
        if not math.isfinite(offset) or not self.size <= offset <= len(self.data):
            raise bad_volume("The header says that the voxels begin where they cannot.")
        return int(offset)

    def dropped(self) -> dict[str, int]:
        texts = _TEXTS_2 if self.second else _TEXTS_1
        found = {name: 1 for name, at, length in texts if self.data[at : at + length].strip(b"\x00 ")}
        if self.start() > self.size + 4 and self.data[self.size] != 0:
            found["extension"] = 1
        return found

    def geometry(self) -> tuple[NDArray[Any] | None, NDArray[Any] | None, tuple[float, float, float]]:
        """Axes, origin and spacing; the form by rows before the form by quaternion."""
        pixdim = self.pick(("f", 76, 8), ("d", 104, 8))
        (units,) = self.pick(("b", 123, 1), ("i", 500, 1))
        mm = _UNITS.get(units & 7, 1.0)
        spacing = (abs(pixdim[1]) * mm, abs(pixdim[2]) * mm, abs(pixdim[3]) * mm)
        qform, sform = self.pick(("h", 252, 2), ("i", 344, 2))
        if sform > 0:
            rows = np.array(self.pick(("f", 280, 12), ("d", 400, 12)), dtype=np.float64).reshape(3, 4)
            if np.isfinite(rows).all() and (np.linalg.norm(rows[:, :3], axis=0) > 0).all():
                return _TO_LPS @ rows[:, :3] * mm, _TO_LPS @ rows[:, 3] * mm, spacing
        if qform > 0:
            b, c, d = (float(x) for x in self.pick(("f", 256, 3), ("d", 352, 3)))
            offset = np.array(self.pick(("f", 268, 3), ("d", 376, 3)), dtype=np.float64)
            square = 1.0 - (b * b + c * c + d * d)
            if math.isfinite(square) and square > -1e-4:
                turn = _rotation(math.sqrt(max(square, 0.0)), b, c, d)
                steps = np.array([pixdim[1], pixdim[2], pixdim[3] * (-1.0 if pixdim[0] < 0 else 1.0)])
                return _TO_LPS @ (turn * steps) * mm, _TO_LPS @ offset * mm, spacing
        return None, None, spacing

    def window(self) -> tuple[float, float] | None:
        high, low = self.pick(("f", 124, 2), ("d", 192, 2))
        known = math.isfinite(high) and math.isfinite(low) and high - low > 1e-6
        return ((high + low) / 2, high - low) if known else None

    def scaling(self) -> tuple[float, float]:
        slope, intercept = self.pick(("f", 112, 2), ("d", 176, 2))
        if not math.isfinite(slope) or slope == 0:
            return 1.0, 0.0
        return float(slope), float(intercept) if math.isfinite(intercept) else 0.0


def _rotation(a: float, b: float, c: float, d: float) -> NDArray[np.float64]:
    """Rotation matrix of a unit quaternion (nifti1.h, "METHOD 2")."""
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def read_nifti(data: bytes) -> Grid:
    """Read a volume from the bytes of one file, already unpacked.

    Parameters
    ----------
    data : bytes
        A single-file NIfTI, little or big endian. Of a file of several volumes the first is taken.

    Returns
    -------
    Grid
        Of a file that does not say where it lies the rows are reversed, because its second axis runs to the
        front by convention ("METHOD 1" of nifti1.h), and the note ``"orientation-unknown"`` is set.

    Raises
    ------
    Refused
        ``bad-volume``, ``truncated``, ``too-large``, ``volume-elsewhere`` or ``bad-depth``.
    """
    header = _Header(data)
    sizes = header.sizes()
    (code,) = header.pick(("h", 70, 1), ("h", 12, 1))
    if code not in _TYPES and code != _RGB:
        raise Refused(
            "bad-depth",
            "The volume stores its voxels in a type that has no picture. Export it as whole numbers.",
        )
    kind = np.dtype("u1" if code == _RGB else _TYPES[code]).newbyteorder(header.order)
    samples = 3 if code == _RGB else 1
    count = voxel_count(sizes, kind.itemsize * samples)
    raw = taken(data, header.start(), count * kind.itemsize * samples)
    base, several = first_volume(np.frombuffer(raw, kind), sizes, samples)
    axes, origin, spacing = header.geometry()
    slope, intercept = (1.0, 0.0) if samples == 3 else header.scaling()
    grid = placed(
        Grid(
            values=base,
            axes=axes,
            origin=origin,
            spacing=spacing,
            slope=slope,
            intercept=intercept,
            window=None if samples == 3 else header.window(),
            dropped=header.dropped(),
            notes=("first-volume",) if several else (),
        )
    )
    return grid if grid.axes is not None else replace(grid, values=np.flip(grid.values, 1))


def write_nifti(grid: Grid) -> bytes:
    """Write a volume as gzipped NIfTI-1 without any text; equal grids give equal bytes.

    Parameters
    ----------
    grid : Grid
        Reading the result gives the same values at the same places, within the header's single precision.

    Returns
    -------
    bytes
        ``.nii.gz``.
    """
    colour = grid.values.ndim == 4
    values = grid.values if grid.axes is not None else np.flip(grid.values, 1)
    depth, rows, columns = values.shape[:3]
    head = bytearray(_SHORTEST_1 + 4)
    struct.pack_into("<i", head, 0, _SHORTEST_1)
    struct.pack_into("<b", head, 38, ord("r"))
    struct.pack_into("<8h", head, 40, 3, columns, rows, depth, 1, 1, 1, 1)
    kind = values.dtype.newbyteorder("=")
    code = _RGB if colour else _CODES[kind]
    struct.pack_into("<2h", head, 70, code, 24 if colour else kind.itemsize * 8)
    struct.pack_into("<8f", head, 76, 1.0, *(grid.spacing or (0.0, 0.0, 0.0)), 0, 0, 0, 0)
    struct.pack_into("<3f", head, 108, len(head), grid.slope, grid.intercept)
    struct.pack_into("<b", head, 123, 2)
    if grid.window is not None:
        center, width = grid.window
        struct.pack_into("<2f", head, 124, center + width / 2, center - width / 2)
    if grid.axes is not None and grid.origin is not None:
        struct.pack_into("<2h", head, 252, 0, 1)
        form = _TO_LPS @ np.column_stack([grid.axes, grid.origin])
        struct.pack_into("<12f", head, 280, *form.reshape(-1).tolist())
    head[344:348] = b"n+1\x00"
    little = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
    # libdeflate takes a third of the time of zlib for voxels, and writes no time stamp.
    return bytes(imagecodecs.gzip_encode(bytes(head) + little.tobytes(), level=1))
