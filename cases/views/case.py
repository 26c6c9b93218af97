"""The case page, and writing a case."""

import json
import re
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases import hangings
from cases.api.serializers import FrameSerializer
from cases.enums import Modality, ReadingStage
from cases.errors import StaleRevision
from cases.forms import CaseForm, CollectionItemForm
from cases.models import Case, Collection, Frame, Instance, Series, Slide, Term
from cases.permissions import (
    check_user_can_create_case,
    check_user_can_edit_case,
    user_can_draw,
    user_can_edit_case,
)
from cases.policies import case_is_publishable
from cases.services import cases as services
from cases.services import collections as collection_services
from cases.services import desk
from cases.text import to_html
from cases.veil import covered
from cases.views.fates import upload_context
from cases.views.library import middle_frames
from medweb.accounts.current import person
from medweb.navigation import live_url

# A bullet or a number is followed by a blank: "2nd degree AV block" begins with neither.
_BULLET = re.compile(r"^\s*(?:[-*]|\d+[.)])\s+")
MARKDOWN_SECTIONS = ("history", "findings", "discussion", "management")


def text_context(case: Case) -> dict[str, Any]:
    """The rendered text of a case, for the page and for the fragment."""
    return {
        "case": case,
        "sections": {name: to_html(getattr(case, name)) for name in MARKDOWN_SECTIONS},
        "differential": differential_lines(case),
    }


def differential_lines(case: Case) -> list[str]:
    """The ordered differential, without the numbers an author may have typed."""
    lines = (_BULLET.sub("", line).strip() for line in case.differential.splitlines())
    return [line for line in lines if line]


def stored_case(user: Any, pk: int) -> Case:
    """The whole row: to write it, never to show it to its readers."""
    rows = Case.objects.visible_to(user).select_related("author", "diagnosis")
    return get_object_or_404(rows, pk=pk)


def visible_case(user: Any, pk: int) -> Case:
    """What ``user`` may see of a case now; of an unknown only what was asked for."""
    return covered(stored_case(user, pk), user)


def opening_frame(series: Series) -> Frame | None:
    """The image that the viewer opens a series on, asked for before its scripts are there.

    As ``openingFrame`` of the viewer: the middle of a stack, the first of anything else.
    """
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
    return render_case(request, visible_case(user, pk))


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
    opening = opening_frame(chosen) if chosen else None
    # An editor who sees the case as a reader has a reader's page.
    is_whole = case.stage_shown == ReadingStage.EVERYTHING
    can_edit = user_can_edit_case(user, case) and is_whole
    publishable, blocked = case_is_publishable(case) if can_edit else (False, "")
    context = {
        **text_context(case),
        "series_list": series,
        "series": chosen,
        "opening": opening,
        "first": first_picture(chosen, opening, told) if chosen else "",
        "hanging": json.dumps(told),
        "slides": Slide.objects.filter(instance__series=chosen) if chosen else [],
        # "Lung cancer" would tell.
        "collections": Collection.objects.visible_to(user).filter(cases=case) if is_whole else [],
        "just_shown": just_shown,
        "can_edit": can_edit,
        "can_draw": user_can_draw(user, case),
        "publishable": publishable,
        "blocked": blocked,
        "held_series": desk.waiting_of(case) if can_edit else [],
        "face_series": [row for row in series if "face" in row.notes],
        **(upload_context(case, user) if can_edit else {}),
        "item_form": CollectionItemForm(user=user) if can_edit else None,
        "live_url": live_url(f"case:{case.pk}", f"user:{user.pk}"),
    }
    return render(request, "cases/case.html", context)


@require_GET
def case_text(request: HttpRequest, pk: int) -> HttpResponse:
    """Fragment: title line and text, re-read when the case changes."""
    case = visible_case(person(request), pk)
    return render(request, "cases/_case_text.html", text_context(case))


def _form_page(request: HttpRequest, form: CaseForm, case: Case | None, status: int = 200) -> HttpResponse:
    terms = Term.objects.visible_to(person(request)).order_by("display")[:500]
    context = {"form": form, "case": case, "terms": terms}
    return render(request, "cases/case_form.html", context, status=status)


def _take_errors(form: CaseForm, error: ValidationError) -> None:
    """Service errors beside their fields, the rest above the form."""
    fields = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
    for name, texts in fields.items():
        field = "diagnosis_text" if name == "diagnosis" else name
        for text in texts:
            form.add_error(field if field in form.fields else None, text)


@require_http_methods(["GET", "POST"])
def case_create(request: HttpRequest) -> HttpResponse:
    user = person(request)
    check_user_can_create_case(user)
    form = CaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            case = services.create(fields=form.service_fields(), by=user)
        except ValidationError as error:
            _take_errors(form, error)
        else:
            messages.success(request, _("The draft is saved. Now drag images onto it."))
            return redirect("cases:case", pk=case.pk)
    return _form_page(request, form, None, 422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
def case_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A stale form comes back with what was typed beside the stored text; saving again then overwrites."""
    user = person(request)
    case = stored_case(user, pk)
    check_user_can_edit_case(user, case)
    if request.method == "GET":
        return _form_page(request, CaseForm(instance=case), case)
    # The form's instance is a copy: validation writes into it.
    form = CaseForm(request.POST, instance=Case.objects.get(pk=case.pk))
    if not form.is_valid():
        return _form_page(request, form, case, 422)
    try:
        services.update(
            case=case,
            revision=form.cleaned_data["revision"] or 0,
            fields=form.service_fields(),
            by=user,
        )
    except StaleRevision as stale:
        data = request.POST.copy()
        data["revision"] = str(stale.current["revision"])
        form = CaseForm(data, instance=Case.objects.get(pk=case.pk))
        form.is_valid()
        form.add_error(
            None,
            _(
                "Somebody saved this case while you were writing. Your text is still here; compare it "
                "with the stored one, then save again to replace it."
            ),
        )
        return _form_page(request, form, Case.objects.get(pk=case.pk), 409)
    except ValidationError as error:
        _take_errors(form, error)
        return _form_page(request, form, case, 422)
    messages.success(request, _("The case is saved."))
    return redirect("cases:case", pk=case.pk)


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
