"""Size and form of a drawn region in the image plane."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.core.features.base import Family, FeatureSpec, Region, ratio

_FEATURES = (
    FeatureSpec("area", "mm²", "", "Area: number of pixels times the area of a pixel"),
    FeatureSpec("perimeter", "mm", "", "Perimeter by the Cauchy-Crofton formula in four directions"),
    FeatureSpec("compactness", "", "", "4π area / perimeter²: about 1 for a disc, less for ragged forms"),
    FeatureSpec("major_axis", "mm", "", "Longer axis of the ellipse with the same second moments"),
    FeatureSpec("minor_axis", "mm", "", "Shorter axis of that ellipse"),
    FeatureSpec("eccentricity", "", "", "Eccentricity of that ellipse: 0 for a disc, towards 1 for a line"),
    FeatureSpec("elongation", "", "", "Shorter axis over longer axis"),
    FeatureSpec("equivalent_diameter", "mm", "", "Diameter of the disc with the same area"),
    FeatureSpec("feret_max", "mm", "", "Largest distance between two corners of the region"),
    FeatureSpec("solidity", "", "", "Area over area of the convex hull"),
    FeatureSpec("extent", "", "", "Area over area of the upright bounding box"),
    FeatureSpec("parts", "", "", "Number of separate parts (diagonal neighbours belong together)"),
    FeatureSpec("holes", "", "", "Number of holes"),
)
# Without a spacing lengths in millimetres are unknown, and forms of oblong pixels would be wrong as well.
_COUNTS = frozenset({"parts", "holes"})


def perimeter(mask: NDArray[np.bool_], spacing: tuple[float, float]) -> float:
    """Return the boundary length by the Cauchy-Crofton formula.

    Lines in four directions count how often they cross the boundary. A disc comes out within 1 to 2 %, an
    upright square about 5 % short, whatever its size; holes count.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
    spacing : (float, float)
        Millimetres between rows and between columns.

    Returns
    -------
    float
        Millimetres.
    """
    padded = np.pad(mask, 1)
    down, right = spacing
    crossings = (
        np.count_nonzero(padded[:, 1:] != padded[:, :-1]),
        np.count_nonzero(padded[1:, 1:] != padded[:-1, :-1]),
        np.count_nonzero(padded[1:, :] != padded[:-1, :]),
        np.count_nonzero(padded[1:, :-1] != padded[:-1, 1:]),
    )
    diagonal, slant = math.hypot(down, right), math.atan2(down, right)
    steps = (right, diagonal, down, diagonal)
    # Each direction stands for the angles nearer to it than to any other; together they make half a turn.
    turns = (slant, math.pi / 4, math.pi / 2 - slant, math.pi / 4)
    total = sum(int(n) * turn / step for n, turn, step in zip(crossings, turns, steps, strict=True))
    return 0.5 * down * right * total


def measure(region: Region) -> dict[str, float]:
    """Return shape features; millimetre features and forms are nan without a spacing."""
    mask = region.mask
    parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1
    # Background that does not reach the padded border is a hole; 4-connected, the dual of 8-connected parts.
    outside = cv2.connectedComponents(
        np.pad(~mask, 1, constant_values=True).astype(np.uint8), connectivity=4
    )[0]
    out = {spec.name: float("nan") for spec in _FEATURES}
    out |= {"parts": float(parts), "holes": float(outside - 2)}
    if region.spacing is None:
        return out
    down, right = region.spacing
    rows, columns = np.nonzero(mask)
    area = rows.size * down * right
    length = perimeter(mask, region.spacing)
    hull = _hull(mask, region.spacing)
    hull_area = _polygon_area(hull)
    apart = hull[:, None, :] - hull[None, :, :]
    box = (int(rows.max() - rows.min()) + 1) * down * (int(columns.max() - columns.min()) + 1) * right
    out |= {
        "area": area,
        "perimeter": length,
        "compactness": 4.0 * math.pi * area / length**2,
        "equivalent_diameter": math.sqrt(4.0 * area / math.pi),
        "feret_max": float(np.sqrt((apart**2).sum(axis=2).max())),
        "solidity": area / hull_area,
        "extent": area / box,
    }
    if rows.size > 1:
        covariance = np.cov(np.stack([rows * down, columns * right]))
        small, large = (max(0.0, float(v)) for v in np.linalg.eigvalsh(covariance))
        out |= {
            "major_axis": 4.0 * math.sqrt(large),
            "minor_axis": 4.0 * math.sqrt(small),
            "eccentricity": math.sqrt(max(0.0, 1.0 - small / large)),
            "elongation": ratio(math.sqrt(small), math.sqrt(large)),
        }
    return out


def _hull(mask: NDArray[np.bool_], spacing: tuple[float, float]) -> NDArray[np.float64]:
    """Return the convex hull of the pixels' corners in millimetres, shape (n, 2)."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - mask[rows, ::-1].argmax(axis=1)
    # Only the outermost pixels of each row can touch the hull: two corners on either side.
    points = np.concatenate(
        [np.stack([columns, lines], axis=1) for columns in (first, last) for lines in (rows, rows + 1)]
    )
    corners = cv2.convexHull(points.astype(np.int32)).reshape(-1, 2)
    scaled: NDArray[np.float64] = corners.astype(np.float64) * np.array([spacing[1], spacing[0]])
    return scaled


def _polygon_area(points: NDArray[np.float64]) -> float:
    x, y = points[:, 0], points[:, 1]
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


FAMILY = Family(
    name="shape",
    version=1,
    function=measure,
    needs_mask=True,
    description="Size and form of the drawn region in millimetres.",
    features=_FEATURES,
)
