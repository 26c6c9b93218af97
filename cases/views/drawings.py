"""Drawings of one series: who drew, out to other programs, in from them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from cases.errors import StaleRevision
from cases.exchange.layers import Unreadable, Written
from cases.geometry.schema import GeometryError
from cases.models import Annotation, Series, Slide
from cases.names import author_shown
from cases.permissions import user_can_draw
from cases.services import exchange
from cases.services.exchange import FORMATS, Format
from cases.veil import covered
from medweb.accounts.current import person
from medweb.accounts.models import User


def shown_series(user: User, pk: int) -> Series:
    """A series whose drawings ``user`` may see; none that waits at the desk."""
    rows = Series.objects.visible_to(user).cleared().select_related("case")
    series = get_object_or_404(rows, pk=pk)
    covered(series.case, user)
    return series


def form_named(code: str) -> Format:
    """The format that a request names. Raises Http404 for an unknown one."""
    if code not in FORMATS:
        raise Http404
    return FORMATS[code]


def chosen(user: User, series: Series, wanted: list[str]) -> list[Annotation]:
    """The layers that a request names by id, or all that ``user`` may see.

    Raises
    ------
    Http404
        None of them is there.
    """
    rows = exchange.layers_to(user, series)
    if wanted:
        numbers = [int(one) for one in wanted if one.isascii() and one.isdecimal() and len(one) < 18]
        rows = rows.filter(pk__in=numbers)
    found = list(rows)
    if not found:
        raise Http404
    return found


def as_file(written: Written, series: Series) -> HttpResponse:
    """A download under a name made of this server's numbers."""
    response = HttpResponse(written.data, content_type=written.content_type)
    name = f"medweb-series-{series.pk}{written.suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
def drawings(request: HttpRequest, pk: int) -> HttpResponse:
    """The layers of a series, each format with what it would leave out of them, and a form to read a file."""
    user = person(request)
    series = shown_series(user, pk)
    rows = list(exchange.layers_to(user, series))
    layers = exchange.as_layers(series, rows, user)
    context = {
        "series": series,
        "slides": Slide.objects.filter(instance__series=series).select_related("instance"),
        "case": series.case,
        "layers": [_row(row, user) for row in rows],
        "formats": [_offered(one, layers) for one in FORMATS.values() if one.writes],
        "readable": [one for one in FORMATS.values() if one.reads],
        "can_draw": user_can_draw(user, series.case),
        "megabytes": exchange.MAX_BYTES // 10**6,
    }
    return render(request, "cases/drawings.html", context)


def _row(row: Annotation, user: User) -> dict[str, Any]:
    return {
        "layer": row,
        "reader": author_shown(row, user),
        "count": len(row.shapes),
        "mine": row.author_id == user.pk,
    }


def _offered(one: Format, layers: list[Any]) -> dict[str, Any]:
    try:
        losses = one.losses(layers) if layers else ()
    except Unreadable as error:
        return {"format": one, "losses": (str(error),), "refused": True}
    return {"format": one, "losses": losses, "refused": False}


@require_GET
def drawings_file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Download layers in a format; ``layer`` may be given several times, all that one may see otherwise."""
    user = person(request)
    series = shown_series(user, pk)
    rows = chosen(user, series, request.GET.getlist("layer"))
    try:
        written = exchange.take_out(series=series, rows=rows, form=form_named(form), by=user)
    except Unreadable as error:
        messages.error(request, str(error))
        return redirect("cases:drawings", pk=pk)
    return as_file(written, series)


@require_POST
def drawings_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a file into one's own layer."""
    user = person(request)
    series = shown_series(user, pk)
    sent, form = request.FILES.get("file"), form_named(request.POST.get("form", ""))
    if not isinstance(sent, UploadedFile):
        messages.error(request, _("Choose a file first."))
        return redirect("cases:drawings", pk=pk)
    try:
        _layer, count, losses = exchange.take_in(
            series=series, data=sent.read(exchange.MAX_BYTES + 1), form=form, by=user
        )
    except Unreadable as error:
        messages.error(request, str(error))
    except GeometryError as error:
        messages.error(request, f"{error.field}: {error.message}")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except StaleRevision:
        messages.error(request, _("Your layer was saved at the same moment; add the file again."))
    else:
        told = ngettext(
            "%(n)d shape was added to your layer.", "%(n)d shapes were added to your layer.", count
        )
        if not count:
            told = _("All shapes of the file are in your layer already.")
        messages.success(request, told % {"n": count})
        for sentence in losses:
            messages.warning(request, sentence)
    return redirect("cases:drawings", pk=pk)
