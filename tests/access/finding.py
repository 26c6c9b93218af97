"""Who may keep, arrange and share: the part of the access table about finding cases again."""

from typing import Any

from cases.models import SavedSearch, Section
from cases.services import sharing
from medweb.accounts.models import Role
from tests.access.row import ALL, WRITERS, Row, club, draft, hidden
from tests.builders.world import World

DONE = "302 302 302 302"
OWN_SEARCH = {"own": "302 404 404 404", "other": "404 404 404 404"}
OWNER = {"own": "403 302 403 302", "other": "404 404 404 302"}


def search(w: World) -> list[Any]:
    """A saved search of the student."""
    user = w.people[Role.STUDENT]
    return [SavedSearch.objects.get_or_create(user=user, name="CT", query="modality=CT")[0].pk]


def item(w: World) -> list[Any]:
    return [w.club.pk, w.hidden.pk]


def section(w: World) -> list[Any]:
    return [w.club.pk, Section.objects.get_or_create(collection=w.club, title="First")[0].pk]


def _link(w: World) -> Any:
    return w.club.links.first() or sharing.share(collection=w.club, days=7, by=w.people[Role.INSTRUCTOR])


def link(w: World) -> list[Any]:
    return [w.club.pk, _link(w).pk]


def token(w: World) -> list[Any]:
    return [sharing.token_of(_link(w))]


FINDING = [
    Row("cases:searches", "GET", ALL),
    Row("cases:search-save", "POST", DONE, body=lambda w: {"name": "MR", "query": "modality=MR"}),
    Row("cases:search-open", "POST", args=search, **OWN_SEARCH),
    Row("cases:search-delete", "POST", args=search, **OWN_SEARCH),
    Row("cases:bookmarks", "GET", ALL),
    Row("cases:history", "GET", ALL),
    Row("cases:history-clear", "POST", DONE),
    Row("cases:random-case", "GET", DONE),
    Row("cases:case-bookmark", "POST", DONE, "404 404 404 302", args=hidden, body=lambda w: {"kept": "1"}),
    Row(
        "cases:case-bookmark", "POST", "404 302 404 302", "404 404 404 302",
        args=draft, body=lambda w: {"kept": "1"},
    ),
    Row("cases:collection-arrange", "GET", WRITERS, "404 404 404 200", args=club),
    Row("cases:collection-item-move", "POST", args=item, body=lambda w: {"step": "up"}, **OWNER),
    Row("cases:section-add", "POST", args=club, body=lambda w: {"title": "Second"}, **OWNER),
    Row("cases:section-change", "POST", args=section, body=lambda w: {"title": "Third"}, **OWNER),
    Row("cases:link-make", "POST", args=club, body=lambda w: {"days": "7"}, **OWNER),
    Row("cases:link-revoke", "POST", args=link, **OWNER),
    # Whoever has the address and signs in: that is what a link is for.
    Row("cases:collection-shared", "GET", ALL, ALL, args=token),
    Row("cases:collection-shared", "POST", DONE, DONE, args=token),
]  # fmt: skip
