"""Words of a text as the search index keeps them: alike on every database, because none makes them.

A sign is kept by what it says, not by how it is written: without accents, in small letters, in its usual
width. English words are kept as typed (for words that are only begun) and by their stem. Chinese and Japanese
put no spaces between words; there each pair of neighbouring signs is a word, and the last of a row alone.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import snowballstemmer

# PostgreSQL refuses words of more than 2,046 bytes with an error.
MAX_LETTERS = 100
# ... and more than a megabyte of words in one text, which only fifty pages of Chinese have.
MAX_KEPT = 600_000

_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECE = re.compile(rf"[{_SIGNS}]+|[^\W_{_SIGNS}]+")
_SIGN = re.compile(f"[{_SIGNS}]")
_STEMMER = snowballstemmer.stemmer("english")
# Letters with a stroke have no accent that Unicode could take off.
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})

# What says nothing in a question. Kept out of the index too, so that both agree.
_SMALL_WORDS = """
    i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her
    hers herself it its itself they them their theirs themselves what which who whom this that these
    those am is are was were be been being have has had having do does did doing a an the and but if or
    because as until while of at by for with about against between into through during before after
    above below to from up down in out on off over under again further then once here there when where
    why how all any both each few more most other some such no nor not only own same so than too very s
    t can will just don should now
"""
STOP_WORDS = frozenset(_SMALL_WORDS.split())


class Word(NamedTuple):
    """One word of a text: where it stands, as typed, its stem. ``begun`` ones stand for longer words."""

    start: int
    end: int
    raw: str
    stem: str
    begun: bool = False


def plain(text: str) -> str:
    """``text`` in composed characters, the form in which places in it are told."""
    return unicodedata.normalize("NFC", text)


def _ascii(word: str) -> str:
    """Letters and digits of ASCII only: what both databases keep as one word, whatever their locale.

    Every other sign takes the same room, so that a begun word stays the beginning of the whole one.
    """
    if word.isascii():
        return word
    return "".join(sign if sign.isascii() else f"u{ord(sign):05x}" for sign in word)


@lru_cache(maxsize=65_536)
def folded(piece: str) -> tuple[str, str]:
    """A word as typed and its stem, in the letters of the index.

    Examples
    --------
    >>> folded("Épanchements")
    ('epanchements', 'epanch')
    """
    apart = unicodedata.normalize("NFKD", piece[:MAX_LETTERS])
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    word = unicodedata.normalize("NFKC", bare).casefold().translate(_STROKES)
    word = "".join(sign for sign in word if sign.isalnum())
    stem = _STEMMER.stemWord(word) if word.isascii() and word.isalpha() else word
    # PostgreSQL reads "1e5" as a number; with a letter before it, every word is a word.
    raw, stem = (f"n{_ascii(w)}" if w[:1].isdigit() else _ascii(w) for w in (word, stem))
    return raw[:MAX_LETTERS], stem[:MAX_LETTERS]


def _of_signs(start: int, run: str, *, asked: bool) -> Iterator[Word]:
    if asked and len(run) > 1:
        pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    else:
        pairs = [run[i : i + 2] for i in range(len(run))]
    for i, pair in enumerate(pairs):
        kept = _ascii(unicodedata.normalize("NFKC", pair))
        yield Word(start + i, start + i + len(pair), kept, kept, begun=asked and len(pair) == 1)


def words_in(text: str, *, asked: bool = False) -> Iterator[Word]:
    """Words of ``text``, one after another; of a question when ``asked``: one sign alone is a begun word.

    Examples
    --------
    >>> [word.stem for word in words_in("Nodules of the left lobe")]
    ['nodul', 'left', 'lobe']
    >>> [(word.start, word.end) for word in words_in("肺结节", asked=True)]
    [(0, 2), (1, 3)]
    """
    for match in _PIECE.finditer(text):
        piece = match.group()
        if _SIGN.match(piece):
            yield from _of_signs(match.start(), piece, asked=asked)
            continue
        raw, stem = folded(piece)
        if raw and raw not in STOP_WORDS:
            yield Word(match.start(), match.end(), raw, stem)


def kept(texts: Iterable[str]) -> str:
    """What the index keeps of ``texts``: each token once, with spaces between."""
    tokens: dict[str, None] = {}
    for text in texts:
        for word in words_in(plain(text)):
            tokens[word.raw] = tokens[word.stem] = None
    whole = " ".join(tokens)
    return whole if len(whole) <= MAX_KEPT else whole[: whole.rindex(" ", 0, MAX_KEPT)]


def spellings(texts: Iterable[str]) -> set[str]:
    """Words of ``texts`` that a misspelt one may have meant: of four to forty letters, as typed."""
    found = {word.raw for text in texts for word in words_in(plain(text))}
    return {word for word in found if 4 <= len(word) <= 40 and word.isalpha()}
