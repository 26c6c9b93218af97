"""What the text of a case was, kept with every save."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from cases.models import Case, CaseVersion
from medweb.accounts.models import User

MERGED_WITHIN = timedelta(minutes=10)
"""A form saves by itself every few seconds; what one person writes in so long is one version."""

FIELDS = (
    "title", "neutral_title", "unknown", "abstract", "history", "findings", "differential", "certainty",
    "proof", "discussion", "management", "pearls", "modality", "body_region", "organ_system", "age_band",
    "sex", "level", "keywords", "source", "licence", "language",
)  # fmt: skip
LISTS = ("authors", "references")
"""Rows that belong to the text; the lines of the differential are a column as well."""


def snapshot(case: Case) -> dict[str, Any]:
    """The text of ``case`` as a version keeps it."""
    fields: dict[str, Any] = {name: getattr(case, name) for name in FIELDS}
    term = case.diagnosis
    fields["diagnosis"] = (
        {"system": term.system, "code": term.code, "display": term.display} if term is not None else None
    )
    authors, references = case.authors.order_by("position"), case.references.order_by("position")
    fields["authors"] = [{"name": row.name, "affiliation": row.affiliation} for row in authors]
    fields["references"] = [{"text": row.text, "doi": row.doi} for row in references]
    return fields


def keep(case: Case, *, by: User, restored_from: int | None = None) -> CaseVersion | None:
    """Keep the text of ``case`` as ``by`` just saved it; ``None`` when it is that of the last version.

    Called inside the transaction of the save, which holds the row of the case.
    """
    if case.taken_out:
        raise RuntimeError("this row lacks what its reader may not see yet; a version needs all of it")
    now, fields = timezone.now(), snapshot(case)
    last = case.versions.order_by("-number").first()
    if last is not None and last.fields == fields and restored_from is None:
        return None
    merged = (
        last is not None
        and restored_from is None
        and last.restored_from is None
        and last.saved_by_id == by.pk
        and last.status == case.status
        # The first one is what others may have read before; it stays.
        and last.number > 1
        and now - last.begun_at < MERGED_WITHIN
    )
    if last is not None and merged:
        last.fields, last.saved_at = fields, now
        last.save(update_fields=["fields", "saved_at"])
        return last
    return CaseVersion.objects.create(
        case=case,
        number=last.number + 1 if last else 1,
        fields=fields,
        status=case.status,
        saved_by=by,
        restored_from=restored_from,
    )


def keep_before(case: Case) -> None:
    """Keep the text as it is before its first change: cases written before there were versions have none."""
    if not case.versions.exists():
        keep(case, by=case.author)
