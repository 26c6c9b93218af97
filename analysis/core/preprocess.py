"""Preparing pixels for measurement: grey conversion, denoising, normalisation, lossless packing.

Every step is a function from one array to a new one, so that a page can show the picture before and after.
"""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

Denoise = Literal["none", "median", "bilateral", "nlm", "gaussian"]
Normalise = Literal["none", "zscore", "percentile", "minmax", "clahe"]
Float32Image = NDArray[np.float32]

# Part of every settings digest: raised when a step changes its numbers, so that stored rows are recomputed.
PREPROCESS_VERSION = 1

_UINT16_TOP = 65535.0
_PACK_MAGIC = b"MWZ1"
_PLAIN, _DELTA = b"P", b"D"


@dataclass(frozen=True, slots=True)
class PreprocessSettings:
    """What is done to a picture before features are measured.

    Parameters
    ----------
    denoise : {"none", "median", "bilateral", "nlm", "gaussian"}
        Noise filter, see :func:`denoise`.
    normalise : {"none", "zscore", "percentile", "minmax", "clahe"}
        Grey-level normalisation, see :func:`normalise`.
    max_side : int or None
        Longer side in pixels above which the picture is shrunk (area averaging); ``None`` keeps every pixel.

    Raises
    ------
    ValueError
        For an unknown method or a ``max_side`` below 8.
    """

    denoise: Denoise = "none"
    normalise: Normalise = "none"
    max_side: int | None = None

    def __post_init__(self) -> None:
        _check_choice("denoise", self.denoise, get_args(Denoise))
        _check_choice("normalise", self.normalise, get_args(Normalise))
        if self.max_side is not None and self.max_side < 8:
            raise ValueError(
                f"max_side is {self.max_side}; choose 8 pixels or more, or None to keep the size."
            )

    def digest(self) -> str:
        """Return the SHA-256 (hex) of these settings and the version of this module.

        Examples
        --------
        >>> PreprocessSettings().digest() == PreprocessSettings(denoise="none").digest()
        True
        """
        return settings_digest({"version": PREPROCESS_VERSION, **asdict(self)})


def settings_digest(values: dict[str, Any]) -> str:
    """Return the SHA-256 (hex) of a JSON-serialisable dict, independent of key order."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def to_grey(pixels: NDArray[Any]) -> Float32Image:
    """Return one grey channel of a picture.

    Parameters
    ----------
    pixels : ndarray, shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)
        Any real number type; three channels are red, green, blue; a fourth (alpha) is dropped.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Colour is weighted 0.299, 0.587, 0.114 (ITU-R BT.601); the range of values is kept.

    Raises
    ------
    ValueError
        For another shape, an empty picture, or values that are not finite.

    Examples
    --------
    >>> float(to_grey(np.full((1, 1, 3), 10, np.uint8))[0, 0])
    10.0
    """
    array = np.asarray(pixels)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.size == 0:
        raise ValueError("The picture has no pixels; give at least one row and one column.")
    if array.dtype.kind not in "buif":
        raise ValueError(f"The picture holds {array.dtype} values; give real numbers.")
    if array.ndim == 2:
        grey = array.astype(np.float32)
    elif array.ndim == 3 and array.shape[2] in (3, 4):
        weights = np.array([0.299, 0.587, 0.114])
        grey = (array[:, :, :3].astype(np.float64) @ weights).astype(np.float32)
    else:
        raise ValueError(
            f"A picture of shape {array.shape} is not understood; give (rows, columns) for grey or "
            "(rows, columns, 3 or 4) for colour, one frame at a time."
        )
    if not np.isfinite(grey).all():
        raise ValueError("The picture holds values that are not finite (NaN, infinity); replace them first.")
    return grey


def denoise(image: NDArray[Any], method: Denoise) -> Float32Image:
    """Return a less noisy copy of a grey picture.

    Parameters
    ----------
    image : ndarray, shape (H, W)
        Finite grey levels.
    method : {"none", "median", "bilateral", "nlm", "gaussian"}
        3x3 median; bilateral filter (diameter 5, grey sigma a tenth of the range, Tomasi & Manduchi 1998,
        DOI 10.1109/ICCV.1998.710815); non-local means (patch 5, search 15, strength 4 % of the range,
        Buades et al. 2005, DOI 10.1109/CVPR.2005.38); Gaussian with sigma 1 pixel.

    Returns
    -------
    ndarray of float32, shape (H, W)

    Raises
    ------
    ValueError
        For an unknown method or a picture that is not two-dimensional.
    """
    _check_choice("denoise", method, get_args(Denoise))
    source = _grey(image)
    if method == "median":
        return cv2.medianBlur(source, 3).astype(np.float32, copy=False)
    if method == "gaussian":
        return cv2.GaussianBlur(source, (0, 0), 1.0).astype(np.float32, copy=False)
    low, high = float(source.min()), float(source.max())
    if method == "none" or high == low:
        return source
    if method == "bilateral":
        out = cv2.bilateralFilter(source, 5, sigmaColor=0.1 * (high - low), sigmaSpace=2.0)
        return out.astype(np.float32, copy=False)
    # OpenCV's non-local means takes integers only: 16 bits keep a 12-bit scan to a sixteenth of a level.
    smooth = cv2.fastNlMeansDenoising(
        _to_uint16(source, low, high),
        h=[0.04 * _UINT16_TOP],
        templateWindowSize=5,
        searchWindowSize=15,
        normType=cv2.NORM_L1,
    )
    return (smooth.astype(np.float64) / _UINT16_TOP * (high - low) + low).astype(np.float32)


def normalise(image: NDArray[Any], method: Normalise) -> Float32Image:
    """Return a copy of a grey picture on a common scale.

    Parameters
    ----------
    image : ndarray, shape (H, W)
        Finite grey levels.
    method : {"none", "zscore", "percentile", "minmax", "clahe"}
        "zscore": mean 0, standard deviation 1. "percentile": 1st to 99th percentile to 0..1, clipped.
        "minmax": smallest to largest value to 0..1. "clahe": contrast-limited adaptive histogram equalisation
        (limit 2, 8x8 tiles, Zuiderveld 1994, ISBN 0-12-336155-9), 0..1.

    Returns
    -------
    ndarray of float32, shape (H, W)
        All zeros when the picture is constant (except for "none").

    Raises
    ------
    ValueError
        For an unknown method or a picture that is not two-dimensional.

    Examples
    --------
    >>> normalise(np.array([[2, 4], [6, 10]]), "minmax").tolist()
    [[0.0, 0.25], [0.5, 1.0]]
    """
    _check_choice("normalise", method, get_args(Normalise))
    source = _grey(image)
    if method == "none":
        return source
    wide = source.astype(np.float64)
    low, high = float(wide.min()), float(wide.max())
    if high == low:
        return np.zeros_like(source)
    if method == "zscore":
        standard: Float32Image = ((wide - wide.mean()) / wide.std()).astype(np.float32)
        return standard
    if method == "clahe":
        equalised = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(_to_uint16(source, low, high))
        scaled: Float32Image = (equalised / _UINT16_TOP).astype(np.float32)
        return scaled
    if method == "percentile":
        p1, p99 = (float(p) for p in np.percentile(wide, (1, 99)))
        # A picture that is nearly all background has equal percentiles: only its extremes are left.
        if p99 > p1:
            low, high = p1, p99
    return np.clip((wide - low) / (high - low), 0.0, 1.0).astype(np.float32)


def shrink(image: NDArray[Any], max_side: int | None) -> Float32Image:
    """Return the picture with its longer side at most `max_side` pixels (area averaging, never enlarged)."""
    source = _grey(image)
    size = shrunk_shape(source.shape[0], source.shape[1], max_side)
    if size == source.shape:
        return source
    return cv2.resize(source, (size[1], size[0]), interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def shrunk_shape(rows: int, columns: int, max_side: int | None) -> tuple[int, int]:
    """Return (rows, columns) after :func:`shrink`.

    Examples
    --------
    >>> shrunk_shape(1000, 500, 100)
    (100, 50)
    """
    longest = max(rows, columns)
    if max_side is None or longest <= max_side:
        return rows, columns
    factor = max_side / longest
    return max(1, round(rows * factor)), max(1, round(columns * factor))


def prepare(
    pixels: NDArray[Any], *, slope: float = 1.0, intercept: float = 0.0, settings: PreprocessSettings
) -> Float32Image:
    """Return the picture as features see it: grey, rescaled, shrunk, denoised, normalised, in this order.

    Parameters
    ----------
    pixels : ndarray, shape (H, W), (H, W, 3) or (H, W, 4)
        Stored pixel values.
    slope, intercept : float
        Rescale slope and intercept of this frame (DICOM PS3.3 C.7.6.16.2.9):
        value = stored * slope + intercept.
    settings : PreprocessSettings

    Returns
    -------
    ndarray of float32, shape (h, w)

    Raises
    ------
    ValueError
        As :func:`to_grey`; also for a slope of zero or one that is not finite.
    """
    if not np.isfinite(slope) or not np.isfinite(intercept) or slope == 0:
        raise ValueError(f"Rescale slope {slope} and intercept {intercept} must be finite, the slope not 0.")
    grey = to_grey(pixels)
    if slope != 1.0 or intercept != 0.0:
        grey = (grey.astype(np.float64) * slope + intercept).astype(np.float32)
    return normalise(denoise(shrink(grey, settings.max_side), settings.denoise), settings.normalise)


def compress(array: NDArray[Any]) -> tuple[bytes, float]:
    """Pack an array without loss; :func:`decompress` gives it back bit for bit.

    Parameters
    ----------
    array : ndarray
        Any shape of booleans, integers or floats. Integers are stored as differences along the last axis,
        which is what makes smooth scans small; floats as they are.

    Returns
    -------
    packed : bytes
    ratio : float
        Bytes of the array divided by packed bytes; above 1 means smaller.

    Raises
    ------
    ValueError
        For an empty array or another number type.

    Examples
    --------
    >>> packed, ratio = compress(np.zeros((64, 64), np.uint16))
    >>> ratio > 50, bool(decompress(packed).any())
    (True, False)
    """
    source = np.asarray(array)
    if source.size == 0 or source.dtype.kind not in "buif":
        raise ValueError(f"Cannot pack shape {source.shape} of {source.dtype}; give numbers, at least one.")
    delta = source.dtype.kind in "ui" and source.ndim > 0
    if delta:
        stored = source.copy()
        # Differences wrap around in the array's own type, and the running sum wraps back: nothing is lost.
        stored[..., 1:] = source[..., 1:] - source[..., :-1]
    else:
        stored = source
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(stored).reshape(source.shape), allow_pickle=False)
    packed = _PACK_MAGIC + (_DELTA if delta else _PLAIN) + zlib.compress(buffer.getvalue(), 6)
    return packed, source.nbytes / len(packed)


def decompress(packed: bytes) -> NDArray[Any]:
    """Return the array that :func:`compress` packed; ValueError when the bytes are not such a pack."""
    mode = packed[4:5]
    if packed[:4] != _PACK_MAGIC or mode not in (_PLAIN, _DELTA):
        raise ValueError("These bytes were not packed by compress(); give its first return value unchanged.")
    try:
        raw = zlib.decompress(packed[5:])
    except zlib.error as error:
        raise ValueError(f"The packed array is damaged ({error}); pack it again from the source.") from error
    array: NDArray[Any] = np.load(io.BytesIO(raw), allow_pickle=False)
    if mode == _DELTA:
        # The sum comes out in the machine's byte order, whatever order was stored.
        return np.cumsum(array, axis=-1, dtype=array.dtype).astype(array.dtype, copy=False)
    return array


def _grey(image: NDArray[Any]) -> Float32Image:
    array = np.asarray(image)
    if array.ndim != 2:
        raise ValueError(f"A grey picture has two dimensions, this one {array.shape}; call to_grey() first.")
    return np.ascontiguousarray(array, dtype=np.float32).copy()


def _to_uint16(source: Float32Image, low: float, high: float) -> NDArray[np.uint16]:
    scaled = (source.astype(np.float64) - low) / (high - low) * _UINT16_TOP
    return np.rint(scaled).astype(np.uint16)


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; choose one of {', '.join(allowed)}.")
