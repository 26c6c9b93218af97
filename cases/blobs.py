"""Bytes by the hash of their content: written once, never changed, shared by equal files.

Nothing deletes a blob at the moment its last row goes: another process may just have met it in :func:`put`,
and name it a second later. :func:`delete_unnamed`, a chore, deletes what no row names instead.

Where bytes must go at once all the same, :func:`take_back` does it safely: who names a blob calls
:func:`hold` and then meets its file, by :func:`adopt` or :func:`touch`, in one transaction. Whoever did so
before is waited for, and has a row by then; whoever does so later leaves a mark on the file.
"""

import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import DatabaseError, connection, transaction

log = logging.getLogger("cases")
# Longer than any job may take: a training stores its first model up to an hour before a row names it.
# It counts from the last put(), so the bytes of a deleted case that is older go with the next chore.
GRACE = timedelta(hours=2)
_ASIDE = ".aside-"
# PostgreSQL tells advisory locks apart by a number.
_LOCK = int.from_bytes(b"blobs")
_naming: list[Callable[[], Iterable[str]]] = []


def names_blobs(function: Callable[[], Iterable[str]]) -> Callable[[], Iterable[str]]:
    """Register what gives every digest that the rows of an app name; blobs that none gives are deleted."""
    _naming.append(function)
    return function


def naming() -> list[Callable[[], Iterable[str]]]:
    return list(_naming)


def _path(digest: str) -> Path:
    if len(digest) != 64 or not digest.isalnum():
        raise ValueError("not a sha256 digest")
    return Path(settings.BLOB_DIR) / digest[:2] / digest[2:4] / digest


def put(data: bytes) -> str:
    """Store ``data``; returns its SHA-256. A crash leaves either the whole file or none.

    The caller names it in a row within :data:`GRACE`.
    """
    digest = hashlib.sha256(data).hexdigest()
    path = _path(digest)
    # Touching tells delete_unnamed() that somebody is about to name it.
    now = time.time_ns()
    with suppress(FileNotFoundError):
        os.utime(path, ns=(now, now))
        return digest
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return digest


def adopt(draft: Path) -> int | None:
    """Move a file that is named after its SHA-256 into the store, as :func:`put` does with bytes.

    Parameters
    ----------
    draft : Path
        On the disk of the store; gone afterwards. What a decoder's process wrote is moved, never read.

    Returns
    -------
    int or None
        Mark for :func:`take_back`; ``None`` when the same bytes were there.
    """
    path, now = _path(draft.name), time.time_ns()
    with suppress(FileNotFoundError):
        os.utime(path, ns=(now, now))
        draft.unlink()
        return None
    os.utime(draft, ns=(now, now))
    try:
        draft.replace(path)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.replace(path)
    return now


class Gone(FileNotFoundError):
    """The bytes were erased between their storing and their naming."""


def hold() -> None:
    """Announce, in a transaction, that it names blobs: nothing that it meets from now on is erased under it.

    Of SQLite the transaction itself is enough, since it has one writer at a time.
    """
    if connection.vendor == "postgresql":
        _lock("pg_advisory_xact_lock_shared")


def touch(digest: str) -> None:
    """Meet a stored blob, behind :func:`hold`, before a row names it.

    Raises
    ------
    Gone
        It was erased since it was stored: store it again.
    """
    now = time.time_ns()
    try:
        os.utime(_path(digest), ns=(now, now))
    except FileNotFoundError as error:
        raise Gone(
            "The stored bytes were erased meanwhile, at the desk. Bring this file in once more."
        ) from error


def _wait_for_holders() -> None:
    """Return when every transaction has ended that called :func:`hold` before."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            _lock("pg_advisory_xact_lock")


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])


def take_back(adopted: Mapping[str, int]) -> None:
    """Delete what :func:`adopt` brought in and no row names after all, unless somebody else has put it since.

    Parameters
    ----------
    adopted : mapping of str to int
        Digest -> mark.
    """
    if not adopted:
        return
    try:
        # A row that is not committed yet names a blob without being seen.
        _wait_for_holders()
        named = set(chain.from_iterable(function() for function in _naming))
    except DatabaseError:
        # The transaction that this belongs to is over: the chore does it later.
        log.exception("%d stored files could not be looked up; the chore deletes them", len(adopted))
        return
    for digest, mark in adopted.items():
        path = _path(digest)
        if digest not in named:
            # Out of put()'s sight first, looked at second, as in _drop().
            aside = path.with_name(_ASIDE + digest)
            with suppress(FileNotFoundError):
                path.replace(aside)
                if aside.stat().st_mtime_ns == mark:
                    aside.unlink()
                else:
                    aside.replace(path)


def path_of(digest: str) -> Path:
    """Where a blob lies, for a decoder's process to read."""
    return _path(digest)


def mark_of(digest: str) -> int | None:
    """Mark of a stored blob for :func:`take_back`; ``None`` when it is gone."""
    with suppress(FileNotFoundError):
        return _path(digest).stat().st_mtime_ns
    return None


def get(digest: str) -> bytes:
    """Stored bytes; raises FileNotFoundError when they are gone."""
    return _path(digest).read_bytes()


def opened(digest: str) -> BinaryIO:
    """Stored bytes as a file, for those of which a part is wanted; the caller closes it.

    Raises
    ------
    FileNotFoundError
        When they are gone.
    """
    return _path(digest).open("rb")


def exists(digest: str) -> bool:
    return _path(digest).exists()


def delete(digest: str) -> None:
    """Remove a blob at once, whoever names it."""
    _path(digest).unlink(missing_ok=True)


def delete_unnamed(*, now: float | None = None) -> int:
    """Delete what no row names and nobody has put for :data:`GRACE`; returns how many files went.

    Parameters
    ----------
    now : float, optional
        Seconds since the epoch; the present when left out.

    Raises
    ------
    RuntimeError
        When nobody has registered names: everything would go.
    """
    if not _naming:
        raise RuntimeError("No function is registered with @names_blobs, so every blob would be deleted.")
    before = (time.time() if now is None else now) - GRACE.total_seconds()
    old = [path for path in Path(settings.BLOB_DIR).glob("??/??/*") if _touched(path) < before]
    # Names are read after the list: a row written in between names a file that was put within the grace.
    named = set(chain.from_iterable(function() for function in _naming)) if old else set()
    gone = sum(_drop(path, before) for path in old if path.name not in named)
    if gone:
        log.info("%d stored files that no row named were deleted", gone)
    return gone


def _touched(path: Path) -> float:
    """When ``path`` was last put, in seconds since the epoch; for ever ahead when it is gone by now."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _drop(path: Path, before: float) -> bool:
    if path.name.startswith(_ASIDE):
        # A chore was killed half way: back to its place, to be judged by its name next time.
        with suppress(FileNotFoundError):
            path.replace(path.with_name(path.name.removeprefix(_ASIDE)))
        return False
    # Out of put()'s sight first, looked at second: a put() that came before has left its mark on the file,
    # one that comes after writes its own.
    aside = path.with_name(_ASIDE + path.name)
    with suppress(FileNotFoundError):
        path.replace(aside)
        if _touched(aside) >= before:
            aside.replace(path)
            return False
        aside.unlink()
        return True
    return False
