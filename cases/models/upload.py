"""A file on its way in. Its name is never stored: names of files carry names of patients."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cases.enums import UploadState
from cases.models.case import Case
from cases.models.series import Series
from cases.querysets import UploadBatchQuerySet, UploadQuerySet

# What is not written in capitals.
_KINDS = {"nifti": "NIfTI", "metaimage": "MetaImage", "webp": "WebP", "unknown": gettext_noop("unknown")}


class UploadBatch(models.Model):
    """Files that were sent at once; one table tells the fate of each, one privacy report covers them."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="batches")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = UploadBatchQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"batch {self.pk}"


class Upload(models.Model):
    """Bytes in quarantine and what became of them."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="uploads")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(UploadBatch, null=True, on_delete=models.CASCADE, related_name="uploads")
    state = models.CharField(max_length=12, choices=UploadState, default=UploadState.QUARANTINED)
    storage_key = models.CharField(max_length=64, blank=True)
    byte_count = models.BigIntegerField()
    kind = models.CharField(max_length=12, blank=True)
    code = models.CharField(max_length=40, blank=True)
    sentence = models.TextField(blank=True)
    taken = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    doubled = models.PositiveIntegerField(default=0)
    # How often a decoder died of it; the second time it is refused.
    crashes = models.PositiveSmallIntegerField(default=0)
    removed = models.JSONField(default=dict)
    # What was found, removed and kept, by attribute and never by value; see the privacy report.
    report = models.JSONField(default=dict)
    # Files inside an archive that were refused: [{"number", "code", "sentence"}].
    inside = models.JSONField(default=list)
    # Of an archive that is being judged, what was written by now; see cases.services.tallies.
    so_far = models.JSONField(default=dict)
    series = models.ForeignKey(Series, null=True, on_delete=models.SET_NULL, related_name="uploads")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    objects = UploadQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=UploadState.values), name="known_upload_state"
            ),
        )
        indexes = (models.Index(fields=["case", "-id"], name="upload_case"),)

    def __str__(self) -> str:
        return f"upload {self.pk}"

    @property
    def sent(self) -> datetime:
        """When it was sent, or the first file of its batch."""
        return self.batch.created_at if self.batch is not None else self.created_at

    @property
    def is_pending(self) -> bool:
        return self.state in (UploadState.QUARANTINED, UploadState.CLEANING)

    @property
    def kind_name(self) -> str:
        """What the file is by its content, as people write it; empty while nobody has looked."""
        return _(_KINDS[self.kind]) if self.kind in _KINDS else self.kind.upper()
