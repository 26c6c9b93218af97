"""How much the readers of a series agree, and their consensus."""

import csv
import io
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from cases.exchange.paths import path
from cases.geometry.errors import GeometryError
from cases.geometry.runs import from_window
from cases.geometry.shapes import Shape
from cases.geometry.staple import probability_map
from cases.models import Annotation, Case, Frame, Series
from cases.names import author_shown
from cases.permissions import check_user_can_edit_case
from cases.services import agreement as services
from cases.services.agreement import Comparison
from cases.views.case import visible_case
from cases.views.pictures import Picture, Stroke, picture_of, strokes_of
from medweb.accounts.current import person
from medweb.accounts.models import User

PAGE_ROWS = 50
# Lines of the probability map, and what they are called in the style sheet.
LEVELS = ((0.05, "unlikely"), (0.95, "sure"), (0.5, "consensus"))


class Asked:
    """What a request wants compared: a series, layers on it, and a threshold."""

    def __init__(self, user: User, case: Case, sent: QueryDict) -> None:
        self.series_list = list(case.series.cleared().filter(frame_count__gt=0))
        wanted = sent.get("series", "")
        chosen = next((one for one in self.series_list if str(one.pk) == wanted), None)
        if wanted and chosen is None:
            raise Http404
        self.series: Series | None = chosen or next(iter(self._with_layers(case, user)), None)
        self.every = services.layers_of(self.series, user) if self.series else []
        picked = set(sent.getlist("reader"))
        first = [row for row in self.every if not row.is_reference] or self.every
        if len(first) < 2:
            first = self.every
        self.layers = (
            [row for row in self.every if str(row.pk) in picked] if picked else first[: services.MOST_READERS]
        )
        allowed = {str(one): one for one in services.THRESHOLDS}
        self.threshold = allowed.get(sent.get("threshold", ""), 0.5)
        self.names = [author_shown(row, user) for row in self.layers]

    def _with_layers(self, case: Case, user: User) -> list[Series]:
        rows = Annotation.objects.visible_to(user).filter(series__case=case).exclude(submitted_at=None)
        drawn = set(rows.values_list("series", flat=True))
        return [one for one in self.series_list if one.pk in drawn] or self.series_list

    def query(self, **more: object) -> str:
        """The address's query for the same, and ``more``."""
        pairs = [("series", self.series.pk if self.series else "")]
        pairs += [("reader", row.pk) for row in self.layers]
        return urlencode([*pairs, ("threshold", self.threshold), *more.items()])

    def compare(self) -> Comparison:
        if self.series is None:
            raise ValidationError(_("This case has no images yet."))
        return services.compare(self.series, self.layers, threshold=self.threshold)


def _editable(request: HttpRequest, pk: int) -> tuple[User, Case]:
    user = person(request)
    case = visible_case(user, pk)
    check_user_can_edit_case(user, case)
    return user, case


@require_GET
def agreement(request: HttpRequest, pk: int) -> HttpResponse:
    """Overlap, kappa, findings and consensus of chosen readers; for those who may edit the case."""
    user, case = _editable(request, pk)
    asked = Asked(user, case, request.GET)
    context: dict[str, Any] = {
        "case": case,
        "asked": asked,
        "choices": [
            {"layer": row, "name": author_shown(row, user), "chosen": row in asked.layers}
            for row in asked.every
        ],
        "thresholds": services.THRESHOLDS,
        "most": services.MOST_READERS,
        "csv_query": asked.query(),
    }
    try:
        made = asked.compare()
        context |= {"made": made, **_numbers(asked, made), **_findings(asked, made, request)}
        context |= _consensus(asked, made, request)
    except ValidationError as error:
        context["trouble"] = " ".join(error.messages)
    except GeometryError:
        context["trouble"] = _("A layer was drawn when the series had other images. Choose other readers.")
    return render(request, "cases/agreement.html", context)


def _numbers(asked: Asked, made: Comparison) -> dict[str, Any]:
    names = asked.names
    matrix = [
        {
            "name": names[a],
            "cells": [(f"{made.dice[a, b]:.2f}", round(10 * made.dice[a, b])) for b in range(made.readers)],
        }
        for a in range(made.readers)
    ]
    pairs = [{"pair": one, "first": names[one.first], "second": names[one.second]} for one in made.pairs]
    return {"names": names, "matrix": matrix, "pairs": pairs, "fleiss": made.fleiss}


def _findings(asked: Asked, made: Comparison, request: HttpRequest) -> dict[str, Any]:
    sent = request.GET.get("from", "")
    start = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 8 else 0
    total = len(made.found)
    start = start - start % PAGE_ROWS if start < total else 0
    shown = made.found[start : start + PAGE_ROWS]
    rows = [
        {
            "number": start + n,
            "image": one.frame + 1,
            "labels": [_said(one.members[r].shape) if r in one.members else "" for r in range(made.readers)],
            "by": len(one.members),
        }
        for n, one in enumerate(shown, 1)
    ]
    url = reverse("cases:agreement", args=[asked.series.case_id if asked.series else 0])
    page = {
        "previous_url": f"{url}?{asked.query(**{'from': start - PAGE_ROWS})}#findings" if start else None,
        "next_url": (
            f"{url}?{asked.query(**{'from': start + PAGE_ROWS})}#findings"
            if start + PAGE_ROWS < total
            else None
        ),
        "place": f"{start + 1}–{start + len(shown)} / {total}" if total > PAGE_ROWS else "",
    }
    return {"findings": rows, "page": page}


def _said(shape: Shape) -> str:
    return shape.label or _("drawn, no label")


def _consensus(asked: Asked, made: Comparison, request: HttpRequest) -> dict[str, Any]:
    found = made.consensus
    if found is None or asked.series is None:
        return {}
    table = [
        {"name": name, "sensitivity": f"{p:.3f}", "specificity": f"{q:.3f}"}
        for name, p, q in zip(asked.names, found.sensitivity, found.specificity, strict=True)
    ]
    images = [tile.frame for tile in made.tiles]
    sent = request.GET.get("image", "")
    wanted = int(sent) - 1 if sent.isascii() and sent.isdecimal() and len(sent) < 7 else -1
    at = images.index(wanted) if wanted in images else _fullest(made, images)
    frame = asked.series.frames.get(index=images[at])
    near = {
        "before": asked.query(image=images[at - 1] + 1) if at else "",
        "after": asked.query(image=images[at + 1] + 1) if at + 1 < len(images) else "",
    }
    return {
        "staple": table,
        "consensus": found,
        "consensus_count": len(made.shapes),
        "picture": _picture(made, frame, at),
        "image": images[at] + 1,
        "image_count": len(images),
        "near": near,
    }


def _fullest(made: Comparison, images: list[int]) -> int:
    """The image on which the consensus is the largest."""
    inside = dict.fromkeys(images, 0)
    for shape in made.shapes:
        inside[shape.frame] += sum(shape.counts[1::2])
    return images.index(max(images, key=lambda frame: inside[frame]))


def _picture(made: Comparison, frame: Frame, at: int) -> Picture:
    """The frame under what each reader drew and the lines of the probability map."""
    tile = made.tiles[at]
    strokes = [
        stroke
        for regions in made.drawn
        for stroke in strokes_of([r.shape for r in regions if r.shape.frame == frame.index], "kept")
    ]
    assert made.consensus is not None
    sure = probability_map(tile, made.consensus)
    for level, kind in LEVELS:
        if (sure >= level).any():
            points, counts = from_window(sure >= level, x=tile.left, y=tile.top)
            strokes.append(Stroke(path(Shape("", "mask", tile.frame, points, counts=counts)), kind))
    return picture_of(frame, strokes)


@require_GET
def agreement_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """The numbers as a table: ``table=findings`` (one row for each), otherwise one row for each pair."""
    user, case = _editable(request, pk)
    asked = Asked(user, case, request.GET)
    try:
        made = asked.compare()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("cases:agreement", pk=pk)
    except GeometryError as error:
        messages.error(request, f"{error.field}: {error.message}")
        return redirect("cases:agreement", pk=pk)
    text = io.StringIO()
    writer = csv.writer(text)
    if request.GET.get("table") == "findings":
        writer.writerow(["image", *(_cell(name) for name in asked.names), "drawn_by"])
        for one in made.found:
            labels = [
                _cell(one.members[r].shape.label or "unlabelled") if r in one.members else ""
                for r in range(made.readers)
            ]
            writer.writerow([one.frame + 1, *labels, len(one.members)])
    else:
        head = ["first", "second", "matched", "only_first", "only_second", "mean_iou", "dice"]
        writer.writerow([*head, "label_kappa", "pixel_kappa"])
        for pair in made.pairs:
            numbers = [pair.iou, pair.dice, pair.label_kappa, pair.pixel_kappa]
            told = ["" if one is None else f"{one:.6f}" for one in numbers]
            names = [_cell(asked.names[pair.first]), _cell(asked.names[pair.second])]
            writer.writerow([*names, pair.matched, pair.only_first, pair.only_second, *told])
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="medweb-agreement-{pk}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


def _cell(text: str) -> str:
    """Words that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


@require_POST
def agreement_consensus(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the consensus of the chosen readers to the reference."""
    user, case = _editable(request, pk)
    asked = Asked(user, case, request.POST)
    try:
        if asked.series is None:
            raise ValidationError(_("This case has no images yet."))
        added = services.add_consensus(
            series=asked.series, layers=asked.layers, threshold=asked.threshold, by=user
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except GeometryError as error:
        messages.error(request, f"{error.field}: {error.message}")
    else:
        told = ngettext(
            "%(n)d mask was added to the reference.", "%(n)d masks were added to the reference.", added
        )
        messages.success(
            request,
            told % {"n": added} if added else _("The reference has this consensus already."),
        )
    return redirect(f"{reverse('cases:agreement', args=[pk])}?{asked.query()}")
