"""Full-text search: one function, two SQL branches with the same results."""

import re

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from cases.models import Case
from cases.querysets import is_veiled_from
from medweb.accounts.models import User

_WORD = re.compile(r"\w+", re.UNICODE)
MAX_WORDS = 12
# PostgreSQL refuses words of more than 2,046 bytes with an error.
MAX_LETTERS = 100

# What PostgreSQL's English dictionary leaves out; without the same list SQLite would insist on finding "the".
_SMALL_WORDS = """
    i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her
    hers herself it its itself they them their theirs themselves what which who whom this that these
    those am is are was were be been being have has had having do does did doing a an the and but if or
    because as until while of at by for with about against between into through during before after
    above below to from up down in out on off over under again further then once here there when where
    why how all any both each few more most other some such no nor not only own same so than too very s
    t can will just don should now
"""
STOP_WORDS = frozenset(_SMALL_WORDS.split())


def words_of(query: str) -> list[str]:
    """Words of a search box entry; the rest of what people type is not syntax here."""
    words = [word[:MAX_LETTERS] for word in _WORD.findall(query)]
    return [word for word in words if word.lower() not in STOP_WORDS][:MAX_WORDS]


def matching(cases: "QuerySet[Case]", query: str, user: User) -> "QuerySet[Case]":
    """Those of ``cases`` whose text has every word of ``query``; the last word may be only begun.

    Of a case that ``user`` reads as an unknown only the history and the neutral title are looked at: a hit
    elsewhere would tell the answer to who tries words.
    """
    words = words_of(query)
    if not words:
        return cases
    if connection.vendor == "postgresql":
        expression = " & ".join([*words[:-1], f"{words[-1]}:*"])
        found = RawSQL("SELECT id FROM cases_case WHERE search @@ to_tsquery('english', %s)", [expression])
    else:
        expression = " ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"*'])
        found = RawSQL("SELECT rowid FROM cases_case_search WHERE cases_case_search MATCH %s", [expression])
    veiled = is_veiled_from(user, "pk")
    shown = Q()
    for word in words:
        shown &= Q(history__icontains=word) | Q(neutral_title__icontains=word)
    return cases.filter((Q(pk__in=found) & ~veiled) | (veiled & shown))
