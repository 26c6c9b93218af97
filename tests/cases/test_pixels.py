"""Pixels before Django: given to whom Django gives them, with the same bytes, and to nobody else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import Case, Frame
from cases.pixels import PixelsFirst
from cases.services import cases as services
from medweb.accounts.models import Role, User
from tests.builders import held, rows

pytestmark = pytest.mark.django_db
HANDED_ON = 0


class Door:
    """Somebody with a browser before a server, and Django behind what is tried."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user)

    async def ask(self, question: Any, *arguments: Any) -> Any:
        return await sync_to_async(question, thread_sensitive=True)(*arguments)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"status": HANDED_ON, "headers": []})
        await send({"body": b""})

    def get(self, path: str, method: str = "GET", **more: Any) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; status 0 when Django is asked."""
        headers = {"host": "testserver", "cookie": f"a=b; sessionid={self.client.cookies['sessionid'].value}"}
        headers |= more.pop("headers", {})
        named = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "scheme": "http", "headers": named, **more}
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async_to_sync(PixelsFirst(self))(scope, None, send)  # type: ignore[arg-type]  # Django's stand-in
        given = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], given, sent[1]["body"]


def pixels_of(frame: Frame) -> str:
    return reverse("cases:frame-pixels", args=[frame.pk, frame.digest[:16]])


@pytest.fixture
def author() -> User:
    return rows.instructor("ann")


@pytest.fixture
def case(author: User) -> Case:
    return rows.published(author)


@pytest.fixture
def door() -> Door:
    return Door(rows.person(Role.STUDENT, name="kim"))


@pytest.fixture
def path(case: Case) -> str:
    return pixels_of(case.series.get().frames.get())


def test_a_reader_gets_what_django_would_give(door: Door, path: str) -> None:
    there = door.client.get(path)
    assert there.status_code == 200
    status, headers, body = door.get(path)
    assert (status, body) == (200, there.content)
    theirs = {name.lower(): value for name, value in there.headers.items()}
    # Nothing but bytes that a viewer reads: they may do less than a page, and are the same in all languages.
    assert headers.pop("content-security-policy") == "default-src 'none'; frame-ancestors 'none'"
    assert headers.pop("vary") == "Cookie"
    assert headers.pop("content-length") == str(len(body))
    assert {name: theirs.get(name) for name in headers} == headers
    others = {"content-security-policy", "vary", "content-length", "content-language"}
    assert set(theirs) <= set(headers) | others


def signed_out(door: Door) -> None:
    door.client.logout()
    door.client.cookies["sessionid"] = "a" * 32


def expired(door: Door) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def inactive(door: Door) -> None:
    User.objects.filter(pk=door.user.pk).update(is_active=False)


def new_password(door: Door) -> None:
    door.user.set_password("another one altogether")
    door.user.save()


def made_up(door: Door) -> None:
    Session.objects.update(session_data="e30:forged:forged")


def withdrawn(door: Door) -> None:
    case = Case.objects.get()
    services.withdraw(case=case, by=case.author)


def closed(door: Door) -> None:
    case = Case.objects.get()
    rows.club(case.author, cases=(case,))


def at_the_desk(door: Door) -> None:
    Case.objects.get().series.update(clearance="held")


@pytest.mark.parametrize(
    "happens", [signed_out, expired, inactive, new_password, made_up, withdrawn, closed, at_the_desk]
)
def test_what_happens_counts_at_once(door: Door, path: str, happens: Callable[[Door], None]) -> None:
    assert door.get(path)[0] == 200
    happens(door)
    assert door.get(path)[0] == HANDED_ON
    assert door.client.get(path).status_code != 200


@pytest.mark.parametrize(
    "asked",
    [
        {"method": "HEAD"},
        {"method": "POST"},
        {"type": "lifespan"},
        {"headers": {"host": "elsewhere.example"}},
        {"headers": {"host": ""}},
        {"headers": {"cookie": ""}},
        {"headers": {"cookie": "sessionid"}},
        {"headers": {"cookie": "sessionid=\x00\xff"}},
        {"headers": {"authorization": "Bearer mw_nothing"}},
    ],
    ids=["head", "post", "no http", "host", "no host", "no cookie", "no value", "bytes", "token"],
)
def test_all_else_is_handed_on(door: Door, path: str, asked: dict[str, Any]) -> None:
    assert door.get(path, **asked)[0] == HANDED_ON


def test_other_addresses_are_handed_on(door: Door, case: Case, path: str, author: User) -> None:
    frame = case.series.get().frames.get()
    preview = reverse("cases:frame-preview", args=[frame.pk, frame.preview_digest[:16]])
    number = path.replace(f"/{frame.pk}/", f"/{10**18 - 1}/")
    waiting = held.held(rows.draft(author, images=0)).frames.first()
    for other in (
        preview,
        number,
        path[:-8] + "0/pixels",
        path.replace(frame.digest[:16], "0" * 16),
        f"{path}/",
    ):
        assert door.get(other)[0] == HANDED_ON, other
    # What waits at the desk is shown there only, to its author too.
    assert Door(author).get(path)[0] == 200
    assert Door(author).get(pixels_of(waiting))[0] == HANDED_ON


def test_without_tls_a_server_that_wants_some_sends_there(door: Door, path: str, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = None
    assert door.get(path)[0] == HANDED_ON
    assert door.get(path, scheme="https")[0] == 200


def test_pixels_that_are_gone_are_for_django_to_tell(door: Door, path: str, case: Case) -> None:
    Frame.objects.filter(series__case=case).update(digest="0" * 64)
    assert door.get(pixels_of(case.series.get().frames.get()))[0] == HANDED_ON
