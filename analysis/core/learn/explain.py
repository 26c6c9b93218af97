"""Which features a classifier leans on, in general and for one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.core.learn.predict import as_row

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature did to one prediction.

    Parameters
    ----------
    name : str
    value : float
        Of this picture; nan when it was undefined and imputed.
    usual : float
        Median of the training rows.
    effect : float
        Probability with the picture's value minus that with the usual one; above 0 speaks for the class.
    """

    name: str
    value: float
    usual: float
    effect: float


def contributions(
    pipeline: Pipeline,
    x: Mapping[str, float],
    feature_names: Sequence[str],
    *,
    label: str | None = None,
    top: int = 10,
) -> list[Contribution]:
    """Return the features that moved a prediction most.

    Each feature in turn is replaced by its median over the training rows, the rest kept. Features that say
    the same thing share their effect, so that effects do not add up to the probability.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted by :func:`analysis.core.learn.train.train`; its first step holds the medians.
    x : mapping of feature name to value
    feature_names : sequence of str
    label : str or None
        Class to explain; ``None`` explains the most likely one.
    top : int

    Returns
    -------
    list of Contribution
        Largest absolute effect first; features without any effect are left out.

    Raises
    ------
    ValueError
        For a class the model does not know, or features that are missing.
    """
    row = as_row(x, feature_names)
    medians = np.asarray(pipeline.named_steps["impute"].statistics_, dtype=np.float64)
    known = [str(c) for c in pipeline.classes_]
    # Row 0 is the picture itself, row j + 1 the same with feature j at its median: one call instead of d + 1.
    table = np.repeat(row, row.shape[1] + 1, axis=0)
    each = np.arange(row.shape[1])
    table[each + 1, each] = medians
    probabilities = pipeline.predict_proba(table)
    if label is None:
        column = int(probabilities[0].argmax())
    elif label in known:
        column = known.index(label)
    else:
        raise ValueError(f"The model does not know class {label!r}; choose one of {', '.join(known)}.")
    effects = probabilities[0, column] - probabilities[1:, column]
    order = np.argsort(-np.abs(effects), kind="stable")[:top]
    return [
        Contribution(feature_names[j], float(row[0, j]), float(medians[j]), float(effects[j]))
        for j in order
        if effects[j] != 0
    ]


def importance(pipeline: Pipeline, X: Table, feature_names: Sequence[str]) -> list[tuple[str, float]]:
    """Return how much each feature counts over all pictures.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted.
    X : ndarray of float64, shape (n, d)
        Training rows; only used for the Gaussian kernel.
    feature_names : sequence of str, length d

    Returns
    -------
    list of (str, float)
        Largest first; shares of 1 (all 0 if nothing counts). Forest: mean decrease of impurity. Support
        vector machine: mean absolute slope of the decision function along the scaled feature.
    """
    selected = pipeline.named_steps["select"].get_support()
    shares = np.zeros(len(feature_names))
    last = pipeline.named_steps["classify"]
    if hasattr(last, "feature_importances_"):
        shares[selected] = last.feature_importances_
    else:
        machine = last.calibrated_classifiers_[0].estimator
        shares[selected] = _slopes(machine, pipeline[:-1].transform(X))
    total = shares.sum()
    if total > 0:
        shares = shares / total
    order = np.argsort(-shares, kind="stable")
    return [(feature_names[j], float(shares[j])) for j in order]


def _slopes(machine: Any, rows: Table) -> Table:
    """Return the mean absolute gradient of an SVC's one-against-one decisions, shape (d,)."""
    if machine.kernel == "linear":
        return np.asarray(np.abs(machine.coef_).mean(axis=0), dtype=np.float64)
    vectors = machine.support_vectors_
    gamma = float(machine._gamma)
    squared = (rows**2).sum(axis=1)[:, None] + (vectors**2).sum(axis=1)[None, :] - 2.0 * rows @ vectors.T
    kernel = np.exp(-gamma * np.maximum(squared, 0.0))
    pairs = _pair_weights(machine)
    total = np.zeros(rows.shape[1])
    for weights in pairs:
        pull = kernel * weights
        gradient = 2.0 * gamma * (pull @ vectors - pull.sum(axis=1)[:, None] * rows)
        total += np.abs(gradient).mean(axis=0)
    return total / len(pairs)


def _pair_weights(machine: Any) -> list[Table]:
    """Return the weight of every support vector in each decision between two classes (libsvm's layout)."""
    ends = np.cumsum(machine.n_support_)
    starts = ends - machine.n_support_
    dual = machine.dual_coef_
    pairs: list[Table] = []
    for first in range(len(ends)):
        for second in range(first + 1, len(ends)):
            weights = np.zeros(dual.shape[1])
            of_first, of_second = slice(starts[first], ends[first]), slice(starts[second], ends[second])
            weights[of_first] = dual[second - 1, of_first]
            weights[of_second] = dual[first, of_second]
            pairs.append(weights)
    return pairs
