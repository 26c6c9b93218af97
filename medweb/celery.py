"""The Celery application. What a task is, is decided in ``medweb.jobs``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medweb.settings")

from django.conf import settings

app = Celery("medweb")
app.conf.update(
    broker_url=settings.REDIS_URL or "redis://127.0.0.1:0/0",
    task_ignore_result=True,
    task_default_queue="analysis",
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_max_tasks_per_child=500,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=2,
    task_publish_retry=False,
    # Blocking readers must not die after redis-py's five seconds.
    broker_transport_options={
        "socket_timeout": None,
        "socket_connect_timeout": 2,
        "visibility_timeout": 3600,
    },
    beat_schedule={
        "sweep": {"task": "medweb.jobs.sweep", "schedule": 5.0, "options": {"queue": "sweep", "expires": 5}},
        "housekeep": {"task": "medweb.jobs.housekeep", "schedule": 600.0, "options": {"queue": "sweep"}},
    },
    beat_scheduler="celery.beat.Scheduler",
    timezone="UTC",
)
app.autodiscover_tasks(["medweb.jobs"])
