"""Full-text search: one function, two SQL branches with the same results.

Words are made in :mod:`cases.words`, so the databases only compare tokens. What a reader may not see yet of
an unknown never matches: such a case is found by the words it shows, and by no others.
"""

from django.db import connection
from django.db.models import F, Q, QuerySet, Value
from django.db.models.expressions import RawSQL

from cases.models import Case
from cases.querysets import is_veiled_from
from cases.words import Word, plain, words_in
from medweb.accounts.models import User

MAX_WORDS = 12
# Hits from which on the newest cases are walked through: as many as a page with its figures looks at.
MANY = 3_000
# Columns of the index; what PostgreSQL calls them.
_OPEN, _ALL, _STRONG, _TITLE = "open", "title terms keywords text", "title terms keywords", "title terms"
_WEIGHTS = {_OPEN: "", _ALL: "", _STRONG: "AB", _TITLE: "A"}


def words_of(query: str) -> list[Word]:
    """Words of a search box entry, the last only begun; the rest of what people type is not syntax here."""
    found: list[Word] = []
    for word in words_in(plain(query), asked=True):
        found.append(word)
        if len(found) == MAX_WORDS:
            return found
    if found:
        found[-1] = found[-1]._replace(begun=True)
    return found


def _fts5(words: list[Word], columns: str) -> str:
    """``words`` in the language of FTS5; tokens are letters and digits, so nothing needs escaping."""
    asked = [f'("{word.stem}" OR "{word.raw}"*)' if word.begun else f'"{word.stem}"' for word in words]
    return f"{{{columns}}} : ({' AND '.join(asked)})"


def _tsquery(words: list[Word], columns: str) -> str:
    """``words`` in the language of PostgreSQL's ``tsquery``."""
    weights = _WEIGHTS[columns]
    exact = f":{weights}" if weights else ""
    return " & ".join(
        f"({word.stem}{exact} | {word.raw}:*{weights})" if word.begun else f"{word.stem}{exact}"
        for word in words
    )


def _found(words: list[Word], columns: str) -> RawSQL:
    if connection.vendor != "postgresql":
        return RawSQL("SELECT rowid FROM cases_search WHERE cases_search MATCH %s", [_fts5(words, columns)])
    asked = [_tsquery(words, columns)]
    if columns == _OPEN:
        return RawSQL("SELECT case_id FROM cases_searchtext WHERE search_open @@ %s::tsquery", asked)
    return RawSQL("SELECT case_id FROM cases_searchtext WHERE search @@ %s::tsquery", asked)


def matching(cases: "QuerySet[Case]", query: str, user: User) -> "QuerySet[Case]":
    """Those of ``cases`` that have every word of ``query``; the last word may be only begun."""
    words = words_of(query)
    if not words:
        return cases
    shown = ~is_veiled_from(user, "pk") | Q(pk__in=_found(words, _OPEN))
    return _among(cases, words, _ALL).filter(shown)


def _among(cases: "QuerySet[Case]", words: list[Word], columns: str) -> "QuerySet[Case]":
    """Those of ``cases`` that have ``words`` in these columns.

    SQLite looks every hit up and asks who may see it, then sorts: a quarter of a second for half of 100,000
    cases. Where hits are many, adding nought to the key makes it walk through the newest cases instead.
    """
    found = _found(words, columns)
    if connection.vendor == "postgresql" or not _many(words, columns):
        return cases.filter(pk__in=found)
    return cases.alias(key=F("pk") + Value(0)).filter(key__in=found)


def _many(words: list[Word], columns: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM cases_search WHERE cases_search MATCH %s LIMIT %s)",
            [_fts5(words, columns), MANY],
        )
        return bool(cursor.fetchone()[0] == MANY)


def by_relevance(cases: "QuerySet[Case]", query: str, user: User) -> "list[QuerySet[Case]]":
    """``matching`` in parts: every word in title and diagnosis; with the keywords; in any text.

    Steps instead of a score: both databases agree on them, and neither has to weigh every hit before it can
    show the first. What is veiled is in the last part, or its place in the list would tell the answer.
    """
    words = words_of(query)
    open_to_all = cases.filter(~is_veiled_from(user, "pk"))
    rest = Q(is_veiled_from(user, "pk")) | ~Q(pk__in=_found(words, _STRONG))
    return [
        _among(open_to_all, words, _TITLE),
        _among(open_to_all, words, _STRONG).exclude(pk__in=_found(words, _TITLE)),
        matching(cases, query, user).filter(rest),
    ]
