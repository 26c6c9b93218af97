"""What tests of the walls share: a database that threads can write to, job kinds of a test, sent messages."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connections

from medweb.jobs import registry
from medweb.jobs.registry import QUEUES
from tests.medweb.working import Register, Sent, finishing


@pytest.fixture
def file_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database as in production, for tests with threads: on SQLite a file in WAL mode.

    SQLite's tests run in shared memory otherwise, where a second writer fails at once instead of waiting.
    """
    memory = connections["default"]
    if memory.vendor != "sqlite":
        yield
        return
    path = tmp_path / "threads.sqlite3"
    with memory.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    settings = connections.settings["default"]
    name = settings["NAME"]
    settings["NAME"] = str(path)
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        settings["NAME"] = name
        connections["default"] = memory


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Register:
    """``kinds(function, **options)``: a job kind for this test alone; returns its name."""
    monkeypatch.setattr(registry, "_kinds", registry.kinds())

    def register(function: Callable[..., None], *, name: str = "tests.work", **options: Any) -> str:
        registry.job(name, **{"queue": "analysis", "minutes": 1, "title": "Test work", **options})(function)
        return name

    return register


@pytest.fixture
def work_kind(kinds: Register) -> str:
    """A job kind that stores its parameters as its result."""
    return kinds(finishing)


@pytest.fixture
def sent(clean_broker: str) -> Sent:
    """``sent()``: ids of the jobs whose messages wait in the broker, oldest first."""

    def read() -> list[int]:
        with redis.Redis.from_url(clean_broker) as client:
            raw = [message for queue in QUEUES for message in reversed(client.lrange(queue, 0, -1))]
        return [json.loads(base64.b64decode(json.loads(message)["body"]))[0][0] for message in raw]

    return read
