"""Classes of unequal size: weights, or drawing rows again. Only ever applied to training rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Imbalance = Literal["none", "balanced", "oversample", "undersample"]


def class_weights(y: Sequence[str]) -> dict[str, float]:
    """Return weights inversely proportional to class size: n / (classes * size).

    Examples
    --------
    >>> class_weights(["a", "a", "a", "b"])
    {'a': 0.6666666666666666, 'b': 2.0}
    """
    counts = Counter(y)
    return {label: len(y) / (len(counts) * counts[label]) for label in sorted(counts)}


def resampled(y: Sequence[str], method: Imbalance, *, seed: int) -> NDArray[np.intp]:
    """Return the row numbers to train on.

    Parameters
    ----------
    y : sequence of str, length n
        Classes of the *training* rows of one fold; never of rows that are judged.
    method : {"none", "balanced", "oversample", "undersample"}
        "oversample" keeps every row and repeats random ones of smaller classes up to the largest;
        "undersample" keeps as many random rows of each class as the smallest has; the others keep all rows
        ("balanced" is done by class weights instead).
    seed : int

    Returns
    -------
    ndarray of intp
        Sorted; with repetitions for "oversample".

    Raises
    ------
    ValueError
        For an unknown method.

    Examples
    --------
    >>> resampled(["a", "b", "b"], "oversample", seed=0).tolist()
    [0, 0, 1, 2]
    """
    if method not in get_args(Imbalance):
        raise ValueError(f"imbalance is {method!r}; choose one of {', '.join(get_args(Imbalance))}.")
    everything = np.arange(len(y), dtype=np.intp)
    if method in ("none", "balanced"):
        return everything
    generator = np.random.default_rng(seed)
    labels = np.asarray(y, dtype=str)
    sizes = Counter(y)
    target = max(sizes.values()) if method == "oversample" else min(sizes.values())
    picked: list[NDArray[np.intp]] = []
    for label in sorted(sizes):
        rows = everything[labels == label]
        if method == "oversample":
            picked += [rows, generator.choice(rows, target - rows.size, replace=True)]
        else:
            picked.append(generator.choice(rows, target, replace=False))
    return np.sort(np.concatenate(picked))
