"""Jobs of this app."""

from django.utils.translation import gettext_lazy as _

from cases import blobs
from cases.services import cases, quarantine, sample_library, uploads
from medweb.jobs.registry import housekeeping, job
from medweb.jobs.run import Run

blobs.names_blobs(cases.named_digests)


@job(
    "cases.clean-upload",
    queue="import",
    minutes=10,
    title=_("Clean an upload"),
    on_abandoned=uploads.abandoned,
    may_run=uploads.check_user_can_judge,
)
def clean_upload(run: Run, *, upload_id: int) -> None:
    uploads.judge(run, upload_id=upload_id)


@housekeeping
def expire_uploads() -> None:
    uploads.expire()


@housekeeping
def expire_raw_files() -> None:
    quarantine.expire(uploads.named_keys())


@housekeeping
def delete_unnamed_blobs() -> None:
    blobs.delete_unnamed()


@job(sample_library.KIND, queue="sample", minutes=30, title=_("Load the sample library"))
def load_sample_library(run: Run) -> None:
    sample_library.load_rest(run)
