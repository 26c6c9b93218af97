"""Cutting regions out of pictures, and the digest that names an array."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

MaskMode = Literal["zero", "mean", "min"]


def bounding_box(mask: NDArray[Any]) -> tuple[int, int, int, int]:
    """Return the smallest box that holds every true pixel.

    Parameters
    ----------
    mask : ndarray, shape (H, W)
        Zero is outside.

    Returns
    -------
    top, left, bottom, right : int
        Pixel indices; bottom and right are exclusive.

    Raises
    ------
    ValueError
        When the mask is not two-dimensional or has no true pixel.

    Examples
    --------
    >>> bounding_box(np.array([[0, 0, 0], [0, 1, 1]]))
    (1, 1, 2, 3)
    """
    inside = _checked(mask)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def crop(image: NDArray[Any], mask: NDArray[Any], margin: int = 0) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return copies of picture and mask, cut to the region's box.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, C)
    mask : ndarray, shape (H, W)
    margin : int
        Pixels kept around the box, as far as the picture reaches.

    Returns
    -------
    image : ndarray, shape (h, w) or (h, w, C)
    mask : ndarray of bool, shape (h, w)

    Raises
    ------
    ValueError
        For an empty mask, sizes that differ, or a negative margin.
    """
    inside = _checked(mask)
    _check_same_size(image, inside)
    if margin < 0:
        raise ValueError(f"margin is {margin}; give zero or more pixels.")
    top, left, bottom, right = bounding_box(inside)
    rows = slice(max(0, top - margin), bottom + margin)
    columns = slice(max(0, left - margin), right + margin)
    return image[rows, columns].copy(), inside[rows, columns].copy()


def mask_out(image: NDArray[Any], mask: NDArray[Any], mode: MaskMode = "zero") -> NDArray[Any]:
    """Return a copy in which everything outside the mask has one value.

    Parameters
    ----------
    image : ndarray, shape (H, W)
    mask : ndarray, shape (H, W)
    mode : {"zero", "mean", "min"}
        Zero, or the mean (cast to the picture's type) or smallest value inside the mask.

    Raises
    ------
    ValueError
        For an unknown mode, an empty mask or sizes that differ.
    """
    inside = _checked(mask)
    _check_same_size(image, inside)
    if mode not in get_args(MaskMode):
        raise ValueError(f"mode is {mode!r}; choose one of {', '.join(get_args(MaskMode))}.")
    fill: Any = 0
    if mode == "mean":
        fill = image[inside].mean()
    elif mode == "min":
        fill = image[inside].min()
    out = image.copy()
    out[~inside] = np.asarray(fill).astype(image.dtype)
    return out


def digest(array: NDArray[Any]) -> str:
    """Return the SHA-256 (hex) of number type, shape and values of an array.

    Byte order and memory layout do not matter: an array and its big-endian or transposed-back copy agree.

    Raises
    ------
    ValueError
        For arrays of Python objects, whose bytes are addresses.

    Examples
    --------
    >>> a = np.arange(6, dtype=np.int16).reshape(2, 3)
    >>> digest(a) == digest(a.astype(">i2")), digest(a) == digest(a.reshape(3, 2))
    (True, False)
    """
    source = np.asarray(array)
    if source.dtype.hasobject:
        raise ValueError("An array of Python objects has no digest; convert it to numbers first.")
    little = np.ascontiguousarray(source).astype(source.dtype.newbyteorder("<"), copy=False)
    name = f"{little.dtype.str}|{source.shape}|".encode()
    return hashlib.sha256(name + little.tobytes()).hexdigest()


def _checked(mask: NDArray[Any]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = np.asarray(mask) != 0
    if inside.ndim != 2:
        raise ValueError(f"A mask has two dimensions, this one has shape {inside.shape}.")
    if not inside.any():
        raise ValueError("The mask is empty; draw a region that covers at least one pixel.")
    return inside


def _check_same_size(image: NDArray[Any], mask: NDArray[np.bool_]) -> None:
    if image.shape[:2] != mask.shape:
        raise ValueError(
            f"Picture {image.shape[:2]} and mask {mask.shape} differ in size; draw it on this frame."
        )
