"""Terminologies as they are exported: CSV with named columns, and OWL in RDF/XML. Read row by row."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

COLUMNS = ("system", "code", "display", "synonyms", "language", "parent")
LONGEST_CODE, LONGEST_WORDING = 64, 200
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
# Last parts of names of properties: RadLex, SKOS, and what the OBO world writes.
_NAMES = ("Preferred_name", "prefLabel", "label")
_SYNONYMS = frozenset(
    {"Synonym", "altLabel", "hasExactSynonym", "Acronym", "German_name", "Non-English_name"}
)
_PARENTS = frozenset({"subClassOf", "broader"})


@dataclass(frozen=True)
class Wording:
    """A synonym with the language it is in."""

    text: str
    language: str


@dataclass(frozen=True)
class TermRow:
    """A term of a file; ``parent`` is a code of the same system, or empty."""

    system: str
    code: str
    display: str
    language: str = "en"
    parent: str = ""
    synonyms: tuple[Wording, ...] = field(default=())


@dataclass(frozen=True)
class BadRow:
    """What is wrong with a line, in a sentence."""

    line: int
    sentence: str


def read_terms(path: Path, *, system: str = "", language: str = "en") -> Iterator[TermRow | BadRow]:
    """Rows of a terminology, whatever its form; what cannot be used is told with its line.

    Parameters
    ----------
    path : Path
        ``.csv`` in UTF-8 with a heading line of :data:`COLUMNS`, of which ``code`` and ``display`` must be
        there; anything else is read as RDF/XML.
    system : str, optional
        Of rows that name none.
    language : str, optional
        Of rows that name none.

    Raises
    ------
    ValueError
        When it is no such file at all.
    """
    if path.suffix.lower() == ".csv":
        yield from _csv(path, system, language)
    else:
        yield from _owl(path, system or "radlex", language)


def _checked(row: TermRow, line: int) -> TermRow | BadRow:
    if not row.code or not row.display:
        return BadRow(line, "has no code or no display.")
    if len(row.code) > LONGEST_CODE or not row.code.isprintable():
        return BadRow(line, f"has a code that is longer than {LONGEST_CODE} characters or not printable.")
    if len(row.display) > LONGEST_WORDING:
        return BadRow(line, f"has a display that is longer than {LONGEST_WORDING} characters.")
    if row.system not in ("radlex", "icd10", "snomed", "local"):
        return BadRow(line, f"has the system “{row.system}”; known are radlex, icd10, snomed and local.")
    if not _LANGUAGE.fullmatch(row.language):
        return BadRow(line, f"has the language “{row.language}”; write a tag such as en or zh-Hans.")
    return row


def _wordings(texts: Iterator[str] | list[str], display: str, language: str) -> tuple[Wording, ...]:
    """Synonyms, each once; one may bring its language: ``de:Lunge``."""
    found: dict[tuple[str, str], Wording] = {}
    for text in texts:
        tag, colon, rest = text.partition(":")
        own = tag.strip() if colon and _LANGUAGE.fullmatch(tag.strip()) else ""
        word = " ".join((rest if own else text).split())[:LONGEST_WORDING]
        if word and (word.casefold() != display.casefold() or own):
            found.setdefault((word.casefold(), own or language), Wording(word, own or language))
    return tuple(found.values())


def _csv(path: Path, system: str, language: str) -> Iterator[TermRow | BadRow]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        names = [name.strip().lower() for name in rows.fieldnames or []]
        if "code" not in names or "display" not in names:
            raise ValueError(
                f"The first line must name the columns, of which there are: {', '.join(COLUMNS)}."
            )
        rows.fieldnames = names
        try:
            for row in rows:
                text = {name: " ".join(str(row.get(name) or "").split()) for name in COLUMNS}
                own = text["language"] or language
                yield _checked(
                    TermRow(
                        (text["system"] or system).lower(), text["code"], text["display"], own,
                        text["parent"], _wordings(text["synonyms"].split("|"), text["display"], own),
                    ),
                    rows.line_num,
                )  # fmt: skip
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"Line {rows.line_num + 1} is no CSV in UTF-8: {error}") from error


def _owl(path: Path, system: str, language: str) -> Iterator[TermRow | BadRow]:
    """Children of the root, one after the other, each thrown away when it was read."""
    depth, number, root = 0, 0, None
    try:
        for event, element in iterparse(path, events=("start", "end"), forbid_dtd=False):
            if event == "start":
                depth += 1
                root = element if root is None else root
                continue
            depth -= 1
            if depth != 1:
                continue
            number += 1
            row = _class(element, system, language)
            if row is not None:
                checked = _checked(row, number)
                yield (
                    BadRow(number, f"(element) {checked.sentence}")
                    if isinstance(checked, BadRow)
                    else checked
                )
            if root is not None:
                root.clear()
    except DefusedXmlException as error:
        raise ValueError(
            "The file declares entities, which are not read here. Export it without them: in Protégé, "
            "“Save as”, RDF/XML, without “use XML entities”."
        ) from error
    except ParseError as error:
        raise ValueError(f"The file is no RDF/XML: {error}") from error


def _class(element: Element, system: str, language: str) -> TermRow | None:
    """A class with a name; ``None`` for properties, anonymous and withdrawn ones."""
    if _local(element.tag) not in ("Class", "Description", "Concept"):
        return None
    code = _code(element.get(f"{_RDF}about") or element.get(f"{_RDF}ID") or "")
    if not code:
        return None
    names: dict[str, tuple[str, str]] = {}
    synonyms: list[str] = []
    parent = ""
    for child in element:
        name, text = _local(child.tag), " ".join((child.text or "").split())
        own = (child.get(_LANG) or language).lower()
        if name == "deprecated" and text.lower() in ("true", "1"):
            return None
        if name in _NAMES and text and (name not in names or own == language):
            names[name] = (text, own)
        elif name in _SYNONYMS and text:
            synonyms.append(text if own == language else f"{own}:{text}")
        elif name in _PARENTS and not parent:
            parent = _code(child.get(f"{_RDF}resource") or "")
    display, own = next((names[name] for name in _NAMES if name in names), ("", language))
    if not display:
        return None
    synonyms += [text for text, _own in names.values()]
    return TermRow(
        system, code, display[:LONGEST_WORDING], own, parent, _wordings(synonyms, display, language)
    )


def _local(tag: str) -> str:
    return str(tag).rpartition("}")[2]


def _code(address: str) -> str:
    """The last part of the address of a class."""
    return re.split(r"[#/]", address.strip())[-1]
