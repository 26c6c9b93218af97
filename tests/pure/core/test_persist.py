"""Stored models: what comes back is the same, and nothing else comes back."""

import pickle

import numpy as np
import pytest

from analysis.core.learn import persist
from analysis.core.learn.persist import Untrusted, dump, load
from analysis.core.learn.train import fit

KEY = b"a key of thirty-two bytes, truly"


@pytest.fixture(scope="module")
def table() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(30, 3))


@pytest.fixture(scope="module")
def stored(table: np.ndarray) -> bytes:
    return dump(model(table, "svm"), key=KEY)


def model(table: np.ndarray, algorithm: str):
    y = ["a", "b", "c"] * 10
    return fit(table, y, [str(i) for i in range(30)], algorithm=algorithm, seed=0, imbalance="balanced")


@pytest.mark.parametrize("algorithm", ["svm", "svm-linear", "forest"])
def test_every_algorithm_comes_back_the_same(table: np.ndarray, algorithm: str):
    before = model(table, algorithm)
    after = load(dump(before, key=KEY), key=KEY)
    np.testing.assert_array_equal(after.predict_proba(table), before.predict_proba(table))
    assert after.classes_.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    "place", [0, len(persist.MAGIC), len(persist.MAGIC) + 31, len(persist.MAGIC) + 32, -1]
)
def test_one_changed_bit_is_refused(stored: bytes, place: int):
    changed = bytearray(stored)
    changed[place] ^= 1
    with pytest.raises(Untrusted):
        load(bytes(changed), key=KEY)


def test_another_key_and_a_cut_file_are_refused(stored: bytes):
    with pytest.raises(Untrusted, match="another key"):
        load(stored, key=KEY[::-1])
    with pytest.raises(Untrusted, match="changed"):
        load(stored[:-1], key=KEY)
    with pytest.raises(Untrusted, match="changed"):
        load(persist.MAGIC, key=KEY)


class Bomb:
    """Raises as soon as it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def test_pickle_is_refused_unread_even_when_signed():
    blob = pickle.dumps(Bomb())
    with pytest.raises(Untrusted, match="other formats are refused"):
        load(blob, key=KEY)
    import zipfile

    with pytest.raises(zipfile.BadZipFile):
        load(signed(blob), key=KEY)


def test_types_outside_the_list_are_refused_even_when_signed():
    import os

    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer
    from skops.io import dumps

    hostile = Pipeline([("run", FunctionTransformer(func=os.system))])
    with pytest.raises(Untrusted, match="not on the list"):
        dump(hostile, key=KEY)
    with pytest.raises(Untrusted, match="not on the list"):
        load(signed(dumps(hostile)), key=KEY)


def test_short_keys_are_refused(stored: bytes):
    with pytest.raises(ValueError, match="at least 16"):
        load(stored, key=b"short")


def signed(body: bytes) -> bytes:
    return persist.MAGIC + persist._sign(body, KEY) + body
