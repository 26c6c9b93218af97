"""Bytes come in: whole, or in pieces that survive a broken connection. Names of files are never asked for."""

from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import UploadState
from cases.models import Case, Upload, UploadBatch
from cases.permissions import check_user_can_edit_case, check_user_can_edit_upload
from cases.policies import check_upload_move
from cases.services import allowance, quarantine, uploads
from cases.services.quarantine import Elsewhere
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.live.publish import publish
from medweb.prepared import Prepared, Slot

EXPIRES_AFTER = timedelta(hours=24)
ENDED = (UploadState.CANCELLED, UploadState.REFUSED)


_locked_case = Prepared(
    lambda: (
        Case.objects.select_for_update()
        .filter(pk=Slot("pk", models.BigIntegerField()))
        .order_by()
        .values_list("pk")
    )
)


class Gone(ValidationError):
    """The upload has ended; its bytes cannot be added to any more."""


def open_batch(*, case: Case, by: User) -> UploadBatch:
    """Begin a batch: files sent at once, told of in one table."""
    check_user_can_edit_case(by, case)
    with transaction.atomic():
        batch = UploadBatch.objects.create(case=case, created_by=by)
        record("batch.open", batch, by=by)
    return batch


def receive(
    *, case: Case, chunks: Iterable[bytes], by: User, batch: UploadBatch | None = None, declared: int = 1
) -> Upload:
    """Take in a whole file and queue its judgement. When anything fails, nothing of it is left.

    Parameters
    ----------
    case : Case
    chunks : iterable of bytes
    by : User
    batch : UploadBatch, optional
        Of the same case.
    declared : int, optional
        Bytes the sender announced: what is too large is refused before any of it is read.

    Raises
    ------
    PermissionDenied
    ValidationError
        Empty, too large, beyond a limit, or the disk is full; see :func:`cases.services.allowance.check`.
    """
    check_user_can_edit_case(by, case)
    allowance.check(by, batch, max(declared, 1))
    key, size = quarantine.keep(chunks, limit=allowance.limits_of(by).file_bytes)
    try:
        allowance.check(by, batch, size)
        with transaction.atomic():
            _hold(case.pk)
            upload = Upload.objects.create(
                case=case,
                batch=batch,
                created_by=by,
                storage_key=key,
                byte_count=size,
                expires_at=timezone.now() + EXPIRES_AFTER,
            )
            _arrived(upload, by)
    except BaseException:
        quarantine.discard(key)
        raise
    allowance.count_in(by, batch, size)
    return upload


def begin(*, case: Case, batch: UploadBatch | None, byte_count: int, by: User) -> Upload:
    """Announce a file of ``byte_count`` bytes that will come in pieces; see :func:`append`.

    Raises as :func:`receive` does.
    """
    check_user_can_edit_case(by, case)
    allowance.check(by, batch, byte_count)
    key = quarantine.reserve()
    try:
        with transaction.atomic():
            _hold(case.pk)
            upload = Upload.objects.create(
                case=case,
                batch=batch,
                created_by=by,
                state=UploadState.RECEIVING,
                storage_key=key,
                byte_count=byte_count,
                expires_at=timezone.now() + EXPIRES_AFTER,
            )
            record("upload.begin", upload, by=by, bytes=byte_count)
            _announce(upload)
    except BaseException:
        quarantine.discard(key)
        raise
    allowance.count_in(by, batch, byte_count)
    return upload


def append(
    *, upload: Upload, offset: int, chunks: Iterable[bytes], checksum: bytes | None = None, by: User
) -> int:
    """Add bytes to a file that is arriving; returns how many are here. The last ones queue its judgement.

    Parameters
    ----------
    upload : Upload
    offset : int
        Where these bytes belong: exactly where the file ends now.
    chunks : iterable of bytes
    checksum : bytes, optional
        SHA-256 of all of ``chunks``: they are taken whole or not at all. Without it, what arrives before the
        connection breaks is kept.
    by : User

    Raises
    ------
    PermissionDenied
    Elsewhere
        The file ends somewhere else; ``offset`` of the error says where.
    quarantine.TooMany, quarantine.WrongChecksum, quarantine.DiskFull
    Gone
        Cancelled, expired, or refused.
    """
    check_user_can_edit_upload(by, upload)
    if upload.state != UploadState.RECEIVING:
        _check_not_ended(upload)
        raise Elsewhere(upload.byte_count)
    quarantine.check_room(0)
    try:
        size = quarantine.add(
            upload.storage_key, chunks, offset=offset, byte_count=upload.byte_count, sha256=checksum
        )
    except FileNotFoundError:
        upload.refresh_from_db()
        _check_not_ended(upload)
        raise Elsewhere(upload.byte_count) from None
    if size == upload.byte_count:
        _complete(upload, by)
    else:
        upload.expires_at = timezone.now() + EXPIRES_AFTER
        Upload.objects.filter(pk=upload.pk, state=UploadState.RECEIVING).update(expires_at=upload.expires_at)
    return size


def arrived(*, upload: Upload, by: User) -> int:
    """How many bytes are here. The size of the file is the truth, so a whole one is queued now at the latest.

    Raises
    ------
    Gone
    """
    check_user_can_edit_upload(by, upload)
    if upload.state == UploadState.RECEIVING:
        try:
            size = quarantine.settled_size(upload.storage_key)
        except FileNotFoundError:
            upload.refresh_from_db()
        else:
            # The process that wrote the last byte may have died before it could say so.
            if size == upload.byte_count:
                _complete(upload, by)
            return size
    _check_not_ended(upload)
    return upload.byte_count


def _check_not_ended(upload: Upload) -> None:
    # A verdict on all of its bytes is no reason to deny that they came; being called off before is.
    if upload.state in ENDED and upload.code in ("cancelled", "expired", "unfinished"):
        raise Gone(upload.sentence or _("This upload has ended. Send the file again."))
    if upload.state == UploadState.RECEIVING:
        raise Gone(_("The bytes of this file are gone; send it again."))


@transaction.atomic
def _complete(upload: Upload, by: User | None) -> None:
    _hold(upload.case_id)
    expires = timezone.now() + EXPIRES_AFTER
    # Conditional: of two requests that see the file whole one goes on, and a cancelled one stays cancelled.
    if Upload.objects.filter(pk=upload.pk, state=UploadState.RECEIVING).update(
        state=UploadState.QUARANTINED, expires_at=expires
    ):
        upload.state, upload.expires_at = UploadState.QUARANTINED, expires
        _arrived(upload, by)
        return
    upload.refresh_from_db()
    _check_not_ended(upload)


def _hold(case_id: int) -> None:
    """A deletion that has begun is waited for; one that begins now finds the upload."""
    if not _locked_case.rows(pk=case_id):
        raise ValidationError(_("The case was deleted."))


def _arrived(upload: Upload, by: User | None) -> None:
    record("upload.receive", upload, by=by, bytes=upload.byte_count)
    uploads.queue(upload, by)


def _announce(upload: Upload) -> None:
    publish(f"case:{upload.case_id}", "uploads-changed", case=upload.case_id, upload=upload.pk)


def abandon(*, upload: Upload, by: User) -> None:
    """Call an upload off, whether it is arriving or waits for its judgement; its bytes are thrown away.

    Raises
    ------
    PermissionDenied
    ValidationError
        It has its verdict already.
    """
    check_user_can_edit_upload(by, upload)
    if upload.state != UploadState.RECEIVING:
        uploads.cancel(upload=upload, by=by)
        return
    with transaction.atomic():
        upload.refresh_from_db(from_queryset=Upload.objects.select_for_update())
        still = upload.state == UploadState.RECEIVING
        if still:
            check_upload_move(upload, UploadState.CANCELLED)
            uploads.close(upload, UploadState.CANCELLED, "cancelled", _("Cancelled; nothing was kept."))
            record("upload.cancel", upload, by=by)
            _announce(upload)
    if not still:
        # Its last bytes came in between.
        uploads.cancel(upload=upload, by=by)


def expire() -> int:
    """Throw away what never arrived whole; returns how many."""
    late = Upload.objects.filter(state=UploadState.RECEIVING, expires_at__lt=timezone.now())
    return sum(_expire(upload) for upload in late[:200])


@transaction.atomic
def _expire(upload: Upload) -> bool:
    row = Upload.objects.select_for_update().filter(pk=upload.pk, state=UploadState.RECEIVING).first()
    if row is None or row.expires_at >= timezone.now():
        # Finished, deleted or gone on with since it was listed.
        return False
    check_upload_move(row, UploadState.REFUSED)
    uploads.close(row, UploadState.REFUSED, "unfinished", _("This file never arrived whole. Send it again."))
    record("upload.expire", row, by=None)
    _announce(row)
    return True
