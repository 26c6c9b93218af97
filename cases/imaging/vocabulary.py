"""Words that are known to be no names, and surnames that are known to be findings too."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_CODE = re.compile(r"[A-Z0-9 _]{0,16}", re.ASCII)
# A number of five digits and more is not a term but somebody's number.
_TERM = re.compile(r"[A-Z]{0,3}[0-9]{0,4}|[A-Z]{1,2}[0-9]{1,2}[A-Z]{1,2}|[0-9]{1,3}[A-Z]{1,3}", re.ASCII)
_FILM = re.compile(r"[0-9]{1,2}(?:CM|IN)X[0-9]{1,2}(?:CM|IN)", re.ASCII)


def _words(name: str) -> frozenset[str]:
    lines = files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def eponyms() -> frozenset[str]:
    """Surnames in lower case that name findings, diseases, lines and procedures."""
    return _words("eponyms.txt")


@cache
def trade_words() -> frozenset[str]:
    """What stands in the name fields of operators and machines, and is not removed from descriptions."""
    return _words("trade_words.txt")


@cache
def abbreviations() -> frozenset[str]:
    """Pairs of letters that say how a picture was taken, whoever's initials they are."""
    return _words("abbreviations.txt")


@cache
def code_words() -> frozenset[str]:
    """Words of four letters and more that occur in code strings."""
    return _words("code_words.txt")


def is_code(text: str) -> bool:
    """Whether a code string consists of terms that DICOM or its makers define.

    The standard lets makers invent terms, and people type names into such fields; so a word
    of four letters and more must be known.

    Examples
    --------
    >>> is_code("DERIVED"), is_code("T2 MAP"), is_code("MEIER CHEST"), is_code("4711471")
    (True, True, False, False)
    """
    if not _CODE.fullmatch(text):
        return False
    known = code_words()
    return all(
        word in known or _TERM.fullmatch(word) or _FILM.fullmatch(word)
        for word in text.replace("_", " ").split()
    )
