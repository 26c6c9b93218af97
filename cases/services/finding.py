"""Saved searches, bookmarks and what was read last: each belongs to one person alone."""

import random
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.facets import CHOICES, KEYS, Asked
from cases.models import Bookmark, Case, SavedSearch, Visit
from medweb.accounts.models import User
from medweb.audit.services import record

MOST_SEARCHES = 100
MOST_VISITS = 200
"""Cases that are remembered for "go on reading"; older ones are forgotten."""
RECENT = timedelta(minutes=5)
NEW_SHOWN = 99
# What of an address is kept under a name: what narrows and how it looks, never the place in the list.
_KEPT = frozenset({"q", "sort", "view", "annotated", "mine", "due", *CHOICES, *KEYS})


def kept_query(text: str) -> str:
    """The part of a query string that a saved search keeps."""
    pairs = [(name, value) for name, value in parse_qsl(text.lstrip("?")) if name in _KEPT and value]
    return urlencode(pairs)


@transaction.atomic
def save_search(*, name: str, query: str, by: User) -> SavedSearch:
    """Keep a search under a name; the same name again replaces what was kept."""
    name = " ".join(name.split())[:80]
    if not name:
        raise ValidationError({"name": _("Give the search a name by which you will know it.")})
    kept = kept_query(query)
    if not kept:
        raise ValidationError({"name": _("There is nothing to keep yet: search or choose a filter first.")})
    if len(kept) > 1000:
        raise ValidationError({"name": _("This search is too long to keep; take some filters away.")})
    own = SavedSearch.objects.filter(user=by)
    if own.count() >= MOST_SEARCHES and not own.filter(name=name).exists():
        raise ValidationError({"name": _("You keep many searches already; delete one first.")})
    row, _made = SavedSearch.objects.update_or_create(
        user=by, name=name, defaults={"query": kept, "seen_at": timezone.now()}
    )
    record("search.save", row, by=by)
    return row


@transaction.atomic
def open_search(*, search: SavedSearch, by: User) -> str:
    """The query string of a search; from now on its new cases are those published later."""
    SavedSearch.objects.filter(pk=search.pk, user=by).update(seen_at=timezone.now())
    record("search.open", search, by=by)
    return search.query


@transaction.atomic
def delete_search(*, search: SavedSearch, by: User) -> None:
    """Forget a search."""
    record("search.delete", search, by=by)
    SavedSearch.objects.filter(pk=search.pk, user=by).delete()


def new_cases(search: SavedSearch, user: User) -> int:
    """How many cases of a search were published since it was opened; up to :data:`NEW_SHOWN` plus one."""
    asked = Asked.of(QueryDict(search.query))
    cases = asked.narrow(Case.objects.visible_to(user), user).filter(published_at__gt=search.seen_at)
    return len(cases.exclude(author=user).order_by().values_list("pk")[: NEW_SHOWN + 1])


@transaction.atomic
def bookmark(*, case: Case, kept: bool, by: User) -> None:
    """Put a case among one's bookmarks, or take it out."""
    if kept:
        Bookmark.objects.get_or_create(user=by, case=case)
    else:
        Bookmark.objects.filter(user=by, case=case).delete()
    record("case.bookmark" if kept else "case.forget-bookmark", case, by=by)


def visited(*, case: Case, user: User) -> None:
    """Remember that somebody had a case open, and forget what they read long ago.

    No trail is left: it would tell more of a reader than of the work.
    """
    now = timezone.now()
    own = Visit.objects.filter(user=user, case=case.pk)
    # A page reads itself again when its case changes; not each time is a new visit worth a write.
    if own.filter(visited_at__gt=now - RECENT).exists() or own.update(visited_at=now):
        return
    with transaction.atomic():
        Visit.objects.bulk_create([Visit(user=user, case=case, visited_at=now)], ignore_conflicts=True)
        old = Visit.objects.filter(user=user).values_list("pk", flat=True)[MOST_VISITS:]
        Visit.objects.filter(pk__in=list(old)).delete()


@transaction.atomic
def clear_visits(*, by: User) -> None:
    """Forget everything that was read."""
    Visit.objects.filter(user=by).delete()
    record("visits.clear", by, by=by)


def any_case(cases: "QuerySet[Case]") -> Case | None:
    """One of ``cases`` by chance, at the same cost for any number of them.

    A key is drawn between the lowest and the highest, and the next case from there is taken; after a gap in
    the keys a case is a little more likely, which does not matter for reading.
    """
    keys = cases.order_by().values_list("pk", flat=True)
    first, last = keys.order_by("pk").first(), keys.order_by("-pk").first()
    if first is None or last is None:
        return None
    drawn = random.randint(first, last)
    return cases.filter(pk__gte=drawn).order_by("pk").first()


def case_of_the_day(cases: "QuerySet[Case]", day: date) -> Case | None:
    """The same of ``cases`` for the whole day, another one the next; ``None`` where there is none."""
    keys = cases.order_by().values_list("pk", flat=True)
    first, last = keys.order_by("pk").first(), keys.order_by("-pk").first()
    if first is None or last is None:
        return None
    drawn = random.Random(day.toordinal()).randint(first, last)
    return cases.filter(pk__gte=drawn).order_by("pk").first()
