"""The history of a layer: what each save changed, as a picture, and the way back."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases.errors import StaleRevision
from cases.exchange.paths import path
from cases.geometry.changes import Changes, changes
from cases.geometry.errors import GeometryError
from cases.geometry.schema import parse_shapes
from cases.geometry.shapes import Shape
from cases.models import Annotation, AnnotationRevision, Frame
from cases.names import author_shown
from cases.services import annotations
from cases.veil import covered
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.paging import page_of

PAGE_ROWS = 12
# A picture of a thousand outlines shows nothing.
MOST_DRAWN = 300


@dataclass(frozen=True)
class Stroke:
    """One outline of a picture: its path and what became of it."""

    d: str
    fate: str


def own_layer(user: User, pk: int) -> Annotation:
    """A layer of ``user`` on a series that one may see; nobody else brings anything back in it."""
    rows = Annotation.objects.visible_to(user).filter(author=user).select_related("series__case", "author")
    return get_object_or_404(rows, pk=pk)


def read_layer(user: User, pk: int) -> Annotation:
    """A layer of ``user``, or one that was handed in and that ``user`` may review."""
    rows = Annotation.objects.visible_to(user)
    reviewable = Annotation.objects.reviewable_by(user).filter(pk=OuterRef("pk")).order_by()
    rows = rows.filter(Q(author=user) | Exists(reviewable)).select_related("series__case", "author")
    return get_object_or_404(rows, pk=pk)


@require_GET
def revisions(request: HttpRequest, pk: int) -> HttpResponse:
    """Saves of a layer, the latest first."""
    user = person(request)
    layer = read_layer(user, pk)
    covered(layer.series.case, user)
    page = page_of(request, layer.revisions.select_related("saved_by"), size=PAGE_ROWS, ordering=("-number",))
    context = {
        "layer": layer,
        "own": layer.author_id == user.pk,
        "reader": author_shown(layer, user),
        "series": layer.series,
        "case": layer.series.case,
        "page": page,
        "rows": _rows(layer, page.rows),
        "legend": [("added", _("new")), ("removed", _("gone")), ("kept", _("as before"))],
    }
    return render(request, "cases/revisions.html", context)


def _rows(layer: Annotation, shown: list[AnnotationRevision]) -> list[dict[str, Any]]:
    """Every shown revision with what it changed; the one before the last is read for that."""
    if not shown:
        return []
    before = layer.revisions.filter(number__lt=shown[-1].number).order_by("-number").first()
    frames = {frame.index: frame for frame in layer.series.frames.all()}
    sizes = [(frames[n].rows, frames[n].columns) for n in sorted(frames)]
    found = []
    for after, earlier in pairwise([*shown, before]):
        assert after is not None
        row: dict[str, Any] = {"revision": after, "current": after.number == layer.revision}
        try:
            made = changes(_shapes(earlier, sizes), _shapes(after, sizes))
        except GeometryError:
            # Drawn when the series had other images; it is told, and cannot be shown.
            found.append(row)
            continue
        found.append({**row, "changes": made, **_picture(made, frames)})
    return found


def _shapes(revision: AnnotationRevision | None, sizes: list[tuple[int, int]]) -> tuple[Shape, ...]:
    return parse_shapes(revision.shapes, frames=sizes) if revision is not None else ()


def _picture(made: Changes, frames: dict[int, Frame]) -> dict[str, Any]:
    """The frame on which most changed, with everything that is on it."""
    touched = made.frames
    if not touched:
        return {}
    place = next(iter(touched))
    fates = [
        *((shape, "kept") for shape in made.kept),
        *((before, "removed") for before, _after in made.changed),
        *((shape, "removed") for shape in made.removed),
        *((after, "added") for _before, after in made.changed),
        *((shape, "added") for shape in made.added),
    ]
    strokes = [Stroke(path(shape), fate) for shape, fate in fates if shape.frame == place]
    frame = frames[place]
    spacing = frame.pixel_spacing or [1.0, 1.0]
    return {
        "frame": frame,
        "strokes": strokes[-MOST_DRAWN:],
        "height": round(frame.rows * spacing[0] / spacing[1], 2),
        "others": len(touched) - 1,
    }


@require_POST
def revision_restore(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Bring the shapes of an earlier save back, as a save of its own."""
    user = person(request)
    layer = own_layer(user, pk)
    sent = request.POST.get("revision", "")
    revision = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 10 else 0
    try:
        saved = annotations.restore(annotation=layer, revision=revision, number=number, by=user)
    except StaleRevision:
        messages.error(request, _("The layer was saved meanwhile; look at its latest save first."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        told = _("The shapes of save %(number)d are back, as save %(now)d.")
        messages.success(request, told % {"number": number, "now": saved.revision})
    return redirect("cases:revisions", pk=pk)
