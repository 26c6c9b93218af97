"""Keeping the search index: whoever saves a case or a term in any service need not think of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from cases import words
from cases.models import Case, SearchText, Spelling, Term, TermWord

TEXTS = (
    "abstract", "history", "findings", "differential", "proof", "discussion", "management", "pearls",
)  # fmt: skip
INDEXED = frozenset({"title", "neutral_title", "diagnosis", "diagnosis_id", "keywords", *TEXTS})
COLUMNS = ("title", "terms", "keywords", "text", "open")
# Terminologies are trees of a dozen levels; a circle in one would otherwise never end.
DEEPEST = 20
AT_ONCE = 500


def wordings(
    terms: Iterable[int], term_model: Any = Term, word_model: Any = TermWord
) -> dict[int, list[str]]:
    """Codes, names and synonyms of each term and of all that it is a kind of.

    A case coded as a fracture of the wrist is found by "fracture", and by its code.
    """
    rows: dict[int, Any] = {}
    wanted = set(terms)
    for _level in range(DEEPEST):
        found = term_model.objects.in_bulk(wanted - set(rows))
        if not found:
            break
        rows.update(found)
        wanted = {row.parent_id for row in found.values() if row.parent_id}
    synonyms: dict[int, list[str]] = defaultdict(list)
    for term, word in word_model.objects.filter(term__in=rows).values_list("term", "word"):
        synonyms[term].append(word)

    def upwards(pk: int | None) -> Iterator[int]:
        seen: set[int] = set()
        while pk in rows and pk not in seen:
            seen.add(pk)
            yield pk
            pk = rows[pk].parent_id

    def said(pk: int) -> list[str]:
        row = rows[pk]
        coded = [] if row.system == "local" else [row.system, row.code]
        return [row.display, *coded, *synonyms[pk]]

    return {pk: [text for step in upwards(pk) for text in said(step)] for pk in rows}


def values_of(case: Any, terms: list[str]) -> dict[str, str]:
    """What the index keeps of a case with these words for its diagnosis."""
    return {
        "title": words.kept([case.title]),
        "terms": words.kept(terms),
        "keywords": words.kept([case.keywords]),
        "text": words.kept([case.neutral_title, *(getattr(case, name) for name in TEXTS)]),
        "open": words.kept([case.neutral_title, case.history]),
    }


def _in_batches(cases: Iterable[Case]) -> Iterator[list[Case]]:
    rest = iter(cases)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def texts_of(case: Any, said: list[str]) -> list[str]:
    """Everything of a case that is searched, as typed."""
    return [case.title, case.neutral_title, case.keywords, *said, *(getattr(case, name) for name in TEXTS)]


@transaction.atomic
def index(cases: Iterable[Case]) -> None:
    """Write what the search knows of these cases, as they are now."""
    for some in _in_batches(cases):
        said = wordings({case.diagnosis_id for case in some if case.diagnosis_id})
        before = SearchText.objects.in_bulk([case.pk for case in some])
        rows, spellings = [], set()
        for case in some:
            terms = said.get(case.diagnosis_id or 0, [])
            row = SearchText(case_id=case.pk, **values_of(case, terms))
            if not _same(row, before.get(case.pk)):
                rows.append(row)
                spellings |= words.spellings(texts_of(case, terms))
        SearchText.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["case"], update_fields=list(COLUMNS)
        )
        Spelling.objects.bulk_create(
            [Spelling(word=word, letters=len(word)) for word in sorted(spellings)], ignore_conflicts=True
        )
        _forget({word for row in rows for word in _tokens(before.get(row.pk))} - spellings)


def _same(row: SearchText, before: SearchText | None) -> bool:
    return before is not None and all(getattr(row, name) == getattr(before, name) for name in COLUMNS)


def _tokens(row: SearchText | None) -> set[str]:
    return {word for name in COLUMNS for word in getattr(row, name).split()} if row else set()


def _forget(tokens: set[str]) -> None:
    """Delete the spellings among ``tokens`` that no case has any more."""
    if connection.vendor == "postgresql":
        named = RawSQL(
            "EXISTS (SELECT 1 FROM cases_searchtext WHERE search @@ cases_spelling.word::tsquery)",
            [],
            BooleanField(),
        )
    else:
        named = RawSQL(
            "EXISTS (SELECT 1 FROM cases_search"
            " WHERE cases_search MATCH '\"' || cases_spelling.word || '\"')",
            [],
            BooleanField(),
        )
    Spelling.objects.filter(~named, word__in=tokens).delete()


def cases_of(terms: Iterable[int]) -> "QuerySet[Case]":
    """Cases with one of these terms, or with one of a kind of it, for their diagnosis.

    Looked for from the diagnoses upwards: a term of a large terminology has a hundred thousand kinds, and a
    library some thousand diagnoses.
    """
    found = set(terms)
    used = set(
        Case.objects.filter(diagnosis__isnull=False).order_by().values_list("diagnosis", flat=True).distinct()
    )
    above = {pk: {pk} for pk in used if pk is not None}
    edge = {pk: {pk} for pk in above}
    for _level in range(DEEPEST):
        rows = Term.objects.filter(pk__in=edge, parent__isnull=False).values_list("pk", "parent")
        higher: dict[int, set[int]] = defaultdict(set)
        for pk, parent in rows:
            if parent is not None:
                fresh = {below for below in edge[pk] if parent not in above[below]}
                for below in fresh:
                    above[below].add(parent)
                higher[parent] |= fresh
        edge = {pk: below for pk, below in higher.items() if below}
        if not edge:
            break
    named = [pk for pk, chain in above.items() if not found.isdisjoint(chain)]
    return Case.objects.filter(diagnosis__in=named).order_by("pk")


def terms_changed(terms: Iterable[int]) -> None:
    """Index again the cases that these terms are found by; for loaders, which write many terms at once."""
    changed = set(terms)
    if changed:
        index(cases_of(changed).iterator(chunk_size=AT_ONCE))


@receiver(post_save, sender=Case, dispatch_uid="cases.index-case")
def _case_saved(instance: Case, update_fields: frozenset[str] | None = None, **_more: Any) -> None:
    if update_fields is None or not INDEXED.isdisjoint(update_fields):
        index([instance])


@receiver(post_delete, sender=SearchText, dispatch_uid="cases.forget-words")
def _text_deleted(instance: SearchText, **_more: Any) -> None:
    _forget(_tokens(instance))


@receiver(post_save, sender=Term, dispatch_uid="cases.index-term")
def _term_saved(instance: Term, created: bool, **_more: Any) -> None:
    # A new one is nobody's diagnosis yet.
    if not created:
        terms_changed([instance.pk])


@receiver([post_save, post_delete], sender=TermWord, dispatch_uid="cases.index-synonym")
def _synonym_changed(instance: TermWord, **_more: Any) -> None:
    terms_changed([instance.term_id])
