"""How a case is cited: BibTeX and RIS for reference managers, a line of text for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import rispy
from pybtex.database import BibliographyData, Entry, Person


@dataclass(frozen=True)
class Work:
    """What a citation says of a case.

    Attributes
    ----------
    number : int
        Of the case on its server.
    title : str
    authors : tuple of str
        As they are written, in their order; a name with a comma is taken as it stands.
    publisher : str
        The institution or the server.
    url : str
        Of the page of the case.
    version : int
        Which saved text is cited.
    published, seen : date or None, date
        When it was published, and when it is cited.
    """

    number: int
    title: str
    authors: tuple[str, ...]
    publisher: str
    url: str
    version: int
    published: date | None
    seen: date

    @property
    def year(self) -> str:
        """Of the publication; empty for a draft."""
        return str(self.published.year) if self.published else ""


def _line(text: str) -> str:
    return " ".join(text.split())


def to_text(work: Work) -> str:
    """One line, as in a list of references.

    Examples
    --------
    >>> made, seen, url = date(2025, 1, 2), date(2026, 11, 23), "https://x.org/cases/7/"
    >>> to_text(Work(7, "Round opacity", ("A. Doe",), "MedWeb", url, 3, made, seen))
    'A. Doe. Round opacity. MedWeb, 2025, case 7, version 3. https://x.org/cases/7/ (accessed 2026-11-23).'
    """
    where = ", ".join(
        part for part in (work.publisher, work.year, f"case {work.number}", f"version {work.version}") if part
    )
    said = [", ".join(map(_line, work.authors)), _line(work.title), where]
    return f"{'. '.join(part for part in said if part)}. {work.url} (accessed {work.seen.isoformat()})."


def to_bibtex(work: Work) -> str:
    """An entry of the type ``misc``; braces keep the capitals of the title."""
    fields = {
        "title": f"{{{_braced(_line(work.title))}}}",
        "publisher": _braced(work.publisher),
        "year": work.year,
        "howpublished": f"Teaching case {work.number}, version {work.version}",
        "url": work.url,
        "urldate": work.seen.isoformat(),
    }
    people = [_person(_line(name)) for name in work.authors]
    entry = Entry(
        "misc", fields=[(key, text) for key, text in fields.items() if text], persons={"author": people}
    )
    return str(BibliographyData(entries={f"medweb-case-{work.number}": entry}).to_string("bibtex"))


def _braced(text: str) -> str:
    """``text`` without braces that do not close: an entry would end elsewhere."""
    return text.replace("{", "(").replace("}", ")")


def _person(name: str) -> Person:
    # "Departments of Radiology, Pathology and Surgery" is one name; as given and family name it was an error.
    return Person(last=f"{{{_braced(name)}}}") if "," in name or " and " in name else Person(_braced(name))


def to_ris(work: Work) -> str:
    """A reference of the type ``ELEC``, one for each file."""
    reference = {
        "type_of_reference": "ELEC",
        "title": _line(work.title),
        "authors": [_line(name) for name in work.authors],
        "year": work.year,
        "publisher": _line(work.publisher),
        "edition": f"Version {work.version}",
        "urls": [work.url],
        "access_date": work.seen.strftime("%Y/%m/%d"),
        "notes": [f"Teaching case {work.number}"],
    }
    return str(rispy.dumps([{key: value for key, value in reference.items() if value}]))
