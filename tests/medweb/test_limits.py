"""Bodies that are too large are refused before Django keeps any of them."""

import asyncio
import json
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from pytest_django.fixtures import Settings

from cases.pixels import PixelsFirst
from medweb import asgi, limits
from medweb.limits import ENVELOPE, PIECE, STRANGER, UNPROVEN, USUAL, BodyLimit, limit_of
from medweb.static import StaticFirst

FILES = (
    "/cases/1/uploads/new/", "/api/cases/1/uploads/", "/cases/1/files/", "/api/cases/1/files/", "/files/7/",
    "/api/files/7/",
)  # fmt: skip


TOKEN = (b"authorization", b"Bearer mw_x")
SESSION = (b"cookie", b"theme=dark; sessionid=abc")


async def known(_scope: Any) -> bool:
    return True


async def never_asked(_scope: Any) -> bool:
    raise AssertionError("this is small enough to be taken from anybody")


class Inner:
    """An application that reads the whole body before it answers, and remembers how much it got."""

    def __init__(self) -> None:
        self.got = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            self.got += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def sent_to(
    path: str,
    *,
    declared: bytes | None = None,
    chunks: tuple[bytes, ...] = (),
    headers: tuple[tuple[bytes, bytes], ...] = (TOKEN,),
    who: limits.Known = known,
    method: str = "POST",
) -> Any:
    """Status, headers and body of the answer, bytes that arrived inside, and bytes never asked for."""
    left = list(chunks)
    answer: list[Any] = []
    unread: list[bytes] = []

    async def receive() -> Any:
        if answer and left:
            # Thrown away, so that the sender reads the answer.
            unread.append(left.pop(0))
            return {"type": "http.request", "body": unread[-1], "more_body": bool(left)}
        chunk = left.pop(0) if left else b""
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    async def send(message: Any) -> None:
        answer.append(message)

    inner = Inner()
    lengths = [] if declared is None else [(b"content-length", declared)]
    limited = BodyLimit(inner, who)
    scope = {"type": "http", "method": method, "path": path, "headers": [*lengths, *headers]}
    await limited(scope, receive, send)
    assert limited._ledger.held == 0
    start, *parts = answer
    assert [part.get("more_body", False) for part in parts] == [True] * (len(parts) - 1) + [False]
    body = b"".join(part["body"] for part in parts)
    return start["status"], dict(start["headers"]), body, inner.got, len(left) + len(unread)


@pytest.mark.parametrize("declared", [str(USUAL + 1).encode(), b"9" * 5000])
async def test_what_says_it_is_too_large_is_not_read_at_all(declared: bytes) -> None:
    status, headers, body, got, left = await sent_to("/sign-in/", declared=declared, chunks=(b"x",) * 3)
    assert (status, got, left) == (413, 0, 3)
    assert headers[b"content-type"].startswith(b"text/plain")
    assert b"10 MB" in body


async def test_what_says_nothing_is_counted() -> None:
    chunk = b"x" * (4 * 1024 * 1024)
    status, _headers, _body, got, left = await sent_to("/api/annotations/", chunks=(chunk,) * 6)
    assert status == 413
    assert got <= USUAL
    assert left == 3


async def test_the_api_and_uploads_are_answered_with_a_problem(settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    for path in FILES:
        assert (await sent_to(path, declared=str(ENVELOPE + 1000).encode()))[0] == 200
        status, headers, body, *_rest = await sent_to(path, declared=str(ENVELOPE + 1001).encode())
        assert (status, headers[b"content-type"]) == (413, b"application/problem+json")
        assert json.loads(body)["code"] == "too-large"
        assert json.loads(body)["detail"].endswith(".")


async def test_what_is_within_the_limit_passes_untouched() -> None:
    status, _headers, _body, got, _left = await sent_to("/sign-in/", declared=b"6", chunks=(b"abc", b"def"))
    assert (status, got) == (200, 6)


@pytest.mark.parametrize(
    "path",
    [
        "/files/x/",
        "/api/file/1/",
        "/cases/1/uploads/",
        "/cases/x/uploads/new/",
        "/cases/1/uploads/new/x",
        "/api/cases/1/",
        "/",
    ],
)
def test_only_addresses_for_files_take_files(path: str) -> None:
    assert limit_of(path) == USUAL
    assert {limit_of(taken) for taken in FILES} == {PIECE + ENVELOPE}


async def test_larger_files_are_sent_to_the_protocol_for_pieces() -> None:
    """However large a file may be, one request carries no more than a piece."""
    status, _headers, body, got, _left = await sent_to("/api/cases/1/uploads/", declared=b"%d" % (PIECE * 2))
    assert (status, got) == (413, 0)
    assert "tus" in json.loads(body)["detail"]


async def broken(method: str, path: str, chunks: list[bytes]) -> tuple[Inner, list[Any]]:
    """Send ``chunks``, and hang up."""
    answer: list[Any] = []

    async def receive() -> Any:
        if not chunks:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunks.pop(0), "more_body": True}

    async def send(message: Any) -> None:
        answer.append(message)

    inner = Inner()
    await BodyLimit(inner)({"type": "http", "method": method, "path": path, "headers": []}, receive, send)
    return inner, answer


async def test_of_a_piece_whose_connection_breaks_the_beginning_is_passed_on() -> None:
    inner, answer = await broken("PATCH", "/files/7/", [b"abc", b"def"])
    assert inner.got == 6
    assert answer[0]["status"] == 200


@pytest.mark.parametrize(
    ("method", "path", "chunks"),
    [("POST", "/api/cases/1/uploads/", [b"abc"]), ("PATCH", "/files/7/", []), ("PATCH", "/cases/1/", [b"a"])],
)
async def test_of_other_bodies_that_break_off_nothing_is_answered(
    method: str, path: str, chunks: list[bytes]
) -> None:
    assert (await broken(method, path, chunks))[1] == []


async def test_a_body_that_stops_in_the_middle_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SILENCE_SECONDS", 0.01)
    answer: list[Any] = []
    sent = [{"type": "http.request", "body": b"abc", "more_body": True}]

    async def receive() -> Any:
        if sent:
            return sent.pop()
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        answer.append(message)

    scope = {"type": "http", "method": "POST", "path": "/sign-in/", "headers": []}
    await BodyLimit(Inner())(scope, receive, send)
    assert answer[0]["status"] == 408
    assert (b"connection", b"close") in answer[0]["headers"]


# --- who sends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/cases/1/uploads/", "/api/cases/", "/files/7/", "/sign-in/"])
async def test_a_stranger_s_large_body_is_refused_unread(path: str) -> None:
    status, headers, body, got, left = await sent_to(
        path, declared=b"%d" % (STRANGER + 1), chunks=(b"x",), headers=(), who=never_asked
    )
    assert (status, got, left) == (401, 0, 1)
    assert headers[b"www-authenticate"] == b"Bearer"
    assert (b"not-signed-in" in body) == (path != "/sign-in/")


async def test_a_stranger_s_form_is_taken() -> None:
    form = b"x" * STRANGER
    assert (await sent_to("/sign-in/", chunks=(form,), headers=(), who=never_asked))[:4:3] == (200, STRANGER)
    cookie = ((b"cookie", b"csrftoken=abc"),)
    assert (await sent_to("/sign-in/", chunks=(form, b"y", b"z"), headers=cookie))[0] == 401


@pytest.mark.parametrize("name", [TOKEN, SESSION])
async def test_who_names_somebody_must_be_somebody(name: tuple[bytes, bytes]) -> None:
    async def somebody_else(_scope: Any) -> bool:
        return False

    path, sent = "/api/cases/1/uploads/", {"headers": (name,), "who": somebody_else}
    status, *_rest, got, left = await sent_to(path, declared=b"%d" % (UNPROVEN + 1), chunks=(b"x",), **sent)
    assert (status, got, left) == (401, 0, 1)
    # One that does not say how long it is: as soon as it is too long.
    parts = (b"x" * UNPROVEN, b"y", b"z")
    status, *_rest, got, left = await sent_to(path, chunks=parts, **sent)
    assert (status, got, left) == (401, UNPROVEN, 1)


async def test_a_slice_of_a_volume_costs_no_look_at_its_sender() -> None:
    """What is small is taken from whoever names somebody; the view looks who it is."""
    parts = (b"x" * (UNPROVEN - 1), b"y")
    status, *_rest, got, _left = await sent_to("/api/cases/1/uploads/", chunks=parts, who=never_asked)
    assert (status, got) == (200, UNPROVEN)


async def test_a_sender_is_looked_up_once() -> None:
    asked = []

    async def count(scope: Any) -> bool:
        asked.append(scope["path"])
        return True

    parts = (b"x" * UNPROVEN,) * 5
    assert (await sent_to("/files/7/", chunks=parts, who=count, method="PATCH"))[0] == 200
    assert asked == ["/files/7/"]


# --- how much at once, and at what pace -------------------------------------------------------------------


async def test_all_bodies_together_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HELD", 1000)
    let_in, finish = asyncio.Event(), asyncio.Event()

    async def waits(_scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        let_in.set()
        await finish.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    limited = BodyLimit(waits, known)
    scope = {"type": "http", "method": "POST", "path": "/api/cases/1/uploads/", "headers": [TOKEN]}

    async def sent(size: int) -> list[Any]:
        answer: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"x" * size, "more_body": False}

        async def send(message: Any) -> None:
            answer.append(message)

        await limited(scope, receive, send)
        return answer

    first = asyncio.ensure_future(sent(900))
    await let_in.wait()
    refused = await sent(200)
    assert refused[0]["status"] == 503
    assert (b"retry-after", b"2") in refused[0]["headers"]
    assert json.loads(refused[1]["body"])["code"] == "busy"
    finish.set()
    assert (await first)[0]["status"] == 200
    assert (await sent(200))[0]["status"] == 200


class Clock:
    """Time that passes only when a part of a body comes."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


async def crawled(
    monkeypatch: pytest.MonkeyPatch, method: str, path: str, rate: int
) -> tuple[int, int, float]:
    """Status, bytes taken and seconds, of a million bytes that come ten seconds' worth at a time."""
    clock, answer, left = Clock(), [], [1_000_000]
    monkeypatch.setattr(limits, "time", clock)

    async def receive() -> Any:
        clock.now += 10
        # A deadline that has passed ends this wait; one that lies ahead does not come near.
        for _turn in range(3):
            await asyncio.sleep(0)
        part = min(rate * 10, left[0])
        left[0] -= part
        return {"type": "http.request", "body": b"x" * part, "more_body": left[0] > 0}

    async def send(message: Any) -> None:
        answer.append(message)

    inner = Inner()
    scope = {"type": "http", "method": method, "path": path, "headers": [TOKEN]}
    await BodyLimit(inner, known)(scope, receive, send)
    return answer[0]["status"], inner.got, clock.now - 1000


async def test_a_body_that_crawls_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then is never silent for long, and would stay for hours."""
    status, got, seconds = await crawled(monkeypatch, "POST", "/sign-in/", 100)
    assert status == 408
    assert got < 10_000
    assert seconds <= limits.SILENCE_SECONDS + 20


async def test_a_slow_telephone_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await crawled(monkeypatch, "POST", "/sign-in/", limits.PACE))[:2] == (200, 1_000_000)


async def test_of_a_piece_that_crawls_the_beginning_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    status, got, _seconds = await crawled(monkeypatch, "PATCH", "/files/7/", 100)
    assert status == 200
    assert 0 < got < 10_000


def test_the_server_runs_behind_the_limit() -> None:
    assert isinstance(asgi.application, BodyLimit)
    assert isinstance(asgi.application.application, StaticFirst)
    assert isinstance(asgi.application.application.application, PixelsFirst)
    assert isinstance(asgi.application.application.application.application, ASGIHandler)


async def test_django_drops_what_it_has_kept() -> None:
    """The real thing under the limit: no answer of its own, no file left open."""
    answer: list[Any] = []
    chunk = b"x" * (4 * 1024 * 1024)

    async def receive() -> Any:
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: Any) -> None:
        answer.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/sign-in/", "query_string": b"", "headers": [TOKEN],
        "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await BodyLimit(asgi.application.application, known)(scope, receive, send)
    assert [message.get("status") for message in answer] == [413, None, None]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"content-length", b"5"), (b"transfer-encoding", b"chunked")], 400),
        ([(b"content-encoding", b"gzip")], 415),
        ([(b"content-encoding", b"identity"), (b"content-length", b"5")], 0),
    ],
)
async def test_two_lengths_and_packed_bodies_are_refused_unread(headers, status):
    answered = []

    async def application(scope, receive, send):
        answered.append({"status": 0})

    async def send(message):
        answered.append(message)

    async def receive():
        raise AssertionError("the body is not read")

    scope = {"type": "http", "method": "POST", "path": "/sign-in/", "headers": headers}
    await BodyLimit(application)(scope, receive, send)
    assert answered[0]["status"] == status
