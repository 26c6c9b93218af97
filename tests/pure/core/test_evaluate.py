"""Scores against numbers worked out by hand and against scikit-learn."""

import json
import math

import numpy as np
import pytest

from analysis.core.learn.evaluate import CURVE_POINTS, Evaluation, area_under_roc, evaluate

# Three sick, three well; one of each is judged wrong.
Y = ["sick", "sick", "sick", "well", "well", "well"]
SICK = np.array([0.9, 0.8, 0.3, 0.6, 0.2, 0.1])
P = np.stack([SICK, 1 - SICK], axis=1)
LABELS = ["sick", "well"]


@pytest.fixture
def three() -> tuple[list[str], np.ndarray, list[str]]:
    generator = np.random.default_rng(4)
    labels = ["a", "b", "c"]
    y = generator.choice(labels, 300, p=[0.6, 0.3, 0.1]).tolist()
    p = generator.random((300, 3))
    p[np.arange(300), [labels.index(v) for v in y]] += 0.6
    return y, p / p.sum(axis=1, keepdims=True), labels


def test_two_classes_by_hand():
    found = evaluate(Y, P, LABELS)
    assert found.confusion == ((2, 1), (1, 2))
    sick = found.per_class[0]
    for value in (sick.precision, sick.recall, sick.f1, sick.specificity, found.accuracy, found.macro.f1):
        assert value == pytest.approx(2 / 3)
    assert found.mcc == pytest.approx((2 * 2 - 1 * 1) / 9)
    # Of nine pairs sick-well one is in the wrong order: 0.3 below 0.6.
    assert found.macro_auc == pytest.approx(8 / 9)
    assert found.brier == pytest.approx((0.01 + 0.04 + 0.49 + 0.36 + 0.04 + 0.01) / 6)
    assert found.roc[0].x == pytest.approx((0, 0, 0, 1 / 3, 1 / 3, 2 / 3, 1), abs=1e-6)
    assert found.roc[0].y == pytest.approx((0, 1 / 3, 2 / 3, 2 / 3, 1, 1, 1), abs=1e-6)
    # Recall steps of a third at precision 1, 1 and 3/4.
    assert found.precision_recall[0].area == pytest.approx((1 + 1 + 0.75) / 3)


def test_three_classes_agree_with_scikit_learn(three):
    from sklearn import metrics

    y, p, labels = three
    found = evaluate(y, p, labels, bootstraps=0)
    guess = [labels[k] for k in p.argmax(axis=1)]
    assert np.array_equal(found.confusion, metrics.confusion_matrix(y, guess, labels=labels))
    for name, average in (("macro", found.macro), ("weighted", found.weighted)):
        expected = metrics.precision_recall_fscore_support(y, guess, average=name)[:3]
        assert (average.precision, average.recall, average.f1) == pytest.approx(expected)
    assert found.mcc == pytest.approx(metrics.matthews_corrcoef(y, guess))
    assert found.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(y, guess))
    assert found.macro_auc == pytest.approx(metrics.roc_auc_score(y, p, multi_class="ovr", average="macro"))
    for k, label in enumerate(labels):
        truth = np.array(y) == label
        assert found.precision_recall[k].area == pytest.approx(
            metrics.average_precision_score(truth, p[:, k])
        )
    assert found.intervals == {}


def test_area_counts_ties_half_and_a_mirror_turns_it_around():
    generator = np.random.default_rng(1)
    truth, scores = generator.random(80) > 0.5, generator.integers(0, 5, 80).astype(float)
    area = area_under_roc(truth, scores)
    assert area_under_roc(truth, -scores) == pytest.approx(1 - area)
    assert area_under_roc(truth, np.exp(scores)) == pytest.approx(area)
    assert area_under_roc(truth, np.zeros(80)) == 0.5
    assert math.isnan(area_under_roc(np.ones(3, bool), np.arange(3.0)))


def test_order_of_rows_does_not_matter(three):
    y, p, labels = three
    turn = np.random.default_rng(0).permutation(len(y))
    first = evaluate(y, p, labels, bootstraps=0)
    other = evaluate([y[i] for i in turn], p[turn], labels, bootstraps=0)
    assert other.brier == pytest.approx(first.brier)
    assert (other.confusion, other.roc, other.precision_recall) == (
        first.confusion,
        first.roc,
        first.precision_recall,
    )


def test_perfect_and_reversed_predictions_are_the_ends_of_the_scale():
    sure = np.eye(2)[[0, 0, 0, 1, 1, 1]]
    best, worst = evaluate(Y, sure, LABELS), evaluate(Y, 1 - sure, LABELS)
    assert (best.mcc, best.brier, best.macro_auc, best.accuracy) == (1.0, 0.0, 1.0, 1.0)
    assert (worst.mcc, worst.brier, worst.macro_auc, worst.accuracy) == (-1.0, 1.0, 0.0, 0.0)


def test_interval_holds_the_value_and_widens_when_rows_hang_together(three):
    y, p, labels = three
    found = evaluate(y, p, labels, seed=1)
    low, high = found.intervals["macro_f1"]
    assert low < found.macro.f1 < high
    # Every row five times is no new knowledge: drawn by patient the width stays, row by row it shrinks.
    groups = [str(i) for i in range(len(y)) for _ in range(5)]
    often = ([v for v in y for _ in range(5)], np.repeat(p, 5, axis=0), labels)
    whole, single = evaluate(*often, groups=groups, seed=1), evaluate(*often, seed=1)
    width = {k: np.diff(e.intervals["macro_f1"])[0] for k, e in (("whole", whole), ("single", single))}
    assert width["whole"] == pytest.approx(high - low, rel=0.15)
    assert width["single"] < 0.6 * width["whole"]


def test_json_round_trip_keeps_everything_even_undefined_values():
    found = evaluate(["a", "a"], np.array([[0.7, 0.3], [0.8, 0.2]]), ["a", "b"])
    assert math.isnan(found.macro_auc)
    assert math.isnan(found.per_class[1].recall)
    text = json.dumps(found.to_json(), allow_nan=False)
    for back in (Evaluation.from_json(text), Evaluation.from_json(json.loads(text))):
        assert repr(back) == repr(found)


def test_json_that_lacks_a_part_is_refused():
    data = evaluate(Y, P, LABELS, bootstraps=0).to_json()
    del data["brier"]
    with pytest.raises(ValueError, match="brier"):
        Evaluation.from_json(data)


def test_long_curves_are_thinned_but_keep_their_ends_and_area():
    generator = np.random.default_rng(2)
    y = generator.choice(LABELS, 3000).tolist()
    p = generator.random(3000)
    found = evaluate(y, np.stack([p, 1 - p], axis=1), LABELS, bootstraps=0)
    curve = found.roc[0]
    assert len(curve.x) == CURVE_POINTS
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(curve.area, abs=0.005)


@pytest.mark.parametrize(
    ("y", "p", "sentence"),
    [
        ([], np.zeros((0, 2)), "nothing to evaluate"),
        (["sick"], np.zeros((1, 3)), "shape"),
        (["ill"], np.ones((1, 2)) / 2, "ill is not among"),
        (["sick"], np.array([[np.nan, 1.0]]), "not finite"),
    ],
)
def test_what_cannot_be_judged_is_refused(y, p, sentence):
    with pytest.raises(ValueError, match=sentence):
        evaluate(y, p, LABELS)
