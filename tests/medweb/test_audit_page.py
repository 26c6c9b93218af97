"""The audit log as a page and as CSV: what the filter finds, and what it says when it is not understood."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from medweb.accounts.models import Role
from medweb.audit.models import AuditEvent
from medweb.audit.services import record
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = rows.person(Role.ADMINISTRATOR, name="ada")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


@pytest.fixture
def ann():
    return rows.person(name="ann")


@pytest.fixture
def verbs(client, admin):
    """``verbs("who=ann")``: the verbs that a filter finds."""

    def get(query=""):
        found = client.get(f"{reverse('audit:events')}?{query}").context
        return [row["event"].verb for row in found["rows"]]

    return get


def test_each_part_of_the_filter_narrows(ann, admin, verbs):
    record("case.publish", ann, by=ann, fields=2)
    record("case.delete", admin, by=ann)
    record("job.ask", ann, by=admin)
    record("job.sweep", ann, by=None)
    assert verbs()[:4] == ["job.sweep", "job.ask", "case.delete", "case.publish"]
    assert verbs("who=ann") == ["case.delete", "case.publish"]
    assert verbs("verb=case.") == ["case.delete", "case.publish"]
    assert verbs(f"subject=accounts.user+{admin.pk}&verb=case") == ["case.delete"]
    assert verbs("subject=accounts.user&who=ada") == ["job.ask"]
    today = timezone.localdate()
    assert verbs(f"since={today}&until={today}&who=ann") == ["case.delete", "case.publish"]
    assert verbs(f"since={today + timedelta(days=1)}") == []
    assert verbs(f"until={today - timedelta(days=1)}") == []


def test_what_is_not_understood_comes_back_with_a_sentence(client, admin):
    for query, sentence in (
        ("since=yesterday", "year-month-day"),
        ("until=2026-02-31", "year-month-day"),
        ("who=nobody", "Nobody has this user name"),
    ):
        answer = client.get(f"{reverse('audit:events')}?{query}")
        text = answer.content.decode()
        assert answer.status_code == 422
        assert sentence in text
        assert f'value="{query.partition("=")[2]}"' in text


def test_strange_characters_find_nothing(client, admin):
    assert client.get(reverse("audit:events") + "?verb=%00&subject=%00+%00").status_code == 200


def test_pages_and_queries_do_not_grow(client, admin, ann, django_assert_max_num_queries):
    for _n in range(120):
        record("case.view", ann, by=rows.User.objects.order_by("?").first())
    with django_assert_max_num_queries(12):
        text = client.get(reverse("audit:events") + "?verb=case.view").content.decode()
    assert text.count("<tr>") == 51
    following = text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "verb=case.view" in following
    assert client.get(following).content.decode().count("<tr>") == 51


def test_the_export_holds_the_filtered_events_and_leaves_one(client, admin):
    odd = rows.person(name="@sum")
    record("case.publish", odd, by=odd, fields=["title"])
    record("job.ask", odd, by=None)
    answer = client.post(reverse("audit:events-csv"), {"verb": "case."})
    head, line = csv.reader(io.StringIO(answer.content.decode()))
    assert head == ["at", "user", "verb", "object", "key", "details"]
    assert line[1:] == ["'@sum", "case.publish", "accounts.user", str(odd.pk), '{"fields": ["title"]}']
    event = AuditEvent.objects.latest("pk")
    assert (event.verb, event.actor_id, event.details) == (
        "audit.export",
        admin.pk,
        {"rows": 1, "narrowed": True},
    )
