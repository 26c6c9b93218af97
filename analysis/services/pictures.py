"""Pictures of the steps of an analysis, as PNG in the blob store."""

from typing import Any

import cv2
import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from analysis.core.preprocess import denoise, normalise, shrink, to_grey
from analysis.loading import Picture
from cases import blobs
from cases.imaging.render import window_to_uint8
from cases.models import Frame

MAX_SIDE = 768
"""Longer side of a stored picture in pixels: wider than any place it is shown in."""


def steps(subject: Picture, frame: Frame) -> list[dict[str, Any]]:
    """Make and store the four pictures "before", "grey", "denoised" and "normalised".

    Returns
    -------
    list of dict
        name, digest, rows, columns, caption; in the order they are made.
    """
    grey = shrink(to_grey(subject.pixels), MAX_SIDE)
    smooth = denoise(grey, "median")
    even = normalise(smooth, "percentile")
    shown = [
        ("before", _before(subject, frame), _("Before: as the viewer opens it")),
        (
            "grey",
            _stretched(grey, frame),
            _("Grey levels, lowest to highest value; features are measured on these"),
        ),
        ("denoised", _stretched(smooth, frame), _("Denoised by a 3 × 3 median")),
        (
            "normalised",
            _turned(even, frame),
            _("Normalised from the 1st to the 99th percentile, as classifiers compare it"),
        ),
    ]
    return [
        {
            "name": name,
            "digest": blobs.put(png(pixels)),
            "rows": int(pixels.shape[0]),
            "columns": int(pixels.shape[1]),
            "caption": caption,
        }
        for name, pixels, caption in shown
    ]


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode (H, W) grey or (H, W, 3) RGB as PNG."""
    bgr = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, ::-1])
    done, data = cv2.imencode(".png", bgr)
    if not done:
        raise ValueError("The picture could not be written as PNG.")
    return bytes(data.tobytes())


def _before(subject: Picture, frame: Frame) -> NDArray[np.uint8]:
    pixels = subject.pixels
    if pixels.ndim == 2:
        pixels = window_to_uint8(
            pixels,
            slope=frame.slope,
            intercept=frame.intercept,
            center=frame.window_center,
            width=frame.window_width,
            invert=frame.invert,
            function=frame.voi_function,
        )
    longest = max(pixels.shape[:2])
    if longest <= MAX_SIDE:
        return pixels.astype(np.uint8, copy=False)
    factor = MAX_SIDE / longest
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _stretched(grey: NDArray[np.float32], frame: Frame) -> NDArray[np.uint8]:
    return _turned(normalise(grey, "minmax"), frame)


def _turned(unit: NDArray[np.float32], frame: Frame) -> NDArray[np.uint8]:
    levels = np.rint(unit * 255.0).astype(np.uint8)
    return 255 - levels if frame.invert and frame.samples == 1 else levels
