"""The live stream: another read path, with the same rules as the pages, that carries names and ids only."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import AsyncClient
from pytest_django.fixtures import Settings

from medweb.accounts import services as accounts
from medweb.accounts.models import User
from medweb.live import topics, views
from medweb.live.publish import channel, publish
from tests.analysis.building import a_case, person
from tests.support import PATIENCE, free_port, with_database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.broker]

BACKEND = "django.contrib.auth.backends.ModelBackend"


async def in_thread(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """The database is asked in a thread of its own, as Django's async views do."""
    return await sync_to_async(function)(*arguments, **options)


async def browser(user: User) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(user, backend=BACKEND)
    return client


async def piece(stream: AsyncIterator[bytes]) -> str | None:
    """The next piece of a stream, or ``None`` when it has ended."""
    try:
        async with asyncio.timeout(PATIENCE):
            return (await anext(stream)).decode()
    except StopAsyncIteration:
        return None


@asynccontextmanager
async def opened(client: AsyncClient, *names: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """An open stream that has said it is ready."""
    reply = await client.get(f"/live/?topics={','.join(names)}")
    assert reply.status_code == 200
    assert reply["Content-Type"] == "text/event-stream"
    assert reply["Cache-Control"] == "no-store"
    assert reply["X-Accel-Buffering"] == "no"
    # The view's own generator: closing Django's wrapper would leave this one to the garbage collector.
    stream = reply._iterator
    try:
        assert await piece(stream) == "retry: 2000\nevent: ready\ndata: {}\n\n"
        yield stream
    finally:
        await stream.aclose()


def parsed(text: str | None) -> tuple[str, dict[str, Any]]:
    assert text is not None
    name, data, *rest = text.split("\n")
    assert rest == ["", ""]
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


# --- who may listen ---------------------------------------------------------------------------------------


async def test_a_stranger_is_asked_to_sign_in(clean_broker: str) -> None:
    reply = await AsyncClient().get("/live/?topics=user:1")
    assert reply.status_code == 302
    assert reply["Location"].startswith("/sign-in/")


async def test_between_one_and_twelve_topics(clean_broker: str) -> None:
    ann = await in_thread(person, "ann")
    client = await browser(ann)
    for query in ("", "?topics=", "?topics=,,", "?topics=" + ",".join(["user:1"] * 13)):
        reply = await client.get(f"/live/{query}")
        assert (reply.status_code, reply["Content-Type"]) == (400, "text/plain")
    async with opened(client, *[f"user:{ann.pk}"] * 12):
        pass


async def test_topics_one_may_not_hear_are_refused(clean_broker: str) -> None:
    ann, bob = await in_thread(person, "ann", "student"), await in_thread(person, "bob", "instructor")
    draft = await in_thread(a_case, bob, published=False)
    client = await browser(ann)
    names = [
        f"user:{bob.pk}", "jobs:all", "jobs:", f"case:{draft.pk}", "case:4711", "case:x", "case:²", "job:1",
        "training:1", "secret:1", "user", "*", "case:*", "user:",
    ]  # fmt: skip
    for name in names:
        assert (await client.get("/live/", {"topics": name})).status_code == 403, name


async def test_of_several_topics_only_the_allowed_are_heard(clean_broker: str) -> None:
    ann, bob = await in_thread(person, "ann"), await in_thread(person, "bob", "instructor")
    draft = await in_thread(a_case, bob, published=False)
    async with opened(await browser(ann), f"case:{draft.pk}", f"user:{ann.pk}", f"user:{bob.pk}") as stream:
        await in_thread(publish, f"case:{draft.pk}", "case-changed", case=draft.pk)
        await in_thread(publish, f"user:{bob.pk}", "job-changed", job=1)
        await in_thread(publish, f"user:{ann.pk}", "job-changed", job=2)
        assert parsed(await piece(stream)) == ("job-changed", {"event": "job-changed", "job": 2})


def test_every_topic_refuses_strangers_and_nonsense() -> None:
    """A new topic fails here until it is named, and is asked for ids that are none or of no row."""
    nobody, inactive = person("ann"), person("bob", "administrator")
    inactive.is_active = False
    assert topics.known() == {"case", "job", "jobs", "training", "user"}
    for head in topics.known():
        for ident in ("", "x", "-1", "²", "1 OR 1=1", "999999999", "0", "None", "9" * 5000):
            assert topics.allowed(nobody, [f"{head}:{ident}"]) == []
            assert topics.allowed(inactive, [f"{head}:{ident}"]) == []
    assert topics.allowed(inactive, ["jobs:all", f"user:{inactive.pk}"]) == []


async def test_without_a_broker_the_stream_says_so(settings: Settings) -> None:
    ann = await in_thread(person, "ann")
    client = await browser(ann)
    settings.REDIS_URL = ""
    reply = await client.get(f"/live/?topics=user:{ann.pk}")
    assert (reply.status_code, reply["Content-Type"]) == (503, "text/plain")


# --- what is heard ----------------------------------------------------------------------------------------


def changed_then_rolled_back(topic: str) -> None:
    with transaction.atomic():
        publish(topic, "case-changed", case=1)
        transaction.set_rollback(True)


def changed_in_a_transaction(topic: str, listener: "redis.client.PubSub") -> None:
    with transaction.atomic():
        publish(topic, "case-changed", case=2)
        assert listener.get_message(timeout=0.2) is None


async def test_news_come_on_commit_and_never_after_a_rollback(clean_broker: str) -> None:
    ann = await in_thread(person, "ann")
    topic = f"user:{ann.pk}"
    with redis.Redis.from_url(clean_broker) as client:
        listener = client.pubsub(ignore_subscribe_messages=True)
        listener.subscribe(channel(topic))
        listener.get_message(timeout=PATIENCE)
        async with opened(await browser(ann), topic) as stream:
            await in_thread(changed_then_rolled_back, topic)
            await in_thread(changed_in_a_transaction, topic, listener)
            assert parsed(await piece(stream)) == ("case-changed", {"event": "case-changed", "case": 2})
        listener.close()


async def test_two_tabs_both_hear(clean_broker: str) -> None:
    ann = await in_thread(person, "ann")
    topic = f"user:{ann.pk}"
    async with opened(await browser(ann), topic) as one, opened(await browser(ann), topic) as two:
        await in_thread(publish, topic, "job-changed", job=7, state="done")
        for stream in (one, two):
            assert parsed(await piece(stream))[1] == {"event": "job-changed", "job": 7, "state": "done"}


# --- rights end while streams are open --------------------------------------------------------------------


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def drop_role(user: User) -> None:
    user.role_grants.all().delete()


def drop_session(user: User) -> None:
    Session.objects.all().delete()


def new_password(user: User) -> None:
    accounts.change_password(password="another-long-one-7", by=user)


@pytest.mark.parametrize("end", [deactivate, drop_role, drop_session, new_password])
async def test_rights_that_end_also_end_the_stream(
    end: Callable[[User], None], clean_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "KEEP_ALIVE_SECONDS", 0.2)
    ann = await in_thread(person, "ann", "staff")
    async with opened(await browser(ann), "jobs:all") as stream:
        assert await piece(stream) == ": keep-alive\n\n"
        await in_thread(end, ann)
        heard = [await piece(stream) for _number in range(2)]
        assert None in heard, heard


async def test_a_busy_stream_is_checked_too(clean_broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """News that never pause must not put off the look at the rights."""
    monkeypatch.setattr(views, "KEEP_ALIVE_SECONDS", 0.2)
    ann = await in_thread(person, "ann", "staff")
    async with opened(await browser(ann), "jobs:all") as stream:
        await in_thread(deactivate, ann)
        heard = 0
        async with asyncio.timeout(PATIENCE):
            while True:
                await in_thread(publish, "jobs:all", "job-changed", job=heard)
                if await piece(stream) is None:
                    break
                heard += 1


async def test_a_stream_ends_by_itself(clean_broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "KEEP_ALIVE_SECONDS", 0.05)
    monkeypatch.setattr(views, "LIFETIME_SECONDS", 0.2)
    ann = await in_thread(person, "ann")
    async with opened(await browser(ann), f"user:{ann.pk}") as stream:
        async with asyncio.timeout(PATIENCE):
            while await piece(stream) is not None:
                continue


def test_databases_of_one_broker_do_not_hear_each_other(clean_broker: str, settings: Settings) -> None:
    """Redis channels are the same in all its databases."""
    with redis.Redis.from_url(clean_broker) as client:
        listener = client.pubsub(ignore_subscribe_messages=True)
        listener.subscribe(channel("user:1"))
        listener.get_message(timeout=PATIENCE)
        publish("user:1", "job-changed", job=2)
        ours, settings.REDIS_URL = settings.REDIS_URL, with_database(clean_broker, 15)
        publish("user:1", "job-changed", job=3)
        settings.REDIS_URL = ours
        publish("user:1", "job-changed", job=4)
        heard = [listener.get_message(timeout=PATIENCE) for _number in range(2)]
        listener.close()
    assert [json.loads(message["data"])["job"] for message in heard] == [2, 4]


def test_news_are_lost_quietly_when_the_broker_is_down(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("medweb.live.publish._client", None)
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    publish("user:1", "case-changed", case=1)
    assert "No live news" in caplog.text
