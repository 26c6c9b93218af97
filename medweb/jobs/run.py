"""Claim, compute, finish: how a worker holds a job without losing or doubling its result."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from medweb.jobs.models import Job, State
from medweb.jobs.registry import Kind, kind
from medweb.live.publish import publish

log = logging.getLogger("medweb.jobs")
PROGRESS_EVERY_SECONDS = 0.25


class JobFailed(Exception):
    """Ends the job with a sentence the person who asked can act on."""


class LostClaim(Exception):
    """The row was cancelled, or another worker holds it: stop, write nothing."""


def lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def announce(row: Job) -> None:
    """Nudge the pages that show this job."""
    for topic in {
        *row.topics,
        f"job:{row.pk}",
        "jobs:all",
        *([f"user:{row.asked_by_id}"] if row.asked_by_id else []),
    }:
        publish(topic, "job-changed", job=row.pk, state=str(row.state))


class Run:
    """One attempt at one job; made by :func:`claim`."""

    def __init__(self, row: Job) -> None:
        self.job = row
        self.attempt = row.attempt
        self._last_write = 0.0
        self._stage = row.stage

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, attempt=self.attempt, state=State.RUNNING)

    def progress(self, fraction: float, stage: str = "") -> None:
        """Show how far the work is; also the place where cancelling takes effect.

        Raises
        ------
        LostClaim
            When the job was cancelled or taken over; let it pass through.
        """
        now = time.monotonic()
        stage = stage or self._stage
        if stage == self._stage and now - self._last_write < PROGRESS_EVERY_SECONDS:
            return
        self._last_write, self._stage = now, stage
        fraction = min(max(float(fraction), 0.0), 1.0)
        if not self._mine().update(progress=fraction, stage=stage[:160], lease_until=lease_end()):
            raise LostClaim
        announce(self.job)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Transaction in which a part of the result is written, opened only while this attempt owns the job.

        The job's row is locked first, as in :meth:`finish`.
        """
        with transaction.atomic():
            if not self._mine().update(lease_until=lease_end()):
                raise LostClaim
            yield

    @contextmanager
    def finish(self, **result: Any) -> Iterator[dict[str, Any]]:
        """Transaction in which the result is written, opened only while this attempt still owns the job.

        The conditional update comes first: it locks the row, so a second worker waits and then finds the
        attempt over. Keys put into the yielded dictionary are stored as the job's result (ids only).
        """
        with transaction.atomic():
            ended = self._mine().update(
                state=State.DONE, progress=1.0, stage="", finished_at=timezone.now(), lease_until=None
            )
            if not ended:
                raise LostClaim
            yield result
            Job.objects.filter(pk=self.job.pk).update(result=result)
            self.job.state = State.DONE
            announce(self.job)


def claim(job_id: int) -> Run | None:
    """Take a waiting job: one conditional update, so of two workers one gets it and one gets ``None``."""
    taken = Job.objects.filter(pk=job_id, state=State.QUEUED).update(
        state=State.RUNNING,
        attempt=F("attempt") + 1,
        lease_until=lease_end(),
        started_at=timezone.now(),
        finished_at=None,
        error="",
    )
    if not taken:
        return None
    row = Job.objects.get(pk=job_id)
    announce(row)
    return Run(row)


def end(row: Job, state: State, sentence: str, *, attempt: int | None = None) -> bool:
    """End a job without a result, and let its kind put things right, in one transaction."""
    with transaction.atomic():
        rows = Job.objects.filter(pk=row.pk, state__in=(State.QUEUED, State.RUNNING))
        if attempt is not None:
            rows = rows.filter(attempt=attempt)
        if not rows.update(
            state=state, error=sentence, finished_at=timezone.now(), lease_until=None, stage=""
        ):
            return False
        row.state = state
        hook = kind(row.kind).on_abandoned
        if hook is not None:
            hook(row, sentence)
        announce(row)
    return True


def end_about(topic: str, sentence: str) -> int:
    """Cancel every active job that tells ``topic`` about itself; returns how many.

    Each job's row is locked before its subject's: a caller that locks the subject does so afterwards, in the
    order of ``finish``. A job that is writing its result is waited for.
    """
    # Few are active, and SQLite cannot look into a JSON list.
    about = [row for row in Job.objects.active().order_by("pk") if topic in row.topics]
    return sum(end(row, State.CANCELLED, sentence) for row in about)


class Heartbeat:
    """Extends the lease while one long call computes; a thread, because SVC.fit does not come up for air."""

    def __init__(self, run: Run, minutes: float) -> None:
        self._run = run
        self._until = time.monotonic() + minutes * 60
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="job-heartbeat", daemon=True)

    def _beat(self) -> None:
        try:
            while not self._stop.wait(settings.JOB_LEASE_SECONDS / 3):
                if time.monotonic() > self._until or not self._extend():
                    return
        except Exception:
            # A beat that fails costs a lease, never the job: the sweep decides.
            log.exception("Heartbeat of job %s stopped", self._run.job.pk)
        finally:
            connection.close()

    def _extend(self) -> bool:
        """Whether to beat on. A database that is locked or restarts for a moment answers the next beat."""
        try:
            return bool(self._run._mine().update(lease_until=lease_end()))
        except (DatabaseError, InterfaceError) as error:
            log.warning("A heartbeat of job %s was not written: %s", self._run.job.pk, error)
            connection.close()
            return True

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join(timeout=5)


def work(job_id: int, *, timeouts: tuple[type[BaseException], ...] = ()) -> str:
    """Do one job from claim to end; returns its state. Exceptions become sentences here and nowhere else."""
    close_old_connections()
    run = claim(job_id)
    if run is None:
        return "not-mine"
    spec = kind(run.job.kind)
    try:
        with Heartbeat(run, spec.minutes):
            spec.function(run, **run.job.params)
    except LostClaim:
        return _settle_lost(run)
    except JobFailed as error:
        return _failed(run, str(error))
    except timeouts:
        return _failed(
            run,
            _("This took longer than %(n)g minutes and was stopped. Try a smaller input.")
            % {"n": spec.minutes},
        )
    except Exception:  # the worker must live on; the traceback is in the log, the reference on the page
        log.exception("Job %s (%s) failed", job_id, spec.name)
        return _failed(
            run,
            _(
                "Something went wrong inside the program. Try again; if it happens again, "
                "tell the administrator: job %(n)d."
            )
            % {"n": job_id},
        )
    return _settle(run, spec)


def _settle(run: Run, spec: Kind) -> str:
    """A job function that returned without ``finish`` has a defect; say so instead of running for ever."""
    if run._mine().exists():
        log.error("Job %s (%s) returned without finish()", run.job.pk, spec.name)
        return _failed(
            run, _("The job ended without a result. Tell the administrator: job %(n)d.") % {"n": run.job.pk}
        )
    return "done"


def _settle_lost(run: Run) -> str:
    """A function that gave up a claim it still has must not leave its row running until the lease ends."""
    if not run._mine().exists():
        return "lost"
    log.error("Job %s (%s) let go of a claim it still had", run.job.pk, run.job.kind)
    return _failed(run, _("What this job worked on changed meanwhile, so it was stopped. Start it again."))


def _failed(run: Run, sentence: str) -> str:
    ended = end(run.job, State.FAILED, sentence, attempt=run.attempt)
    return "failed" if ended else "lost"
