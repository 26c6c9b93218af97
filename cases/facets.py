"""Finding cases: what an address asks for, and how many cases each further filter would leave.

Counting stops at a bound. Who sees what is a question about each row, so counting every case costs a tenth of
a second for each 20,000 of them; nobody acts upon the difference between 1,412 and 1,413.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from django.db.models import Case as If
from django.db.models import Exists, F, OuterRef, Q, QuerySet, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.enums import (
    HANDED_IN,
    BodyRegion,
    CaseStatus,
    Clearance,
    Level,
    Modality,
    OrganSystem,
    ReadingStage,
)
from cases.models import Annotation, Case, Collection, CollectionItem, Term
from cases.permissions import user_can_create_case
from cases.querysets import is_veiled_from
from cases.search import by_relevance, matching, words_of
from medweb.accounts.models import User

BOUND = 1_000
"""Cases up to which all figures are exact; beyond, they are those of the newest ones: "at least"."""
MOST_VALUES = 12
LONGEST_QUERY = 200

CHOICES: dict[str, tuple[Any, Any]] = {
    "modality": (_("Modality"), Modality),
    "body_region": (_("Body region"), BodyRegion),
    "organ_system": (_("Organ system"), OrganSystem),
    "level": (_("Level"), Level),
    "status": (_("Status"), CaseStatus),
}
KEYS: dict[str, Any] = {
    "diagnosis": _("Diagnosis"),
    "collection": _("Collection"),
    "author": _("Author"),
}
SORTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "relevance": (_("Best match"), ("-created_at", "-id")),
    "newest": (_("Newest"), ("-created_at", "-id")),
    "oldest": (_("Oldest"), ("created_at", "id")),
    "title": (_("Title, A to Z"), ("shown_title", "id")),
    "-title": (_("Title, Z to A"), ("-shown_title", "-id")),
    "modality": (_("Modality"), ("modality", "-created_at", "-id")),
    "-modality": (_("Modality, turned over"), ("-modality", "-created_at", "-id")),
    "region": (_("Body region"), ("body_region", "-created_at", "-id")),
    "-region": (_("Body region, turned over"), ("-body_region", "-created_at", "-id")),
}


class Query(Protocol):
    """The part of ``QueryDict`` that is asked here."""

    def getlist(self, key: str, /) -> list[str]: ...

    def get(self, key: str, /) -> Any: ...


# What a facet may not count of an unknown whose diagnosis was not asked for; as in cases.veil.
VEILED = frozenset({"organ_system"})


def has_reference() -> Exists:
    """Condition for cases with a drawing of their author that was handed in."""
    references = Annotation.objects.filter(
        series__case=OuterRef("pk"),
        series__clearance=Clearance.CLEARED,
        is_reference=True,
        status__in=HANDED_IN,
    )
    return Exists(references.order_by())


def annotated(user: User) -> Q:
    """Condition for those of which ``user`` may know it."""
    return ~is_veiled_from(user, "pk", until=ReadingStage.FINDINGS) & Q(has_reference())


COLUMNS = (*CHOICES, "diagnosis", "author")


def is_due() -> Q:
    """Condition for published cases that are to be looked at again."""
    return Q(status=CaseStatus.PUBLISHED, review_due_on__lte=timezone.localdate())


@dataclass(frozen=True)
class Asked:
    """What an address asks for; whatever in it is no value of a facet is left out."""

    query: str = ""
    choices: Mapping[str, list[str]] = field(default_factory=dict)
    # Chosen, even if none of it is a value: such an address finds nothing instead of everything.
    chosen: frozenset[str] = frozenset()
    keys: Mapping[str, list[int]] = field(default_factory=dict)
    annotated: bool = False
    mine: bool = False
    due: bool = False
    sort: str = ""

    @classmethod
    def of(cls, query: Query) -> "Asked":
        """Read a query string; PostgreSQL raises on a NUL, so only known values are kept."""
        lists = {name: [v for v in query.getlist(name) if v] for name in (*CHOICES, *KEYS)}
        text = str(query.get("q") or "")[:LONGEST_QUERY]
        sort = str(query.get("sort") or "")
        return cls(
            query=text,
            choices={
                name: [v for v in lists[name] if v in choices.values]
                for name, (_label, choices) in CHOICES.items()
            },
            chosen=frozenset(name for name in CHOICES if lists[name]),
            keys={name: [int(v) for v in lists[name] if v.isdecimal() and len(v) < 18] for name in KEYS},
            annotated=query.get("annotated") == "1",
            mine=query.get("mine") == "1",
            due=query.get("due") == "1",
            sort=sort if sort in SORTS else "",
        )

    @property
    def order(self) -> str:
        """Name of the order: the chosen one, else the best match of a search, else the newest."""
        searched = bool(words_of(self.query))
        if self.sort and (searched or self.sort != "relevance"):
            return self.sort
        return "relevance" if searched else "newest"

    def narrow(self, cases: "QuerySet[Case]", user: User, *, without: str = "") -> "QuerySet[Case]":
        """``cases`` of these filters; ``without`` leaves a facet out, to count its other values."""
        for name in self.chosen - {without}:
            cases = cases.filter(**{f"{name}__in": self.choices[name]})
            if name in VEILED:
                cases = cases.filter(~is_veiled_from(user, "pk", until=ReadingStage.DIAGNOSIS))
        if self.keys.get("collection") and without != "collection":
            visible = Collection.objects.visible_to(user).filter(pk__in=self.keys["collection"])
            inside = CollectionItem.objects.filter(collection__in=visible.order_by())
            cases = cases.filter(pk__in=inside.order_by().values("case"))
        if self.keys.get("diagnosis") and without != "diagnosis":
            cases = cases.filter(
                ~is_veiled_from(user, "pk", until=ReadingStage.DIAGNOSIS),
                diagnosis__in=self.keys["diagnosis"],
            )
        if self.keys.get("author") and without != "author":
            cases = cases.filter(author__in=self.keys["author"])
        if self.annotated and without != "annotated":
            cases = cases.filter(annotated(user))
        if self.mine:
            cases = cases.filter(author=user)
        if self.due and without != "status":
            cases = cases.filter(is_due(), pk__in=Case.objects.editable_by(user).order_by().values("pk"))
        return matching(cases, self.query, user)

    def parts(self, cases: "QuerySet[Case]", user: User) -> "tuple[list[QuerySet[Case]], tuple[str, ...]]":
        """``cases`` in parts that follow one another, and the columns of the order in each.

        By title, veiled cases come last: among the others their place would tell the title that is hidden,
        and a mixture of both titles is in no index.
        """
        ordering = SORTS[self.order][1]
        if self.order == "relevance":
            plain = replace(self, query="").narrow(cases, user)
            return by_relevance(plain, self.query, user), ordering
        cases = self.narrow(cases, user)
        if self.order not in ("title", "-title"):
            return [cases], ordering
        veiled = is_veiled_from(user, "pk", until=ReadingStage.DIAGNOSIS)
        return [
            cases.filter(~veiled).annotate(shown_title=F("title")),
            cases.filter(veiled).annotate(shown_title=F("neutral_title")),
        ], ordering


@dataclass(frozen=True)
class Tally:
    """How many of the newest cases have each value, and how many there are."""

    total: int
    by: Mapping[str, Counter[Any]]
    pks: tuple[int, ...]
    more: bool


def tally(cases: "QuerySet[Case]", user: User) -> Tally:
    """Count ``cases`` by every facet in one query: one for each made a large library seven times as slow."""
    rows = list(
        cases.annotate(
            is_veiled=If(When(is_veiled_from(user, "pk", until=ReadingStage.DIAGNOSIS), then=1), default=0)
        )
        .order_by("-created_at", "-id")
        .values_list("pk", "is_veiled", *COLUMNS)[: BOUND + 1]
    )
    more = len(rows) > BOUND
    by: dict[str, Counter[Any]] = {name: Counter() for name in COLUMNS}
    for _pk, is_veiled, *values in rows[:BOUND]:
        for name, value in zip(COLUMNS, values, strict=True):
            if not (is_veiled and name in (*VEILED, "diagnosis")):
                by[name][value] += 1
    return Tally(min(len(rows), BOUND), by, tuple(row[0] for row in rows[:BOUND]), more)


@dataclass(frozen=True)
class FacetValue:
    """A value of a facet; ``count`` is what is known of it, ``more`` whether there may be others."""

    name: str
    value: str
    label: str
    count: int
    chosen: bool
    more: bool = False
    url: str = ""

    @property
    def id(self) -> str:
        """Of its link on the page; unlike a name of the user's language it holds no spaces."""
        return f"facet-{self.name}-{self.value}"


@dataclass(frozen=True)
class Facet:
    name: str
    label: str
    values: list[FacetValue]


def facets(asked: Asked, visible: "QuerySet[Case]", counted: Tally, user: User) -> list[Facet]:
    """Every facet with something to choose. One in which something is chosen counts as if nothing were."""

    def counts(name: str) -> Tally:
        chosen = name in asked.chosen or asked.keys.get(name) or getattr(asked, name, False) is True
        if name == "status" and asked.due:
            chosen = True
        return tally(asked.narrow(visible, user, without=name), user) if chosen else counted

    found = []
    for name, (label, choices) in CHOICES.items():
        if name == "status" and not user_can_create_case(user):
            continue
        here = counts(name)
        values = [
            FacetValue(name, value, str(text), here.by[name][value], value in asked.choices[name], here.more)
            for value, text in choices.choices
            if here.by[name][value] or value in asked.choices[name] or (here.more and name in _ALWAYS)
        ]
        if len(values) > 1 or any(value.chosen for value in values):
            found.append(Facet(name, str(label), values))
    found += [
        _terms(asked, counts("diagnosis"), user),
        _collections(asked, counts("collection"), user),
        _authors(asked, counts("author")),
        _annotated(asked, counts("annotated"), user),
    ]
    return [facet for facet in found if facet.values]


# Beyond the bound a rare value may lie behind the newest cases: these lists are short enough to show whole.
_ALWAYS = frozenset({"modality", "body_region", "organ_system", "level"})


def _rows(name: str, here: Tally, chosen: list[int], labels: Mapping[Any, str]) -> Facet:
    counts = here.by[name]
    most = [pk for pk, _n in counts.most_common(MOST_VALUES + 1) if pk is not None][:MOST_VALUES]
    shown = [*most, *(pk for pk in chosen if pk not in most)]
    values = [
        FacetValue(name, str(pk), labels[pk], counts[pk], pk in chosen, here.more)
        for pk in shown
        if pk in labels
    ]
    return Facet(name, str(KEYS[name]), values)


def _wanted(counts: Counter[Any], chosen: list[int]) -> list[int]:
    return [*(pk for pk, _n in counts.most_common(MOST_VALUES + 1) if pk is not None), *chosen]


def _terms(asked: Asked, here: Tally, user: User) -> Facet:
    chosen = asked.keys["diagnosis"]
    terms = Term.objects.visible_to(user).in_bulk(_wanted(here.by["diagnosis"], chosen))
    return _rows("diagnosis", here, chosen, {pk: term.display for pk, term in terms.items()})


def _authors(asked: Asked, here: Tally) -> Facet:
    chosen = [pk for pk in asked.keys["author"] if pk in here.by["author"]]
    people = User.objects.in_bulk(_wanted(here.by["author"], chosen))
    facet = _rows("author", here, chosen, {pk: str(user) for pk, user in people.items()})
    return facet if len(facet.values) > 1 or chosen else Facet("author", facet.label, [])


def _collections(asked: Asked, here: Tally, user: User) -> Facet:
    visible = Collection.objects.visible_to(user)
    chosen = asked.keys["collection"]
    inside = CollectionItem.objects.filter(collection__in=visible.order_by(), case__in=here.pks)
    counts = Counter(inside.order_by().values_list("collection", flat=True))
    titles = dict(visible.filter(pk__in=_wanted(counts, chosen)).values_list("pk", "title"))
    found = Tally(here.total, {"collection": counts}, here.pks, here.more)
    return _rows("collection", found, chosen, titles)


def _annotated(asked: Asked, here: Tally, user: User) -> Facet:
    n = Case.objects.filter(annotated(user), pk__in=here.pks).order_by().count()
    values = [FacetValue("annotated", "1", str(_("With annotations")), n, asked.annotated, here.more)]
    return Facet("annotated", str(_("Drawings")), values if n or asked.annotated else [])
