"""One fuzzing process: it may be killed by what it finds, so whoever started it reads what it left behind."""

from __future__ import annotations

import hashlib
import json
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fuzz.mutations import MOST, mutate
from tests.fuzz.sources import ByteSource, DrawnSource, RandomSource
from tests.fuzz.targets import TARGETS, Target

MEMORY = 3 << 30
SLOW = 5.0
"""Seconds of processor time for one input, above which it counts as a finding."""
HANGS = 60
"""Seconds by the clock after which the process is killed; other work may hold the processor meanwhile."""
_HERE = str(Path(__file__).resolve().parent.parent.parent)


class Recorder:
    """Judges inputs and writes down what was found, each kind once."""

    def __init__(self, target: Target, folder: Path) -> None:
        self.target, self.folder = target, folder
        self.runs = 0
        self.seen: set[str] = set()
        self._written = time.monotonic()
        (folder / "findings").mkdir(exist_ok=True)
        self._current = (folder / "current").open("wb", buffering=0)

    def try_one(self, data: bytes) -> None:
        self.runs += 1
        # Written before it is tried: a decoder that crashes takes this process with it.
        self._current.seek(0)
        self._current.truncate()
        self._current.write(data)
        error = self._judged(data)
        if error is not None and (signature := signature_of(error)) not in self.seen:
            self.seen.add(signature)
            self._keep(signature, error, self._smaller(data, signature))
        if time.monotonic() - self._written > 1:
            self.write()

    def _judged(self, data: bytes) -> BaseException | None:
        start = time.process_time()
        try:
            self.target.judge(data)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001  panics of a Rust decoder are no Exception
            return error
        spent = time.process_time() - start
        return TimeoutError(f"{SLOW:g} s of processor time") if spent > SLOW else None

    def _smaller(self, data: bytes, signature: str) -> bytes:
        """Leave out pieces as long as the finding stays the same, for at most ten seconds."""
        end = time.monotonic() + 10
        size = max(len(data) // 2, 1)
        while size and time.monotonic() < end:
            place = 0
            while place < len(data) and time.monotonic() < end:
                shorter = data[:place] + data[place + size :]
                error = self._judged(shorter)
                if error is not None and signature_of(error) == signature:
                    data = shorter
                else:
                    place += size
            size //= 2
        return data

    def _keep(self, signature: str, error: BaseException, data: bytes) -> None:
        name = hashlib.sha256(data).hexdigest()[:12]
        (self.folder / "findings" / f"{name}.bin").write_bytes(data)
        trace = "".join(traceback.format_exception(error))[-4000:]
        (self.folder / "findings" / f"{name}.json").write_text(
            json.dumps({"signature": signature, "trace": trace})
        )

    def write(self) -> None:
        """Tell how far it is."""
        self._written = time.monotonic()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        (self.folder / "progress.json").write_text(json.dumps({"runs": self.runs, "peak_mb": peak}))

    def close(self) -> None:
        """Tell how far it came."""
        self.write()
        self._current.close()


def signature_of(error: BaseException) -> str:
    """Kind of error and the innermost place in this repository, so that each fault counts once."""
    found = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_HERE)]
    ours = [frame for frame in found if "/.venv/" not in frame.filename]
    place = f"{Path(ours[-1].filename).name}:{ours[-1].name}" if ours else "?"
    return f"{type(error).__name__} at {place}: {re.sub(r'[^A-Za-z ]+', '#', str(error))[:60]}"


def _with_random(target: Target, recorder: Recorder, end: float, seed: int) -> None:
    generator = random.Random(seed)
    while time.monotonic() < end:
        signal.alarm(HANGS)
        recorder.try_one(target.make(RandomSource(generator)))


def _with_hypothesis(target: Target, recorder: Recorder, end: float, seed: int) -> None:
    import hypothesis
    from hypothesis import strategies as st

    def attempt(data: st.DataObject) -> None:
        signal.alarm(HANGS)
        recorder.try_one(target.make(DrawnSource(data)))

    settings = hypothesis.settings(
        max_examples=200, deadline=None, database=None, phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    while time.monotonic() < end:
        seed += 1
        hypothesis.seed(seed)(settings(hypothesis.given(st.data())(attempt)))()


def _with_atheris(target: Target, recorder: Recorder, end: float, seed: int) -> None:
    import atheris

    def attempt(data: bytes) -> None:
        recorder.try_one(data if target.changes_files else target.make(ByteSource(data)))

    def changed(data: bytes, most: int, number: int) -> bytes:
        generator = random.Random(number)
        if generator.random() < 0.2:
            return bytes(atheris.Mutate(data, most))
        return mutate(data, RandomSource(generator))[:most]

    start = recorder.folder / "seeds"
    start.mkdir(exist_ok=True)
    for name, data in target.seeds().items():
        (start / name).write_bytes(data)
    options = [
        f"-max_total_time={max(int(end - time.monotonic()), 1)}", f"-max_len={MOST}", f"-seed={seed + 1}",
        f"-timeout={HANGS}", "-rss_limit_mb=3072", "-len_control=0", f"-artifact_prefix={recorder.folder}/",
        "-print_final_stats=1", str(start),
    ]  # fmt: skip
    mutator: dict[str, Any] = {"custom_mutator": changed} if target.changes_files else {}
    atheris.Setup([sys.argv[0], *options], attempt, **mutator)
    atheris.Fuzz()


ENGINES: dict[str, Callable[[Target, Recorder, float, int], None]] = {
    "atheris": _with_atheris,
    "hypothesis": _with_hypothesis,
    "random": _with_random,
}


def main(name: str, engine: str, seconds: str, seed: str, folder: str) -> None:
    """Fuzz until the time is up."""
    recorder = Recorder(TARGETS[name], Path(folder))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        ENGINES[engine](TARGETS[name], recorder, time.monotonic() + float(seconds), int(seed))
    finally:
        recorder.close()
