"""Versions of a case: kept with each save, compared by words, brought back."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cases.differences import differences, shortened
from cases.errors import StaleRevision
from cases.models import Case, CaseVersion
from cases.services import case_reviews, cases, versions
from cases.views.versions import changes
from medweb.accounts.models import Role
from medweb.audit.models import AuditEvent
from tests.builders import rows

texts = st.text(alphabet="ab \n.", max_size=60)


@given(texts, texts)
def test_pieces_make_both_texts(before, after):
    found = differences(before, after)
    assert "".join(one.text for one in found if one.kind != "added") == before
    assert "".join(one.text for one in found if one.kind != "removed") == after
    assert all(a.kind != b.kind for a, b in pairwise(found))


def test_words_are_compared_and_not_letters():
    found = [(one.kind, one.text) for one in differences("A small nodule.", "A large nodule.")]
    assert found == [("same", "A "), ("removed", "small"), ("added", "large"), ("same", " nodule.")]


def test_a_paragraph_without_end_is_compared_in_time():
    before, after = "a " * 60_000, "b " * 60_000
    assert [one.kind for one in differences(before, after)] == ["removed", "added"]


def test_long_unchanged_stretches_are_left_out():
    kept = shortened(differences("word " * 900 + "old", "word " * 900 + "new"))
    assert [one.kind for one in kept] == ["skipped", "same", "removed", "added"]


@pytest.fixture
def author(db):
    return rows.instructor("ann")


@pytest.fixture
def case(author):
    return rows.draft(author, images=0, title="A nodule", findings="One nodule.")


def save(case, by, **fields):
    case.refresh_from_db()
    return cases.update(case=case, revision=case.revision, fields=fields, by=by)


def age(case, minutes):
    """Let the last version of ``case`` have begun ``minutes`` ago."""
    case.versions.filter(number=case.versions.count()).update(
        begun_at=timezone.now() - timedelta(minutes=minutes)
    )


def test_a_case_begins_with_its_first_version(case, author):
    version = CaseVersion.objects.get()
    assert (version.number, version.saved_by, version.fields["title"]) == (1, author, "A nodule")


def test_saves_of_one_person_within_ten_minutes_are_one_version(case, author):
    for text in ("One", "One nodule of", "One nodule of 8 mm."):
        save(case, author, findings=text)
    assert [v.fields["findings"] for v in case.versions.all()] == ["One nodule of 8 mm.", "One nodule."]
    age(case, 11)
    save(case, author, findings="Two nodules.")
    assert case.versions.count() == 3


def test_somebody_else_makes_a_version_of_their_own(case, author):
    root = rows.person(Role.ADMINISTRATOR, name="root")
    save(case, author, findings="Two nodules.")
    save(case, root, findings="Three nodules.")
    assert [v.saved_by for v in case.versions.all()] == [root, author, author]


def test_a_save_that_changes_nothing_is_no_version(case, author):
    save(case, author, findings="One nodule.")
    assert case.versions.count() == 1


def test_a_case_from_before_keeps_what_it_was(case, author):
    case.versions.all().delete()
    save(case, author, findings="Two nodules.")
    assert [v.fields["findings"] for v in case.versions.all()] == ["Two nodules.", "One nodule."]


def test_a_text_comes_back_as_a_new_version(case, author):
    save(case, author, findings="Two nodules.", diagnosis_text="Metastases")
    age(case, 11)
    save(case, author, findings="Three nodules.", diagnosis_text="")
    case.refresh_from_db()
    versions.restore(case=case, revision=case.revision, number=2, by=author)
    case.refresh_from_db()
    assert (case.findings, case.diagnosis.display) == ("Two nodules.", "Metastases")
    last = case.versions.first()
    assert (last.number, last.restored_from) == (4, 2)
    assert AuditEvent.objects.get(verb="case.restore").details == {"number": 2}


def test_nothing_comes_back_over_a_newer_save(case, author):
    with pytest.raises(StaleRevision):
        versions.restore(case=case, revision=case.revision + 5, number=1, by=author)
    with pytest.raises(ValidationError, match="no such version"):
        versions.restore(case=case, revision=case.revision, number=99, by=author)
    with pytest.raises(PermissionDenied):
        versions.restore(case=case, revision=case.revision, number=1, by=rows.instructor("bob"))


def test_differences_are_told_by_section(case, author):
    save(case, author, findings="Two nodules.", level="advanced")
    first, second = case.versions.order_by("number")
    found = {one.label: [(p.kind, p.text) for p in one.pieces] for one in changes(first, second)}
    assert found["Level"] == [("removed", "Beginner"), ("added", "Advanced")]
    assert ("removed", "One") in found["Findings"]


def test_the_pages_show_them(case, author, client: Client):
    save(case, author, findings="Two <nodules>.")
    client.force_login(author)
    listed = client.get(reverse("cases:case-versions", args=[case.pk])).content.decode()
    assert "Version 2" in listed
    assert "Findings" in listed
    page = client.get(reverse("cases:case-version", args=[case.pk, 2])).content.decode()
    assert "Two" in page
    assert "<nodules>" not in page
    since = client.get(reverse("cases:case-version", args=[case.pk, 1]), {"with": "now"}).content.decode()
    assert "<del>" in since
    answer = client.post(
        reverse("cases:case-version-restore", args=[case.pk, 1]), {"revision": 1}, follow=True
    )
    assert "saved meanwhile" in answer.content.decode()


def test_readers_see_none_and_a_reviewer_while_it_waits(author, client: Client):
    reader, reviewer = rows.person(name="sam"), rows.instructor("bob")
    case = rows.published(author)
    address = reverse("cases:case-versions", args=[case.pk])
    for user in (reader, reviewer):
        client.force_login(user)
        assert client.get(address).status_code == 403
    cases.withdraw(case=case, by=author)
    case_reviews.submit(case=Case.objects.get(pk=case.pk), by=author)
    client.force_login(reviewer)
    assert client.get(address).status_code == 200
    client.force_login(reader)
    assert client.get(address).status_code == 404


def test_the_list_asks_as_often_for_many_as_for_few(
    case, author, client: Client, django_assert_max_num_queries
):
    client.force_login(author)
    for number in range(12):
        save(case, author, findings=f"Nodule {number}.")
        age(case, 11)
    with django_assert_max_num_queries(14):
        assert client.get(reverse("cases:case-versions", args=[case.pk])).status_code == 200
