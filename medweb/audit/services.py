"""The only door to the audit trail."""

from typing import Any

from django.db import models

from medweb.audit.models import AuditEvent


def record(verb: str, subject: models.Model, *, by: models.Model | None, **details: Any) -> AuditEvent:
    """Write one event in the caller's transaction; ``details`` hold names of fields and counts, no values.

    Parameters
    ----------
    verb : str
        Past or imperative verb with its noun, e.g. ``"case.publish"``.
    subject : Model
        What it was done to; kept as type and primary key.
    by : User or None
        Who did it; ``None`` for the system itself.
    """
    return AuditEvent.objects.create(
        actor_id=by.pk if by is not None else None,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        details=details,
    )
