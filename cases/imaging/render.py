"""Windowing and previews."""

from __future__ import annotations

from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

_SAMPLE = 65536
LINEAR, LINEAR_EXACT, SIGMOID = "LINEAR", "LINEAR_EXACT", "SIGMOID"
# Defined terms of VOI LUT Function (0028,1056).
VOI_FUNCTIONS = (LINEAR, LINEAR_EXACT, SIGMOID)


class Shown(Protocol):
    """What showing needs of a frame; see `frames.DecodedFrame`."""

    @property
    def pixels(self) -> NDArray[Any]: ...
    @property
    def slope(self) -> float: ...
    @property
    def intercept(self) -> float: ...
    @property
    def window_center(self) -> float: ...
    @property
    def window_width(self) -> float: ...
    @property
    def invert(self) -> bool: ...
    @property
    def voi_function(self) -> str: ...


def _window(
    values: NDArray[np.float64], center: float, width: float, invert: bool, function: str
) -> NDArray[np.uint8]:
    if function == SIGMOID:
        # 1 / (1 + exp(-4 x)), in a form that does not overflow far from the centre.
        share = (np.tanh(2.0 * (values - center) / width) + 1.0) / 2.0
    elif function == LINEAR_EXACT or width < 1:
        share = (values - center) / width + 0.5
    elif width == 1:
        share = np.where(values <= center - 0.5, 0.0, 1.0)
    else:
        share = (values - (center - 0.5)) / (width - 1) + 0.5
    grey = np.rint(np.clip(share, 0.0, 1.0) * 255.0).astype(np.uint8)
    return 255 - grey if invert else grey


def window_to_uint8(
    pixels: NDArray[Any],
    *,
    slope: float,
    intercept: float,
    center: float,
    width: float,
    invert: bool = False,
    function: str = LINEAR,
) -> NDArray[np.uint8]:
    """Map stored values to grey levels by a window of DICOM.

    Parameters
    ----------
    pixels : ndarray
        ``(H, W)`` uint8, int16 or uint16 stored values.
    slope, intercept : float
        Rescale to the unit of the window.
    center, width : float
        Window in that unit, width > 0. Where LINEAR is not defined, below 1, it is taken as LINEAR_EXACT.
    invert : bool
        Show the lowest value white (MONOCHROME1).
    function : str
        One of `VOI_FUNCTIONS`.

    Returns
    -------
    ndarray of uint8
        Same shape, 0 to 255.

    Raises
    ------
    ValueError
        For another pixel type, another function or a width that is not positive.

    References
    ----------
    DICOM PS3.3 sections C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID) and C.11.2.1.3.2 (LINEAR_EXACT).

    Examples
    --------
    >>> window_to_uint8(np.array([[0, 2048, 4095]], np.uint16), slope=1, intercept=0, center=2048, width=4096)
    array([[  0, 128, 255]], dtype=uint8)
    """
    if not width > 0:
        raise ValueError("the window width must be positive; use auto_window() to choose one")
    if function not in VOI_FUNCTIONS:
        raise ValueError(f"the function of the window must be one of {', '.join(VOI_FUNCTIONS)}")
    if pixels.dtype not in (np.uint8, np.int16, np.uint16):
        raise ValueError("window_to_uint8() takes uint8, int16 or uint16 pixels; decode() returns these")
    if pixels.size == 0:
        return np.zeros(pixels.shape, np.uint8)
    low, high = int(pixels.min()), int(pixels.max())
    if high - low >= pixels.size:
        return _window(pixels * float(slope) + intercept, center, width, invert, function)
    # A table over the values that occur, looked up by OpenCV: a division per value instead of one per pixel,
    # and a tenth of the time that NumPy takes for looking up.
    unsigned: type[np.uint8] | type[np.uint16] = np.uint8 if pixels.dtype == np.uint8 else np.uint16
    table = np.zeros(np.iinfo(unsigned).max + 1, np.uint8)
    # What is negative lies at the end, where its bits point to when they are read without a sign.
    table[np.arange(low, high + 1)] = _window(
        np.arange(low, high + 1, dtype=np.float64) * slope + intercept, center, width, invert, function
    )
    flat: Any = np.ascontiguousarray(pixels).view(unsigned).reshape(pixels.shape[0], -1)
    return np.asarray(cv2.LUT(flat, table), np.uint8).reshape(pixels.shape)


def auto_window(values: NDArray[Any]) -> tuple[float, float]:
    """Window from the 1st to the 99th percentile.

    Parameters
    ----------
    values : ndarray
        Any shape and number type; at most 65,536 evenly spaced values are looked at.

    Returns
    -------
    tuple of float
        Centre and width (at least 1 for integers) in the unit of `values`.

    Examples
    --------
    >>> auto_window(np.full((4, 4), 7))
    (7.5, 1.0)
    """
    flat = np.asarray(values).reshape(-1)
    # An odd step does not fall onto the same column of every row.
    sample = flat[:: (flat.size // _SAMPLE) | 1] if flat.size > _SAMPLE else flat
    sample = sample[np.isfinite(sample)] if np.issubdtype(sample.dtype, np.floating) else sample
    if sample.size == 0:
        return 0.5, 1.0
    low, high = (float(edge) for edge in np.percentile(sample, (1.0, 99.0)))
    if low == high:
        low, high = float(sample.min()), float(sample.max())
    width = max(high - low, 1.0)
    return low + width / 2, width


def preview(frame: Shown, *, size: int = 256) -> bytes:
    """Small JPEG of a frame.

    Parameters
    ----------
    frame : DecodedFrame
        Grey or RGB.
    size : int
        Longest side in pixels; smaller frames are not enlarged.

    Returns
    -------
    bytes
        JPEG file, grey or RGB, quality 85.

    Raises
    ------
    ValueError
        When `size` is below 1.
    """
    if size < 1:
        raise ValueError("a preview needs a size of at least one pixel")
    pixels = frame.pixels
    height, width = pixels.shape[:2]
    scale = min(1.0, size / max(height, width))
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Down to a half every pixel has its part in the mean of its four neighbours, at a sixth of the time.
    kind = cv2.INTER_LINEAR if scale >= 0.5 else cv2.INTER_AREA
    small = pixels if scale == 1.0 else cv2.resize(pixels, target, interpolation=kind)
    if small.ndim == 2:
        small = window_to_uint8(
            small,
            slope=frame.slope,
            intercept=frame.intercept,
            center=frame.window_center,
            width=frame.window_width,
            invert=frame.invert,
            function=frame.voi_function,
        )
    else:
        small = np.ascontiguousarray(small[:, :, ::-1])  # OpenCV writes blue first
    written, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not written:
        raise ValueError("the preview could not be encoded; check the shape of the frame")
    return bytes(data)
