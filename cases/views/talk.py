"""Talk about a case: on its page, and on a page of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.enums import RemarkKind
from cases.mentions import people_to_name
from cases.models import Case, ClosedTalk, Remark
from cases.models.remark import MAX_REASON, MAX_REMARK
from cases.permissions import user_can_edit_case
from cases.services import remarks as services
from cases.talk_permissions import check_user_can_talk, user_can_talk
from cases.text import to_html
from cases.views.case import visible_case
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.navigation import live_url
from medweb.paging import page_of

PAGE_THREADS = 20
SHOWN = (
    ("", gettext_lazy("All")),
    ("questions", gettext_lazy("Questions")),
    ("open", gettext_lazy("Open questions")),
)


@dataclass(frozen=True)
class Trouble:
    """A form that was refused: which one, what was typed, and why."""

    form: str
    text: str
    sentence: str


def _row(remark: Remark, user: User, *, edits: bool, closed: bool) -> dict[str, Any]:
    """What the page shows of one remark, and what ``user`` may do with it; asks the database nothing."""
    standing, mine = remark.is_standing, remark.author_id == user.pk
    shows = standing or (remark.deleted_at is None and edits)
    asked = remark.kind == RemarkKind.QUESTION and standing
    return {
        "remark": remark,
        # Template filters join words, and numbers only after a look at the language.
        "id_text": str(remark.pk),
        "thread_text": str(remark.answer_to_id or remark.pk),
        "html": to_html(remark.text) if shows else "",
        "hidden": remark.hidden_at is not None and remark.deleted_at is None,
        "deleted": remark.deleted_at is not None,
        "mine": mine,
        "can_change": mine and standing and remark.is_fresh and not closed,
        "can_delete": mine and standing,
        "can_resolve": asked and (mine or edits),
        "can_report": standing and not mine,
        "can_hide": standing and not mine and edits,
    }


def talk_context(request: HttpRequest, case: Case, trouble: Trouble | None = None) -> dict[str, Any]:
    """One page of threads with their answers, in six queries whatever their number."""
    user = person(request)
    edits = user_can_edit_case(user, case)
    closed = ClosedTalk.objects.filter(case=case).exists()
    found = Remark.objects.visible_to(user).filter(case=case)
    show = request.GET.get("show", "")
    rows = found.threads()
    if show == "questions":
        rows = rows.filter(kind=RemarkKind.QUESTION)
    elif show == "open":
        rows = rows.filter(pk__in=found.open_questions().values("pk"))
    thread = request.GET.get("thread", "")
    if thread.isascii() and thread.isdecimal() and len(thread) < 18:
        rows = rows.filter(pk=int(thread))
    answers = Remark.objects.filter(deleted_at=None).select_related("author", "hidden_by").order_by("id")
    people = rows.select_related("author", "resolved_by", "hidden_by")
    page = page_of(
        request, people.prefetch_related(Prefetch("answers", answers, to_attr="said")), size=PAGE_THREADS
    )
    threads = [
        {
            **_row(row, user, edits=edits, closed=closed),
            "answers": [_row(one, user, edits=edits, closed=closed) for one in row.said],
        }
        for row in page.rows
    ]
    return {
        "case": case,
        "page": page,
        "threads": threads,
        "closed": closed,
        "edits": edits,
        "show": show,
        "one_thread": bool(thread),
        "shown": [(name, label) for name, label in SHOWN],
        "open_count": found.open_questions().count(),
        "trouble": trouble,
        "most": MAX_REMARK,
        "most_reason": MAX_REASON,
        "list_url": f"{reverse('cases:talk', args=[case.pk])}?{request.GET.urlencode()}",
    }


def _show(
    request: HttpRequest, case: Case, trouble: Trouble | None = None, status: int = 200
) -> HttpResponse:
    user = person(request)
    if not user_can_talk(user, case):
        context: dict[str, Any] = {"case": case, "veiled": True}
    else:
        context = talk_context(request, case, trouble)
    if request.headers.get("HX-Target") == "talk-list" and "veiled" not in context:
        return render(request, "cases/_talk_list.html", context)
    if request.headers.get("HX-Request"):
        return render(request, "cases/_talk.html", context, status=status)
    context["case_title"] = case.title
    context["live_url"] = live_url(f"case:{case.pk}", f"user:{user.pk}")
    return render(request, "cases/talk.html", context, status=status)


@require_http_methods(["GET", "POST"])
def talk(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: threads, newest first, as a page, a section of the case page, or its list alone. POST: write."""
    user = person(request)
    case = visible_case(user, pk)
    if request.method == "GET":
        return _show(request, case)
    sent = request.POST.get("answer_to", "")
    answered = None
    if sent:
        number = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 18 else 0
        answered = get_object_or_404(Remark.objects.visible_to(user).filter(case=case), pk=number)
    kind = request.POST.get("kind") or RemarkKind.REMARK

    def act() -> Remark:
        text = request.POST.get("text", "")
        return services.write(case=case, text=text, kind=kind, answer_to=answered, by=user)

    return _act(request, case, act, form=f"answer-{answered.pk}" if answered else "new")


def _act(
    request: HttpRequest, case: Case, act: Callable[[], object], *, form: str, done: str = ""
) -> HttpResponse:
    """Do something in the talk of a case; what was typed comes back with the sentence when it is refused."""
    typed = request.POST.get("text") or request.POST.get("reason") or ""
    try:
        act()
    except ValidationError as error:
        return _show(request, case, Trouble(form, typed, " ".join(error.messages)), 422)
    if request.headers.get("HX-Request"):
        response = _show(request, case)
        if done:
            response["HX-Trigger"] = json.dumps({"medweb:toast": {"text": done, "level": "success"}})
        return response
    if done:
        messages.success(request, done)
    return redirect("cases:talk", pk=case.pk)


def _remark(request: HttpRequest, pk: int) -> Remark:
    """A remark whose talk this person reads; its case with what the page shows of it."""
    rows = Remark.objects.visible_to(person(request))
    rows = rows.select_related("author", "case__author", "case__diagnosis")
    return get_object_or_404(rows, pk=pk)


@require_POST
def remark_edit(request: HttpRequest, pk: int) -> HttpResponse:
    remark, user = _remark(request, pk), person(request)
    text = request.POST.get("text", "")
    return _act(
        request, remark.case, lambda: services.edit(remark=remark, text=text, by=user), form=f"edit-{pk}"
    )


@require_POST
def remark_delete(request: HttpRequest, pk: int) -> HttpResponse:
    remark, user = _remark(request, pk), person(request)
    return _act(request, remark.case, lambda: services.delete(remark=remark, by=user), form=f"delete-{pk}")


@require_POST
def remark_resolve(request: HttpRequest, pk: int) -> HttpResponse:
    remark, user = _remark(request, pk), person(request)
    resolved = request.POST.get("open") != "1"
    return _act(
        request,
        remark.case,
        lambda: services.resolve(remark=remark, resolved=resolved, by=user),
        form=f"resolve-{pk}",
    )


@require_POST
def remark_report(request: HttpRequest, pk: int) -> HttpResponse:
    remark, user = _remark(request, pk), person(request)
    reason, thanks = request.POST.get("reason", ""), _("Thank you. Those who look after the talk are told.")
    return _act(
        request,
        remark.case,
        lambda: services.report(remark=remark, reason=reason, by=user),
        form=f"report-{pk}",
        done=thanks,
    )


@require_POST
def remark_hide(request: HttpRequest, pk: int) -> HttpResponse:
    remark, user = _remark(request, pk), person(request)
    reason = request.POST.get("reason", "")
    return _act(
        request,
        remark.case,
        lambda: services.hide(remark=remark, reason=reason, by=user),
        form=f"hide-{pk}",
        done=_("The remark is hidden."),
    )


@require_POST
def talk_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the talk of a case, or open it again."""
    user = person(request)
    case = visible_case(user, pk)
    verb = services.open_talk if request.POST.get("open") == "1" else services.close_talk
    return _act(request, case, lambda: verb(case=case, by=user), form="close")


@require_GET
def talk_people(request: HttpRequest, pk: int) -> JsonResponse:
    """People to name, for the list below the field; only who may read this talk, and only for who may."""
    user = person(request)
    case = visible_case(user, pk)
    check_user_can_talk(user, case)
    begun = request.GET.get("q", "").strip()[:60]
    # PostgreSQL takes no NUL in a text, and no name has one.
    found = [] if "\0" in begun else people_to_name(case, begun, by=user)
    return JsonResponse({"people": [{"name": one.username, "words": str(one)} for one in found]})
