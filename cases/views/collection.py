"""Collections."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.forms import CollectionForm
from cases.models import Case, Collection
from cases.permissions import (
    check_user_can_create_collection,
    check_user_can_edit_collection,
    user_can_create_collection,
    user_can_edit_collection,
)
from cases.querysets import is_veiled_from
from cases.services import collections as services
from cases.services import readings
from cases.views.case import visible_case
from cases.views.library import cards
from medweb.accounts.current import person
from medweb.keyset import ordered_page
from medweb.paging import Page, page_of


def visible_collection(user: Any, pk: int) -> Collection:
    return get_object_or_404(Collection.objects.visible_to(user).select_related("owner"), pk=pk)


@require_GET
def collections(request: HttpRequest) -> HttpResponse:
    user = person(request)
    rows = (
        Collection.objects.visible_to(user)
        .select_related("owner")
        .annotate(n=Count("items", filter=Q(items__case__in=Case.objects.visible_to(user))))
    )
    context = {
        "page": page_of(request, rows, size=30, ordering=("title", "id")),
        "can_create": user_can_create_collection(user),
    }
    return render(request, "cases/collections.html", context)


@require_GET
def collection(request: HttpRequest, pk: int) -> HttpResponse:
    """One collection: how its labels and splits are made up, and its cases."""
    user = person(request)
    row = visible_collection(user, pk)
    items = row.items.filter(case__in=Case.objects.visible_to(user))
    placed = items.select_related("section").annotate(section_place=Coalesce(F("section__position"), 0))
    found = ordered_page(request, [placed], ordering=("section_place", "position", "id"))
    titles = {item.case_id: item.section.title if item.section else "" for item in found.rows}
    page = Page(cards([item.case_id for item in found.rows], user), found.next_url, found.previous_url)
    # The class of a case is its answer.
    open_items = items.exclude(is_veiled_from(user, "case"))
    labels = dict(open_items.filter(case__in=page.rows).values_list("case", "label"))
    for case in page.rows:
        case.label = labels.get(case.pk, "")  # type: ignore[attr-defined]
        case.section_title = titles.get(case.pk, "")  # type: ignore[attr-defined]
    context = {
        "collection": row,
        "page": page,
        "total": items.count(),
        "labels": list(open_items.exclude(label="").values("label").annotate(n=Count("pk")).order_by("-n")),
        "splits": list(items.exclude(split="").values("split").annotate(n=Count("pk")).order_by("-n")),
        "can_edit": user_can_edit_collection(user, row),
    }
    return render(request, "cases/collection.html", context)


def _saved(request: HttpRequest, form: CollectionForm, row: Collection | None) -> Collection | None:
    """Write the form through the service; errors go back into the form."""
    values = {name: form.cleaned_data[name] for name in services.FIELDS}
    user = person(request)
    try:
        if row is None:
            row = services.create(**values, by=user)
            return services.update(
                collection=row, fields={}, members=list(form.cleaned_data["members"]), by=user
            )
        return services.update(
            collection=row, fields=values, members=list(form.cleaned_data["members"]), by=user
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None


def _form_page(request: HttpRequest, row: Collection | None) -> HttpResponse:
    copy = Collection.objects.get(pk=row.pk) if row else None
    form = CollectionForm(request.POST or None, instance=copy)
    if request.method == "POST" and form.is_valid():
        saved = _saved(request, form, row)
        if saved is not None:
            messages.success(request, _("The collection is saved."))
            return redirect("cases:collection", pk=saved.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "cases/collection_form.html", {"form": form, "collection": row}, status=status)


@require_http_methods(["GET", "POST"])
def collection_create(request: HttpRequest) -> HttpResponse:
    check_user_can_create_collection(person(request))
    return _form_page(request, None)


@require_http_methods(["GET", "POST"])
def collection_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_collection(person(request), pk)
    check_user_can_edit_collection(person(request), row)
    return _form_page(request, row)


@require_POST
def collection_delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_collection(person(request), pk)
    try:
        services.delete(collection=row, by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("cases:collection", pk=pk)
    messages.success(request, _("The collection is deleted; its cases are still in the library."))
    return redirect("cases:collections")


@require_POST
def collection_open(request: HttpRequest, pk: int) -> HttpResponse:
    """End the blinding of a collection."""
    row = visible_collection(person(request), pk)
    try:
        readings.open_reading(collection=row, by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The reading is open: readers have their names from now on."))
    return redirect("cases:collection", pk=pk)


@require_POST
def collection_take_out(request: HttpRequest, pk: int, case_pk: int) -> HttpResponse:
    row = visible_collection(person(request), pk)
    try:
        services.take_out(collection=row, case=visible_case(person(request), case_pk), by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The case is no longer in this collection."))
    return redirect("cases:collection", pk=pk)
