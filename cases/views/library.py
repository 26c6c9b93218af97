"""The library: find a case."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Case as If
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from cases.enums import HANDED_IN, BodyRegion, CaseStatus, Clearance, Level, Modality
from cases.models import Annotation, Case, Collection, CollectionItem, Frame, Term
from cases.permissions import user_can_create_case
from cases.querysets import is_veiled_from
from cases.search import matching
from cases.veil import cover
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.paging import page_of

CHOICE_FACETS: tuple[tuple[str, Any, Any], ...] = (
    ("modality", _("Modality"), Modality),
    ("body_region", _("Body region"), BodyRegion),
    ("level", _("Level"), Level),
    ("status", _("Status"), CaseStatus),
)
MOST_VALUES = 12


@dataclass(frozen=True)
class FacetValue:
    value: str
    label: str
    count: int
    chosen: bool
    url: str


@dataclass(frozen=True)
class Facet:
    name: str
    label: str
    values: list[FacetValue]


def _toggled(request: HttpRequest, name: str, value: str) -> str:
    query = request.GET.copy()
    query.pop("cursor", None)
    chosen = query.getlist(name)
    query.setlist(name, [v for v in chosen if v != value] if value in chosen else [*chosen, value])
    return f"?{query.urlencode()}"


def _chosen(request: HttpRequest, name: str) -> list[str]:
    return [value for value in request.GET.getlist(name) if value]


def _known(request: HttpRequest, name: str, choices: Any) -> list[str]:
    """Chosen values that the facet has; PostgreSQL raises on some others, such as those with a NUL."""
    return [value for value in _chosen(request, name) if value in choices.values]


def _numbers(request: HttpRequest, name: str) -> list[int]:
    """Chosen keys; what is no key of any row is left out."""
    return [int(value) for value in _chosen(request, name) if value.isdecimal() and len(value) < 18]


def filtered(request: HttpRequest, cases: "QuerySet[Case]", *, without: str = "") -> "QuerySet[Case]":
    """``cases`` narrowed by the query string; ``without`` leaves a facet out, to count its other values."""
    for name, _label, choices in CHOICE_FACETS:
        if name != without and _chosen(request, name):
            cases = cases.filter(**{f"{name}__in": _known(request, name, choices)})
    collections = _numbers(request, "collection")
    if collections and without != "collection":
        visible = Collection.objects.visible_to(person(request)).filter(pk__in=collections)
        cases = cases.filter(pk__in=visible.values("cases"))
    diagnoses = _numbers(request, "diagnosis")
    if diagnoses and without != "diagnosis":
        cases = cases.filter(~is_veiled_from(person(request), "pk"), diagnosis__in=diagnoses)
    if request.GET.get("mine") == "1":
        cases = cases.filter(author=person(request))
    return matching(cases, request.GET.get("q", "")[:200], person(request))


@dataclass(frozen=True)
class Tally:
    """How many cases have each value, counted in one pass over the cases, and how many there are in all.

    One query for each facet and one for the total made the library of 20,000 cases seven times as slow: what
    costs is the reading right of each case, not the counting.
    """

    total: int
    by: dict[str, Counter[Any]]


def tally(cases: "QuerySet[Case]", user: User) -> Tally:
    """Count ``cases`` by every facet that is a column; an unknown is not counted by its diagnosis."""
    names = [*(name for name, _label, _choices in CHOICE_FACETS), "diagnosis"]
    by: dict[str, Counter[Any]] = {name: Counter() for name in names}
    total = 0
    named = When(~is_veiled_from(user, "pk"), then=F("diagnosis"))
    rows = cases.order_by().annotate(shown_diagnosis=If(named, default=None))
    columns = ["shown_diagnosis" if name == "diagnosis" else name for name in names]
    for *values, n in rows.values_list(*columns).annotate(n=Count("pk")):
        total += n
        for name, value in zip(names, values, strict=True):
            by[name][value] += n
    return Tally(total, by)


def _facets(request: HttpRequest, cases: "QuerySet[Case]", counted: Tally) -> list[Facet]:
    def counts_of(name: str) -> Counter[Any]:
        # A facet in which something is chosen counts as if nothing were: its other values are to be seen.
        return (
            tally(filtered(request, cases, without=name), person(request)).by[name]
            if _chosen(request, name)
            else counted.by[name]
        )

    facets = []
    for name, label, choices in CHOICE_FACETS:
        counts = counts_of(name)
        chosen = _known(request, name, choices)
        values = [
            FacetValue(value, str(text), counts[value], value in chosen, _toggled(request, name, value))
            for value, text in choices.choices
            if counts[value] or value in chosen
        ]
        if len(values) > 1 or any(value.chosen for value in values):
            facets.append(Facet(name, str(label), values))
    facets.append(_collections(request, cases))
    facets.append(_diagnoses(request, counts_of("diagnosis")))
    return [facet for facet in facets if facet.values]


def _collections(request: HttpRequest, cases: "QuerySet[Case]") -> Facet:
    visible = Collection.objects.visible_to(person(request))
    chosen = set(_numbers(request, "collection"))
    inside = filtered(request, cases, without="collection")
    rows: list[tuple[int, str, int]] = list(
        CollectionItem.objects.filter(collection__in=visible, case__in=inside.order_by())
        .order_by()
        .values_list("collection", "collection__title")
        .annotate(n=Count("pk"))
        .order_by("-n", "collection__title")[:MOST_VALUES]
    )
    if missing := chosen - {pk for pk, _title, _n in rows}:
        rows += [(pk, title, 0) for pk, title in visible.filter(pk__in=missing).values_list("pk", "title")]
    return Facet(
        "collection",
        str(_("Collection")),
        [
            FacetValue(str(pk), title, n, pk in chosen, _toggled(request, "collection", str(pk)))
            for pk, title, n in rows
        ],
    )


def _diagnoses(request: HttpRequest, counts: Counter[Any]) -> Facet:
    chosen = _numbers(request, "diagnosis")
    most = [pk for pk, _n in counts.most_common(MOST_VALUES + 1) if pk is not None][:MOST_VALUES]
    shown = [*most, *(pk for pk in chosen if pk not in most)]
    words = Term.objects.visible_to(person(request)).in_bulk(shown)
    return Facet(
        "diagnosis",
        str(_("Diagnosis")),
        [
            FacetValue(
                str(pk), words[pk].display, counts[pk], pk in chosen, _toggled(request, "diagnosis", str(pk))
            )
            for pk in shown
            if pk in words
        ],
    )


def for_cards(cases: "QuerySet[Case]") -> "QuerySet[Case]":
    """What a card shows, in a fixed number of queries: middle frame, frame count, whether it has drawings."""
    first = shown_frames().filter(series__case=OuterRef("pk"))
    total = first.order_by().values("series__case").annotate(n=Count("pk")).values("n")
    references = Annotation.objects.filter(
        series__case=OuterRef("pk"),
        series__clearance=Clearance.CLEARED,
        is_reference=True,
        status__in=HANDED_IN,
    )
    return cases.select_related("author", "diagnosis").annotate(
        frame_total=Subquery(total[:1]), has_reference=Exists(references)
    )


def shown_frames() -> "QuerySet[Frame]":
    """Frames that stand for a case: of no localiser, and of no series that waits at the desk."""
    return Frame.objects.filter(series__is_localiser=False, series__clearance=Clearance.CLEARED)


def middle_frames() -> "QuerySet[Frame]":
    """The frame in the middle of each cleared series: what stands for it in small."""
    return Frame.objects.filter(index=F("series__frame_count") / 2, series__clearance=Clearance.CLEARED)


def attach_covers(cases: list[Case]) -> None:
    """Give each case the frame for its card: the middle one of its largest series."""
    covers: dict[int, tuple[int, int]] = {}
    rows = (
        middle_frames()
        .filter(series__case__in=cases, series__is_localiser=False)
        .values_list("series__case_id", "pk", "series__frame_count")
    )
    for case_id, pk, total in rows:
        if case_id not in covers or total > covers[case_id][1]:
            covers[case_id] = (pk, total)
    for case in cases:
        case.cover_id = covers[case.pk][0] if case.pk in covers else None  # type: ignore[attr-defined]


@require_GET
def library(request: HttpRequest) -> HttpResponse:
    """Cards of the cases this person may see, narrowed by search and facets; all state is in the address."""
    user = person(request)
    visible = Case.objects.visible_to(user)
    cases = filtered(request, visible)
    page = page_of(request, for_cards(cases), size=24, ordering=("-created_at", "-id"))
    attach_covers(page.rows)
    cover(page.rows, user)
    counted = tally(cases, user)
    context = {
        "page": page,
        "total": counted.total,
        "facets": _facets(request, visible, counted),
        "search_text": request.GET.get("q", ""),
        "narrowed": any(value for name, value in request.GET.items() if name != "cursor"),
        "can_create": user_can_create_case(user),
    }
    template = (
        "cases/_library_results.html"
        if request.headers.get("HX-Target") == "results"
        else "cases/library.html"
    )
    return render(request, template, context)
