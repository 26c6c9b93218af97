"""A case on its way to publication: handing in, the review, the verdict, re-review and retraction."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from cases.enums import CaseReviewState, CaseSection, CaseStatus, ReviewQuestion
from cases.errors import StaleRevision
from cases.models import Case, CaseReview, ReviewNote
from cases.models.case_review import MAX_NOTE, MAX_QUOTE
from cases.permissions import (
    check_user_can_see_review,
    check_user_can_use_reviews,
    user_can_edit_case,
    user_can_review_case,
)
from cases.services import case_reviews as services
from cases.text import lines_of, to_html
from cases.views.case import stored_case
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.navigation import live_url
from medweb.paging import page_of

PAGE_ROWS = 30


def _reviewed(request: HttpRequest, pk: int) -> tuple[User, Case]:
    user = person(request)
    case = stored_case(user, pk)
    check_user_can_see_review(user, case)
    return user, case


def _section_text(case: Case, section: str) -> str | SafeString:
    """What a reviewer reads of a section."""
    if section in (CaseSection.WHOLE, CaseSection.IMAGES):
        return ""
    if section == CaseSection.TITLE:
        return case.title
    if section == CaseSection.DIFFERENTIAL:
        return "\n".join(lines_of(case.differential))
    if section == CaseSection.DIAGNOSIS:
        name = case.diagnosis.display if case.diagnosis else ""
        said = (name, case.get_certainty_display() if case.certainty else "", case.proof)
        return " · ".join(part for part in said if part)
    if section == CaseSection.REFERENCES:
        told = [" ".join(part for part in (row.text, row.doi) if part) for row in case.references.all()]
        return "\n".join([*told, case.source] if case.source else told)
    return to_html(getattr(case, section))


def _sections(case: Case, review: CaseReview | None) -> list[dict[str, Any]]:
    notes = list(review.notes.select_related("author", "settled_by")) if review is not None else []
    return [
        {
            "code": section.value,
            "label": section.label,
            "text": _section_text(case, section),
            "notes": [note for note in notes if note.section == section],
        }
        for section in CaseSection
    ]


def _page(
    request: HttpRequest,
    user: User,
    case: Case,
    *,
    typed: dict[str, Any] | None = None,
    trouble: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; ``typed`` is what a refused form held, so that nothing is lost."""
    review = services.current(case)
    context = {
        "case": case,
        "review": review,
        "is_open": case.status == CaseStatus.IN_REVIEW,
        "sections": _sections(case, review),
        "questions": ReviewQuestion.choices,
        "rounds": case.reviews.select_related("asked_by", "reviewer"),
        "open_notes": review.notes.filter(settled_at=None).count() if review is not None else 0,
        "can_edit": user_can_edit_case(user, case),
        "can_review": user_can_review_case(user, case) and case.status == CaseStatus.IN_REVIEW,
        "typed": typed or {},
        "trouble": trouble or [],
        "most": MAX_NOTE,
        "most_quote": MAX_QUOTE,
        "live_url": live_url(f"case:{case.pk}", f"user:{user.pk}"),
    }
    return render(request, "cases/case_review.html", context, status=status)


@require_GET
def case_review(request: HttpRequest, pk: int) -> HttpResponse:
    """The case as a reviewer reads it: sections with notes, the checklist, the verdict, earlier rounds."""
    return _page(request, *_reviewed(request, pk))


@require_POST
def case_review_note(request: HttpRequest, pk: int) -> HttpResponse:
    user, case = _reviewed(request, pk)
    sent = {name: request.POST.get(name, "") for name in ("section", "text", "quote")}
    try:
        services.note(case=case, **sent, by=user)
    except ValidationError as error:
        return _page(request, user, case, typed=sent, trouble=error.messages, status=422)
    response = redirect("cases:case-review", pk=pk)
    response["Location"] += f"#section-{sent['section']}"
    return response


@require_POST
def case_review_settle(request: HttpRequest, pk: int, note: int) -> HttpResponse:
    user, case = _reviewed(request, pk)
    row = get_object_or_404(ReviewNote.objects.filter(review__case=case), pk=note)
    services.settle(note=row, by=user)
    response = redirect("cases:case-review", pk=pk)
    response["Location"] += f"#section-{row.section}"
    return response


@require_POST
def case_review_return(request: HttpRequest, pk: int) -> HttpResponse:
    user, case = _reviewed(request, pk)
    text = request.POST.get("text", "")
    try:
        services.send_back(case=case, text=text, by=user)
    except ValidationError as error:
        return _page(request, user, case, typed={"verdict": text}, trouble=error.messages, status=422)
    messages.success(request, _("The case is back with its author."))
    return redirect("cases:case-reviews")


@require_POST
def case_review_approve(request: HttpRequest, pk: int) -> HttpResponse:
    user, case = _reviewed(request, pk)
    fulfilled = [one for one in request.POST.getlist("fulfilled") if one in ReviewQuestion.values]
    sent = request.POST.get("revision", "")
    revision = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 10 else 0
    typed = {"fulfilled": fulfilled}
    try:
        services.approve(case=case, revision=revision, fulfilled=fulfilled, by=user)
    except StaleRevision:
        told = _("The text was changed while you read it. It is shown as it is now; look at it once more.")
        return _page(request, user, case, typed=typed, trouble=[told], status=409)
    except ValidationError as error:
        return _page(request, user, case, typed=typed, trouble=error.messages, status=422)
    messages.success(request, _("The case is approved and published."))
    return redirect("cases:case", pk=pk)


def _act(request: HttpRequest, pk: int, act: Callable[[Case, User], str]) -> HttpResponse:
    """Do something with a case and say how it went; ``act`` gives the sentence of success."""
    user = person(request)
    case = stored_case(user, pk)
    try:
        messages.success(request, act(case, user))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("cases:case", pk=pk)


@require_POST
def case_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a review."""

    def act(case: Case, user: User) -> str:
        services.submit(case=case, by=user)
        return _("The case waits for a reviewer; you can still change it, or take it back.")

    return _act(request, pk, act)


@require_POST
def case_retract(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a published case away from its readers."""

    def act(case: Case, user: User) -> str:
        services.retract(case=case, reason=request.POST.get("reason", ""), by=user)
        return _("The case is retracted; its readers are told why.")

    return _act(request, pk, act)


@require_POST
def case_due(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the day of the next review."""

    def act(case: Case, user: User) -> str:
        sent = request.POST.get("on", "").strip()
        try:
            on = date.fromisoformat(sent) if sent else None
        except ValueError:
            raise ValidationError(_("Write the day as year-month-day, such as 2028-05-31.")) from None
        services.set_due(case=case, on=on, by=user)
        return _("The day of the next review is set.") if on else _("No day of review is set any more.")

    return _act(request, pk, act)


LISTS = {
    "waiting": (gettext_lazy("Waiting for my review"), gettext_lazy("No case waits for your review.")),
    "mine": (gettext_lazy("Handed in by me"), gettext_lazy("None of your cases is in review.")),
    "returned": (gettext_lazy("Returned to me"), gettext_lazy("No case was returned to you.")),
    "due": (gettext_lazy("Due for re-review"), gettext_lazy("None of your cases is due.")),
}


def listed(user: User, name: str) -> QuerySet[Case]:
    """Cases of one of :data:`LISTS`."""
    own = Case.objects.visible_to(user).filter(author=user)
    if name == "waiting":
        return Case.objects.waiting_for(user)
    if name == "mine":
        return own.filter(status=CaseStatus.IN_REVIEW)
    if name == "due":
        return own.due()
    # Returned and not handed in again: the state of the latest round.
    last = CaseReview.objects.filter(case=OuterRef("pk")).order_by("-id").values("state")[:1]
    returned = CaseReview.objects.filter(case=OuterRef("pk"), state=CaseReviewState.RETURNED)
    drafts = own.filter(Exists(returned), status=CaseStatus.DRAFT).annotate(last_round=Subquery(last))
    return drafts.filter(last_round=CaseReviewState.RETURNED)


@require_GET
def case_reviews(request: HttpRequest) -> HttpResponse:
    """Cases that wait for somebody, by for whom."""
    user = person(request)
    check_user_can_use_reviews(user)
    shown = request.GET.get("show", "")
    shown = shown if shown in LISTS else "waiting"
    asked = CaseReview.objects.filter(case=OuterRef("pk")).order_by("-id").values("asked_at")[:1]
    rows = listed(user, shown).select_related("author").annotate(asked_at=Subquery(asked))
    context = {
        "page": page_of(request, rows, size=PAGE_ROWS, ordering=("-modified_at", "-id")),
        "shown": shown,
        "none": LISTS[shown][1],
        "tabs": [(name, label, listed(user, name).count()) for name, (label, _none) in LISTS.items()],
        "live_url": live_url(f"user:{user.pk}"),
    }
    return render(request, "cases/case_reviews.html", context)
