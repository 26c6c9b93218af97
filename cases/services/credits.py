"""Writing the rows of a case: its authors, its references and the ordered differential."""

from collections.abc import Sequence
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _

from cases.models import Case, CaseAuthor, CaseReference, Differential, Term
from cases.references import parse_all
from cases.text import lines_of
from medweb.accounts.models import User

ROW_FIELDS = ("authors", "references", "differentials")
MOST_AUTHORS, MOST_DIFFERENTIALS = 30, 40


Rows = dict[str, list[dict[str, Any]]]


class Credit(TypedDict, total=False):
    """A person as an author types one."""

    name: str
    affiliation: str


class Line(TypedDict, total=False):
    """A line of the differential: words, and the key of the term they are the name of."""

    text: str
    term: int | None


def take(fields: dict[str, Any], *, by: User) -> Rows:
    """Take :data:`ROW_FIELDS` out of ``fields``, checked; ``differential`` then holds the same lines.

    Raises
    ------
    ValidationError
        By field, with sentences that name the row.
    """
    rows: Rows = {}
    wrong: dict[str, list[str]] = {}
    for name, read in (("authors", _authors), ("references", _references), ("differentials", _lines)):
        if name in fields:
            try:
                rows[name] = read(fields.pop(name), by)
            except ValidationError as error:
                wrong[name] = list(error.messages)
    if wrong:
        raise ValidationError(wrong)
    if "differentials" in rows:
        fields["differential"] = "\n".join(row["text"] for row in rows["differentials"])
    return rows


def write(case: Case, rows: Rows, *, by: User) -> None:
    """Store what :func:`take` found; a list that is as it was stays untouched."""
    if "authors" in rows:
        known = {str(person): person for person in (case.author, by)}
        people = [{**row, "user": known.get(row["name"])} for row in rows["authors"]]
        _replace(CaseAuthor, case, people, ("name", "affiliation", "user"))
    if "references" in rows:
        _replace(CaseReference, case, rows["references"], ("text", "doi"))
    if "differentials" in rows:
        _replace(Differential, case, rows["differentials"], ("text", "term"))
    elif case.differentials.exists():
        # The text alone was written: lines that are still there keep their terms.
        terms = {row.text: row.term for row in case.differentials.select_related("term")}
        lines = [{"text": line, "term": terms.get(line)} for line in lines_of(case.differential)]
        _replace(Differential, case, lines, ("text", "term"))


def _replace(
    model: type[CaseAuthor | CaseReference | Differential],
    case: Case,
    rows: Sequence[dict[str, Any]],
    names: tuple[str, ...],
) -> None:
    manager: Any = model._default_manager
    stored = [tuple(getattr(row, name) for name in names) for row in manager.filter(case=case)]
    if stored == [tuple(row[name] for name in names) for row in rows]:
        return
    manager.filter(case=case).delete()
    made: list[Model] = [
        model(case=case, position=position, **{name: row[name] for name in names})
        for position, row in enumerate(rows)
    ]
    manager.bulk_create(made)


def _text(row: Any, name: str) -> str:
    value = row.get(name) if isinstance(row, dict) else None
    return " ".join(str(value or "").replace("\0", "").split())


def _authors(rows: Sequence[Credit], by: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, row in enumerate(rows, 1):
        name, affiliation = _text(row, "name"), _text(row, "affiliation")
        if not name and affiliation:
            raise ValidationError(
                _("Author %(n)d has an affiliation and no name. Write the name, or empty the row.")
                % {"n": number}
            )
        if len(name) > 120 or len(affiliation) > 200:
            raise ValidationError(
                _("Author %(n)d: a name has at most 120 characters, an affiliation 200. Shorten it.")
                % {"n": number}
            )
        if name:
            found.append({"name": name, "affiliation": affiliation})
    if len(found) > MOST_AUTHORS:
        raise ValidationError(_("A case names at most %(n)d authors.") % {"n": MOST_AUTHORS})
    names = [row["name"].casefold() for row in found]
    if twice := next((row["name"] for row in found if names.count(row["name"].casefold()) > 1), None):
        raise ValidationError(_("“%(name)s” stands there twice. Remove one row.") % {"name": twice})
    return found


def _references(rows: Sequence[Any], by: User) -> list[dict[str, Any]]:
    """Lines as people type them, or rows of the API with a text and a DOI."""
    lines = [
        row if isinstance(row, str) else f"{_text(row, 'text')} {_text(row, 'doi')}".strip() for row in rows
    ]
    return [{"text": one.text, "doi": one.doi} for one in parse_all(line.replace("\0", "") for line in lines)]


def _lines(rows: Sequence[Line], by: User) -> list[dict[str, Any]]:
    # A key is a number of the form; somebody may have written another one there.
    keys = {row["term"] for row in rows if isinstance(row, dict) and isinstance(row.get("term"), int)}
    terms = Term.objects.visible_to(by).in_bulk(keys)
    found: list[dict[str, Any]] = []
    for number, row in enumerate(rows, 1):
        text = " ".join(lines_of(_text(row, "text")))
        if not text:
            continue
        if len(text) > 300:
            raise ValidationError(
                _("Line %(n)d of the differential has more than 300 characters. Shorten it.") % {"n": number}
            )
        if any(text.casefold() == other["text"].casefold() for other in found):
            raise ValidationError(
                _("“%(name)s” stands there twice in the differential. Remove one row.") % {"name": text}
            )
        found.append({"text": text, "term": terms.get(row.get("term") or 0)})
    if len(found) > MOST_DIFFERENTIALS:
        raise ValidationError(_("A differential has at most %(n)d lines.") % {"n": MOST_DIFFERENTIALS})
    return found
