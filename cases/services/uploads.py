"""A file comes in: quarantine, judgement, rows."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.enums import UploadState
from cases.imaging import archive, reader
from cases.imaging.errors import Refused
from cases.models import Case, Upload
from cases.permissions import check_user_can_edit_case, check_user_can_edit_upload
from cases.policies import check_upload_move
from cases.services import intake, quarantine
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.jobs import services as jobs
from medweb.jobs.models import Job, State
from medweb.jobs.run import JobFailed, LostClaim, Run, end
from medweb.live.publish import publish

PENDING = (UploadState.QUARANTINED, UploadState.CLEANING)
EXPIRES_AFTER = timedelta(hours=24)
ARCHIVES = {reader.Kind.ZIP, reader.Kind.TAR, reader.Kind.GZIP}


def receive(*, case: Case, chunks: Iterable[bytes], by: User) -> Upload:
    """Put bytes into quarantine and queue their judgement. The file's name is not asked for."""
    check_user_can_edit_case(by, case)
    key, size = quarantine.keep(chunks, limit=settings.UPLOAD_MAX_BYTES)
    try:
        if size == 0:
            raise ValidationError(_("This file is empty. Export it again and send it once more."))
        with transaction.atomic():
            # A deletion that has begun is waited for; one that begins now finds the upload.
            if Case.objects.select_for_update().filter(pk=case.pk).first() is None:
                raise ValidationError(_("The case was deleted."))
            upload = Upload.objects.create(
                case=case,
                created_by=by,
                storage_key=key,
                byte_count=size,
                expires_at=timezone.now() + EXPIRES_AFTER,
            )
            record("upload.receive", upload, by=by, bytes=size)
            _queue(upload, by)
    except BaseException:
        quarantine.discard(key)
        raise
    return upload


def _queue(upload: Upload, by: User | None) -> None:
    jobs.enqueue(
        "cases.clean-upload",
        params={"upload_id": upload.pk},
        key=_key(upload),
        topics=[f"case:{upload.case_id}"],
        by=by,
    )
    _announce(upload)


def _announce(upload: Upload) -> None:
    publish(f"case:{upload.case_id}", "uploads-changed", case=upload.case_id, upload=upload.pk)


@transaction.atomic
def cancel(*, upload: Upload, by: User) -> None:
    """Stop judging a file and throw its bytes away."""
    check_user_can_edit_upload(by, upload)
    judging = _hold(upload)
    check_upload_move(upload, UploadState.CANCELLED)
    sentence = _("Cancelled; nothing was kept.")
    _close(upload, UploadState.CANCELLED, "cancelled", sentence)
    for job in judging:
        end(job, State.CANCELLED, sentence)
    record("upload.cancel", upload, by=by)


def _hold(upload: Upload) -> list[Job]:
    """Lock the active jobs of ``upload``, then read and lock its row; returns the jobs.

    Jobs come first, as in ``finish``: a judgement that is being written is waited for, and its verdict seen.
    """
    judging = list(Job.objects.active().filter(key=_key(upload)).select_for_update())
    upload.refresh_from_db(from_queryset=Upload.objects.select_for_update())
    return judging


def _key(upload: Upload) -> str:
    return f"clean-upload:{upload.pk}"


def _close(upload: Upload, state: UploadState, code: str, sentence: str) -> None:
    key = upload.storage_key
    upload.state, upload.code, upload.sentence = state, code, sentence
    upload.finished_at, upload.storage_key = timezone.now(), ""
    upload.save(update_fields=["state", "code", "sentence", "finished_at", "storage_key"])
    if key:
        transaction.on_commit(lambda: quarantine.discard(key))
    _announce(upload)


def check_user_can_judge(user: User, *, upload_id: int) -> None:
    """Raise unless ``user`` may have this upload judged again."""
    upload = Upload.objects.select_related("case").filter(pk=upload_id).first()
    if upload is None:
        raise ValidationError(_("The case was deleted."))
    check_user_can_edit_upload(user, upload)


def judge(run: Run, *, upload_id: int) -> None:
    """The clean-upload job: compute without a transaction, then write everything at once."""
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        raise _case_deleted()
    if not upload.is_pending:
        # "Try again" on a job whose upload has its verdict: the bytes are gone.
        raise JobFailed(_("This file was already judged; send it again."))
    # Conditional: one cancelled since the look above must not come back to life.
    if not Upload.objects.filter(pk=upload.pk, state__in=PENDING).update(state=UploadState.CLEANING):
        raise LostClaim
    upload.state = UploadState.CLEANING
    _announce(upload)
    path = quarantine.path_of(upload.storage_key)
    try:
        with path.open("rb") as file:
            kind = reader.sniff(file.read(4096))
    except FileNotFoundError:
        raise JobFailed(_("The bytes of this file are gone; send it again.")) from None
    prepared: list[intake.Prepared] = []
    refusals: list[Refused] = []
    members: Iterable[bytes] = archive.members(path) if kind in ARCHIVES else iter([path.read_bytes()])
    try:
        for number, data in enumerate(members, start=1):
            run.progress(0.9 * number / (number + 10), _("Cleaning file %(n)d") % {"n": number})
            try:
                prepared.append(intake.prepare(data))
            except Refused as refusal:
                refusals.append(refusal)
    except Refused as refusal:
        # The archive itself is at fault; what came out of it before is not trusted either.
        prepared, refusals = [], [refusal]
    removed: Counter[str] = Counter()
    for item in prepared:
        removed.update(item.clean.removed)
    with run.finish() as result:
        # The case before the upload, as when it is deleted: that waits for this, or this finds it gone.
        case = Case.objects.select_for_update().filter(pk=upload.case_id).first()
        if case is None:
            raise _case_deleted()
        upload = Upload.objects.select_for_update().get(pk=upload_id)
        if not upload.is_pending:
            raise LostClaim
        outcome = intake.attach(case, prepared) if prepared else intake.Outcome()
        upload.kind = str(kind)
        upload.taken, upload.doubled, upload.refused = outcome.taken, outcome.doubled, len(refusals)
        upload.removed = dict(removed)
        upload.series_id = min(outcome.series, default=None)
        upload.save(update_fields=["kind", "taken", "doubled", "refused", "removed", "series"])
        accepted = bool(prepared)
        code = "accepted" if accepted else refusals[0].code if refusals else "nothing-inside"
        _close(
            upload,
            UploadState.ACCEPTED if accepted else UploadState.REFUSED,
            code,
            _sentence(outcome, refusals, removed),
        )
        record(
            f"upload.{'accept' if accepted else 'refuse'}", upload, by=None, removed=dict(removed), code=code
        )
        publish(f"case:{upload.case_id}", "case-changed", case=upload.case_id)
        result.update(upload=upload.pk, series=sorted(outcome.series))


def _case_deleted() -> JobFailed:
    return JobFailed(_("The case was deleted."))


def _sentence(outcome: intake.Outcome, refusals: list[Refused], removed: Counter[str]) -> str:
    parts = []
    if outcome.taken:
        parts.append(
            ngettext("%(n)d image taken", "%(n)d images taken", outcome.taken) % {"n": outcome.taken}
        )
    if outcome.doubled:
        parts.append(
            ngettext("%(n)d was already here", "%(n)d were already here", outcome.doubled)
            % {"n": outcome.doubled}
        )
    if total := sum(removed.values()):
        parts.append(
            ngettext(
                "%(n)d header value removed or replaced", "%(n)d header values removed or replaced", total
            )
            % {"n": total}
        )
    if len(refusals) == 1 and not parts:
        return refusals[0].sentence
    if refusals:
        reasons = Counter(refusal.sentence for refusal in refusals)
        parts.append(
            ngettext("%(n)d file refused", "%(n)d files refused", len(refusals)) % {"n": len(refusals)}
            + ": "
            + " ".join(f"({count}) {sentence}" for sentence, count in reasons.most_common(3))
        )
    if not parts:
        return _("There was no image inside. Send DICOM, PNG, JPEG, TIFF, BMP or WebP files.")
    return "; ".join(parts).rstrip(".") + "."


def abandoned(job: Job, sentence: str) -> None:
    """The job ended without a verdict: say so on the upload and free the quarantine."""
    # Also cancelling from the list of jobs comes here, with the job's row locked first.
    upload = Upload.objects.select_for_update().filter(pk=job.params["upload_id"]).first()
    if upload is not None and upload.is_pending:
        _close(upload, UploadState.REFUSED, "failed", sentence)


def named_keys() -> set[str]:
    """Keys of the raw files that rows still name."""
    return set(Upload.objects.exclude(storage_key="").values_list("storage_key", flat=True))


def expire() -> int:
    """Throw away what has lain in quarantine for a day; returns how many."""
    late = Upload.objects.filter(state__in=PENDING, expires_at__lt=timezone.now())
    return sum(_expire(upload) for upload in late[:200])


@transaction.atomic
def _expire(upload: Upload) -> bool:
    try:
        judging = _hold(upload)
    except Upload.DoesNotExist:
        # Deleted with its case since it was listed.
        return False
    if not upload.is_pending:
        return False
    sentence = _("This file waited too long. Send it again.")
    _close(upload, UploadState.REFUSED, "expired", sentence)
    for job in judging:
        end(job, State.FAILED, sentence)
    record("upload.expire", upload, by=None)
    return True
