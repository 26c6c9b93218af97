"""Where a search found its words: a field, and a piece of its text with the words marked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from cases.words import Word, plain, words_in

# Letters before the first hit, and of the whole piece.
BEFORE, LENGTH = 50, 180
# Signs of Markdown that say nothing in a line of plain words; of a link or picture its words stay.
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*\)")
_MARKUP = re.compile(r"[*_`#>|~]+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Hit:
    """A field with the piece of it that has the words, as HTML that is safe to show."""

    field: str
    html: SafeString


def bare(text: str) -> str:
    """Markdown as one line of plain words."""
    return _SPACE.sub(" ", _MARKUP.sub("", _LINK.sub(r"\1", text))).strip()


def _spans(text: str, asked: list[Word], until: int) -> list[tuple[int, int]]:
    """Places of the words in ``text``, joined where they touch; up to ``until`` letters after the first."""
    stems = {word.stem for word in asked}
    begun = tuple(word.raw for word in asked if word.begun)
    spans: list[tuple[int, int]] = []
    for word in words_in(text):
        if spans and word.start > spans[0][0] + until:
            break
        start, end = word.start, word.end
        if word.stem not in stems:
            if not begun or not word.raw.startswith(begun):
                continue
            # Of two neighbouring signs only the first was asked for.
            if end - start == 2 and word.raw[6:].startswith("u") and f"{word.raw[:6]}" in begun:
                end = start + 1
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _marked(text: str, spans: list[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in spans:
        parts += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    return "".join([*parts, escape(text[at:])])


def whole(text: str, asked: list[Word]) -> SafeString:
    """``text`` with the words marked."""
    text = plain(text)
    return mark_safe(_marked(text, _spans(text, asked, len(text))))  # noqa: S308  escaped piece by piece


def piece(text: str, asked: list[Word]) -> SafeString | None:
    """The part of ``text`` around the first of the words; ``None`` where it has none."""
    text = plain(bare(text))
    spans = _spans(text, asked, LENGTH)
    if not spans:
        return None
    first = max(0, spans[0][0] - BEFORE)
    if first:
        first = text.rfind(" ", max(0, first - 20), spans[0][0]) + 1 or first
    last = min(len(text), max(first + LENGTH, spans[0][1]))
    shown = _marked(text[first:last], [(a - first, min(b, last) - first) for a, b in spans if a < last])
    return mark_safe(f"{'… ' if first else ''}{shown}{' …' if last < len(text) else ''}")  # noqa: S308  escaped


def first_hit(texts: Iterable[tuple[str, str]], asked: list[Word]) -> Hit | None:
    """The first of ``(field, text)`` that has one of the words."""
    for field, text in texts:
        if text and (html := piece(text, asked)):
            return Hit(field, html)
    return None
