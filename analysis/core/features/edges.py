"""Edge features: how strong, how dense and how ordered the edges of a region are."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.core.features.base import Family, FeatureSpec, Region, entropy, ratio, to_uint8

ORIENTATION_BINS = 18
CANNY_LOW, CANNY_HIGH = 50.0, 150.0

_FEATURES = (
    FeatureSpec("sobel_mean", "grey/pixel", "", "Mean gradient magnitude (Sobel 3x3)"),
    FeatureSpec("sobel_std", "grey/pixel", "", "Standard deviation of the gradient magnitude"),
    FeatureSpec("sobel_p90", "grey/pixel", "", "90th percentile of the gradient magnitude"),
    FeatureSpec("sobel_max", "grey/pixel", "", "Largest gradient magnitude"),
    FeatureSpec("canny_density", "", "", "Share of pixels on a Canny edge"),
    FeatureSpec("orientation_entropy", "bit", "", "Entropy of gradient directions, weighted by magnitude"),
    FeatureSpec("coherence", "", "", "How much all gradients share one direction, 0 (none) to 1 (all)"),
    FeatureSpec("laplacian_variance", "grey²", "", "Variance of the Laplacian, a measure of sharpness"),
    FeatureSpec("laplacian_mean_abs", "grey", "", "Mean absolute Laplacian"),
)


def canny(region: Region) -> NDArray[np.bool_]:
    """Return the Canny edge map, bool of shape (H, W), of the picture scaled to 8 bits by its own range.

    Canny 1986, DOI 10.1109/TPAMI.1986.4767851; thresholds 50 and 150 of 255.
    """
    return cv2.Canny(to_uint8(region.image, region.values), CANNY_LOW, CANNY_HIGH) > 0


def measure(region: Region) -> dict[str, float]:
    """Return edge features; gradients are per pixel (Sobel sums divided by 8)."""
    dx = cv2.Sobel(region.image, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)[region.mask].astype(np.float64)
    dy = cv2.Sobel(region.image, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)[region.mask].astype(np.float64)
    laplacian = cv2.Laplacian(region.image, cv2.CV_32F, ksize=1)[region.mask].astype(np.float64)
    magnitude = np.hypot(dx, dy)
    total = float(magnitude.sum())
    xx, yy, xy = float(dx @ dx), float(dy @ dy), float(dx @ dy)
    # Directions are undirected (a bright-to-dark edge is the same edge backwards), hence the half turn.
    turn = np.mod(np.arctan2(dy, dx), np.pi) / np.pi * ORIENTATION_BINS
    bins = np.minimum(turn.astype(np.intp), ORIENTATION_BINS - 1)
    weights = np.bincount(bins, weights=magnitude, minlength=ORIENTATION_BINS)
    return {
        "sobel_mean": float(magnitude.mean()),
        "sobel_std": float(magnitude.std()),
        "sobel_p90": float(np.percentile(magnitude, 90)),
        "sobel_max": float(magnitude.max()),
        "canny_density": float(canny(region)[region.mask].mean()),
        "orientation_entropy": entropy(weights / total) if total > 0 else float("nan"),
        "coherence": ratio(float(np.hypot(xx - yy, 2.0 * xy)), xx + yy),
        "laplacian_variance": float(laplacian.var()),
        "laplacian_mean_abs": float(np.abs(laplacian).mean()),
    }


FAMILY = Family(
    name="edges",
    version=1,
    function=measure,
    needs_mask=False,
    description="How strong, dense and ordered the edges are (Sobel, Canny, Laplacian).",
    features=_FEATURES,
)
