"""The baseline every other set must beat: a few numbers on grey levels, Canny edges and the Laplacian."""

from __future__ import annotations

import cv2
import numpy as np

from analysis.core.features.base import Family, FeatureSpec, Region
from analysis.core.features.edges import canny

_FEATURES = (
    FeatureSpec("grey_mean", "grey", "", "Mean grey level"),
    FeatureSpec("grey_std", "grey", "", "Standard deviation of grey levels"),
    FeatureSpec("edge_density", "", "", "Share of pixels on a Canny edge"),
    FeatureSpec("laplacian_mean", "grey", "", "Mean Laplacian"),
    FeatureSpec("laplacian_std", "grey", "", "Standard deviation of the Laplacian"),
)


def measure(region: Region) -> dict[str, float]:
    """Return the five baseline numbers."""
    laplacian = cv2.Laplacian(region.image, cv2.CV_32F, ksize=1)[region.mask].astype(np.float64)
    return {
        "grey_mean": float(region.values.mean()),
        "grey_std": float(region.values.std()),
        "edge_density": float(canny(region)[region.mask].mean()),
        "laplacian_mean": float(laplacian.mean()),
        "laplacian_std": float(laplacian.std()),
    }


FAMILY = Family(
    name="seed",
    version=1,
    function=measure,
    needs_mask=False,
    description="Baseline of five numbers: grey levels, Canny edges, Laplacian.",
    features=_FEATURES,
)
