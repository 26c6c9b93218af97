"""Grey-level co-occurrence texture with IBSI definitions.

IBSI reference manual (arXiv:1612.07003v11), section 3.6 (LFYI): symmetric matrices at distance 1, merged over
the four directions of a plane (aggregation of one slice in ITBB); Haralick et al. 1973,
DOI 10.1109/TSMC.1973.4309314.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.core.features.base import Family, FeatureSpec, Region, entropy

Matrix = NDArray[np.float64]

_FEATURES = tuple(
    FeatureSpec(name, unit, code, text)
    for name, unit, code, text in (
        ("joint_max", "", "GYBY", "Joint maximum"),
        ("joint_average", "bin", "60VM", "Joint average"),
        ("joint_variance", "bin²", "UR99", "Joint variance"),
        ("joint_entropy", "bit", "TU9B", "Joint entropy"),
        ("difference_average", "bin", "TF7R", "Difference average"),
        ("difference_variance", "bin²", "D3YU", "Difference variance"),
        ("difference_entropy", "bit", "NTRS", "Difference entropy"),
        ("sum_average", "bin", "ZGXS", "Sum average"),
        ("sum_variance", "bin²", "OEEB", "Sum variance"),
        ("sum_entropy", "bit", "P6QZ", "Sum entropy"),
        ("energy", "", "8ZQL", "Angular second moment"),
        ("contrast", "bin²", "ACUI", "Contrast"),
        ("dissimilarity", "bin", "8S9J", "Dissimilarity"),
        ("inverse_difference", "", "IB1Z", "Inverse difference"),
        ("inverse_difference_norm", "", "NDRX", "Normalised inverse difference"),
        ("inverse_difference_moment", "", "WF0Z", "Inverse difference moment"),
        ("inverse_difference_moment_norm", "", "1QCO", "Normalised inverse difference moment"),
        ("inverse_variance", "", "E8JP", "Inverse variance"),
        ("correlation", "", "NI2N", "Correlation"),
        ("autocorrelation", "bin²", "QWB0", "Autocorrelation"),
        ("cluster_tendency", "bin²", "DG8W", "Cluster tendency"),
        ("cluster_shade", "bin³", "7NFM", "Cluster shade"),
        ("cluster_prominence", "bin⁴", "AE86", "Cluster prominence"),
        ("information_correlation_1", "", "R8DG", "Information correlation 1"),
        ("information_correlation_2", "", "JN9H", "Information correlation 2"),
    )
)


def cooccurrence(levels: NDArray[np.int32], n_bins: int) -> Matrix:
    """Return symmetric co-occurrence counts, summed over 0, 45, 90 and 135 degrees at distance 1.

    Parameters
    ----------
    levels : ndarray of int32, shape (H, W)
        Bins 1..n_bins, 0 outside the region; pairs that touch a 0 are not counted.
    n_bins : int

    Returns
    -------
    ndarray of float64, shape (n_bins, n_bins)

    Examples
    --------
    >>> cooccurrence(np.array([[1, 2]], np.int32), 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    side = n_bins + 1
    counts = np.zeros(side * side, np.int64)
    scaled = levels * np.int32(side)
    for first, second in (
        (scaled[:, :-1], levels[:, 1:]),
        (scaled[:-1, :], levels[1:, :]),
        (scaled[:-1, :-1], levels[1:, 1:]),
        (scaled[:-1, 1:], levels[1:, :-1]),
    ):
        counts += np.bincount((first + second).ravel(), minlength=side * side)
    square = counts.reshape(side, side)[1:, 1:].astype(np.float64)
    return square + square.T


def from_matrix(counts: Matrix) -> dict[str, float]:
    """Return the 25 IBSI features of a symmetric co-occurrence matrix.

    Parameters
    ----------
    counts : ndarray of float64, shape (n, n)
        Pair counts; row and column k belong to bin k + 1.

    Returns
    -------
    dict
        All nan when there is no pair (a region of isolated pixels). Correlation and information correlation 1
        are nan for a single grey level, where the IBSI leaves them undefined.
    """
    total = counts.sum()
    if total == 0:
        return {spec.name: float("nan") for spec in _FEATURES}
    n = counts.shape[0]
    p = counts / total
    level = np.arange(1, n + 1, dtype=np.float64)
    i, j = level[:, None], level[None, :]
    marginal = p.sum(axis=1)
    mean = float((level * marginal).sum())
    variance = float(((level - mean) ** 2 * marginal).sum())
    gap = np.abs(i - j)
    sums = (i + j - 2.0).astype(np.intp)
    p_diff: Matrix = np.bincount(gap.astype(np.intp).ravel(), weights=p.ravel(), minlength=n).astype(
        np.float64
    )
    p_sum: Matrix = np.bincount(sums.ravel(), weights=p.ravel(), minlength=2 * n - 1).astype(np.float64)
    k_diff, k_sum = np.arange(n, dtype=np.float64), np.arange(2, 2 * n + 1, dtype=np.float64)
    diff_mean, sum_mean = float((k_diff * p_diff).sum()), float((k_sum * p_sum).sum())
    autocorrelation = float((i * j * p).sum())
    centred = k_sum - 2.0 * mean
    hxy, hx = entropy(p), entropy(marginal)
    info_1, info_2 = _information(p, marginal, hxy, hx)
    beyond = k_diff > 0
    return {
        "joint_max": float(p.max()),
        "joint_average": mean,
        "joint_variance": variance,
        "joint_entropy": hxy,
        "difference_average": diff_mean,
        "difference_variance": float(((k_diff - diff_mean) ** 2 * p_diff).sum()),
        "difference_entropy": entropy(p_diff),
        "sum_average": sum_mean,
        "sum_variance": float(((k_sum - sum_mean) ** 2 * p_sum).sum()),
        "sum_entropy": entropy(p_sum),
        "energy": float((p**2).sum()),
        "contrast": float((k_diff**2 * p_diff).sum()),
        "dissimilarity": diff_mean,
        "inverse_difference": float((p_diff / (1.0 + k_diff)).sum()),
        "inverse_difference_norm": float((p_diff / (1.0 + k_diff / n)).sum()),
        "inverse_difference_moment": float((p_diff / (1.0 + k_diff**2)).sum()),
        "inverse_difference_moment_norm": float((p_diff / (1.0 + (k_diff / n) ** 2)).sum()),
        "inverse_variance": float((p_diff[beyond] / k_diff[beyond] ** 2).sum()),
        "correlation": (autocorrelation - mean**2) / variance if variance > 1e-12 else float("nan"),
        "autocorrelation": autocorrelation,
        "cluster_tendency": float((centred**2 * p_sum).sum()),
        "cluster_shade": float((centred**3 * p_sum).sum()),
        "cluster_prominence": float((centred**4 * p_sum).sum()),
        "information_correlation_1": info_1,
        "information_correlation_2": info_2,
    }


def measure(region: Region) -> dict[str, float]:
    """Return the co-occurrence features of a region."""
    return from_matrix(cooccurrence(region.levels, region.n_bins))


def _information(p: Matrix, marginal: Matrix, hxy: float, hx: float) -> tuple[float, float]:
    outer = marginal[:, None] * marginal[None, :]
    seen = outer > 0
    hxy_1 = float(-(p[seen] * np.log2(outer[seen])).sum())
    hxy_2 = entropy(outer)
    first = (hxy - hxy_1) / hx if hx > 1e-12 else float("nan")
    return first, float(np.sqrt(max(0.0, 1.0 - np.exp(-2.0 * (hxy_2 - hxy)))))


FAMILY = Family(
    name="texture",
    version=1,
    function=measure,
    needs_mask=False,
    description="Which grey levels lie next to each other (IBSI grey-level co-occurrence).",
    features=_FEATURES,
)
