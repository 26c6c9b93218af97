"""What every feature family is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One feature: its name inside the family, unit, IBSI code (empty if none) and meaning."""

    name: str
    unit: str
    ibsi_code: str
    description: str


@dataclass(frozen=True)
class Region:
    """A prepared picture and the part of it that is measured.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W)
        Grey levels; pixels outside the mask are only used as neighbours of edge filters.
    mask : ndarray of bool, shape (H, W)
        At least one true pixel; all true for a whole picture.
    drawn : bool
        Whether a person or a program gave the mask; shape features of a whole picture mean nothing.
    spacing : (float, float) or None
        Millimetres between rows and between columns.
    n_bins : int
        Number of grey bins of discretised features.
    """

    image: NDArray[np.float32]
    mask: NDArray[np.bool_]
    drawn: bool
    spacing: tuple[float, float] | None
    n_bins: int = 32

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Grey levels inside the mask, sorted ascending, shape (n,)."""
        inside = self.image[self.mask].astype(np.float64)
        inside.sort()
        return inside

    @cached_property
    def levels(self) -> NDArray[np.int32]:
        """Bin of every pixel, 1..n_bins inside the mask and 0 outside, shape (H, W).

        Fixed bin number discretisation (IBSI code K15C): floor(n (x - min) / (max - min)) + 1, the maximum in
        the last bin. A region of one grey level falls in bin 1.
        """
        low, high = self.values[0], self.values[-1]
        out = np.zeros(self.image.shape, np.int32)
        if high == low:
            out[self.mask] = 1
            return out
        scaled = (self.image.astype(np.float64) - low) * (self.n_bins / (high - low))
        # Outside the mask values may lie far beyond the range: clip before the cast, which would wrap.
        np.copyto(out, np.clip(scaled, 0, self.n_bins - 1).astype(np.int32) + 1, where=self.mask)
        return out


@dataclass(frozen=True, slots=True)
class Family:
    """A group of features measured together.

    `version` is part of every settings digest: it is raised whenever a number changes.
    """

    name: str
    version: int
    function: Callable[[Region], dict[str, float]]
    needs_mask: bool
    description: str
    features: tuple[FeatureSpec, ...] = field(repr=False)


def entropy(probabilities: NDArray[np.float64]) -> float:
    """Return the Shannon entropy in bits; zero probabilities add nothing.

    Examples
    --------
    >>> entropy(np.array([0.5, 0.5, 0.0]))
    1.0
    """
    positive = probabilities[probabilities > 0]
    return float(-(positive * np.log2(positive)).sum()) + 0.0


def ratio(numerator: float, denominator: float) -> float:
    """Return the quotient, or nan where it is undefined."""
    return numerator / denominator if denominator != 0 else float("nan")


def to_uint8(image: NDArray[np.float32], values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the picture in 8 bits, scaled by the 1st and 99th percentile of sorted `values`."""
    low, high = values[int(0.01 * (values.size - 1))], values[int(0.99 * (values.size - 1))]
    if high == low:
        low, high = values[0], values[-1]
    if high == low:
        return np.zeros(image.shape, np.uint8)
    scaled = np.clip((image - np.float32(low)) * np.float32(255.0 / (high - low)), 0, 255)
    rounded: NDArray[np.uint8] = np.rint(scaled).astype(np.uint8)
    return rounded
