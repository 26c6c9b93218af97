"""Beginnings by which the wordings of a term are found, however they are typed."""

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 80
_TOKEN = re.compile(r"\w+", re.UNICODE)
# Above every letter, in the order of the bytes of UTF-8.
LAST = "\U0010ffff"


def folded(text: str) -> list[str]:
    """Words of a text without case and accents.

    Examples
    --------
    >>> folded("Épanchement pleural (J90.1)")
    ['epanchement', 'pleural', 'j90', '1']
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _TOKEN.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))


def starts_of(wordings: Iterable[str]) -> set[str]:
    """What each wording reads from each of its words on; scripts without blanks, from each letter on.

    Examples
    --------
    >>> sorted(starts_of(["Lymph node", "RID1"]))
    ['lymph node', 'node', 'rid1']
    """
    found: set[str] = set()
    for wording in wordings:
        words = folded(wording)[:20]
        for at, word in enumerate(words):
            rest = " ".join(words[at:])
            found.add(rest[:LONGEST])
            if word[:1] > "\u2e80":
                found.update(rest[n : n + LONGEST] for n in range(1, min(len(word), 20)))
    return found
