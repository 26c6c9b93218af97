"""Ways back and ways on: saved searches, bookmarks, what was read last, any case."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases.facets import Asked
from cases.models import Bookmark, Case, SavedSearch, Visit
from cases.services import finding
from cases.views.case import stored_case
from cases.views.library import cards
from medweb.accounts.current import person
from medweb.paging import Page, page_of

# Each search of a page costs a count of its new cases.
SEARCHES = 12


def _searches(request: HttpRequest, size: int) -> "Page[SavedSearch]":
    user = person(request)
    page = page_of(request, SavedSearch.objects.filter(user=user), size=size, ordering=("name", "id"))
    for row in page.rows:
        row.new = finding.new_cases(row, user)  # type: ignore[attr-defined]
    return page


@require_GET
def searches(request: HttpRequest) -> HttpResponse:
    """The saved searches of a person; as a menu when the library asks for it."""
    page = _searches(request, SEARCHES)
    part = request.headers.get("HX-Target") == "saved-searches"
    template = "cases/_saved_searches.html" if part else "cases/searches.html"
    return render(request, template, {"page": page, "most": finding.NEW_SHOWN})


@require_POST
def search_save(request: HttpRequest) -> HttpResponse:
    """Keep what the library shows under a name."""
    query = request.POST.get("query", "")
    try:
        row = finding.save_search(name=request.POST.get("name", ""), query=query, by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The search “%(name)s” is kept.") % {"name": row.name})
    kept = finding.kept_query(query)
    return redirect(f"{reverse('cases:library')}{'?' if kept else ''}{kept}")


def _own_search(request: HttpRequest, pk: int) -> SavedSearch:
    return get_object_or_404(SavedSearch.objects.filter(user=person(request)), pk=pk)


@require_POST
def search_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a saved search; what is new is counted from now on."""
    query = finding.open_search(search=_own_search(request, pk), by=person(request))
    return redirect(f"{reverse('cases:library')}?{query}")


@require_POST
def search_delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own_search(request, pk)
    finding.delete_search(search=row, by=person(request))
    messages.success(request, _("The search “%(name)s” is deleted.") % {"name": row.name})
    return redirect("cases:searches")


def _kept_page(request: HttpRequest, model: Any, order: str) -> "Page[Case]":
    """Cases of somebody's bookmarks or visits, as cards; what they may not see any more is left out."""
    user = person(request)
    rows = model.objects.filter(user=user, case__in=Case.objects.visible_to(user).order_by())
    page = page_of(request, rows, size=24, ordering=(f"-{order}", "-id"))
    return Page(cards([row.case_id for row in page.rows], user), page.next_url, page.previous_url)


@require_GET
def bookmarks(request: HttpRequest) -> HttpResponse:
    """The cases somebody marked to find them again."""
    return render(request, "cases/bookmarks.html", {"page": _kept_page(request, Bookmark, "created_at")})


@require_GET
def history(request: HttpRequest) -> HttpResponse:
    """The cases somebody read, the latest first."""
    return render(request, "cases/history.html", {"page": _kept_page(request, Visit, "visited_at")})


@require_POST
def history_clear(request: HttpRequest) -> HttpResponse:
    finding.clear_visits(by=person(request))
    messages.success(request, _("Your reading history is empty now."))
    return redirect("cases:history")


@require_POST
def case_bookmark(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a case among one's bookmarks or take it out; answers with the button."""
    user = person(request)
    case = stored_case(user, pk)
    kept = request.POST.get("kept") == "1"
    finding.bookmark(case=case, kept=kept, by=user)
    if request.headers.get("HX-Request"):
        return render(request, "cases/_bookmark.html", {"case": case, "bookmarked": kept})
    return redirect("cases:case", pk=pk)


@require_GET
def random_case(request: HttpRequest) -> HttpResponse:
    """Any of the cases that the address asks for."""
    user = person(request)
    case = finding.any_case(Asked.of(request.GET).narrow(Case.objects.visible_to(user), user))
    if case is None:
        messages.info(request, _("No case matches these filters, so there is none to choose from."))
        return redirect(f"{reverse('cases:library')}?{_without_cursor(request.GET)}")
    return redirect("cases:case", pk=case.pk)


def _without_cursor(query: QueryDict) -> str:
    copy = query.copy()
    copy.pop("cursor", None)
    return copy.urlencode()
