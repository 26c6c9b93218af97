"""Models on the start page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from analysis.enums import ModelState
from analysis.models import ModelVersion
from analysis.permissions import check_user_can_see_models
from medweb.accounts.current import person

MOST_ROWS = 5


@require_GET
def home_models(request: HttpRequest) -> HttpResponse:
    """Fragment: candidates that nobody has promoted, and how many models are in use."""
    user = person(request)
    check_user_can_see_models(user)
    rows = ModelVersion.objects.visible_to(user)
    waiting = rows.filter(state=ModelState.CANDIDATE)
    context = {
        "candidates": waiting.select_related("collection").order_by("-id")[:MOST_ROWS],
        "waiting": waiting.count(),
        "in_use": rows.promoted().count(),
    }
    return render(request, "analysis/_home_models.html", context)
