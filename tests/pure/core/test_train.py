"""Training: nothing leaks, refusals are clear, and it learns what there is to learn."""

import csv

import numpy as np
import pytest

from analysis.core.features.registry import FEATURE_SETS, extract, feature_names
from analysis.core.learn import classifiers
from analysis.core.learn import train as training
from analysis.core.learn.explain import _slopes, contributions
from analysis.core.learn.predict import predict
from analysis.core.learn.train import fit, train
from tests.support import shared

NAMES = ["size", "noise", "constant", "gap"]
ALGORITHMS = ["svm", "svm-linear", "forest"]


class Data:
    """Patients with three rows each; "size" tells classes apart, "gap" is sometimes undefined."""

    def __init__(self, patients: int = 24, classes: str = "ab", seed: int = 0) -> None:
        generator = np.random.default_rng(seed)
        self.y = [classes[p % len(classes)] for p in range(patients) for _ in range(3)]
        self.groups = [f"p{p}" for p in range(patients) for _ in range(3)]
        self.split = ["test" if p >= patients - 6 else "train" for p in range(patients) for _ in range(3)]
        self.X = generator.normal(size=(len(self.y), 4))
        self.X[:, 0] += [3.0 * classes.index(label) for label in self.y]
        self.X[:, 2] = 5.0
        self.X[generator.random(len(self.y)) < 0.2, 3] = np.nan

    def train(self, algorithm: str = "svm-linear", **changes):
        values = {"X": self.X, "y": self.y, "groups": self.groups, "split": self.split} | changes
        options = {"seed": 1, "folds": 3, "feature_names": NAMES} | {
            k: values.pop(k) for k in list(values) if k not in ("X", "y", "groups", "split")
        }
        return train(
            values["X"], values["y"], values["groups"], values["split"], algorithm=algorithm, **options
        )


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty trees show a leak as well as three hundred, in a tenth of the time."""
    monkeypatch.setattr(classifiers, "FOREST_TREES", 30)


@pytest.fixture
def data() -> Data:
    return Data()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_learns_and_names_the_feature_that_matters(data: Data, algorithm: str):
    before = data.X.copy()
    found = data.train(algorithm)
    np.testing.assert_array_equal(data.X, before)
    assert found.cross_validated.n == 54
    assert found.held_out is not None
    assert found.held_out.n == 18
    assert found.cross_validated.macro_auc > 0.9
    assert found.feature_importance[0][0] == "size"
    assert dict(found.feature_importance)["constant"] == 0
    assert sum(value for _, value in found.feature_importance) == pytest.approx(1)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_three_classes(algorithm: str):
    found = Data(classes="abc").train(algorithm)
    assert found.cross_validated.labels == ("a", "b", "c")
    assert found.cross_validated.macro_auc > 0.85
    assert found.feature_importance[0][0] == "size"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_test_split_touches_nothing_but_its_own_evaluation(data: Data, algorithm: str):
    test = np.array(data.split) == "test"
    changed = data.X.copy()
    changed[test] = np.random.default_rng(9).permutation(changed[test]) * 100
    first, second = data.train(algorithm), data.train(algorithm, X=changed)
    probe = data.X[:10]
    np.testing.assert_array_equal(first.pipeline.predict_proba(probe), second.pipeline.predict_proba(probe))
    assert first.cross_validated == second.cross_validated
    assert first.feature_importance == second.feature_importance
    assert first.held_out != second.held_out


@pytest.mark.parametrize("imbalance", ["none", "balanced", "oversample", "undersample"])
def test_each_fold_is_fitted_without_a_row_of_its_patients(data: Data, imbalance: str, monkeypatch):
    seen: list[set[str]] = []
    predicted: list[set[str]] = []

    def watched(X, y, groups, **options):
        seen.append(set(groups))
        pipeline = fit(X, y, groups, **options)
        original = pipeline.predict_proba

        def watched_predict(rows):
            predicted.append({data.groups[int(np.flatnonzero(data.X[:, 0] == row[0])[0])] for row in rows})
            return original(rows)

        pipeline.predict_proba = watched_predict
        return pipeline

    monkeypatch.setattr(training, "fit", watched)
    found = data.train(imbalance=imbalance)
    test_groups = {g for g, s in zip(data.groups, data.split, strict=True) if s == "test"}
    assert len(seen) == len(predicted) == 4
    for fitted, judged in zip(seen, predicted, strict=True):
        assert fitted
        assert judged
        assert not fitted & judged
        assert not fitted & test_groups
    # Rows drawn twice would show here: every row is judged exactly once.
    assert [score.support for score in found.cross_validated.per_class] == [27, 27]


@pytest.mark.parametrize("imbalance", ["balanced", "oversample"])
def test_memory_of_a_patient_does_not_count_as_skill(imbalance: str):
    # Three equal rows of each patient and a label without any cause: only a leak could predict it.
    generator = np.random.default_rng(11)
    X = np.repeat(generator.normal(size=(60, 5)), 3, axis=0)
    y = np.repeat(generator.permutation(["a"] * 36 + ["b"] * 24), 3).tolist()
    groups = np.repeat([f"p{i}" for i in range(60)], 3).tolist()
    found = train(
        X, y, groups, None, algorithm="forest", feature_names=list("vwxyz"), seed=0, imbalance=imbalance
    )
    assert 0.25 < found.cross_validated.macro_auc < 0.7


def test_training_again_gives_the_same_model(data: Data):
    first, second = data.train("forest"), data.train("forest")
    np.testing.assert_array_equal(first.pipeline.predict_proba(data.X), second.pipeline.predict_proba(data.X))
    assert first.cross_validated == second.cross_validated


def test_progress_rises_to_one(data: Data):
    told: list[tuple[float, str]] = []
    data.train(on_progress=lambda share, sentence: told.append((share, sentence)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert "fold 1 of 3" in told[0][1]


def test_without_split_there_is_no_held_out_evaluation(data: Data):
    found = data.train(split=None)
    assert found.held_out is None
    assert found.cross_validated.n == 72


def test_stored_model_carries_no_row_numbers(data: Data):
    assert data.train("svm").pipeline.named_steps["classify"].cv == 3


def test_a_class_from_one_patient_still_gets_probabilities():
    X = np.array([[0.0], [0.1], [0.2], [0.3], [1.0], [1.1], [1.2]])
    model = fit(
        X, list("aaaabbb"), list("pqrstttt")[:7], algorithm="svm-linear", seed=0, imbalance="balanced"
    )
    assert model.predict_proba(X).shape == (7, 2)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"X": np.zeros((72, 4))}, "Every feature is the same"),
        ({"X": np.zeros((0, 4))}, "at least one"),
        ({"X": np.full((72, 4), np.inf)}, "infinite"),
        ({"y": ["a"] * 72}, "at least two classes"),
        ({"y": ["a"]}, "as many of each"),
        ({"y": ["a", "b"] * 27 + ["new"] * 18}, "Class new occurs in the test split only"),
        ({"feature_names": ["one"]}, "4 feature columns but 1 names"),
        ({"folds": 40}, "choose at most 9 folds"),
        ({"algorithm": "oracle"}, "Unknown algorithm"),
        ({"imbalance": "smote"}, "imbalance"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_a_sentence(data: Data, changes: dict, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        data.train(**changes)


def test_prediction_takes_features_by_name(data: Data):
    model = data.train().pipeline
    x = {"gap": float("nan"), "size": 3.0, "noise": 0.0, "constant": 5.0, "unused": 1.0}
    found = predict(model, x, NAMES)
    assert list(found) == ["b", "a"]
    assert sum(found.values()) == pytest.approx(1)
    with pytest.raises(ValueError, match="missing: size"):
        predict(model, {k: v for k, v in x.items() if k != "size"}, NAMES)
    with pytest.raises(ValueError, match="infinite"):
        predict(model, x | {"noise": float("inf")}, NAMES)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_explanation_names_cause_and_direction(data: Data, algorithm: str):
    model = data.train(algorithm).pipeline
    x = {"size": 4.0, "noise": 0.0, "constant": 5.0, "gap": 0.0}
    first = contributions(model, x, NAMES)[0]
    assert (first.name, first.value) == ("size", 4.0)
    assert first.effect > 0
    against = contributions(model, x, NAMES, label="a")[0]
    assert against.effect == pytest.approx(-first.effect)
    replaced = predict(model, x | {"size": first.usual}, NAMES)["b"]
    assert first.effect == pytest.approx(predict(model, x, NAMES)["b"] - replaced)
    with pytest.raises(ValueError, match="does not know class"):
        contributions(model, x, NAMES, label="z")


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_slopes_are_the_gradient_of_the_decision(kernel: str):
    from sklearn.svm import SVC

    generator = np.random.default_rng(6)
    X = generator.normal(size=(60, 3))
    y = np.digitize(X[:, 0] + 0.3 * X[:, 1], [-0.5, 0.5])
    machine = SVC(kernel=kernel, decision_function_shape="ovo").fit(X, y)
    step = 1e-5
    numeric = [
        np.abs(machine.decision_function(X + e) - machine.decision_function(X - e)).mean() / (2 * step)
        for e in np.eye(3) * step
    ]
    assert _slopes(machine, X).tolist() == pytest.approx(numeric, rel=1e-4)


@pytest.mark.shared
@pytest.mark.parametrize("algorithm", ["svm", "forest"])
def test_chest_radiographs_are_told_apart(algorithm: str):
    import cv2

    folder = shared("data/01_cxr_pneumonia_2class")
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    generator = np.random.default_rng(0)
    chosen = []
    for split, number in (("train", 70), ("test", 35)):
        for label in ("NORMAL", "PNEUMONIA"):
            fitting = [row for row in rows if (row["split"], row["label"]) == (split, label)]
            chosen += [fitting[i] for i in generator.permutation(len(fitting))[:number]]
    settings = FEATURE_SETS["picture"]
    table = [
        list(
            extract(cv2.imread(str(folder / r["filename"]), cv2.IMREAD_GRAYSCALE), settings=settings).values()
        )
        for r in chosen
    ]
    found = train(
        np.array(table),
        [row["label"] for row in chosen],
        [row["patient_group"] for row in chosen],
        [row["split"] for row in chosen],
        algorithm=algorithm,
        feature_names=feature_names(settings),
        seed=1,
        folds=3,
    )
    assert found.cross_validated.macro_auc > 0.85
    assert found.held_out is not None
    assert found.held_out.macro_auc > 0.85
