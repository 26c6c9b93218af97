"""Tell open pages that something has a new state: a name and ids, never content."""

import json
import logging
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import transaction

log = logging.getLogger("medweb.live")
_client: redis.Redis | None = None


def channel(topic: str, url: str | None = None) -> str:
    """Name of the channel of ``topic`` on the broker at ``url``, ours when left out.

    Redis channels ignore the number of the database, so the name carries it: two installations that share a
    server must not hear each other.
    """
    return f"medweb:{urlsplit(url or settings.REDIS_URL).path.strip('/') or 0}:live:{topic}"


def client() -> redis.Redis:
    global _client
    if _client is None:
        _client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    return _client


def publish(topic: str, event: str, **ids: int | str) -> None:
    """Send ``event`` to ``topic`` when the transaction commits; a silent broker is logged, never raised.

    Pages re-read through their normal view, so a lost nudge costs freshness, not truth.
    """
    message = json.dumps({"event": event, **ids})

    def send() -> None:
        if not settings.REDIS_URL:
            return
        try:
            client().publish(channel(topic), message)
        except redis.RedisError as error:
            log.warning("No live news (%s)", type(error).__name__)

    transaction.on_commit(send)
