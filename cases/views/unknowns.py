"""Reading a case as an unknown, on its page."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cases.enums import ReadingStage
from cases.services import unknowns as services
from cases.views.case import render_case, stored_case, visible_case
from medweb.accounts.current import person

PARTS = {
    ReadingStage.FINDINGS: "findings",
    ReadingStage.DIAGNOSIS: "diagnosis",
    ReadingStage.EVERYTHING: "discussion",
}


def _told(stage: ReadingStage) -> str:
    return {
        ReadingStage.FINDINGS: _("The findings are shown, with the author's drawing."),
        ReadingStage.DIAGNOSIS: _("Differential and diagnosis are shown."),
        ReadingStage.EVERYTHING: _("The whole case is shown."),
    }[stage]


@require_POST
def unknown_begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Hide everything but images and history from the asking person."""
    user = person(request)
    try:
        services.begin(case=stored_case(user, pk), by=user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("You read this case as an unknown. Ask for the rest step by step."))
    return redirect("cases:case", pk=pk)


@require_POST
def unknown_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one step more, or everything; with htmx the page itself, so that the images stay as they are."""
    user = person(request)
    case = stored_case(user, pk)
    try:
        stage = services.stage_named(request.POST.get("stage", ""))
        services.reveal(case=case, stage=stage, by=user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("cases:case", pk=pk)
    part = PARTS.get(stage, "")
    if not request.headers.get("HX-Request"):
        return redirect(f"{reverse('cases:case', args=[pk])}#{part}")
    response = render_case(request, visible_case(user, pk), just_shown=part)
    news: dict[str, Any] = {"medweb:annotations-changed": {"case": pk}}
    if part:
        news["medweb:toast"] = {"text": _told(stage), "level": "success"}
    response["HX-Trigger"] = json.dumps(news)
    return response
