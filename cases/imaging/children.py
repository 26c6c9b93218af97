"""A few processes of `cases.imaging.child`: work goes in, answers come out, the dead are replaced."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .child import HEAD, LONGEST, frame

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ["-m", "cases.imaging.child"]
STARTS_WITHIN = 60.0
# Without these a child would not find its libraries, or would spin on shared cores. Nothing else is passed
# on: an environment holds secrets.
_ENVIRONMENT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "HOME",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "MEDWEB_DATA_DIR",
)
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_THREAD_LIMIT"), "1"
)

# Each slice needs the same few arrays of a megabyte. Left alone, the C library fetches their pages from the
# kernel and hands them back for every one, which costs a third of a preview.
_KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
}

Outcome = Literal["done", "refused", "crashed", "late", "failed"]


@dataclass(frozen=True)
class Limits:
    """What one child may use.

    Attributes
    ----------
    memory, file_bytes : int
        Bytes of address space, and of one file that it writes.
    """

    memory: int = 4 << 30
    file_bytes: int = 4 << 30


@dataclass(frozen=True)
class Answer:
    """What became of one request.

    Attributes
    ----------
    number : int
        As given to :meth:`Children.submit`.
    outcome : str
        ``"done"`` with the answer in `values`; ``"refused"`` with ``[code, sentence]``; ``"crashed"`` and
        ``"late"`` when the child died or was killed; ``"failed"`` with the reason: ``"full"``, ``"gone"``,
        ``"memory"`` or ``"error"``.
    """

    number: int
    outcome: Outcome
    values: Any = None


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    began: float
    ready: bool = False
    number: int | None = None
    deadline: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)

    @property
    def source(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def send(self, message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(frame(message))
        self.process.stdin.flush()

    def message(self) -> Any:
        """The next whole message that has arrived, or ``None``."""
        if len(self.buffer) < HEAD.size:
            return None
        (size,) = HEAD.unpack_from(self.buffer)
        if size > LONGEST:
            raise ValueError("a message that is too long")
        if len(self.buffer) < HEAD.size + size:
            return None
        data = bytes(self.buffer[HEAD.size : HEAD.size + size])
        del self.buffer[: HEAD.size + size]
        return json.loads(data)


class Unstartable(RuntimeError):
    """The children do not start; the text says how to see why."""


class Children:
    """At most `count` child processes, kept warm until :meth:`close`.

    For one user at a time; not for several threads.

    Parameters
    ----------
    count : int
        At least 1.
    secret : bytes
        Key of the pseudonyms; goes through the pipe.
    limits : Limits
    """

    def __init__(self, *, count: int, secret: bytes, limits: Limits | None = None) -> None:
        if count < 1:
            raise ValueError("there must be at least one child")
        self._count, self._secret, self._limits = count, secret, limits or Limits()
        self._children: list[_Child] = []
        self._selector = selectors.DefaultSelector()
        self._failed_starts = 0

    @property
    def count(self) -> int:
        """How many there may be."""
        return self._count

    def pids(self) -> list[int]:
        """Process numbers of the living."""
        return [child.process.pid for child in self._children]

    def start(self) -> None:
        """Start what is missing; does not wait until they are ready."""
        while len(self._children) < self._count:
            self._children.append(self._spawn())

    def idle(self) -> int:
        """How many more requests would begin at once."""
        return self._count - sum(child.number is not None for child in self._children)

    def submit(self, number: int, request: Mapping[str, Any], *, seconds: float) -> None:
        """Hand ``request`` to an idle child.

        Parameters
        ----------
        number : int
            Comes back with the answer; one that is not in work.
        request : mapping
            With ``do``, a key of `child.WORK`, and what that takes.
        seconds : float
            Time it may take before the child is killed.

        Raises
        ------
        RuntimeError
            When no child is idle.
        """
        while True:
            self.start()
            child = next((one for one in self._children if one.number is None), None)
            if child is None:
                raise RuntimeError("no child is idle; ask idle() first")
            try:
                if child.process.poll() is not None:
                    raise BrokenPipeError
                child.send({**request, "seconds": seconds})
            except BrokenPipeError:
                # It ended while nothing was asked of it: no file is to blame.
                self._remove(child)
                self._count_failed_start(child)
                continue
            start = 0.0 if child.ready else STARTS_WITHIN
            child.number, child.deadline = number, time.monotonic() + start + seconds
            return

    def wait(self, timeout: float) -> list[Answer]:
        """Answers that came within ``timeout`` seconds; also of children that died or took too long."""
        now = time.monotonic()
        busy = [child for child in self._children if child.number is not None]
        if not busy:
            return []
        until = min(child.deadline for child in busy) - now
        found: list[Answer] = []
        for key, _events in self._selector.select(max(0.0, min(timeout, until))):
            found += self._hear(key.data)
        now = time.monotonic()
        for child in [one for one in self._children if one.number is not None and one.deadline <= now]:
            found.append(Answer(self._number(child), "late"))
            self._remove(child)
        return found

    def drop(self, *numbers: int) -> None:
        """Kill the children that work on ``numbers``: nobody wants the answers any more."""
        for child in [one for one in self._children if one.number in numbers]:
            self._remove(child)

    def rest(self) -> None:
        """Kill those that work; the idle stay warm."""
        for child in [one for one in self._children if one.number is not None]:
            self._remove(child)

    def close(self) -> None:
        """End all."""
        for child in list(self._children):
            self._remove(child)
        self._selector.close()

    def _number(self, child: _Child) -> int:
        assert child.number is not None
        return child.number

    def _spawn(self) -> _Child:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        process = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, *COMMAND],
            cwd=ROOT,
            env={**environment, **_ONE_THREAD, **_KEPT_MEMORY, "OMP_WAIT_POLICY": "PASSIVE"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            close_fds=True,
        )
        child = _Child(process, time.monotonic())
        os.set_blocking(child.source, False)
        self._selector.register(child.source, selectors.EVENT_READ, child)
        # Linux ends a child with the thread that started it, so only a thread that stays may ask for that.
        stays = threading.current_thread() is threading.main_thread()
        hello = {
            "secret": self._secret.hex(),
            "parent": os.getpid() if stays else 0,
            "memory": self._limits.memory,
            "file_bytes": self._limits.file_bytes,
        }
        # One that has ended already is found out when work is handed to it.
        with contextlib.suppress(BrokenPipeError):
            child.send(hello)
        return child

    def _hear(self, child: _Child) -> list[Answer]:
        ended = False
        while True:
            try:
                piece = os.read(child.source, 1 << 16)
            except BlockingIOError:
                break
            if not piece:
                ended = True
                break
            child.buffer += piece
        found: list[Answer] = []
        try:
            while (message := child.message()) is not None:
                if not child.ready:
                    child.ready, self._failed_starts = True, 0
                    if child.number is not None:
                        child.deadline -= STARTS_WITHIN - (time.monotonic() - child.began)
                elif child.number is not None:
                    found.append(_answer(child.number, message))
                    child.number = None
        except ValueError:
            # Not our language: whoever speaks there is not the program that we started.
            ended = True
        if ended:
            number, ready = child.number, child.ready
            self._remove(child)
            if not ready:
                self._count_failed_start(child)
                if number is not None:
                    found.append(Answer(number, "failed", "start"))
            elif number is not None:
                found.append(Answer(number, "crashed"))
        return found

    def _count_failed_start(self, child: _Child) -> None:
        if child.ready:
            return
        self._failed_starts += 1
        if self._failed_starts > 2 * self._count:
            raise Unstartable("No child starts. Run python -m cases.imaging.child < /dev/null to see why.")

    def _remove(self, child: _Child) -> None:
        self._children.remove(child)
        self._selector.unregister(child.source)
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(signal.SIGKILL)
        for stream in (child.process.stdin, child.process.stdout):
            assert stream is not None
            # Closing sends what is left in the buffer to a process that has gone.
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        child.process.wait()


def _answer(number: int, message: Any) -> Answer:
    if isinstance(message, dict):
        if "done" in message:
            return Answer(number, "done", message["done"])
        if "refused" in message:
            code, sentence = message["refused"]
            return Answer(number, "refused", (str(code)[:40], str(sentence)[:1000]))
        if message.get("failed") in ("full", "gone", "memory", "error"):
            return Answer(number, "failed", message["failed"])
    return Answer(number, "crashed")
