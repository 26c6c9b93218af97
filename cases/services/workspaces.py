"""The folders in which the decoders' processes leave what they made, for as long as their work lasts."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from django.conf import settings

from cases import blobs
from medweb.jobs.models import Job, State

LEFT_BEHIND_AFTER = 24 * 3600.0
_JOB = re.compile(r"work-job-(\d+)-(\d+)")


class Workspace:
    """Two folders: raw members of archives beside the quarantine, clean drafts beside the blobs.

    What is in them when the work ends was not named by a row, and goes.
    """

    def __init__(self, name: str) -> None:
        self.name = f"work-{name}"
        self.raw = Path(settings.QUARANTINE_DIR) / self.name
        self.drafts = Path(settings.BLOB_DIR) / f".{self.name}"
        self._numbers = count(1)

    @classmethod
    def of_job(cls, job: int, attempt: int) -> "Workspace":
        return cls(f"job-{job}-{attempt}")

    @classmethod
    def of_process(cls) -> "Workspace":
        return cls(f"pid-{os.getpid()}-{secrets.token_hex(4)}")

    def __enter__(self) -> "Workspace":
        match = _JOB.fullmatch(self.name)
        if match is not None:
            # What an attempt left that was killed.
            for folder in _places(f"work-job-{match[1]}-*"):
                shutil.rmtree(folder, ignore_errors=True)
        try:
            for folder in (self.raw, self.drafts):
                folder.mkdir(mode=0o700, parents=True)
        except OSError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        for folder in (self.raw, self.drafts):
            shutil.rmtree(folder, ignore_errors=True)

    def number(self) -> int:
        """A number that nothing in here has yet."""
        return next(self._numbers)

    def draft(self, number: int) -> Path:
        return self.drafts / str(number)

    def members(self, number: int) -> Path:
        return self.raw / str(number)

    def adopt(self, number: int) -> dict[str, int]:
        """Move the drafts of ``number`` into the store; returns marks for :func:`cases.blobs.take_back`."""
        folder, marks = self.draft(number), {}
        for path in folder.iterdir():
            mark = blobs.adopt(path)
            if mark is not None:
                marks[path.name] = mark
        folder.rmdir()
        return marks

    def drop(self, numbers: Iterable[int]) -> None:
        """Delete the drafts of ``numbers``."""
        for number in numbers:
            shutil.rmtree(self.draft(number), ignore_errors=True)

    def drop_members(self, number: int) -> None:
        """Delete the raw members of the archive that was unpacked under ``number``."""
        shutil.rmtree(self.members(number), ignore_errors=True)


def _places(pattern: str) -> list[Path]:
    quarantined = Path(settings.QUARANTINE_DIR).glob(pattern)
    return [*quarantined, *Path(settings.BLOB_DIR).glob(f".{pattern}")]


def expire_workspaces(*, now: float | None = None) -> int:
    """Delete folders whose work is over: its process was killed. Returns how many."""
    gone = 0
    before = (time.time() if now is None else now) - LEFT_BEHIND_AFTER
    for folder in _places("work-*"):
        match = _JOB.fullmatch(folder.name.removeprefix("."))
        if match is not None:
            running = Job.objects.filter(
                pk=int(match[1]), attempt=int(match[2]), state=State.RUNNING
            ).exists()
            over = not running
        else:
            over = _touched(folder) < before
        if over:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _touched(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
