"""The queue: one row for one wish, one result for one row, whatever dies in between."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from medweb.audit.models import AuditEvent
from medweb.jobs import services
from medweb.jobs.models import Job, State
from medweb.jobs.run import Heartbeat, JobFailed, LostClaim, Run, claim, work
from tests.analysis.building import person
from tests.medweb.working import Register, Sent, ask, expire, finishing, together
from tests.support import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.broker]

WRITERS = 16


# --- asking -----------------------------------------------------------------------------------------------


def test_the_message_goes_out_on_commit(work_kind: str, sent: Sent) -> None:
    with transaction.atomic():
        job = ask(work_kind)
        assert sent() == []
    assert sent() == [job.pk]
    job.refresh_from_db()
    assert (job.state, job.queue, job.attempt) == (State.QUEUED, "analysis", 0)


def test_a_rollback_leaves_neither_row_nor_message(work_kind: str, sent: Sent) -> None:
    with transaction.atomic():
        ask(work_kind)
        transaction.set_rollback(True)
    assert sent() == []
    assert not Job.objects.exists()
    assert not AuditEvent.objects.exists()


def test_the_same_key_twice_is_one_job_until_it_is_over(work_kind: str, sent: Sent) -> None:
    first = ask(work_kind, key="one")
    assert ask(work_kind, key="one").pk == first.pk
    run = claim(first.pk)
    assert run is not None
    assert ask(work_kind, key="one").pk == first.pk
    assert sent() == [first.pk]
    finishing(run)
    again = ask(work_kind, key="one")
    assert again.pk != first.pk
    assert sent() == [first.pk, again.pk]
    assert AuditEvent.objects.filter(verb="job.ask").count() == 2


def test_jobs_without_a_key_never_meet(work_kind: str, sent: Sent) -> None:
    assert ask(work_kind).pk != ask(work_kind).pk
    assert len(sent()) == 2


def test_many_writers_at_once_get_one_row(file_database: None, work_kind: str, sent: Sent) -> None:
    asked = together(lambda: ask(work_kind, key="one"), WRITERS)
    assert {type(job) for job in asked} == {Job}
    assert len({job.pk for job in asked}) == 1
    assert Job.objects.count() == 1
    assert sent() == [asked[0].pk]
    assert AuditEvent.objects.filter(verb="job.ask").count() == 1


def test_the_database_keeps_the_promise_of_one_active_job(work_kind: str, sent: Sent) -> None:
    job = ask(work_kind, key="one")
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(kind=work_kind, queue="analysis", key="one")
    for wrong in ({"state": "asleep"}, {"progress": 1.01}, {"progress": -0.01}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Job.objects.filter(pk=job.pk).update(**wrong)


# --- claim, progress, finish ------------------------------------------------------------------------------


def test_of_many_workers_one_gets_the_job(file_database: None, work_kind: str, sent: Sent) -> None:
    job = ask(work_kind)
    runs = together(lambda: claim(job.pk), 8)
    assert [type(run) for run in runs if run is not None] == [Run]
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.RUNNING, 1)
    assert work(job.pk) == "not-mine"


def test_a_finished_job_has_its_result(work_kind: str, sent: Sent) -> None:
    job = services.enqueue(work_kind, params={"case": 7}, by=None)
    assert work(job.pk) == "done"
    job.refresh_from_db()
    assert (job.state, job.result, job.progress, job.lease_until) == (State.DONE, {"case": 7}, 1.0, None)
    assert job.started_at
    assert job.finished_at >= job.started_at


def test_progress_is_kept_within_its_range_and_extends_the_lease(work_kind: str, sent: Sent) -> None:
    run = claim(ask(work_kind).pk)
    assert run is not None
    for given, kept in ((7.0, 1.0), (-1.0, 0.0), (0.25, 0.25)):
        expire(run.job)
        run.progress(given, f"stage {given}")
        run.job.refresh_from_db()
        assert (run.job.progress, run.job.stage) == (kept, f"stage {given}")
        assert run.job.lease_until > timezone.now()


def test_cancelling_stops_a_running_job_at_its_next_step(kinds: Register, sent: Sent) -> None:
    owner = person("ann")
    after = []

    def cancelled_half_way(run: Run) -> None:
        run.progress(0.5, "half")
        services.cancel(job=Job.objects.get(pk=run.job.pk), by=owner)
        run.progress(0.9, "nearly")
        after.append("computed on")

    job = ask(kinds(cancelled_half_way), by=owner)
    assert work(job.pk) == "lost"
    assert not after
    job.refresh_from_db()
    assert (job.state, job.error, job.progress) == (State.CANCELLED, "Cancelled by ann.", 0.5)


def test_a_cancelled_job_writes_no_result(kinds: Register, sent: Sent) -> None:
    owner = person("ann")

    def cancelled_before_the_end(run: Run) -> None:
        services.cancel(job=run.job, by=owner)
        with run.finish(written=1):
            AuditEvent.objects.create(verb="tests.result", subject_type="x", subject_id="1")

    job = ask(kinds(cancelled_before_the_end), by=owner)
    assert work(job.pk) == "lost"
    job.refresh_from_db()
    assert (job.state, job.result) == (State.CANCELLED, {})
    assert not AuditEvent.objects.filter(verb="tests.result").exists()


def test_a_worker_thought_dead_writes_nothing(work_kind: str, sent: Sent) -> None:
    """It stalls, the sweep gives the row to another, then it wakes up with its result in hand."""
    job = ask(work_kind)
    stalled = claim(job.pk)
    expire(job)
    assert services.sweep() == 1
    second = claim(job.pk)
    assert stalled is not None
    assert second is not None
    with pytest.raises(LostClaim):
        stalled.progress(0.9, "awake")
    with pytest.raises(LostClaim), stalled.finish(by="stalled"):
        AuditEvent.objects.create(verb="tests.result", subject_type="x", subject_id="1")
    with second.finish(by="second"):
        AuditEvent.objects.create(verb="tests.result", subject_type="x", subject_id="2")
    with pytest.raises(LostClaim), stalled.finish(by="stalled"):
        pass
    job.refresh_from_db()
    assert (job.state, job.result, job.attempt) == (State.DONE, {"by": "second"}, 2)
    assert AuditEvent.objects.get(verb="tests.result").subject_id == "2"


def test_a_result_that_cannot_be_written_leaves_nothing(kinds: Register, sent: Sent) -> None:
    def breaks_while_writing(run: Run) -> None:
        with run.finish():
            AuditEvent.objects.create(verb="tests.result", subject_type="x", subject_id="1")
            raise JobFailed("The disk is full.")

    job = ask(kinds(breaks_while_writing))
    assert work(job.pk) == "failed"
    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, "The disk is full.")
    assert not AuditEvent.objects.filter(verb="tests.result").exists()


def test_the_lease_is_extended_while_one_long_call_computes(
    file_database: None, kinds: Register, sent: Sent, settings: Settings
) -> None:
    settings.JOB_LEASE_SECONDS = 0.6

    def long_call(run: Run) -> None:
        first = run.job.lease_until
        wait_until(
            lambda: Job.objects.get(pk=run.job.pk).lease_until > first,
            what="the heartbeat extends the lease",
        )
        finishing(run)

    assert work(ask(kinds(long_call)).pk) == "done"


def test_a_heartbeat_outlives_a_database_that_fails_for_a_moment(
    file_database: None, work_kind: str, sent: Sent, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_LEASE_SECONDS = 0.06
    run = claim(ask(work_kind).pk)
    assert run is not None
    beats, mine = [], run._mine

    def fails_first() -> Any:
        beats.append(1)
        if len(beats) == 1:
            raise OperationalError("database is locked")
        return mine()

    monkeypatch.setattr(run, "_mine", fails_first)
    with Heartbeat(run, minutes=1):
        wait_until(lambda: len(beats) > 2, what="the heart beats on")


# --- sentences --------------------------------------------------------------------------------------------


def outcome(function: Callable[..., None], kinds: Register, **options: Any) -> Job:
    job = ask(kinds(function))
    assert work(job.pk, **options) == "failed"
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.lease_until is None
    return job


def test_a_failure_with_a_sentence_shows_it(kinds: Register, sent: Sent) -> None:
    def fails(run: Run) -> None:
        raise JobFailed("Give at least ten cases a label.")

    assert outcome(fails, kinds).error == "Give at least ten cases a label."


def test_any_other_failure_hides_its_text_and_is_logged(
    kinds: Register, sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(run: Run) -> None:
        raise KeyError("patient Miller, /secret/path")

    job = outcome(breaks, kinds)
    assert "Miller" not in job.error
    assert "secret" not in job.error
    assert job.error.endswith(f"job {job.pk}.")
    (entry,) = [record for record in caplog.records if record.exc_info]
    assert entry.exc_info is not None
    assert entry.exc_info[0] is KeyError


def test_taking_too_long_has_a_sentence(kinds: Register, sent: Sent) -> None:
    class TooLong(Exception):
        pass

    def slow(run: Run) -> None:
        raise TooLong

    assert outcome(slow, kinds, timeouts=(TooLong,)).error.startswith("This took longer than 1 minutes")


def test_a_function_that_forgets_to_finish_does_not_run_for_ever(
    kinds: Register, sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    job = outcome(lambda run: None, kinds)
    assert "ended without a result" in job.error
    assert "without finish()" in caplog.text


def test_a_claim_given_up_while_it_is_held_ends_the_job(
    kinds: Register, sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    def gives_up(run: Run) -> None:
        with run.finish():
            raise LostClaim

    job = outcome(gives_up, kinds)
    assert job.error.startswith("What this job worked on changed meanwhile")
    assert "let go of a claim" in caplog.text


def test_a_kind_that_no_code_knows(sent: Sent) -> None:
    job = ask("gone.kind")
    assert job.title == "gone.kind"
    assert work(job.pk) == "failed"
    job.refresh_from_db()
    assert job.error == "This server no longer knows the job kind gone.kind."


def test_a_kind_is_declared_once_and_for_a_known_queue(kinds: Register) -> None:
    kinds(finishing)
    kinds(finishing)
    with pytest.raises(ValueError, match="Two jobs are called"):
        kinds(lambda run: None)
    with pytest.raises(ValueError, match="Unknown queue 'fast'"):
        kinds(finishing, name="tests.other", queue="fast")
