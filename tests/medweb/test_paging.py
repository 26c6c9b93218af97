"""Keyset pages: every row once and in order, whatever is added meanwhile; a damaged cursor is a 404."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.test import Client, RequestFactory

from medweb.accounts.models import User
from medweb.audit.models import AuditEvent
from medweb.jobs.models import Job
from medweb.paging import Page, page_of
from tests.analysis.building import person

pytestmark = pytest.mark.django_db

DAMAGED = [
    "x", "%00", "Ä", b64encode(b"p=abc").decode(), b64encode(b"p=1%00").decode(), b64encode(b"o=x").decode(),
    b64encode(b"o=-5").decode(), b64encode(b"r=2&p=1.5e").decode(), b64encode("p=²".encode()).decode(),
]  # fmt: skip


def page(url: str, size: int = 7, **options: Any) -> Page[AuditEvent]:
    request = RequestFactory().get(url)
    request.user = AnonymousUser()
    return page_of(request, AuditEvent.objects.all(), size=size, **options)


def add(count: int) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(verb="tests.row", subject_type="x", subject_id=str(number)) for number in range(count)
    )


def test_pages_walk_every_row_once_while_rows_are_added() -> None:
    add(50)
    expected = list(AuditEvent.objects.values_list("pk", flat=True))
    assert expected == sorted(expected, reverse=True)
    seen, url = [], "/rows/"
    while url:
        found = page(url)
        assert 0 < len(found.rows) <= 7
        seen += [row.pk for row in found.rows]
        add(3)
        url = found.next_url or ""
    assert seen == expected


def test_the_way_back_shows_the_same_pages() -> None:
    add(30)
    first = page("/rows/?state=done")
    second = page(first.next_url or "")
    assert first.previous_url is None
    assert first.next_url
    assert first.next_url.startswith("/rows/?")
    assert "state=done" in first.next_url
    assert page(second.previous_url or "").rows == first.rows


def test_a_page_that_holds_everything_has_no_neighbours() -> None:
    add(7)
    assert (page("/rows/").next_url, page("/rows/").previous_url) == (None, None)
    AuditEvent.objects.all()._raw_delete("default")
    assert page("/rows/") == Page([], None, None)


def test_names_order_pages_too() -> None:
    User.objects.bulk_create(User(username=f"name-{number:02}") for number in reversed(range(20)))
    seen: list[str] = []
    url = "/people/"
    while url:
        request = RequestFactory().get(url)
        found = page_of(request, User.objects.all(), size=6, ordering=("username",))
        seen += [row.username for row in found.rows]
        url = found.next_url or ""
    assert seen == [f"name-{number:02}" for number in range(20)]


@pytest.mark.parametrize("cursor", DAMAGED)
def test_a_damaged_cursor_is_not_found(client: Client, cursor: str) -> None:
    add(10)
    with pytest.raises(Http404):
        page(f"/rows/?cursor={quote(cursor)}")
    client.force_login(person("ann"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/jobs/", {"cursor": cursor}).status_code == 404
    reply = client.get("/api/jobs/", {"cursor": cursor})
    assert (reply.status_code, reply.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("asked", "given"), [("", 30), ("7", 7), ("100", 100), ("101", 100), ("0", 30), ("-3", 30), ("x", 30)]
)
def test_the_size_of_a_page_is_capped(client: Client, asked: str, given: int) -> None:
    ann = person("ann")
    Job.objects.bulk_create(Job(kind="gone.kind", queue="analysis", asked_by=ann) for _number in range(120))
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    body = client.get("/api/jobs/", {"page_size": asked}).json()
    assert len(body["results"]) == given
    assert body["next"]
    assert body["previous"] is None


def test_a_later_page_costs_as_many_queries_as_the_first(django_assert_num_queries: Any) -> None:
    add(60)
    url: str = "/rows/"
    while url:
        with django_assert_num_queries(1):
            found = page(url)
        url = found.next_url or ""
