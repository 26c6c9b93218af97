"""Tell open pages that something has a new state: a name and ids, never content."""

import json
import logging
import time
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import transaction

log = logging.getLogger("medweb.live")
_client: redis.Redis | None = None
# When the news that are sent seldom were sent last.
_sent: dict[tuple[str, str], float] = {}
_SENT_MOST = 1000


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


def publish(topic: str, event: str, *, seldom: float = 0.0, **ids: int | str) -> None:
    """Send ``event`` to ``topic`` when the transaction commits; a silent broker is logged, never raised.

    Pages re-read through their normal view, so a lost nudge costs freshness, not truth.

    Parameters
    ----------
    topic, event : str
    seldom : float, optional
        Seconds in which this process sends the same news once: for what happens hundreds of times a second
        and is followed by other news.
    **ids
        What the news are about; ids only.
    """
    message = json.dumps({"event": event, **ids})

    def send() -> None:
        if not settings.REDIS_URL:
            return
        if seldom:
            now = time.monotonic()
            if now - _sent.get((topic, event), -seldom) < seldom:
                return
            if len(_sent) > _SENT_MOST:
                _sent.clear()
            _sent[topic, event] = now
        try:
            client().publish(channel(topic), message)
        except redis.RedisError as error:
            log.warning("No live news (%s)", type(error).__name__)

    transaction.on_commit(send)
