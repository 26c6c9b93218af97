"""Bytes come in: whole or in pieces, and whatever breaks on the way, what is there is known and goes on."""

import errno
import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone

from cases.enums import UploadState
from cases.models import Case, Upload
from cases.services import allowance, quarantine, receiving, uploads
from medweb.audit.models import AuditEvent
from medweb.jobs.models import Job, State
from tests.builders import pictures, rows, traces
from tests.cases.pieces import DATA, begun, stored
from tests.support import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


def added(upload, offset, *chunks, by, **more) -> int:
    fresh = Upload.objects.select_related("case").get(pk=upload.pk)
    return receiving.append(upload=fresh, offset=offset, chunks=chunks, by=by, **more)


def test_a_file_comes_in_pieces_and_is_judged_when_it_is_whole(stores, case, author, judged):
    upload = begun(case, author)
    assert upload.state == UploadState.RECEIVING
    assert not Job.objects.exists()
    assert added(upload, 0, DATA[:10], DATA[10:30], by=author) == 30
    assert receiving.arrived(upload=upload, by=author) == 30
    assert added(upload, 30, DATA[30:], by=author) == len(DATA)
    upload.refresh_from_db()
    assert (upload.state, stored(upload)) == (UploadState.QUARANTINED, DATA)
    assert Job.objects.get(key=uploads.key_of(case.pk)).state == State.QUEUED
    judged(upload)
    assert (upload.state, upload.taken) == (UploadState.ACCEPTED, 1)
    assert traces.files(stores / "quarantine") == []


def test_a_second_file_of_a_case_meets_the_job_of_the_first(stores, case, author):
    for seed in (1, 2):
        receiving.receive(case=case, chunks=[pictures.png(seed)], by=author)
    assert Job.objects.count() == 1


def test_receiving_a_file_asks_the_database_little(stores, case, author, django_assert_max_num_queries):
    receiving.receive(case=case, chunks=[DATA], by=author)
    # Case, upload, audit, job, and the transaction's own.
    with django_assert_max_num_queries(7):
        receiving.receive(case=case, chunks=[DATA], by=author)


def test_what_arrived_before_the_connection_broke_is_kept(stores, case, author):
    upload = begun(case, author)

    def broken() -> Iterator[bytes]:
        yield DATA[:20]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        receiving.append(upload=upload, offset=0, chunks=broken(), by=author)
    assert receiving.arrived(upload=upload, by=author) == 20
    assert added(upload, 20, DATA[20:], by=author) == len(DATA)
    assert stored(upload) == DATA


@pytest.mark.parametrize("offset", [0, 5, 11, 10**9], ids=["overlaps", "inside", "a gap", "far off"])
def test_bytes_for_another_place_are_not_taken(stores, case, author, offset):
    upload = begun(case, author)
    added(upload, 0, DATA[:10], by=author)
    with pytest.raises(receiving.Elsewhere) as raised:
        added(upload, offset, b"evil", by=author)
    assert raised.value.offset == 10
    assert stored(upload) == DATA[:10]


def test_bytes_past_the_end_are_not_taken(stores, case, author):
    upload = begun(case, author)
    added(upload, 0, DATA[:10], by=author)
    with pytest.raises(quarantine.TooMany):
        added(upload, 10, DATA[10:], b"more", by=author)
    assert stored(upload) == DATA[:10]


def test_a_checksum_takes_all_or_nothing(stores, case, author):
    upload = begun(case, author)
    right = hashlib.sha256(DATA[:10]).digest()
    with pytest.raises(quarantine.WrongChecksum):
        added(upload, 0, DATA[:9], by=author, checksum=right)
    assert stored(upload) == b""
    assert added(upload, 0, DATA[:10], by=author, checksum=right) == 10


def test_whoever_asks_during_the_checksum_waits_for_it(stores, case, author, monkeypatch):
    """The last piece is there, and is cut off again; a file seen whole before that went to be judged."""
    upload = begun(case, author)
    added(upload, 0, DATA[:10], by=author)
    asked, seen = threading.Event(), []
    lock = fcntl.flock

    def told(descriptor: int, kind: int) -> None:
        if kind == fcntl.LOCK_SH:
            asked.set()
        lock(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", told)

    def ask() -> None:
        try:
            row = Upload.objects.select_related("case").get(pk=upload.pk)
            seen.append(receiving.arrived(upload=row, by=author))
        finally:
            asked.set()
            connection.close()

    asking = threading.Thread(target=ask)

    def chunks() -> Iterator[bytes]:
        yield DATA[10:]
        # All bytes are in the file now, and their checksum is not known yet.
        assert quarantine.path_of(upload.storage_key).stat().st_size == len(DATA)
        asking.start()
        assert asked.wait(PATIENCE)

    fresh = Upload.objects.select_related("case").get(pk=upload.pk)
    with pytest.raises(quarantine.WrongChecksum):
        receiving.append(upload=fresh, offset=10, chunks=chunks(), checksum=bytes(32), by=author)
    asking.join(30)
    assert seen == [10]
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVING
    assert not Job.objects.exists()
    assert added(upload, 10, DATA[10:], by=author) == len(DATA)


def test_the_same_piece_twice_at_once_is_written_once(stores, case, author):
    upload = begun(case, author)
    together = threading.Barrier(4)
    sizes: list[int] = []

    def send() -> None:
        def slow() -> Iterator[bytes]:
            for start in range(0, len(DATA), 7):
                yield DATA[start : start + 7]

        try:
            fresh = Upload.objects.select_related("case").get(pk=upload.pk)
            together.wait()
            receiving.append(upload=fresh, offset=0, chunks=slow(), by=author)
        except receiving.Elsewhere as error:
            sizes.append(error.offset)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    upload.refresh_from_db()
    assert (upload.state, stored(upload)) == (UploadState.QUARANTINED, DATA)
    assert sizes == [len(DATA)] * 3
    assert AuditEvent.objects.filter(verb="upload.receive", subject_id=str(upload.pk)).count() == 1


def test_a_full_disk_keeps_what_is_there_and_goes_on_later(stores, case, author, monkeypatch):
    upload = begun(case, author)
    added(upload, 0, DATA[:10], by=author)
    write = os.write

    def full(descriptor, data):
        if len(data) > 5:
            return write(descriptor, bytes(data[:5]))
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(quarantine.DiskFull, match="disk is full"):
            added(upload, 10, DATA[10:20], by=author)
        with pytest.raises(quarantine.DiskFull):
            receiving.receive(case=case, chunks=[DATA], by=author)
    assert len(traces.files(stores / "quarantine")) == 1
    size = receiving.arrived(upload=upload, by=author)
    assert size == 15
    assert added(upload, size, DATA[size:], by=author) == len(DATA)
    assert stored(upload) == DATA


def test_a_disk_without_room_is_told_before_the_first_byte(stores, case, author, monkeypatch):
    usage = quarantine.shutil.disk_usage(stores)
    monkeypatch.setattr(
        quarantine.shutil, "disk_usage", lambda folder: usage._replace(free=quarantine.RESERVE)
    )
    with pytest.raises(quarantine.DiskFull):
        begun(case, author)
    assert not Upload.objects.exists()


def test_a_file_whose_last_byte_was_not_told_of_is_queued_when_asked_for(stores, case, author):
    """The process that wrote it died before its transaction."""
    upload = begun(case, author)
    quarantine.add(upload.storage_key, [DATA], offset=0, byte_count=len(DATA))
    assert receiving.arrived(upload=upload, by=author) == len(DATA)
    upload.refresh_from_db()
    assert upload.state == UploadState.QUARANTINED
    assert Job.objects.filter(key=uploads.key_of(case.pk)).exists()


def test_calling_off_throws_the_bytes_away(stores, case, author):
    upload = begun(case, author)
    added(upload, 0, DATA[:10], by=author)
    receiving.abandon(upload=upload, by=author)
    upload.refresh_from_db()
    assert (upload.state, upload.storage_key) == (UploadState.CANCELLED, "")
    assert traces.files(stores / "quarantine") == []
    with pytest.raises(receiving.Gone):
        added(upload, 10, DATA[10:], by=author)
    with pytest.raises(receiving.Gone):
        receiving.arrived(upload=upload, by=author)


def test_calling_off_after_the_last_byte_cancels_the_judgement(stores, case, author):
    upload = begun(case, author)
    seen_before = Upload.objects.select_related("case").get(pk=upload.pk)
    added(upload, 0, DATA, by=author)
    receiving.abandon(upload=seen_before, by=author)
    upload.refresh_from_db()
    assert upload.state == UploadState.CANCELLED
    assert traces.files(stores / "quarantine") == []


def test_what_never_arrives_whole_expires_and_says_so(stores, case, author):
    late, fresh, whole = begun(case, author), begun(case, author), begun(case, author)
    added(late, 0, DATA[:10], by=author)
    added(whole, 0, DATA, by=author)
    Upload.objects.filter(pk__in=(late.pk, whole.pk)).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert receiving.expire() == 1
    late.refresh_from_db()
    assert (late.state, late.code) == (UploadState.REFUSED, "unfinished")
    assert late.sentence == "This file never arrived whole. Send it again."
    fresh.refresh_from_db()
    assert fresh.state == UploadState.RECEIVING
    assert len(traces.files(stores / "quarantine")) == 2
    assert receiving.expire() == 0
    with pytest.raises(receiving.Gone, match="never arrived"):
        receiving.arrived(upload=late, by=author)


def test_bytes_that_come_keep_an_upload_from_expiring(stores, case, author):
    upload = begun(case, author)
    listed = Upload.objects.get(pk=upload.pk)
    Upload.objects.filter(pk=upload.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    added(upload, 0, DATA[:10], by=author)
    assert receiving._expire(listed) is False


def test_limits_are_told_before_the_first_byte(stores, case, author, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    settings.BATCH_MAX_BYTES, settings.BATCH_MAX_FILES, settings.USER_MAX_BYTES = 1500, 2, 2500
    batch = receiving.open_batch(case=case, by=author)
    assert allowance.limits_of(author) == allowance.Limits(1000, 1500, 2, 2500)

    def send(size, into):
        return receiving.begin(case=case, batch=into, byte_count=size, by=author)

    with pytest.raises(quarantine.TooLarge):
        send(1001, batch)
    with pytest.raises(ValidationError, match="empty"):
        send(0, batch)
    send(1000, batch)
    with pytest.raises(ValidationError, match="at once"):
        send(600, batch)
    send(400, batch)
    with pytest.raises(ValidationError, match="At most 2 files"):
        send(10, batch)
    send(900, None)
    assert allowance.limits_of(author).left_bytes == 200
    with pytest.raises(ValidationError, match="each person may store"):
        send(201, None)
    assert AuditEvent.objects.filter(verb="batch.open", subject_id=str(batch.pk)).exists()


def test_deleting_a_case_gives_its_room_back(stores, case, author, settings):
    settings.USER_MAX_BYTES = 10_000
    receiving.receive(case=case, chunks=[DATA], by=author)
    Case.objects.get(pk=case.pk).delete()
    allowance._sums.clear()
    assert allowance.limits_of(author).left_bytes == 10_000


def test_only_who_edits_the_case_may_begin_or_add(stores, case, author):
    stranger = rows.instructor("bob")
    with pytest.raises(PermissionDenied):
        receiving.begin(case=case, batch=None, byte_count=5, by=stranger)
    with pytest.raises(PermissionDenied):
        receiving.open_batch(case=case, by=stranger)
    upload = begun(case, author)
    for act in (
        lambda: receiving.append(upload=upload, offset=0, chunks=[b"x"], by=stranger),
        lambda: receiving.arrived(upload=upload, by=stranger),
        lambda: receiving.abandon(upload=upload, by=stranger),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert stored(upload) == b""


def test_a_case_that_is_deleted_takes_what_is_arriving_along(stores, case, author):
    upload = begun(case, author)
    held = Upload.objects.select_related("case").get(pk=upload.pk)
    Case.objects.get(pk=case.pk).delete()
    with pytest.raises(ValidationError, match="deleted"):
        receiving.append(upload=held, offset=0, chunks=[DATA], by=author)
