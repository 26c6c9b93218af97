"""The job that judges uploads: what becomes of each file, of a crash, of a full disk, of a killed worker."""

import os
import select
import signal
import tarfile
import threading
from dataclasses import replace
from io import BytesIO

import pytest
from django.db import connection, transaction
from django.utils import timezone

from cases import blobs
from cases.enums import Clearance, UploadState
from cases.imaging import children
from cases.imaging.burned import TextBox
from cases.models import Frame, Instance, Series, Upload, UploadBatch
from cases.services import cases, cleaning, imports, intake, judging, receiving, uploads
from cases.services.cleaning import Workspace, expire_workspaces
from medweb.audit.models import AuditEvent
from medweb.jobs import services as jobs
from medweb.jobs.models import Job, State
from medweb.jobs.run import claim, work
from tests.builders import pictures, rows, traces

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def author():
    return rows.instructor("ann")


@pytest.fixture
def case(author):
    return rows.draft(author, images=0)


@pytest.fixture
def send(case, author):
    """``send(data, ...)``: put files into quarantine; returns their rows."""

    def put(*files, batch=None):
        return [receiving.receive(case=case, chunks=[data], batch=batch, by=author) for data in files]

    return put


def judge(*sent):
    """Do the job; its end. The rows of ``sent`` are read again."""
    ended = work(Job.objects.latest("pk").pk)
    for upload in sent:
        upload.refresh_from_db()
    return ended


def tar(*members):
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for number, data in enumerate(members):
            entry = tarfile.TarInfo(f"{number}.dcm")
            entry.size = len(data)
            file.addfile(entry, BytesIO(data))
    return out.getvalue()


@pytest.fixture
def answered(monkeypatch):
    """``answered(act)``: call ``act(number)`` after each answer of a decoder, counted from 1."""

    def register(act):
        collect, count = cleaning.Work.collect, iter(range(1, 10**6))

        def counted(self, timeout):
            found = collect(self, timeout)
            for _answer in found:
                act(next(count))
            return found

        monkeypatch.setattr(cleaning.Work, "collect", counted)

    return register


# --- one job for a case -----------------------------------------------------------------------------------


def test_many_files_are_one_job_and_one_announcement_a_step(stores, case, send, monkeypatch):
    told = []
    monkeypatch.setattr(judging, "publish", lambda topic, event, **ids: told.append(event))
    sent = send(*(pictures.ct(n) for n in range(1, 13)))
    assert Job.objects.filter(kind=uploads.KIND).count() == 1
    assert judge(*sent) == "done"
    assert {upload.state for upload in sent} == {"accepted"}
    assert case.series.get().frame_count == 12
    assert len(told) < len(sent)
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
    assert Instance.objects.count() == 1
    frame = Frame.objects.get()
    kept = {frame.digest, frame.preview_digest, Instance.objects.get().digest}
    assert {path.name for path in traces.files(stores)} == kept


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


# --- crashes ----------------------------------------------------------------------------------------------


def poison(monkeypatch, tmp_path):
    """Children that die of certain words in a file: a stand-in for a decoder with a defect."""
    (tmp_path / "poisoned.py").write_text(
        "import os, signal, sys, time\n"
        "from cases.imaging import child, prepare\n"
        "real = prepare.prepare_file\n"
        "def prepare_file(path, **options):\n"
        "    data = path.read_bytes()\n"
        "    if b'SEGFAULT' in data: os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    if b'HANG' in data: time.sleep(600)\n"
        "    if b'MEMORY' in data: bytearray(1 << 40)\n"
        "    if b'DISKFULL' in data: raise OSError(28, 'full')\n"
        "    return real(path, **options)\n"
        "prepare.prepare_file = prepare_file\n"
        "sys.exit(child.main())\n"
    )
    monkeypatch.setattr(children, "COMMAND", ["-c", f"exec(open({str(tmp_path / 'poisoned.py')!r}).read())"])
    cleaning.close()


@pytest.fixture
def poisoned(monkeypatch, tmp_path_factory, settings):
    settings.CLEANER_SECONDS = 30
    poison(monkeypatch, tmp_path_factory.mktemp("poisoned"))
    yield
    cleaning.close()


def test_a_decoder_that_crashes_refuses_its_file_and_nothing_else(stores, case, send, poisoned):
    sent = send(pictures.png(1), pictures.png(2) + b"SEGFAULT", pictures.png(3), pictures.png(4) + b"MEMORY")
    assert judge(*sent) == "done"
    assert [(upload.state, upload.code) for upload in sent] == [
        ("accepted", "accepted"), ("refused", "decoder-crash"), ("accepted", "accepted"),
        ("refused", "too-much-memory"),
    ]  # fmt: skip
    assert sent[1].sentence.startswith("The decoder crashed on this")
    assert {path.name for path in traces.files(stores)} == set(cases.named_digests())


def test_a_decoder_that_hangs_is_ended(stores, case, send, settings, poisoned):
    sent = send(pictures.png(1), pictures.png(2) + b"HANG")
    settings.CLEANER_SECONDS = 1
    assert judge(*sent) == "done"
    assert [(upload.state, upload.code) for upload in sent] == [
        ("accepted", "accepted"), ("refused", "too-long"),
    ]  # fmt: skip


def test_a_crash_inside_an_archive_refuses_one_member(stores, case, send, poisoned):
    (upload,) = send(tar(pictures.png(1), pictures.png(2) + b"SEGFAULT", pictures.png(3)))
    judge(upload)
    assert (upload.state, upload.taken, upload.refused) == ("accepted", 2, 1)
    assert [row["code"] for row in upload.inside] == ["decoder-crash"]


def test_a_crash_does_not_end_an_import_from_the_servers_disk(stores, author, tmp_path_factory, poisoned):
    folder = tmp_path_factory.mktemp("stick")
    for number, data in enumerate((pictures.ct(1), pictures.png(2) + b"SEGFAULT", pictures.ct(2))):
        (folder / f"{number}.dcm").write_bytes(data)
    report = imports.import_images(
        paths=[folder], collection=None, progress=lambda done, every: None, pixels_checked=True, by=author
    )
    assert [row.outcome for row in report.rows] == ["taken", "refused", "taken"]
    assert "crashed" in report.rows[1].reason
    assert AuditEvent.objects.filter(verb="case.pixels-checked", actor_id=author.pk).count() == 1
    assert {path.name for path in traces.files(stores)} == set(cases.named_digests())


def test_a_full_disk_keeps_the_raw_bytes_for_another_try(stores, case, send, monkeypatch, poisoned):
    sent = send(pictures.png(1), pictures.png(2) + b"DISKFULL")
    assert judge(*sent) == "failed"
    job = rows.job_of(sent[0])
    assert "disk is full" in job.error
    full = sent[1]
    assert (full.state, full.code) == (UploadState.QUARANTINED, uploads.NO_ROOM)
    assert "disk is full" in full.sentence
    assert {path.name for path in traces.files(stores / "blobs")} == set(cases.named_digests())
    monkeypatch.undo()
    cleaning.close()
    assert uploads.queue_waiting() == 1
    judge(*sent)
    assert [upload.state for upload in sent] == ["accepted", "accepted"]


def test_a_child_that_is_killed_from_outside_is_replaced(stores, case, send):
    judge(*send(pictures.png(1)))
    with cleaning.children() as pool:
        before = pool.pids()
        for pid in before:
            end = os.pidfd_open(pid)
            os.kill(pid, signal.SIGKILL)
            assert select.select([end], [], [], 20)[0]
            os.close(end)
    sent = send(pictures.png(2), pictures.png(3))
    judge(*sent)
    assert {upload.state for upload in sent} == {"accepted"}
    with cleaning.children() as pool:
        assert not set(before) & set(pool.pids())


# --- a killed worker --------------------------------------------------------------------------------------


def killed(*in_hand):
    """What a worker leaves that is killed with these in its hands."""
    job = Job.objects.latest("pk")
    run = claim(job.pk)
    space = Workspace.of_job(job.pk, run.attempt).__enter__()
    space.draft(1).mkdir()
    (space.draft(1) / "half").write_bytes(b"half")
    (space.raw / "half").write_bytes(b"half")
    Upload.objects.filter(pk__in=[upload.pk for upload in in_hand]).update(state=UploadState.CLEANING)
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED, lease_until=None)


def test_a_file_that_was_in_hand_is_tried_once_more_and_the_others_are_not_suspected(stores, case, send):
    sent = send(*(pictures.png(n) for n in (1, 2, 3)))
    killed(sent[0])
    assert judge(*sent) == "done"
    assert [(upload.state, upload.crashes) for upload in sent] == [
        ("accepted", 1), ("accepted", 0), ("accepted", 0),
    ]  # fmt: skip
    assert {path.name for path in traces.files(stores)} == set(cases.named_digests())


def test_the_second_time_it_is_refused(stores, case, send):
    sent = send(*(pictures.png(n) for n in (1, 2)))
    killed(sent[0])
    killed(sent[0])
    Upload.objects.filter(pk=sent[0].pk).update(crashes=1)
    assert judge(*sent) == "done"
    assert [(upload.state, upload.code) for upload in sent] == [
        ("refused", "decoder-crash"), ("accepted", "accepted"),
    ]  # fmt: skip
    assert "stopped twice" in sent[0].sentence
    assert {path.name for path in traces.files(stores)} == set(cases.named_digests())


def test_folders_of_a_killed_worker_are_swept(stores, case, send):
    (upload,) = send(pictures.png(1))
    killed(upload)
    command = Workspace.of_process().__enter__()
    assert expire_workspaces() == 2
    assert command.drafts.exists()
    assert expire_workspaces(now=timezone.now().timestamp() + 2 * cleaning.LEFT_BEHIND_AFTER) == 2
    assert [path.name for path in traces.files(stores)] == [upload.storage_key]


def test_a_job_that_lost_its_claim_writes_nothing(stores, case, send, answered):
    (upload,) = send(pictures.png(1))
    answered(lambda number: Job.objects.update(attempt=99))
    assert judge(upload) == "lost"
    assert not Instance.objects.exists()
    assert traces.files(stores / "blobs") == []


def test_two_threads_take_turns_with_the_decoders(stores, author):
    both = [rows.upload(rows.draft(author, images=0), pictures.png(n), by=author) for n in (1, 2)]
    ended = []

    def one(upload):
        try:
            ended.append(work(rows.job_of(upload).pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(upload,)) for upload in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == ["done", "done"]


# --- nothing remains --------------------------------------------------------------------------------------


MARKER = b"Zanzibar-4711-marker"


def test_nothing_of_refused_bytes_remains(stores, case, author, send, poisoned):
    """Every way in which a file is not taken: afterwards no file below the data folder holds any of it."""
    noise = MARKER * 50
    sent = send(
        noise,
        pictures.png(1)[:60] + noise,
        pictures.ct(1)[:900] + noise,
        pictures.png(2) + noise + b"SEGFAULT",
        tar(noise, pictures.png(3)[:70] + noise),
        tar(pictures.png(4) + noise, noise)[:2000],
        pictures.archive({f"{MARKER.decode()}.txt": noise}),
        pictures.png(5) + noise,
    )
    uploads.cancel(upload=sent[-1], by=author)
    assert judge(*sent) == "done"
    assert [upload.state for upload in sent] == ["refused"] * 7 + ["cancelled"]
    assert traces.files(stores) == []
    assert MARKER not in traces.database().encode()
