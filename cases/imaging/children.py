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
from collections import deque
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
    "TESSDATA_PREFIX",
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

# Bytes that a pipe holds on every system that has this program.
_PIPE = 16384

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


@dataclass(frozen=True)
class _Request:
    number: int
    message: bytes
    seconds: float
    alone: bool


@dataclass
class _Child:
    """A process and what it was asked for, in its order: the first is in work, the others lie in its pipe."""

    process: subprocess.Popen[bytes]
    began: float
    ready: bool = False
    work: deque[_Request] = field(default_factory=deque)
    deadline: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)

    @property
    def source(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def takes(self, request: _Request, ahead: int) -> bool:
        """Whether the request may be put into its pipe now."""
        if not self.work:
            return True
        return not (request.alone or self.work[0].alone) and len(self.work) <= ahead

    def room(self, ahead: int) -> int:
        return 0 if self.work and self.work[0].alone else 1 + ahead - len(self.work)

    def begin(self, late: float = 0.0) -> None:
        """The first of its work is begun now, or in ``late`` seconds."""
        if self.work:
            self.deadline = time.monotonic() + late + self.work[0].seconds

    def send(self, message: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(message)
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
    ahead : int
        Requests that wait in the pipe of each child beside the one in work, so that it has something to do
        while its parent is busy with the rows of the last ones.
    """

    def __init__(self, *, count: int, secret: bytes, limits: Limits | None = None, ahead: int = 0) -> None:
        if count < 1:
            raise ValueError("there must be at least one child")
        self._count, self._secret, self._limits, self._ahead = count, secret, limits or Limits(), ahead
        self._children: list[_Child] = []
        # In no pipe: they wait for a child with nothing else to do, or theirs ended before it came to them.
        self._held: list[_Request] = []
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
        """How many more requests are taken: so many begin at once, or lie ready for a child."""
        if self._held:
            return 0
        missing = (self._count - len(self._children)) * (1 + self._ahead)
        return missing + sum(child.room(self._ahead) for child in self._children)

    def submit(self, number: int, request: Mapping[str, Any], *, seconds: float, alone: bool = False) -> None:
        """Hand ``request`` to the child with the least to do.

        Parameters
        ----------
        number : int
            Comes back with the answer; one that is not in work.
        request : mapping
            With ``do``, a key of `child.WORK`, and what that takes.
        seconds : float
            Time it may take before the child is killed, counted from when it is begun.
        alone : bool
            It may take long: it waits for a child that has nothing to do, and nothing is put behind it.

        Raises
        ------
        RuntimeError
            When no child is idle.
        """
        if not self.idle():
            raise RuntimeError("no child is idle; ask idle() first")
        message = frame({**request, "seconds": seconds})
        # All that lies in a pipe must fit into it: who writes more waits for a child that may wait for us.
        alone = alone or len(message) > _PIPE // (2 + self._ahead)
        self._held.append(_Request(number, message, seconds, alone))
        self._hand_out()

    def _hand_out(self) -> None:
        """Put what is held into pipes that take it, the emptiest first."""
        waiting, self._held = self._held, []
        for place, request in enumerate(waiting):
            try:
                if not self._handed(request):
                    self._held.append(request)
            except Unstartable:
                self._held += waiting[place:]
                raise

    def _handed(self, request: _Request) -> bool:
        while True:
            self.start()
            takers = [child for child in self._children if child.takes(request, self._ahead)]
            if not takers:
                return False
            child = min(takers, key=lambda one: len(one.work))
            try:
                if child.process.poll() is not None:
                    raise BrokenPipeError
                child.send(request.message)
            except BrokenPipeError:
                if child.work:
                    # What it died of is told when it is heard of next.
                    return False
                # It ended while nothing was asked of it: no file is to blame.
                self._remove(child)
                self._count_failed_start(child)
                continue
            child.work.append(request)
            if len(child.work) == 1:
                child.begin(0.0 if child.ready else STARTS_WITHIN)
            return True

    def wait(self, timeout: float) -> list[Answer]:
        """Answers that came within ``timeout`` seconds; also of children that died or took too long."""
        self._hand_out()
        now = time.monotonic()
        busy = [child for child in self._children if child.work]
        if not busy:
            return []
        until = min(child.deadline for child in busy) - now
        found: list[Answer] = []
        for key, _events in self._selector.select(max(0.0, min(timeout, until))):
            found += self._hear(key.data)
        now = time.monotonic()
        for child in [one for one in self._children if one.work and one.deadline <= now]:
            found.append(Answer(child.work.popleft().number, "late"))
            self._remove(child)
        self._hand_out()
        return found

    def drop(self, *numbers: int) -> None:
        """Kill the children that were given ``numbers``: nobody wants the answers any more."""
        unwanted = set(numbers)
        for child in list(self._children):
            wanted = deque(one for one in child.work if one.number not in unwanted)
            if len(wanted) < len(child.work):
                child.work = wanted
                self._remove(child)
        self._held = [one for one in self._held if one.number not in unwanted]

    def rest(self) -> None:
        """Kill those that work; the idle stay warm."""
        for child in [one for one in self._children if one.work]:
            self._remove(child)
        self._held.clear()

    def close(self) -> None:
        """End all."""
        for child in list(self._children):
            self._remove(child)
        self._selector.close()

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
            child.send(frame(hello))
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
                    child.begin()
                elif child.work:
                    found.append(_answer(child.work.popleft().number, message))
                    child.begin()
        except ValueError:
            # Not our language: whoever speaks there is not the program that we started.
            ended = True
        if ended:
            # All it said was heard: the next of its work is what it died of, the others it never saw.
            number = child.work.popleft().number if child.work else None
            self._remove(child)
            if not child.ready:
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
        """End a child; what is left of its work is for another."""
        self._held[:0] = child.work
        child.work.clear()
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
