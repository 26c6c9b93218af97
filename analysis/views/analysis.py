"""Files of an analysis: pictures and the table."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from analysis.models import Analysis
from analysis.presentation import features_csv
from cases import blobs

IMMUTABLE = "private, max-age=31536000, immutable"


@require_GET
def analysis_picture(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """PNG of one step."""
    analysis = get_object_or_404(Analysis.objects.visible_to(request.user), pk=pk)  # type: ignore[arg-type]
    entry = next((entry for entry in analysis.pictures if entry["name"] == name), None)
    if entry is None:
        raise Http404
    try:
        data = blobs.get(entry["digest"])
    except FileNotFoundError as error:
        raise Http404 from error
    return HttpResponse(data, content_type="image/png", headers={"Cache-Control": IMMUTABLE})


@require_GET
def analysis_features_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Every feature of every region."""
    analysis = get_object_or_404(Analysis.objects.visible_to(request.user), pk=pk)  # type: ignore[arg-type]
    name = f"case-{analysis.case_id}-analysis-{analysis.pk}-features.csv"
    return HttpResponse(
        # The mark tells spreadsheets that the text is UTF-8; without it "mm²" arrives broken.
        "\ufeff" + features_csv(analysis),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )
