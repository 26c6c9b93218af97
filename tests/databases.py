"""Databases of running MedWebs: each gets a fresh one, and only the first of a test run is migrated.

The folder in ``MEDWEB_TEST_MIGRATED`` keeps the migrated one for the others, whichever process they are in.
"""

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

SHELF = "MEDWEB_TEST_MIGRATED"
_SQLITE = "sqlite:///"


def _new_name(kind: str) -> str:
    return f"{kind}_{os.getpid()}_{int(time.time() * 1000) % 10**9}"


def _server(url: str, statement: str, *names: str) -> None:
    import psycopg
    from psycopg import sql

    # Nobody may be connected to a database that is copied, so another one is used.
    maintenance = urlunsplit(urlsplit(url)._replace(path="/postgres"))
    with psycopg.connect(maintenance, autocommit=True) as server:
        server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _name(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


@contextlib.contextmanager
def scratch_database(url: str | None, folder: Path) -> Iterator[str]:
    """Address of a database for :func:`fill`: a file in ``folder``, or one on the server of ``url``."""
    if not url or not url.startswith("postgres"):
        yield f"{_SQLITE}{folder / 'live.sqlite3'}"
        return
    name = _new_name("live")
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        _server(url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def fill(scratch: str, migrate: Callable[[], object]) -> None:
    """Make the database at ``scratch``, migrated.

    Parameters
    ----------
    scratch : str
        From :func:`scratch_database`.
    migrate : callable
        Migrates it, and leaves no connection open. Not called when a migrated one can be copied.
    """
    shelf = os.environ.get(SHELF)
    if shelf is None:
        _make(scratch, migrate)
        return
    is_file = scratch.startswith(_SQLITE)
    note, copy = (
        Path(shelf) / ("sqlite" if is_file else "postgres"),
        _copy_file if is_file else _copy_on_server,
    )
    with (Path(shelf) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            _make(scratch, migrate)
            kept = f"{_SQLITE}{Path(shelf) / 'migrated.sqlite3'}"
            if not is_file:
                kept = urlunsplit(urlsplit(scratch)._replace(path=f"/{_new_name('migrated')}"))
            copy(scratch, kept)
            note.write_text(kept)
        else:
            copy(note.read_text(), scratch)


def _make(scratch: str, migrate: Callable[[], object]) -> None:
    if not scratch.startswith(_SQLITE):
        _server(scratch, "CREATE DATABASE {}", _name(scratch))
    migrate()


def _copy_file(source: str, target: str) -> None:
    with (
        contextlib.closing(sqlite3.connect(source.removeprefix(_SQLITE))) as one,
        contextlib.closing(sqlite3.connect(target.removeprefix(_SQLITE))) as other,
    ):
        one.backup(other)


def _copy_on_server(source: str, target: str) -> None:
    _server(source, "CREATE DATABASE {} TEMPLATE {}", _name(target), _name(source))


def forget(shelf: Path) -> None:
    """Drop the migrated database that a PostgreSQL server keeps."""
    note = shelf / "postgres"
    if note.exists():
        kept = note.read_text()
        _server(kept, "DROP DATABASE IF EXISTS {} WITH (FORCE)", _name(kept))
