"""Handed-in layers of a case, and the review of one of them."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from cases.enums import HANDED_IN, AnnotationStatus
from cases.errors import StaleRevision
from cases.geometry.errors import GeometryError
from cases.geometry.schema import parse_shapes
from cases.geometry.shapes import Shape
from cases.models import Annotation, Comment
from cases.names import author_shown
from cases.permissions import check_user_can_edit_case
from cases.services import comments, reviews
from cases.views.case import visible_case
from cases.views.pictures import picture_of, strokes_of
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.navigation import live_url
from medweb.paging import page_of

PAGE_ROWS = 50
# More pictures than somebody looks through; the shapes on the others are listed all the same.
MOST_PICTURES = 24
BADGES = {
    AnnotationStatus.SUBMITTED: "badge--accent",
    AnnotationStatus.ACCEPTED: "badge--success",
    AnnotationStatus.RETURNED: "badge--warning",
}


def table_rows(found: list[Annotation], user: User) -> list[dict[str, Any]]:
    """What a table of layers shows of each."""
    return [
        {
            "layer": row,
            "reader": author_shown(row, user),
            "badge": BADGES.get(AnnotationStatus(row.status), ""),
            "waits": row.status == AnnotationStatus.SUBMITTED,
            "handed_in": row.status in HANDED_IN,
            "shapes": len(row.shapes),
        }
        for row in found
    ]


@require_GET
def layers(request: HttpRequest, pk: int) -> HttpResponse:
    """Every layer that was handed in on a case, the latest first; for those who may edit it."""
    user = person(request)
    case = visible_case(user, pk)
    check_user_can_edit_case(user, case)
    found = (
        Annotation.objects.reviewable_by(user).filter(series__case=case).with_comment_count().with_readers()
    )
    found = found.select_related("author", "series__case")
    page = page_of(request, found, size=PAGE_ROWS, ordering=("-submitted_at", "-id"))
    context = {
        "case": case,
        "page": page,
        "rows": table_rows(page.rows, user),
        "total": found.count(),
        "live_url": live_url(f"case:{case.pk}", f"user:{user.pk}"),
    }
    return render(request, "cases/layers.html", context)


def reviewed_layer(user: User, pk: int) -> Annotation:
    """A layer of somebody else that ``user`` may review."""
    rows = Annotation.objects.reviewable_by(user).with_readers().select_related("series__case", "author")
    return get_object_or_404(rows, pk=pk)


@require_GET
def layer(request: HttpRequest, pk: int) -> HttpResponse:
    """One layer: its pictures, what was said about it, and the verdict."""
    user = person(request)
    row = reviewed_layer(user, pk)
    reader = author_shown(row, user)
    context = {
        "layer": row,
        "case": row.series.case,
        "series": row.series,
        "reader": reader,
        "badge": BADGES.get(AnnotationStatus(row.status), ""),
        "waits": row.status == AnnotationStatus.SUBMITTED,
        "handed_in": row.status in HANDED_IN,
        "images": _images(row),
        "most_pictures": MOST_PICTURES,
        "thread": _thread(row, user, reader),
    }
    return render(request, "cases/layer.html", context)


def _images(row: Annotation) -> list[dict[str, Any]]:
    """Images with shapes on them, in order; those drawn when the series had other images are left out."""
    frames = {frame.index: frame for frame in row.series.frames.all()}
    try:
        shapes = parse_shapes(
            row.shapes, frames=[(frames[n].rows, frames[n].columns) for n in sorted(frames)]
        )
    except GeometryError:
        return []
    on: dict[int, list[Shape]] = defaultdict(list)
    for shape in shapes:
        on[shape.frame].append(shape)
    return [
        {
            "number": index + 1,
            "shapes": on[index],
            "picture": picture_of(frames[index], strokes_of(on[index], "added"))
            if n < MOST_PICTURES
            else None,
        }
        for n, index in enumerate(sorted(on))
    ]


def _thread(row: Annotation, user: User, reader: str) -> list[dict[str, Any]]:
    said = Comment.objects.visible_to(user).filter(annotation=row).select_related("author", "frame")
    return [
        {
            "comment": one,
            "author": reader if one.author_id == row.author_id else str(one.author),
            "image": one.frame.index + 1 if one.frame and one.frame.series_id == row.series_id else None,
        }
        for one in said.order_by("id")
    ]


def _act(request: HttpRequest, pk: int, act: Callable[[Annotation, int, User], str]) -> HttpResponse:
    """Do something about a layer and say how it went; ``act`` gives the sentence of success."""
    user = person(request)
    row = reviewed_layer(user, pk)
    sent = request.POST.get("revision", "")
    revision = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 10 else 0
    try:
        messages.success(request, act(row, revision, user))
    except StaleRevision:
        messages.error(request, _("The layer was changed meanwhile; look at it once more."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except GeometryError as error:
        messages.error(request, f"{error.field}: {error.message}")
    else:
        if request.POST.get("then") == "layers":
            return redirect("cases:layers", pk=row.series.case_id)
        # A draft again would be hidden from here; what was accepted or returned is not.
        return redirect("cases:layer", pk=pk)
    if Annotation.objects.reviewable_by(user).filter(pk=pk).exists():
        return redirect("cases:layer", pk=pk)
    return redirect("cases:layers", pk=row.series.case_id)


@require_POST
def layer_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that the layer is good."""

    def act(row: Annotation, revision: int, user: User) -> str:
        reviews.accept(annotation=row, revision=revision, by=user)
        return _("The layer of %(reader)s is accepted.") % {"reader": author_shown(row, user)}

    return _act(request, pk, act)


@require_POST
def layer_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the layer back with words."""

    def act(row: Annotation, revision: int, user: User) -> str:
        reviews.send_back(annotation=row, revision=revision, text=request.POST.get("text", ""), by=user)
        return _("The layer is back with %(reader)s.") % {"reader": author_shown(row, user)}

    return _act(request, pk, act)


@require_POST
def layer_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the chosen shapes into the reference."""

    def act(row: Annotation, revision: int, user: User) -> str:
        chosen = set(request.POST.getlist("shape"))
        _row, added = reviews.merge(annotation=row, revision=revision, shapes=chosen, by=user)
        told = ngettext(
            "%(n)d shape was added to the reference; the layer is accepted.",
            "%(n)d shapes were added to the reference; the layer is accepted.",
            added,
        )
        return told % {"n": added}

    return _act(request, pk, act)


@require_POST
def layer_comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something about the layer and leave its state."""

    def act(row: Annotation, _revision: int, user: User) -> str:
        comments.write(annotation=row, text=request.POST.get("text", ""), by=user)
        return _("The comment is written.")

    return _act(request, pk, act)
