"""Pixels before Django: what a reader's browser asks hundreds of times, without the chain of middleware.

A frame took 4.4 ms, of which the question who may see it and reading the file took a tenth. Here exactly what
the chain would find out is asked, by the same rules. Whatever is not plainly a signed-in person who may see
the frame is handed on to Django, which refuses it or knows better.
"""

import functools
import re
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS, models
from django.http.request import split_domain_port, validate_host
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from cases import blobs
from cases.quick import frame_digests
from cases.views.series import IMMUTABLE
from medweb.accounts.models import User
from medweb.handler import Handler
from medweb.prepared import Prepared, Slot
from medweb.static import is_bare

_PATH = re.compile(r"/frames/(\d{1,18})/([0-9a-f]{16})/pixels\Z")
_OF_USER = [field.attname for field in User._meta.concrete_fields]
_session = Prepared(
    lambda: (
        Session.objects.filter(session_key=Slot("key", models.CharField()))
        .order_by()
        .values_list("session_data", "expire_date")
    )
)
_user = Prepared(
    lambda: User.objects.filter(pk=Slot("pk", models.BigIntegerField())).order_by().values_list(*_OF_USER)
)


class Claim(NamedTuple):
    """Whose a session says it is, and the digest of the password it was opened with."""

    user: int
    digest: str


@functools.lru_cache(maxsize=1024)
def _claim(data: str) -> Claim | None:
    """Read and check what a session holds; the same text always means the same."""
    held = import_module(settings.SESSION_ENGINE).SessionStore().decode(data)
    user, digest = str(held.get(SESSION_KEY, "")), str(held.get(HASH_SESSION_KEY, ""))
    if not user.isdecimal() or held.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    return Claim(int(user), digest)


def _person(key: str) -> User | None:
    """Who is signed in with this session; ``None`` where Django has to look closer."""
    row = _session.first(key=key)
    claim = _claim(row[0]) if row is not None and row[1] > timezone.now() else None
    found = _user.first(pk=claim.user) if claim else None
    if claim is None or found is None:
        return None
    user = User.from_db(DEFAULT_DB_ALIAS, _OF_USER, found)
    same = constant_time_compare(claim.digest, user.get_session_auth_hash())
    return user if same and user.is_active else None


def _pixels(key: str, pk: int, digest: str) -> bytes | None:
    user = _person(key)
    found = frame_digests(user, pk) if user else None
    if found is None or found[0][:16] != digest:
        return None
    try:
        return blobs.get(found[0])
    except FileNotFoundError:
        # The view says so, with a page.
        return None


def _headers() -> list[tuple[bytes, bytes]]:
    """As the view and the middleware give them."""
    texts = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "gzip",
        "Cache-Control": IMMUTABLE,
        "Vary": "Cookie",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }
    if settings.SECURE_HSTS_SECONDS:
        texts["Strict-Transport-Security"] = (
            f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
        )
    return [(name.lower().encode(), text.encode()) for name, text in texts.items()]


class PixelsFirst:
    """ASGI application that answers for pixels itself and hands everything else on.

    Parameters
    ----------
    application : Handler
        Django, whose threads this uses as well.
    """

    def __init__(self, application: Handler) -> None:
        self.application = application
        self._given = _headers()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one connection."""
        asked = _asked(scope) if scope["type"] == "http" else None
        data = await self.application.ask(_pixels, *asked) if asked else None
        if data is None:
            await self.application(scope, receive, send)
            return
        headers = [*self._given, (b"content-length", str(len(data)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": data})


def _asked(scope: Any) -> tuple[str, int, str] | None:
    """Session, frame and digest of a request for pixels by a browser that means this server."""
    match = _PATH.match(scope["path"])
    if match is None or scope["method"] != "GET" or is_bare(scope):
        return None
    told: dict[bytes, bytes] = dict(scope["headers"])
    domain, _port = split_domain_port(told.get(b"host", b"").decode("latin-1"))
    # A program with a token has no session; Django knows it.
    if b"authorization" in told or not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return None
    try:
        cookie = SimpleCookie(told.get(b"cookie", b"").decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    return (cookie.value, int(match[1]), match[2]) if cookie else None
