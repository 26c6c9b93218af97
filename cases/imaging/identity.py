"""Find a patient's own names and numbers again inside free text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import pydicom
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag

from .errors import let_stops_pass

_REPLACEMENT = "[removed]"
_LONGEST_TEXT = 4096
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "md", "phd", "prof", "sir", "jr", "sr", "ii", "iii"})
# Fillers that stand where a name should be; removing them would only damage descriptions.
_FILLERS = frozenset({"anonymous", "anonymized", "anonymised", "patient", "unknown", "none", "name", "test"})
# Nouns after which a surname is the name of a finding, not of a person.
_EPONYM_NOUNS = (
    "disease|syndrome|sign|cyst|lymphoma|sarcoma|tumou?r|fracture|node|nodes|nodule|lesion|deformity|hernia|"
    "thyroiditis|contracture|malformation|line|lines|pouch|space|canal|view|projection|method|position|"
    "manoeuvre|maneuver|dislocation|duct|gland|glands|ligament|phenomenon|palsy|triad|tetralogy|classification"
)
_PATTERNS = re.compile(
    r"</?[A-Za-z!][^>]*>?|[\x00-\x1f\x7f]+|"
    r"[\w.+-]+@[\w-]+\.[\w.-]+|\b(?:https?|ftp|file)://\S+|"
    r"\b(?:19|20)\d\d[-./]?(?:0[1-9]|1[0-2])[-./]?(?:0[1-9]|[12]\d|3[01])\b|"
    r"\b\d{1,2}[-./]\d{1,2}[-./](?:19|20)?\d\d\b|\b[A-Za-z]{0,3}[-]?\d{6,}\b"
)
_NUMBER_TAGS = (0x00100020, 0x00101000, 0x00080050, 0x00100021, 0x00380010)
_NAMES_OUTSIDE_PN = (0x00101001, 0x00101005, 0x00101060)
_SEPARATORS = re.compile(r"[\^=\s,.;/\\()\x00]+")


def _fold(text: str) -> str:
    """Lower case without accents, so that MUELLER finds no shelter behind a diaeresis."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in plain if not unicodedata.combining(mark)).casefold()


def _values(ds: Dataset, tag: int) -> Iterator[str]:
    try:
        value = ds[tag].value
    except Exception as error:  # noqa: BLE001  an unreadable value names nobody, and is removed from the copy
        let_stops_pass(error)
        return
    for one in value if isinstance(value, (MultiValue, list)) else [value]:
        if one is not None:
            yield str(one)[:_LONGEST_TEXT]


def _person_names(ds: Dataset, depth: int = 0) -> Iterator[str]:
    """Every person name of the object, at any depth: doctors are people too."""
    for tag in list(ds.keys()):
        raw = ds.get_item(tag)
        vr = getattr(raw, "VR", None)
        if vr in (None, "UN"):
            vr = pydicom.datadict.dictionary_VR(tag) if pydicom.datadict.dictionary_has_tag(tag) else None
        if vr == "PN":
            yield from _values(ds, tag)
        elif vr == "SQ" and depth < 32 and not Tag(tag).is_private:
            for item in ds[tag].value or []:
                yield from _person_names(item, depth + 1)


def _is_latin(word: str) -> bool:
    return all(ord(letter) < 0x0530 for letter in word)


@lru_cache(maxsize=256)
def _compiled(words: frozenset[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    ordered = sorted(words, key=lambda word: (-len(word), word))
    latin = "|".join(re.escape(word) for word in ordered if _is_latin(word))
    other = "|".join(re.escape(word) for word in ordered if not _is_latin(word))
    # Scripts without blanks between words have no word boundary to look for.
    bounded = rf"(?<![^\W_])(?:{latin})(?![^\W_])(?!(?:['’]?s)?\s+(?:{_EPONYM_NOUNS})\b)" if latin else ""
    return re.compile("|".join(part for part in (bounded, other) if part))


@dataclass(frozen=True)
class Identity:
    """The words that name the people of one object, folded."""

    words: frozenset[str]

    @classmethod
    def of(cls, ds: Dataset) -> Identity:
        """Collect names and numbers from an object."""
        texts = [*_person_names(ds)]
        for tag in _NAMES_OUTSIDE_PN:
            texts.extend(_values(ds, tag))
        numbers = [value for tag in _NUMBER_TAGS for value in _values(ds, tag)]
        return cls(frozenset(_words(texts)) | frozenset(_numbers(numbers)))

    def scrub(self, text: str) -> str:
        """Replace the names and numbers, as whole words, and dates, addresses, markup and long digit runs.

        A surname stays where it names a finding: a Mr Hodgkin may have Hodgkin lymphoma.

        Examples
        --------
        >>> Identity(frozenset({"park", "baker"})).scrub("PARK: Parkinson, Baker cyst")
        '[removed]: Parkinson, Baker cyst'
        """
        text = _PATTERNS.sub(_REPLACEMENT, text[:_LONGEST_TEXT])
        pattern = _compiled(self.words)
        if pattern is None:
            return text
        folded, origin = _folded_with_origin(text)
        pieces: list[str] = []
        done = 0
        for match in pattern.finditer(folded):
            start, end = origin[match.start()], origin[match.end()]
            pieces.extend((text[done:start], _REPLACEMENT))
            done = end
        return "".join((*pieces, text[done:]))


def _folded_with_origin(text: str) -> tuple[str, list[int]]:
    """Folded text, and for each of its letters the place it came from."""
    if text.isascii():
        return text.lower(), list(range(len(text) + 1))
    letters: list[str] = []
    origin: list[int] = []
    for place, letter in enumerate(text):
        folded = _fold(letter)
        letters.append(folded)
        origin.extend([place] * len(folded))
    return "".join(letters), [*origin, len(text)]


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for word in _SEPARATORS.split(text):
            folded = _fold(word).strip("-_'’\"")
            if len(folded) < 2 and (not folded or _is_latin(folded)):
                continue
            if folded not in _TITLES and folded not in _FILLERS and not folded.isdigit():
                yield folded
                if "-" in folded:
                    yield from (part for part in folded.split("-") if len(part) > 2)


def _numbers(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        folded = _fold(text).strip(" \x00")
        # Shorter ones are words of the trade, such as 1, T2 or L5.
        if len(folded) >= 4 and folded not in _FILLERS:
            yield folded
