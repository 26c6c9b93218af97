"""Steps that tests of jobs share."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from medweb.jobs import services
from medweb.jobs.models import Job
from medweb.jobs.run import Run

Sent = Callable[[], list[int]]
Register = Callable[..., str]


def finishing(run: Run, **params: Any) -> None:
    with run.finish(**params):
        pass


def ask(name: str, **options: Any) -> Job:
    return services.enqueue(name, params={}, **{"by": None, **options})


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def together(function: Callable[[], Any], count: int) -> list[Any]:
    """Results (or exceptions) of ``count`` threads that start at the same moment."""
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def one(number: int) -> None:
        try:
            barrier.wait()
            results[number] = function()
        except Exception as error:
            logging.getLogger(__name__).exception("thread %s", number)
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
