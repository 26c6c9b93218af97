"""One spelling for words that are written in several: accents, transliterations, apostrophes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

# Letters that Unicode does not take apart.
_PLAIN = str.maketrans(
    {
        "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th",
        "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ı": "i", "ŧ": "t", "ħ": "h", "ĸ": "k", "ŋ": "n",
        "’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "ʻ": "'", "＇": "'",
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "＾": "^",
    }
)  # fmt: skip
_GERMAN = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "ae",
        "Ö": "oe",
        "Ü": "ue",
        "å": "aa",
        "Å": "aa",
        "ø": "oe",
        "Ø": "oe",
    }
)
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))
_ROMAN = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфхцчшщъыьэюя", (
            "a", "b", "v", "g", "d", "e", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u",
            "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
        ), strict=True)),
        "ж": "zh", "ё": "e", "і": "i", "ї": "i", "є": "ie", "ґ": "g",
        **dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", (
            "a", "v", "g", "d", "e", "z", "i", "th", "i", "k", "l", "m", "n", "x", "o", "p", "r", "s", "s",
            "t", "y", "f", "ch", "ps", "o",
        ), strict=True)),
    }
)  # fmt: skip


def fold(text: str) -> str:
    """Lower case without accents, so that MUELLER finds no shelter behind a diaeresis.

    Examples
    --------
    >>> fold("Müller"), fold("Sørensen"), fold("O’Brien"), fold("희중")
    ('muller', 'sorensen', "o'brien", '희중')
    """
    if text.isascii():
        return text.lower().replace("`", "'")
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    marks = "".join(mark for mark in plain if not unicodedata.combining(mark))
    # Together again, or a Hangul syllable would be found inside another one.
    return unicodedata.normalize("NFC", marks.casefold())


def folded_with_origin(text: str) -> tuple[str, list[int]]:
    """Folded text, and for each of its letters the place it came from, and the end."""
    if text.isascii():
        return fold(text), list(range(len(text) + 1))
    letters: list[str] = []
    origin: list[int] = []
    for place, letter in enumerate(text):
        folded = fold(letter)
        letters.append(folded)
        origin.extend([place] * len(folded))
    return "".join(letters), [*origin, len(text)]


def is_alphabetic(word: str) -> bool:
    """Whether a folded word is written in letters with words between blanks: Latin, Greek, Cyrillic."""
    return all(ord(letter) < 0x0530 for letter in word)


def spellings(word: str) -> Iterator[str]:
    """Folded forms under which a word may be written elsewhere.

    Examples
    --------
    >>> sorted(set(spellings("Müller"))), sorted(set(spellings("Иванов")))
    (['mueller', 'muller'], ['ivanov', 'иванов'])
    """
    folded = fold(word)
    yield folded
    german = fold(word.translate(_GERMAN))
    if german != folded:
        yield german
    if not folded.isascii() and is_alphabetic(folded):
        yield folded.translate(_ROMAN)
    for written, plain in _UMLAUTS:
        if written in folded and len(folded) > 4:
            yield folded.replace(written, plain)
