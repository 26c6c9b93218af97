"""A small histogram of oriented gradients: coarse layout of edges, for telling pictures apart.

Dalal & Triggs 2005, DOI 10.1109/CVPR.2005.177: 64x64 pixels, cells of 16, blocks of 2x2 cells, 9 directions,
L2 norm with clipping at 0.2.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.core.features.base import Family, FeatureSpec, Region

SIDE, CELL, BLOCK, DIRECTIONS = 64, 16, 2, 9
CELLS = SIDE // CELL
BLOCKS = CELLS - BLOCK + 1
LENGTH = BLOCKS * BLOCKS * BLOCK * BLOCK * DIRECTIONS
_EPSILON = 1e-6

_FEATURES = tuple(
    FeatureSpec(
        f"b{row}{column}_c{cell}_d{direction}",
        "",
        "",
        f"Edges at {direction * 20 + 10} degrees, block row {row + 1} column {column + 1}, cell {cell + 1}",
    )
    for row in range(BLOCKS)
    for column in range(BLOCKS)
    for cell in range(BLOCK * BLOCK)
    for direction in range(DIRECTIONS)
)


def descriptor(image: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the descriptor of a grey picture, whatever its size.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W)

    Returns
    -------
    ndarray of float64, shape (324,)
        Values 0..1; all zero for a constant picture.
    """
    small = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    dx = cv2.Sobel(small, cv2.CV_32F, 1, 0, ksize=1).astype(np.float64)
    dy = cv2.Sobel(small, cv2.CV_32F, 0, 1, ksize=1).astype(np.float64)
    magnitude = np.hypot(dx, dy)
    # Votes are shared between the two nearest directions, or a slight turn would move a whole vote.
    place = np.mod(np.arctan2(dy, dx), np.pi) / np.pi * DIRECTIONS - 0.5
    lower = np.floor(place)
    share = place - lower
    cell = np.arange(SIDE) // CELL
    base = (cell[:, None] * CELLS + cell[None, :]) * DIRECTIONS
    votes = np.zeros(CELLS * CELLS * DIRECTIONS)
    for offset, weight in ((0, 1.0 - share), (1, share)):
        index = base + (lower.astype(np.intp) + offset) % DIRECTIONS
        votes += np.bincount(index.ravel(), weights=(weight * magnitude).ravel(), minlength=votes.size)
    cells = votes.reshape(CELLS, CELLS, DIRECTIONS)
    blocks = [
        cells[row : row + BLOCK, column : column + BLOCK].ravel()
        for row in range(BLOCKS)
        for column in range(BLOCKS)
    ]
    return np.concatenate([_normalised(block) for block in blocks])


def measure(region: Region) -> dict[str, float]:
    """Return the descriptor of the region's box by name."""
    return {spec.name: float(v) for spec, v in zip(_FEATURES, descriptor(region.image), strict=True)}


def _normalised(block: NDArray[np.float64]) -> NDArray[np.float64]:
    top = float(block.max())
    if top <= _EPSILON * _EPSILON:
        return np.zeros_like(block)
    # Divided by the largest vote first: the constant that guards the norm must not depend on the grey scale.
    scaled = block / top
    once = scaled / np.sqrt((scaled**2).sum() + _EPSILON)
    clipped = np.minimum(once, 0.2)
    twice: NDArray[np.float64] = clipped / np.sqrt((clipped**2).sum() + _EPSILON)
    return twice


FAMILY = Family(
    name="hog",
    version=1,
    function=measure,
    needs_mask=False,
    description="Where in the picture edges run in which direction (histogram of oriented gradients).",
    features=_FEATURES,
)
