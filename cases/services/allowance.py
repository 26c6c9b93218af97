"""How much may still be sent: per file, per batch, per person. Told before the first byte."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from cases.enums import UploadState
from cases.models import Upload, UploadBatch
from cases.services import quarantine
from medweb.accounts.models import User

ARRIVING = (UploadState.RECEIVING, UploadState.QUARANTINED, UploadState.CLEANING)
# Adding up the rows of ten thousand files for each file that comes in would cost more than taking it in.
_REMEMBERED_SECONDS = 5.0
_REMEMBERED_MOST = 1000


@dataclass(frozen=True)
class Limits:
    """What one person may send; sizes in bytes."""

    file_bytes: int
    batch_bytes: int
    batch_files: int
    left_bytes: int

    def as_json(self) -> dict[str, int]:
        """The same for scripts."""
        return {
            "file_bytes": self.file_bytes,
            "batch_bytes": self.batch_bytes,
            "batch_files": self.batch_files,
            "left_bytes": self.left_bytes,
        }


@dataclass
class _Sum:
    """Files and bytes that were counted a moment ago, and those that this process let in since."""

    counted_at: float
    files: int
    byte_count: int


_sums: dict[Hashable, _Sum] = {}


def _counted(key: Hashable, count: Callable[[], tuple[int, int]]) -> _Sum:
    now = time.monotonic()
    known = _sums.get(key)
    if known is None or now - known.counted_at > _REMEMBERED_SECONDS:
        if len(_sums) > _REMEMBERED_MOST:
            _sums.clear()
        known = _sums[key] = _Sum(now, *count())
    return known


def _of_person(user: User) -> _Sum:
    def count() -> tuple[int, int]:
        # What was accepted counts as long as its series is there: deleting a case gives the room back.
        held = Q(state__in=ARRIVING) | Q(state=UploadState.ACCEPTED, series__isnull=False)
        found = Upload.objects.filter(held, created_by=user).aggregate(
            files=Count("pk"), sum=Sum("byte_count")
        )
        return found["files"], found["sum"] or 0

    # A primary key is given twice when its first owner is gone; the moment of joining is not.
    return _counted(("user", user.pk, user.date_joined), count)


def _of_batch(batch: UploadBatch) -> _Sum:
    def count() -> tuple[int, int]:
        found = Upload.objects.filter(batch=batch).aggregate(files=Count("pk"), sum=Sum("byte_count"))
        return found["files"], found["sum"] or 0

    return _counted(("batch", batch.pk, batch.created_at), count)


def limits_of(user: User) -> Limits:
    """Limits for ``user`` at this moment."""
    return Limits(
        settings.UPLOAD_MAX_BYTES,
        settings.BATCH_MAX_BYTES,
        settings.BATCH_MAX_FILES,
        max(settings.USER_MAX_BYTES - _of_person(user).byte_count, 0),
    )


def check(user: User, batch: UploadBatch | None, byte_count: int) -> None:
    """Raise unless a file of ``byte_count`` bytes may come in.

    The sums are a few seconds old at most, so several processes together may let in a little more.

    Raises
    ------
    ValidationError
        An empty file, too many files, or too many bytes at once or altogether.
    quarantine.TooLarge, quarantine.DiskFull
    """
    if byte_count <= 0:
        raise ValidationError(_("This file is empty. Export it again and send it once more."))
    if byte_count > settings.UPLOAD_MAX_BYTES:
        raise quarantine.TooLarge(settings.UPLOAD_MAX_BYTES)
    quarantine.check_room(byte_count)
    person = _of_person(user)
    if person.byte_count + byte_count > settings.USER_MAX_BYTES:
        raise ValidationError(
            _("Your files fill the %(size)s that each person may store here. Delete cases you do not need.")
            % {"size": filesizeformat(settings.USER_MAX_BYTES)}
        )
    if batch is not None:
        sent = _of_batch(batch)
        if sent.files + 1 > settings.BATCH_MAX_FILES:
            raise ValidationError(
                _("At most %(n)d files can be sent at once. Send the others afterwards.")
                % {"n": settings.BATCH_MAX_FILES}
            )
        if sent.byte_count + byte_count > settings.BATCH_MAX_BYTES:
            raise ValidationError(
                _("At most %(size)s can be sent at once. Send the other files afterwards.")
                % {"size": filesizeformat(settings.BATCH_MAX_BYTES)}
            )


def count_in(user: User, batch: UploadBatch | None, byte_count: int) -> None:
    """Remember a file that was let in."""
    for known in (_of_person(user), *([_of_batch(batch)] if batch is not None else [])):
        known.files += 1
        known.byte_count += byte_count
