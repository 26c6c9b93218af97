"""How complete a case is: one table of what counts, used by the form, the author's page and the desk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from cases.models import Case, CaseAuthor, CaseReference, Series


@dataclass(frozen=True)
class Item:
    """One thing that a good case has.

    ``field`` is where the form asks for it, empty for what is not typed; ``has`` asks the facts of a case.
    """

    key: str
    label: Any
    weight: int
    field: str
    has: Callable[["Facts"], bool]


@dataclass(frozen=True)
class Facts:
    """A case and what lies beside it."""

    case: Case
    images: bool
    authors: bool
    references: bool


def _words(name: str, least: int = 1) -> Callable[[Facts], bool]:
    """Whether a text has so many words; a language without blanks counts two letters as one."""

    def enough(facts: Facts) -> bool:
        text = str(getattr(facts.case, name))
        return max(len(text.split()), sum(letter > "\u2e80" for letter in text) // 2) >= least

    return enough


# What cannot be published without it weighs most; then what teaches; then what helps to find and to cite.
ITEMS = (
    Item("images", _("Images"), 15, "", lambda facts: facts.images),
    Item("history", _("History"), 10, "history", _words("history", 3)),
    Item("findings", _("Findings"), 12, "findings", _words("findings", 5)),
    Item(
        "diagnosis", _("Diagnosis"), 12, "diagnosis_text", lambda facts: facts.case.diagnosis_id is not None
    ),
    Item("certainty", _("Certainty and proof"), 5, "certainty", _words("certainty")),
    Item("differential", _("Differential diagnosis"), 8, "differentials", _words("differential", 2)),
    Item("discussion", _("Discussion"), 12, "discussion", _words("discussion", 20)),
    Item("abstract", _("Summary"), 4, "abstract", _words("abstract", 5)),
    Item("pearls", _("Teaching points"), 4, "pearls", _words("pearls", 3)),
    Item("patient", _("Age and sex"), 4, "age_band", lambda f: bool(f.case.age_band and f.case.sex)),
    Item("organ_system", _("Organ system"), 3, "organ_system", _words("organ_system")),
    Item("keywords", _("Keywords"), 3, "keywords", _words("keywords")),
    Item("references", _("References"), 4, "references", lambda facts: facts.references),
    Item("authors", _("Authors"), 2, "authors", lambda facts: facts.authors),
    Item("licence", _("Licence"), 2, "licence", _words("licence")),
)


@dataclass(frozen=True)
class Completeness:
    """``percent`` of the weights, and each item with whether it is there."""

    percent: int
    items: tuple[tuple[Item, bool], ...]

    @property
    def missing(self) -> list[Item]:
        return [item for item, there in self.items if not there]


def measure(facts: Facts) -> Completeness:
    """How much of :data:`ITEMS` is there; 100 only when nothing is missing."""
    items = tuple((item, item.has(facts)) for item in ITEMS)
    total = sum(item.weight for item in ITEMS)
    return Completeness(sum(item.weight for item, there in items if there) * 100 // total, items)


def facts_of(case: Case) -> Facts:
    """Facts of one case, in one query."""
    row = (
        Case.objects.filter(pk=case.pk)
        .order_by()
        .values_list(
            Exists(Series.objects.cleared().filter(case=OuterRef("pk"), frame_count__gt=0)),
            Exists(CaseAuthor.objects.filter(case=OuterRef("pk"))),
            Exists(CaseReference.objects.filter(case=OuterRef("pk"))),
        )
        .first()
    )
    images, authors, references = row or (False, False, False)
    return Facts(case, images, authors, references)


def completeness_of(case: Case) -> Completeness:
    """How complete a stored case is."""
    return measure(facts_of(case))
