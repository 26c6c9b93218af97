"""The picture itself, shrunk to 16x16 pixels."""

from __future__ import annotations

import cv2
import numpy as np

from analysis.core.features.base import Family, FeatureSpec, Region

SIDE = 16

_FEATURES = tuple(
    FeatureSpec(
        f"y{row:02d}_x{column:02d}",
        "grey",
        "",
        f"Mean grey level, row {row + 1}, column {column + 1} of 16",
    )
    for row in range(SIDE)
    for column in range(SIDE)
)


def measure(region: Region) -> dict[str, float]:
    """Return the 256 mean grey levels of the region's box."""
    small = cv2.resize(region.image, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
    return {spec.name: float(v) for spec, v in zip(_FEATURES, small.ravel(), strict=True)}


FAMILY = Family(
    name="thumb",
    version=1,
    function=measure,
    needs_mask=False,
    description="The picture shrunk to 16 by 16 pixels.",
    features=_FEATURES,
)
