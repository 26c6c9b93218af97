"""The privacy report of an upload or a batch: a page, and downloads. For those who may edit the case."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cases.models import Case, Upload, UploadBatch
from cases.services import privacy
from medweb.accounts.current import person

# A longer table is told group by group: a batch of many kinds of files has hundreds of rows.
ROWS_IN_ONE_TABLE = 100


def _upload(request: HttpRequest, pk: int) -> Upload:
    return get_object_or_404(Upload.objects.visible_to(person(request)).select_related("case"), pk=pk)


def _batch(request: HttpRequest, pk: int) -> UploadBatch:
    return get_object_or_404(UploadBatch.objects.visible_to(person(request)).select_related("case"), pk=pk)


def _groups(lines: Iterable[privacy.Line]) -> list[dict[str, Any]]:
    """``lines``, which are in the order of their groups, as one table for each."""
    return [
        {"label": privacy.GROUPS[name], "label_id": f"group-{name}", "lines": list(rows)}
        for name, rows in groupby(lines, key=lambda line: line.group)
    ]


def _page(request: HttpRequest, found: privacy.PrivacyReport, case: Case, name: str, pk: int) -> HttpResponse:
    fates = {"removed": _("Removed"), "changed": _("Changed"), "kept": _("Kept")}
    show = request.GET.get("show", "")
    here = reverse(f"cases:{name}-report", args=[pk])
    filters = [
        {
            "label": label,
            "url": f"{here}?show={fate}" if fate else here,
            "count": found.count(fate) if fate else sum(found.counts.values()),
            "current": fate == (show if show in fates else ""),
        }
        for fate, label in {"": _("All"), **fates}.items()
    ]
    lines = [line for line in found.lines if line.fate == show] if show in fates else found.lines
    context = {
        "groups": _groups(lines) if len(lines) > ROWS_IN_ONE_TABLE else [],
        "case": case,
        "report": found,
        "summary": privacy.summary_of(found),
        "lines": lines,
        "filters": filters,
        "json_url": reverse(f"cases:{name}-report-json", args=[pk]),
        "csv_url": reverse(f"cases:{name}-report-csv", args=[pk]),
    }
    return render(request, "cases/privacy.html", context)


def _json(found: privacy.PrivacyReport, name: str) -> HttpResponse:
    answer = JsonResponse(privacy.as_json(found), json_dumps_params={"indent": 1})
    return _download(answer, f"{name}.json")


def _csv(found: privacy.PrivacyReport, name: str) -> HttpResponse:
    answer = HttpResponse(privacy.as_csv(found), content_type="text/csv; charset=utf-8")
    return _download(answer, f"{name}.csv")


def _download(answer: HttpResponse, name: str) -> HttpResponse:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_GET
def upload_report(request: HttpRequest, pk: int) -> HttpResponse:
    upload = _upload(request, pk)
    return _page(request, privacy.of_upload(upload), upload.case, "upload", pk)


@require_GET
def upload_report_json(request: HttpRequest, pk: int) -> HttpResponse:
    return _json(privacy.of_upload(_upload(request, pk)), f"privacy-upload-{pk}")


@require_GET
def upload_report_csv(request: HttpRequest, pk: int) -> HttpResponse:
    return _csv(privacy.of_upload(_upload(request, pk)), f"privacy-upload-{pk}")


@require_GET
def batch_report(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    return _page(request, privacy.of_batch(batch), batch.case, "batch", pk)


@require_GET
def batch_report_json(request: HttpRequest, pk: int) -> HttpResponse:
    return _json(privacy.of_batch(_batch(request, pk)), f"privacy-batch-{pk}")


@require_GET
def batch_report_csv(request: HttpRequest, pk: int) -> HttpResponse:
    return _csv(privacy.of_batch(_batch(request, pk)), f"privacy-batch-{pk}")
