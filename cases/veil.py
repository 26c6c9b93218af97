"""What a reader of an unknown sees of a case, stage by stage.

Two halves. Conditions for queries are in :mod:`cases.querysets` (``is_veiled_from``): search, facets,
counts, layers and results leave out what they would give away. Here is the other half: :func:`cover` takes
what is not yet revealed out of the rows themselves, before a template or a serializer sees them. Whoever
writes a template then cannot show by mistake what its reader may not know.
"""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from cases.enums import ReadingStage
from cases.models import Case, Reading
from cases.querysets import READ
from medweb.accounts.models import Role, User

SHOWN_FROM: dict[str, ReadingStage] = {
    "findings": ReadingStage.FINDINGS,
    # A title usually is the answer; so are the words a case is found by.
    "title": ReadingStage.DIAGNOSIS,
    "differential": ReadingStage.DIAGNOSIS,
    "diagnosis": ReadingStage.DIAGNOSIS,
    "certainty": ReadingStage.DIAGNOSIS,
    "proof": ReadingStage.DIAGNOSIS,
    "keywords": ReadingStage.DIAGNOSIS,
    "organ_system": ReadingStage.DIAGNOSIS,
    "abstract": ReadingStage.EVERYTHING,
    "discussion": ReadingStage.EVERYTHING,
    "management": ReadingStage.EVERYTHING,
    "pearls": ReadingStage.EVERYTHING,
    # "J. Smith, A case of sarcoidosis".
    "source": ReadingStage.EVERYTHING,
}
"""Fields of a case that an unknown hides, with the stage that shows them; all others are open."""

SHOWN_ROWS_FROM: dict[str, ReadingStage] = {
    # The labels an author offers for drawing name what is to be found.
    "labels": ReadingStage.FINDINGS,
    "differentials": ReadingStage.DIAGNOSIS,
    "references": ReadingStage.EVERYTHING,
    # Remarks may say the diagnosis.
    "remarks": ReadingStage.EVERYTHING,
}
"""The same for rows that belong to a case, by the name that the case has for them."""


def first_stage(user: User, case: Case) -> ReadingStage:
    """What ``user`` sees of ``case`` before having asked for anything; agrees with ``is_veiled_from``."""
    hides = case.unknown and case.status in READ
    if not hides or case.author_id == user.pk or user.has_role(Role.ADMINISTRATOR):
        return ReadingStage.EVERYTHING
    return ReadingStage.IMAGES


def stages(user: User, cases: Sequence[Case]) -> dict[int, ReadingStage]:
    """Stage of each case by its key, in one query."""
    rows = Reading.objects.filter(user=user, case__in=[case.pk for case in cases]).order_by()
    begun = dict(rows.values_list("case", "stage"))
    return {
        case.pk: ReadingStage(begun[case.pk]) if case.pk in begun else first_stage(user, case)
        for case in cases
    }


def stage_of(user: User, case: Case) -> ReadingStage:
    """How much of ``case`` is shown to ``user`` now."""
    return stages(user, [case])[case.pk]


def neutral_title(case: Case) -> str:
    """The title while the answer is hidden."""
    return case.neutral_title or _("Unknown case %(number)s") % {"number": case.pk}


def cover(cases: list[Case], user: User) -> list[Case]:
    """Take out of ``cases`` what ``user`` has not asked for yet, and set ``stage_shown`` on each.

    The rows are for showing from then on: saving a field that was taken out is refused by the model.
    """
    found = stages(user, cases)
    for row in cases:
        _cover(row, found[row.pk])
    return cases


def covered(case: Case, user: User) -> Case:
    """The same for one case."""
    cover([case], user)
    return case


def _cover(case: Case, stage: ReadingStage) -> None:
    if case.stage_shown is not None and case.stage_shown <= stage:
        # Covered before; what is gone from the row stays gone.
        return
    case.stage_shown = stage
    hidden: dict[str, Any] = {name: "" for name, start in SHOWN_FROM.items() if stage < start}
    if "title" in hidden:
        hidden["title"] = neutral_title(case)
    if "diagnosis" in hidden:
        hidden["diagnosis"] = None
    for name, value in hidden.items():
        setattr(case, name, value)
    case.taken_out = frozenset(hidden)
    if stage < ReadingStage.FINDINGS:
        # What cards ask of a case (views/library.py).
        case.__dict__.update({name: False for name in ("has_reference",) if name in case.__dict__})
    # What is prefetched is what every manager of the row starts from.
    empty = {name: getattr(case, name).none() for name, start in SHOWN_ROWS_FROM.items() if stage < start}
    case.__dict__.setdefault("_prefetched_objects_cache", {}).update(empty)
