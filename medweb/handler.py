"""How Django runs under ASGI here: each request in one thread from beginning to end.

Django's own handler starts a thread and opens a database connection for every request, and walks
between that thread and the event loop for every signal and every hook of every middleware, as one
of them (WhiteNoise) is not asynchronous: 56 switches of threads for one upload, where this one
makes six. Here the chain is synchronous and runs in a thread of a pool, whose connection to the
database stays open. Asynchronous views still run on the event loop, as the stream of live news
must: the thread waits until they have given their answer back, not until its last byte.
"""

import asyncio
import contextlib
import io
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import IO, Any

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.db import close_old_connections
from django.http import FileResponse, HttpResponseBase
from django.urls import set_script_prefix

THREADS = 20
"""Requests that are worked on at once; the others wait, with their bodies read."""


class Handler(ASGIHandler):
    """Django's handler with a pool of threads that keep their connections."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        """Always the synchronous chain, whatever Django asks for."""
        super().load_middleware(is_async=False)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Read the body, have a thread answer, send the answer."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            response = await self._in_thread(self._respond, scope, body)
            if response.streaming:
                await self._stream(response, receive, send)
            else:
                await self.send_response(response, send)
        finally:
            body.close()

    async def knows(self, scope: Any) -> bool:
        """Whether the token or the session that a request names is somebody's; its body is not looked at."""
        return bool(await self.ask(self._knows, scope))

    def _knows(self, scope: Any) -> bool:
        # Reads models, which are there only after Django has started.
        from medweb.accounts.authentication import is_known

        request = ASGIRequest(scope, io.BytesIO())
        store = import_module(settings.SESSION_ENGINE).SessionStore
        return is_known(request, store(request.COOKIES.get(settings.SESSION_COOKIE_NAME)))

    async def ask(self, question: Any, *arguments: Any) -> Any:
        """What ``question`` gives back, from one of the threads, where it may use the database."""
        return await self._in_thread(self._asked, question, *arguments)

    def _asked(self, question: Any, *arguments: Any) -> Any:
        close_old_connections()
        try:
            return question(*arguments)
        finally:
            close_old_connections()

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        return await sync_to_async(work, thread_sensitive=False, executor=self._pool)(*arguments)

    def _respond(self, scope: Any, body: IO[bytes]) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        # The signals look after the connections of the thread they are sent in, so it must be this one.
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, trouble = self.create_request(scope, body)
        response: Any = trouble if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()
        return response

    async def _stream(self, response: Any, receive: Any, send: Any) -> None:
        """Send until the end of the answer or of the connection, whichever comes first."""
        sending = asyncio.ensure_future(self.send_response(response, send))
        gone = asyncio.ensure_future(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, gone):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, RequestAborted):
                    await task
            await self._in_thread(response.close)


def application() -> Handler:
    """Django, set up, as an ASGI application."""
    django.setup(set_prefix=False)
    return Handler()
