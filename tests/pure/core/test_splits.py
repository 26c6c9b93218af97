"""Folds and hold-outs: whole patients, clear refusals; resampling of training rows."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.learn.imbalance import class_weights, resampled
from analysis.core.learn.splits import grouped_folds, holdout


@given(
    patients=st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 4)), min_size=12, max_size=30),
    seed=st.integers(0, 1000),
)
def test_no_patient_is_on_both_sides_and_every_row_is_tested_once(patients, seed):
    y = [label for label, rows in patients for _ in range(rows)]
    groups = [f"p{number}" for number, (_, rows) in enumerate(patients) for _ in range(rows)]
    if min(Counter(label for label, _ in patients).get(c, 0) for c in "ab") < 3:
        with pytest.raises(ValueError, match=r"too few|at least two classes"):
            grouped_folds(y, groups, 3, seed)
        return
    tested: list[int] = []
    for train, test in grouped_folds(y, groups, 3, seed):
        assert not {groups[i] for i in train} & {groups[i] for i in test}
        assert {y[i] for i in train} == {"a", "b"}
        assert sorted([*train, *test]) == list(range(len(y)))
        tested += test.tolist()
    assert sorted(tested) == list(range(len(y)))


def test_folds_come_again_with_the_same_seed_and_differ_with_another():
    y, groups = ["a", "b"] * 20, [f"p{i}" for i in range(40)]
    first, again, other = (grouped_folds(y, groups, 4, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(f[1], a[1]) for f, a in zip(first, again, strict=True))
    assert not all(np.array_equal(f[1], o[1]) for f, o in zip(first, other, strict=True))


def test_a_class_of_few_patients_is_named_with_what_to_do():
    y, groups = ["a"] * 6 + ["rare"] * 6, [f"p{i}" for i in range(6)] + ["q1", "q1", "q1", "q2", "q2", "q2"]
    with pytest.raises(ValueError, match=r"Class “rare” comes from 2 patient groups.*at most 2 folds"):
        grouped_folds(y, groups, 5, 0)
    with pytest.raises(ValueError, match=r"from 1 patient group, .*add cases of other patients"):
        grouped_folds(y, groups[:6] + ["q1"] * 6, 5, 0)


@pytest.mark.parametrize(
    ("y", "groups", "n", "sentence"),
    [
        (["a", "b"], ["p"], 2, "one group for each row"),
        (["a", "b"], ["p", "q"], 1, "at least 2"),
        (["a", "a"], ["p", "q"], 2, "only class “a” is"),
        ([], [], 2, "no class is"),
    ],
)
def test_folds_that_cannot_be_made_are_refused(y, groups, n, sentence):
    with pytest.raises(ValueError, match=sentence):
        grouped_folds(y, groups, n, 0)


def test_patients_with_several_classes_stay_whole():
    y = ["a", "a", "b", "b"]
    folds = grouped_folds(y, ["p", "q", "p", "q"], 2, 0)
    assert [sorted(test.tolist()) for _, test in folds] in ([[0, 2], [1, 3]], [[1, 3], [0, 2]])


def test_holdout_keeps_the_given_test_rows_apart():
    split = ["train", "test", "val", "test", "train"]
    parts = holdout(["a", "b", "b", "a", "b"], list("pqrst"), split)
    assert (parts.development.tolist(), parts.test.tolist()) == ([0, 2, 4], [1, 3])
    assert holdout(["a", "b"], ["p", "q"], None).test.size == 0


def test_holdout_refuses_a_patient_on_both_sides():
    with pytest.raises(ValueError, match=r"1 patient group is in both training and test \(p\)"):
        holdout(["a", "b", "a"], ["p", "q", "p"], ["train", "train", "test"])


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        (["train"], "one for each row"),
        (["train", "dev"], "Unknown split 'dev'"),
        (["train", "test"], "only class"),
    ],
)
def test_holdout_refuses_lists_that_make_no_sense(split, sentence):
    with pytest.raises(ValueError, match=sentence):
        holdout(["a", "b"], ["p", "q"], split)


def test_class_weights_give_every_class_the_same_say():
    y = ["a"] * 6 + ["b"] * 2
    weights = class_weights(y)
    assert weights["a"] * 6 == pytest.approx(weights["b"] * 2)


def test_oversampling_keeps_every_row_and_evens_classes():
    y = ["a"] * 7 + ["b"] * 2 + ["c"] * 4
    rows = resampled(y, "oversample", seed=3)
    assert Counter(y[i] for i in rows) == {"a": 7, "b": 7, "c": 7}
    assert set(range(13)) == set(rows.tolist())


def test_undersampling_evens_classes_without_repetition():
    y = ["a"] * 7 + ["b"] * 2 + ["c"] * 4
    rows = resampled(y, "undersample", seed=3)
    assert Counter(y[i] for i in rows) == {"a": 2, "b": 2, "c": 2}
    assert len(set(rows.tolist())) == 6


def test_other_methods_keep_rows_and_unknown_ones_are_refused():
    assert resampled(["a", "b"], "none", seed=0).tolist() == [0, 1]
    assert resampled(["a", "b"], "balanced", seed=0).tolist() == [0, 1]
    with pytest.raises(ValueError, match="imbalance"):
        resampled(["a"], "smote", seed=0)
