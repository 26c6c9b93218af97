"""Writing cases."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import CaseReviewState, CaseStatus
from cases.errors import StaleRevision
from cases.models import Case, CaseReview, Frame, Instance
from cases.permissions import check_user_can_create_case, check_user_can_edit_case
from cases.policies import (
    check_case_is_publishable,
    check_case_move,
    check_case_saves_itself,
    check_may_publish_alone,
    check_text_may_change,
)
from cases.services import credits, quarantine, snapshots
from cases.services.terms import term_for
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.jobs.run import end_about
from medweb.live.publish import publish

DUE_AFTER = timedelta(days=730)
"""After which time a published case is to be looked at again, unless its editors set another day."""

TEXT_FIELDS = (
    "title",
    "history",
    "findings",
    "differential",
    "diagnosis",
    "discussion",
    "management",
    "modality",
    "body_region",
    "level",
    "keywords",
    "source",
    "neutral_title",
    "unknown",
    "abstract",
    "certainty",
    "proof",
    "pearls",
    "organ_system",
    "age_band",
    "sex",
    "licence",
    "language",
)


@transaction.atomic
def create(*, fields: dict[str, Any], by: User) -> Case:
    """Make a draft.

    Parameters
    ----------
    fields : dict
        Names of :data:`TEXT_FIELDS` and of :data:`~cases.services.credits.ROW_FIELDS`; ``diagnosis_text``
        for a wording, with ``diagnosis_term`` when it was chosen among terms.
    """
    check_user_can_create_case(by)
    fields, rows = _resolved(fields, by)
    case = Case(author=by, **fields)
    case.full_clean()
    case.save()
    credits.write(case, rows, by=by)
    snapshots.keep(case, by=by)
    record("case.create", case, by=by)
    return case


@transaction.atomic
def update(
    *,
    case: Case,
    revision: int,
    fields: dict[str, Any],
    unasked: bool = False,
    by: User,
    restored_from: int | None = None,
) -> Case:
    """Save the text over ``revision``.

    Parameters
    ----------
    unasked : bool
        A form that saves by itself while somebody writes; only drafts are written so.

    Raises
    ------
    StaleRevision
        When somebody saved in between; carries the stored revision.
    """
    check_user_can_edit_case(by, case)
    if unasked:
        check_case_saves_itself(case)
    fields, rows = _resolved(fields, by)
    changed = Case.objects.filter(pk=case.pk, revision=revision).update(
        revision=F("revision") + 1, modified_at=timezone.now()
    )
    if not changed:
        case.refresh_from_db()
        raise StaleRevision({"revision": case.revision})
    case.refresh_from_db()
    check_text_may_change(case, by)
    snapshots.keep_before(case)
    for name, value in fields.items():
        setattr(case, name, value)
    case.full_clean(exclude=["author"])
    if case.is_published:
        check_case_is_publishable(case)
    case.save()
    credits.write(case, rows, by=by)
    snapshots.keep(case, by=by, restored_from=restored_from)
    record("case.update", case, by=by, fields=sorted({*fields, *rows}), unasked=unasked)
    publish(f"case:{case.pk}", "case-changed", case=case.pk)
    return case


def _resolved(fields: dict[str, Any], by: User) -> tuple[dict[str, Any], credits.Rows]:
    """Known fields only; a typed diagnosis becomes a term here, after the right to write was checked."""
    fields = dict(fields)
    rows = credits.take(fields, by=by)
    chosen = fields.pop("diagnosis_term", None)
    if "diagnosis_text" in fields:
        fields["diagnosis"] = term_for(fields.pop("diagnosis_text"), chosen=chosen, by=by)
    if unknown := set(fields) - set(TEXT_FIELDS):
        raise ValidationError(f"These fields cannot be set here: {', '.join(sorted(unknown))}.")
    return fields, rows


@transaction.atomic
def publish_case(*, case: Case, by: User) -> Case:
    """Let everyone who may see its collections read it."""
    check_user_can_edit_case(by, case)
    check_case_move(case, CaseStatus.PUBLISHED)
    check_may_publish_alone(case, by)
    check_case_is_publishable(case)
    return make_public(case, by=by)


def make_public(case: Case, *, by: User) -> Case:
    """Publish, after whoever had to agree did; inside the caller's transaction."""
    case.status = CaseStatus.PUBLISHED
    case.published_at = timezone.now()
    today = timezone.localdate()
    if case.review_due_on is None or case.review_due_on <= today:
        case.review_due_on = today + DUE_AFTER
    case.save(update_fields=["status", "published_at", "review_due_on", "modified_at"])
    CaseReview.objects.filter(case=case, state=CaseReviewState.OPEN).update(
        state=CaseReviewState.APPROVED, reviewer=by, closed_at=timezone.now()
    )
    record("case.publish", case, by=by)
    publish(f"case:{case.pk}", "case-changed", case=case.pk)
    return case


@transaction.atomic
def withdraw(*, case: Case, by: User) -> Case:
    """Make a published or retracted case a draft again; a review that was asked for ends."""
    check_user_can_edit_case(by, case)
    check_case_move(case, CaseStatus.DRAFT)
    CaseReview.objects.filter(case=case, state=CaseReviewState.OPEN).update(
        state=CaseReviewState.TAKEN_BACK, closed_at=timezone.now()
    )
    case.status = CaseStatus.DRAFT
    case.retracted_at, case.retraction_reason = None, ""
    case.save(update_fields=["status", "retracted_at", "retraction_reason", "modified_at"])
    record("case.withdraw", case, by=by)
    publish(f"case:{case.pk}", "case-changed", case=case.pk)
    return case


@transaction.atomic
def delete(*, case: Case, by: User) -> None:
    """Remove a case with its pictures, and stop the work on it.

    Raw bytes go at once; clean ones, which other cases may share, with the chore that finds them unnamed.
    """
    check_user_can_edit_case(by, case)
    # First the jobs, then the case: the order in which finish() locks them. An upload that is just being
    # written is waited for, and its pictures go with the rest.
    end_about(f"case:{case.pk}", _("The case was deleted."))
    if Case.objects.select_for_update().filter(pk=case.pk).first() is None:
        # Somebody else was faster.
        return
    keys = [key for key in case.uploads.values_list("storage_key", flat=True) if key]
    record("case.delete", case, by=by)
    case.delete()

    def forget() -> None:
        for key in keys:
            quarantine.discard(key)

    transaction.on_commit(forget)


def named_digests() -> Iterator[str]:
    """Every digest that a picture of a case names."""
    yield from Instance.objects.order_by().values_list("digest", flat=True).iterator()
    for digests in Frame.objects.order_by().values_list("digest", "preview_digest").iterator():
        yield from digests
