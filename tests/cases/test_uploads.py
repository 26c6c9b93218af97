"""Files come in: what is taken, what is refused, and that nothing of a person stays behind."""

import logging
import os
import time
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cases.enums import UploadState
from cases.models import Case, Frame, Instance, Upload
from cases.services import cases, cleaning, quarantine, receiving, uploads
from cases.tasks import expire_raw_files
from medweb.accounts.models import User
from medweb.audit.models import AuditEvent
from medweb.jobs import services as jobs
from medweb.jobs.models import State
from medweb.jobs.run import claim, end, work
from tests.builders import pictures, rows, traces

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(author):
    return rows.draft(author, images=0)


def quarantined(stores):
    return traces.files(stores / "quarantine")


def test_a_png_becomes_a_series_with_one_frame(stores, case, author, judged):
    upload = rows.upload(case, pictures.png(rows=20, columns=30), by=author)
    assert upload.state == UploadState.QUARANTINED
    assert len(quarantined(stores)) == 1
    judged(upload)
    assert (upload.state, upload.taken, upload.doubled, upload.refused) == ("accepted", 1, 0, 0)
    frame = Frame.objects.get(series__case=case)
    assert (frame.rows, frame.columns, frame.samples, frame.dtype) == (20, 30, 1, "uint8")
    assert upload.series == frame.series
    assert quarantined(stores) == []


def test_a_dicom_slice_keeps_its_geometry_and_loses_its_patient(stores, case, author, judged):
    upload = judged(rows.upload(case, pictures.ct(3, z=7.5), by=author))
    assert (upload.state, upload.kind) == ("accepted", "dicom")
    frame = Frame.objects.get(series__case=case)
    assert (frame.unit, frame.slope, frame.intercept) == ("HU", 2.0, -1000.0)
    assert frame.position == [0.0, 0.0, 7.5]
    assert frame.pixel_spacing == [0.5, 0.5]
    case.refresh_from_db()
    assert case.modality == "CT"
    assert case.patient_key


def test_a_zip_with_good_and_bad_members_keeps_the_good_ones(stores, case, author, judged):
    members = {"a/1.dcm": pictures.ct(1), "a/2.dcm": pictures.ct(2), "notes.txt": b"hello"}
    upload = judged(rows.upload(case, pictures.archive(members), by=author))
    assert (upload.state, upload.taken, upload.refused) == ("accepted", 2, 1)
    assert "2 images taken" in upload.sentence
    assert "1 file refused" in upload.sentence
    assert case.series.get().frame_count == 2
    assert quarantined(stores) == []


@pytest.mark.parametrize(
    "data",
    [
        b"just some text, no image",
        pictures.png()[:60],
        pictures.ct()[:700],
        pictures.archive({"readme.txt": b"nothing here"}),
        pictures.archive({}),
    ],
    ids=["text", "half a png", "half a dicom", "zip without images", "empty zip"],
)
def test_a_bad_file_is_refused_with_a_sentence_and_deleted(stores, case, author, judged, data):
    upload = judged(rows.upload(case, data, by=author))
    assert upload.state == UploadState.REFUSED
    assert upload.code not in ("", "accepted", "failed")
    assert upload.sentence.endswith(".")
    assert rows.job_of(upload).state == State.DONE
    assert not Instance.objects.exists()
    assert quarantined(stores) == []
    assert AuditEvent.objects.filter(verb="upload.refuse", subject_id=str(upload.pk)).exists()


def test_an_empty_file_is_not_even_received(stores, case, author):
    with pytest.raises(ValidationError, match="empty"):
        receiving.receive(case=case, chunks=[], by=author)
    assert not Upload.objects.exists()
    assert quarantined(stores) == []


def test_a_file_over_the_limit_leaves_nothing_behind(stores, case, author, settings):
    settings.UPLOAD_MAX_BYTES = 2**20
    chunks = (bytes(2**18) for _ in range(5))
    with pytest.raises(ValidationError, match="larger than 1 MB"):
        receiving.receive(case=case, chunks=chunks, by=author)
    assert not Upload.objects.exists()
    assert quarantined(stores) == []


def test_a_connection_that_breaks_leaves_nothing_behind(stores, case, author):
    def chunks():
        yield b"first half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        receiving.receive(case=case, chunks=chunks(), by=author)
    assert not Upload.objects.exists()
    assert quarantined(stores) == []


def test_only_who_edits_the_case_may_send_files(stores, case):
    with pytest.raises(PermissionDenied):
        receiving.receive(case=case, chunks=[b"x"], by=rows.instructor())
    assert quarantined(stores) == []


def test_a_file_for_a_case_that_was_just_deleted_leaves_nothing_behind(stores, case, author):
    Case.objects.get(pk=case.pk).delete()
    with pytest.raises(ValidationError, match="deleted"):
        receiving.receive(case=case, chunks=[pictures.png()], by=author)
    assert quarantined(stores) == []


def test_cancelling_throws_the_bytes_away_and_ends_the_job(stores, case, author):
    upload = rows.upload(case, pictures.png(), by=author)
    uploads.cancel(upload=upload, by=author)
    upload.refresh_from_db()
    assert upload.state == UploadState.CANCELLED
    assert quarantined(stores) == []
    job = rows.job_of(upload)
    assert job.state == State.CANCELLED
    assert work(job.pk) == "not-mine"
    with pytest.raises(ValidationError, match="already"):
        uploads.cancel(upload=upload, by=author)


def test_cancelling_on_an_old_page_leaves_an_accepted_upload_alone(stores, case, author, judged):
    upload = rows.upload(case, pictures.png(), by=author)
    seen_before = Upload.objects.get(pk=upload.pk)
    judged(upload)
    with pytest.raises(ValidationError, match="already"):
        uploads.cancel(upload=seen_before, by=author)
    upload.refresh_from_db()
    assert (upload.state, upload.taken) == (UploadState.ACCEPTED, 1)


def test_an_upload_judged_while_the_late_ones_are_listed_does_not_expire(stores, case, author, judged):
    upload = rows.upload(case, pictures.png(), by=author)
    Upload.objects.filter(pk=upload.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    listed = Upload.objects.get(pk=upload.pk)
    judged(upload)
    assert uploads._expire(listed) is False
    upload.refresh_from_db()
    assert upload.state == UploadState.ACCEPTED


def test_an_author_cancels_what_an_administrator_has_sent(stores, case, author):
    upload = rows.upload(case, pictures.png(), by=rows.person("administrator"))
    uploads.cancel(upload=upload, by=author)
    assert (upload.state, rows.job_of(upload).state) == (UploadState.CANCELLED, State.CANCELLED)


def test_cancelling_as_the_judgement_begins_is_not_undone(stores, case, author, monkeypatch):
    upload, other = (rows.upload(case, pictures.png(n), by=author) for n in (1, 2))
    sniff, looks = cleaning.sniff, []

    def cancelled_after_the_look(path):
        if not looks:
            looks.append(path)
            uploads.cancel(upload=Upload.objects.get(pk=upload.pk), by=author)
        return sniff(path)

    monkeypatch.setattr(cleaning, "sniff", cancelled_after_the_look)
    assert work(rows.job_of(upload).pk) == "done"
    upload.refresh_from_db()
    other.refresh_from_db()
    assert (len(looks), upload.state, other.state) == (1, UploadState.CANCELLED, UploadState.ACCEPTED)


def test_bytes_that_are_gone_are_asked_for_again(stores, case, author, judged):
    upload = rows.upload(case, pictures.png(), by=author)
    quarantine.discard(upload.storage_key)
    judged(upload)
    assert (upload.state, upload.code, upload.sentence) == (
        UploadState.REFUSED, "gone", "The bytes of this file are gone; send it again.",
    )  # fmt: skip


def test_trying_an_ended_job_again_finds_nothing_to_do(stores, case, author):
    upload = rows.upload(case, pictures.png(), by=author)
    uploads.cancel(upload=upload, by=author)
    job = jobs.retry(job=rows.job_of(upload), by=author)
    assert work(job.pk) == "done"
    upload.refresh_from_db()
    assert upload.state == UploadState.CANCELLED


def test_only_who_may_still_edit_the_case_has_a_file_judged_again(stores, case, author):
    upload = rows.upload(case, pictures.png(), by=author)
    job = rows.job_of(upload)
    jobs.cancel(job=job, by=author)
    author.role_grants.all().delete()
    for nobody in (User.objects.get(pk=author.pk), rows.person("staff")):
        with pytest.raises(PermissionDenied):
            jobs.retry(job=job, by=nobody)
    case.delete()
    with pytest.raises(ValidationError, match="The case was deleted"):
        jobs.retry(job=job, by=rows.person("administrator"))


@pytest.fixture
def meanwhile(monkeypatch):
    """``meanwhile(act)``: do ``act`` once, when a decoder has answered and before anything is written."""

    def during(act):
        collect, acts = cleaning.Work.collect, [act]

        def overtaken(self, timeout):
            found = collect(self, timeout)
            if found and acts:
                acts.pop()()
            return found

        monkeypatch.setattr(cleaning.Work, "collect", overtaken)

    return during


def test_a_judgement_that_was_overtaken_by_cancelling_writes_nothing(stores, case, author, meanwhile):
    upload = rows.upload(case, pictures.png(), by=author)
    meanwhile(lambda: uploads.cancel(upload=Upload.objects.get(pk=upload.pk), by=author))
    assert work(rows.job_of(upload).pk) == "lost"
    upload.refresh_from_db()
    assert upload.state == UploadState.CANCELLED
    assert not Instance.objects.exists()
    assert traces.files(stores) == []


@pytest.mark.parametrize("by_service", [True, False], ids=["as people do", "past the service"])
def test_a_case_deleted_during_the_judgement_is_said_so(stores, case, author, meanwhile, by_service):
    job = rows.job_of(rows.upload(case, pictures.png(), by=author))
    meanwhile(lambda: cases.delete(case=case, by=author) if by_service else case.delete())
    assert work(job.pk) == ("lost" if by_service else "failed")
    job.refresh_from_db()
    assert job.state == (State.CANCELLED if by_service else State.FAILED)
    assert job.error == "The case was deleted."
    assert not Instance.objects.exists()
    assert traces.files(stores / "blobs") == []


def test_an_upload_that_is_gone_with_its_case_is_said_so(stores, case, author):
    upload = rows.upload(case, pictures.png(), by=author)
    job = rows.job_of(upload)
    case.delete()
    assert work(job.pk) == "failed"
    job.refresh_from_db()
    assert job.error == "The case was deleted."


def test_a_file_that_waited_a_day_expires(stores, case, author):
    late, fresh = (rows.upload(case, pictures.png(n), by=author) for n in (1, 2))
    Upload.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert uploads.expire() == 1
    late.refresh_from_db()
    fresh.refresh_from_db()
    assert (late.state, late.code) == (UploadState.REFUSED, "expired")
    assert (rows.job_of(fresh).state, fresh.state) == (State.QUEUED, UploadState.QUARANTINED)
    assert [path.name for path in quarantined(stores)] == [fresh.storage_key]
    assert uploads.expire() == 0


def test_raw_files_that_no_row_names_expire(stores, case, author):
    """A process killed between writing the bytes and writing the row leaves them to nobody."""
    waiting = rows.upload(case, pictures.png(), by=author)
    lost, fresh = (quarantine.keep([b"raw"], limit=10)[0] for _ in range(2))
    spooled = stores / "tmpabcd.upload.zip"
    spooled.write_bytes(b"raw")
    other = stores / "medweb.sqlite3"
    other.write_bytes(b"the database")
    day_ago = time.time() - quarantine.EXPIRES_AFTER.total_seconds() - 60
    for path in (quarantine.path_of(lost), quarantine.path_of(waiting.storage_key), spooled, other):
        os.utime(path, (day_ago, day_ago))
    expire_raw_files()
    assert {path.name for path in quarantined(stores)} == {waiting.storage_key, fresh}
    assert not spooled.exists()
    assert other.exists()


def test_a_job_that_is_given_up_says_so_on_its_upload(stores, case, author):
    upload = rows.upload(case, pictures.png(), by=author)
    waiting = rows.upload(case, pictures.png(2), by=author)
    run = claim(rows.job_of(upload).pk)
    assert run is not None
    Upload.objects.filter(pk=upload.pk).update(state=UploadState.CLEANING)
    assert end(run.job, State.FAILED, "The worker stopped 3 times.", attempt=run.attempt)
    upload.refresh_from_db()
    waiting.refresh_from_db()
    assert (upload.state, upload.sentence) == (UploadState.REFUSED, "The worker stopped 3 times.")
    assert waiting.state == UploadState.QUARANTINED
    assert [path.name for path in quarantined(stores)] == [waiting.storage_key]


def test_planted_names_are_found_nowhere_afterwards(stores, case, author, judged, caplog):
    caplog.set_level(logging.DEBUG)
    name = f"{pictures.PLANTED}_{pictures.PLANTED_ID}"
    client = Client()
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    sent = [
        pictures.png(),
        pictures.ct(1),
        pictures.archive({f"{name}/{name}.dcm": pictures.ct(2), f"{name}.txt": name.encode()}),
        pictures.ct(4)[:900],
        b"%PDF-1.7 " + name.encode(),
    ]
    answers = []
    for number, data in enumerate(sent):
        file = SimpleUploadedFile(f"{name}-{number}.dcm", data)
        response = client.post(f"/api/cases/{case.pk}/uploads/", {"file": file})
        assert response.status_code == 202, response.content
        upload = judged(Upload.objects.latest("pk"))
        answers += [response.content, client.get(f"/api/uploads/{upload.pk}/").content]
    assert [u.state for u in Upload.objects.order_by("pk")] == ["accepted"] * 3 + ["refused"] * 2
    series = [s.pk for s in case.series.all()]
    for address in (
        f"/cases/{case.pk}/", f"/cases/{case.pk}/uploads/", f"/api/cases/{case.pk}/", "/jobs/",
        *(f"/api/series/{pk}/" for pk in series),
    ):  # fmt: skip
        answers.append(client.get(address).content)
    places = {
        "database": traces.database().encode(),
        "files": traces.stored_bytes(stores),
        "log": caplog.text.encode(),
        "answers": b"\n".join(answers),
    }
    assert all(places.values())
    for word in pictures.PLANTED_WORDS:
        assert [place for place, text in places.items() if word.encode() in text] == []


def test_the_planted_names_are_really_in_the_files():
    for data in (pictures.png(), pictures.ct()):
        for word in pictures.PLANTED_WORDS:
            assert word.encode() in data
