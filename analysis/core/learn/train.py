"""Fitting a classifier and judging it honestly: by folds of whole patients, then once on the test split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.core.learn import splits
from analysis.core.learn.classifiers import CALIBRATION_FOLDS, Algorithm, ClassWeight, make
from analysis.core.learn.evaluate import Evaluation, evaluate
from analysis.core.learn.explain import importance
from analysis.core.learn.imbalance import Imbalance, resampled

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Trained:
    """A fitted classifier and what is known about it.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted on all development rows.
    cross_validated : Evaluation
        Of development rows, each predicted by a model that saw no row of its group.
    held_out : Evaluation or None
        Of the given test split, predicted by `pipeline`.
    feature_importance : list of (str, float)
        Largest first, sums to 1; see :func:`analysis.core.learn.explain.importance`.
    """

    pipeline: Pipeline
    cross_validated: Evaluation
    held_out: Evaluation | None
    feature_importance: list[tuple[str, float]]


def train(
    X: NDArray[np.float64],
    y: Sequence[str],
    groups: Sequence[str],
    split: Sequence[str] | None,
    *,
    algorithm: Algorithm,
    feature_names: Sequence[str],
    seed: int,
    imbalance: Imbalance = "balanced",
    folds: int = 5,
    on_progress: Progress | None = None,
) -> Trained:
    """Cross-validate, fit and test a classifier.

    Parameters
    ----------
    X : ndarray of float64, shape (n, d)
        Features; nan where undefined.
    y, groups : sequence of str, length n
        Class and patient of each row.
    split : sequence of {"train", "val", "test"}, length n, or None
        Rows of "test" are never fitted nor cross-validated; "train" and "val" are development.
    algorithm : {"svm", "svm-linear", "forest"}
    feature_names : sequence of str, length d
    seed : int
    imbalance : {"none", "balanced", "oversample", "undersample"}
        Applied to training rows only.
    folds : int
    on_progress : callable (share done 0..1, sentence) or None

    Returns
    -------
    Trained

    Raises
    ------
    ValueError
        With a sentence for the user: lengths that differ, infinite features, too few patients of a class, one
        class only, a patient on both sides of the split, a class in
        the test split only.
    """
    tell = on_progress if on_progress is not None else _silent
    table = np.asarray(X, dtype=np.float64)
    _check(table, y, groups, feature_names)
    parts = splits.holdout(y, groups, split)
    dev = parts.development
    dev_x, dev_y, dev_groups = table[dev], [y[i] for i in dev], [groups[i] for i in dev]
    labels = sorted(set(dev_y))
    # Asked before the folds: minutes of fitting would be lost on a test that cannot be judged.
    strangers = sorted({y[i] for i in parts.test} - set(labels))
    if strangers:
        raise ValueError(
            f"Class {', '.join(strangers)} occurs in the test split only; add training cases or leave it out."
        )
    outer = splits.grouped_folds(dev_y, dev_groups, folds, seed)
    steps = folds + 2
    predicted = np.empty((len(dev_y), len(labels)))
    for number, (inside, outside) in enumerate(outer):
        tell(number / steps, f"Cross-validating, fold {number + 1} of {folds}")
        model = fit(
            dev_x[inside],
            [dev_y[i] for i in inside],
            [dev_groups[i] for i in inside],
            algorithm=algorithm,
            seed=seed,
            imbalance=imbalance,
        )
        predicted[outside] = model.predict_proba(dev_x[outside])
    tell(folds / steps, f"Fitting the model on {len(dev_y)} rows")
    pipeline = fit(dev_x, dev_y, dev_groups, algorithm=algorithm, seed=seed, imbalance=imbalance)
    tell((folds + 1) / steps, "Measuring how good it is")
    cross_validated = evaluate(dev_y, predicted, labels, groups=dev_groups, seed=seed)
    held_out = None
    if parts.test.size:
        test_y, test_groups = [y[i] for i in parts.test], [groups[i] for i in parts.test]
        probabilities = pipeline.predict_proba(table[parts.test])
        held_out = evaluate(test_y, probabilities, labels, groups=test_groups, seed=seed)
    ranked = importance(pipeline, dev_x, feature_names)
    tell(1.0, "Done")
    return Trained(pipeline, cross_validated, held_out, ranked)


def fit(
    X: NDArray[np.float64],
    y: Sequence[str],
    groups: Sequence[str],
    *,
    algorithm: Algorithm,
    seed: int,
    imbalance: Imbalance,
) -> Pipeline:
    """Return a classifier fitted on the given rows and no others.

    Parameters
    ----------
    X : ndarray of float64, shape (n, d)
    y, groups : sequence of str, length n
    algorithm, seed, imbalance
        As :func:`train`.

    Raises
    ------
    ValueError
        When every feature is constant, or a class has a single row (probabilities need two).
    """
    rows = resampled(y, imbalance, seed=seed)
    chosen_x, chosen_y = X[rows], [y[i] for i in rows]
    if not _varies(chosen_x):
        raise ValueError(
            "Every feature is the same in all training rows; choose other features or more cases."
        )
    weight: ClassWeight = "balanced" if imbalance == "balanced" else None
    if algorithm == "forest":
        return make(algorithm, seed=seed, class_weight=weight).fit(chosen_x, chosen_y)
    inner = _calibration_folds(chosen_y, [groups[i] for i in rows], seed)
    pipeline = make(algorithm, seed=seed, class_weight=weight, calibration_folds=inner)
    pipeline.fit(chosen_x, chosen_y)
    # The row numbers of the folds have done their work; stored models must not carry them.
    pipeline.named_steps["classify"].cv = CALIBRATION_FOLDS
    return pipeline


def _calibration_folds(
    y: Sequence[str], groups: Sequence[str], seed: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    fewest = min(splits.groups_per_class(y, groups).values())
    if fewest >= 2:
        return splits.grouped_folds(y, groups, min(CALIBRATION_FOLDS, fewest), seed)
    # A class from one patient cannot be kept whole *and* be on both sides; rows are parted instead: it makes
    # its probabilities too sure but leaves the judged folds untouched.
    from sklearn.model_selection import StratifiedKFold

    rarest = min(list(y).count(label) for label in set(y))
    if rarest < 2:
        raise ValueError("A class has a single training row, probabilities need two; label more cases.")
    splitter = StratifiedKFold(min(CALIBRATION_FOLDS, rarest), shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(y)), list(y)))


def _varies(table: NDArray[np.float64]) -> bool:
    known = np.isfinite(table)
    low = np.where(known, table, np.inf).min(axis=0)
    high = np.where(known, table, -np.inf).max(axis=0)
    return bool((high > low).any())


def _check(
    table: NDArray[np.float64], y: Sequence[str], groups: Sequence[str], feature_names: Sequence[str]
) -> None:
    if table.ndim != 2 or table.shape[0] == 0:
        raise ValueError(f"Features have shape {table.shape}; give one row for each picture, at least one.")
    if table.shape[0] != len(y) or len(y) != len(groups):
        raise ValueError(
            f"{table.shape[0]} feature rows, {len(y)} labels and {len(groups)} groups; give as many of each."
        )
    if table.shape[1] != len(feature_names):
        raise ValueError(
            f"{table.shape[1]} feature columns but {len(feature_names)} names; give one for each."
        )
    if np.isinf(table).any():
        raise ValueError("Some features are infinite; extract them again (undefined features are nan).")


def _silent(share: float, sentence: str) -> None:
    """Tell nobody."""
