"""First-order grey-level features: intensity statistics and intensity histogram of the IBSI.

Zwanenburg et al., Image biomarker standardisation initiative, reference manual (arXiv:1612.07003v11),
sections 3.3 (statistics, UHIW) and 3.4 (histogram, ZVCW); Radiology 2020, DOI 10.1148/radiol.2020191145.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.core.features.base import Family, FeatureSpec, Region, entropy, ratio

Values = NDArray[np.float64]

# name, IBSI code of the statistic, IBSI code of the same quantity on the histogram, meaning
_SHARED = (
    ("mean", "Q4LE", "X6K6", "mean grey level"),
    ("variance", "ECT3", "CH89", "variance (population)"),
    ("skewness", "KE2A", "88K1", "skewness"),
    ("kurtosis", "IPH6", "C3I7", "excess kurtosis"),
    ("median", "Y12H", "WIFQ", "median"),
    ("min", "1GSF", "1PR8", "smallest"),
    ("p10", "QG58", "GPMT", "10th percentile"),
    ("p90", "8DWT", "OZ0C", "90th percentile"),
    ("max", "84IY", "3NCY", "largest"),
    ("iqr", "SALO", "WR0O", "interquartile range"),
    ("range", "2OJQ", "5Z3W", "largest minus smallest"),
    ("mad", "4FUA", "D2ZX", "mean absolute deviation from the mean"),
    ("rmad", "1128", "WRZB", "mean absolute deviation within the 10th to 90th percentile"),
    ("medad", "N72L", "4RNL", "mean absolute deviation from the median"),
    ("cov", "7TET", "CWYJ", "coefficient of variation: standard deviation over mean"),
    ("qcod", "9S40", "SLWD", "quartile coefficient of dispersion"),
)
_UNITLESS = {"skewness", "kurtosis", "cov", "qcod"}
_HISTOGRAM_ONLY = (
    ("mode", "bin", "AMMC", "most frequent bin, the one nearest to the mean on a tie"),
    ("entropy", "bit", "TLU2", "entropy of the histogram"),
    ("uniformity", "", "BJ5W", "sum of squared bin probabilities"),
    ("max_gradient", "pixel", "12CE", "largest rise of the histogram"),
    ("max_gradient_level", "bin", "8E6O", "bin of the largest rise"),
    ("min_gradient", "pixel", "VQB3", "steepest fall of the histogram"),
    ("min_gradient_level", "bin", "RHQZ", "bin of the steepest fall"),
)


def _unit(name: str, base: str) -> str:
    if name in _UNITLESS:
        return ""
    return f"{base}²" if name == "variance" else base


def _specs() -> tuple[FeatureSpec, ...]:
    stat = [FeatureSpec(n, _unit(n, "grey"), code, f"Intensity: {text}") for n, code, _, text in _SHARED]
    stat.append(FeatureSpec("energy", "grey²", "N8CA", "Intensity: sum of squares"))
    stat.append(FeatureSpec("rms", "grey", "5ZWQ", "Intensity: root mean square"))
    shared = [(n, _unit(n, "bin"), code, text) for n, _, code, text in _SHARED]
    hist = [
        FeatureSpec(f"hist_{n}", unit, code, f"Histogram: {text}")
        for n, unit, code, text in (*shared, *_HISTOGRAM_ONLY)
    ]
    return (*stat, *hist)


def summary(values: Values) -> dict[str, float]:
    """Return the statistics that the IBSI defines alike for grey levels and for bins.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Sorted ascending, n >= 1.

    Returns
    -------
    dict
        Sixteen numbers; skewness and kurtosis are 0 for a constant region (IBSI), ratios over zero are nan.
    """
    mean = float(values.mean())
    centred = values - mean
    squares = centred * centred
    variance = float(squares.mean())
    constant = values[0] == values[-1]
    # Sorted values make percentiles an index instead of a partition of 262 144 numbers, five times over.
    p10, p25, median, p75, p90 = (_percentile(values, q) for q in (0.10, 0.25, 0.50, 0.75, 0.90))
    inner = values[np.searchsorted(values, p10, "left") : np.searchsorted(values, p90, "right")]
    return {
        "mean": mean,
        "variance": 0.0 if constant else variance,
        "skewness": 0.0 if constant else float((squares * centred).mean()) / variance**1.5,
        "kurtosis": 0.0 if constant else float((squares * squares).mean()) / variance**2 - 3.0,
        "median": median,
        "min": float(values[0]),
        "p10": p10,
        "p90": p90,
        "max": float(values[-1]),
        "iqr": p75 - p25,
        "range": float(values[-1] - values[0]),
        "mad": float(np.abs(centred).mean()),
        "rmad": float(np.abs(inner - inner.mean()).mean()),
        "medad": float(np.abs(values - median).mean()),
        "cov": ratio(0.0 if constant else variance**0.5, mean),
        "qcod": ratio(p75 - p25, p75 + p25),
    }


def histogram_extras(counts: NDArray[np.float64]) -> dict[str, float]:
    """Return mode, entropy, uniformity and gradients of a histogram.

    Parameters
    ----------
    counts : ndarray of float64, shape (n_bins,)
        Pixels in bins 1..n_bins.
    """
    probability = counts / counts.sum()
    bins = np.arange(1, counts.size + 1)
    mean = float((bins * probability).sum())
    modes = bins[counts == counts.max()]
    if counts.size > 1:
        gradient = np.gradient(counts)
        rise, fall = int(gradient.argmax()), int(gradient.argmin())
        gradients = (float(gradient[rise]), float(rise + 1), float(gradient[fall]), float(fall + 1))
    else:
        gradients = (float("nan"),) * 4
    return {
        "mode": float(modes[np.abs(modes - mean).argmin()]),
        "entropy": entropy(probability),
        "uniformity": float((probability**2).sum()),
        "max_gradient": gradients[0],
        "max_gradient_level": gradients[1],
        "min_gradient": gradients[2],
        "min_gradient_level": gradients[3],
    }


def measure(region: Region) -> dict[str, float]:
    """Return intensity statistics and histogram features of a region."""
    values = region.values
    out = summary(values)
    squares = float(np.dot(values, values))
    out["energy"] = squares
    out["rms"] = (squares / values.size) ** 0.5
    counts = np.bincount(region.levels[region.mask], minlength=region.n_bins + 1)[1:].astype(np.float64)
    bins = np.repeat(np.arange(1, counts.size + 1, dtype=np.float64), counts.astype(np.intp))
    out |= {f"hist_{name}": value for name, value in summary(bins).items()}
    out |= {f"hist_{name}": value for name, value in histogram_extras(counts).items()}
    return out


def _percentile(values: Values, fraction: float) -> float:
    position = fraction * (values.size - 1)
    below = int(position)
    above = min(below + 1, values.size - 1)
    return float(values[below] + (position - below) * (values[above] - values[below]))


FAMILY = Family(
    name="intensity",
    version=1,
    function=measure,
    needs_mask=False,
    description="How bright the region is and how its grey levels are spread (IBSI intensity and histogram).",
    features=_specs(),
)
