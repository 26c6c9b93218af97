"""The library: find a case."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from cases import facets, highlights
from cases.enums import CaseStatus, Clearance
from cases.facets import SORTS, Asked, Facet, FacetValue, has_reference, tally
from cases.models import Case, Frame, Visit
from cases.permissions import user_can_create_case
from cases.search import words_of
from cases.services import finding
from cases.services.searching import wordings
from cases.spelling import did_you_mean
from cases.veil import cover
from cases.words import Word
from medweb.accounts.current import person
from medweb.accounts.models import User
from medweb.keyset import ordered_page
from medweb.paging import Page

PAGE = 24
# Kept when somebody clears the filters: how the list looks is no filter.
LOOKS = frozenset({"view", "sort", "cursor"})
TEXTS = (
    "abstract", "history", "findings", "differential", "discussion", "management", "pearls",
    "retraction_reason",
)  # fmt: skip


def address(query: QueryDict, **changes: str | None) -> str:
    """The address with some parameters set, or taken away by ``None``; always of the first page."""
    query = query.copy()
    for name, value in {"cursor": None, **changes}.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}"


def _toggled(query: QueryDict, name: str, value: str) -> str:
    query = query.copy()
    query.pop("cursor", None)
    chosen = query.getlist(name)
    query.setlist(name, [v for v in chosen if v != value] if value in chosen else [*chosen, value])
    return f"?{query.urlencode()}"


@dataclass(frozen=True)
class Column:
    """Head of a column of the list; ``turns`` is the address that sorts by it."""

    label: str
    turns: str
    state: str


def _columns(query: QueryDict, asked: Asked) -> list[Column]:
    """Heads by which the list can be sorted."""
    heads = (
        (_("Title"), "title", "-title"),
        (_("Modality"), "modality", "-modality"),
        (_("Body region"), "region", "-region"),
        (_("Added"), "newest", "oldest"),
    )
    found = []
    for label, first, second in heads:
        now = asked.order
        state = {first: "ascending", second: "descending"}.get(now, "")
        if first == "newest":
            state = {first: "descending", second: "ascending"}.get(now, "")
        found.append(Column(str(label), address(query, sort=second if now == first else first), state))
    return found


def _linked(query: QueryDict, found: Iterable[Facet]) -> list[Facet]:
    """Facets with the address that each value leads to."""

    def linked(value: FacetValue) -> FacetValue:
        return replace(value, url=_toggled(query, value.name, value.value))

    return [replace(facet, values=[linked(value) for value in facet.values]) for facet in found]


def page_of_cards(request: HttpRequest, visible: "QuerySet[Case]", asked: Asked, user: User) -> "Page[Case]":
    """One page of cards, with what was found in each when words were asked for.

    First the keys of the page, then its cards: what a card shows would otherwise be looked up for every case
    that is sorted.
    """
    parts, ordering = asked.parts(visible, user)
    columns = {name.removeprefix("-") for name in ordering} & {f.name for f in Case._meta.concrete_fields}
    page = ordered_page(request, [part.only("pk", *columns) for part in parts], ordering=ordering, size=PAGE)
    rows = cards([case.pk for case in page.rows], user, query=asked.query)
    return Page(rows, page.next_url, page.previous_url)


def cards(keys: list[int], user: User, *, query: str = "") -> list[Case]:
    """Cases with what a card shows, in the order of their keys; those of ``keys`` that this reader sees."""
    words = words_of(query)
    shown = for_cards(Case.objects.visible_to(user).filter(pk__in=keys))
    by_key = {case.pk: case for case in (shown if words else shown.defer(*TEXTS)).order_by()}
    rows: list[Case] = [by_key[key] for key in keys if key in by_key]
    attach_covers(rows)
    # From here on a row holds only what its reader may know: titles and hits are made of that.
    cover(rows, user)
    _attach_titles(rows, words)
    if words:
        _attach_hits(rows, words)
    return rows


def for_cards(cases: "QuerySet[Case]") -> "QuerySet[Case]":
    """What a card shows, in a fixed number of queries: middle frame, frame count, whether it has drawings."""
    first = shown_frames().filter(series__case=OuterRef("pk"))
    total = first.order_by().values("series__case").annotate(n=Count("pk")).values("n")
    return cases.select_related("author", "diagnosis").annotate(
        frame_total=Subquery(total[:1]), has_reference=has_reference()
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


# In the order in which a hit is looked for.
FIELDS: tuple[tuple[str, Any], ...] = (
    ("keywords", _("Keywords")),
    ("abstract", _("Abstract")),
    ("history", _("History")),
    ("findings", _("Findings")),
    ("differential", _("Differential diagnosis")),
    ("discussion", _("Discussion")),
    ("management", _("Management")),
    ("pearls", _("Pearls")),
    ("proof", _("Proof")),
)


def _attach_titles(cases: list[Case], asked: list[Word]) -> None:
    """Give each case the title that is shown, with the words marked that were searched for."""
    for case in cases:
        case.title_html = highlights.whole(case.title, asked)  # type: ignore[attr-defined]


def _attach_hits(cases: list[Case], asked: list[Word]) -> None:
    """Give each case the piece of its text that has the words."""
    said = wordings({case.diagnosis_id for case in cases if case.diagnosis_id})
    for case in cases:
        terms = " · ".join(dict.fromkeys(said.get(case.diagnosis_id or 0, [])))
        texts = [(str(_("Diagnosis")), terms)]
        texts += [(str(label), getattr(case, name)) for name, label in FIELDS]
        case.hit = highlights.first_hit(texts, asked)  # type: ignore[attr-defined]


@require_GET
def library(request: HttpRequest) -> HttpResponse:
    """Cards of the cases this person may see, narrowed by search and facets; all state is in the address."""
    user = person(request)
    visible = Case.objects.visible_to(user)
    asked = Asked.of(request.GET)
    cases = asked.narrow(visible, user)
    page = page_of_cards(request, visible, asked, user)
    counted = tally(cases, user)
    found = facets.facets(asked, visible, counted, user)
    nothing = bool(asked.query and not counted.total)
    meant = did_you_mean(visible, asked.query, user) if nothing else ""
    context = {
        "page": page,
        "total": counted.total,
        "more": counted.more,
        "facets": _linked(request.GET, found),
        "columns": _columns(request.GET, asked),
        "as_list": request.GET.get("view") == "list",
        "grid_url": address(request.GET, view=None),
        "list_url": address(request.GET, view="list"),
        "sorts": _sorts(request.GET, asked),
        "chosen_count": sum(value.chosen for facet in found for value in facet.values),
        "cleared_url": "?view=list" if request.GET.get("view") == "list" else request.path,
        "search_text": request.GET.get("q", ""),
        "meant": meant,
        "meant_url": address(request.GET, q=meant),
        "narrowed": any(value for name, value in request.GET.items() if name not in LOOKS),
        "can_create": user_can_create_case(user),
        "random_url": f"{reverse('cases:random-case')}{address(request.GET)}",
        "query": request.GET.urlencode(),
        **(_of_today(visible, user) if request.GET.keys() <= LOOKS and "cursor" not in request.GET else {}),
    }
    template = (
        "cases/_library_results.html"
        if request.headers.get("HX-Target") == "results"
        else "cases/library.html"
    )
    return render(request, template, context)


def _of_today(visible: "QuerySet[Case]", user: User) -> dict[str, Any]:
    """What greets on the first page: the case of the day, and those to go on with."""
    published = visible.filter(status=CaseStatus.PUBLISHED)
    today = finding.case_of_the_day(published, timezone.localdate())
    going = list(
        Visit.objects.filter(user=user, case__in=published.order_by()).values_list("case", flat=True)[:3]
    )
    keys = [*([today.pk] if today else []), *going]
    by_key = {case.pk: case for case in cards(list(dict.fromkeys(keys)), user)}
    return {
        "of_today": by_key.get(today.pk) if today else None,
        "going_on": [by_key[key] for key in going if key in by_key],
    }


def _sorts(query: QueryDict, asked: Asked) -> list[tuple[str, str, str, bool]]:
    """What the list of orders offers."""
    names = ["newest", "oldest", "title", "-title"]
    if words_of(asked.query):
        names.insert(0, "relevance")
    if asked.order not in names:
        names.append(asked.order)
    return [(name, str(SORTS[name][0]), address(query, sort=name), name == asked.order) for name in names]
