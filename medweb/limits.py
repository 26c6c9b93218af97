"""How much a request may carry, decided before Django keeps any of it.

Django writes a request's whole body to disk before any other code runs, so also what a stranger sends to a
page that asks for signing in. `DATA_UPLOAD_MAX_MEMORY_SIZE` comes later and leaves out files.
"""

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
# What multipart adds around a file.
ENVELOPE = MEGABYTE
_UPLOADS = re.compile(r"/cases/\d+/uploads/new/|/api/cases/\d+/uploads/")


def takes_files(path: str) -> bool:
    """Whether ``path`` is an address that files are sent to."""
    return _UPLOADS.fullmatch(path) is not None


def limit_of(path: str) -> int:
    """Most bytes a request to ``path`` may carry."""
    return settings.UPLOAD_MAX_BYTES + ENVELOPE if takes_files(path) else USUAL


def _declared(scope: Scope) -> int:
    """Bytes a request says it carries; 0 when it says nothing, and is counted."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            # More digits than any limit has need no reading, and int() refuses thousands of them.
            return int(value[:20])
    return 0


class BodyLimit:
    """ASGI application that answers 413 to requests that are too large, and passes on all others.

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
        limit = limit_of(scope["path"])
        if _declared(scope) > limit:
            await _refuse(scope["path"], limit, send)
            return
        carried = 0

        async def counted() -> Message:
            nonlocal carried
            message = await receive()
            if message["type"] == "http.request":
                carried += len(message.get("body", b""))
            # Told that the client is gone, Django closes the file it was filling and answers nothing.
            return message if carried <= limit else {"type": "http.disconnect"}

        await self.application(scope, counted, send)
        if carried > limit:
            await _refuse(scope["path"], limit, send)


async def _refuse(path: str, limit: int, send: Send) -> None:
    # Reads models, which are there only after Django has started.
    from medweb.errors import CODES, PROBLEM_TYPE, body

    sentence = _("This is larger than %(n)d MB, the most that is taken here. Send less.") % {
        "n": limit // MEGABYTE
    }
    if takes_files(path) or path.startswith("/api/"):
        kind, content = PROBLEM_TYPE, json.dumps(body(413, CODES[413], sentence), ensure_ascii=False)
    else:
        kind, content = "text/plain; charset=utf-8", sentence
    data = content.encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(data)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": data})
