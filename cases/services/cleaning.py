"""The decoders' processes of this process, and files through them."""

import atexit
import errno
import logging
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from cases.imaging import reader
from cases.imaging.children import Answer, Children, Limits, Unstartable
from cases.imaging.discs import CleanIndex
from cases.imaging.errors import Refused
from cases.imaging.prepare import Prepared, from_json
from cases.imaging.regions import CleanRegions
from cases.imaging.typed import Unbelievable
from cases.services.workspaces import Workspace

log = logging.getLogger("cases")
ARCHIVES = {reader.Kind.ZIP, reader.Kind.TAR, reader.Kind.GZIP}
# Large files may take longer: what a slow decoder needs for a megabyte.
SECONDS_A_MEGABYTE = 1.0
_FULL = {errno.ENOSPC, errno.EDQUOT}

# Files that lie ready for each process while this one writes the rows of the last: what 0.1 s brings.
AHEAD = 3
# Nothing waits behind a file that is larger.
LARGE_MEGABYTES = 8

_lock = threading.Lock()
_pool: tuple[tuple[Any, ...], Children] | None = None


class DiskFull(Exception):
    """There is no room for what was made of a file; the file itself is not at fault."""


def is_full(error: BaseException | None) -> bool:
    """Whether ``error`` says that a disk is full: of the files, or of the database."""
    while error is not None:
        if isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in _FULL):
            return True
        # SQLite's word for it, and PostgreSQL's.
        if (
            getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"
            or getattr(error, "sqlstate", "") == "53100"
        ):
            return True
        error = error.__cause__
    return False


def sniff(path: Path) -> reader.Kind:
    """What a file is by its first bytes. Raises FileNotFoundError when it is gone."""
    with path.open("rb") as file:
        return reader.sniff(file.read(reader.HEAD))


# --- the processes ----------------------------------------------------------------------------------------


def _current() -> Children:
    global _pool
    wanted = (
        os.getpid(), settings.CLEANERS, settings.PSEUDONYM_KEY, settings.CLEANER_BYTES,
        settings.CLEANER_FILE_BYTES, AHEAD,
    )  # fmt: skip
    if _pool is not None and _pool[0] != wanted:
        # A process that was forked off leaves its parent's children alone.
        if _pool[0][0] == os.getpid():
            _pool[1].close()
        _pool = None
    if _pool is None:
        limits = Limits(memory=settings.CLEANER_BYTES, file_bytes=settings.CLEANER_FILE_BYTES)
        _pool = (
            wanted,
            Children(count=settings.CLEANERS, secret=settings.PSEUDONYM_KEY, limits=limits, ahead=AHEAD),
        )
    return _pool[1]


@contextmanager
def children() -> Iterator[Children]:
    """The decoders' processes, for one user at a time; they stay warm afterwards."""
    with _lock:
        found = _current()
        try:
            yield found
        finally:
            found.rest()


def warm_up() -> None:
    """Start the processes before the first file comes; returns at once."""
    with _lock:
        _current().start()


@atexit.register
def close() -> None:
    """End the processes of this process."""
    global _pool
    pool, _pool = _pool, None
    if pool is not None and pool[0][0] == os.getpid():
        pool[1].close()


# --- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cleaned:
    """One file or member is done: ``found`` has its drafts under ``number``, or says why not."""

    key: int
    member: int
    number: int
    found: Prepared | CleanRegions | CleanIndex | Refused


@dataclass(frozen=True)
class Unpacked:
    """An archive is open: its members lie in ``paths``; or ``refused`` says why it is not."""

    key: int
    paths: tuple[Path, ...] = ()
    refused: Refused | None = None


@dataclass(frozen=True)
class _Task:
    key: int
    member: int
    path: Path
    seconds: float
    unpack: bool


@dataclass
class Work:
    """Files through the decoders' processes, in any order; ``key`` tells the caller whose answer it is."""

    children: Children
    space: Workspace
    _tasks: dict[int, _Task] = field(default_factory=dict)
    # Key of an archive -> number of the folder that its members lie in.
    _opened: dict[int, int] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """How many files are taken now, to be begun or to lie ready for the processes."""
        return self.children.idle()

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    def busy_with(self, key: int) -> bool:
        """Whether something is being done for ``key``."""
        return any(task.key == key for task in self._tasks.values())

    def clean(self, key: int, path: Path, *, member: int = 0) -> None:
        """Begin a file that is no archive."""
        self._submit(_Task(key, member, path, _seconds(path), unpack=False))

    def unpack(self, key: int, path: Path) -> None:
        """Begin an archive: members are only written out, to be cleaned one by one."""
        self._submit(_Task(key, 0, path, _seconds(path) * 2, unpack=True))

    def black_out(
        self, key: int, path: Path, *, kind: str, boxes: list[tuple[int, int, int, int, int]]
    ) -> None:
        """Begin to burn boxes (frame from 1 or 0 for all, left, top, width, height) into a clean file."""
        task = _Task(key, 0, path, 2 * _seconds(path), unpack=False)
        self._submit(task, {"do": "black-out", "kind": kind, "boxes": boxes})

    def _submit(self, task: _Task, more: dict[str, Any] | None = None) -> None:
        number = self.space.number()
        request: dict[str, Any] = {
            "do": "clean",
            "path": str(task.path),
            "drafts": str(self.space.draft(number)),
            "keep_characteristics": settings.KEEP_PATIENT_CHARACTERISTICS,
        }
        if task.unpack:
            request = {"do": "unpack", "path": str(task.path), "into": str(self.space.members(number))}
        large = task.seconds > settings.CLEANER_SECONDS + SECONDS_A_MEGABYTE * LARGE_MEGABYTES
        self.children.submit(
            number,
            {**request, **(more or {})},
            seconds=task.seconds,
            alone=large or task.unpack,
        )
        self._tasks[number] = task

    def drop(self, key: int) -> None:
        """Stop what is being done for ``key``; its unfinished drafts and unpacked members go at once."""
        numbers = [number for number, task in self._tasks.items() if task.key == key]
        self.children.drop(*numbers)
        for number in numbers:
            self._forget(number)
        if key in self._opened:
            self.space.drop_members(self._opened.pop(key))

    def _forget(self, number: int) -> None:
        self.space.drop([number])
        if self._tasks.pop(number).unpack:
            self.space.drop_members(number)

    def collect(self, timeout: float) -> list[Cleaned | Unpacked]:
        """What was done within ``timeout`` seconds.

        Raises
        ------
        DiskFull
        """
        return [self._result(answer) for answer in self.children.wait(timeout)]

    def _result(self, answer: Answer) -> Cleaned | Unpacked:
        task = self._tasks[answer.number]
        if answer.outcome == "done":
            try:
                done = self._done(task, answer)
            except Unbelievable:
                # Taken over by the file that it read, or as good as.
                log.error("The answer of a decoder's process was not believable")
            else:
                del self._tasks[answer.number]
                return done
        # First of all: when the disk is full, what was half written fills it.
        self._forget(answer.number)
        refused = _refusal(answer, task.seconds)
        if task.unpack:
            return Unpacked(task.key, refused=refused)
        return Cleaned(task.key, task.member, answer.number, refused)

    def _done(self, task: _Task, answer: Answer) -> Cleaned | Unpacked:
        if not task.unpack:
            prepared = from_json(answer.values)
            names = {path.name for path in self.space.draft(answer.number).iterdir()}
            if names != (prepared.digests() if isinstance(prepared, Prepared) else set()):
                raise Unbelievable("other files than those that are named")
            return Cleaned(task.key, task.member, answer.number, prepared)
        found = answer.values.get("members") if isinstance(answer.values, dict) else None
        if type(found) is not int or not 1 <= found <= 10**6:
            raise Unbelievable("no number of members")
        self._opened[task.key] = answer.number
        folder = self.space.members(answer.number)
        return Unpacked(task.key, tuple(folder / str(number) for number in range(found)))


def _seconds(path: Path) -> float:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        size = 0
    return float(settings.CLEANER_SECONDS) + SECONDS_A_MEGABYTE * size / 2**20


def _refusal(answer: Answer, seconds: float) -> Refused:
    """Why there is nothing: what the decoder said, or what became of it."""
    if answer.outcome == "refused":
        return Refused(*answer.values)
    if answer.outcome == "late":
        sentence = _("Reading this took longer than %(n)d seconds. Send a smaller file, or export it again.")
        return Refused("too-long", sentence % {"n": seconds})
    if answer.outcome == "failed":
        if answer.values == "full":
            raise DiskFull
        if answer.values == "start":
            raise Unstartable("A decoder's process did not start.")
        if answer.values == "memory":
            sentence = _("This needs more memory to be read than one file may take. Send a smaller one.")
            return Refused("too-much-memory", sentence)
        if answer.values == "gone":
            return Refused("gone", _("The bytes of this file are gone; send it again."))
        sentence = _(
            "The program made a mistake while reading this. Export it in another way and send it again."
        )
        return Refused("decoder-error", sentence)
    sentence = _(
        "The decoder crashed on this; nothing of it was kept. Export it in another way and send it again."
    )
    return Refused("decoder-crash", sentence)


@dataclass
class Cleaner:
    """Files of the server's own disk through the same processes, for commands; a context manager."""

    _work: Work | None = None

    def __enter__(self) -> "Cleaner":
        self._space = Workspace.of_process().__enter__()
        self._children = children()
        self._work = Work(self._children.__enter__(), self._space)
        return self

    def __exit__(self, *exc: Any) -> None:
        self._children.__exit__(*exc)
        self._space.__exit__(*exc)

    def file(self, path: Path) -> list[Prepared | CleanRegions | Refused]:
        """What a file holds; of an archive, every member in its order. What is prepared lies in the store.

        Raises
        ------
        Refused
            An archive that is at fault itself: nothing of it is kept.
        OSError
            It cannot be read.
        """
        assert self._work is not None
        if sniff(path) in ARCHIVES:
            self._work.unpack(0, path)
            (opened,) = self._all()
            assert isinstance(opened, Unpacked)
            if opened.refused is not None:
                raise opened.refused
            waiting = deque(enumerate(opened.paths))
        else:
            waiting = deque([(0, path)])
        found: dict[int, Prepared | CleanRegions | Refused] = {}
        while waiting or self._work.busy:
            while waiting and self._work.free:
                member, place = waiting.popleft()
                self._work.clean(0, place, member=member)
            for one in self._work.collect(1.0):
                assert isinstance(one, Cleaned)
                found[one.member] = one.found.refused() if isinstance(one.found, CleanIndex) else one.found
                if isinstance(one.found, Prepared):
                    self._space.adopt(one.number)
        self._work.drop(0)
        return [found[member] for member in sorted(found)]

    def _all(self) -> list[Cleaned | Unpacked]:
        assert self._work is not None
        found: list[Cleaned | Unpacked] = []
        while self._work.busy:
            found += self._work.collect(1.0)
        return found
