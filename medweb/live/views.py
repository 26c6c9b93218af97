"""One event stream per tab."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from importlib import import_module

import redis.asyncio as aioredis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from redis.exceptions import RedisError

from medweb.accounts.models import User
from medweb.live.publish import channel
from medweb.live.topics import allowed

log = logging.getLogger("medweb.live")
KEEP_ALIVE_SECONDS = 15
LIFETIME_SECONDS = 600
MAX_TOPICS = 12


def _allowed_now(session_key: str | None, user_id: int, names: list[str]) -> list[str]:
    """What may be heard at this moment, by the session as stored; gives its database connection back.

    A stream that kept its connection would hold it for ten minutes: thirty tabs, thirty connections.
    """
    try:
        store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
        if str(store.get(SESSION_KEY, "")) != str(user_id):
            return []
        user = User.objects.filter(pk=user_id, is_active=True).first()
        # A changed password ends other sessions by their hash; their rows stay.
        if user is None or not constant_time_compare(
            store.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
        ):
            return []
        return allowed(user, names)
    finally:
        connections.close_all()


@require_GET
async def stream(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """``GET /live/?topics=case:3,user:7``: server-sent events; keep-alive every 15 s, ends after 10 min."""
    names = [name for name in request.GET.get("topics", "").split(",") if name]
    if not names or len(names) > MAX_TOPICS:
        return HttpResponse(_("Name between 1 and 12 topics."), status=400, content_type="text/plain")
    user_id = (await request.auser()).pk or 0
    session_key = request.session.session_key
    check = sync_to_async(_allowed_now)
    heard = await check(session_key, user_id, names)
    if not heard:
        return HttpResponse(_("You may not listen to this."), status=403, content_type="text/plain")
    if not settings.REDIS_URL:
        return HttpResponse(
            _("Live news are off: no broker is configured."), status=503, content_type="text/plain"
        )

    async def events() -> AsyncIterator[bytes]:
        ends = time.monotonic() + LIFETIME_SECONDS
        connection = aioredis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=2
        )
        pubsub = connection.pubsub(ignore_subscribe_messages=True)
        try:
            await pubsub.subscribe(*(channel(name) for name in heard))
            yield b"retry: 2000\nevent: ready\ndata: {}\n\n"
            checked = time.monotonic()
            while time.monotonic() < ends:
                message = await pubsub.get_message(timeout=KEEP_ALIVE_SECONDS)
                if time.monotonic() - checked >= KEEP_ALIVE_SECONDS:
                    # Rights and sessions end while streams are open.
                    if set(await check(session_key, user_id, heard)) != set(heard):
                        return
                    checked = time.monotonic()
                    if message is None:
                        yield b": keep-alive\n\n"
                if message is not None:
                    body = json.loads(message["data"])
                    yield f"event: {body['event']}\ndata: {json.dumps(body)}\n\n".encode()
        except RedisError as error:
            log.warning("A live stream ended (%s)", type(error).__name__)
        except asyncio.CancelledError:
            raise
        finally:
            await pubsub.aclose()
            await connection.aclose()

    response = StreamingHttpResponse(events(), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response
