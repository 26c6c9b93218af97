"""A request runs in one thread of the pool; streams end when nobody listens any more."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from pytest_django.fixtures import Settings

from medweb.handler import THREADS, Handler

threads: list[str] = []
closed: list[str] = []


def plain(request: HttpRequest) -> HttpResponse:
    threads.append(threading.current_thread().name)
    return HttpResponse(request.read())


async def stream(_request: HttpRequest) -> StreamingHttpResponse:
    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"news"
                await asyncio.sleep(0)
        finally:
            closed.append("stream")

    return StreamingHttpResponse(endless())


def broken(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


urlpatterns = [path("plain/", plain), path("stream/", stream), path("broken/", broken)]
handler500 = "medweb.errors.server_error"


@pytest.fixture
def handler(settings: Settings) -> Handler:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]
    threads.clear()
    closed.clear()
    return Handler()


async def asked(handler: Handler, address: str, body: bytes = b"", *, leave_after: int = 0) -> list[Any]:
    """Messages of the answer; the client hangs up after so many."""
    answer: list[Any] = []
    gone = asyncio.Event()
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if left:
            return left.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answer.append(message)
        if leave_after and len(answer) > leave_after:
            gone.set()

    scope = {
        "type": "http", "method": "POST", "path": address, "query_string": b"", "headers": [],
        "http_version": "1.1", "scheme": "http", "server": ("testserver", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await handler(scope, receive, send)
    return answer


async def test_view_and_signals_share_a_thread_of_the_pool(handler: Handler) -> None:
    """Connections are looked after in the thread that has them, and only there."""

    def note(**_more: Any) -> None:
        threads.append(threading.current_thread().name)

    request_started.connect(note)
    request_finished.connect(note)
    try:
        answer = await asked(handler, "/plain/", b"body")
    finally:
        request_started.disconnect(note)
        request_finished.disconnect(note)
    assert [answer[0]["status"], answer[1]["body"]] == [200, b"body"]
    assert len(threads) == 3
    assert len(set(threads)) == 1
    assert threads[0].startswith("request")


async def test_many_requests_share_few_threads(handler: Handler) -> None:
    for _turn in range(3 * THREADS):
        await asked(handler, "/plain/")
    # A request may come before the thread of the one before it counts as idle, so not always the same one.
    assert len(threads) == 3 * THREADS
    assert len(set(threads)) <= THREADS


async def test_a_stream_ends_with_its_connection(handler: Handler) -> None:
    answer = await asked(handler, "/stream/", leave_after=5)
    assert answer[1]["body"] == b"news"
    assert closed == ["stream"]


async def test_a_view_that_breaks_is_answered_500(handler: Handler) -> None:
    handler.load_middleware()
    answer = await asked(handler, "/broken/")
    assert answer[0]["status"] == 500
