"""Find a patient's own names and numbers again inside free text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pydicom.dataset import Dataset

from .gathering import Found
from .spelling import fold, folded_with_origin, is_alphabetic, spellings
from .vocabulary import abbreviations, code_words, eponyms, trade_words

_REPLACEMENT = "[removed]"
_LONGEST_TEXT = 4096
_TITLES = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "md",
        "phd",
        "prof",
        "sir",
        "jr",
        "sr",
        "ii",
        "iii",
        "herr",
        "frau",
        "mme",
        "mlle",
        "dott",
        "sra",
        "don",
        "med",
        "dipl",
        "ing",
    }
)
# Fillers that stand where a name should be; removing them would only damage descriptions.
_FILLERS = frozenset(
    {
        "anonymous",
        "anonymized",
        "anonymised",
        "anonym",
        "patient",
        "unknown",
        "none",
        "name",
        "test",
        "removed",
        "deidentified",
        "no",
        "id",
    }
)
# Nouns after which a surname that is also an eponym names a finding, not a person.
_EPONYM_NOUNS = (
    r"disease|syndrome?s?|signs?|cysts?|lymphomas?|sarcomas?|tumou?rs?|fractures?|fx|nodes?|nodules?|lesions?|deformity|"
    r"hernias?|thyroiditis|contractures?|malformations?|lines?|pouch|spaces?|canal|view|method|position|bodies|body|"
    r"manoeuvre|maneuver|dislocations?|duct|glands?|ligaments?|phenomenon|palsy|triad|tetralogy|classification|"
    r"score|grade|stage|patches|plexus|angle|areas?|injury|defects?|neuroma|diverticul\w+|anaemia|anemia|ulcers?|"
    r"morbus|granulomatosis|arteritis|encephalopathy|dementia|chorea|ataxia|oedema|edema|staging|lymphom|"
    r"krankheit|syndrom|tumor|zyste|fraktur|maladie|adenoma|esophagus|oesophagus|operation|procedure|pseudocyst"
)
_FOLLOWED = re.compile(rf"(?:'?s)?[\s-]+(?:{_EPONYM_NOUNS})\b")
_PRECEDED = re.compile(
    r"(?:\b(?:morbus|mb\.?|m\.|maladie de|disease of|syndrome of|tetralogy of|circle of)\s*|\bnon-)$"
)
# A letter with a dot before a surname is a given name, except in M. Parkinson, which is morbus.
_INITIAL = re.compile(r"(?<![^\W_])[^\W\d_m]\.\s*$")
_MONTHS = r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zé]*"
_PATTERNS = re.compile(
    r"</?[A-Za-z!][^>]*>?|[\x00-\x1f\x7f]+|"
    r"[\w.+-]+@[\w-]+\.[\w.-]+|\b(?:https?|ftp|file)://\S+|"
    r"\b(?:19|20)\d\d[-./]?(?:0[1-9]|1[0-2])[-./]?(?:0[1-9]|[12]\d|3[01])\b|"
    r"(?<![\d.])\d{1,2}(?P<sign>[-./])\d{1,2}(?P=sign)(?:19|20)?\d\d\b|\b[A-Za-z]{0,3}[-]?\d{6,}\b|"
    rf"(?i:\b\d{{1,2}}(?:st|nd|rd|th|\.)?[ .-]?{_MONTHS}[ .,-]*(?:19|20)\d\d\b)|"
    rf"(?i:\b{_MONTHS}[ .-]*\d{{1,2}}(?:st|nd|rd|th)?[ ,.-]+(?:19|20)\d\d\b)|"
    # Above 89 the age itself points at few people.
    r"(?i:\b(?:9\d|1[0-2]\d)[ -]?(?:y|yo|yrs?|years?|jahre|ans)\b(?:[ /-]?o(?:ld)?\b)?)|"
    r"\b\d{3,5}[ /-]\d{3,5}[ /-]\d{3,}\b"
)
_COMPONENTS = re.compile(r"[\^=\\\x00]+")
_SEPARATORS = re.compile(r"[\s,.;:/()_|]+")
_NUMBER_PARTS = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True)
class Identity:
    """What names the people of one object, folded.

    Attributes
    ----------
    words : frozenset of str
        Names and places; found as whole words.
    numbers : frozenset of str
        Numbers of the patient; found with other separators and leading zeros too.
    initials : frozenset of str
        Of the patient; found with dots, or as capitals.
    """

    words: frozenset[str]
    numbers: frozenset[str] = frozenset()
    initials: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ds: Dataset) -> Identity:
        """Collect names and numbers from an object."""
        found = Found()
        found.gather(ds)
        return _identity(
            tuple(sorted(set(found.patient))),
            tuple(sorted(set(found.people))),
            tuple(sorted(set(found.numbers))),
            # Test sets name the maker of the device where the hospital should stand.
            tuple(sorted(place for place in set(found.places) if not _is_in(place, found.makers))),
        )

    def scrub(self, text: str) -> str:
        """Replace the names and numbers, as whole words, and dates, addresses, markup and long digit runs.

        A surname stays where it names a finding: a Mr Hodgkin may have Hodgkin lymphoma.

        Examples
        --------
        >>> Identity(frozenset({"park", "baker"})).scrub("PARK: Parkinson, Baker cyst")
        '[removed]: Parkinson, Baker cyst'
        """
        return _scrubbed(self, text[:_LONGEST_TEXT], True)

    def scrub_code(self, text: str) -> str:
        """As `scrub`, for values of coding schemes, where a long run of digits is a code."""
        return _scrubbed(self, text[:_LONGEST_TEXT], False)

    def allows_code(self, text: str) -> bool:
        """Whether a code string names nobody; terms that DICOM defines name nobody."""
        rest = " ".join(word for word in text.replace("_", " ").split() if word not in code_words())
        return not rest or self.scrub(rest) == rest

    def allows_number(self, text: str) -> bool:
        """Whether a number is not one under which the patient is known."""
        return text.lstrip("0") not in self.numbers or len(text) < 6

    def is_in(self, data: bytes) -> bool:
        """Whether binary data hold one of the longer names or numbers as text."""
        lowered = data.lower()
        return any(
            word.encode(coding, "ignore") in lowered
            for word in (*self.words, *self.numbers)
            if len(word) > 4
            for coding in ("utf-8", "utf-16-le")
        )


def clean_text(text: str, identity: Identity) -> str:
    """A name of a region, segment or series without the names and numbers of people.

    Parameters
    ----------
    text : str
        As it stands in the file, for example an ROI name.
    identity : Identity
        ``Identity.of(ds)`` of the object the text comes from.

    Returns
    -------
    str
        At most 120 characters on one line; may be empty.

    Examples
    --------
    >>> clean_text("GTV  DOE^JOHN 3", Identity(frozenset({"doe", "john"})))
    'GTV [removed]^[removed] 3'
    """
    return identity.scrub(" ".join(text.split()))[:120].strip()


def _is_in(place: str, makers: list[str]) -> bool:
    return any(place.strip() in maker for maker in makers)


@lru_cache(maxsize=64)
def _identity(
    patient: tuple[str, ...], people: tuple[str, ...], numbers: tuple[str, ...], places: tuple[str, ...]
) -> Identity:
    words = {
        *_words(text for text in patient if not _is_label(text)),
        *(word for word in _words(people) if word not in trade_words()),
    }
    # A place is known by its whole name; "General" and "Hospital" alone are words.
    words.update(form for place in places for form in _phrase(place))
    return Identity(
        frozenset(words),
        frozenset({*_numbers(numbers), *(word for text in patient for word in _digits(text))}),
        frozenset(form for text in patient for form in _initials(text)),
    )


def _is_label(name: str) -> bool:
    """Whether a patient's name is the label of a data set, such as ``PANCREAS_0001``, and names nobody."""
    words = [fold(word) for word in re.findall(r"[^\W\d_]+", name)]
    return bool(words) and all(word in trade_words() for word in words)


def _phrase(place: str) -> Iterator[str]:
    words = " ".join(fold(place).split())
    if (
        len(words) > 4
        and words not in trade_words()
        and words.upper() not in code_words()
        and words not in _FILLERS
    ):
        yield words


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for group in text.split("="):
            components = [_SEPARATORS.sub(" ", part).strip() for part in group.split("^")]
            for component in components:
                for word in component.split():
                    yield from _forms(word)
            yield from _joined(components[:2])


def _forms(word: str) -> Iterator[str]:
    for spelled in spellings(word):
        folded = spelled.strip("-_'’\"^\\\x00[]*?")
        if len(folded) < 2 and (not folded or is_alphabetic(folded)):
            continue
        if folded in _TITLES or folded in _FILLERS or folded.isdigit():
            continue
        yield folded
        for part in re.split(r"[-']", folded):
            if part != folded and len(part) > 2:
                yield part


def _joined(components: list[str]) -> Iterator[str]:
    """Family and given name written as one word, and one of them shortened to a letter."""
    if len(components) < 2 or not all(components):
        return
    family, given = ("".join(fold(part).replace("-", "").replace("'", "").split()) for part in components)
    # Nothing may be left of a given name of signs.
    if given and is_alphabetic(family) and is_alphabetic(given) and len(family) > 2:
        yield from (family + given, given + family)
        if len(family) > 3:
            yield from (given[0] + family, family + given[0])


def _initials(text: str) -> Iterator[str]:
    components = [fold(part) for part in text.split("=")[0].split("^")[:3]]
    letters = ["".join(word[0] for word in re.findall(r"[^\W\d_]+", part)) for part in components]
    if len(letters) < 2 or not letters[0] or not letters[1] or not is_alphabetic("".join(letters)):
        return
    family, given, middle = letters[0], letters[1], letters[2] if len(letters) > 2 else ""
    for first in {given, given + middle}:
        yield from (first + family, family + first)


def _numbers(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        folded = fold(text).strip(" \x00")
        # Shorter ones are words of the trade, such as 1, T2 or L5.
        if len(folded) >= 4 and folded not in _FILLERS and any(letter.isdigit() for letter in folded):
            yield folded.lstrip("0") or folded
        elif len(folded) >= 4 and folded not in _FILLERS:
            yield folded


def _digits(text: str) -> Iterator[str]:
    yield from (found.lstrip("0") for found in re.findall(r"\d{4,}", text))


def _flexible(word: str) -> str:
    """A word whose hyphens and apostrophes may be written otherwise or left out."""
    return "".join(r"['\s-]?" if mark in "-'" else re.escape(mark) for mark in word)


def _number(number: str) -> str:
    parts = _NUMBER_PARTS.findall(number)
    return "0*" + r"[\W_]{0,2}".join(re.escape(part) for part in parts)


@lru_cache(maxsize=64)
def _compiled(identity: Identity) -> re.Pattern[str] | None:
    ordered = sorted(identity.words, key=lambda word: (-len(word), word))
    long = "|".join(_flexible(word) for word in ordered if is_alphabetic(word) and len(word) > 4)
    short = "|".join(_flexible(word) for word in ordered if is_alphabetic(word) and len(word) <= 4)
    numbers = "|".join(
        _number(n) for n in sorted(identity.numbers, key=lambda n: (-len(n), n)) if _NUMBER_PARTS.search(n)
    )
    other = "|".join(re.escape(word) for word in ordered if not is_alphabetic(word))
    parts = (
        # Digits may stand at a name, as in a file name; at two letters they make another word.
        rf"(?<![^\W\d_])(?:{long})(?:'?s)?(?![^\W\d_])" if long else "",
        rf"(?<![^\W_])(?:{short})(?![^\W_])" if short else "",
        rf"(?<![^\W_])(?:{numbers})(?![^\W_])" if numbers else "",
        # Scripts without blanks between words have no word boundary to look for.
        other,
    )
    joined = "|".join(part for part in parts if part)
    return re.compile(joined) if joined else None


@lru_cache(maxsize=64)
def _initials_pattern(initials: frozenset[str]) -> re.Pattern[str] | None:
    forms = [r"\.\s?".join(pair) + r"\b\.?" for pair in sorted(initials) if len(pair) > 1]
    capitals = [pair.upper() for pair in sorted(initials) if len(pair) > 1 and pair not in abbreviations()]
    parts = [
        rf"(?i:\b(?:{'|'.join(forms)}))" if forms else "",
        rf"\b(?:{'|'.join(capitals)})\b" if capitals else "",
    ]
    joined = "|".join(part for part in parts if part)
    return re.compile(joined) if joined else None


@lru_cache(maxsize=2048)
def _scrubbed(identity: Identity, text: str, patterns: bool) -> str:
    if patterns:
        text = _PATTERNS.sub(_REPLACEMENT, text)
    pattern = _compiled(identity)
    if pattern is not None:
        folded, origin = folded_with_origin(text)
        names = list(pattern.finditer(folded))
        pieces: list[str] = []
        done = 0
        for place, match in enumerate(names):
            if _is_finding(folded, match, names[place - 1] if place else None):
                continue
            start, end = origin[match.start()], origin[match.end()]
            pieces.extend((text[done:start], _REPLACEMENT))
            done = end
        text = "".join((*pieces, text[done:]))
    initials = _initials_pattern(identity.initials)
    return initials.sub(_REPLACEMENT, text) if initials is not None else text


def _is_finding(text: str, match: re.Match[str], before: re.Match[str] | None) -> bool:
    """Whether a matched surname names a disease at this place, and not the patient."""
    if match.group().removesuffix("s").removesuffix("'") not in eponyms() and match.group() not in eponyms():
        return False
    if before is not None and text[before.end() : match.start()].strip(" ,^-.") == "":
        # Behind a given name the surname is the person's.
        return False
    if _INITIAL.search(text[: match.start()]):
        return False
    return bool(_FOLLOWED.match(text, match.end()) or _PRECEDED.search(text[: match.start()]))
