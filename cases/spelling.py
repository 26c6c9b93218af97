"""Did you mean: another spelling that finds something, for a search that found nothing."""

from functools import reduce
from itertools import pairwise
from operator import or_

from django.db.models import Q, QuerySet

from cases.models import Case, Spelling
from cases.search import matching, words_of
from medweb.accounts.models import User

# Each mistaken word costs a look at the list of spellings, each candidate a search.
MOST_WORDS, MOST_TRIED = 3, 8


def distance(one: str, other: str) -> int:
    """Letters to add, leave out, change or swap with their neighbour until ``one`` is ``other``.

    Examples
    --------
    >>> distance("pnuemonia", "pneumonia"), distance("fractur", "fracture"), distance("lung", "lung")
    (1, 1, 0)
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one):
        older, before, row = before, row, [i + 1]
        for j, b in enumerate(other):
            step = min(before[j] + (a != b), before[j + 1] + 1, row[j] + 1)
            if i and j and a == other[j - 1] and b == one[i - 1]:
                step = min(step, older[j - 1] + 1)
            row.append(step)
    return row[-1]


def _near(word: str) -> list[str]:
    """Known spellings a few letters away from ``word``, nearest first.

    With two mistakes one third of a word is left as it was, so only words with such a part are looked at.
    """
    mistakes = 1 if len(word) < 6 else 2
    cuts = [round(i * len(word) / (mistakes + 1)) for i in range(mistakes + 2)]
    parts = [word[a:b] for a, b in pairwise(cuts)]
    rows = Spelling.objects.filter(
        reduce(or_, (Q(word__contains=part) for part in parts)),
        letters__range=(len(word) - mistakes, len(word) + mistakes),
    ).values_list("word", flat=True)
    letters = set(word)
    near = [known for known in rows if len(letters ^ set(known)) <= 2 * mistakes]
    found = sorted((distance(word, known), known[:1] != word[:1], known) for known in near)
    return [known for far, _first, known in found if far <= mistakes][:MOST_TRIED]


def did_you_mean(cases: "QuerySet[Case]", query: str, user: User) -> str:
    """``query`` with other spellings, such that it finds some of ``cases``; empty when there is none.

    Only words by which this person finds something are offered: a list of all words would tell what is
    written in cases that are closed, or the answer of an unknown.
    """
    words = words_of(query)
    text, mended = query, 0
    for word in reversed(words):
        if matching(cases, query[word.start : word.end], user).exists():
            continue
        better = next((known for known in _near(word.raw) if matching(cases, known, user).exists()), "")
        if not better or mended == MOST_WORDS:
            return ""
        text = text[: word.start] + better + text[word.end :]
        mended += 1
    if not mended or not matching(cases, text, user).exists():
        return ""
    return text
