"""Reading a case as an unknown: the steps, the rows they leave, and the two halves of the veil."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from cases.enums import ReadingStage
from cases.models import Case, Reading
from cases.querysets import is_veiled_from
from cases.services import cases, unknowns
from cases.veil import SHOWN_FROM, SHOWN_ROWS_FROM, cover, covered, stage_of
from medweb.accounts.models import Role
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db

# Fields that an unknown never hides, and why.
OPEN = {
    "id", "modality", "body_region", "level", "author", "status", "simulated", "licence", "language",
    "revision", "created_at", "modified_at", "published_at", "review_due_on", "retracted_at",
    "retraction_reason",
    # What a request form would say.
    "history", "age_band", "sex",
    # The unknown itself.
    "unknown", "neutral_title",
    # Keyed hashes that no answer has.
    "patient_key", "origin",
}  # fmt: skip
# Rows of a case that are hidden by querysets of their own, or belong to editors.
OPEN_ROWS = {
    "authors", "series", "uploads", "batches", "readers", "readings", "items", "collections", "analyses",
    "predictions", "closed_talk", "reviews", "versions",
}  # fmt: skip


@pytest.fixture
def unknown(author):
    case = rows.bare(author, title="Sarcoidosis", discussion="Granulomas.", keywords="nodes")
    Case.objects.filter(pk=case.pk).update(unknown=True)
    case.refresh_from_db()
    return case


def test_every_field_and_every_row_of_a_case_is_open_or_has_its_stage():
    fields = {f.name for f in Case._meta.get_fields() if f.concrete}
    assert fields == OPEN | set(SHOWN_FROM)
    behind = {f.get_accessor_name() for f in Case._meta.related_objects} | {
        f.name for f in Case._meta.many_to_many
    }
    assert behind == OPEN_ROWS | set(SHOWN_ROWS_FROM)


def test_a_reader_sees_images_first_and_then_what_was_asked_for(unknown, student):
    assert stage_of(student, unknown) == ReadingStage.IMAGES
    shown = covered(Case.objects.get(pk=unknown.pk), student)
    assert shown.title == f"Unknown case {unknown.pk}"
    assert (shown.history, shown.findings, shown.discussion) == (unknown.history, "", "")
    unknowns.reveal(case=unknown, stage=ReadingStage.FINDINGS, by=student)
    shown = covered(Case.objects.get(pk=unknown.pk), student)
    assert (shown.findings, shown.keywords) == (unknown.findings, "")
    unknowns.reveal(case=unknown, stage=ReadingStage.EVERYTHING, by=student)
    assert covered(Case.objects.get(pk=unknown.pk), student).title == "Sarcoidosis"


def test_a_neutral_title_of_the_author_is_used(unknown, student):
    Case.objects.filter(pk=unknown.pk).update(neutral_title="Dry cough")
    assert covered(Case.objects.get(pk=unknown.pk), student).title == "Dry cough"


def test_no_stage_is_left_out(unknown, student):
    with pytest.raises(ValidationError, match="before it"):
        unknowns.reveal(case=unknown, stage=ReadingStage.DIAGNOSIS, by=student)
    assert stage_of(student, unknown) == ReadingStage.IMAGES


def test_asking_for_what_is_shown_changes_nothing(unknown, student):
    unknowns.reveal(case=unknown, stage=ReadingStage.EVERYTHING, by=student)
    unknowns.reveal(case=unknown, stage=ReadingStage.FINDINGS, by=student)
    assert stage_of(student, unknown) == ReadingStage.EVERYTHING


def test_reading_again_begins_anew_in_the_same_row(unknown, student):
    unknowns.reveal(case=unknown, stage=ReadingStage.EVERYTHING, by=student)
    reading = unknowns.begin(case=unknown, by=student)
    assert (reading.stage, reading.times, reading.finished_at) == (ReadingStage.IMAGES, 2, None)
    assert Reading.objects.count() == 1


def test_who_wrote_it_sees_all_until_asking_to_read_it(unknown, author):
    assert stage_of(author, unknown) == ReadingStage.EVERYTHING
    unknowns.begin(case=unknown, by=author)
    assert stage_of(author, unknown) == ReadingStage.IMAGES
    unknowns.reveal(case=unknown, stage=ReadingStage.EVERYTHING, by=author)
    assert stage_of(author, unknown) == ReadingStage.EVERYTHING


def test_drafts_are_read_by_nobody_else(author, student):
    with pytest.raises(PermissionDenied):
        unknowns.begin(case=rows.draft(author, images=0), by=student)


def test_both_halves_of_the_veil_agree(author, student):
    """What the condition says of a row of the database is what covering does to it."""
    other, root = rows.instructor("bob"), rows.person(Role.ADMINISTRATOR, name="root")
    made = []
    for number in range(8):
        case = rows.bare(author, title=f"Case {number}")
        Case.objects.filter(pk=case.pk).update(unknown=number % 2)
        case.refresh_from_db()
        made.append(case)
    for user in (author, student, other, root):
        for stage, case in zip(ReadingStage, made[4:], strict=True):
            Reading.objects.create(user=user, case=case, stage=stage)
    for user in (author, student, other, root):
        for until in (ReadingStage.FINDINGS, ReadingStage.DIAGNOSIS, ReadingStage.EVERYTHING):
            veiled = set(
                Case.objects.filter(is_veiled_from(user, "pk", until=until)).values_list("pk", flat=True)
            )
            assert veiled == {case.pk for case in made if stage_of(user, case) < until}
            open_ones = Case.objects.filter(~Q(is_veiled_from(user, "pk", until=until)))
            assert set(open_ones.values_list("pk", flat=True)) == {case.pk for case in made} - veiled


def test_covering_a_page_of_cases_is_one_query(author, student, django_assert_num_queries):
    for number in range(5):
        rows.bare(author, title=f"Case {number}")
    page = list(Case.objects.all())
    with django_assert_num_queries(1):
        cover(page, student)


def test_a_covered_row_is_never_written_back(unknown, student):
    shown = covered(Case.objects.get(pk=unknown.pk), student)
    with pytest.raises(RuntimeError, match="lacks"):
        shown.save()
    shown.refresh_from_db()
    shown.save()
    assert Case.objects.get(pk=unknown.pk).title == "Sarcoidosis"


def test_an_editor_who_reads_it_saves_the_whole_text(unknown, author):
    cases.withdraw(case=unknown, by=author)
    unknowns.begin(case=unknown, by=author)
    shown = covered(Case.objects.get(pk=unknown.pk), author)
    cases.update(case=shown, revision=unknown.revision, fields={"history": "Fever."}, by=author)
    stored = Case.objects.get(pk=unknown.pk)
    assert (stored.title, stored.discussion, stored.history) == ("Sarcoidosis", "Granulomas.", "Fever.")


def test_the_audit_trail_has_steps_and_no_words(unknown, student):
    unknowns.reveal(case=unknown, stage=ReadingStage.FINDINGS, by=student)
    event = AuditEvent.objects.get(verb="reading.reveal")
    assert event.details == {"stage": 1}


def test_the_page_says_what_comes_next(unknown, student, client: Client):
    client.force_login(student)
    address = reverse("cases:case", args=[unknown.pk])
    page = client.get(address).content.decode()
    assert "Show the findings" in page
    assert "Sarcoidosis" not in page
    answer = client.post(
        reverse("cases:unknown-reveal", args=[unknown.pk]), {"stage": "1"}, headers={"HX-Request": "true"}
    )
    assert "Show the diagnosis" in answer.content.decode()
    assert "medweb:annotations-changed" in answer["HX-Trigger"]
    wrong = client.post(reverse("cases:unknown-reveal", args=[unknown.pk]), {"stage": "many"}, follow=True)
    assert "There is no such step" in wrong.content.decode()


def test_the_api_goes_step_by_step(unknown, student, client: Client):
    client.force_login(student)
    address = reverse("api-case-reading", args=[unknown.pk])
    assert client.get(address).json() == {"stage": 0}
    answer = client.put(address, {"stage": 2}, content_type="application/json")
    assert answer.status_code == 400
    assert "First ask" in answer.json()["detail"]
    assert client.put(address, {"stage": 1}, content_type="application/json").json() == {"stage": 1}
    told = client.get(reverse("api-case", args=[unknown.pk])).json()
    assert (told["stage"], told["findings"], told["discussion"]) == (1, unknown.findings, "")
