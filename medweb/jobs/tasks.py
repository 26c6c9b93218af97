"""Celery's autodiscovery looks here."""

from medweb.jobs import worker
from medweb.jobs.broker import do, housekeep, sweep

__all__ = ["do", "housekeep", "sweep", "worker"]
