"""The job that judges uploads: one for a case, what becomes of each file, and of what is called off."""

from dataclasses import replace

import pytest
from django.db import transaction

from cases import blobs
from cases.enums import Clearance, UploadState
from cases.imaging.burned import TextBox
from cases.models import Frame, Instance, Series, Upload, UploadBatch
from cases.services import cases, intake, judging, steps, uploads
from medweb.audit.models import AuditEvent
from medweb.jobs import services as jobs
from medweb.jobs.models import Job, State
from medweb.jobs.run import work
from tests.builders import pictures, rows, traces
from tests.cases.judge import judge, tar

pytestmark = pytest.mark.django_db(transaction=True)


# --- one job for a case -----------------------------------------------------------------------------------


def test_many_files_are_one_job_and_one_announcement_a_step(stores, case, send, monkeypatch):
    told = []
    monkeypatch.setattr(steps, "publish", lambda topic, event, **ids: told.append(event))
    sent = send(*(pictures.ct(n) for n in range(1, 13)))
    assert Job.objects.filter(kind=uploads.KIND).count() == 1
    assert judge(*sent) == "done"
    assert {upload.state for upload in sent} == {"accepted"}
    assert case.series.get().frame_count == 12
    assert 0 < len(told) < len(sent)
    assert rows.job_of(sent[0]).result == {"series": [case.series.get().pk]}
    assert traces.files(stores / "quarantine") == []


def test_queueing_costs_one_query_while_the_job_is_active(
    stores, case, author, send, django_assert_num_queries
):
    (upload,) = send(pictures.png())
    with transaction.atomic(), django_assert_num_queries(1):
        uploads.queue(upload, author)


def test_what_arrives_while_the_job_ends_is_judged(stores, case, send, monkeypatch):
    (first,) = send(pictures.ct(1))
    end, late = judging._Judgement._end, []

    def just_before(self):
        if not late:
            late.extend(send(pictures.ct(2)))
        return end(self)

    monkeypatch.setattr(judging._Judgement, "_end", just_before)
    assert judge(first) == "done"
    (second,) = late
    second.refresh_from_db()
    assert (first.state, second.state) == ("accepted", "accepted")
    assert Job.objects.filter(kind=uploads.KIND).count() == 1


def test_what_arrives_after_the_end_gets_a_job_of_its_own(stores, send):
    judge(*send(pictures.ct(1)))
    (second,) = send(pictures.ct(2))
    assert Job.objects.filter(kind=uploads.KIND).count() == 2
    judge(second)
    assert second.state == "accepted"


def test_uploads_without_a_job_are_found_by_the_chore(stores, case, send):
    (upload,) = send(pictures.ct(1))
    Job.objects.all().delete()
    assert uploads.queue_waiting() == 1
    assert uploads.queue_waiting() == 0
    judge(upload)
    assert upload.state == "accepted"
    assert uploads.queue_waiting() == 0


def test_a_long_case_lets_the_next_one_pass(stores, case, author, send, monkeypatch):
    sent = send(*(pictures.png(n) for n in range(1, 20)))
    job = Job.objects.latest("pk")
    rows.upload(rows.draft(author, images=0), pictures.png(50), by=author)
    monkeypatch.setattr(judging, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(judging, "SHOW_SECONDS", 0.0)
    assert work(job.pk) == "done"
    left = Upload.objects.filter(case=case, state=UploadState.QUARANTINED).count()
    assert 0 < left < len(sent)
    again = Job.objects.get(key=uploads.key_of(case.pk), state=State.QUEUED)
    monkeypatch.setattr(judging, "TURN_SECONDS", 60.0)
    assert work(again.pk) == "done"
    assert not Upload.objects.filter(case=case).exclude(state=UploadState.ACCEPTED).exists()


# --- what becomes of a file -------------------------------------------------------------------------------


def test_the_same_file_twice_is_already_here(stores, case, send):
    sent = send(pictures.ct(1), pictures.ct(1))
    judge(*sent)
    assert sorted((upload.state, upload.code, upload.taken, upload.doubled) for upload in sent) == [
        ("accepted", "accepted", 1, 0), ("accepted", "here", 0, 1),
    ]  # fmt: skip
    here = next(upload for upload in sent if upload.code == "here")
    assert "already here" in here.sentence
    assert here.series == case.series.get()
    assert Instance.objects.count() == 1


def test_another_image_under_the_same_uid_is_refused_and_the_stored_one_stays(stores, case, send):
    judge(*send(pictures.ct(1, z=1.0)))
    (upload,) = send(pictures.ct(1, z=2.0))
    kept = Instance.objects.get().digest
    judge(upload)
    assert (upload.state, upload.code, upload.refused) == ("refused", "conflict", 1)
    assert "same SOP instance UID" in upload.sentence
    assert Instance.objects.get().digest == kept
    frame = Frame.objects.get()
    named = {kept, frame.digest, frame.preview_digest}
    assert {path.name for path in traces.files(stores / "blobs")} == named


def test_a_file_whose_picture_was_blacked_out_is_still_known(stores, case, send):
    judge(*send(pictures.ct(1)))
    Instance.objects.update(digest=blobs.put(b"blacked out"))
    (upload,) = send(pictures.ct(1))
    judge(upload)
    assert (upload.state, upload.code) == ("accepted", "here")


def test_a_later_slice_joins_and_says_so(stores, case, send):
    judge(*send(pictures.ct(1, z=1.0), pictures.ct(3, z=3.0)))
    (upload,) = send(pictures.ct(2, z=2.0))
    judge(upload)
    assert (upload.code, upload.taken) == ("joined", 1)
    assert "sorted into a series that was here" in upload.sentence
    places = Frame.objects.order_by("index").values_list("position", flat=True)
    assert [place[2] for place in places] == [1.0, 2.0, 3.0]


def test_slices_of_one_batch_do_not_join_one_another(stores, case, author, send):
    batch = UploadBatch.objects.create(case=case, created_by=author)
    (first,) = send(pictures.ct(1), batch=batch)
    judge(first)
    (second,) = send(pictures.ct(2), batch=batch)
    judge(second)
    assert (first.code, second.code) == ("accepted", "accepted")


def test_two_different_series_of_one_uid_are_kept_apart(stores, case, send):
    judge(*send(pictures.ct(1, study="1.2.3"), pictures.ct(2, study="1.2.3")))
    others = send(pictures.ct(7, study="1.2.8"), pictures.ct(8, study="1.2.8"))
    judge(*others)
    assert {upload.code for upload in others} == {"apart"}
    assert "kept apart" in others[0].sentence
    first, second = Series.objects.filter(case=case).order_by("number")
    assert (first.frame_count, second.frame_count) == (2, 2)
    assert first.series_uid != second.series_uid
    assert (first.notes, second.notes) == ([], ["apart"])
    (third,) = send(pictures.ct(9, study="1.2.8"))
    judge(third)
    assert Series.objects.count() == 2
    assert third.series == second


def test_another_patient_is_taken_with_a_warning(stores, case, send):
    judge(*send(pictures.ct(1)))
    stranger = pictures.ct(1, series="1.2.9", study="1.2.9").replace(
        pictures.PLANTED_ID.encode(), b"ID-0815-88"
    )
    (upload,) = send(stranger)
    judge(upload)
    assert (upload.state, upload.code, upload.taken) == ("accepted", "other-patient", 1)
    assert "another patient" in upload.sentence
    assert upload.series.notes == ["other-patient"]


def test_a_case_learns_its_modality(stores, case, send):
    (upload,) = send(pictures.ct(1))
    judge(upload)
    case.refresh_from_db()
    assert case.modality == "CT"
    assert "learnt its modality" in upload.sentence


def test_what_looks_like_text_is_held_unless_trusted(stores, case, author):
    item = intake.prepare(pictures.ct(1))
    box = TextBox(frame=1, x=2, y=3, width=9, height=4, score=0.75)
    suspect = replace(item, clean=replace(item.clean, suspicion=("text",), boxes=(box,), notes=("face",)))
    trusted = rows.draft(author, images=0)
    outcome = intake.attach(case, [suspect])
    intake.attach(trusted, [suspect], trusted=True)
    assert outcome.fates[0].remarks == ("held",)
    held, cleared = case.series.get(), trusted.series.get()
    assert (held.clearance, cleared.clearance) == (Clearance.HELD, Clearance.CLEARED)
    assert held.notes == ["face"]
    instance = held.instances.get()
    assert instance.suspicion == ["text"]
    assert instance.boxes == [
        {"frame": 1, "x": 2, "y": 3, "width": 9, "height": 4, "score": 0.75, "source": "detector"}
    ]
    assert cleared.instances.get().boxes == []


def test_refused_members_of_an_archive_are_listed(stores, case, send):
    (upload,) = send(tar(pictures.ct(1), b"hello", pictures.ct(2)))
    judge(upload)
    assert (upload.state, upload.taken, upload.refused) == ("accepted", 2, 1)
    assert [(row["number"], row["code"]) for row in upload.inside] == [(2, "not-an-image")]


def test_of_an_archive_that_is_cut_off_nothing_is_kept(stores, case, send):
    (upload,) = send(tar(*(pictures.ct(n) for n in range(1, 6)))[:-9000])
    judge(upload)
    assert (upload.state, upload.code) == ("refused", "broken-archive")
    assert not Instance.objects.exists()
    assert traces.files(stores) == []


def test_images_come_before_archives(stores, case, send):
    archive, *images = send(
        tar(*(pictures.ct(n, series="1.2.9") for n in (1, 2))), *map(pictures.png, (1, 2))
    )
    judge(archive, *images)
    assert {upload.state for upload in (archive, *images)} == {"accepted"}
    ended = {upload.pk: upload.finished_at for upload in (archive, *images)}
    assert max(ended, key=ended.__getitem__) == archive.pk


# --- cancelling -------------------------------------------------------------------------------------------


def test_one_of_many_is_called_off(stores, case, author, send):
    sent = send(*(pictures.png(n) for n in (1, 2, 3)))
    uploads.cancel(upload=sent[1], by=author)
    judge(*sent)
    assert [upload.state for upload in sent] == ["accepted", "cancelled", "accepted"]


def test_a_batch_is_called_off(stores, case, author, send):
    batch = UploadBatch.objects.create(case=case, created_by=author)
    (other,) = send(pictures.png(9))
    sent = send(*(pictures.png(n) for n in (1, 2, 3)), batch=batch)
    assert uploads.cancel_batch(batch=batch, by=author) == 3
    judge(other, *sent)
    assert {upload.state for upload in sent} == {"cancelled"}
    assert other.state == "accepted"
    assert AuditEvent.objects.filter(verb="upload.cancel").count() == 3


def test_an_archive_is_called_off_in_the_middle(stores, case, author, send, answered, monkeypatch):
    (archive,) = send(tar(*(pictures.ct(n) for n in range(1, 30))))
    (image,) = send(pictures.png(1))
    monkeypatch.setattr(judging, "SHOW_SECONDS", 0.0)

    def stop(number):
        if number == 6:
            uploads.cancel(upload=Upload.objects.get(pk=archive.pk), by=author)

    answered(stop)
    assert judge(archive, image) in ("done", "lost")
    assert (archive.state, image.state) == ("cancelled", "accepted")
    assert Instance.objects.count() == 1 + archive.taken
    assert {path.name for path in traces.files(stores)} == set(cases.named_digests())


def test_cancelling_the_job_takes_all_that_waits(stores, case, author, send, answered):
    sent = send(*(pictures.png(n) for n in range(1, 30)))
    job = Job.objects.latest("pk")
    answered(lambda number: jobs.cancel(job=job, by=author) if number == 3 else None)
    assert judge(*sent) == "lost"
    states = {upload.state for upload in sent}
    assert "cancelled" in states
    assert states <= {"accepted", "cancelled"}
    kept = set(cases.named_digests())
    assert {path.name for path in traces.files(stores)} == kept
