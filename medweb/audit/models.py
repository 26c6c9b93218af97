"""What happened, who did it, to what: rows that outlive the people and things they name."""

from typing import Any

from django.db import models
from django.utils import timezone


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Reads and adds; ``bulk_update`` ends in ``update`` as well."""

    def update(self, **_values: Any) -> int:
        raise TypeError("Audit events are written once and never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit events are never deleted.")


class AuditEvent(models.Model):
    """One act. No foreign keys: deleting a case or a person must not delete or block its trail."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor_id = models.BigIntegerField(null=True, db_index=True)
    verb = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=64)
    details = models.JSONField(default=dict)

    objects = AuditEventQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["subject_type", "subject_id"], name="audit_subject"),
            models.Index(fields=["verb", "-id"], name="audit_verb"),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("Audit events are written once and never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit events are never deleted.")
