"""The way of a case from draft to publication, and out again."""

from collections.abc import Collection
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import CaseReviewState, CaseSection, CaseStatus, NoticeKind
from cases.errors import StaleRevision
from cases.models import Case, CaseReview, ReviewNote
from cases.models.case_review import MAX_NOTE, MAX_QUOTE
from cases.permissions import check_user_can_edit_case, check_user_can_review_case, check_user_can_see_review
from cases.policies import (
    check_case_is_publishable,
    check_case_move,
    check_case_review_is_open,
    check_checklist_is_fulfilled,
)
from cases.services import cases, notices
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.live.publish import publish

MAX_REASON = 2000


def current(case: Case) -> CaseReview | None:
    """The latest round of review of a case."""
    return case.reviews.select_related("asked_by", "reviewer").order_by("-id").first()


def _locked(case: Case) -> Case:
    """The stored row, held: two people must not decide at once, and what a reader sees may lack something."""
    return Case.objects.select_for_update().get(pk=case.pk)


@transaction.atomic
def submit(*, case: Case, by: User) -> CaseReview:
    """Ask others to look at a complete draft."""
    check_user_can_edit_case(by, case)
    case = _locked(case)
    check_case_move(case, CaseStatus.IN_REVIEW)
    check_case_is_publishable(case)
    case.status = CaseStatus.IN_REVIEW
    case.save(update_fields=["status", "modified_at"])
    review = CaseReview.objects.create(case=case, asked_by=by)
    record("case.submit", case, by=by)
    _tell(case)
    before = [round.reviewer for round in case.reviews.exclude(pk=review.pk).exclude(reviewer=None)[:1]]
    # Who returned it knows what to look for; a first round is found in the list of what waits.
    notices.tell(kind=NoticeKind.CASE_SUBMITTED, to=[r for r in before if r is not None], case=case, by=by)
    return review


@transaction.atomic
def note(*, case: Case, section: str, text: str, quote: str = "", by: User) -> ReviewNote:
    """Say something about a section of a case that is in review."""
    check_user_can_see_review(by, case)
    # Somebody may be returning it in this moment.
    case = _locked(case)
    check_case_review_is_open(case)
    review = case.reviews.filter(state=CaseReviewState.OPEN).first()
    if review is None:
        raise ValidationError(_("This round of review has ended; open the case again."))
    if section not in CaseSection.values:
        raise ValidationError(_("Choose the section that your comment is about."))
    made = ReviewNote.objects.create(
        review=review,
        author=by,
        section=section,
        text=_words(text),
        quote=" ".join(quote.split())[:MAX_QUOTE],
    )
    record("case-review.note", case, by=by, section=section)
    _tell(case)
    return made


def _words(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValidationError(_("Write what should be changed; the comment is empty."))
    if len(text) > MAX_NOTE:
        raise ValidationError(
            _("A comment has at most %(most)d characters; this one has %(n)d. Shorten it, or write two.")
            % {"most": MAX_NOTE, "n": len(text)}
        )
    return text


@transaction.atomic
def settle(*, note: ReviewNote, by: User) -> ReviewNote:
    """Say that what a note asks for is done; saying it again takes it back."""
    case = note.review.case
    check_user_can_see_review(by, case)
    done = note.settled_at is None
    note.settled_at, note.settled_by = (timezone.now(), by) if done else (None, None)
    note.save(update_fields=["settled_at", "settled_by"])
    record("case-review.settle" if done else "case-review.reopen", case, by=by)
    _tell(case)
    return note


@transaction.atomic
def send_back(*, case: Case, text: str, by: User) -> CaseReview:
    """Return a case to its author: with words, or with notes that are open."""
    check_user_can_review_case(by, case)
    case = _locked(case)
    check_case_review_is_open(case)
    review = case.reviews.get(state=CaseReviewState.OPEN)
    if not text.strip() and not review.notes.filter(settled_at=None).exists():
        raise ValidationError(_("Say what should be changed, here or beside a section."))
    check_case_move(case, CaseStatus.DRAFT)
    case.status = CaseStatus.DRAFT
    case.save(update_fields=["status", "modified_at"])
    _close(review, CaseReviewState.RETURNED, by, text=_words(text) if text.strip() else "")
    record("case.return", case, by=by)
    _tell(case)
    notices.tell(kind=NoticeKind.CASE_RETURNED, to=[case.author], case=case, by=by)
    return review


@transaction.atomic
def approve(*, case: Case, revision: int, fulfilled: Collection[str], by: User) -> Case:
    """Publish a case that somebody else wrote.

    Raises
    ------
    PermissionDenied, ValidationError
    StaleRevision
        The text was changed since ``revision``, which is what the reviewer read.
    """
    check_user_can_review_case(by, case)
    case = _locked(case)
    check_case_review_is_open(case)
    check_checklist_is_fulfilled(fulfilled)
    if case.revision != revision:
        raise StaleRevision({"revision": case.revision})
    check_case_move(case, CaseStatus.PUBLISHED)
    check_case_is_publishable(case)
    review = case.reviews.get(state=CaseReviewState.OPEN)
    _close(review, CaseReviewState.APPROVED, by, fulfilled=sorted(fulfilled))
    cases.make_public(case, by=by)
    notices.tell(kind=NoticeKind.CASE_PUBLISHED, to=[case.author], case=case, by=by)
    return case


def _close(
    review: CaseReview, state: str, by: User, *, text: str = "", fulfilled: list[str] | None = None
) -> None:
    review.state, review.reviewer, review.closed_at = state, by, timezone.now()
    review.text, review.fulfilled = text, fulfilled or []
    review.save()


@transaction.atomic
def retract(*, case: Case, reason: str, by: User) -> Case:
    """Take a published case away from its readers and tell them why.

    Its row stays with its collections and models, which say how many of their cases were retracted.
    """
    check_user_can_edit_case(by, case)
    case = _locked(case)
    check_case_move(case, CaseStatus.RETRACTED)
    reason = reason.strip()
    if not reason:
        raise ValidationError(_("Say why the case is retracted; its readers will see this."))
    if len(reason) > MAX_REASON:
        raise ValidationError(_("The reason has at most %(most)d characters.") % {"most": MAX_REASON})
    case.status, case.retracted_at, case.retraction_reason = CaseStatus.RETRACTED, timezone.now(), reason
    case.save(update_fields=["status", "retracted_at", "retraction_reason", "modified_at"])
    record("case.retract", case, by=by)
    _tell(case)
    return case


@transaction.atomic
def set_due(*, case: Case, on: date | None, by: User) -> Case:
    """Set the day on which a published case is to be looked at again; ``None`` for never."""
    check_user_can_edit_case(by, case)
    case = _locked(case)
    if on is not None and on < timezone.localdate():
        raise ValidationError(_("Choose today or a later day."))
    case.review_due_on = on
    case.save(update_fields=["review_due_on", "modified_at"])
    record("case.set-due", case, by=by)
    _tell(case)
    return case


def remind() -> int:
    """Tell the authors of cases whose day has come, each once for that day."""
    told = 0
    for case in Case.objects.due().select_related("author").order_by("pk").iterator():
        since = case.author.notices.filter(kind=NoticeKind.CASE_DUE, case=case)
        if since.filter(made_at__date__gte=case.review_due_on).exists():
            continue
        with transaction.atomic():
            told += len(notices.tell(kind=NoticeKind.CASE_DUE, to=[case.author], case=case))
    return told


def _tell(case: Case) -> None:
    publish(f"case:{case.pk}", "case-changed", case=case.pk)
