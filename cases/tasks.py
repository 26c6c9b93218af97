"""Jobs of this app."""

from django.utils.translation import gettext_lazy as _

from cases import blobs
from cases.services import (
    blackouts,
    case_reviews,
    cases,
    cleaning,
    desk,
    digests,
    judging,
    notices,
    quarantine,
    receiving,
    sample_library,
    uploads,
    workspaces,
)
from medweb.jobs.registry import housekeeping, job, warms_up
from medweb.jobs.run import Run

blobs.names_blobs(cases.named_digests)


warms_up("import")(cleaning.warm_up)


@job(
    uploads.KIND,
    queue="import",
    minutes=60,
    title=_("Clean uploads"),
    on_abandoned=uploads.abandoned,
    may_run=uploads.check_user_can_judge,
)
def clean_uploads(run: Run, *, case_id: int) -> None:
    judging.judge(run, case_id=case_id)


@job(
    desk.KIND,
    queue="import",
    minutes=60,
    title=_("Black out a series"),
    on_abandoned=desk.abandoned,
    may_run=desk.check_user_can_black_out,
)
def black_out(run: Run, *, series_id: int, revision: int) -> None:
    blackouts.black_out(run, series_id=series_id, revision=revision)


@housekeeping
def queue_waiting_uploads() -> None:
    uploads.queue_waiting()


@housekeeping
def expire_uploads() -> None:
    uploads.expire()


@housekeeping
def expire_unfinished_uploads() -> None:
    receiving.expire()


@housekeeping
def expire_raw_files() -> None:
    quarantine.expire(uploads.named_keys())


@housekeeping
def expire_workspaces() -> None:
    workspaces.expire_workspaces()


@housekeeping
def delete_unnamed_blobs() -> None:
    blobs.delete_unnamed()


@housekeeping
def send_digests() -> None:
    digests.send_due()


@housekeeping
def expire_notices() -> None:
    notices.expire()


@housekeeping
def remind_of_due_cases() -> None:
    case_reviews.remind()


@job(sample_library.KIND, queue="sample", minutes=30, title=_("Load the sample library"))
def load_sample_library(run: Run) -> None:
    sample_library.load_rest(run)
