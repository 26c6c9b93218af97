"""A file that is here waits for its judgement, is called off, or has waited too long."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import UploadState
from cases.models import Case, Upload, UploadBatch
from cases.permissions import check_user_can_edit_case, check_user_can_edit_upload
from cases.policies import check_upload_move
from cases.services import quarantine
from cases.services.tallies import Tally
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.jobs import services as jobs
from medweb.jobs.models import Job, State
from medweb.jobs.run import end
from medweb.live.publish import publish

PENDING = (UploadState.QUARANTINED, UploadState.CLEANING)
KIND = "cases.clean-uploads"
# Code of a file that waits for room on the server's disk: it is tried again, and not refused with its job.
NO_ROOM = "no-room"


def key_of(case_id: int) -> str:
    """Key of the one job that judges the uploads of a case."""
    return f"clean-uploads:{case_id}"


def queue(upload: Upload, by: User | None) -> None:
    """Have ``upload`` judged; called in the transaction that locked its case and put it into quarantine.

    The lock decides the race with a job that is about to end: either it sees this upload, or this sees that
    it has ended. One query when the case's job is active.
    """
    queue_case(upload.case_id, by)
    # Hundreds may come in a second; the verdicts that follow are told in any case.
    publish(f"case:{upload.case_id}", "uploads-changed", seldom=0.5, case=upload.case_id)


def queue_case(case_id: int, by: User | None) -> None:
    """Queue the one job that judges the uploads of a case; the one that is active, when there is one."""
    topics = [f"case:{case_id}"]
    jobs.enqueue(KIND, params={"case_id": case_id}, key=key_of(case_id), topics=topics, by=by)


def queue_waiting() -> int:
    """Queue cases whose uploads wait without an active job, which no path should leave; returns how many."""
    waiting = Upload.objects.filter(state__in=PENDING).order_by()
    cases = list(Case.objects.filter(Exists(waiting.filter(case=OuterRef("pk")))).order_by("pk")[:200])
    active = set(Job.objects.active().filter(kind=KIND).values_list("key", flat=True))
    left = [case for case in cases if key_of(case.pk) not in active]
    for case in left:
        with transaction.atomic():
            if Case.objects.select_for_update().filter(pk=case.pk).exists():
                queue_case(case.pk, None)
    return len(left)


def check_user_can_judge(user: User, *, case_id: int) -> None:
    """Raise unless ``user`` may have the uploads of this case judged again."""
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise ValidationError(_("The case was deleted."))
    check_user_can_edit_case(user, case)


# --- called off -------------------------------------------------------------------------------------------


def cancel(*, upload: Upload, by: User) -> None:
    """Stop judging a file and throw its bytes away; the others of its case go on."""
    check_user_can_edit_upload(by, upload)
    with transaction.atomic():
        judging = _hold(upload.case_id)
        upload.refresh_from_db(from_queryset=Upload.objects.select_for_update())
        check_upload_move(upload, UploadState.CANCELLED)
        _cancel(upload, by)
        _end_without_work(upload.case_id, judging)
    _announce(upload.case_id)


def cancel_batch(*, batch: UploadBatch, by: User) -> int:
    """Call off everything of a batch that has no verdict yet; returns how many files that were."""
    check_user_can_edit_case(by, batch.case)
    with transaction.atomic():
        judging = _hold(batch.case_id)
        record("batch.cancel", batch, by=by)
        left = Upload.objects.select_for_update().filter(
            batch=batch, state__in=(*PENDING, UploadState.RECEIVING)
        )
        uploads = list(left.order_by("pk"))
        for upload in uploads:
            _cancel(upload, by)
        _end_without_work(batch.case_id, judging)
    _announce(batch.case_id)
    return len(uploads)


def _cancel(upload: Upload, by: User) -> None:
    stop(upload, UploadState.CANCELLED, "cancelled", _("Cancelled; nothing was kept."), _("Cancelled."))
    record("upload.cancel", upload, by=by)


def _hold(case_id: int) -> list[Job]:
    """Lock the active job of a case, then the case; returns the job.

    In the order of ``finish``: results that are just being written are waited for, and their verdicts seen.
    """
    judging = list(Job.objects.active().filter(key=key_of(case_id)).select_for_update())
    # Evaluated for its lock.
    list(Case.objects.select_for_update().filter(pk=case_id).order_by().values_list("pk", flat=True))
    return judging


def _end_without_work(case_id: int, judging: list[Job]) -> None:
    if judging and not Upload.objects.filter(case=case_id, state__in=PENDING).exists():
        for job in judging:
            end(job, State.CANCELLED, _("Cancelled; nothing was kept."))


def close(upload: Upload, state: UploadState, code: str, sentence: str, **fields: object) -> None:
    """Write the verdict on an upload in the caller's transaction; its raw bytes go when that commits.

    ``fields`` are further columns. Pages are told by the caller, once for many.
    """
    key = upload.storage_key
    values = {"state": state, "code": code, "sentence": sentence, **fields}
    values |= {"finished_at": timezone.now(), "storage_key": "", "so_far": {}}
    for name, value in values.items():
        setattr(upload, name, value)
    Upload.objects.filter(pk=upload.pk).update(**values)
    if key:
        transaction.on_commit(lambda: quarantine.discard(key))


def stop(upload: Upload, state: UploadState, code: str, sentence: str, reason: str, **fields: object) -> None:
    """Close an upload before its end, in the caller's transaction.

    Images of an archive that were taken by then stay, since readers may have met them, and are told of.

    Parameters
    ----------
    upload : Upload
        As its row is now.
    state, code
        As for :func:`close`.
    sentence : str
        What is told when nothing was kept.
    reason : str
        Why it was stopped, in a sentence, when something was.
    """
    tally = Tally.from_json(upload.so_far)
    if tally.accepted:
        kept = _("What was taken of it by then stays: %(told)s") % {"told": tally.sentence(sent=upload.sent)}
        sentence, fields = f"{reason} {kept}", {**fields, **tally.columns()}
    close(upload, state, code, sentence, **fields)


def _announce(case_id: int) -> None:
    publish(f"case:{case_id}", "uploads-changed", case=case_id)


def abandoned(job: Job, sentence: str) -> None:
    """The job ended without a result: say so on the uploads that it leaves, and free the quarantine.

    Cancelled, it takes all with it. Failed, it takes those it had begun; the others are queued again, by
    :func:`queue_waiting` or by "Try again".
    """
    # Also cancelling from the list of jobs comes here, with the job's row locked first.
    case_id = job.params["case_id"]
    list(Case.objects.select_for_update().filter(pk=case_id).order_by().values_list("pk", flat=True))
    cancelled = job.state == State.CANCELLED
    states = PENDING if cancelled else (UploadState.CLEANING,)
    left = Upload.objects.select_for_update().filter(case=case_id, state__in=states).order_by("pk")
    for upload in left:
        if cancelled:
            stop(upload, UploadState.CANCELLED, "cancelled", sentence, sentence)
        else:
            stop(upload, UploadState.REFUSED, "failed", sentence, sentence)
    _announce(case_id)


# --- waited too long --------------------------------------------------------------------------------------


def named_keys() -> set[str]:
    """Keys of the raw files that rows still name."""
    return set(Upload.objects.exclude(storage_key="").values_list("storage_key", flat=True))


def expire() -> int:
    """Throw away what has lain in quarantine for a day; returns how many."""
    late = Upload.objects.filter(state__in=PENDING, expires_at__lt=timezone.now())
    return sum(_expire(upload) for upload in late[:200])


@transaction.atomic
def _expire(upload: Upload) -> bool:
    judging = _hold(upload.case_id)
    try:
        upload.refresh_from_db(from_queryset=Upload.objects.select_for_update())
    except Upload.DoesNotExist:
        # Deleted with its case since it was listed.
        return False
    if not upload.is_pending:
        return False
    sentence = _("This file waited too long. Send it again.")
    stop(upload, UploadState.REFUSED, "expired", sentence, sentence)
    record("upload.expire", upload, by=None)
    _end_without_work(upload.case_id, judging)
    _announce(upload.case_id)
    return True
