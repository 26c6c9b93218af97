"""Requests that lie ready in the pipe of a child: answered in order, and lost with no child that dies."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cases.imaging.children import Answer, Children

from . import build

SECRET = b"a secret of thirty-two characters"


@pytest.fixture
def pool() -> Iterator[Children]:
    found = Children(count=1, secret=SECRET, ahead=2)
    yield found
    found.close()


def give(pool: Children, folder: Path, number: int, *, seconds: float = 30.0, alone: bool = False) -> None:
    path = folder / f"{number}.raw"
    path.write_bytes(build.to_file(build.image(np.full((8, 8), number, np.int16))))
    request = {"do": "clean", "path": str(path), "drafts": str(folder / str(number))}
    pool.submit(number, request, seconds=seconds, alone=alone)


def answers(pool: Children, count: int) -> list[tuple[int, str]]:
    found: list[Answer] = []
    while len(found) < count:
        found += pool.wait(1.0)
    return [(answer.number, answer.outcome) for answer in found]


def stopped(pool: Children, folder: Path) -> int:
    """A warm child that does not answer."""
    give(pool, folder, 1)
    assert answers(pool, 1) == [(1, "done")]
    (pid,) = pool.pids()
    os.kill(pid, signal.SIGSTOP)
    return pid


def test_they_are_answered_in_order(pool, tmp_path):
    assert pool.idle() == 3
    for number in (1, 2, 3):
        give(pool, tmp_path, number)
    assert pool.idle() == 0
    with pytest.raises(RuntimeError, match="idle"):
        give(pool, tmp_path, 4)
    assert answers(pool, 3) == [(1, "done"), (2, "done"), (3, "done")]
    assert pool.idle() == 3


def test_only_the_one_in_work_is_blamed_for_a_crash(pool, tmp_path):
    pid = stopped(pool, tmp_path)
    for number in (2, 3, 4):
        give(pool, tmp_path, number)
    os.kill(pid, signal.SIGKILL)
    assert answers(pool, 3) == [(2, "crashed"), (3, "done"), (4, "done")]
    assert pid not in pool.pids()


def test_only_the_one_in_work_can_be_late(pool, tmp_path):
    stopped(pool, tmp_path)
    give(pool, tmp_path, 2, seconds=0.05)
    give(pool, tmp_path, 3, seconds=30)
    assert answers(pool, 2) == [(2, "late"), (3, "done")]


def test_what_was_half_done_is_done_again_when_another_is_dropped(pool, tmp_path):
    stopped(pool, tmp_path)
    for number in (2, 3):
        give(pool, tmp_path, number)
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "half").write_bytes(b"half")
    pool.drop(3)
    assert answers(pool, 1) == [(2, "done")]
    assert not (tmp_path / "2" / "half").exists()
    assert pool.wait(0.1) == []


def test_rest_forgets_what_lay_ready(pool, tmp_path):
    stopped(pool, tmp_path)
    for number in (2, 3, 4):
        give(pool, tmp_path, number)
    pool.rest()
    assert (pool.idle(), pool.pids(), pool.wait(0.1)) == (3, [], [])


def test_what_may_take_long_waits_for_an_idle_child_and_keeps_nothing_waiting(tmp_path):
    with_two = Children(count=2, secret=SECRET, ahead=2)
    try:
        give(with_two, tmp_path, 1, alone=True)
        # The other child takes all of these.
        for number in (2, 3, 4):
            give(with_two, tmp_path, number)
        assert with_two.idle() == 0
        assert sorted(answers(with_two, 4)) == [(number, "done") for number in (1, 2, 3, 4)]
        for number in (5, 6):
            give(with_two, tmp_path, number)
        give(with_two, tmp_path, 7, alone=True)
        assert with_two.idle() == 0
        assert sorted(answers(with_two, 3)) == [(number, "done") for number in (5, 6, 7)]
        assert with_two.idle() == 6
    finally:
        with_two.close()


def test_a_request_that_could_fill_a_pipe_goes_alone(pool, tmp_path):
    stopped(pool, tmp_path)
    give(pool, tmp_path, 2)
    pool.submit(3, {"do": "clean", "path": "x" * 10_000, "drafts": str(tmp_path / "3")}, seconds=30)
    assert pool.idle() == 0
    os.kill(pool.pids()[0], signal.SIGCONT)
    assert answers(pool, 2) == [(2, "done"), (3, "failed")]
