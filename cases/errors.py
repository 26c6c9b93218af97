"""Errors of services that views and the API turn into answers."""

from typing import Any


class StaleRevision(Exception):
    """Somebody saved in between. ``current`` is what is stored now, so that neither side loses anything."""

    def __init__(self, current: dict[str, Any]) -> None:
        super().__init__("stale revision")
        self.current = current
