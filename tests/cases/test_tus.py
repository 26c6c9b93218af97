"""Files come in over HTTP, in pieces or as the body; and a batch's table says what became of them."""

import asyncio
import base64
import errno
import hashlib
import json
import os
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.db.models.sql.compiler import SQLCompiler
from django.test import Client
from django.utils import timezone
from rest_framework.renderers import JSONRenderer

from cases.api.serializers import UploadSerializer
from cases.enums import UploadState
from cases.models import Upload, UploadBatch
from cases.services import receiving
from cases.views import tus
from medweb import asgi
from medweb.accounts.services import create_token
from tests.builders import pictures, rows, traces
from tests.cases.pieces import DATA, SIZE, begun, stored

pytestmark = pytest.mark.django_db(transaction=True)
TUS = {"Tus-Resumable": "1.0.0"}
BODY = tus.CONTENT_TYPE


@pytest.fixture
def client(author):
    client = Client()
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    return client


def patched(client, address, offset, data, **headers):
    return client.patch(
        address, data, content_type=BODY, headers={**TUS, "Upload-Offset": str(offset), **headers}
    )


def created(client, case, size=SIZE, data=b"", **headers):
    content = {"data": data, "content_type": BODY if data else ""}
    return client.post(
        f"/cases/{case.pk}/files/", headers={**TUS, "Upload-Length": str(size), **headers}, **content
    )


def test_the_second_file_builds_no_query(stores, case, author, django_assert_max_num_queries):
    """Building the same five queries for each file took more than half of the time it takes to receive it."""
    _token, key = create_token(name="x", days=1, by=author)
    headers = {"Authorization": f"Bearer {key}"}

    address = f"/api/cases/{case.pk}/uploads/"

    def sent():
        answer = Client().post(address, DATA, content_type="application/dicom", headers=headers)
        assert answer.status_code == 202, answer.content
        return answer.json()

    first = sent()
    # Told by a serializer that is kept, as one made anew tells it.
    fresh = UploadSerializer(Upload.objects.get(pk=first["id"])).data
    assert first == json.loads(JSONRenderer().render(fresh))
    built: list[str] = []
    whole = SQLCompiler.as_sql

    def noted(self, *args, **kwargs):
        sql, parameters = whole(self, *args, **kwargs)
        built.append(sql)
        return sql, parameters

    with pytest.MonkeyPatch.context() as patch, django_assert_max_num_queries(9):
        patch.setattr(SQLCompiler, "as_sql", noted)
        sent()
    assert built == []


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
    monkeypatch.setattr("cases.views.fates.ON_CASE_PAGE", 3)
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
