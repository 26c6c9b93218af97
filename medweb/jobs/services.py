"""Everything that puts jobs into the queue or takes them out."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, models, transaction
from django.db.models import F, Q
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.jobs import broker
from medweb.jobs.models import ATTEMPTS, Job, State
from medweb.jobs.registry import QUEUES, kind
from medweb.jobs.run import announce, end
from medweb.prepared import Prepared, Slot

log = logging.getLogger("medweb.jobs")
# How long a queued row may lie before its message counts as lost.
FORGOTTEN_AFTER = timedelta(seconds=10)
RACES = 5
_OF_JOB = [field.attname for field in Job._meta.concrete_fields]
# Asked for every file that comes in; the job is nearly always there.
_with_key = Prepared(
    lambda: (
        Job.objects.active()
        .filter(key=Slot("key", models.CharField()))
        .order_by("pk")
        .values_list(*_OF_JOB)[:1]
    )
)


def enqueue(
    name: str, *, params: dict[str, Any], key: str = "", topics: list[str] | None = None, by: User | None
) -> Job:
    """Store a job and hand it to the broker when the transaction commits.

    The same ``key`` twice while the first is waiting or running gives the first row back: a double click
    is one job. A broker that is down costs nothing: the sweep hands the row over later.
    """
    for _try in range(RACES):
        existing = _active(key) if key else None
        if existing is not None:
            return existing
        try:
            with transaction.atomic():
                row = Job.objects.create(
                    kind=name,
                    queue=kind(name).queue,
                    params=params,
                    key=key,
                    topics=topics or [],
                    asked_by=by,
                )
                record("job.ask", row, by=by, kind=name)
        except IntegrityError:
            # Someone asked for the same between the look and the insert, and it may even be over by now.
            if not key:
                raise
            continue
        break
    else:
        raise ValidationError(_("The same work was asked for many times at once. Try again."))
    announce(row)
    _hand_over(row)
    return row


def _active(key: str) -> Job | None:
    row = _with_key.first(key=key)
    return None if row is None else Job.from_db(DEFAULT_DB_ALIAS, _OF_JOB, row)


def _hand_over(row: Job) -> None:
    # Announce first: a quick worker's "running" must not be followed by a late "queued".
    job_id, queue, minutes = row.pk, row.queue, kind(row.kind).minutes
    transaction.on_commit(lambda: broker.send(job_id, queue=queue, minutes=minutes))


def check_user_can_stop(user: User, row: Job) -> None:
    """Raise unless ``user`` may cancel or retry this job: who asked for it, staff, administrators."""
    if row.asked_by_id != user.pk and not user.has_role("staff", "administrator"):
        raise PermissionDenied(_("Only the person who asked for this job, or staff, can change it."))


def cancel(*, job: Job, by: User) -> None:
    """Take a waiting job out, or tell a running one to stop at its next step."""
    check_user_can_stop(by, job)
    with transaction.atomic():
        if not end(job, State.CANCELLED, _("Cancelled by %(who)s.") % {"who": by}):
            raise ValidationError(_("This job is already over."))
        record("job.cancel", job, by=by)


def retry(*, job: Job, by: User) -> Job:
    """Queue a failed or cancelled job once more; the row stays, so its history does.

    Raises
    ------
    PermissionDenied
        Also when ``by`` may not ask for this work, or may no longer.
    ValidationError
    """
    check_user_can_stop(by, job)
    may_run = kind(job.kind).may_run
    if may_run is not None:
        may_run(by, **job.params)
    with transaction.atomic():
        try:
            with transaction.atomic():
                changed = Job.objects.filter(pk=job.pk, state__in=(State.FAILED, State.CANCELLED)).update(
                    state=State.QUEUED,
                    stage="",
                    progress=0.0,
                    error="",
                    queued_at=timezone.now(),
                    attempts_allowed=F("attempt") + ATTEMPTS,
                )
        except IntegrityError:
            raise ValidationError(_("The same work is already waiting or running.")) from None
        if not changed:
            raise ValidationError(_("Only a failed or cancelled job can be tried again."))
        record("job.retry", job, by=by)
        job.refresh_from_db()
        announce(job)
        _hand_over(job)
    return job


def sweep() -> int:
    """Put back what a dead worker left and hand over what the broker forgot; returns how many rows moved.

    The row is the truth and the broker's message only a hint, so both faults heal the same way.
    """
    now = timezone.now()
    moved = 0
    expired = Q(state=State.RUNNING, lease_until__lt=now)
    for row in Job.objects.filter(expired)[:200]:
        try:
            moved += _put_back(row, expired, now)
        except Exception:
            # One row whose kind cannot put things right must not keep the others from being swept.
            log.exception("Job %s could not be swept", row.pk)
    # A message is normally taken within a second; waiting behind others is harmless to repeat, because the
    # claim lets one worker in.
    forgotten = Job.objects.filter(state=State.QUEUED, queued_at__lt=now - FORGOTTEN_AFTER)
    for queue in QUEUES:
        rows = list(forgotten.filter(queue=queue).order_by("pk")[:200])
        # Asked once for the whole queue: the first row handed over would hide the others for this round.
        if rows and broker.waiting(queue) == 0:
            moved += sum(_remind(row, now) for row in rows)
    return moved


def _remind(row: Job, now: datetime) -> bool:
    if not Job.objects.filter(pk=row.pk, state=State.QUEUED).update(queued_at=now):
        return False
    _hand_over(row)
    return True


def _put_back(row: Job, expired: Q, now: datetime) -> bool:
    """Queue a row that lost its worker once more, or give it up; whether anything changed."""
    if row.attempt >= row.attempts_allowed:
        sentence = _("The worker stopped %(n)d times while doing this, so it was given up.")
        return end(row, State.FAILED, sentence % {"n": row.attempt}, attempt=row.attempt)
    with transaction.atomic():
        if not Job.objects.filter(expired, pk=row.pk, attempt=row.attempt).update(
            state=State.QUEUED, lease_until=None, queued_at=now, stage=""
        ):
            return False
        log.warning("Job %s lost its worker and is queued again", row.pk)
        announce(row)
        _hand_over(row)
    return True


def visible_or_404(user: User, pk: int) -> Job:
    """The job, if ``user`` may see it; Http404 otherwise."""
    return get_object_or_404(Job.objects.visible_to(user), pk=pk)
