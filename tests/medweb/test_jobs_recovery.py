"""Jobs that lost their worker or their broker, were cancelled, or are tried again."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from pytest_django.fixtures import Settings

from medweb.accounts.models import User
from medweb.audit.models import AuditEvent
from medweb.jobs import broker, registry, services
from medweb.jobs.models import ATTEMPTS, Job, State
from medweb.jobs.run import JobFailed, Run, claim, lease_end, work
from tests.analysis.building import person
from tests.medweb.working import Register, Sent, ask, expire, finishing
from tests.support import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.broker]


# --- sweep ------------------------------------------------------------------------------------------------


def test_the_sweep_queues_what_a_dead_worker_left(work_kind: str, sent: Sent) -> None:
    job, living = ask(work_kind), ask(work_kind)
    for row in (job, living):
        assert claim(row.pk) is not None
    expire(job)
    assert services.sweep() == 1
    job.refresh_from_db()
    living.refresh_from_db()
    assert (job.state, job.attempt, job.lease_until) == (State.QUEUED, 1, None)
    assert living.state == State.RUNNING
    assert sent() == [job.pk, living.pk, job.pk]
    assert services.sweep() == 0


def test_a_job_that_kills_its_workers_is_given_up(kinds: Register, sent: Sent) -> None:
    told: list[tuple[int, str, str]] = []
    name = kinds(finishing, on_abandoned=lambda row, text: told.append((row.pk, row.state, text)))
    job = ask(name)
    for _attempt in range(ATTEMPTS):
        assert not told
        assert claim(job.pk) is not None
        expire(job)
        assert services.sweep() == 1
    job.refresh_from_db()
    sentence = "The worker stopped 3 times while doing this, so it was given up."
    assert (job.state, job.error) == (State.FAILED, sentence)
    assert told == [(job.pk, State.FAILED, sentence)]
    assert services.sweep() == 0


def test_a_kind_that_cannot_put_things_right_does_not_stop_the_sweep(
    kinds: Register, sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(row: Job, sentence: str) -> None:
        raise RuntimeError("cannot put it right")

    bad = ask(kinds(finishing, name="tests.bad", on_abandoned=breaks))
    good = ask(kinds(finishing))
    for job in (bad, good):
        claim(job.pk)
        expire(job)
    Job.objects.filter(pk=bad.pk).update(attempt=ATTEMPTS)
    assert services.sweep() == 1
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == (State.RUNNING, State.QUEUED)
    assert f"Job {bad.pk} could not be swept" in caplog.text


def test_a_broker_that_is_down_costs_nothing(work_kind: str, sent: Sent, settings: Settings) -> None:
    there = settings.REDIS_URL
    for down in (f"redis://127.0.0.1:{free_port()}/0", ""):
        settings.REDIS_URL = down
        job = ask(work_kind)
        assert Job.objects.get(pk=job.pk).state == State.QUEUED
        assert broker.send(job.pk, queue="analysis", minutes=1) is False
    settings.REDIS_URL = there
    assert sent() == []
    assert services.sweep() == 0, "a row just queued is not forgotten"
    Job.objects.update(queued_at=timezone.now() - services.FORGOTTEN_AFTER * 2)
    services.sweep()
    assert job.pk in sent() or job.pk - 1 in sent()
    assert work(job.pk) == "done"


def test_a_broker_that_lost_everything_is_told_everything_at_once(work_kind: str, sent: Sent) -> None:
    lost = [ask(work_kind).pk for _ in range(3)]
    with broker.client() as connection:
        connection.flushdb()
    assert sent() == []
    Job.objects.update(queued_at=timezone.now() - services.FORGOTTEN_AFTER * 2)
    assert services.sweep() == 3
    assert sent() == lost
    assert services.sweep() == 0


def test_a_chore_that_fails_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done = []

    def breaks() -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr(registry, "_chores", [breaks, lambda: done.append("tidied")])
    broker.housekeep()
    assert done == ["tidied"]
    assert "The chore breaks failed" in caplog.text


def test_a_row_that_waits_behind_others_is_not_sent_again(work_kind: str, sent: Sent) -> None:
    job = ask(work_kind)
    Job.objects.update(queued_at=timezone.now() - services.FORGOTTEN_AFTER * 2)
    assert services.sweep() == 0
    assert sent() == [job.pk]


# --- cancel and retry -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "may"),
    [((), False), (("instructor",), False), (("staff",), True), (("administrator",), True)],
)
def test_who_may_cancel_and_retry_a_job_of_another(
    roles: tuple[str, ...], may: bool, work_kind: str, sent: Sent
) -> None:
    job, other = ask(work_kind, by=person("ann")), person("bob", *roles)
    if not may:
        for act in (services.cancel, services.retry):
            with pytest.raises(PermissionDenied, match="Only the person who asked"):
                act(job=job, by=other)
        return
    services.cancel(job=job, by=other)
    services.retry(job=job, by=other)
    verbs = AuditEvent.objects.filter(actor_id=other.pk).values_list("verb", flat=True).order_by("pk")
    assert list(verbs) == ["job.cancel", "job.retry"]


def test_a_job_that_is_over_cannot_be_cancelled(work_kind: str, sent: Sent) -> None:
    owner = person("ann")
    job = ask(work_kind, by=owner)
    work(job.pk)
    with pytest.raises(ValidationError, match="already over"):
        services.cancel(job=job, by=owner)
    assert not AuditEvent.objects.filter(verb="job.cancel").exists()


def test_cancelling_tells_the_kind_in_the_same_transaction(kinds: Register, sent: Sent) -> None:
    def breaks(row: Job, sentence: str) -> None:
        raise RuntimeError("cannot put it right")

    owner = person("ann")
    job = ask(kinds(finishing, on_abandoned=breaks), by=owner)
    with pytest.raises(RuntimeError):
        services.cancel(job=job, by=owner)
    assert Job.objects.get(pk=job.pk).state == State.QUEUED
    assert not AuditEvent.objects.filter(verb="job.cancel").exists()


def test_retry_keeps_the_row_and_gives_it_fresh_attempts(kinds: Register, sent: Sent) -> None:
    owner, wishes = person("ann"), [JobFailed("Not yet.")]

    def second_time_lucky(run: Run) -> None:
        if wishes:
            raise wishes.pop()
        finishing(run)

    job = ask(kinds(second_time_lucky), key="one", by=owner)
    with pytest.raises(ValidationError, match="Only a failed or cancelled job"):
        services.retry(job=job, by=owner)
    assert work(job.pk) == "failed"
    services.retry(job=job, by=owner)
    assert (job.state, job.error, job.attempts_allowed) == (State.QUEUED, "", 1 + ATTEMPTS)
    assert sent() == [job.pk, job.pk]
    assert work(job.pk) == "done"
    job.refresh_from_db()
    assert job.attempt == 2
    with pytest.raises(ValidationError, match="Only a failed or cancelled job"):
        services.retry(job=job, by=owner)


def test_retry_asks_whether_the_work_is_still_allowed(kinds: Register, sent: Sent) -> None:
    owner, asked = person("ann"), []

    def lost_the_right(user: User, *, case: int) -> None:
        asked.append((user, case))
        raise PermissionDenied("You are no longer an instructor.")

    job = services.enqueue(kinds(finishing, may_run=lost_the_right), params={"case": 7}, by=owner)
    services.cancel(job=job, by=owner)
    with pytest.raises(PermissionDenied, match="no longer an instructor"):
        services.retry(job=job, by=owner)
    assert asked == [(owner, 7)]
    assert Job.objects.get(pk=job.pk).state == State.CANCELLED
    assert sent() == [job.pk]


def test_retry_gives_way_to_the_same_work_that_waits_already(work_kind: str, sent: Sent) -> None:
    owner = person("ann")
    job = ask(work_kind, key="one", by=owner)
    services.cancel(job=job, by=owner)
    ask(work_kind, key="one", by=owner)
    with pytest.raises(ValidationError, match="already waiting or running"):
        services.retry(job=job, by=owner)
    assert Job.objects.get(pk=job.pk).state == State.CANCELLED


def test_who_sees_which_jobs(work_kind: str, sent: Sent) -> None:
    ann, bob, staff = person("ann", "instructor"), person("bob", "administrator"), person("sam", "staff")
    mine, nobodys = ask(work_kind, by=ann), ask(work_kind)
    assert list(Job.objects.visible_to(ann)) == [mine]
    for sees_all in (bob, staff):
        assert set(Job.objects.visible_to(sees_all)) == {mine, nobodys}
    bob.is_active = False
    assert not Job.objects.visible_to(bob).exists()


def test_the_lease_follows_the_setting(settings: Settings) -> None:
    settings.JOB_LEASE_SECONDS = 100
    assert timedelta(seconds=90) < lease_end() - timezone.now() <= timedelta(seconds=100)
