"""Decode image objects into frames a browser can window by itself."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.multival import MultiValue
from pydicom.pixels import apply_color_lut, pixel_array
from pydicom.uid import UID, JPEGExtended12Bit

from .errors import Refused
from .luts import modality_lut, voi_lut_window
from .reader import handled, read_limits_hold, whole_number
from .render import auto_window

Pixels = NDArray[Any]
Vector = tuple[float, ...]


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


def numbers(ds: Dataset | None, keyword: str) -> Vector:
    """All finite numbers of an attribute; empty when absent or not numeric."""
    value = None if ds is None else _get(ds, keyword)
    if value is None or value == "":
        return ()
    values = value if isinstance(value, (MultiValue, list)) else [value]
    try:
        found = tuple(float(one) for one in values)
    except (TypeError, ValueError):
        return ()
    return found if all(math.isfinite(one) for one in found) else ()


def _get(ds: Dataset, keyword: str) -> Any:
    try:
        return ds.get(keyword)
    except (ValueError, TypeError, AttributeError, LookupError, NotImplementedError):
        return None


def _first(ds: Dataset | None, keyword: str, default: float | None = None) -> float | None:
    found = numbers(ds, keyword)
    return found[0] if found else default


def _text(ds: Dataset, keyword: str) -> str:
    value = _get(ds, keyword)
    if isinstance(value, (MultiValue, list)):
        value = value[0] if value else ""
    return str(value or "").strip()


@dataclass(frozen=True)
class _Headers:
    """Where the description of one frame may stand: its own groups, the shared ones, the root."""

    per_frame: Dataset
    shared: Dataset
    root: Dataset

    def group(self, keyword: str) -> Dataset:
        """Functional group macro of the frame, else the root (PS3.3 C.7.6.16)."""
        for place in (self.per_frame, self.shared):
            items = _get(place, keyword)
            if items:
                return items[0]
        return self.root


def _headers(ds: Dataset, index: int) -> _Headers:
    shared = _get(ds, "SharedFunctionalGroupsSequence") or []
    per_frame = _get(ds, "PerFrameFunctionalGroupsSequence") or []
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
    regions = _get(headers.root, "SequenceOfUltrasoundRegions") or []
    if len(regions) == 1 and _first(regions[0], "PhysicalUnitsXDirection") == 3:
        across, down = _first(regions[0], "PhysicalDeltaX"), _first(regions[0], "PhysicalDeltaY")
        if across and down:
            return abs(down) * 10, abs(across) * 10  # unit 3 is the centimetre
    return None


def _unit(ds: Dataset, transform: Dataset, modality: str) -> str:
    rescale_type = _text(transform, "RescaleType")
    if modality == "PT":
        return {"BQML": "Bq/ml", "": ""}.get(_text(ds, "Units"), _text(ds, "Units"))
    if rescale_type and rescale_type != "US":
        return rescale_type
    return "HU" if modality == "CT" else ""


def _window(voi: Dataset, values: Pixels, slope: float, intercept: float) -> tuple[float, float]:
    center, width = _first(voi, "WindowCenter"), _first(voi, "WindowWidth")
    if center is not None and width is not None and width >= 1e-6:
        return center, width
    found = voi_lut_window(_get(voi, "VOILUTSequence"))
    if found is not None:
        return found
    middle, span = auto_window(values)
    return middle * slope + intercept, max(abs(span * slope), 1e-6)


def to_browser(values: Pixels, low: float, high: float) -> tuple[Pixels, float, float]:
    """Fit any number type into int16 or uint16.

    Returns
    -------
    tuple
        Pixels, and the slope and intercept that lead back to `values`.
    """
    if values.dtype in (np.uint8, np.int16, np.uint16):
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


def _extended_jpeg(ds: Dataset, frames: int) -> Pixels:
    """12-bit JPEG, which none of pydicom's decoders in this installation reads."""
    decoded = [imagecodecs.jpeg_decode(f) for f in generate_frames(ds.PixelData, number_of_frames=frames)]
    stacked = np.stack(decoded) if frames > 1 else decoded[0]
    return stacked.astype(np.int16) if whole_number(ds, "PixelRepresentation", 0) else stacked


def stored_values(ds: Dataset) -> Pixels:
    """Decode all frames to one array, colour already RGB and palettes still indices.

    Parameters
    ----------
    ds : pydicom.Dataset
        Checked by `read_dicom`.

    Returns
    -------
    ndarray
        ``(H, W)``, ``(N, H, W)``, ``(H, W, 3)`` or ``(N, H, W, 3)``.

    Raises
    ------
    Refused
        ``broken-pixels`` when no decoder can read the pixels.
    """
    frames = whole_number(ds, "NumberOfFrames", 1)
    with handled():
        try:
            syntax = UID(ds.file_meta.TransferSyntaxUID)
            if syntax == JPEGExtended12Bit and whole_number(ds, "BitsStored", 8) > 8:
                values = _extended_jpeg(ds, frames)
            else:
                values = pixel_array(ds)
        except MemoryError as error:
            raise Refused("too-large", "The picture is too large to decode. Upload a smaller one.") from error
        except Exception as error:  # decoders are C libraries with errors of every kind
            raise Refused(
                "broken-pixels", "The pixels cannot be decoded. Copy or export the image again, then upload."
            ) from error
    expected = (whole_number(ds, "Rows", 0), whole_number(ds, "Columns", 0))
    start = 1 if frames > 1 else 0
    if values.shape[start : start + 2] != expected or (frames > 1 and values.shape[0] != frames):
        raise Refused(
            "bad-header", "The decoded picture has another size than its header says. Export it again."
        )
    return values


def _to_rgb(ds: Dataset, values: Pixels, several: bool) -> Pixels | None:
    """8-bit RGB of colour pictures; ``None`` for grey ones."""
    if _text(ds, "PhotometricInterpretation") == "PALETTE COLOR":
        try:
            values = apply_color_lut(values, ds)
        except (ValueError, AttributeError, KeyError, TypeError, IndexError) as error:
            raise Refused(
                "bad-palette", "The colour table is damaged. Export the image again as RGB."
            ) from error
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
    values = stored_values(ds)
    with handled():
        rgb = _to_rgb(ds, values, count > 1)
        return list(_described(ds, values if rgb is None else rgb, count, colour=rgb is not None))


def _described(ds: Dataset, values: Pixels, count: int, *, colour: bool) -> Iterator[DecodedFrame]:
    low = high = 0.0
    if not colour and values.dtype not in (np.uint8, np.int16, np.uint16, np.bool_):
        finite = values[np.isfinite(values)] if np.issubdtype(values.dtype, np.floating) else values
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    number = _first(ds, "InstanceNumber")
    for index in range(count):
        frame = values[index] if count > 1 else values
        yield _describe(
            ds, frame, _headers(ds, index), (low, high), colour, None if number is None else int(number)
        )


def _describe(
    ds: Dataset,
    values: Pixels,
    headers: _Headers,
    span: tuple[float, float],
    colour: bool,
    number: int | None,
) -> DecodedFrame:
    transform = headers.group("PixelValueTransformationSequence")
    slope, intercept, unit = 1.0, 0.0, ""
    center, width = 127.5, 256.0
    pixels = values
    if not colour:
        modality = _text(ds, "Modality")
        mapped = modality_lut(_get(ds, "ModalityLUTSequence"), values)
        if mapped is not None:
            pixels, unit = mapped
        else:
            pixels, step, start = to_browser(values, *span)
            slope = _first(transform, "RescaleSlope", 1.0) or 1.0
            intercept = _first(transform, "RescaleIntercept", 0.0) or 0.0
            intercept, slope = intercept + slope * start, slope * step
            unit = _unit(ds, transform, modality)
        center, width = _window(headers.group("FrameVOILUTSequence"), pixels, slope, intercept)
    position = numbers(headers.group("PlanePositionSequence"), "ImagePositionPatient")
    orientation = numbers(headers.group("PlaneOrientationSequence"), "ImageOrientationPatient")
    measures = headers.group("PixelMeasuresSequence")
    return DecodedFrame(
        pixels=np.ascontiguousarray(pixels),
        slope=slope,
        intercept=intercept,
        window_center=center,
        window_width=width,
        invert=_text(ds, "PhotometricInterpretation") == "MONOCHROME1",
        pixel_spacing=_spacing(headers),
        position=position if len(position) == 3 else None,
        orientation=orientation if len(orientation) == 6 and any(orientation) else None,
        slice_location=_first(ds, "SliceLocation"),
        thickness=_first(measures, "SliceThickness"),
        unit=unit,
        instance_number=number,
    )


def pack(pixels: Pixels) -> bytes:
    """Compress pixels without loss: raw little-endian rows in gzip, without a time stamp.

    Parameters
    ----------
    pixels : ndarray
        Any shape; uint8, int16 or uint16.

    Returns
    -------
    bytes
        The same for equal pixels, so that a content hash can name it.
    """
    little = np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("<"), copy=False)
    return gzip.compress(little.tobytes(), compresslevel=6, mtime=0)


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
