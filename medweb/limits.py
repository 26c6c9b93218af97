"""How much a request may carry, decided before Django keeps any of it.

Django collects a request's whole body before any other code runs, so also what a stranger sends to a page
that asks for signing in. `DATA_UPLOAD_MAX_MEMORY_SIZE` comes later and leaves out files. Large files come in
pieces, each a request of its own (the tus protocol), and no request may carry more than a piece.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

Message = Mapping[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MEGABYTE = 1024 * 1024
USUAL = 10 * MEGABYTE
"""Every form and every API call but the upload of a file."""
PIECE = 16 * MEGABYTE
"""Most bytes of a file in one request; what is larger comes in pieces."""
# What multipart adds around a file.
ENVELOPE = MEGABYTE
SILENCE_SECONDS = 30.0
"""How long a request may keep us waiting for the next part of its body."""
_WHOLE = re.compile(r"/cases/\d+/uploads/new/|/api/cases/\d+/uploads/|(/api)?/cases/\d+/files/")
_PIECES = re.compile(r"(/api)?/files/\d+/")


def takes_files(path: str) -> bool:
    """Whether ``path`` is an address that files or pieces of files are sent to."""
    return _WHOLE.fullmatch(path) is not None or _PIECES.fullmatch(path) is not None


def limit_of(path: str) -> int:
    """Most bytes a request to ``path`` may carry."""
    return min(settings.UPLOAD_MAX_BYTES, PIECE) + ENVELOPE if takes_files(path) else USUAL


def _declared(scope: Scope) -> int:
    """Bytes a request says it carries; 0 when it says nothing, and is counted."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            # More digits than any limit has need no reading, and int() refuses thousands of them.
            return int(value[:20])
    return 0


def _unread(scope: Scope) -> int:
    """Status with which a request is refused before any of its body is read; 0 for one that may go on."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers and b"content-length" in headers:
        # Two lengths of one body: a proxy that believes the other one takes the rest for another request.
        return 400
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        # Nobody inflates here; a few kilobytes would become a gigabyte.
        return 415
    return 413 if _declared(scope) > limit_of(scope["path"]) else 0


class _Body:
    """The body of one request as it comes in: counted, and not waited for without end.

    A piece of a file whose connection breaks ends there: what arrived of it is worth keeping.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._limit = limit_of(scope["path"])
        self._is_piece = scope["method"] == "PATCH" and _PIECES.fullmatch(scope["path"]) is not None
        self._carried = 0
        self._ended = False
        self.trouble = 0
        """Status of the answer when it went wrong: 408 or 413."""

    async def next(self) -> Message:
        """The next message for the application."""
        if self.trouble:
            return {"type": "http.disconnect"}
        if self._ended:
            # What follows is the end of the connection, which may take as long as the answer does.
            return await self._receive()
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                message = await self._receive()
        except TimeoutError:
            message = {"type": "http.disconnect"}
            self.trouble = 408
        if message["type"] == "http.request":
            self._carried += len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
            if self._carried > self._limit:
                self.trouble = 413
                # Told that the client is gone, Django closes the file it was filling and answers nothing.
                return {"type": "http.disconnect"}
        elif self._is_piece and self._carried:
            self._ended, self._receive = True, _forever
            self.trouble = 0
            return {"type": "http.request", "body": b"", "more_body": False}
        return message


async def _forever() -> Message:
    """Nothing more comes from a client that is gone; Django stops working as soon as it hears of that."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


class BodyLimit:
    """ASGI application that answers 413 to requests that are too large, and passes on all others.

    One with two lengths is answered 400, a packed one 415, one that stops in the middle of its body 408.

    Parameters
    ----------
    application : ASGI application
        Reads the whole body before it answers, as Django does.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        path = scope["path"]
        if status := _unread(scope):
            await _refuse(path, status, send)
            return
        body = _Body(scope, receive)
        await self.application(scope, body.next, send)
        if body.trouble:
            await _refuse(path, body.trouble, send)


def _sentence(path: str, status: int) -> str:
    if status == 400:
        return _("The request says twice how long it is. Send it with one length.")
    if status == 408:
        return _("The request stopped in the middle. Send it again.")
    if status == 415:
        return _("Send the bytes as they are, without Content-Encoding.")
    if takes_files(path):
        sentence = _(
            "One request carries at most %(n)d MB. Send larger files in pieces, by the tus protocol "
            "(see “Sending large files” in the description of the API)."
        )
    else:
        sentence = _("This is larger than %(n)d MB, the most that is taken here. Send less.")
    return sentence % {"n": limit_of(path) // MEGABYTE}


async def _refuse(path: str, status: int, send: Send) -> None:
    # Reads models, which are there only after Django has started.
    from medweb.errors import CODES, PROBLEM_TYPE, body

    sentence = _sentence(path, status)
    if takes_files(path) or path.startswith("/api/"):
        kind, content = PROBLEM_TYPE, json.dumps(body(status, CODES[status], sentence), ensure_ascii=False)
    else:
        kind, content = "text/plain; charset=utf-8", sentence
    data = content.encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(data)).encode()),
        (b"x-content-type-options", b"nosniff"),
        # The rest of the body was not read and must not be taken for the next request.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
