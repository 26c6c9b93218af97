"""Bytes by the hash of their content: written once, never changed, shared by equal files."""

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings


def _path(digest: str) -> Path:
    if len(digest) != 64 or not digest.isalnum():
        raise ValueError("not a sha256 digest")
    return Path(settings.BLOB_DIR) / digest[:2] / digest[2:4] / digest


def put(data: bytes) -> str:
    """Store ``data``; returns its SHA-256. A crash leaves either the whole file or none."""
    digest = hashlib.sha256(data).hexdigest()
    path = _path(digest)
    if path.exists():
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


def get(digest: str) -> bytes:
    """Stored bytes; raises FileNotFoundError when they are gone."""
    return _path(digest).read_bytes()


def exists(digest: str) -> bool:
    return _path(digest).exists()


def delete(digest: str) -> None:
    """Remove a blob; the caller has made sure that no row names it."""
    _path(digest).unlink(missing_ok=True)
