"""Raw bytes before cleaning: never served, never named after their file, gone when judged."""

import secrets
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


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
