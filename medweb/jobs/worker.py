"""What a worker process does beside working: says that it lives, and warms up."""

import gc
import logging
import threading
import time
from typing import Any

import redis
from celery import current_app
from celery.signals import heartbeat_sent, worker_process_init, worker_ready

from medweb.jobs import broker, registry

log = logging.getLogger("medweb.jobs")
SEEN_PREFIX = "medweb:worker:"
SEEN_SECONDS = 30


def _say_alive(node: str) -> None:
    try:
        with broker.client() as connection:
            connection.set(f"{SEEN_PREFIX}{node}", int(time.time()), ex=SEEN_SECONDS)
    except redis.RedisError:
        log.warning("The broker did not take the heartbeat of %s", node)


@worker_ready.connect
def on_ready(sender: Any = None, **_kwargs: Any) -> None:
    _say_alive(sender.hostname)


@heartbeat_sent.connect
def on_heartbeat(sender: Any = None, **_kwargs: Any) -> None:
    _say_alive(sender.eventer.hostname)


@worker_process_init.connect
def on_process(**_kwargs: Any) -> None:
    """Import the heavy libraries before the first job asks for them: cold they cost 3 to 5 s.

    In a thread, because Celery gives a new process four seconds to report for work.
    """

    # In this thread, which stays: what it starts may ask to end with it.
    for function in registry.warm_ups(current_app.amqp.queues.consume_from):
        function()

    def warm() -> None:
        import cv2
        import pydicom
        import sklearn.ensemble
        import sklearn.svm
        import skops.io

        # The collector need not walk through all libraries again and again: with Django loaded, each of its
        # full rounds costs as much as a few slices.
        gc.collect()
        gc.freeze()
        log.info("Warm: %s", ", ".join(m.__name__ for m in (cv2, pydicom, sklearn, skops)))

    threading.Thread(target=warm, name="warm-up", daemon=True).start()
