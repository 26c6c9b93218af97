"""How Django runs under ASGI here: each request in one thread from beginning to end.

Django's own handler starts a thread and opens a database connection for every request, and walks between that
thread and the event loop for every hook of every middleware, as one middleware (WhiteNoise) is not asynchronous:
eighteen walks cost more than the view. Here the whole chain is synchronous and runs in a thread of a pool, whose
connection to the database stays open. Asynchronous views still run on the event loop, as the stream of live news
must: the thread waits only until they have given their answer back, not until its last byte.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase

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

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """The answer to ``request``, made in a thread of the pool."""
        answer: HttpResponseBase = await sync_to_async(
            self._respond, thread_sensitive=False, executor=self._pool
        )(request)
        return answer

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        # Django's signals do this in a thread of their own, which has no connection.
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()


def application() -> Any:
    """Django, set up, as an ASGI application."""
    django.setup(set_prefix=False)
    return Handler()
