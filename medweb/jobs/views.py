"""The jobs page."""

import json
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from medweb.accounts.current import person
from medweb.jobs import services
from medweb.jobs.models import Job, State
from medweb.navigation import live_url
from medweb.paging import page_of


@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    """Jobs this person may see, newest first; the table re-reads itself on news."""
    user = person(request)
    visible = Job.objects.visible_to(user)
    state = request.GET.get("state", "")
    rows = visible.filter(state=state) if state in State.values else visible
    counts = dict(visible.order_by().values_list("state").annotate(n=Count("pk")))
    everyone = user.has_role("staff", "administrator")
    context = {
        "page": page_of(request, rows.select_related("asked_by"), size=30),
        "state": state,
        "states": [(value, label, counts.get(value, 0)) for value, label in State.choices],
        "everyone": everyone,
        "live_url": live_url(*(["jobs:all"] if everyone else []), f"user:{user.pk}"),
    }
    fragment = request.headers.get("HX-Target") == "jobs"
    return render(request, "jobs/_jobs.html" if fragment else "jobs/jobs.html", context)


def _answer(request: HttpRequest, act: Callable[[], object], done: str) -> HttpResponse:
    """Do ``act`` and say how it went: as a toast when the page asked by htmx, as a message otherwise.

    The fragment that shows the job re-reads itself on the live event, so htmx gets no content.
    """
    try:
        act()
        text, level = done, "success"
    except ValidationError as error:
        text, level = " ".join(error.messages), "error"
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Trigger"] = json.dumps({"medweb:toast": {"text": text, "level": level}})
        return response
    messages.add_message(request, messages.SUCCESS if level == "success" else messages.ERROR, text)
    return redirect("jobs:jobs")


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    row = services.visible_or_404(user, pk)
    return _answer(request, lambda: services.cancel(job=row, by=user), _("The job is cancelled."))


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    row = services.visible_or_404(user, pk)
    return _answer(request, lambda: services.retry(job=row, by=user), _("The job is queued again."))
