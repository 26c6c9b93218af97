"""A disk that fills while uploads are judged: what is not at fault waits with its bytes, the rest goes."""

import errno
from pathlib import Path

import pytest
from django.db.utils import OperationalError

from cases import blobs
from cases.enums import UploadState
from cases.models import Instance
from cases.services import cases, cleaning, judging, uploads
from tests.builders import pictures, rows, traces
from tests.cases.judge import judge, tar

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def left(stores, monkeypatch):
    """``left()``: names of the files that lay there when the job said that the disk is full."""
    found, put_back = [], judging._put_back

    def look(run, case_id):
        found.append({path.name for path in traces.files(stores)})
        put_back(run, case_id)

    monkeypatch.setattr(judging, "_put_back", look)
    return lambda: found.pop()


def again(monkeypatch, *sent):
    """There is room once more."""
    monkeypatch.undo()
    cleaning.close()
    assert uploads.queue_waiting() == 1
    assert judge(*sent) == "done"


def test_it_keeps_the_raw_bytes_for_another_try(stores, case, send, left, monkeypatch, poisoned):
    sent = send(pictures.png(1), pictures.png(2) + b"DISKFULL")
    assert judge(*sent) == "failed"
    job = rows.job_of(sent[0])
    assert "disk is full" in job.error
    full = sent[1]
    assert (full.state, full.code) == (UploadState.QUARANTINED, uploads.NO_ROOM)
    assert "disk is full" in full.sentence
    # The other is taken, or waits as well when it was not ready yet.
    waiting = {upload.storage_key for upload in sent if upload.is_pending}
    assert left() == waiting | set(cases.named_digests())
    again(monkeypatch, *sent)
    assert [upload.state for upload in sent] == ["accepted", "accepted"]


def test_an_archive_that_fills_it_waits_and_what_was_unpacked_goes_first(
    stores, case, send, left, monkeypatch, poisoned
):
    archive, image = send(tar(*(pictures.ct(n) for n in (1, 2, 3)), b"NOROOM"), pictures.png(1))
    assert judge(archive, image) == "failed"
    assert (image.state, archive.state, archive.code) == (
        "accepted",
        UploadState.QUARANTINED,
        uploads.NO_ROOM,
    )
    assert left() == {archive.storage_key, *cases.named_digests()}
    again(monkeypatch, archive)
    assert (archive.state, archive.taken, archive.refused) == ("accepted", 3, 1)


def test_a_member_that_fills_it_leaves_the_others_written(stores, case, send, left, monkeypatch, poisoned):
    (archive,) = send(tar(*(pictures.png(n) for n in range(1, 6)), pictures.png(6) + b"DISKFULL"))
    assert judge(archive) == "failed"
    assert (archive.state, archive.code) == (UploadState.QUARANTINED, uploads.NO_ROOM)
    assert 0 < len(archive.so_far["members"]) == Instance.objects.count() < 6
    assert left() == {archive.storage_key, *cases.named_digests()}
    again(monkeypatch, archive)
    assert (archive.state, archive.taken, archive.doubled, archive.refused) == ("accepted", 6, 0, 0)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), OperationalError("database or disk is full")]
)
def test_no_room_for_what_is_ready_is_no_fault_of_a_file(stores, case, send, left, monkeypatch, error):
    if isinstance(error, OperationalError):
        error.__cause__ = type("SqliteError", (Exception,), {"sqlite_errorname": "SQLITE_FULL"})()

    def adopt(draft: Path) -> int | None:
        raise error

    sent = send(pictures.png(1), pictures.png(2))
    monkeypatch.setattr(blobs, "adopt", adopt)
    assert judge(*sent) == "failed"
    assert {(upload.state, upload.code) for upload in sent} == {(UploadState.QUARANTINED, uploads.NO_ROOM)}
    assert left() == {upload.storage_key for upload in sent}
    assert not Instance.objects.exists()
    again(monkeypatch, *sent)
    assert {upload.state for upload in sent} == {"accepted"}


def test_the_decoders_end_before_their_folder_goes(stores, case, send, monkeypatch):
    """One that still writes would leave its files in a folder that is being deleted."""
    order = []
    rest, leave = cleaning.Children.rest, judging.Workspace.__exit__
    monkeypatch.setattr(cleaning.Children, "rest", lambda self: (order.append("decoders"), rest(self))[1])
    monkeypatch.setattr(
        judging.Workspace, "__exit__", lambda self, *exc: (order.append("folder"), leave(self, *exc))[1]
    )
    judge(*send(pictures.png(1)))
    assert order == ["decoders", "folder"]
