"""Full-text search: one function, two SQL branches with the same results."""

import re

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from cases.models import Case

_WORD = re.compile(r"\w+", re.UNICODE)
MAX_WORDS = 12
# PostgreSQL refuses words of more than 2,046 bytes with an error.
MAX_LETTERS = 100


def words_of(query: str) -> list[str]:
    """Words of a search box entry; the rest of what people type is not syntax here."""
    return [word[:MAX_LETTERS] for word in _WORD.findall(query)[:MAX_WORDS]]


def matching(cases: "QuerySet[Case]", query: str) -> "QuerySet[Case]":
    """Those of ``cases`` whose text has every word of ``query``; the last word may be only begun."""
    words = words_of(query)
    if not words:
        return cases
    if connection.vendor == "postgresql":
        expression = " & ".join([*words[:-1], f"{words[-1]}:*"])
        found = RawSQL("SELECT id FROM cases_case WHERE search @@ to_tsquery('english', %s)", [expression])
    else:
        expression = " ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"*'])
        found = RawSQL("SELECT rowid FROM cases_case_search WHERE cases_case_search MATCH %s", [expression])
    return cases.filter(pk__in=found)
