"""The only module that touches Celery: one task that does a job row, one that sweeps."""

import logging

import redis
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from kombu.exceptions import OperationalError

log = logging.getLogger("medweb.jobs")


def client(timeout: float = 1.0) -> redis.Redis:
    """Short-tempered connection: a web request must not wait for a broker that is down."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=timeout, socket_connect_timeout=timeout, retry=None
    )


def send(job_id: int, *, queue: str, minutes: float) -> bool:
    """Tell the workers about a row. ``False`` when no broker answers; the sweep tells them later.

    Asking the broker first matters: kombu tries for 19 s before it gives up on one that is down.
    """
    if not settings.REDIS_URL:
        log.warning("No broker is configured; job %s waits for one", job_id)
        return False
    try:
        with client() as connection:
            connection.ping()
        seconds = round(minutes * 60)
        do.apply_async(args=(job_id,), queue=queue, soft_time_limit=seconds, time_limit=seconds + 30)
    except (redis.RedisError, OperationalError, OSError) as error:
        log.warning("The broker does not answer (%s); job %s waits", type(error).__name__, job_id)
        return False
    return True


def waiting(queue: str) -> int:
    """How many messages wait in ``queue``."""
    with client() as connection:
        return int(connection.llen(queue))


@shared_task(name="medweb.jobs.do", ignore_result=True)
def do(job_id: int) -> str:
    from medweb.jobs.run import work

    return work(job_id, timeouts=(SoftTimeLimitExceeded,))


@shared_task(name="medweb.jobs.sweep", ignore_result=True)
def sweep() -> int:
    from medweb.jobs import services

    return services.sweep()


@shared_task(name="medweb.jobs.housekeep", ignore_result=True)
def housekeep() -> None:
    from medweb.jobs.registry import chores

    for chore in chores():
        try:
            chore()
        except Exception:
            # One chore that cannot do its work must not keep the others from theirs.
            log.exception("The chore %s failed", chore.__name__)
