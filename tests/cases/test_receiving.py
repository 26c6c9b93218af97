"""Bytes come in: whole or in pieces, and whatever breaks on the way, what is there is known and goes on."""

import asyncio
import base64
import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from cases.enums import UploadState
from cases.models import Case, Upload, UploadBatch
from cases.services import allowance, quarantine, receiving, uploads
from cases.views import tus
from medweb import asgi
from medweb.audit.models import AuditEvent
from medweb.jobs.models import Job, State
from tests.builders import pictures, rows, traces

pytestmark = pytest.mark.django_db(transaction=True)
DATA = pictures.png(3)
SIZE = len(DATA)
TUS = {"Tus-Resumable": "1.0.0"}
BODY = tus.CONTENT_TYPE


@pytest.fixture
def author():
    return rows.instructor("ann")


@pytest.fixture
def case(author):
    return rows.draft(author, images=0)


@pytest.fixture
def client(author):
    client = Client()
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    return client


def begun(case, author, size=SIZE) -> Upload:
    return receiving.begin(case=case, batch=None, byte_count=size, by=author)


def added(upload, offset, *chunks, by, **more) -> int:
    fresh = Upload.objects.select_related("case").get(pk=upload.pk)
    return receiving.append(upload=fresh, offset=offset, chunks=chunks, by=by, **more)


def stored(upload) -> bytes:
    return quarantine.path_of(upload.storage_key).read_bytes()


def patched(client, address, offset, data, **headers):
    return client.patch(
        address, data, content_type=BODY, headers={**TUS, "Upload-Offset": str(offset), **headers}
    )


def created(client, case, size=SIZE, data=b"", **headers):
    content = {"data": data, "content_type": BODY if data else ""}
    return client.post(
        f"/cases/{case.pk}/files/", headers={**TUS, "Upload-Length": str(size), **headers}, **content
    )


# --- services ---------------------------------------------------------------------------------------------


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


# --- the protocol -----------------------------------------------------------------------------------------


def test_a_small_file_comes_whole_with_its_creation(stores, case, client):
    opened = client.post(f"/cases/{case.pk}/batches/").json()
    assert opened["limits"]["file_bytes"] == 512 * 2**20
    answer = client.post(
        opened["files_url"], DATA, content_type=BODY, headers={**TUS, "Upload-Length": str(len(DATA))}
    )
    upload = Upload.objects.get()
    assert (answer.status_code, answer["Location"]) == (201, f"/files/{upload.pk}/")
    assert (answer["Upload-Offset"], answer["Tus-Resumable"]) == (str(len(DATA)), "1.0.0")
    assert answer["Upload-Expires"].endswith("GMT")
    assert (upload.state, upload.batch_id, stored(upload)) == ("quarantined", opened["id"], DATA)


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_large_file_comes_in_pieces(stores, case, client, prefix):
    first = client.post(
        f"{prefix}/cases/{case.pk}/files/", b"", content_type="",
        headers={**TUS, "Upload-Length": str(len(DATA)), "Upload-Metadata": "filename SGVpbnouZGNt"},
    )  # fmt: skip
    address = first["Location"]
    assert (first.status_code, first["Upload-Offset"]) == (201, "0")
    assert address.startswith(f"{prefix}/files/")
    answer = patched(client, address, 0, DATA[:25])
    assert (answer.status_code, answer["Upload-Offset"], answer.content) == (204, "25", b"")
    head = client.head(address, headers=TUS)
    assert (head.status_code, head["Upload-Offset"], head["Upload-Length"]) == (200, "25", str(len(DATA)))
    assert head["Cache-Control"] == "no-store"
    digest = base64.b64encode(hashlib.sha256(DATA[25:]).digest()).decode()
    answer = patched(client, address, 25, DATA[25:], **{"Upload-Checksum": f"sha256 {digest}"})
    assert answer.status_code == 204
    assert stored(Upload.objects.get()) == DATA
    # The same last piece once more, and a look at what is whole.
    assert patched(client, address, 25, DATA[25:]).status_code == 409
    assert client.head(address, headers=TUS)["Upload-Offset"] == str(len(DATA))
    assert "Heinz" not in traces.database()


def test_requests_that_lie_are_told_so(stores, case, client):
    address = created(client, case)["Location"]
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    for expected, answer in (
        (409, patched(client, address, 5, b"gap")),
        (409, patched(client, address, 10**12, b"far")),
        (416, patched(client, address, 0, DATA + b"past the end")),
        (400, patched(client, address, -1, b"x")),
        (400, patched(client, address, "1e3", b"x")),
        (400, patched(client, address, "9" * 40, b"x")),
        (415, client.patch(address, b"x", content_type="text/plain", headers={**TUS, "Upload-Offset": "0"})),
        (415, patched(client, address, 0, b"x", **{"Content-Encoding": "gzip"})),
        (412, client.patch(address, b"x", content_type=BODY, headers={"Upload-Offset": "0"})),
        (412, client.head(address, headers={"Tus-Resumable": "0.2.2"})),
        (400, patched(client, address, 0, b"x", **{"Upload-Checksum": "md5 AAAA"})),
        (400, patched(client, address, 0, b"x", **{"Upload-Checksum": "sha256 nothing"})),
        (460, patched(client, address, 0, DATA, **{"Upload-Checksum": f"sha256 {wrong}"})),
        (413, created(client, case, 2**40)),
        (400, created(client, case, 0)),
        (400, created(client, case, "many")),
        (400, created(client, case, **{"Upload-Defer-Length": "1"})),
        (415, client.post(f"/cases/{case.pk}/files/", DATA, content_type="image/png",
                          headers={**TUS, "Upload-Length": str(len(DATA))})),
        (404, client.post(f"/cases/{case.pk}/files/?batch=999", b"", content_type="",
                          headers={**TUS, "Upload-Length": "5"})),
        (405, client.post(address, b"x", content_type=BODY,
                          headers={**TUS, "X-HTTP-Method-Override": "PATCH"})),
    ):  # fmt: skip
        assert answer.status_code == expected, answer.content
        if expected not in (404, 405) and answer.content:
            assert answer.json()["detail"].endswith(".")
    assert client.head(address, headers=TUS)["Upload-Offset"] == "0"
    assert Upload.objects.count() == 1


def test_half_a_piece_whose_connection_breaks_is_kept_by_the_real_server(
    stores, case, author, client, monkeypatch
):
    address = created(client, case)["Location"]
    # The threads of the pool outlive this test, their connections must not.
    monkeypatch.setitem(connections.databases["default"], "CONN_MAX_AGE", 0)
    token = "b" * 32
    cookies = client.cookies[settings.SESSION_COOKIE_NAME].value, token
    headers = {
        "host": "localhost", "content-type": BODY, "content-length": str(len(DATA)), "tus-resumable": "1.0.0",
        "upload-offset": "0", "cookie": "sessionid={}; csrftoken={}".format(*cookies), "x-csrftoken": token,
    }  # fmt: skip
    scope = {
        "type": "http", "method": "PATCH", "path": address, "query_string": b"", "http_version": "1.1",
        "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    messages = [{"type": "http.request", "body": DATA[:33], "more_body": True}]

    async def receive():
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(_message):
        # Nobody hears it.
        return

    asyncio.run(asgi.application(scope, receive, send))
    assert client.head(address, headers=TUS)["Upload-Offset"] == "33"
    assert patched(client, address, 33, DATA[33:]).status_code == 204
    assert stored(Upload.objects.get()) == DATA


def test_calling_off_and_what_comes_after(stores, case, client):
    address = created(client, case)["Location"]
    assert client.delete(address, headers=TUS).status_code == 204
    assert client.head(address, headers=TUS).status_code == 410
    assert patched(client, address, 0, DATA).status_code == 410
    assert client.delete(address, headers=TUS).status_code == 409
    assert traces.files(stores / "quarantine") == []


def test_somebody_elses_upload_does_not_exist(stores, case, author, client):
    upload = begun(case, author)
    other = Client()
    other.force_login(rows.instructor("bob"), backend="django.contrib.auth.backends.ModelBackend")
    for address in (f"/files/{upload.pk}/", f"/api/files/{upload.pk}/"):
        assert other.head(address, headers=TUS).status_code == 404
        assert patched(other, address, 0, DATA).status_code == 404
        assert other.delete(address, headers=TUS).status_code == 404
    assert stored(upload) == b""


def test_what_the_protocol_can_is_told(case, client):
    for address in (f"/cases/{case.pk}/files/", f"/api/cases/{case.pk}/files/"):
        answer = client.options(address)
        assert (answer.status_code, answer["Tus-Version"]) == (204, "1.0.0")
        assert "checksum" in answer["Tus-Extension"]
        assert answer["Tus-Checksum-Algorithm"] == "sha256"
        assert int(answer["Tus-Max-Size"]) == 512 * 2**20


def test_a_page_must_carry_its_token(stores, case, author):
    client = Client(enforce_csrf_checks=True)
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    assert created(client, case, data=DATA).status_code == 403
    assert not Upload.objects.exists()


def test_a_full_disk_is_507(stores, case, client, monkeypatch):
    address = created(client, case)["Location"]

    def full(_descriptor, _data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for answer in (
        patched(client, address, 0, DATA),
        created(client, case, data=DATA),
        client.post(f"/api/cases/{case.pk}/uploads/", DATA, content_type="application/dicom"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (507, "disk-full")


@pytest.mark.parametrize("kind", ["application/dicom", "application/octet-stream", BODY])
def test_programs_send_a_file_as_the_body(stores, case, client, kind):
    answer = client.post(f"/api/cases/{case.pk}/uploads/", DATA, content_type=kind)
    assert (answer.status_code, answer.json()["state"]) == (202, "quarantined")
    assert stored(Upload.objects.get()) == DATA


def test_packed_bodies_and_other_kinds_are_not_taken(stores, case, client):
    address = f"/api/cases/{case.pk}/uploads/"
    packed = client.post(
        address, DATA, content_type="application/dicom", headers={"Content-Encoding": "gzip"}
    )
    assert packed.status_code == 415
    assert client.post(address, DATA, content_type="text/plain").status_code == 415
    assert not Upload.objects.exists()


# --- the table --------------------------------------------------------------------------------------------


def test_verdicts_of_a_batch_are_read_at_once_and_once(stores, case, author, client, judged, settings):
    opened = client.post(f"/cases/{case.pk}/batches/").json()
    batch = UploadBatch.objects.get(pk=opened["id"])
    for data in (pictures.png(1), pictures.png(2), b"a letter"):
        sent = receiving.receive(case=case, chunks=[data], by=author, batch=batch)
    begun_only = receiving.begin(case=case, batch=batch, byte_count=9, by=author)
    first = client.get(opened["state_url"]).json()
    assert (first["uploads"], first["counts"]["waiting"], first["more"]) == ([], 4, False)
    judged(sent)
    news = client.get(opened["state_url"], {"since": first["now"]}).json()
    assert sorted(one["state"] for one in news["uploads"]) == ["accepted", "accepted", "refused"]
    assert news["counts"] == {"all": 4, "refused": 1, "waiting": 1, "accepted": 2}
    late = (timezone.now() + timedelta(seconds=30)).isoformat()
    assert client.get(opened["state_url"], {"since": late}).json()["uploads"] == []
    for nonsense in ("yesterday", "2026-02-31T00:00:00Z", "9" * 99):
        assert len(client.get(opened["state_url"], {"since": nonsense}).json()["uploads"]) == 3
    assert begun_only.state == UploadState.RECEIVING


def test_the_table_is_sorted_filtered_and_paged(stores, case, author, client, monkeypatch):
    batch = receiving.open_batch(case=case, by=author)
    for number in range(5):
        Upload.objects.create(
            case=case, batch=batch, created_by=author, byte_count=100 - number, kind="dicom",
            state="refused" if number == 2 else "accepted", sentence=f"Sentence {number}.",
            expires_at=timezone.now(), finished_at=timezone.now(),
            inside=[{"number": 4, "code": "x", "sentence": "Inside, a PDF."}] if number == 3 else [],
        )  # fmt: skip
    monkeypatch.setattr("cases.views.fates.PAGE_ROWS", 3)
    address = f"/batches/{batch.pk}/"

    def files(**query):
        page = client.get(address, query).content.decode()
        return [int(part.split("<")[0]) for part in page.split(">file ")[1:] if "inside" not in part[:12]]

    assert files() == [3, 1, 2]
    assert files(page="2") == [4, 5]
    assert files(sort="size") == [5, 4, 3]
    assert files(sort="-size") == [1, 2, 3]
    assert files(sort="-file", page="2") == [2, 1]
    assert files(show="refused") == [3]
    assert files(sort="password", show="nothing", page="-7") == [4, 5]
    assert "Inside, a PDF." in client.get(address, {"sort": "size"}).content.decode()
    assert client.get(f"/cases/{case.pk}/uploads/").content.decode().count("<tr data-state") == 3
