"""The job that judges uploads when a decoder, a disk or a worker fails: who is refused, and what remains."""

import os
import select
import signal
import threading

import pytest
from django.db import connection
from django.utils import timezone

from cases.enums import UploadState
from cases.models import Instance, Upload
from cases.services import cases, cleaning, imports, uploads
from cases.services.workspaces import LEFT_BEHIND_AFTER, Workspace, expire_workspaces
from medweb.audit.models import AuditEvent
from medweb.jobs.models import Job, State
from medweb.jobs.run import claim, work
from tests.builders import pictures, rows, traces
from tests.cases.judge import judge, tar

pytestmark = pytest.mark.django_db(transaction=True)


# --- crashes ----------------------------------------------------------------------------------------------


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
    assert expire_workspaces(now=timezone.now().timestamp() + 2 * LEFT_BEHIND_AFTER) == 2
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
