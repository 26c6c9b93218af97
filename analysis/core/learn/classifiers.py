"""The classifiers on offer, each as one pipeline: impute, scale, select, decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Algorithm = Literal["svm", "svm-linear", "forest"]
ClassWeight = Literal["balanced"] | Mapping[str, float] | None

FOREST_TREES = 300
CALIBRATION_FOLDS = 3
# After scaling every feature has variance 1, except constant ones: what is left of those is rounding.
_CONSTANT = 1e-6


def make(
    name: Algorithm,
    *,
    seed: int,
    class_weight: ClassWeight = "balanced",
    calibration_folds: int | Iterable[tuple[Any, Any]] = CALIBRATION_FOLDS,
) -> Pipeline:
    """Return an unfitted classifier with probabilities.

    Parameters
    ----------
    name : {"svm", "svm-linear", "forest"}
        Support vector machine with Gaussian or linear kernel (Cortes & Vapnik 1995, DOI 10.1007/BF00994018),
        its scores turned into probabilities by a sigmoid (Platt 1999) fitted on cross-validated scores; or a
        random forest of 300 trees (Breiman 2001, DOI 10.1023/A:1010933404324).
    seed : int
    class_weight : "balanced", mapping of class to weight, or None
    calibration_folds : int or iterable of (train, test)
        Folds for the sigmoid; give folds that keep patients whole, or probabilities come out too sure.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Steps "impute" (median), "scale", "select" (drops constant features) and "classify".

    Raises
    ------
    ValueError
        For an unknown name.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.feature_selection import VarianceThreshold
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    if name not in get_args(Algorithm):
        raise ValueError(f"Unknown algorithm {name!r}; choose one of {', '.join(get_args(Algorithm))}.")
    if name == "forest":
        decide: Any = RandomForestClassifier(
            FOREST_TREES, min_samples_leaf=2, class_weight=class_weight, random_state=seed, n_jobs=1
        )
    else:
        machine = (
            SVC(C=1.0, kernel="rbf", gamma="scale", class_weight=class_weight)
            if name == "svm"
            else SVC(C=0.05, kernel="linear", class_weight=class_weight)
        )
        # One machine on all rows, its sigmoid on cross-validated scores: a third of the size of an ensemble.
        decide = CalibratedClassifierCV(
            machine, method="sigmoid", cv=calibration_folds, ensemble=False, n_jobs=1
        )
    return Pipeline(
        [
            ("impute", SimpleImputer(strategy="median", missing_values=np.nan, keep_empty_features=True)),
            ("scale", StandardScaler()),
            ("select", VarianceThreshold(_CONSTANT)),
            ("classify", decide),
        ]
    )
