"""Raw bytes before cleaning: never served, never named after their file, gone when judged."""

import secrets
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

EXPIRES_AFTER = timedelta(hours=24)


def _path(key: str) -> Path:
    if not key.isalnum():
        raise ValueError("not a quarantine key")
    return Path(settings.QUARANTINE_DIR) / key


def keep(chunks: Iterable[bytes], *, limit: int) -> tuple[str, int]:
    """Write ``chunks`` under a random key; returns key and size. Over ``limit`` nothing is left behind."""
    folder = Path(settings.QUARANTINE_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_hex(16)
    path, size = _path(key), 0
    try:
        with path.open("xb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise ValidationError(
                        _("This file is larger than %(n)d MB. Send it as several smaller ones.")
                        % {"n": limit // 2**20}
                    )
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return key, size


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
