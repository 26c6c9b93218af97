"""The live stream on the real server: news from other processes, and nothing held while it is open."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from medweb.live.publish import channel
from tests.conftest import POSTGRES
from tests.support import LiveApp, processes_with, wait_until

pytestmark = pytest.mark.broker
STREAMS = 12
PASSWORD = "a long password"

SEED = """
from medweb.accounts.models import User
from medweb.accounts.services import create_user
user = User.objects.filter(username="listener").first()
user = user or create_user(username="listener", password="a long password", roles=["student"], by=None)
print(user.pk)
"""
ASK = """
from medweb.accounts.models import User
from medweb.jobs import services
user = User.objects.get(username="listener")
print(services.enqueue("gone.kind", params={}, by=user).pk)
"""


@pytest.fixture
def listener(live_app: LiveApp) -> Iterator[tuple[httpx.Client, str]]:
    """A signed-in browser and the topic of its person."""
    topic = f"user:{live_app.python(SEED).strip()}"
    with httpx.Client(base_url=live_app.base_url, timeout=60) as client:
        page = client.get("/sign-in/").raise_for_status().text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        form = {"username": "listener", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        assert client.post("/sign-in/", data=form).status_code == 302
        yield client, topic


def connections_of(app: LiveApp) -> int:
    """Open connections of the web server to its database."""
    url = app.environment["DATABASE_URL"]
    if POSTGRES:
        import psycopg

        with psycopg.connect(url) as server:
            rows = server.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid()"
            ).fetchone()
        assert rows is not None
        return int(rows[0])
    name = url.removeprefix("sqlite:///")
    (web,) = [pid for pid, line in processes_with(str(app.folder)).items() if " uvicorn " in line]
    held = 0
    for descriptor in Path(f"/proc/{web}/fd").iterdir():
        try:
            held += os.readlink(descriptor) == name
        except FileNotFoundError:
            continue
    return held


def first_lines(stream: httpx.Response, lines: Iterator[str]) -> None:
    assert stream.headers["content-type"] == "text/event-stream"
    assert [next(lines) for _number in range(4)] == ["retry: 2000", "event: ready", "data: {}", ""]


def test_open_streams_hold_no_database_connection(
    live_app: LiveApp, listener: tuple[httpx.Client, str]
) -> None:
    client, topic = listener
    url = live_app.environment["REDIS_URL"]
    with redis.Redis.from_url(url) as broker, ExitStack() as open_streams:

        def subscribed() -> int:
            return int(broker.pubsub_numsub(channel(topic, url))[0][1])

        before = connections_of(live_app)
        # An iterator of lines that is let go closes its stream.
        kept: list[Iterator[str]] = []
        for _number in range(STREAMS):
            stream = open_streams.enter_context(client.stream("GET", "/live/", params={"topics": topic}))
            kept.append(stream.iter_lines())
            first_lines(stream, kept[-1])
        assert subscribed() == STREAMS
        assert connections_of(live_app) <= before
        open_streams.close()
        wait_until(
            lambda: subscribed() == 0,
            what="closed tabs leave no subscription behind",
        )


def test_a_job_in_the_worker_reaches_the_open_page(
    live_app: LiveApp, listener: tuple[httpx.Client, str]
) -> None:
    client, topic = listener
    with client.stream("GET", "/live/", params={"topics": topic}) as stream:
        lines = stream.iter_lines()
        first_lines(stream, lines)
        job = int(live_app.python(ASK))
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1]["state"] != "failed":
            line = next(lines)
            if line.startswith("data: "):
                heard.append(json.loads(line.removeprefix("data: ")))
    assert [news["state"] for news in heard] == ["queued", "running", "failed"]
    assert all(news == {"event": "job-changed", "job": job, "state": news["state"]} for news in heard)


def test_a_stranger_hears_nothing(live_app: LiveApp) -> None:
    reply = httpx.get(f"{live_app.base_url}/live/", params={"topics": "jobs:all"})
    assert reply.status_code == 302
    assert reply.headers["location"].startswith("/sign-in/")
