"""What fuzzing found stays found, and fuzzing itself notices what it is there for."""

import dataclasses
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import seeds
from tests.fuzz.__main__ import fuzz
from tests.fuzz.again import CORPUS
from tests.fuzz.child import Recorder
from tests.fuzz.mutations import MOST, mutate
from tests.fuzz.sources import DrawnSource, RandomSource
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parent.parent.parent


def test_what_was_found_once_is_mended():
    threads = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.again"],
        cwd=ROOT,
        env={**os.environ, **threads},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    # The last name printed is the input that ended the process, when one did.
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len([path for path in CORPUS.rglob("*.*") if path.is_file()])


def test_good_files_are_taken():
    """A fuzzer whose seeds are refused at the first look would try nothing."""
    from cases.imaging import archive
    from cases.imaging.clean import clean_any
    from tests.pure.imaging.build import SECRET

    packed = dict(seeds.archives())
    for name, data in seeds.files().items():
        TARGETS["reader"].judge(data)
        if name in packed:
            assert list(archive.members(data))
        elif not name.endswith(".nii.gz"):
            clean_any(data, secret=SECRET)
    for _name, data in seeds.drawings():
        TARGETS["geometry"].judge(data)


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_few_inputs_of_every_kind(target, data):
    TARGETS[target].judge(TARGETS[target].make(DrawnSource(data)))


def test_changes_are_changes_and_come_again():
    for name, data in seeds.files().items():
        changed = [mutate(data, RandomSource(random.Random(seed))) for seed in range(20)]
        assert len(set(changed)) > 5, name
        assert max(map(len, changed)) <= MOST
        assert changed == [mutate(data, RandomSource(random.Random(seed))) for seed in range(20)]


def test_a_finding_is_kept_once_and_small(tmp_path):
    def judge(data: bytes) -> None:
        if b"!" in data:
            raise ValueError("an exclamation")

    recorder = Recorder(dataclasses.replace(TARGETS["reader"], judge=judge), tmp_path)
    for data in (b"fine", b"a long and loud! input", b"!!", b"again!"):
        recorder.try_one(data)
    recorder.close()
    (kept,) = (tmp_path / "findings").glob("*.bin")
    assert kept.read_bytes() == b"!"
    assert recorder.runs == 4


def test_an_input_that_ends_the_process_is_found(tmp_path, monkeypatch):
    crash = (
        "import ctypes, tests.fuzz.targets as t\nt.TARGETS['geometry'] = __import__('dataclasses').replace("
    )
    crash += (
        "t.TARGETS['geometry'], judge=lambda data: ctypes.string_at(0) if b'ellipse' in data else None)\n"
    )
    from tests.fuzz import __main__ as command

    monkeypatch.setattr(command, "_START", crash + command._START)
    found = fuzz("geometry", "random", 4, 0, tmp_path)
    (finding,) = found["findings"]
    assert finding["signature"] == "process ended with -11"
    assert b"ellipse" in Path(finding["file"]).read_bytes()
