"""Ways back to a case: saved searches, bookmarks, what was read last; and on: any case, case of the day."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from cases.models import Bookmark, Case, SavedSearch, Visit
from cases.services import finding
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def student():
    return rows.person(name="stu")


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_search_is_kept_opened_and_deleted(author, student):
    rows.bare(author, title="One", modality="CT")
    client = signed_in(student)
    query = "q=one&modality=CT&modality=MR&cursor=abc&csrf=x&view=list"
    answer = client.post("/searches/save/", {"name": "  My   CT ", "query": query})
    assert answer.url == "/?q=one&modality=CT&modality=MR&view=list"
    row = SavedSearch.objects.get()
    assert (row.name, row.user, row.query) == ("My CT", student, "q=one&modality=CT&modality=MR&view=list")
    assert "My CT" in client.get("/searches/").content.decode()
    assert "nothing new" in client.get("/searches/").content.decode()
    assert client.post(f"/searches/{row.pk}/open/").url == f"/?{row.query}"
    client.post("/searches/save/", {"name": "My CT", "query": "modality=US"})
    assert SavedSearch.objects.get().query == "modality=US"
    client.post(f"/searches/{row.pk}/delete/")
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(("name", "query"), [("", "q=x"), ("  ", "q=x"), ("Name", ""), ("Name", "cursor=x"),
                                             ("Long", "q=" + "x" * 1200)])  # fmt: skip
def test_a_search_without_name_or_content_is_refused_in_words(student, name, query):
    with pytest.raises(ValidationError):
        finding.save_search(name=name, query=query, by=student)
    answer = signed_in(student).post("/searches/save/", {"name": name, "query": query}, follow=True)
    assert [str(message) for message in answer.context["messages"]]
    assert not SavedSearch.objects.exists()


def test_new_cases_are_those_published_since_and_visible(author, student):
    rows.bare(author, title="Old", modality="CT")
    SavedSearch.objects.filter().delete()
    row = finding.save_search(name="CT", query="modality=CT", by=student)
    assert finding.new_cases(row, student) == 0
    later = timezone.now() + timedelta(minutes=1)

    def later_case(**fields):
        case = rows.bare(author, **fields)
        Case.objects.filter(pk=case.pk).update(published_at=later)
        return case

    later_case(title="New", modality="CT")
    later_case(title="Other", modality="MR")
    closed = later_case(title="Closed", modality="CT")
    rows.club(author, cases=(closed,))
    rows.draft(author, images=0, modality="CT")
    assert finding.new_cases(row, student) == 1
    assert "1 new case" in signed_in(student).get("/searches/").content.decode()
    finding.open_search(search=row, by=student)
    row.refresh_from_db()
    assert row.seen_at > timezone.now() - timedelta(minutes=1)


def test_new_cases_of_a_search_tell_nothing_of_an_unknown(author, student):
    row = finding.save_search(name="Answer", query="q=sarcoidosis", by=student)
    SavedSearch.objects.update(seen_at=timezone.now() - timedelta(days=1))
    row.refresh_from_db()
    case = rows.bare(author, title="Sarcoidosis", unknown=True, neutral_title="A cough")
    assert finding.new_cases(row, student) == 0
    finding.bookmark(case=case, kept=True, by=student)
    finding.visited(case=case, user=student)
    client = signed_in(student)
    for address in ("/bookmarks/", "/history/", "/"):
        content = client.get(address).content.decode()
        assert "A cough" in content
        assert "Sarcoidosis" not in content


def test_a_bookmark_is_set_and_taken_back_and_belongs_to_one(author, student):
    case = rows.bare(author, title="Worth it")
    client = signed_in(student)
    answer = client.post(f"/cases/{case.pk}/bookmark/", {"kept": "1"}, headers={"HX-Request": "true"})
    assert 'aria-pressed="true"' in answer.content.decode()
    assert "Worth it" in client.get("/bookmarks/").content.decode()
    assert "Worth it" not in signed_in(author).get("/bookmarks/").content.decode()
    assert 'aria-pressed="true"' in client.get(f"/cases/{case.pk}/").content.decode()
    assert client.post(f"/cases/{case.pk}/bookmark/", {"kept": "0"}).url == f"/cases/{case.pk}/"
    assert not Bookmark.objects.exists()


def test_what_may_not_be_seen_any_more_leaves_the_lists(author, student):
    case = rows.bare(author, title="Soon closed")
    finding.bookmark(case=case, kept=True, by=student)
    finding.visited(case=case, user=student)
    rows.club(author, cases=(case,))
    client = signed_in(student)
    for address in ("/bookmarks/", "/history/", "/"):
        assert "Soon closed" not in client.get(address).content.decode()


def test_reading_is_remembered_once_in_order_and_can_be_cleared(author, student):
    one, two = rows.bare(author, title="First one"), rows.bare(author, title="Second one")
    client = signed_in(student)
    for case in (one, two, one):
        assert client.get(f"/cases/{case.pk}/").status_code == 200
    assert Visit.objects.count() == 2
    Visit.objects.filter(case=two).update(visited_at=timezone.now() - timedelta(hours=1))
    content = client.get("/history/").content.decode()
    assert content.index("First one") < content.index("Second one")
    assert [case.title for case in client.get("/").context["going_on"]] == ["First one", "Second one"]
    client.post("/history/clear/")
    assert not Visit.objects.exists()


def test_old_visits_are_forgotten(author, student, monkeypatch):
    monkeypatch.setattr(finding, "MOST_VISITS", 2)
    cases = [rows.bare(author, title=f"Case {n}") for n in range(4)]
    for case in cases:
        finding.visited(case=case, user=student)
    assert list(Visit.objects.values_list("case", flat=True)) == [cases[3].pk, cases[2].pk]


def test_any_case_is_one_of_the_filter(author, student):
    wanted = {rows.bare(author, modality="CT").pk for _n in range(3)}
    rows.bare(author, modality="MR")
    rows.draft(author, images=0, modality="CT")
    client = signed_in(student)
    found = {client.get("/cases/random/?modality=CT").url for _n in range(40)}
    assert found <= {f"/cases/{pk}/" for pk in wanted}
    assert len(found) > 1
    assert client.get("/cases/random/?modality=US").url == "/?modality=US"


def test_the_case_of_the_day_is_the_same_all_day_and_not_every_day(author, student):
    for number in range(8):
        rows.bare(author, title=f"Case {number}")
    rows.draft(author, images=0)
    published = Case.objects.visible_to(student)
    day = date(2026, 11, 23)
    first = finding.case_of_the_day(published, day)
    assert first == finding.case_of_the_day(published, day)
    assert len({finding.case_of_the_day(published, day + timedelta(days=n)).pk for n in range(20)}) > 3
    assert finding.case_of_the_day(published.none(), day) is None
    assert signed_in(student).get("/").context["of_today"].pk in set(published.values_list("pk", flat=True))
