"""Load a terminology in batches, so that a large one needs no memory, and again without doubling anything."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from django.db import transaction

from cases.exchange.terms import BadRow, TermRow, read_terms
from cases.models import Term, TermStart, TermWord
from cases.services import searching
from medweb.accounts.models import User
from medweb.audit.services import record

T = TypeVar("T")
BATCH = 1000
STARTER = Path(__file__).resolve().parents[1] / "terminology" / "starter.csv"


@dataclass
class Loaded:
    """What became of the rows of a file."""

    made: int = 0
    changed: int = 0
    same: int = 0
    wrong: list[BadRow] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.made + self.changed + self.same


def load(
    path: Path,
    *,
    system: str = "",
    language: str = "en",
    told: Callable[[Loaded], None] = lambda _loaded: None,
    by: User | None,
) -> Loaded:
    """Make the terms of a file, or bring those that are there up to date; wrong rows are left out and told.

    Raises
    ------
    ValueError
        When it is no such file; what was read before stays.
    """
    loaded = Loaded()
    parents: dict[tuple[str, str], str] = {}
    for batch in _batches(_good(read_terms(path, system=system, language=language), loaded), BATCH):
        rows = {(row.system, row.code): row for row in batch}
        _write(rows, loaded)
        parents |= {key: row.parent for key, row in rows.items()}
        told(loaded)
    for keys in _batches(parents, BATCH):
        _write_parents({key: parents[key] for key in keys})
    if not loaded.made and not loaded.changed:
        # Every start of the program asks for the small set again.
        return loaded
    with transaction.atomic():
        # There is no one row to name: the file is what was loaded.
        record(
            "term.load", Term(pk=0), by=by,
            made=loaded.made, changed=loaded.changed, same=loaded.same, wrong=len(loaded.wrong),
        )  # fmt: skip
    return loaded


def _batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch


def _good(rows: Iterator[TermRow | BadRow], loaded: Loaded) -> Iterator[TermRow]:
    for row in rows:
        if isinstance(row, BadRow):
            loaded.wrong.append(row)
        else:
            yield row


def _stored(keys: set[tuple[str, str]]) -> dict[tuple[str, str], Term]:
    found: dict[tuple[str, str], Term] = {}
    for system in {system for system, _code in keys}:
        codes = [code for own, code in keys if own == system]
        rows = Term.objects.filter(system=system, code__in=codes).prefetch_related("words")
        found |= {(system, term.code): term for term in rows}
    return found


@transaction.atomic
def _write(rows: dict[tuple[str, str], TermRow], loaded: Loaded) -> None:
    stored = _stored(set(rows))
    new = [
        Term(system=row.system, code=row.code, display=row.display, language=row.language, loaded=True)
        for key, row in rows.items()
        if key not in stored
    ]
    changed: list[Term] = []
    for key, term in stored.items():
        row = rows[key]
        words = {(word.word, word.language) for word in term.words.all()}
        asked = {(word.text, word.language) for word in row.synonyms}
        if (term.display, term.language, term.loaded, words) == (row.display, row.language, True, asked):
            loaded.same += 1
            continue
        term.display, term.language, term.loaded = row.display, row.language, True
        changed.append(term)
    Term.objects.bulk_create(new)
    Term.objects.bulk_update(changed, ["display", "language", "loaded"])
    TermWord.objects.filter(term__in=changed).delete()
    touched = [*new, *changed]
    TermWord.objects.bulk_create(
        TermWord(term=term, word=word.text, language=word.language)
        for term in touched
        for word in rows[term.system, term.code].synonyms
    )
    keys = [term.pk for term in touched]
    TermStart.write(list(Term.objects.filter(pk__in=keys).prefetch_related("words")))
    # Rows that are written at once send no signal by which the search would know.
    searching.terms_changed([term.pk for term in changed])
    loaded.made += len(new)
    loaded.changed += len(changed)


@transaction.atomic
def _write_parents(parents: dict[tuple[str, str], str]) -> None:
    """After all terms are there: a file may name a parent before the parent itself."""
    above = _stored({(system, parent) for (system, _code), parent in parents.items() if parent})
    moved = []
    for key, term in _stored(set(parents)).items():
        found = above.get((key[0], parents[key]))
        wanted = found.pk if found is not None and found.pk != term.pk else None
        if term.parent_id != wanted:
            term.parent_id = wanted
            moved.append(term)
    Term.objects.bulk_update(moved, ["parent"])
    searching.terms_changed([term.pk for term in moved])
