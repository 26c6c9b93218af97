"""Grey-level run length texture with IBSI definitions.

IBSI reference manual (arXiv:1612.07003v11), section 3.7 (TP0I), merged over the four directions of a plane;
Galloway 1975, DOI 10.1016/S0146-664X(75)80008-6.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.core.features.base import Family, FeatureSpec, Region, entropy

DIRECTIONS = 4

_FEATURES = tuple(
    FeatureSpec(name, unit, code, text)
    for name, unit, code, text in (
        ("short_runs", "", "22OV", "Short runs emphasis"),
        ("long_runs", "pixel²", "W4KF", "Long runs emphasis"),
        ("low_grey_runs", "", "V3SW", "Low grey level run emphasis"),
        ("high_grey_runs", "bin²", "G3QZ", "High grey level run emphasis"),
        ("short_low_runs", "", "HTZT", "Short run low grey level emphasis"),
        ("short_high_runs", "bin²", "GD3A", "Short run high grey level emphasis"),
        ("long_low_runs", "pixel²", "IVPO", "Long run low grey level emphasis"),
        ("long_high_runs", "pixel² bin²", "3KUM", "Long run high grey level emphasis"),
        ("grey_nonuniformity", "run", "R5YN", "Grey level non-uniformity"),
        ("grey_nonuniformity_norm", "", "OVBL", "Normalised grey level non-uniformity"),
        ("length_nonuniformity", "run", "W92Y", "Run length non-uniformity"),
        ("length_nonuniformity_norm", "", "IC23", "Normalised run length non-uniformity"),
        ("run_percentage", "", "9ZK5", "Run percentage"),
        ("grey_variance", "bin²", "8CE5", "Grey level variance"),
        ("length_variance", "pixel²", "SXLW", "Run length variance"),
        ("run_entropy", "bit", "HJ9O", "Run entropy"),
    )
)


def run_lengths(levels: NDArray[np.int32], n_bins: int) -> NDArray[np.float64]:
    """Return run counts by grey level and length, summed over 0, 45, 90 and 135 degrees.

    Parameters
    ----------
    levels : ndarray of int32, shape (H, W)
        Bins 1..n_bins, 0 outside the region.
    n_bins : int

    Returns
    -------
    ndarray of float64, shape (n_bins, max(H, W))
        Element [k, m] counts runs of bin k + 1 with m + 1 pixels. In the example the row is one run of two,
        and each of the three other directions sees two runs of one.

    Examples
    --------
    >>> run_lengths(np.array([[1, 1]], np.int32), 1).tolist()
    [[6.0, 1.0]]
    """
    longest = max(levels.shape)
    counts = np.zeros(n_bins * longest, np.int64)
    for line in _lines(levels):
        starts = np.flatnonzero(np.diff(line, prepend=-1))
        lengths = np.diff(starts, append=line.size)
        grey = line[starts]
        real = grey > 0
        counts += np.bincount((grey[real] - 1) * longest + lengths[real] - 1, minlength=counts.size)
    return counts.reshape(n_bins, longest).astype(np.float64)


def from_matrix(counts: NDArray[np.float64], pixels: int) -> dict[str, float]:
    """Return the 16 IBSI features of a run length matrix.

    Parameters
    ----------
    counts : ndarray of float64, shape (n, m)
        Runs of bin k + 1 (row) and length m + 1 (column).
    pixels : int
        Pixels that could have started a run: pixels of the region times the number of directions merged.
    """
    total = float(counts.sum())
    level = np.arange(1, counts.shape[0] + 1, dtype=np.float64)
    length = np.arange(1, counts.shape[1] + 1, dtype=np.float64)
    by_level, by_length = counts.sum(axis=1), counts.sum(axis=0)
    mean_level, mean_length = float(level @ by_level) / total, float(length @ by_length) / total
    grey_squares, length_squares = float(by_level @ by_level), float(by_length @ by_length)
    return {
        "short_runs": float(length**-2.0 @ by_length) / total,
        "long_runs": float(length**2 @ by_length) / total,
        "low_grey_runs": float(level**-2.0 @ by_level) / total,
        "high_grey_runs": float(level**2 @ by_level) / total,
        "short_low_runs": float(level**-2.0 @ counts @ length**-2.0) / total,
        "short_high_runs": float(level**2 @ counts @ length**-2.0) / total,
        "long_low_runs": float(level**-2.0 @ counts @ length**2) / total,
        "long_high_runs": float(level**2 @ counts @ length**2) / total,
        "grey_nonuniformity": grey_squares / total,
        "grey_nonuniformity_norm": grey_squares / total**2,
        "length_nonuniformity": length_squares / total,
        "length_nonuniformity_norm": length_squares / total**2,
        "run_percentage": total / pixels,
        "grey_variance": float((level - mean_level) ** 2 @ by_level) / total,
        "length_variance": float((length - mean_length) ** 2 @ by_length) / total,
        "run_entropy": entropy(counts.ravel() / total),
    }


def measure(region: Region) -> dict[str, float]:
    """Return the run length features of a region."""
    return from_matrix(run_lengths(region.levels, region.n_bins), int(region.mask.sum()) * DIRECTIONS)


def _lines(levels: NDArray[np.int32]) -> tuple[NDArray[np.int32], ...]:
    """Return the picture laid out as one line per direction, runs of different lines kept apart by zeros.

    With one zero column appended the rows lie `stride` apart in memory, so a step of stride + 1 walks a
    diagonal and meets the zero column where the picture ends; stride - 1 walks the other diagonal.
    """
    rows = np.pad(levels, ((0, 0), (0, 1)))
    columns = np.pad(levels.T, ((0, 0), (0, 1)))
    flat, stride = rows.ravel(), rows.shape[1]
    return rows.ravel(), columns.ravel(), _strided(flat, stride + 1), _strided(flat, stride - 1)


def _strided(flat: NDArray[np.int32], step: int) -> NDArray[np.int32]:
    missing = -flat.size % step
    # The extra row of zeros parts the end of one walk from the start of the next.
    return np.pad(flat, (0, missing + step)).reshape(-1, step).T.ravel()


FAMILY = Family(
    name="runs",
    version=1,
    function=measure,
    needs_mask=False,
    description="How long stretches of one grey level are (IBSI grey-level run lengths).",
    features=_FEATURES,
)
