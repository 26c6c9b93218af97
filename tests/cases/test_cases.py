"""Writing, publishing and deleting cases."""

import threading
import time

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.test import Client

from cases import blobs
from cases.enums import CaseStatus
from cases.errors import StaleRevision
from cases.models import Case, Frame, Instance
from cases.policies import case_is_publishable
from cases.services import cases, intake
from medweb.audit.models import AuditEvent
from medweb.jobs.run import work
from tests.builders import pictures, rows, traces
from tests.support import PATIENCE, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_only_instructors_and_administrators_write_cases(author):
    assert cases.create(fields={"title": "One"}, by=author).status == CaseStatus.DRAFT
    assert cases.create(fields={"title": "Two"}, by=rows.person("administrator")).revision == 1
    for roles in (("student",), ("staff",), ("student", "staff")):
        with pytest.raises(PermissionDenied, match="Only instructors"):
            cases.create(fields={"title": "Three"}, by=rows.person(*roles))


@pytest.mark.parametrize(
    ("fields", "images", "sentence"),
    [
        ({}, 0, "needs at least one image."),
        ({"history": "  "}, 1, "needs the history."),
        ({"findings": ""}, 1, "needs the findings."),
        ({"history": "", "findings": "\n"}, 0, "needs the history, the findings, at least one image."),
    ],
)
def test_an_incomplete_draft_says_what_it_lacks(author, fields, images, sentence):
    case = rows.draft(author, images=images, **fields)
    ready, reason = case_is_publishable(case)
    assert not ready
    assert reason.endswith(sentence)
    with pytest.raises(ValidationError, match=sentence):
        cases.publish_case(case=case, by=author)
    case.refresh_from_db()
    assert (case.status, case.published_at) == ("draft", None)


def test_publishing_and_withdrawing(author):
    case = rows.draft(author)
    student = rows.person()
    assert not Case.objects.visible_to(student).exists()
    cases.publish_case(case=case, by=author)
    assert case in Case.objects.visible_to(student)
    with pytest.raises(ValidationError, match="cannot become"):
        cases.publish_case(case=case, by=author)
    cases.withdraw(case=case, by=author)
    assert not Case.objects.visible_to(student).exists()
    verbs = AuditEvent.objects.filter(subject_id=str(case.pk), subject_type="cases.case")
    assert list(verbs.order_by("pk").values_list("verb", flat=True)) == [
        "case.create",
        "case.publish",
        "case.withdraw",
    ]


def test_a_published_case_cannot_lose_what_it_needs(author):
    case = rows.published(author)
    with pytest.raises(ValidationError, match="the findings"):
        cases.update(case=case, revision=1, fields={"findings": ""}, by=author)
    case.refresh_from_db()
    assert (case.findings, case.revision) == (rows.TEXT["findings"], 1)


def test_stale_text_is_refused_by_service_api_and_form(author):
    case = rows.draft(author)
    cases.update(case=case, revision=1, fields={"title": "Second"}, by=author)
    with pytest.raises(StaleRevision) as caught:
        cases.update(case=case, revision=1, fields={"title": "Third"}, by=author)
    assert caught.value.current == {"revision": 2}
    client = signed_in(author)
    body = {"revision": 1, "title": "Third"}
    response = client.patch(f"/api/cases/{case.pk}/", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (409, "stale-revision")
    assert response.json()["current"]["revision"] == 2
    form = {
        "title": "Typed for an hour", "modality": "CT", "body_region": "chest", "level": "beginner",
        "revision": 1,
    }  # fmt: skip
    response = client.post(f"/cases/{case.pk}/edit/", form)
    assert response.status_code == 409
    assert b"Typed for an hour" in response.content
    case.refresh_from_db()
    assert (case.title, case.revision) == ("Second", 2)
    assert client.post(f"/cases/{case.pk}/edit/", {**form, "revision": 2}).status_code == 302


@pytest.mark.parametrize(
    "field",
    [
        "author",
        "status",
        "revision",
        "simulated",
        "origin",
        "patient_key",
        "published_at",
        "created_at",
        "id",
    ],
)
def test_fields_that_are_nobodys_to_set(author, field):
    case = rows.draft(author)
    other = rows.person("administrator")
    value = {"author": other.pk, "status": "published", "revision": 50, "simulated": True, "id": 999}
    body = {"title": "Sent", field: value.get(field, "2001-01-01T00:00:00Z")}
    before = {
        name: getattr(case, name) for name in ("author_id", "status", "simulated", "origin", "patient_key")
    }
    with pytest.raises(ValidationError, match="cannot be set"):
        cases.update(case=case, revision=1, fields={field: body[field]}, by=author)
    client = signed_in(author)
    made = client.post("/api/cases/", body, content_type="application/json")
    assert made.status_code == 201
    assert (made.json()["author"], made.json()["status"], made.json()["revision"]) == ("ann", "draft", 1)
    assert made.json()["simulated"] is False
    body["revision"] = 1
    assert client.patch(f"/api/cases/{case.pk}/", body, content_type="application/json").status_code == 200
    case.refresh_from_db()
    assert {name: getattr(case, name) for name in before} == before
    assert (case.title, case.revision) == ("Sent", 2)


def test_a_wording_of_a_diagnosis_makes_one_term(author):
    client = signed_in(author)
    for title in ("One", "Two"):
        body = {"title": title, "diagnosis_text": "  Round   atelectasis "}
        made = client.post("/api/cases/", body, content_type="application/json")
        assert made.json()["diagnosis"]["display"] == "Round atelectasis"
    assert len(set(Case.objects.values_list("diagnosis", flat=True))) == 1


def later():
    return time.time() + blobs.GRACE.total_seconds() + 60


def test_deleting_a_case_deletes_its_bytes(stores, author):
    case = rows.draft(author, images=2)
    rows.upload(case, b"waiting", by=author)
    assert len(traces.files(stores / "blobs")) == 6
    assert blobs.delete_unnamed(now=later()) == 0
    cases.delete(case=case, by=author)
    assert not Instance.objects.exists()
    assert not Frame.objects.exists()
    assert traces.files(stores / "quarantine") == []
    assert blobs.delete_unnamed(now=later()) == 6
    assert traces.files(stores) == []


def test_deleting_a_case_stops_the_work_on_it(stores, author):
    case, other = rows.draft(author, images=0), rows.draft(author, images=0)
    job, others = (rows.job_of(rows.upload(each, b"waiting", by=author)) for each in (case, other))
    cases.delete(case=case, by=rows.person("administrator"))
    job.refresh_from_db()
    others.refresh_from_db()
    assert (job.state, job.error, others.state) == ("cancelled", "The case was deleted.", "queued")


@pytest.mark.postgres
def test_a_case_is_deleted_while_an_upload_of_it_is_written(stores, author, monkeypatch):
    """The deletion waits for the rows of the upload and takes them along; SQLite has one writer at a time."""
    case = rows.draft(author, images=1)
    job = rows.job_of(rows.upload(case, pictures.ct(2), by=author))
    attach, answers = intake.attach, []

    def delete():
        try:
            cases.delete(case=Case.objects.get(pk=case.pk), by=author)
            answers.append("deleted")
        finally:
            connection.close()

    deletion = threading.Thread(target=delete)

    def waits_for_us():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks "
                "WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            return cursor.fetchone()[0] > 0

    def overtaken(*args, **how):
        outcome = attach(*args, **how)
        deletion.start()
        wait_until(waits_for_us, what="the deletion waits")
        return outcome

    monkeypatch.setattr(intake, "attach", overtaken)
    # Rows are written before the job ends, and the deletion takes its turn in between, or right after.
    assert work(job.pk) in ("done", "lost")
    deletion.join(PATIENCE)
    assert answers == ["deleted"]
    assert not Case.objects.exists()
    assert not Instance.objects.exists()


def test_bytes_that_another_case_names_stay(stores, author):
    one, two = rows.draft(author, images=0), rows.draft(author, images=0)
    shared, own = pictures.ct(1), pictures.ct(2)
    with transaction.atomic():
        intake.attach(one, [intake.prepare(shared), intake.prepare(own)])
        intake.attach(two, [intake.prepare(shared)])
    cases.delete(case=one, by=author)
    blobs.delete_unnamed(now=later())
    frame = Frame.objects.get()
    kept = {Instance.objects.get().digest, frame.digest, frame.preview_digest}
    assert {path.name for path in traces.files(stores / "blobs")} == kept
    assert all(blobs.exists(digest) for digest in kept)


def test_only_its_editor_deletes_a_case(author):
    case = rows.published(author)
    for other in (rows.instructor(), rows.person(), rows.person("staff")):
        with pytest.raises(PermissionDenied):
            cases.delete(case=case, by=other)
    cases.delete(case=case, by=rows.person("administrator"))
    assert not Case.objects.exists()


def test_someone_deactivated_reads_nothing(author):
    case = rows.published(author)
    author.is_active = False
    author.save()
    assert not Case.objects.visible_to(author).exists()
    with pytest.raises(PermissionDenied):
        cases.update(case=case, revision=1, fields={"title": "No"}, by=author)
