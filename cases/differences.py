"""What changed between two texts, word by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]", re.UNICODE)
# Comparing costs the product of both lengths at worst; longer paragraphs are shown as replaced.
MAX_TOKENS = 4000
# So many unchanged words are left on each side of a change.
AROUND = 60


@dataclass(frozen=True)
class Piece:
    """A stretch of text: ``kind`` is ``"same"``, ``"added"``, ``"removed"`` or ``"skipped"``."""

    kind: str
    text: str


def differences(before: str, after: str) -> list[Piece]:
    """Pieces that make ``after`` of ``before``, first by lines, then by words within changed lines.

    Parameters
    ----------
    before, after : str

    Returns
    -------
    list of Piece
        Without "removed", the texts joined are ``after``; without "added", ``before``.

    Examples
    --------
    >>> [(one.kind, one.text) for one in differences("a small mass", "a large mass")]
    [('same', 'a '), ('removed', 'small'), ('added', 'large'), ('same', ' mass')]
    """
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[i1:i2]), "".join(new[j1:j2])
        if tag == "equal":
            found.append(Piece("same", gone))
        else:
            found += _words(gone, come)
    return _joined(found)


def _words(before: str, after: str) -> list[Piece]:
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if max(len(old), len(new)) > MAX_TOKENS:
        return [Piece("removed", before), Piece("added", after)]
    found = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("same", "".join(old[i1:i2])))
            continue
        found += [Piece("removed", "".join(old[i1:i2])), Piece("added", "".join(new[j1:j2]))]
    return found


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece; empty ones left out."""
    found: list[Piece] = []
    for one in pieces:
        if not one.text:
            continue
        if found and found[-1].kind == one.kind:
            found[-1] = Piece(one.kind, found[-1].text + one.text)
        else:
            found.append(one)
    return found


def shortened(pieces: list[Piece]) -> list[Piece]:
    """The same with long unchanged stretches replaced by a "skipped" piece that has no text.

    Examples
    --------
    >>> kept = shortened([Piece("same", "word " * 500), Piece("added", "end")])
    >>> [one.kind for one in kept]
    ['skipped', 'same', 'added']
    """
    found: list[Piece] = []
    for n, one in enumerate(pieces):
        tokens = _TOKEN.findall(one.text) if one.kind == "same" else []
        if len(tokens) <= 3 * AROUND:
            found.append(one)
            continue
        if n > 0:
            found.append(Piece("same", "".join(tokens[:AROUND])))
        found.append(Piece("skipped", ""))
        if n < len(pieces) - 1:
            found.append(Piece("same", "".join(tokens[-AROUND:])))
    return found
