"""``/healthz``: the process lives. ``/readyz``: database, broker and worker answer. No sign-in."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = logging.getLogger("medweb.health")
OK = "ok"
LIMIT_SECONDS = 1.5
# Written by every worker with its heartbeat; expires by itself.
SEEN_PATTERN = "medweb:worker:*"
SEEN_SECONDS = 30
# One thread: a database server that swallows packets blocks this one and no request.
_asker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readyz")


def _select_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _select_one_and_close() -> None:
    try:
        _select_one()
    finally:
        connection.close()


def database() -> str:
    """``"ok"``, or what is wrong with the database."""
    try:
        if connection.vendor == "sqlite":
            _select_one()
        else:
            _asker.submit(_select_one_and_close).result(timeout=LIMIT_SECONDS)
    except TimeoutError:
        return f"no answer within {LIMIT_SECONDS:g} s"
    except DatabaseError as error:
        log.warning("The database does not answer: %s", error)
        return "no answer"
    return OK


def _client() -> redis.Redis:
    limit = LIMIT_SECONDS / 3
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=limit, socket_connect_timeout=limit, retry=None
    )


def broker() -> str:
    """``"ok"``, or what is wrong with the broker."""
    if not settings.REDIS_URL:
        return "not configured: set REDIS_URL, or start with make run"
    try:
        with _client() as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        log.warning("The broker does not answer: %s", type(error).__name__)
        return "no answer"
    return OK


def worker() -> str:
    """``"ok"`` when some worker was seen in the last 30 s, else what is wrong."""
    missing = f"no worker seen for {SEEN_SECONDS} s"
    if not settings.REDIS_URL:
        return missing
    try:
        with _client() as client:
            for key in client.scan_iter(match=SEEN_PATTERN, count=500):
                seen = client.get(key)
                if isinstance(seen, bytes) and seen.isdigit() and time.time() - int(seen) <= SEEN_SECONDS:
                    return OK
    except (redis.RedisError, OSError):
        return "unknown: the broker does not answer"
    return missing


CHECKS: dict[str, Callable[[], str]] = {"database": database, "broker": broker, "worker": worker}


@never_cache
@require_safe
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process can answer at all; touches nothing else."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part is ready, else 503 that names the part which is not."""
    checks = {name: check() for name, check in CHECKS.items()}
    ready = all(state == OK for state in checks.values())
    body = {"status": "ready" if ready else "not-ready", "checks": checks}
    return JsonResponse(body, status=200 if ready else 503)
