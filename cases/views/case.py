"""The case page, and writing a case."""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases import hangings
from cases.api.serializers import FrameSerializer
from cases.case_forms import language_name
from cases.citing import work_of
from cases.completeness import completeness_of
from cases.enums import LICENCE_URLS, CaseStatus, Modality, ReadingStage
from cases.exchange.citation import to_text
from cases.forms import CollectionItemForm
from cases.models import Bookmark, Case, Collection, Frame, Instance, Series, Slide
from cases.permissions import (
    user_can_draw,
    user_can_edit_case,
    user_can_review_case,
)
from cases.places import images_of
from cases.policies import case_is_due, case_is_publishable, why_not_alone
from cases.references import url_of
from cases.services import case_reviews, desk, finding
from cases.services import cases as services
from cases.services import collections as collection_services
from cases.text import lines_of, to_html
from cases.veil import covered
from cases.views.fates import upload_context
from cases.views.library import middle_frames
from medweb.accounts.current import person
from medweb.navigation import live_url

MARKDOWN_SECTIONS = ("abstract", "history", "findings", "discussion", "management", "pearls")


def text_context(case: Case, series: Iterable[Series] | None = None) -> dict[str, Any]:
    """The rendered text of a case, for page and fragment; ``series`` are those that may be shown."""
    images = images_of(case, series)
    return {
        "case": case,
        "sections": {name: to_html(getattr(case, name), images) for name in MARKDOWN_SECTIONS},
        "differential": differential_of(case),
        "written": case.diagnosis_id or case.differential or any(getattr(case, n) for n in MARKDOWN_SECTIONS),
        "authors": list(case.authors.all()),
        "references": [
            {"text": row.text, "doi": row.doi, "url": url_of(row.doi) if row.doi else ""}
            for row in case.references.all()
        ],
    }


def differential_of(case: Case) -> list[dict[str, Any]]:
    """Lines of the ordered differential with the terms they were chosen from."""
    lines = lines_of(case.differential)
    terms = {row.text: row.term for row in case.differentials.select_related("term")} if lines else {}
    return [{"text": line, "term": terms.get(line)} for line in lines]


def stored_case(user: Any, pk: int) -> Case:
    """The whole row: to write it, never to show it to its readers."""
    rows = Case.objects.visible_to(user).select_related("author", "diagnosis")
    return get_object_or_404(rows, pk=pk)


def visible_case(user: Any, pk: int) -> Case:
    """What ``user`` may see of a case now; of an unknown only what was asked for."""
    return covered(stored_case(user, pk), user)


def opening_frame(series: Series, image: str = "") -> Frame | None:
    """The image that the viewer opens a series on, asked for before its scripts are there.

    As ``openingFrame`` of the viewer: the middle of a stack, the first of anything else; or the image that
    the address asks for.
    """
    if image.isdecimal() and 0 < int(image[:9]) <= series.frame_count:
        return series.frames.filter(index=int(image[:9]) - 1).first()
    found = list(series.frames.filter(index__in={0, series.frame_count // 2}).order_by("index"))
    # Two tell enough: a wrong guess costs one request that nobody needed.
    is_stack = series.frame_count > 2 and all(frame.position for frame in found)
    return found[-1 if is_stack else 0] if found else None


def first_picture(series: Series, frame: Frame | None, told: dict[str, Any]) -> str:
    """The frame that is painted before the viewer is there, as JSON; empty where that paints another one.

    It turns what is hung, or puts it side by side, and takes PET in another unit.
    """
    places = told.get("places", []) if told.get("auto") else []
    moved = len(places) > 1 or any(place["frame"] or place["turn"] or place["mirror"] for place in places)
    if frame is None or moved or series.modality == Modality.PT:
        return ""
    return json.dumps(FrameSerializer(frame).data)


@require_GET
def case_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: pictures in the viewer, text beside or below, slots for what analysis has to say."""
    user = person(request)
    try:
        case = visible_case(user, pk)
    except Http404:
        return _retracted(request, pk, "cases/retracted.html")
    finding.visited(case=case, user=user)
    return render_case(request, case)


def _retracted(request: HttpRequest, pk: int, template: str) -> HttpResponse:
    """Why a case is gone, to those who could read it; nothing else of it. Http404 for all others."""
    user = person(request)
    case = get_object_or_404(Case.objects.retracted_for(user), pk=pk)
    return render(request, template, {"case": covered(case, user)})


def render_case(request: HttpRequest, case: Case, *, just_shown: str = "") -> HttpResponse:
    """The page of a case from :func:`visible_case`; ``just_shown`` names the part that was just revealed."""
    user = person(request)
    cover = middle_frames().filter(series=OuterRef("pk")).values("pk")[:1]
    part = Instance.objects.filter(series=OuterRef("pk")).order_by("number", "pk")
    body_part = part.values(part=KeyTextTransform("body_part", "facts"))[:1]
    rows = case.series.cleared().filter(frame_count__gt=0)
    series = list(rows.annotate(cover_id=Subquery(cover), body_part=Subquery(body_part)))
    chosen = next((s for s in series if str(s.pk) == request.GET.get("series")), None)
    hanging, told = hangings.hung(series, chosen=chosen is not None)
    if chosen is None and hanging is not None:
        chosen = next(s for s in series if s.pk == hanging.places[0].series)
    opening = opening_frame(chosen, request.GET.get("image", "")) if chosen else None
    # An editor who sees the case as a reader has a reader's page.
    is_whole = case.stage_shown == ReadingStage.EVERYTHING
    can_edit = user_can_edit_case(user, case) and is_whole
    publishable, blocked = case_is_publishable(case) if can_edit else (False, "")
    context = {
        **text_context(case, series),
        "series_list": series,
        "series": chosen,
        "opening": opening,
        "first": first_picture(chosen, opening, told) if chosen else "",
        "hanging": json.dumps(told),
        "slides": Slide.objects.filter(instance__series=chosen) if chosen else [],
        # "Lung cancer" would tell.
        "collections": Collection.objects.visible_to(user).filter(cases=case) if is_whole else [],
        "just_shown": just_shown,
        "last_round": case_reviews.current(case) if can_edit and not case.is_published else None,
        "citation": to_text(work_of(request, case)),
        "is_due": can_edit and case_is_due(case),
        "alone": why_not_alone(case, user) if can_edit else "",
        "can_review": case.status == CaseStatus.IN_REVIEW and user_can_review_case(user, case),
        "bookmarked": Bookmark.objects.filter(user=user, case=case.pk).exists(),
        "can_edit": can_edit,
        "can_draw": user_can_draw(user, case),
        "publishable": publishable,
        "blocked": blocked,
        "held_series": desk.waiting_of(case) if can_edit else [],
        "face_series": [row for row in series if "face" in row.notes],
        **(upload_context(case, user) if can_edit else {}),
        "completeness": completeness_of(case) if can_edit else None,
        "licence_url": LICENCE_URLS.get(case.licence, ""),
        "written_in": language_name(case.language),
        "item_form": CollectionItemForm(user=user) if can_edit else None,
        "live_url": live_url(f"case:{case.pk}", f"user:{user.pk}"),
    }
    return render(request, "cases/case.html", context)


@require_GET
def case_text(request: HttpRequest, pk: int) -> HttpResponse:
    """Fragment: title line and text, re-read when the case changes."""
    try:
        case = visible_case(person(request), pk)
    except Http404:
        return _retracted(request, pk, "cases/_retracted_text.html")
    return render(request, "cases/_case_text.html", text_context(case))


def _act(request: HttpRequest, pk: int, action: Any, done: str) -> HttpResponse:
    case = stored_case(person(request), pk)
    try:
        action(case=case, by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, done)
    return redirect("cases:case", pk=pk)


@require_POST
def case_publish(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, services.publish_case, _("The case is published."))


@require_POST
def case_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, services.withdraw, _("The case is a draft again."))


@require_POST
def case_delete(request: HttpRequest, pk: int) -> HttpResponse:
    case = stored_case(person(request), pk)
    services.delete(case=case, by=person(request))
    messages.success(request, _("The case and its images are deleted."))
    return redirect("cases:library")


@require_POST
def case_put(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the case into a collection."""
    user = person(request)
    case = stored_case(user, pk)
    form = CollectionItemForm(request.POST, user=user)
    if not form.is_valid():
        messages.error(request, _("Choose one of your collections."))
        return redirect("cases:case", pk=pk)
    collection_services.put(
        collection=form.cleaned_data["collection"],
        case=case,
        label=form.cleaned_data["label"],
        split=form.cleaned_data["split"],
        by=user,
    )
    messages.success(request, _("The case is in “%(title)s”.") % {"title": form.cleaned_data["collection"]})
    return redirect("cases:case", pk=pk)
