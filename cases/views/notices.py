"""What a person is told: the bell, the list, and what they want to hear of."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.enums import Digest, NoticeKind
from cases.models import Notice, NoticeSetting
from cases.services import digests, notices
from cases.telling import place_of, told
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.navigation import counts, live_url
from medweb.paging import page_of

PAGE_NOTICES = 30
# The bell says "99+": nobody needs the number, and counting on costs every page.
MOST_COUNTED = 100


@counts("cases:notices")
def unread(user: User) -> int:
    """How many unread notices ``user`` has, at most :data:`MOST_COUNTED`."""
    return Notice.objects.visible_to(user).unread().order_by()[:MOST_COUNTED].count()


@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    """Notices, newest first, narrowed by ``?kind=`` and ``?unread=1``."""
    user = person(request)
    mine = Notice.objects.visible_to(user)
    kind = request.GET.get("kind", "")
    kind = kind if kind in NoticeKind.values else ""
    only_unread = request.GET.get("unread") == "1"
    rows = mine.filter(kind=kind) if kind else mine
    rows = rows.unread() if only_unread else rows
    rows = rows.select_related("case", "by", "remark", "annotation")
    page = page_of(request, rows, size=PAGE_NOTICES)
    found = dict(mine.order_by().values_list("kind").annotate(n=Count("pk")))
    context = {
        "page": page,
        "rows": told(page.rows, user),
        "kind": kind,
        "only_unread": only_unread,
        "kinds": [(value, label, found[value]) for value, label in NoticeKind.choices if value in found],
        "has_unread": unread(user) > 0,
        "live_url": live_url(f"user:{user.pk}"),
        "here": request.get_full_path(),
    }
    return render(request, "cases/notices.html", context)


@require_GET
def notice_bell(request: HttpRequest) -> HttpResponse:
    """Fragment: the bell of the header with its count."""
    return render(request, "cases/_bell.html")


@require_GET
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what a notice is about; it is read by that."""
    user = person(request)
    rows = Notice.objects.visible_to(user).select_related("remark", "annotation__series")
    row = get_object_or_404(rows, pk=pk)
    notices.read(notice=row, by=user)
    return redirect(place_of(row, user))


@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    """Mark all as read, or all of one kind."""
    kind = request.POST.get("kind", "")
    kinds = [kind] if kind in NoticeKind.values else []
    notices.read_all(kinds=kinds, by=person(request))
    return redirect("cases:notices")


def _settings(
    request: HttpRequest, values: dict[str, Any], errors: dict[str, str], status: int
) -> HttpResponse:
    context = {
        "kinds": [(value, label, value in values["kinds"]) for value, label in NoticeKind.choices],
        "digests": [(value, label, value == values["digest"]) for value, label in Digest.choices],
        "email": values["email"],
        "errors": errors,
    }
    return render(request, "cases/notice_settings.html", context, status=status)


@require_http_methods(["GET", "POST"])
def notice_settings(request: HttpRequest) -> HttpResponse:
    """Which kinds, and how often by e-mail."""
    user = person(request)
    if request.method == "GET":
        setting = NoticeSetting.objects.filter(user=user).first() or NoticeSetting(user=user)
        heard = [kind for kind in NoticeKind.values if kind not in setting.muted]
        return _settings(request, {"kinds": heard, "digest": setting.digest, "email": user.email}, {}, 200)
    typed: dict[str, Any] = {
        "kinds": request.POST.getlist("kinds"),
        "digest": request.POST.get("digest", ""),
        "email": request.POST.get("email", ""),
    }
    try:
        notices.choose(**typed, by=user)
    except ValidationError as error:
        errors = {name: " ".join(texts) for name, texts in error.message_dict.items()}
        return _settings(request, typed, errors, 422)
    messages.success(request, _("Your choice is saved."))
    return redirect("cases:notices")


@login_not_required
@require_http_methods(["GET", "POST"])
def digest_stop(request: HttpRequest, token: str) -> HttpResponse:
    """Where the link in an e-mail leads: one button ends them, without signing in."""
    user = digests.user_of(token)
    if user is None:
        raise Http404
    if request.method == "POST":
        notices.stop_digest(user=user)
    return render(request, "cases/digest_stop.html", {"stopped": request.method == "POST"})
