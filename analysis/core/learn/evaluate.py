"""How good a classifier is: one frozen value that survives a round trip through JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

CURVE_POINTS = 200
BOOTSTRAPS = 500


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Scores of one class against all others; nan where a denominator is zero."""

    label: str
    precision: float
    recall: float
    f1: float
    specificity: float
    support: int


@dataclass(frozen=True, slots=True)
class Average:
    """Precision, recall and F1 averaged over classes."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one class against all others and the area (ROC) or average precision (precision-recall)."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything measured on one set of predictions.

    Parameters
    ----------
    labels : tuple of str
        Classes, in the order of rows and columns of `confusion`.
    n : int
        Number of judged rows.
    confusion : tuple of tuple of int
        Row: true class; column: predicted class.
    per_class : tuple of ClassScore
    macro, weighted : Average
        Over the classes that occur; weighted by their support.
    accuracy, balanced_accuracy, mcc : float
        `mcc` is the multi-class Matthews correlation (Gorodkin 2004, DOI 10.1016/j.compbiolchem.2004.09.006).
    roc, precision_recall : tuple of Curve
        One for each class; x is 1 - specificity, or recall.
    macro_auc : float
        Mean area under the ROC curves.
    brier : float
        Mean squared error of all class probabilities, halved: 0 perfect, 1 surely wrong; for two classes the
        usual Brier score.
    intervals : dict of str to (low, high)
        95 % bootstrap intervals of "macro_f1" and "macro_auc", whole groups drawn where groups were given.
    """

    labels: tuple[str, ...]
    n: int
    confusion: tuple[tuple[int, ...], ...]
    per_class: tuple[ClassScore, ...]
    macro: Average
    weighted: Average
    accuracy: float
    balanced_accuracy: float
    mcc: float
    roc: tuple[Curve, ...]
    precision_recall: tuple[Curve, ...]
    macro_auc: float
    brier: float
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a dict of JSON types only (nan becomes None), fit for a JSON column."""
        cleaned = _without_nan(asdict(self))
        if not isinstance(cleaned, dict):
            raise TypeError("An evaluation did not turn into a dict.")
        return cleaned

    @classmethod
    def from_json(cls, data: dict[str, Any] | str) -> Evaluation:
        """Return the evaluation that :meth:`to_json` wrote, from its dict or its JSON text.

        Raises
        ------
        ValueError
            When a part is missing.
        """
        values: dict[str, Any] = json.loads(data) if isinstance(data, str) else data
        try:
            return cls(
                labels=tuple(values["labels"]),
                n=int(values["n"]),
                confusion=tuple(tuple(int(v) for v in row) for row in values["confusion"]),
                per_class=tuple(
                    ClassScore(
                        label=row["label"],
                        support=int(row["support"]),
                        **{k: _number(row[k]) for k in ("precision", "recall", "f1", "specificity")},
                    )
                    for row in values["per_class"]
                ),
                macro=_average(values["macro"]),
                weighted=_average(values["weighted"]),
                accuracy=_number(values["accuracy"]),
                balanced_accuracy=_number(values["balanced_accuracy"]),
                mcc=_number(values["mcc"]),
                roc=tuple(_curve(row) for row in values["roc"]),
                precision_recall=tuple(_curve(row) for row in values["precision_recall"]),
                macro_auc=_number(values["macro_auc"]),
                brier=_number(values["brier"]),
                intervals={k: (_number(v[0]), _number(v[1])) for k, v in values["intervals"].items()},
            )
        except KeyError as error:
            raise ValueError(f"The stored evaluation lacks {error}; evaluate the model again.") from error


def evaluate(
    y: Sequence[str],
    probabilities: NDArray[np.float64],
    labels: Sequence[str],
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    bootstraps: int = BOOTSTRAPS,
) -> Evaluation:
    """Judge predicted probabilities.

    Parameters
    ----------
    y : sequence of str, length n
        True classes.
    probabilities : ndarray of float64, shape (n, k)
        Each row sums to 1; the largest is the prediction.
    labels : sequence of str, length k
        Class of each column.
    groups : sequence of str, length n, or None
        Patients; the bootstrap draws whole ones, since pictures of one patient are not independent.
    seed, bootstraps : int
        0 bootstraps leave `intervals` empty.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        For no rows, shapes that differ, a class without column, or probabilities that are not finite.
    """
    names = tuple(labels)
    scores = np.asarray(probabilities, dtype=np.float64)
    _check(y, scores, names)
    index = {label: k for k, label in enumerate(names)}
    truth = np.array([index[label] for label in y], dtype=np.intp)
    confusion = _confusion(truth, scores.argmax(axis=1), len(names))
    per_class = tuple(_class_score(confusion, k, label) for k, label in enumerate(names))
    support = confusion.sum(axis=1)
    hits = np.diag(confusion)
    seen = support > 0
    outcome = np.eye(len(names))[truth]
    roc = tuple(_roc(outcome[:, k], scores[:, k], label) for k, label in enumerate(names))
    return Evaluation(
        labels=names,
        n=len(y),
        confusion=tuple(tuple(int(v) for v in row) for row in confusion),
        per_class=per_class,
        macro=_averaged(per_class, seen.astype(np.float64)),
        weighted=_averaged(per_class, support.astype(np.float64)),
        accuracy=float(hits.sum() / support.sum()),
        balanced_accuracy=float((hits[seen] / support[seen]).mean()),
        mcc=_matthews(confusion.astype(np.float64)),
        roc=roc,
        precision_recall=tuple(
            _precision_recall(outcome[:, k], scores[:, k], label) for k, label in enumerate(names)
        ),
        macro_auc=_mean([curve.area for curve in roc]),
        brier=float(((scores - outcome) ** 2).sum(axis=1).mean() / 2.0),
        intervals=_intervals(truth, scores, groups, seed, bootstraps),
    )


def area_under_roc(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Return the chance that a positive row scores above a negative one, ties counting half.

    Hanley & McNeil 1982, DOI 10.1148/radiology.143.1.7063747. nan when one side is empty.

    Examples
    --------
    >>> area_under_roc(np.array([True, True, False]), np.array([0.9, 0.4, 0.4]))
    0.75
    """
    from scipy.stats import rankdata

    n_positive = int(positive.sum())
    n_negative = positive.size - n_positive
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    ranks = float(rankdata(scores)[positive].sum())
    return (ranks - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def _check(y: Sequence[str], scores: NDArray[np.float64], names: tuple[str, ...]) -> None:
    if len(y) == 0:
        raise ValueError("There is nothing to evaluate; give at least one row.")
    if scores.shape != (len(y), len(names)):
        raise ValueError(
            f"Probabilities have shape {scores.shape}; {len(y)} rows and {len(names)} classes need "
            f"({len(y)}, {len(names)})."
        )
    strangers = sorted(set(y) - set(names))
    if strangers:
        raise ValueError(
            f"Class {', '.join(strangers)} is not among those the model knows: {', '.join(names)}."
        )
    if not np.isfinite(scores).all():
        raise ValueError("Some probabilities are not finite; the model did not converge, train it again.")


def _confusion(truth: NDArray[np.intp], guess: NDArray[np.intp], k: int) -> NDArray[np.int64]:
    return np.bincount(truth * k + guess, minlength=k * k).reshape(k, k).astype(np.int64)


def _class_score(confusion: NDArray[np.int64], k: int, label: str) -> ClassScore:
    hit = int(confusion[k, k])
    missed = int(confusion[k].sum()) - hit
    false = int(confusion[:, k].sum()) - hit
    rest = int(confusion.sum()) - hit - missed - false
    return ClassScore(
        label=label,
        precision=_share(hit, hit + false),
        recall=_share(hit, hit + missed),
        f1=_share(2 * hit, 2 * hit + false + missed),
        specificity=_share(rest, rest + false),
        support=hit + missed,
    )


def _averaged(rows: Sequence[ClassScore], weights: NDArray[np.float64]) -> Average:
    def one(values: list[float]) -> float:
        # A class that was never predicted has no precision; it counts as 0, or silence would look like skill.
        return float((np.nan_to_num(np.array(values)) * weights).sum() / weights.sum())

    return Average(one([r.precision for r in rows]), one([r.recall for r in rows]), one([r.f1 for r in rows]))


def _matthews(confusion: NDArray[np.float64]) -> float:
    true, guess, total = confusion.sum(axis=1), confusion.sum(axis=0), confusion.sum()
    above = float(np.trace(confusion) * total - true @ guess)
    below = float((total**2 - guess @ guess) * (total**2 - true @ true))
    return above / math.sqrt(below) if below > 0 else 0.0


def _roc(outcome: NDArray[np.float64], scores: NDArray[np.float64], label: str) -> Curve:
    area = area_under_roc(outcome > 0, scores)
    if math.isnan(area):
        return Curve(label, (), (), area)
    hits, false = _cumulated(outcome, scores)
    x, y = np.append(0.0, false / false[-1]), np.append(0.0, hits / hits[-1])
    return _thinned(label, x, y, area)


def _precision_recall(outcome: NDArray[np.float64], scores: NDArray[np.float64], label: str) -> Curve:
    if outcome.sum() == 0:
        return Curve(label, (), (), float("nan"))
    hits, false = _cumulated(outcome, scores)
    recall, precision = hits / hits[-1], hits / (hits + false)
    # Average precision is a sum of steps; the trapezium rule would be too kind (Davis & Goadrich 2006).
    area = float((np.diff(recall, prepend=0.0) * precision).sum())
    return _thinned(label, np.append(0.0, recall), np.append(precision[0], precision), area)


def _cumulated(
    outcome: NDArray[np.float64], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return true and false positives at each different threshold, highest first."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), scores.size - 1)
    hits = np.cumsum(outcome[order])[ends]
    return hits, ends + 1.0 - hits


def _thinned(label: str, x: NDArray[np.float64], y: NDArray[np.float64], area: float) -> Curve:
    """Keep at most CURVE_POINTS points, first and last among them: enough for a chart."""
    if x.size > CURVE_POINTS:
        keep = np.unique(np.linspace(0, x.size - 1, CURVE_POINTS).round().astype(np.intp))
        x, y = x[keep], y[keep]
    return Curve(label, tuple(x.round(6).tolist()), tuple(y.round(6).tolist()), area)


def _intervals(
    truth: NDArray[np.intp],
    scores: NDArray[np.float64],
    groups: Sequence[str] | None,
    seed: int,
    bootstraps: int,
) -> dict[str, tuple[float, float]]:
    """Return percentile bootstrap intervals (Efron & Tibshirani 1993, ISBN 0-412-04231-2)."""
    if bootstraps == 0:
        return {}
    k = scores.shape[1]
    owners = (
        np.arange(truth.size) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    )
    by_group = np.argsort(owners, kind="stable")
    ends = np.cumsum(np.bincount(owners))
    members = np.split(by_group, ends[:-1])
    guess = scores.argmax(axis=1)
    generator = np.random.default_rng(seed)
    f1, auc = np.empty(bootstraps), np.empty(bootstraps)
    for turn in range(bootstraps):
        drawn = generator.integers(0, len(members), len(members))
        rows = np.concatenate([members[g] for g in drawn])
        confusion = _confusion(truth[rows], guess[rows], k)
        both = confusion.sum(axis=0) + confusion.sum(axis=1)
        seen = confusion.sum(axis=1) > 0
        f1[turn] = (2 * np.diag(confusion)[seen] / both[seen]).mean()
        auc[turn] = _mean([area_under_roc(truth[rows] == c, scores[rows, c]) for c in range(k)])
    return {"macro_f1": _interval(f1), "macro_auc": _interval(auc)}


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    # A draw without any row of a class has no area under the curve; it says nothing and is left out.
    known = values[np.isfinite(values)]
    if known.size == 0:
        return float("nan"), float("nan")
    low, high = np.percentile(known, (2.5, 97.5))
    return float(low), float(high)


def _mean(values: list[float]) -> float:
    known = [v for v in values if not math.isnan(v)]
    return sum(known) / len(known) if known else float("nan")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _average(row: dict[str, Any]) -> Average:
    return Average(_number(row["precision"]), _number(row["recall"]), _number(row["f1"]))


def _curve(row: dict[str, Any]) -> Curve:
    return Curve(row["label"], tuple(row["x"]), tuple(row["y"]), _number(row["area"]))


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _without_nan(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
