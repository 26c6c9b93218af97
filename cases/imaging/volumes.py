"""NIfTI, NRRD and MetaImage volumes: checked, cut into slices, and written again without a word."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .errors import Refused, let_stops_pass
from .frames import DecodedFrame, to_browser
from .grids import Grid, bad_volume, for_the_screen
from .kinds import Kind
from .metaimage import read_metaimage
from .nifti import read_nifti, write_nifti
from .nrrd import read_nrrd
from .reader import LIMITS
from .render import auto_window

VOLUMES = {Kind.NIFTI: read_nifti, Kind.NRRD: read_nrrd, Kind.METAIMAGE: read_metaimage}


def read_volume(data: bytes, kind: Kind) -> Grid:
    """Read a volume as radiologists look at it.

    Parameters
    ----------
    data : bytes
        The whole file, unpacked.
    kind : Kind
        One of `VOLUMES`.

    Returns
    -------
    Grid
        In the byte order of this machine; slices as the file stacks them, rows and columns turned for the
        screen. Its values are a copy.

    Raises
    ------
    Refused
        With a sentence for the person who uploaded the file.
    """
    if len(data) > LIMITS.file_bytes:
        raise Refused(
            "too-large", f"The file is larger than {LIMITS.file_bytes >> 20} MiB. Upload a smaller one."
        )
    try:
        grid = for_the_screen(VOLUMES[kind](data))
        values = np.ascontiguousarray(grid.values, dtype=grid.values.dtype.newbyteorder("="))
    except Refused:
        raise
    except MemoryError as error:
        raise Refused("too-large", "The volume is too large to be read. Upload a part of it.") from error
    except Exception as error:
        let_stops_pass(error)
        raise Refused(
            "bad-volume", "The header of the volume is damaged. Export the volume again, then upload."
        ) from error
    if values.base is not None or values is grid.values:
        values = values.copy()
    return replace(grid, values=values)


def slices(grid: Grid) -> list[DecodedFrame]:
    """Frames of a volume, one for each slice.

    Parameters
    ----------
    grid : Grid
        From `read_volume`.

    Returns
    -------
    list of DecodedFrame
        With position, orientation and spacing where the file tells them; one scale and one window for all.
    """
    return list(_slices(grid))


def _slices(grid: Grid) -> Iterator[DecodedFrame]:
    colour = grid.values.ndim == 4
    low, high = (0.0, 255.0) if colour else _span(grid)
    center, width = (127.5, 256.0) if colour else _window(grid, low, high)
    scale = (grid.slope, grid.intercept, grid.slope * low, grid.slope * high, center, width)
    if not all(math.isfinite(value) for value in scale):
        raise bad_volume("The values of the volume are too large to be shown.")
    unit = None
    if grid.axes is not None:
        unit = grid.axes / np.linalg.norm(grid.axes, axis=0)
    for number, values in enumerate(grid.values):
        pixels, step, start = (values, 1.0, 0.0) if colour else to_browser(values, low, high)
        position = orientation = None
        if unit is not None and grid.axes is not None and grid.origin is not None:
            position = tuple((grid.origin + number * grid.axes[:, 2]).tolist())
            orientation = (*unit[:, 0].tolist(), *unit[:, 1].tolist())
        yield DecodedFrame(
            pixels=np.ascontiguousarray(pixels),
            slope=grid.slope * step,
            intercept=grid.intercept + grid.slope * start,
            window_center=center,
            window_width=width,
            invert=False,
            pixel_spacing=(grid.spacing[1], grid.spacing[0]) if grid.spacing else None,
            position=position,
            orientation=orientation,
            slice_location=None,
            thickness=grid.spacing[2] if grid.spacing else None,
            unit="",
            frame_number=number + 1,
        )


def _span(grid: Grid) -> tuple[float, float]:
    """Lowest and highest finite value, slice by slice: a copy of a large volume would double its memory."""
    lows, highs = [], []
    for values in grid.values:
        finite = values[np.isfinite(values)] if np.issubdtype(values.dtype, np.floating) else values
        if finite.size:
            lows.append(float(finite.min()))
            highs.append(float(finite.max()))
    return (min(lows), max(highs)) if lows else (0.0, 0.0)


def _window(grid: Grid, low: float, high: float) -> tuple[float, float]:
    if grid.window is not None:
        return grid.window
    # The middle slice and its neighbours stand for all: the outer ones are often empty.
    depth = len(grid.values)
    middle = grid.values[depth // 4 : depth - depth // 4]
    step = max(1, len(middle) // 16)
    pixels, scale, start = to_browser(middle[::step], low, high)
    inside = pixels[pixels > pixels.min()]
    # Much of the lowest value is what lies outside of the body or of the scanner's circle.
    center, width = auto_window(inside if pixels.size / 20 < inside.size < pixels.size * 0.95 else pixels)
    slope, intercept = grid.slope * scale, grid.intercept + grid.slope * start
    center, width = center * slope + intercept, abs(width * slope)
    return (center, max(width, 1e-6)) if math.isfinite(center) and math.isfinite(width) else (0.0, 1.0)


def write_volume(grid: Grid) -> bytes:
    """The stored form: gzipped NIfTI-1 without any text; see `nifti.write_nifti`."""
    return write_nifti(grid)
