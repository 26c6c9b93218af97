"""Local binary patterns: histogram of rotation-invariant uniform patterns at radius 1 and 2.

Ojala, Pietikäinen & Mäenpää 2002, DOI 10.1109/TPAMI.2002.1017623. Neighbours are pixels (no interpolation),
so that equal grey levels compare equal and the patterns do not depend on rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.core.features.base import Family, FeatureSpec, Region

POINTS = 8
BINS = POINTS + 2
# Around the centre, one turn: (row, column). At radius 2 the diagonal pixel nearest to the circle is (1, 1).
_OFFSETS = {
    1: ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)),
    2: ((0, 2), (-1, 1), (-2, 0), (-1, -1), (0, -2), (1, -1), (2, 0), (1, 1)),
}


def _meaning(radius: int, pattern: int) -> str:
    if pattern == BINS - 1:
        return f"Share of patterns with more than two changes around the circle, radius {radius}"
    return f"Share of patterns with {pattern} neighbours in a row at least as bright, radius {radius}"


_FEATURES = tuple(
    FeatureSpec(f"r{radius}_{pattern}", "", "", _meaning(radius, pattern))
    for radius in _OFFSETS
    for pattern in range(BINS)
)


def _table() -> NDArray[np.uint8]:
    """Return the bin of each of the 256 patterns: number of ones if at most two changes, else 9."""
    codes = np.arange(1 << POINTS)
    bits = (codes[:, None] >> np.arange(POINTS)) & 1
    changes = (bits != np.roll(bits, 1, axis=1)).sum(axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), BINS - 1).astype(np.uint8)


_BIN_OF = _table()


def patterns(image: NDArray[np.float32], radius: int) -> NDArray[np.uint8]:
    """Return the pattern bin (0..9) of every pixel; beyond the border the nearest pixel counts.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W)
    radius : {1, 2}

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    rows, columns = image.shape
    padded = np.pad(image, radius, mode="edge")
    code = np.zeros(image.shape, np.uint8)
    for bit, (down, right) in enumerate(_OFFSETS[radius]):
        top, left = radius + down, radius + right
        brighter = padded[top : top + rows, left : left + columns] >= image
        code |= brighter.astype(np.uint8) << np.uint8(bit)
    return _BIN_OF[code]


def measure(region: Region) -> dict[str, float]:
    """Return both histograms, each summing to 1."""
    out: dict[str, float] = {}
    for radius in _OFFSETS:
        counts = np.bincount(patterns(region.image, radius)[region.mask], minlength=BINS)
        shares = counts / counts.sum()
        out |= {f"r{radius}_{pattern}": float(shares[pattern]) for pattern in range(BINS)}
    return out


FAMILY = Family(
    name="lbp",
    version=1,
    function=measure,
    needs_mask=False,
    description="How each pixel compares with the ring around it (local binary patterns).",
    features=_FEATURES,
)
