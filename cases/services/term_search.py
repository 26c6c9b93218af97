"""Terms while somebody types: by the beginning of any word of any wording, or of the code."""

from django.db.models import Q

from cases.models import Term, TermStart
from cases.wordings import LAST, folded
from medweb.accounts.models import User

# Beginnings that are read and put into order; the nearest of an index come first, and a list shows a dozen.
MOST_READ = 80
# Terms with the rarest word among which the other words are looked for.
MOST_TRIED = 1000
MOST_FOUND = 50


def find(query: str, *, user: User, systems: list[str] | None = None, most: int = 12) -> list[Term]:
    """Terms of which the words of ``query`` begin words, the nearest first.

    Parameters
    ----------
    query : str
        As it was typed; only its first 80 letters count.
    user : User
        Who asks; wordings of cases that this person cannot see are left out.
    systems : list of str, optional
        Only terms of these terminologies.
    most : int

    Returns
    -------
    list of Term
        With ``words`` read and ``matched`` set: the synonym that was found, or ``""`` when it was the name.
    """
    words = folded(query[:80])
    if not words:
        return []
    phrase = " ".join(words)
    found = _read(_range(phrase))
    if len(words) > 1 and len(found) < most:
        found += [key for key in _apart(words) if key not in found]
    terms = Term.objects.visible_to(user).filter(pk__in=found).prefetch_related("words")
    if systems:
        terms = terms.filter(system__in=systems)
    ranked = sorted(terms, key=lambda term: _rank(term, phrase))[:most]
    for term in ranked:
        term.matched = _matched(term, phrase)  # type: ignore[attr-defined]
    return ranked


def _range(start: str) -> Q:
    return Q(start__gte=start, start__lt=start + LAST)


def _apart(words: list[str]) -> list[int]:
    """Each word somewhere: the longest one, which fewest terms have, leads."""
    longest = max(words, key=len)
    rest = list(words)
    rest.remove(longest)
    keys = _read(_range(longest), MOST_TRIED)
    for word in rest:
        keys = _read(_range(word) & Q(term__in=keys), MOST_TRIED) if keys else []
    return keys[:MOST_READ]


def _read(condition: Q, most: int = MOST_READ) -> list[int]:
    rows = TermStart.objects.filter(condition).order_by("start")
    return list(dict.fromkeys(rows.values_list("term", flat=True)[:most]))


def _rank(term: Term, phrase: str) -> tuple[int, int, str]:
    """The very words first, then names that begin so, then synonyms, then words inside; short ones first."""
    name = " ".join(folded(term.display))
    if phrase in (name, " ".join(folded(term.code))):
        place = 0
    elif name.startswith(phrase):
        place = 1
    elif any(" ".join(folded(row.word)).startswith(phrase) for row in term.words.all()):
        place = 2
    else:
        place = 3
    return place, len(term.display), term.display


def _matched(term: Term, phrase: str) -> str:
    if all(any(w.startswith(p) for w in folded(term.display)) for p in phrase.split()):
        return ""
    for row in term.words.all():
        if all(any(w.startswith(p) for w in folded(row.word)) for p in phrase.split()):
            return row.word
    return ""
