"""What analysis has to say on a case page."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from analysis import presentation
from analysis.models import Analysis, Prediction
from analysis.permissions import check_user_can_analyse_case, user_can_see_models
from analysis.policies import case_is_analysable
from analysis.services import analyses, queries
from cases.enums import ReadingStage
from cases.models import Case
from cases.veil import covered
from medweb.accounts.models import User
from medweb.jobs.models import Job, State
from medweb.jobs.services import check_user_can_stop
from medweb.navigation import live_url


def visible_case(request: HttpRequest, case_id: int) -> Case:
    user: User = request.user  # type: ignore[assignment]
    return covered(get_object_or_404(Case.objects.visible_to(user), pk=case_id), user)


def is_fragment(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))


def status_context(request: HttpRequest, case: Case, sentence: str = "") -> dict[str, Any]:
    """The button, the progress of a running analysis, or why the last one did not end well."""
    user: User = request.user  # type: ignore[assignment]
    job = queries.case_job(case)
    failed = job if job is not None and job.state in (State.FAILED, State.CANCELLED) else None
    try:
        check_user_can_analyse_case(user, case)
        may, (ready, reason) = True, case_is_analysable(case)
    except PermissionDenied as error:
        may, ready, reason = False, False, str(error)
    return {
        "case": case,
        "job": job if job is not None and job.is_active else None,
        "failed": failed,
        "sentence": sentence or (failed.error if failed else ""),
        "may_analyse": may,
        "ready": ready,
        "reason": reason,
        # Students get no button at all; an instructor on somebody else's case learns why.
        "explain": may or user_can_see_models(user),
        "can_stop": job is not None and job.is_active and _can_stop(user, job),
        # That there are results, and where, would tell of what is to be found.
        "is_veiled": case.stage_shown != ReadingStage.EVERYTHING,
        "has_analysis": case.stage_shown == ReadingStage.EVERYTHING and case.analyses.exists(),
    }


def _can_stop(user: User, job: Job) -> bool:
    try:
        check_user_can_stop(user, job)
    except PermissionDenied:
        return False
    return True


def features_context(request: HttpRequest, case: Case, analysis: Analysis | None) -> dict[str, Any]:
    if analysis is None:
        return {"case": case, "analysis": None}
    query = request.GET.get("q", "")[:100]
    every = presentation.columns(analysis)
    found = every[: presentation.MAX_COLUMNS]
    made = presentation.groups(found, query=query)
    return {
        "case": case,
        "analysis": analysis,
        "query": query,
        "columns": found,
        "hidden_columns": len(every) - len(found),
        "region_count": len(every) - 1,
        "groups": made if query else [presentation.at_a_glance(made), *made],
    }


def _prediction_view(prediction: Prediction, overlaid: set[int]) -> dict[str, Any]:
    ranked = sorted(prediction.probabilities.items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        "row": prediction,
        "probabilities": [(label, p, f"{100 * p:.1f}") for label, p in ranked],
        "explanation": presentation.explanation(prediction.explanation),
        "overlaid": prediction.pk in overlaid,
    }


@require_GET
def case_panel(request: HttpRequest, case_id: int) -> HttpResponse:
    """Everything about one case; a fragment for the case page, a page of its own without htmx."""
    user: User = request.user  # type: ignore[assignment]
    case = visible_case(request, case_id)
    analysis = queries.latest_analysis(case, user)
    predictions = queries.current_predictions(case, user)
    stamp = queries.stamp(analysis, predictions)
    overlaid = queries.overlaid(predictions, user)
    context = {
        **status_context(request, case),
        **features_context(request, case, analysis),
        "predictions": [_prediction_view(p, overlaid) for p in predictions],
        "stamp": stamp,
        "sees_models": user_can_see_models(user),
    }
    if not is_fragment(request):
        context["live_url"] = live_url(f"case:{case.pk}", f"user:{user.pk}")
        return render(request, "analysis/case.html", context)
    response = render(request, "analysis/_case_panel.html", context)
    known = request.GET.get("since", "")
    # Only a region that re-reads itself sends its stamp: a page that was just opened gets no toast.
    if known and known != stamp:
        fresh = known.partition("-")[0] != stamp.partition("-")[0]
        text = _("The analysis is ready.") if fresh else _("The predictions were renewed.")
        response["HX-Trigger"] = json.dumps({"medweb:toast": {"text": text, "level": "success"}})
    return response


@require_GET
def case_status(request: HttpRequest, case_id: int) -> HttpResponse:
    """Fragment: button or progress; small, because it is read again on every step of the job."""
    case = visible_case(request, case_id)
    return render(request, "analysis/_case_status.html", status_context(request, case))


@require_GET
def case_features(request: HttpRequest, case_id: int) -> HttpResponse:
    """Fragment: the feature tables, filtered by ``q``."""
    user: User = request.user  # type: ignore[assignment]
    case = visible_case(request, case_id)
    context = features_context(request, case, queries.latest_analysis(case, user))
    return render(request, "analysis/_case_features.html", context)


@require_POST
def analyse(request: HttpRequest, case_id: int) -> HttpResponse:
    """Ask for an analysis."""
    user: User = request.user  # type: ignore[assignment]
    case = visible_case(request, case_id)
    sentence, status = "", 200
    try:
        analyses.request(case=case, by=user)
    except ValidationError as error:
        sentence, status = " ".join(error.messages), 422
    if not is_fragment(request):
        if sentence:
            messages.error(request, sentence)
        return redirect("cases:case", case.pk)
    context = status_context(request, case, sentence)
    return render(request, "analysis/_case_status.html", context, status=status)
