"""Raw bytes before cleaning: never served, never named after their file, gone when judged."""

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

EXPIRES_AFTER = timedelta(hours=24)
# What must stay free beside the file, for the database and the frames of what is being judged.
RESERVE = 64 * 2**20
_FULL = {errno.ENOSPC, errno.EDQUOT}


class DiskFull(ValidationError):
    """No room for these bytes. Nothing that was there is lost."""

    def __init__(self) -> None:
        super().__init__(_("The server's disk is full. Tell an administrator, and try again later."))


class TooLarge(ValidationError):
    """More bytes than a file may have."""

    def __init__(self, limit: int) -> None:
        sentence = _("This file is larger than %(n)d MB. Send it as several smaller ones.")
        super().__init__(sentence % {"n": limit // 2**20})


class TooMany(ValidationError):
    """More bytes than were announced."""

    def __init__(self) -> None:
        super().__init__(_("These bytes reach past the end of the file. Ask for the offset and go on there."))


class WrongChecksum(ValidationError):
    """Other bytes arrived than were sent."""

    def __init__(self) -> None:
        super().__init__(_("These bytes were damaged on their way. Send them once more."))


class Elsewhere(ValidationError):
    """The file does not end where the bytes are meant to go."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        sentence = _("%(n)d bytes of this file are here. Go on there.")
        super().__init__(sentence % {"n": offset})


def _path(key: str) -> Path:
    if not key.isalnum():
        raise ValueError("not a quarantine key")
    return Path(settings.QUARANTINE_DIR) / key


@contextmanager
def _room_is_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull from error
        raise


def check_room(byte_count: int) -> None:
    """Raise :class:`DiskFull` when the disk would not hold ``byte_count`` more bytes."""
    folder = Path(settings.QUARANTINE_DIR)
    try:
        free = shutil.disk_usage(folder).free
    except FileNotFoundError:
        # Made with the first file.
        free = shutil.disk_usage(settings.DATA_DIR).free
    if free < byte_count + RESERVE:
        raise DiskFull


def _make(key: str) -> int:
    """Descriptor of a new file; its folder is made when it is missing."""
    path, flags = _path(key), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)


def reserve() -> str:
    """An empty file to which bytes are added later; returns its key."""
    key = secrets.token_hex(16)
    with _room_is_told():
        os.close(_make(key))
    return key


def keep(chunks: Iterable[bytes], *, limit: int) -> tuple[str, int]:
    """Write ``chunks`` under a random key; returns key and size. Over ``limit`` nothing is left behind."""
    key, size = secrets.token_hex(16), 0
    try:
        with _room_is_told(), open(_make(key), "wb", buffering=0) as file:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise TooLarge(limit)
                _write(file.fileno(), chunk)
    except BaseException:
        discard(key)
        raise
    return key, size


def _write(descriptor: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(descriptor, left) :]


def settled_size(key: str) -> int:
    """Bytes that have arrived and stay. Raises FileNotFoundError when the file is gone.

    Waits for a writer (:func:`add`): what it has written may be cut off again when its checksum is wrong. A
    file that was seen whole before that was queued for judgement, and then lost its end.
    """
    descriptor = os.open(_path(key), os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def add(
    key: str, chunks: Iterable[bytes], *, offset: int, byte_count: int, sha256: bytes | None = None
) -> int:
    """Write ``chunks`` at the end of a file that is still arriving; returns its size afterwards.

    One writer at a time, also of several processes: the lock is on the file. A second writer waits and then
    finds that the file has grown. What arrived before a broken connection or a full disk stays, unless a
    checksum says that it must come whole.

    Parameters
    ----------
    key : str
    chunks : iterable of bytes
    offset : int
        Where the first byte belongs; must be the present size.
    byte_count : int
        Size of the whole file; nothing is written past it.
    sha256 : bytes, optional
        Digest of all of ``chunks``.

    Raises
    ------
    Elsewhere, TooMany, WrongChecksum, DiskFull
    FileNotFoundError
        When the file is gone.
    """
    descriptor = os.open(_path(key), os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        if size != offset:
            raise Elsewhere(size)
        os.lseek(descriptor, offset, os.SEEK_SET)
        digest = hashlib.sha256() if sha256 is not None else None
        try:
            with _room_is_told():
                for chunk in chunks:
                    if size + len(chunk) > byte_count:
                        raise TooMany
                    _write(descriptor, chunk)
                    size += len(chunk)
                    if digest is not None:
                        digest.update(chunk)
            if digest is not None and digest.digest() != sha256:
                raise WrongChecksum
        except (TooMany, WrongChecksum):
            os.ftruncate(descriptor, offset)
            raise
        except BaseException:
            if digest is not None:
                os.ftruncate(descriptor, offset)
            raise
        return size
    finally:
        os.close(descriptor)


def path_of(key: str) -> Path:
    return _path(key)


def discard(key: str) -> None:
    _path(key).unlink(missing_ok=True)


def expire(named: Iterable[str], *, now: float | None = None) -> int:
    """Throw away raw files older than :data:`EXPIRES_AFTER` that no row names; returns how many.

    A process that was killed leaves such files: in quarantine, before its row was written, and where Django
    collects the body of a request.

    Parameters
    ----------
    named : iterable of str
        Keys that rows name.
    now : float, optional
        Seconds since the epoch; the present when left out.
    """
    before = (time.time() if now is None else now) - EXPIRES_AFTER.total_seconds()
    kept = set(named)
    found = [path for path in Path(settings.QUARANTINE_DIR).glob("*") if path.name not in kept]
    if settings.FILE_UPLOAD_TEMP_DIR:
        found += Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*")
    count = 0
    for path in found:
        try:
            late = path.is_file() and path.stat().st_mtime < before
        except FileNotFoundError:
            # Judged or sent while we looked.
            continue
        if late:
            path.unlink(missing_ok=True)
            count += 1
    return count
