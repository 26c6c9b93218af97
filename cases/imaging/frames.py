"""Decode image objects into frames a browser can window by itself."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from isal import igzip_lib
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut

from .decoders import stored_values
from .errors import Refused
from .luts import modality_lut, voi_lut_window
from .native import plain_values
from .projections import laterality_of, sides_of, view_of
from .reader import handled, read_limits_hold, whole_number
from .render import LINEAR, VOI_FUNCTIONS, auto_window
from .values import Vector, first, numbers, text, value_of

Pixels = NDArray[Any]
# Longer ones are no unit; columns of databases end somewhere.
UNIT_LETTERS = 16
# What a browser's typed arrays and canvas take as it is.
_PLAIN = (np.uint8, np.int16, np.uint16)


@dataclass(frozen=True, eq=False)
class DecodedFrame:
    """One frame as stored values, with what is needed to show and measure it.

    Attributes
    ----------
    pixels : ndarray
        ``(H, W)`` uint8, int16 or uint16, or ``(H, W, 3)`` uint8 RGB.
    slope, intercept : float
        Stored value times `slope` plus `intercept` is in `unit`.
    window_center, window_width : float
        In `unit`, DICOM PS3.3 C.11.2.1.2; the width is at least a small positive number.
    voi_function : str
        How the window maps: ``"LINEAR"``, ``"LINEAR_EXACT"`` or ``"SIGMOID"``.
    invert : bool
        MONOCHROME1: the lowest value is shown white.
    pixel_spacing : tuple of float or None
        Millimetres between rows and between columns; ``None`` when not known.
    position : tuple of float or None
        Centre of the first pixel in millimetres, patient coordinates (x, y, z).
    orientation : tuple of float or None
        Direction cosines of a row and of a column, six numbers.
    slice_location, thickness : float or None
        Millimetres.
    unit : str
        ``"HU"``, ``"Bq/ml"`` or another name; empty when unknown.
    instance_number : int or None
        Number of the object in its series, for ordering without geometry.
    frame_number : int
        Number of the frame in its object, from 1.
    laterality, view, sides : str
        Side of the body, view and directions as `projections` reads them; empty when not known.
    uptake_factor : float or None
        Grams a millilitre for one of `unit`; see `suv`.
    """

    pixels: Pixels
    slope: float
    intercept: float
    window_center: float
    window_width: float
    invert: bool
    pixel_spacing: tuple[float, float] | None
    position: Vector | None
    orientation: Vector | None
    slice_location: float | None
    thickness: float | None
    unit: str
    instance_number: int | None = None
    frame_number: int = 1
    voi_function: str = LINEAR
    laterality: str = ""
    view: str = ""
    sides: str = ""
    uptake_factor: float | None = None


@dataclass(frozen=True)
class _Headers:
    """Where the description of one frame may stand: its own groups, the shared ones, the root."""

    per_frame: Dataset
    shared: Dataset
    root: Dataset

    def group(self, keyword: str) -> Dataset:
        """Functional group macro of the frame, else the root (PS3.3 C.7.6.16)."""
        for place in (self.per_frame, self.shared):
            items = value_of(place, keyword)
            if items:
                return items[0]
        return self.root


def _headers(ds: Dataset, index: int) -> _Headers:
    shared = value_of(ds, "SharedFunctionalGroupsSequence") or []
    per_frame = value_of(ds, "PerFrameFunctionalGroupsSequence") or []
    empty = Dataset()
    own = per_frame[index] if index < len(per_frame) else empty
    return _Headers(own, shared[0] if shared else empty, ds)


def _spacing(headers: _Headers) -> tuple[float, float] | None:
    """Millimetres a pixel; the detector's own spacing where the patient's is unknown."""
    places = (
        (headers.group("PixelMeasuresSequence"), "PixelSpacing"),
        (headers.root, "ImagerPixelSpacing"),
        (headers.root, "NominalScannedPixelSpacing"),
    )
    for place, keyword in places:
        found = numbers(place, keyword)
        if len(found) == 2 and min(found) > 0:
            return found[0], found[1]
    regions = value_of(headers.root, "SequenceOfUltrasoundRegions") or []
    if len(regions) == 1 and first(regions[0], "PhysicalUnitsXDirection") == 3:
        across, down = first(regions[0], "PhysicalDeltaX"), first(regions[0], "PhysicalDeltaY")
        if across and down:
            return abs(down) * 10, abs(across) * 10  # unit 3 is the centimetre
    return None


def _unit(ds: Dataset, transform: Dataset, modality: str) -> str:
    rescale_type = text(transform, "RescaleType")
    if modality == "PT":
        return {"BQML": "Bq/ml", "": ""}.get(text(ds, "Units"), text(ds, "Units"))[:UNIT_LETTERS]
    if rescale_type and rescale_type != "US":
        # Some devices write a sentence, where PS3.3 C.11.1.1.2 has terms of two to five letters.
        return rescale_type[:UNIT_LETTERS]
    return "HU" if modality == "CT" else ""


def _window(
    voi: Dataset, auto: Callable[[], tuple[float, float]], slope: float, intercept: float
) -> tuple[float, float, str]:
    """The window of the header, of its table, or the automatic one of the stored values; how it maps."""
    center, width = first(voi, "WindowCenter"), first(voi, "WindowWidth")
    if center is not None and width is not None and width >= 1e-6:
        function = text(voi, "VOILUTFunction").upper()
        return center, width, function if function in VOI_FUNCTIONS else LINEAR
    found = voi_lut_window(value_of(voi, "VOILUTSequence"))
    if found is not None:
        return *found, LINEAR
    middle, span = auto()
    return middle * slope + intercept, max(abs(span * slope), 1e-6), LINEAR


def to_browser(values: Pixels, low: float, high: float) -> tuple[Pixels, float, float]:
    """Fit any number type into int16 or uint16.

    Returns
    -------
    tuple
        Pixels, and the slope and intercept that lead back to `values`.
    """
    if values.dtype in _PLAIN:
        return values, 1.0, 0.0
    if values.dtype == np.bool_:
        return values.astype(np.uint8), 1.0, 0.0
    whole = np.issubdtype(values.dtype, np.integer)
    if whole and low >= -32768 and high <= 32767:
        return values.astype(np.int16), 1.0, 0.0
    if whole and low >= 0 and high <= 65535:
        return values.astype(np.uint16), 1.0, 0.0
    span = high - low
    step = 1.0 if whole and span <= 65535 else span / 65535.0
    if not math.isfinite(step) or step <= 0.0:
        return np.zeros(values.shape, np.uint16), 1.0, low if math.isfinite(low) else 0.0
    scaled = (np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low) - low) / step
    return np.clip(np.rint(scaled), 0, 65535).astype(np.uint16), step, low


def _to_rgb(ds: Dataset, values: Pixels, several: bool) -> Pixels | None:
    """8-bit RGB of colour pictures; ``None`` for grey ones."""
    if text(ds, "PhotometricInterpretation") == "PALETTE COLOR":
        sentence = "The colour table is damaged. Export the image again as RGB."
        try:
            values = apply_color_lut(values, ds)
        except (ValueError, AttributeError, KeyError, TypeError, IndexError) as error:
            raise Refused("bad-palette", sentence) from error
        if values.shape[-1] != 3:
            # One of the three tables is there without a value, or a fourth one with transparency.
            raise Refused("bad-palette", sentence)
        return _eight_bits(values, values.dtype.itemsize * 8)
    if values.ndim == (4 if several else 3):
        return _eight_bits(values, whole_number(ds, "BitsStored", 8))
    return None


def _eight_bits(values: Pixels, stored: int) -> Pixels:
    if values.dtype == np.uint8:
        return values
    return np.clip(values.astype(np.int64) >> max(0, stored - 8), 0, 255).astype(np.uint8)


def decode(ds: Dataset) -> list[DecodedFrame]:
    """Decode an image object.

    Parameters
    ----------
    ds : pydicom.Dataset
        As `read_dicom` or `deidentify` returns it; not changed.

    Returns
    -------
    list of DecodedFrame
        In the order of storage, at least one.

    Raises
    ------
    Refused
        When the pixels cannot be decoded.
    """
    read_limits_hold(ds)
    count = whole_number(ds, "NumberOfFrames", 1)
    values = plain_values(ds)
    if values is None:
        values = stored_values(ds)
    with handled():
        rgb = _to_rgb(ds, values, count > 1)
        return list(_Object(ds, values if rgb is None else rgb, count, colour=rgb is not None).frames())


@dataclass(frozen=True, eq=False)
class _Object:
    """What the frames of one object share."""

    ds: Dataset
    values: Pixels
    count: int
    colour: bool

    @cached_property
    def span(self) -> tuple[float, float]:
        """Lowest and highest finite value of all frames: one scale for the whole object."""
        floating = np.issubdtype(self.values.dtype, np.floating)
        finite = self.values[np.isfinite(self.values)] if floating else self.values
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)

    @cached_property
    def auto(self) -> tuple[float, float]:
        """Window of the stored values of all frames, so that a cine does not flicker."""
        padding = first(self.ds, "PixelPaddingValue")
        inside = self.values if padding is None else self.values[self.values != padding]
        return auto_window(inside if inside.size else self.values)

    @cached_property
    def number(self) -> int | None:
        found = first(self.ds, "InstanceNumber")
        return None if found is None else int(found)

    @cached_property
    def seen_from(self) -> tuple[str, str, str]:
        """Side of the body, view, and directions."""
        return laterality_of(self.ds), view_of(self.ds), sides_of(self.ds)

    def frames(self) -> Iterator[DecodedFrame]:
        for index in range(self.count):
            yield self._frame(self.values[index] if self.count > 1 else self.values, index)

    def _frame(self, values: Pixels, index: int) -> DecodedFrame:
        headers = _headers(self.ds, index)
        pixels, slope, intercept, unit = values, 1.0, 0.0, ""
        center, width, function = 127.5, 256.0, LINEAR
        if not self.colour:
            pixels, slope, intercept, center, width, function, unit = self._grey(values, headers)
        position = numbers(headers.group("PlanePositionSequence"), "ImagePositionPatient")
        orientation = numbers(headers.group("PlaneOrientationSequence"), "ImageOrientationPatient")
        return DecodedFrame(
            pixels=np.ascontiguousarray(pixels),
            slope=slope,
            intercept=intercept,
            window_center=center,
            window_width=width,
            invert=text(self.ds, "PhotometricInterpretation") == "MONOCHROME1",
            pixel_spacing=_spacing(headers),
            position=position if len(position) == 3 else None,
            orientation=orientation if len(orientation) == 6 and any(orientation) else None,
            slice_location=first(self.ds, "SliceLocation"),
            thickness=first(headers.group("PixelMeasuresSequence"), "SliceThickness"),
            unit=unit,
            instance_number=self.number,
            frame_number=index + 1,
            voi_function=function,
            laterality=self.seen_from[0],
            view=self.seen_from[1],
            sides=self.seen_from[2],
        )

    def _grey(self, values: Pixels, headers: _Headers) -> tuple[Pixels, float, float, float, float, str, str]:
        """Pixels, slope, intercept, window with its function, and unit of a grey frame."""
        voi = headers.group("FrameVOILUTSequence")
        mapped = modality_lut(value_of(self.ds, "ModalityLUTSequence"), values)
        if mapped is not None:
            grey, unit = mapped[0], mapped[1][:UNIT_LETTERS]
            return grey, 1.0, 0.0, *_window(voi, lambda: auto_window(grey), 1.0, 0.0), unit
        transform = headers.group("PixelValueTransformationSequence")
        slope = first(transform, "RescaleSlope", 1.0) or 1.0
        intercept = first(transform, "RescaleIntercept", 0.0) or 0.0
        window = _window(voi, lambda: self.auto, slope, intercept)
        plain = values.dtype in _PLAIN
        pixels, step, start = (values, 1.0, 0.0) if plain else to_browser(values, *self.span)
        unit = _unit(self.ds, transform, text(self.ds, "Modality"))
        return pixels, slope * step, intercept + slope * start, *window, unit


def pack(pixels: Pixels) -> bytes:
    """Compress pixels without loss: raw little-endian rows in gzip, without a time stamp.

    Parameters
    ----------
    pixels : ndarray
        Any shape; uint8, int16 or uint16.

    Returns
    -------
    bytes
        The same for equal pixels on machines of a kind, so that a content hash can name it.
    """
    little = np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("<"), copy=False)
    # ISA-L packs a CT slice in half of the time that libdeflate takes at its level 1, and 1 % larger. With
    # small buffers blocks end sooner, and their codes fit closer.
    packed = igzip_lib.compress(
        little.reshape(-1).view(np.uint8), 2, igzip_lib.COMP_GZIP, igzip_lib.MEM_LEVEL_SMALL
    )
    return bytes(packed)


def unpack(data: bytes, dtype: str, shape: tuple[int, ...]) -> Pixels:
    """Undo `pack`.

    Parameters
    ----------
    data : bytes
        From `pack`.
    dtype : str
        ``"uint8"``, ``"int16"`` or ``"uint16"``.
    shape : tuple of int
        Shape of the pixels.

    Raises
    ------
    ValueError
        When the data do not hold exactly that many pixels.
    """
    kind = np.dtype(dtype).newbyteorder("<")
    return np.frombuffer(gzip.decompress(data), kind).reshape(shape).astype(np.dtype(dtype), copy=True)
