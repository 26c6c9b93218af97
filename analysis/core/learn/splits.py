"""Parting rows into training and test so that no group (patient) is on both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Holdout:
    """Row numbers for development (training and validation) and for the untouched test."""

    development: Indices
    test: Indices


def groups_per_class(y: Sequence[str], groups: Sequence[str]) -> dict[str, int]:
    """Return the number of different groups of each class, classes sorted.

    Examples
    --------
    >>> groups_per_class(["a", "a", "b"], ["p1", "p1", "p2"])
    {'a': 1, 'b': 1}
    """
    seen: dict[str, set[str]] = defaultdict(set)
    for label, group in zip(y, groups, strict=True):
        seen[label].add(group)
    return {label: len(seen[label]) for label in sorted(seen)}


def grouped_folds(
    y: Sequence[str], groups: Sequence[str], n_splits: int, seed: int
) -> list[tuple[Indices, Indices]]:
    """Return cross-validation folds with whole groups and about equal class shares.

    Parameters
    ----------
    y : sequence of str, length n
        Class of each row.
    groups : sequence of str, length n
        Patient (or whatever must stay together) of each row.
    n_splits : int
        Number of folds, at least 2.
    seed : int

    Returns
    -------
    list of (train, test)
        Row numbers; every row is in exactly one test part.

    Raises
    ------
    ValueError
        When there is one class only, when a class has fewer groups than folds, or
        when whole groups cannot be parted so that each training part holds every class.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if len(y) != len(groups):
        raise ValueError(f"{len(y)} labels but {len(groups)} groups; give one group for each row.")
    if n_splits < 2:
        raise ValueError(f"{n_splits} folds cannot cross-validate; choose at least 2.")
    counts = groups_per_class(y, groups)
    _check_two_classes(counts)
    for label, count in counts.items():
        if count < n_splits:
            most = f"choose at most {count} folds or add cases"
            advice = most if count >= 2 else "add cases of other patients"
            raise ValueError(
                f"Class “{label}” comes from {count} patient group{'s' if count != 1 else ''}, "
                f"too few for {n_splits} folds; {advice}."
            )
    labels, owners = np.asarray(y, dtype=str), np.asarray(groups, dtype=str)
    splitter = StratifiedGroupKFold(n_splits=n_splits, shuffle=True, random_state=seed)
    folds: list[tuple[Indices, Indices]] = []
    for train, test in splitter.split(np.zeros(len(labels)), labels, owners):
        check_apart(owners[train], owners[test])
        if test.size == 0 or len(set(labels[train])) < len(counts):
            raise ValueError(
                f"Whole patients cannot be parted into {n_splits} folds with every class in training; "
                "choose fewer folds or add cases of the rarest class."
            )
        folds.append((train, test))
    return folds


def holdout(y: Sequence[str], groups: Sequence[str], split: Sequence[str] | None) -> Holdout:
    """Return development and test rows of a given split list.

    Parameters
    ----------
    y, groups : sequence of str, length n
    split : sequence of {"train", "val", "test"}, length n, or None
        ``None`` leaves every row to development.

    Raises
    ------
    ValueError
        For an unknown split name, another length, a group on both sides, or fewer than two classes to
        train on.
    """
    everything = np.arange(len(y), dtype=np.intp)
    if split is None:
        chosen = np.zeros(len(y), dtype=bool)
    else:
        if len(split) != len(y):
            raise ValueError(f"{len(y)} labels but {len(split)} split names; give one for each row.")
        unknown = sorted(set(split) - set(SPLITS))
        if unknown:
            raise ValueError(f"Unknown split {', '.join(map(repr, unknown))}; use {', '.join(SPLITS)}.")
        chosen = np.asarray(split, dtype=str) == "test"
    owners = np.asarray(groups, dtype=str)
    check_apart(owners[~chosen], owners[chosen])
    development = everything[~chosen]
    _check_two_classes(groups_per_class([y[i] for i in development], [groups[i] for i in development]))
    return Holdout(development, everything[chosen])


def check_apart(first: NDArray[np.str_], second: NDArray[np.str_]) -> None:
    """Raise ValueError when a group is on both sides: the test would measure memory, not skill."""
    shared = sorted(set(first.tolist()) & set(second.tolist()))
    if shared:
        shown = ", ".join(shared[:3]) + (" and others" if len(shared) > 3 else "")
        raise ValueError(
            f"{len(shared)} patient group{'s are' if len(shared) != 1 else ' is'} in both training and test "
            f"({shown}); give all rows of a patient the same split."
        )


def _check_two_classes(counts: dict[str, int]) -> None:
    if len(counts) < 2:
        found = f"only class “{next(iter(counts))}” is" if counts else "no class is"
        raise ValueError(
            f"Training needs at least two classes, {found} in the training rows; label more cases."
        )
