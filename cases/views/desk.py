"""The de-identification desk: what waits, and one series of it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from cases.enums import ReviewState
from cases.models import ClearanceReview, Frame, Series
from cases.permissions import check_user_can_use_desk, user_can_confirm_clearance
from cases.services import desk as services
from cases.views.series import answer
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.navigation import counts, live_url
from medweb.paging import page_of

SORTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "oldest": (gettext_lazy("Longest waiting"), ("created_at", "id")),
    "newest": (gettext_lazy("Newest"), ("-created_at", "-id")),
    "case": (gettext_lazy("Case"), ("case_title", "id")),
    "modality": (gettext_lazy("Modality"), ("modality", "id")),
    "images": (gettext_lazy("Most images"), ("-frame_count", "-id")),
}
REASONS = {
    "burned-in-flag": gettext_lazy("Its header says that text is part of the picture."),
    "kind": gettext_lazy("Devices of this kind write names onto their pictures."),
    "text": gettext_lazy("The detector found places that look like text."),
}
# Held pixels stay in no cache: after the black-out nothing of them may be left, in the browser neither.
KEEP_NOTHING = "no-store"


@counts("cases:desk")
def count(user: User) -> int:
    """How many series wait for ``user``."""
    return services.waiting(user).count()


def held_series(user: User, pk: int) -> Series:
    return get_object_or_404(services.waiting(user).select_related("case"), pk=pk)


def _rows(user: User) -> "QuerySet[Series]":
    middle = Frame.objects.filter(series=OuterRef("pk"), index=F("series__frame_count") / 2)
    return (
        services.waiting(user)
        .select_related("case__author", "review")
        .annotate(case_title=F("case__title"), cover_id=Subquery(middle.values("pk")[:1]))
    )


def sentences(reasons: list[str]) -> list[str]:
    """Why a series waits, in words; codes of later programs name themselves."""
    return [str(REASONS.get(code, code)) for code in reasons]


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """What waits: own cases of an instructor, all for administrators."""
    user = person(request)
    check_user_can_use_desk(user)
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "oldest"
    page = page_of(request, _rows(user), size=30, ordering=SORTS[sort][1])
    reasons = services.reasons_of(page.rows)
    for row in page.rows:
        row.reasons = reasons[row.pk]  # type: ignore[attr-defined]
    context = {
        "page": page,
        "sort": sort,
        "sorts": [(name, label) for name, (label, _ordering) in SORTS.items()],
        "total": count(user),
        "approved": ReviewState.APPROVED,
        "proposed": ReviewState.PROPOSED,
    }
    return render(request, "cases/desk.html", context)


@require_GET
def desk_series(request: HttpRequest, pk: int) -> HttpResponse:
    """One series under review. One that was cleared meanwhile is shown where it is now."""
    user = person(request)
    check_user_can_use_desk(user)
    series = Series.objects.visible_to(user).select_related("case").filter(pk=pk).first()
    if series is not None and not series.is_held:
        return redirect("cases:case", pk=series.case_id)
    series = held_series(user, pk)
    standing = services.standing(series)
    review = ClearanceReview.objects.filter(series=series).first()
    context = {
        "series": series,
        "case": series.case,
        "standing": standing,
        "reasons": sentences(standing.reasons),
        "next": _next(user, series),
        "waiting": count(user),
        "is_proposed": standing.state == ReviewState.PROPOSED,
        "is_approved": standing.state == ReviewState.APPROVED,
        "can_confirm": review is not None and user_can_confirm_clearance(user, review),
        "live_url": live_url(f"case:{series.case_id}", f"user:{user.pk}"),
    }
    return render(request, "cases/desk_series.html", context)


def _next(user: User, series: Series) -> Series | None:
    """The one after ``series`` that waits for somebody, from the longest waiting on, and round again."""
    rows = services.waiting(user).exclude(pk=series.pk).exclude(review__state=ReviewState.APPROVED)
    rows = rows.order_by("created_at", "id")
    return rows.filter(created_at__gte=series.created_at).first() or rows.first()


@require_POST
def desk_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a held series with its bytes."""
    user = person(request)
    check_user_can_use_desk(user)
    series = held_series(user, pk)
    after = _next(user, series)
    try:
        services.refuse(series=series, by=user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("cases:desk-series", pk=pk)
    messages.success(request, _("The series was refused; its images are deleted."))
    return redirect("cases:desk-series", pk=after.pk) if after else redirect("cases:desk")


def _frame(request: HttpRequest, pk: int) -> Frame:
    user = person(request)
    check_user_can_use_desk(user)
    return get_object_or_404(Frame.objects.filter(series__in=services.waiting(user)), pk=pk)


@require_GET
def desk_pixels(request: HttpRequest, pk: int) -> HttpResponse:
    """Raw pixels of a held frame, for those who review it."""
    return answer(
        request,
        _frame(request, pk).digest,
        "application/octet-stream",
        cache=KEEP_NOTHING,
        encoding="gzip",
    )


@require_GET
def desk_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Small picture of a held frame, for those who review it."""
    return answer(request, _frame(request, pk).preview_digest, "image/jpeg", cache=KEEP_NOTHING)
