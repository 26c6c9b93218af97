"""Writing a case: the form, what it saves while one writes, and how a text will look."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.case_forms import CaseForm
from cases.completeness import Facts, completeness_of, measure
from cases.enums import CaseStatus
from cases.errors import StaleRevision
from cases.models import Case
from cases.permissions import check_user_can_create_case, check_user_can_edit_case
from cases.places import images_of
from cases.section_templates import choices
from cases.services import cases as services
from cases.text import LONGEST, to_html
from cases.views.case import stored_case
from medweb.accounts.current import person


def _form_page(request: HttpRequest, form: CaseForm, case: Case | None, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "case": case,
        "completeness": completeness_of(case) if case else measure(Facts(Case(), False, False, False)),
        "templates": choices(),
        "saves_itself": case is None or case.status == CaseStatus.DRAFT,
    }
    return render(request, "cases/case_form.html", context, status=status)


@require_http_methods(["GET", "POST"])
def case_create(request: HttpRequest) -> HttpResponse:
    user = person(request)
    check_user_can_create_case(user)
    first = {"authors": [{"name": str(user), "affiliation": ""}]}
    form = CaseForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            case = services.create(fields=form.service_fields(), by=user)
        except ValidationError as error:
            form.take_errors(error)
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
        form.take_errors(error)
        return _form_page(request, form, case, 422)
    messages.success(request, _("The case is saved."))
    return redirect("cases:case", pk=case.pk)


@require_POST
def case_keep_new(request: HttpRequest) -> HttpResponse:
    """What a form for a new case holds so far becomes a draft; the form goes on as that draft's."""
    user = person(request)
    check_user_can_create_case(user)
    form = CaseForm(request.POST)
    if not form.is_valid():
        return _not_kept(form)
    try:
        case = services.create(fields=form.service_fields(), by=user)
    except ValidationError as error:
        form.take_errors(error)
        return _not_kept(form)
    return _kept(case)


@require_POST
def case_keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Save a draft while somebody writes."""
    user = person(request)
    case = stored_case(user, pk)
    check_user_can_edit_case(user, case)
    form = CaseForm(request.POST, instance=Case.objects.get(pk=case.pk))
    if not form.is_valid():
        return _not_kept(form)
    try:
        case = services.update(
            case=case,
            revision=form.cleaned_data["revision"] or 0,
            fields=form.service_fields(),
            unasked=True,
            by=user,
        )
    except StaleRevision:
        told = _("Somebody else saved this case meanwhile. Press “Save” to see both texts.")
        return JsonResponse({"detail": told}, status=409)
    except ValidationError as error:
        form.take_errors(error)
        return _not_kept(form)
    return _kept(case)


def _kept(case: Case) -> JsonResponse:
    case = Case.objects.select_related("diagnosis").get(pk=case.pk)
    now = date_format(timezone.localtime(), "H:i")
    checklist = render_to_string("cases/_checklist.html", {"completeness": completeness_of(case)})
    return JsonResponse(
        {
            "revision": case.revision,
            "told": _("Saved %(time)s") % {"time": now},
            "checklist": checklist,
            "edit_url": reverse("cases:case-edit", args=[case.pk]),
            "keep_url": reverse("cases:case-keep", args=[case.pk]),
        }
    )


def _not_kept(form: CaseForm) -> JsonResponse:
    name, errors = next(iter(form.errors.items()))
    sentence = str(errors[0])
    if name in form.fields:
        sentence = f"{form[name].label}: {sentence}"
    return JsonResponse({"detail": sentence, "field": name}, status=422)


@require_POST
def case_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Fragment: Markdown as the page of this case will show it."""
    user = person(request)
    case = stored_case(user, pk)
    check_user_can_edit_case(user, case)
    return _preview(request, {"images": images_of(case)})


@require_POST
def case_preview_new(request: HttpRequest) -> HttpResponse:
    """Fragment: Markdown as the page of a case without images will show it."""
    check_user_can_create_case(person(request))
    return _preview(request, {})


def _preview(request: HttpRequest, options: dict[str, Any]) -> HttpResponse:
    text = request.POST.get("text", "").replace("\0", "")[:LONGEST]
    return render(request, "cases/_preview.html", {"html": to_html(text, **options)})
