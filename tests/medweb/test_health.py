"""``/healthz`` and ``/readyz``: honest, quick, open to everyone, and silent about details."""

import socket
import time
from collections.abc import Iterator

import pytest
import redis
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django.fixtures import Settings

from medweb import health
from medweb.jobs.worker import SEEN_PREFIX, SEEN_SECONDS

pytestmark = [pytest.mark.django_db, pytest.mark.broker]


@pytest.fixture
def seen(clean_broker: str) -> Iterator[redis.Redis]:
    """The broker, where a worker has just been seen."""
    with redis.Redis.from_url(clean_broker) as connection:
        connection.set("medweb:worker:test@here", int(time.time()), ex=30)
        yield connection
        connection.flushdb()


def test_alive_without_sign_in(client: Client) -> None:
    reply = client.get("/healthz")
    assert (reply.status_code, reply.json()) == (200, {"status": "alive"})
    assert "no-store" in reply["Cache-Control"]


def test_alive_even_when_nothing_else_is(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise AssertionError("healthz must not ask")

    monkeypatch.setattr(health, "CHECKS", {"database": broken})
    assert client.get("/healthz").status_code == 200


def test_ready(client: Client, seen: redis.Redis) -> None:
    reply = client.get("/readyz")
    assert reply.json() == {"status": "ready", "checks": {"database": "ok", "broker": "ok", "worker": "ok"}}
    assert reply.status_code == 200
    assert "no-store" in reply["Cache-Control"]


def test_only_reading(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405


def test_no_worker(client: Client, clean_broker: str) -> None:
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json() == {
        "status": "not-ready",
        "checks": {"database": "ok", "broker": "ok", "worker": "no worker seen for 30 s"},
    }


def test_worker_seen_too_long_ago(client: Client, seen: redis.Redis) -> None:
    """A key whose expiry was lost must not make a dead worker look alive."""
    seen.set("medweb:worker:test@here", int(time.time()) - 31)
    assert client.get("/readyz").json()["checks"]["worker"] == "no worker seen for 30 s"


def test_one_living_worker_is_enough(client: Client, seen: redis.Redis) -> None:
    for number in range(20):
        seen.set(f"medweb:worker:old{number}@here", 1)
    assert client.get("/readyz").json()["checks"]["worker"] == "ok"


def test_nonsense_in_the_key_is_no_worker(client: Client, clean_broker: str) -> None:
    with redis.Redis.from_url(clean_broker) as connection:
        connection.set("medweb:worker:test@here", "soon")
        assert client.get("/readyz").json()["checks"]["worker"] == "no worker seen for 30 s"
        connection.flushdb()


def test_what_workers_write_is_what_is_read() -> None:
    assert f"{SEEN_PREFIX}*" == health.SEEN_PATTERN
    assert SEEN_SECONDS == health.SEEN_SECONDS


def test_broker_refuses(client: Client, settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.REDIS_URL = f"redis://:hidden-word@127.0.0.1:{free.getsockname()[1]}/0"
        reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["checks"] == {
        "database": "ok",
        "broker": "no answer",
        "worker": "unknown: the broker does not answer",
    }
    assert "hidden-word" not in reply.content.decode()


def test_broker_that_is_silent_does_not_hang_the_page(client: Client, settings: Settings) -> None:
    """It accepts and says nothing; without a limit this test never ends."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert client.get("/readyz").json()["checks"]["broker"] == "no answer"


def test_no_broker_configured(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = ""
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["checks"]["broker"] == "not configured: set REDIS_URL, or start with make run"


def test_broken_database(client: Client, seen: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise DatabaseError("password of hospital-db.internal is wrong")

    monkeypatch.setattr(health, "_select_one", broken)
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["checks"]["database"] == "no answer"
    assert "hospital-db" not in reply.content.decode()


@pytest.mark.postgres
def test_silent_database_server_does_not_hang_the_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    release = threading.Event()
    monkeypatch.setattr(health, "LIMIT_SECONDS", 0.1)
    monkeypatch.setattr(health, "_select_one", release.wait)
    assert connection.vendor == "postgresql"
    assert health.database() == "no answer within 0.1 s"
    release.set()
