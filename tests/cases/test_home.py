"""The start page: what waits for whom, where it leads, and that it tells nobody more than the case does."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.enums import ReadingStage, RemarkKind
from cases.models import Case, Reading
from cases.services import annotations, remarks, reviews, unknowns
from medweb.accounts.models import Role
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(client):
    """``home(user)``: keys and counts of the cards that wait, those that do not, and the new cases."""

    def get(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        found = client.get(reverse("cases:home")).context
        waiting = {one.key: one.count for one in found["waiting"]}
        return waiting, [one.key for one in found["quiet"]], [one.title for one in found["new_cases"]]

    return get


def test_everybody_has_an_empty_start_page_that_says_what_would_be_there(student, author, client, home):
    assert home(student) == ({}, ["reading", "notices", "layers", "opened", "asked"], [])
    waiting, quiet, new = home(author)
    assert (waiting, new) == ({}, [])
    assert set(quiet) > {
        "drafts",
        "review",
        "questions",
        "cases-waiting",
        "cases-returned",
        "cases-due",
        "care",
    }
    text = client.get(reverse("cases:home")).content.decode()
    assert "Nothing waits for you." in text
    assert "A case that you begin stays here" in text


def test_a_student_goes_on_and_finds_what_is_new(author, student, home, client):
    case = rows.published(author, title="A first case")
    rows.bare(author, title="A second case")
    rows.draft(author, images=0, title="A draft")
    assert home(student) == (
        {},
        ["reading", "notices", "layers", "opened", "asked"],
        ["A second case", "A first case"],
    )
    layer = annotations.start(series=case.series.get(), shapes=[rows.shape()], by=student)
    waiting, _quiet, new = home(student)
    assert (waiting, new) == ({"layers": 1}, ["A second case"])
    layer = annotations.submit(annotation=layer, revision=1, by=student)
    assert home(student)[0] == {}
    reviews.send_back(annotation=layer, revision=2, text="Too wide.", by=author)
    assert home(student)[0] == {"layers": 1, "notices": 1}
    remarks.write(case=case, text="Why?", kind=RemarkKind.QUESTION, by=student)
    assert home(student)[0] == {"layers": 1, "notices": 1, "asked": 1}
    assert "Returned" in client.get(reverse("cases:home")).content.decode()


def test_what_was_opened_is_listed_and_no_longer_new(author, student, home, client):
    case = rows.bare(author, title="Sarcoidosis", unknown=True)
    rows.bare(author, title="Another one")
    client.force_login(student, backend="django.contrib.auth.backends.ModelBackend")
    client.get(reverse("cases:case", args=[case.pk]))
    waiting, _quiet, new = home(student)
    assert (waiting, new) == ({"opened": 1}, ["Another one"])
    assert "Sarcoidosis" not in client.get(reverse("cases:home")).content.decode()


def test_an_unknown_is_named_by_its_neutral_title_until_it_is_read(author, student, home, client):
    case = rows.bare(author, title="Sarcoidosis", unknown=True)
    assert home(student)[2] == [f"Unknown case {case.pk}"]
    unknowns.begin(case=case, by=student)
    waiting, _quiet, new = home(student)
    assert (waiting, new) == ({"reading": 1}, [])
    assert "Sarcoidosis" not in client.get(reverse("cases:home")).content.decode()
    Reading.objects.update(stage=ReadingStage.EVERYTHING)
    assert home(student)[0] == {}


def test_an_instructor_sees_drafts_layers_questions_and_what_is_due(author, student, home):
    case = rows.published(author)
    rows.draft(author, images=0)
    layer = annotations.start(series=case.series.get(), shapes=[rows.shape()], by=student)
    annotations.submit(annotation=layer, revision=1, by=student)
    asked = remarks.write(case=case, text="Why?", kind=RemarkKind.QUESTION, by=student)
    remarks.report(remark=asked, reason="Not here.", by=rows.person())
    today = timezone.localdate()
    rows.bare(author, review_due_on=today)
    rows.bare(author, review_due_on=today + timedelta(days=1))
    waiting = home(author)[0]
    assert waiting == {"drafts": 1, "review": 1, "questions": 1, "cases-due": 1, "care": 1, "notices": 3}
    bob = rows.instructor("bob")
    assert home(bob)[0] == {}
    Case.objects.filter(author=author, status="draft").update(status="in-review")
    assert home(bob)[0] == {"cases-waiting": 1}
    del waiting["drafts"]
    assert home(author)[0] == {**waiting, "cases-mine": 1}


def test_staff_see_jobs_and_storage_and_others_do_not(author, student, client, home):
    rows.upload(rows.draft(author, images=0), b"a file", by=author)
    staff = rows.person(Role.STAFF)
    assert home(staff)[0] == {"jobs": 1}
    text = client.get(reverse("cases:home")).content.decode()
    assert reverse("cases:storage") in text
    assert reverse("analysis:home-models") in text
    home(student)
    text = client.get(reverse("cases:home")).content.decode()
    assert reverse("cases:storage") not in text
    assert reverse("analysis:home-models") not in text


def test_storage_counts_by_modality_case_and_person(author, client):
    case = rows.published(author, images=2)
    rows.upload(case, b"0123456789", by=author)
    client.force_login(rows.person(Role.STAFF), backend="django.contrib.auth.backends.ModelBackend")
    found = client.get(reverse("cases:storage")).context
    assert found["short"].quarantine == 10
    ((label, files, total),) = found["modalities"]
    assert (label, files, total) == ("Computed tomography", 2, found["short"].images)
    assert [(one.pk, n) for one, n, _bytes in found["cases"]] == [(case.pk, 2)]
    assert [(one.name, one.files, one.byte_count) for one in found["people"]] == [("ann", 1, 10)]


def test_queries_do_not_grow_with_the_library(author, student, client):
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    counted = []
    for n in (2, 12):
        for number in range(n):
            case = rows.bare(author, title=f"Case {number}")
            remarks.Remark.objects.create(case=case, author=student, text="Why?", kind=RemarkKind.QUESTION)
            Case.objects.filter(pk=case.pk).update(review_due_on=timezone.localdate())
            rows.bare(student, title="Of somebody else")
        client.get(reverse("cases:home"))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("cases:home"))
        counted.append(len(asked))
    assert counted[0] == counted[1]


def test_signing_in_leads_where_one_wanted_to_go(student, client):
    data = {"username": "sam", "password": rows.PASSWORD}
    answer = client.post(reverse("accounts:sign-in"), data)
    assert answer["Location"] == reverse("cases:library")
    client.logout()
    asked = client.get(reverse("cases:home"))
    assert asked["Location"] == "/sign-in/?next=/home/"
    assert client.post(asked["Location"], {**data, "next": "/home/"})["Location"] == "/home/"
