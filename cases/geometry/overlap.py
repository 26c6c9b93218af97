"""How much two masks agree."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BoolMask = NDArray[np.bool_]


def _pair(first: BoolMask, second: BoolMask) -> tuple[BoolMask, BoolMask]:
    a, b = np.asarray(first), np.asarray(second)
    if a.shape != b.shape:
        raise ValueError(f"masks must have the same shape, not {a.shape} and {b.shape}")
    if a.dtype != np.bool_ or b.dtype != np.bool_:
        raise ValueError(f"masks must be boolean, not {a.dtype} and {b.dtype}")
    return a, b


def iou(first: BoolMask, second: BoolMask) -> float:
    """Intersection over union (Jaccard, 1901).

    Parameters
    ----------
    first, second : ndarray of bool
        Of one shape, any number of dimensions.

    Returns
    -------
    float
        0 to 1; 1 for two empty masks, which agree that there is nothing.

    Raises
    ------
    ValueError
        If the shapes differ or a mask is not boolean.

    Examples
    --------
    >>> iou(np.array([True, True, False]), np.array([False, True, True])) == 1 / 3
    True
    """
    a, b = _pair(first, second)
    union = int(np.count_nonzero(a | b))
    return int(np.count_nonzero(a & b)) / union if union else 1.0


def dice(first: BoolMask, second: BoolMask) -> float:
    """Twice the intersection over the sum of sizes (Dice, 1945, doi:10.2307/1932409).

    Parameters
    ----------
    first, second : ndarray of bool
        Of one shape, any number of dimensions.

    Returns
    -------
    float
        0 to 1; 1 for two empty masks.

    Raises
    ------
    ValueError
        If the shapes differ or a mask is not boolean.

    Examples
    --------
    >>> dice(np.array([True, True, False]), np.array([False, True, True]))
    0.5
    """
    a, b = _pair(first, second)
    total = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return 2 * int(np.count_nonzero(a & b)) / total if total else 1.0


def _surface(region: BoolMask) -> BoolMask:
    """Pixels with a neighbour (across a face) outside of the mask; beyond the image counts as outside."""
    inner = ndimage.binary_erosion(region, ndimage.generate_binary_structure(region.ndim, 1), border_value=0)
    return np.asarray(region & ~inner, dtype=np.bool_)


def hausdorff95(first: BoolMask, second: BoolMask, spacing: tuple[float, ...]) -> float:
    """95th percentile of the distances between two surfaces, the larger of both directions.

    Distances go from the centre of each border pixel of one mask to the nearest border pixel of the other, by
    the exact Euclidean transform (Maurer et al., 2003, doi:10.1109/TPAMI.2003.1177156).

    Parameters
    ----------
    first, second : ndarray of bool
        Of one shape.
    spacing : tuple of float
        Distance between pixel centres along every axis, in the unit of the answer (millimetres).

    Returns
    -------
    float
        At least 0; 0 for two empty masks; infinity when only one is empty.

    Raises
    ------
    ValueError
        If the shapes differ, a mask is not boolean, or the spacing does not fit.

    Examples
    --------
    >>> a, b = np.zeros((5, 9), bool), np.zeros((5, 9), bool)
    >>> a[2, 1] = b[2, 7] = True
    >>> hausdorff95(a, b, (1.0, 0.5))
    3.0
    """
    a, b = _pair(first, second)
    if len(spacing) != a.ndim or not all(np.isfinite(step) and step > 0 for step in spacing):
        raise ValueError(f"spacing must be {a.ndim} positive lengths, one for every axis, not {spacing!r}")
    if not a.any() and not b.any():
        return 0.0
    if not a.any() or not b.any():
        return float("inf")
    border_a, border_b = _surface(a), _surface(b)
    to_b = ndimage.distance_transform_edt(~border_b, sampling=spacing)[border_a]
    to_a = ndimage.distance_transform_edt(~border_a, sampling=spacing)[border_b]
    return float(max(np.percentile(to_b, 95), np.percentile(to_a, 95)))
