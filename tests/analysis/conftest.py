"""Tests of this app hand jobs to the real test broker and do them in this process with ``work``."""

import medweb.celery  # noqa: F401  without the application, Celery talks to a broker of its own invention
