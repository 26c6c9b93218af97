"""What the three formats of volumes have in common: a grid of values and where it lies in the patient."""

from __future__ import annotations

import bz2
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import Refused
from .reader import LIMITS, ReadLimits

_PERPENDICULAR = 1e-3
_CHUNK = 1 << 20
# Axes of the patient (left, posterior, superior) that run to the right and downwards on the screen, by the
# axis along which the slices are stacked; -1 turns one round: the head is on top.
_SCREEN = {2: ((0, 1), (1, 1)), 1: ((0, 1), (2, -1)), 0: ((1, 1), (2, -1))}


@dataclass(frozen=True, eq=False)
class Grid:
    """A volume as read from its file.

    Attributes
    ----------
    values : ndarray
        ``(K, J, I)``, or ``(K, J, I, 3)`` uint8 RGB; the first axis of the file is the last here.
    axes : ndarray or None
        ``(3, 3)``, millimetres; column n is the step along file axis n (I, J, K) in patient coordinates,
        to the left, to the back and to the head (DICOM PS3.3 C.7.6.2.1.1). ``None`` when unknown.
    origin : ndarray or None
        Centre of the first voxel, millimetres.
    spacing : tuple of float or None
        Millimetres between voxels along I, J and K; ``None`` when unknown.
    slope, intercept : float
        Value times `slope` plus `intercept` is what was measured.
    window : tuple of float or None
        Centre and width in measured units that the file asks for.
    dropped : dict of str to int
        Texts that were not read, by the kind of their place and never by what they say.
    notes : tuple of str
        ``"first-volume"`` when the file holds several, ``"orientation-unknown"``.
    """

    values: NDArray[Any]
    axes: NDArray[np.float64] | None = None
    origin: NDArray[np.float64] | None = None
    spacing: tuple[float, float, float] | None = None
    slope: float = 1.0
    intercept: float = 0.0
    window: tuple[float, float] | None = None
    dropped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def bad_volume(reason: str) -> Refused:
    """A refusal of a damaged volume; `reason` is one of our own sentences."""
    return Refused("bad-volume", f"{reason} Export the volume again, then upload.")


def volume_elsewhere() -> Refused:
    """A refusal of a header whose voxels lie in another file, which nobody here opens."""
    return Refused(
        "volume-elsewhere",
        "This is only the header of a volume; its voxels lie in another file. Save it as one file (.nii, "
        ".nrrd or .mha), then upload that.",
    )


def voxel_count(sizes: Sequence[int], itemsize: int, *, limits: ReadLimits = LIMITS) -> int:
    """Check what a header declares before anything is reserved for it.

    Parameters
    ----------
    sizes : sequence of int
        Along all axes of the file.
    itemsize : int
        Bytes of one voxel.

    Returns
    -------
    int
        Voxels in all.

    Raises
    ------
    Refused
        ``bad-volume`` or ``too-large``.
    """
    if not sizes or any(size < 1 for size in sizes):
        raise bad_volume("The header declares a volume without any voxels.")
    count = math.prod(sizes)
    if count * itemsize > limits.pixel_bytes or max(sizes[:2]) > limits.side or max(sizes) > limits.side:
        raise Refused(
            "too-large", f"The volume holds more than {limits.pixel_bytes >> 20} MiB. Upload a part of it."
        )
    if len(sizes) > 2 and sizes[2] > limits.frames:
        raise Refused("too-large", f"The volume has more than {limits.frames} slices. Upload a part of it.")
    return count


def taken(data: bytes, start: int, size: int) -> memoryview:
    """`size` bytes from `start`, not copied.

    Raises
    ------
    Refused
        ``truncated`` when the file is shorter.
    """
    if start < 0 or start + size > len(data):
        raise Refused(
            "truncated", "The file ends before the volume does. Copy or export it again, then upload."
        )
    return memoryview(data)[start : start + size]


def inflated(data: bytes, start: int, size: int, *, method: str) -> bytes:
    """Exactly `size` bytes unpacked from `start` on; never more is unpacked than that.

    Parameters
    ----------
    method : str
        ``"gzip"`` (also takes zlib) or ``"bzip2"``.
    """
    cut = Refused("truncated", "The file ends before the volume does. Copy or export it again, then upload.")
    out = bytearray()
    try:
        if method == "bzip2":
            packed = bz2.BZ2Decompressor()
            out += packed.decompress(memoryview(data)[start:], max_length=size)
        else:
            # 32: gzip or zlib, told apart by the first bytes.
            stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
            place = start
            while len(out) < size and place < len(data) and not stream.eof:
                piece = stream.unconsumed_tail + data[place : place + _CHUNK]
                place += _CHUNK
                out += stream.decompress(piece, size - len(out))
            while len(out) < size and stream.unconsumed_tail and not stream.eof:
                out += stream.decompress(stream.unconsumed_tail, size - len(out))
    except (zlib.error, OSError, ValueError, EOFError) as error:
        raise bad_volume("The voxels cannot be unpacked.") from error
    if len(out) < size:
        raise cut
    return bytes(out)


def first_volume(flat: NDArray[Any], sizes: Sequence[int], samples: int = 1) -> tuple[NDArray[Any], bool]:
    """The first three-dimensional part of the values of a file, and whether there was more.

    Parameters
    ----------
    flat : ndarray
        All values, the samples of a voxel together and the first axis fastest.
    sizes : sequence of int
        Along the axes of the file, at least one.
    samples : int
        3 for colour.

    Returns
    -------
    tuple of ndarray and bool
        ``(K, J, I)`` or ``(K, J, I, 3)``.
    """
    columns, rows, depth = (*sizes, 1, 1)[:3]
    shape = (depth, rows, columns) if samples == 1 else (depth, rows, columns, samples)
    return flat[: math.prod(shape)].reshape(shape), math.prod(sizes[3:]) > 1


def placed(grid: Grid) -> Grid:
    """The grid with its geometry checked: an impossible one is dropped and noted, the voxels stay.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    Grid
        With `axes` and `origin` both known or both ``None``, and `spacing` in agreement with them.
    """
    axes, origin, spacing = grid.axes, grid.origin, grid.spacing
    if axes is not None and origin is not None and np.isfinite(axes).all() and np.isfinite(origin).all():
        lengths = np.linalg.norm(axes, axis=0)
        if (lengths > 1e-6).all() and (lengths < 1e6).all() and np.abs(origin).max() < 1e7:
            unit = axes / lengths
            if abs(float(unit[:, 0] @ unit[:, 1])) < _PERPENDICULAR and abs(np.linalg.det(unit)) > 1e-3:
                steps = (float(lengths[0]), float(lengths[1]), float(lengths[2]))
                return replace(grid, axes=axes, origin=origin, spacing=steps)
    if spacing is not None and not all(math.isfinite(step) and 1e-6 < step < 1e6 for step in spacing):
        spacing = None
    notes = (*grid.notes, "orientation-unknown")
    return replace(grid, axes=None, origin=None, spacing=spacing, notes=notes)


def for_the_screen(grid: Grid) -> Grid:
    """Turn and mirror the slices so that they lie as radiologists look at them; places move along.

    Slices stay slices: only rows and columns are exchanged or reversed. Axial ones have the front on top and
    the patient's right on the left; others have the head on top. A grid of unknown orientation is returned as
    it is.
    """
    if grid.axes is None or grid.origin is None:
        return grid
    values, axes, origin = grid.values, grid.axes.copy(), grid.origin.copy()
    unit = axes / np.linalg.norm(axes, axis=0)
    (across, right), (down, below) = _SCREEN[int(np.argmax(np.abs(unit[:, 2])))]
    straight = abs(unit[across, 0]) + abs(unit[down, 1])
    crossed = abs(unit[across, 1]) + abs(unit[down, 0])
    if crossed > straight + 1e-9:
        values = np.swapaxes(values, 1, 2)
        axes = axes[:, [1, 0, 2]]
    for axis, (towards, sign) in enumerate(((across, right), (down, below))):
        if axes[towards, axis] * sign < 0:
            place = 2 - axis
            origin = origin + axes[:, axis] * (values.shape[place] - 1)
            axes[:, axis] = -axes[:, axis]
            values = np.flip(values, place)
    return placed(replace(grid, values=values, axes=axes, origin=origin))
