"""How much a request may carry, for how long and from whom, decided before Django keeps any of it.

Django collects a request's whole body before any other code runs, so also what a stranger sends to a page
that asks for signing in. `DATA_UPLOAD_MAX_MEMORY_SIZE` comes later and leaves out files. Large files come in
pieces, each a request of its own (the tus protocol), and no request may carry more than a piece. Who names
nobody may send a form, who names somebody must be that person before anything large is taken; all bodies
together have a bound, and each must come at some pace.
"""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

Message = Mapping[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Known = Callable[[Scope], Awaitable[bool]]

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE
USUAL = 10 * MEGABYTE
"""Every form and every API call but the upload of a file."""
PIECE = 16 * MEGABYTE
"""Most bytes of a file in one request; what is larger comes in pieces."""
# What multipart adds around a file.
ENVELOPE = MEGABYTE
STRANGER = 256 * KILOBYTE
"""Most bytes of a request that names nobody: the form to sign in, many times over."""
UNPROVEN = 768 * KILOBYTE
"""Bytes taken from whoever names somebody before that is looked up: an ordinary slice of a volume."""
HELD = 512 * MEGABYTE
"""Most bytes of all bodies at once in this process, from their first byte until they are answered."""
SILENCE_SECONDS = 30.0
"""How long a request may keep us waiting for the next part of its body, and for keeping :data:`PACE`."""
PACE = 8 * KILOBYTE
"""Bytes a second that a body must come at, beyond the first :data:`SILENCE_SECONDS`: a slow telephone's."""
CONNECTIONS = 512
"""Connections of one process, streams of live news among them; more are answered 503."""
WEB_OPTIONS = ("--http", "medweb.protocol:Protocol", "--limit-concurrency", str(CONNECTIONS))
"""Options of the web server that belong to these limits."""
LINGER_SECONDS = 2.0
LINGER_BYTES = PIECE
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


def _names_somebody(scope: Scope) -> bool:
    """Whether a request brings a token or the cookie of a session, true or false."""
    cookie = settings.SESSION_COOKIE_NAME.encode() + b"="
    return any(
        name == b"authorization" or (name == b"cookie" and cookie in value)
        for name, value in scope["headers"]
    )


def _unread(scope: Scope) -> int:
    """Status with which a request is refused before any of its body is read; 0 for one that may go on."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers and b"content-length" in headers:
        # Two lengths of one body: a proxy that believes the other one takes the rest for another request.
        return 400
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        # Nobody inflates here; a few kilobytes would become a gigabyte.
        return 415
    if _declared(scope) > limit_of(scope["path"]):
        return 413
    return 401 if _declared(scope) > STRANGER and not _names_somebody(scope) else 0


class _Ledger:
    """Bytes of all bodies that are held now."""

    def __init__(self) -> None:
        self.held = 0


class _Body:
    """The body of one request as it comes in: counted, and not waited for without end.

    A piece of a file whose connection breaks or crawls ends there: what arrived of it is worth keeping.
    """

    def __init__(self, scope: Scope, receive: Receive, known: Known, ledger: _Ledger) -> None:
        self._scope = scope
        self._receive = receive
        self._known = known
        self._ledger = ledger
        self._limit = limit_of(scope["path"])
        self._unproven = UNPROVEN if _names_somebody(scope) else STRANGER
        self._is_piece = scope["method"] == "PATCH" and _PIECES.fullmatch(scope["path"]) is not None
        self._began = time.monotonic()
        self._carried = 0
        self._ended = False
        self.trouble = 0
        """Status of the answer when it went wrong: 401, 408, 413 or 503."""

    async def next(self) -> Message:
        """The next message for the application."""
        if self.trouble:
            return {"type": "http.disconnect"}
        if self._ended:
            # What follows is the end of the connection, which may take as long as the answer does.
            return await self._receive()
        if not self._carried and not await self._proven(_declared(self._scope)):
            return self._in_trouble(401)
        pace_ends = self._began + SILENCE_SECONDS + self._carried / PACE
        try:
            async with asyncio.timeout(min(SILENCE_SECONDS, pace_ends - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            message = self._in_trouble(408)
        if message["type"] == "http.request":
            return await self._counted(message)
        if self._is_piece and self._carried:
            self._ended, self._receive = True, _forever
            self.trouble = 0
            return {"type": "http.request", "body": b"", "more_body": False}
        return message

    async def _counted(self, message: Message) -> Message:
        more = len(message.get("body", b""))
        self._carried += more
        self._ledger.held += more
        self._ended = not message.get("more_body", False)
        if self._carried > self._limit:
            return self._in_trouble(413)
        if self._ledger.held > HELD:
            return self._in_trouble(503)
        # The last part has come, so asking now would spare nothing.
        if not self._ended and not await self._proven(self._carried):
            return self._in_trouble(401)
        return message

    async def _proven(self, byte_count: int) -> bool:
        """Whether so many bytes are taken from this sender; looked up once, and only for many."""
        if byte_count <= self._unproven:
            return True
        self._unproven = self._limit
        return _names_somebody(self._scope) and await self._known(self._scope)

    def _in_trouble(self, status: int) -> Message:
        # Told that the client is gone, Django closes the file it was filling and answers nothing.
        self.trouble = status
        return {"type": "http.disconnect"}

    def forget(self) -> None:
        """The request is over; its bytes are held no more."""
        self._ledger.held -= self._carried
        self._carried = 0


async def _forever() -> Message:
    """Nothing more comes from a client that is gone; Django stops working as soon as it hears of that."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def nobody(_scope: Scope) -> bool:
    """The answer of an application that knows nobody."""
    return False


class BodyLimit:
    """ASGI application that refuses requests that are too large, too slow or nobody's; passes on all others.

    A large one that names nobody, or somebody falsely, is answered 401 as soon as that is seen; one that is
    too large for anybody 413; one that stops or crawls in the middle of its body 408; one with two lengths
    400; a packed one 415; and 503 says that too many bodies are here already.

    Parameters
    ----------
    application : ASGI application
        Reads the whole body before it answers, as Django does.
    known : coroutine function
        Whether the token or the session that a request names is somebody's; asked for large bodies only.
    """

    def __init__(self, application: Application, known: Known = nobody) -> None:
        self.application = application
        self._known = known
        self._ledger = _Ledger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        path = scope["path"]
        if status := _unread(scope):
            await _refuse(path, status, receive, send)
            return
        body = _Body(scope, receive, self._known, self._ledger)
        try:
            await self.application(scope, body.next, send)
        finally:
            body.forget()
        if body.trouble:
            await _refuse(path, body.trouble, receive, send)


def _sentence(path: str, status: int) -> str:
    if status == 400:
        return _("The request says twice how long it is. Send it with one length.")
    if status == 401:
        return _("Sign in, or send the token of your account, before you send this much.")
    if status == 408:
        return _("The request stopped in the middle, or came too slowly. Send it again.")
    if status == 415:
        return _("Send the bytes as they are, without Content-Encoding.")
    if status == 503:
        return _("Too much is being sent at this moment. Try again in a moment.")
    if takes_files(path):
        sentence = _(
            "One request carries at most %(n)d MB. Send larger files in pieces, by the tus protocol "
            "(see “Sending large files” in the description of the API)."
        )
    else:
        sentence = _("This is larger than %(n)d MB, the most that is taken here. Send less.")
    return sentence % {"n": limit_of(path) // MEGABYTE}


async def _refuse(path: str, status: int, receive: Receive, send: Send) -> None:
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
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == 503:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    lingers = status in (401, 413, 503)
    await send({"type": "http.response.body", "body": data, "more_body": lingers})
    if lingers:
        await _linger(receive)
        await send({"type": "http.response.body", "body": b""})


async def _linger(receive: Receive) -> None:
    """Throw a moment's bytes away: a connection closed before they are read takes the answer with it."""
    left = LINGER_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while left > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))
