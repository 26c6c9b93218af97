"""Agreement of readers about classes, beyond what chance would give."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Agreement of two readers about classes beyond what chance would give (Cohen, 1960,
    doi:10.1177/001316446002000104).

    Parameters
    ----------
    first, second : sequence of str
        Classes of the same subjects.

    Returns
    -------
    float or None
        -1 to 1; ``None`` without subjects, and where both used one class only, so that chance explains all.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> cohen_kappa(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    0.5
    """
    if len(first) != len(second):
        raise ValueError(f"both name the same subjects, not {len(first)} and {len(second)}")
    classes = sorted({*first, *second})
    table = np.zeros((len(classes), len(classes)))
    place = {name: n for n, name in enumerate(classes)}
    for a, b in zip(first, second, strict=True):
        table[place[a], place[b]] += 1
    return kappa_of_table(table)


def kappa_of_table(table: NDArray[np.float64]) -> float | None:
    """Cohen's kappa of a square table of counts, rows by one reader and columns by the other.

    Examples
    --------
    >>> kappa_of_table(np.array([[20.0, 5.0], [10.0, 15.0]]))
    0.4
    """
    total = float(table.sum())
    if not total:
        return None
    observed = float(np.trace(table)) / total
    chance = float((table.sum(axis=0) * table.sum(axis=1)).sum()) / total**2
    return None if 1 - chance < 1e-12 else round((observed - chance) / (1 - chance), 12)


def fleiss_kappa(counts: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> float | None:
    """Agreement of more than two readers beyond chance (Fleiss, 1971, doi:10.1037/h0031619).

    Parameters
    ----------
    counts : ndarray, shape (subjects, classes)
        How many readers chose each class; every row has the same sum, which is at least 2.
    weights : ndarray, shape (subjects,), optional
        How many subjects a row stands for.

    Returns
    -------
    float or None
        ``None`` without subjects, and where one class alone was used.

    Raises
    ------
    ValueError
        If the rows have different sums, or there are fewer than two readers.

    Examples
    --------
    >>> fleiss_kappa(np.array([[3.0, 0.0], [0.0, 3.0]]))
    1.0
    """
    table = np.asarray(counts, dtype=float)
    if table.size == 0:
        return None
    readers = table.sum(axis=1)
    if readers.min() != readers.max() or readers[0] < 2:
        raise ValueError("every subject is seen by the same readers, two or more")
    n = readers[0]
    weight = np.ones(len(table)) if weights is None else np.asarray(weights, dtype=float)
    total = weight.sum()
    if not total:
        return None
    agreement = ((table**2).sum(axis=1) - n) / (n * (n - 1))
    observed = float((weight * agreement).sum() / total)
    share = (weight[:, None] * table).sum(axis=0) / (total * n)
    chance = float((share**2).sum())
    return None if 1 - chance < 1e-12 else round((observed - chance) / (1 - chance), 12)
