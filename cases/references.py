"""References as people type them: the DOI in them is found, checked and spelt one way. Nothing is fetched."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST_TEXT, LONGEST_DOI, MOST = 600, 200, 60
_MARK = r"(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|\bdoi\s*[:=]?\s*)"
# The handbook asks for "10.", a registrant of four to nine digits, and a suffix of any printable characters.
# Those of the nineties hold an item identifier between pointed brackets.
_SUFFIX = r"(?:[^\s<>]*<[^\s<>]+>[^\s<>]*|[^\s\"<>]+)"
_DOI = re.compile(rf"{_MARK}?(10\.\d{{4,9}}(?:\.\d+)*/{_SUFFIX})", re.IGNORECASE)
_MARKED = re.compile(rf"{_MARK}(?=\S*\d)", re.IGNORECASE)
_NOTHING = re.compile(r"[(\[<]\s*[)\]>]")
_BULLET = re.compile(r"^\s*(?:[-*•]|\[?\d{1,3}[.)\]])\s+")
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Reference:
    """A publication: words to read, and the DOI in lower case without its resolver; one may be empty."""

    text: str
    doi: str = ""


def _trimmed(doi: str) -> str:
    """Without the full stop or bracket of the sentence around it; SICIs end in brackets of their own."""
    while doi:
        last = doi[-1]
        closes_nothing = last in _PAIRS and doi.count(last) > doi.count(_PAIRS[last])
        if last not in ".,;:'’”»" and not closes_nothing:
            return doi
        doi = doi[:-1]
    return doi


def parse(line: str) -> Reference:
    """A reference as it was typed, in a row or as a line of a list.

    Parameters
    ----------
    line : str
        Words, a DOI, or both; the DOI bare, after ``doi:``, or as an address of its resolver.

    Returns
    -------
    Reference

    Raises
    ------
    ValidationError
        When something calls itself a DOI and is none, or is longer than can be kept.

    Examples
    --------
    >>> parse("2. Ann A. Chest signs. 1999. https://doi.org/10.1148/RADIOL.2462070712.")
    Reference(text='Ann A. Chest signs. 1999.', doi='10.1148/radiol.2462070712')
    >>> parse("doi:10.1002/(SICI)1522-2594(199911)42:5<952::AID-MRM16>3.0.CO;2-S").doi
    '10.1002/(sici)1522-2594(199911)42:5<952::aid-mrm16>3.0.co;2-s'
    """
    line = " ".join(_BULLET.sub("", line).split())
    marked = _MARKED.search(line)
    if marked and "%" in line[marked.start() :]:
        line = unquote(line)
    found = _DOI.search(line)
    if found is None:
        if marked:
            raise ValidationError(
                _("“%(text)s” is no DOI: one begins with “10.”, a number and a slash, as 10.1148/rg.230034.")
                % {"text": line[marked.start() :][:80]}
            )
        _check_length(line, "")
        return Reference(line)
    doi = _trimmed(found.group(1))
    before, after = line[: found.start()], line[found.start(1) + len(doi) :]
    around = _NOTHING.sub("", f"{before.rstrip(' ,;:')} {after.lstrip(' .,;:')}")
    words = " ".join(around.split()).replace(" ,", ",")
    words = words if re.search(r"\w", words) else ""
    _check_length(words, doi)
    return Reference(words, doi.lower())


def _check_length(text: str, doi: str) -> None:
    if len(text) > LONGEST_TEXT or len(doi) > LONGEST_DOI:
        raise ValidationError(
            _("A reference has at most %(n)d characters. Shorten “%(text)s…”.")
            % {"n": LONGEST_TEXT, "text": text[:40]}
        )


def parse_all(lines: Iterable[str]) -> list[Reference]:
    """References of a list, empty lines left out.

    Raises
    ------
    ValidationError
        Which line is wrong and what to do; also where one stands there twice.
    """
    found: dict[int, Reference] = {}
    wrong: list[str] = []
    for number, line in enumerate((line for line in lines if line.strip()), 1):
        try:
            one = parse(line)
        except ValidationError as error:
            wrong.append(_("Reference %(n)d: %(sentence)s") % {"n": number, "sentence": error.messages[0]})
            continue
        if twin := _twin(found, one):
            wrong.append(
                _("References %(one)d and %(two)d are the same. Remove one of them.")
                % {"one": twin, "two": number}
            )
        found[number] = one
    if len(found) > MOST:
        wrong.append(_("A case takes at most %(n)d references.") % {"n": MOST})
    if wrong:
        raise ValidationError(wrong)
    return list(found.values())


def _twin(found: Mapping[int, Reference], one: Reference) -> int:
    for number, other in found.items():
        if (one.doi and one.doi == other.doi) or (
            not one.doi and not other.doi and _key(one.text) == _key(other.text)
        ):
            return number
    return 0


def _key(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def url_of(doi: str) -> str:
    """The address of a DOI at its resolver."""
    return f"https://doi.org/{quote(doi, safe='/:;().-_')}"


def line_of(text: str, doi: str) -> str:
    """A reference as its author would type it."""
    return f"{text} https://doi.org/{doi}".strip() if doi else text
