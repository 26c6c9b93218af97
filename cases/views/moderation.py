"""Reported remarks, for those who look after the talk of their cases."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases.models import RemarkReport
from cases.models.remark import MAX_REASON
from cases.services import remarks
from cases.talk_permissions import check_user_can_use_moderation
from cases.text import to_html
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.paging import page_of

PAGE_REPORTS = 30


def waiting(user: User) -> int:
    """How many reports wait for ``user``."""
    return RemarkReport.objects.open_to(user).count()


def _page(request: HttpRequest, *, trouble: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    user = person(request)
    rows = RemarkReport.objects.open_to(user).select_related("by", "remark__author", "remark__case")
    page = page_of(request, rows, size=PAGE_REPORTS, ordering=("id",))
    context = {
        "page": page,
        "rows": [
            {
                "report": row,
                "html": to_html(row.remark.text),
                "thread_text": str(row.remark.answer_to_id or row.remark_id),
            }
            for row in page.rows
        ],
        "total": waiting(user),
        "trouble": trouble or {},
        "most_reason": MAX_REASON,
    }
    return render(request, "cases/moderation.html", context, status=status)


@require_GET
def moderation(request: HttpRequest) -> HttpResponse:
    """Reports that wait, the oldest first."""
    check_user_can_use_moderation(person(request))
    return _page(request)


def _report(request: HttpRequest, pk: int) -> RemarkReport:
    user = person(request)
    check_user_can_use_moderation(user)
    rows = RemarkReport.objects.open_to(user).select_related("remark__case")
    return get_object_or_404(rows, pk=pk)


@require_POST
def report_hide(request: HttpRequest, pk: int) -> HttpResponse:
    """Hide the reported remark, with a reason that everybody sees."""
    report, reason = _report(request, pk), request.POST.get("reason", "")
    try:
        remarks.hide(remark=report.remark, reason=reason, by=person(request))
    except ValidationError as error:
        return _page(
            request,
            trouble={"report": str(pk), "text": reason, "sentence": " ".join(error.messages)},
            status=422,
        )
    messages.success(request, _("The remark is hidden, and its reports are closed."))
    return redirect("cases:moderation")


@require_POST
def report_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the reported remark stand."""
    remarks.dismiss(report=_report(request, pk), by=person(request))
    messages.success(request, _("The remark stands, and its reports are closed."))
    return redirect("cases:moderation")
