"""Arranging a collection, and sharing it by a link."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, F
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.models import Case, Collection, Section, ShareLink
from cases.permissions import check_user_can_edit_collection
from cases.services import arranging, sharing
from cases.veil import cover
from cases.views.collection import visible_collection
from medweb.accounts.current import person
from medweb.keyset import ordered_page

ORDER = ("section_place", "position", "id")


def _editable(request: HttpRequest, pk: int) -> Collection:
    collection = visible_collection(person(request), pk)
    check_user_can_edit_collection(person(request), collection)
    return collection


@require_GET
def arrange(request: HttpRequest, pk: int) -> HttpResponse:
    """Sections, the order of the cases in them, and links that share the collection."""
    user = person(request)
    collection = _editable(request, pk)
    visible = Case.objects.visible_to(user).order_by()
    items = (
        collection.items.filter(case__in=visible)
        .select_related("case", "section")
        .annotate(section_place=Coalesce(F("section__position"), 0))
    )
    page = ordered_page(request, [items], ordering=ORDER, size=50)
    cover([item.case for item in page.rows], user)
    links = list(collection.links.annotate(n=Count("guests"))[:50])
    for link in links:
        token = sharing.token_of(link)
        link.address = request.build_absolute_uri(  # type: ignore[attr-defined]
            reverse("cases:collection-shared", args=[token])
        )
    context = {
        "collection": collection,
        "page": page,
        "sections": list(collection.sections.annotate(n=Count("items"))),
        "links": links,
        "days": sharing.DAYS,
    }
    return render(request, "cases/collection_arrange.html", context)


def _back(request: HttpRequest, collection: int, anchor: str = "") -> HttpResponse:
    """To the page of the list that was shown, at the row that was moved."""
    cursor = request.POST.get("cursor", "")
    address = reverse("cases:collection-arrange", args=[collection])
    if cursor.replace("-", "").replace("_", "").isalnum():
        address += f"?cursor={cursor}"
    return redirect(address + (f"#{anchor}" if anchor else ""))


def _tell(request: HttpRequest, error: ValidationError) -> None:
    messages.error(request, " ".join(error.messages))


@require_POST
def item_move(request: HttpRequest, pk: int, case_pk: int) -> HttpResponse:
    """Move a case among its neighbours, or under a section."""
    collection = _editable(request, pk)
    visible = Case.objects.visible_to(person(request)).order_by()
    item = get_object_or_404(collection.items.filter(case__in=visible), case=case_pk)
    try:
        if "section" in request.POST:
            chosen = request.POST["section"]
            arranging.put_under(item=item, section=_section(collection, chosen), by=person(request))
        else:
            arranging.move(item=item, step=request.POST.get("step", ""), by=person(request))
    except ValidationError as error:
        _tell(request, error)
    return _back(request, pk, f"item-{case_pk}")


def _section(collection: Collection, chosen: Any) -> Section | None:
    if not chosen:
        return None
    key = int(chosen) if str(chosen).isdecimal() and len(chosen) < 18 else 0
    return get_object_or_404(collection.sections.filter(pk=key))


@require_POST
def section_add(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        title = request.POST.get("title", "")
        arranging.add_section(collection=_editable(request, pk), title=title, by=person(request))
    except ValidationError as error:
        _tell(request, error)
    return _back(request, pk, "sections")


@require_POST
def section_change(request: HttpRequest, pk: int, section_pk: int) -> HttpResponse:
    """Rename, move or delete a section."""
    section = get_object_or_404(_editable(request, pk).sections, pk=section_pk)
    user = person(request)
    try:
        if request.POST.get("step") == "delete":
            arranging.delete_section(section=section, by=user)
        elif "title" in request.POST:
            arranging.rename_section(section=section, title=request.POST["title"], by=user)
        else:
            arranging.move_section(section=section, step=request.POST.get("step", ""), by=user)
    except ValidationError as error:
        _tell(request, error)
    return _back(request, pk, "sections")


@require_POST
def link_make(request: HttpRequest, pk: int) -> HttpResponse:
    days = request.POST.get("days", "")
    try:
        number = int(days) if days.isdecimal() and len(days) < 5 else 0
        sharing.share(collection=_editable(request, pk), days=number, by=person(request))
    except ValidationError as error:
        _tell(request, error)
    else:
        messages.success(
            request, _("The link is made. Whoever has it and signs in can read this collection.")
        )
    return _back(request, pk, "links")


@require_POST
def link_revoke(request: HttpRequest, pk: int, link_pk: int) -> HttpResponse:
    link = get_object_or_404(_editable(request, pk).links, pk=link_pk)
    sharing.revoke(link=link, by=person(request))
    messages.success(request, _("The link is taken back; those who came by it cannot read on."))
    return _back(request, pk, "links")


@require_http_methods(["GET", "POST"])
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """Where a link leads: asks before it opens, so that a preview of the address opens nothing."""
    link: ShareLink | None = sharing.link_of(token)
    if link is None:
        return render(request, "cases/collection_shared.html", {"link": None}, status=404)
    if request.method == "POST":
        sharing.come_in(link=link, by=person(request))
        return redirect("cases:collection", pk=link.collection_id)
    return render(request, "cases/collection_shared.html", {"link": link, "collection": link.collection})
