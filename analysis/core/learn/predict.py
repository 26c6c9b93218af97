"""Asking a fitted classifier about one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def as_row(x: Mapping[str, float], feature_names: Sequence[str]) -> NDArray[np.float64]:
    """Return the features as one table row, shape (1, d), in the order the model was trained with.

    Raises
    ------
    ValueError
        When a feature is missing or infinite; nan is a value (undefined) and is imputed.
    """
    missing = [name for name in feature_names if name not in x]
    if missing:
        shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise ValueError(
            f"The model needs features that are missing: {shown}; extract with its own settings."
        )
    row = np.array([[float(x[name]) for name in feature_names]])
    if np.isinf(row).any():
        raise ValueError("Some features are infinite; extract them again (undefined features are nan).")
    return row


def predict(pipeline: Pipeline, x: Mapping[str, float], feature_names: Sequence[str]) -> dict[str, float]:
    """Return the probability of each class, most likely first.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted.
    x : mapping of feature name to value
        May hold more than the model needs.
    feature_names : sequence of str
        Names and order used in training.

    Returns
    -------
    dict of str to float
        Sums to 1.

    Raises
    ------
    ValueError
        As :func:`as_row`.
    """
    row = pipeline.predict_proba(as_row(x, feature_names))[0]
    pairs = [(str(label), float(p)) for label, p in zip(pipeline.classes_, row, strict=True)]
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
