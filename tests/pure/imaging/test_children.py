"""Processes that open what strangers sent: their answers, their limits, their ends."""

import errno
import os
import resource
import select
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from cases.imaging import child
from cases.imaging.children import ROOT, Answer, Children, Limits
from cases.imaging.errors import Refused
from cases.imaging.prepare import Prepared, from_json, to_json
from cases.imaging.typed import Unbelievable

from . import build

SECRET = b"a secret of thirty-two characters"


def ct(number: int = 1) -> bytes:
    values = np.random.default_rng(number).integers(0, 900, (64, 64)).astype(np.int16)
    return build.to_file(build.image(values, SOPInstanceUID=f"1.2.3.{number}"))


@pytest.fixture
def one():
    pool = Children(count=1, secret=SECRET)
    yield pool
    pool.close()


def ask(pool: Children, seconds: float = 30.0, **request) -> Answer:
    pool.submit(1, request, seconds=seconds)
    while not (found := pool.wait(1.0)):
        pass
    (answer,) = found
    return answer


def clean(pool: Children, folder: Path, data: bytes, name: str = "1", **options) -> Answer:
    path = folder / f"{name}.raw"
    path.write_bytes(data)
    return ask(pool, do="clean", path=str(path), drafts=str(folder / name), **options)


def test_a_file_comes_back_clean_with_its_drafts(one, tmp_path):
    answer = clean(one, tmp_path, ct())
    assert answer.outcome == "done"
    found = from_json(answer.values)
    assert isinstance(found, Prepared)
    assert {path.name for path in (tmp_path / "1").iterdir()} == found.digests()
    assert (found.clean.kind, found.frames[0]["rows"]) == ("dicom", 64)
    assert build.PLANTED.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "1").iterdir())


def test_every_child_gives_the_same_answer(tmp_path):
    answers = []
    for name in ("1", "2"):
        pool = Children(count=1, secret=SECRET)
        answers.append(clean(pool, tmp_path, ct(), name).values)
        pool.close()
    assert answers[0] == answers[1]


def test_a_refusal_has_its_code_and_sentence(one, tmp_path):
    answer = clean(one, tmp_path, b"hello")
    assert answer.outcome == "refused"
    assert answer.values[0] == "not-an-image"
    assert answer.values[1].endswith(".")


def test_a_file_that_is_gone_and_a_request_nobody_knows(one, tmp_path):
    gone = ask(one, do="clean", path=str(tmp_path / "none"), drafts=str(tmp_path / "drafts"))
    assert (gone.outcome, gone.values) == ("failed", "gone")
    assert ask(one, do="format-the-disk").outcome == "failed"
    assert clean(one, tmp_path, ct(2), "2").outcome == "done"


def test_members_of_an_archive_are_written_by_number(one, tmp_path):
    import zipfile

    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("Hans Meier.dcm", b"first")
        file.writestr("b.dcm", b"second")
    (tmp_path / "a.zip").write_bytes(packed.getvalue())
    answer = ask(one, do="unpack", path=str(tmp_path / "a.zip"), into=str(tmp_path / "in"))
    assert (answer.outcome, answer.values) == ("done", {"members": 2})
    assert {path.name: path.read_bytes() for path in (tmp_path / "in").iterdir()} == {
        "0": b"first", "1": b"second",
    }  # fmt: skip


def test_a_file_that_grows_over_the_limit_is_no_full_disk(tmp_path):
    pool = Children(count=1, secret=SECRET, limits=Limits(file_bytes=1000))
    try:
        answer = clean(pool, tmp_path, ct())
    finally:
        pool.close()
    # Waiting for room would not help it, and would keep all others of its case waiting.
    assert (answer.outcome, answer.values) == ("failed", "memory")


def test_a_disk_that_fills_inside_of_a_decoder_is_no_damaged_file(monkeypatch):
    def clean(request, secret):
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise Refused("broken", "The file is damaged.") from error

    monkeypatch.setitem(child.WORK, "clean", clean)
    assert child.answer({"do": "clean"}, SECRET) == {"failed": "full"}


def test_limits_hold_and_the_secret_shows_nowhere(one, tmp_path):
    clean(one, tmp_path, ct())
    (pid,) = one.pids()
    limits = Path(f"/proc/{pid}/limits").read_text()
    for name, most in (("Max address space", Limits().memory), ("Max core file size", 0)):
        line = next(line for line in limits.splitlines() if line.startswith(name))
        assert line.split()[-3] == str(most)
    shown = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
    assert SECRET not in shown
    assert SECRET.hex().encode() not in shown
    assert b"PSEUDONYM" not in shown


def test_a_child_that_dies_at_work_is_told_and_replaced(one, tmp_path):
    clean(one, tmp_path, ct())
    (pid,) = one.pids()
    os.kill(pid, signal.SIGSTOP)
    path = tmp_path / "2.raw"
    path.write_bytes(ct(2))
    one.submit(2, {"do": "clean", "path": str(path), "drafts": str(tmp_path / "2")}, seconds=30)
    os.kill(pid, signal.SIGKILL)
    while not (found := one.wait(1.0)):
        pass
    assert found == [Answer(2, "crashed")]
    assert clean(one, tmp_path, ct(3), "3").outcome == "done"
    assert pid not in one.pids()


def test_a_child_that_takes_too_long_is_killed(one, tmp_path):
    clean(one, tmp_path, ct())
    (pid,) = one.pids()
    os.kill(pid, signal.SIGSTOP)
    one.submit(2, {"do": "clean", "path": "x", "drafts": "y"}, seconds=0.05)
    while not (found := one.wait(1.0)):
        pass
    assert found == [Answer(2, "late")]
    assert not Path(f"/proc/{pid}").exists()


def test_only_the_idle_take_work(one):
    one.submit(1, {"do": "clean", "path": "x", "drafts": "y"}, seconds=30)
    assert one.idle() == 0
    with pytest.raises(RuntimeError, match="idle"):
        one.submit(2, {"do": "clean"}, seconds=30)
    one.drop(1)
    assert (one.idle(), one.pids()) == (1, [])


PARENT = """
import os, sys
sys.path.insert(0, {root!r})
from cases.imaging.children import Children
pool = Children(count=2, secret=b"0" * 32)
pool.start()
print(*pool.pids(), flush=True)
sys.stdin.read()
os._exit(1)
"""


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_no_child_outlives_its_parent(how):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.format(root=str(ROOT))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        ends = [os.pidfd_open(pid) for pid in pids]
        if how == "killed":
            parent.kill()
        assert parent.stdin is not None
        parent.stdin.close()
        parent.wait(10)
    try:
        for end in ends:
            assert select.select([end], [], [], 20)[0]
    finally:
        for end in ends:
            os.close(end)
    assert len(pids) == 2


def test_what_a_child_says_is_not_believed(one, tmp_path):
    good = clean(one, tmp_path, ct()).values
    found = from_json(good)
    assert to_json(found) == good
    frame = good["frames"][0]
    for bad in (
        None,
        [],
        {**good, "frames": []},
        {**good, "extra": 1},
        {**good, "byte_count": "7"},
        {**good, "frames": [{**frame, "digest": "../../etc/passwd"}]},
        {**good, "frames": [{**frame, "rows": 1.5}]},
        {**good, "frames": [{**frame, "slope": 1e999}]},
        {**good, "frames": [{**frame, "position": [1.0, 2.0]}]},
        {**good, "clean": {**good["clean"], "sop_uid": 5}},
        {**good, "clean": {**good["clean"], "series_description": "x" * 100_000}},
        {**good, "clean": {**good["clean"], "boxes": [{"frame": 1}]}},
        {**good, "clean": {}},
        {"regions": {"kind": "structures"}},
    ):
        with pytest.raises(Unbelievable):
            from_json(bad)


def test_messages_carry_their_length():
    stream = BytesIO(child.frame({"a": 1}) + child.frame([2]) + b"\0\0\0\x09half")
    assert child.read(stream) == {"a": 1}
    assert child.read(stream) == [2]
    assert child.read(stream) is None
    with pytest.raises(ValueError, match="float"):
        child.frame({"a": float("nan")})


def test_the_limits_of_this_process_stay_as_they_are(one, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_AS)
    began = time.monotonic()
    clean(one, tmp_path, ct())
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert time.monotonic() > began
