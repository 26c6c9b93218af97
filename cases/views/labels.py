"""The labels that stand first on a case."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.labels import COLOURS, labels_for
from cases.permissions import check_user_can_edit_case
from cases.services import labels as services
from cases.views.case import visible_case
from medweb.accounts.current import person


@require_http_methods(["GET", "POST"])
def case_labels(request: HttpRequest, pk: int) -> HttpResponse:
    """Nine rows; an empty one is left out, and the rest moves up."""
    user = person(request)
    case = visible_case(user, pk)
    check_user_can_edit_case(user, case)
    stored = list(case.labels.select_related("term"))
    rows = [{"label": one.label, "colour": one.colour, "term": one.term} for one in stored]
    status, problem = 200, ""
    if request.method == "POST":
        texts, colours = request.POST.getlist("label"), request.POST.getlist("colour")
        wanted = [services.Wanted(a, b) for a, b in zip(texts, colours, strict=False)]
        try:
            made = services.arrange(case=case, wanted=wanted, by=user)
        except ValidationError as error:
            rows = [{"label": one.label, "colour": one.colour, "term": None} for one in wanted]
            status, problem = 422, " ".join(error.messages)
        else:
            told = _("These labels stand first now.") if made else _("The usual labels are offered again.")
            messages.success(request, told)
            return redirect("cases:case-labels", pk=pk)
    rows += [
        {"label": "", "colour": COLOURS[n % len(COLOURS)].lower(), "term": None}
        for n in range(len(rows), services.MOST)
    ]
    context = {
        "case": case,
        "rows": rows[: services.MOST],
        "problem": problem,
        "usual": [one["label"] for one in labels_for(case, [])] if not stored else [],
    }
    return render(request, "cases/case_labels.html", context, status=status)
