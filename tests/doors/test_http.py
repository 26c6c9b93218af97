"""Requests that break the rules, on raw sockets: every case of ``http_cases.json`` and what it expects."""

import contextlib
import gzip
import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.builders import pictures
from tests.doors.door import PASSWORD, PEOPLE, Door, multipart, read_answer, reset, seed_live_app, signed_in
from tests.support import shared

__all__ = ["seed_live_app"]
pytestmark = pytest.mark.broker
TUS = {"Tus-Resumable": "1.0.0"}
PIECES = {**TUS, "Content-Type": "application/offset+octet-stream"}
# Which test answers for which case of the shared list.
ANSWERED = {
    "content_length_long": "test_a_body_that_stops_is_not_waited_for",
    "cut_off_half_way": "test_a_body_cut_off_leaves_nothing",
    "slow_body": "test_slow_bodies_keep_nobody_waiting",
    "fields_5000": "test_five_thousand_fields",
    "files_500": "test_five_hundred_files",
    "bad_boundary": "test_a_bad_boundary",
    "two_content_lengths": "test_two_lengths_of_one_body",
    "gzip_body_bomb": "test_a_packed_body_is_not_unpacked",
    "range_lies": "test_pieces_that_do_not_fit",
    "same_chunk_twice": "test_the_same_piece_twice_at_once",
    "method_override": "test_a_method_in_a_header_is_ignored",
    "host_header": "test_another_host",
    "forwarded_spoof": "test_a_spoofed_address_does_not_unlock",
    "content_type_form_json": "test_json_as_plain_text_is_not_read",
    "accept_html_json": "test_json_stays_json_for_a_browser",
    "range_request_many": "test_a_thousand_ranges",
    "query_huge": "test_queries_out_of_bounds",
}


def test_every_case_of_the_list_has_a_test():
    listed = json.loads(shared("security/hostile/http_cases.json").read_text())
    assert {case["id"] for case in listed} == ANSWERED.keys()
    assert set(ANSWERED.values()) <= globals().keys()


@pytest.fixture(scope="module")
def case(door: Door) -> int:
    return door.new_case()


@pytest.fixture(scope="module", autouse=True)
def silent(door: Door, case: int) -> Iterator[socket.socket]:
    """A request that stops after a thousand of a million bytes, before all other tests begin."""
    path = f"/api/cases/{case}/uploads/"
    head = door.head("POST", path, {"Content-Type": "application/octet-stream", "Content-Length": "1000000"})
    with door.connect() as connection:
        connection.sendall(head + b"x" * 1000)
        yield connection


@pytest.fixture(scope="module")
def browser(door: Door) -> Iterator[httpx.Client]:
    """Somebody's session; one for all tests, as signing in takes a third of a second on purpose."""
    with signed_in(door.app) as client:
        yield client


# --- bodies that do not come ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=doorstep", "application/octet-stream"])
def test_a_body_cut_off_leaves_nothing(door, kind):
    case = door.new_case()
    data = pictures.ct(3)
    body = multipart([(b"a.dcm", data)]) if kind.startswith("multi") else data
    path = f"/api/cases/{case}/uploads/"
    headers = {"Content-Type": kind, "Content-Length": str(len(body))}
    connection = door.connect()
    connection.sendall(door.head("POST", path, headers) + body[: len(body) // 2])
    reset(connection)
    # An answer to another request after it: the server has seen the end of the first by then.
    assert door.uploads(case) == []
    assert door.tidied()
    again = door.raw(door.head("POST", path, headers) + body)
    assert again.status == 202, again
    assert len(door.uploads(case)) == 1
    door.verdict(json.loads(again.body)["id"])


def test_slow_bodies_keep_nobody_waiting(door, case):
    path = f"/api/cases/{case}/uploads/"
    headers = {"Content-Type": "application/octet-stream", "Content-Length": "1000"}
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(door.connect()) for _number in range(8)]
        for connection in slow:
            connection.sendall(door.head("POST", path, headers))
        # The time it takes is a benchmark (tests/bench/slow_bodies.py); here it is that others are served.
        for _turn in range(5):
            for connection in slow:
                connection.sendall(b"x")
            assert door.alive()
            assert door.client.get(f"/api/cases/{case}/").status_code == 200


# --- bodies that break the rules --------------------------------------------------------------------------


def test_five_thousand_fields(door, case, browser):
    fields = {f"field{number}": "x" for number in range(5000)}
    token = {"X-CSRFToken": browser.cookies["csrftoken"]}
    for path in (f"/cases/{case}/edit/", "/account/password/", f"/cases/{case}/uploads/new/"):
        assert browser.post(path, data=fields, headers=token).status_code == 400, path
    assert httpx.post(f"{door.app.base_url}/sign-in/", data=fields).status_code in (400, 403)
    parts = {name: (None, value) for name, value in fields.items()}
    assert door.client.post(f"/api/cases/{case}/uploads/", files=parts).status_code == 400


def test_five_hundred_files(door, browser):
    case, body = door.new_case(), multipart([(b"a.dcm", b"x")] * 500)
    kind = {"Content-Type": "multipart/form-data; boundary=doorstep"}
    assert door.client.post(f"/api/cases/{case}/uploads/", content=body, headers=kind).status_code == 400
    kind["X-CSRFToken"] = browser.cookies["csrftoken"]
    assert browser.post(f"/cases/{case}/uploads/new/", content=body, headers=kind).status_code == 400
    assert door.uploads(case) == []


@pytest.mark.parametrize(
    "boundary", ["", "; boundary=", f"; boundary={'x' * 5000}", '; boundary="a\r\nb"', "; boundary=\r\n x"]
)
def test_a_bad_boundary(door, case, boundary):
    body = multipart([(b"a.dcm", b"x")])
    headers = {"Content-Type": f"multipart/form-data{boundary}", "Content-Length": str(len(body))}
    answer = door.raw(door.head("POST", f"/api/cases/{case}/uploads/", headers) + body)
    # A header that Django does not read to its end is no form to it, and so of the wrong type.
    assert answer.status in (400, 415), answer


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5, 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 5x\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
    ],
)
def test_two_lengths_of_one_body(door, case, lengths):
    head = door.head("POST", "/sign-in/", {"Content-Type": "application/x-www-form-urlencoded"})
    smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with door.connect() as connection:
        connection.sendall(head[:-2] + lengths + b"\r\n" + smuggled)
        answer = read_answer(connection)
        # A second answer would be one to the request that was hidden in the body of the first.
        assert read_answer(connection).status == 0
    assert answer.status in (400, 501)


def test_the_same_length_twice_is_one_body(door):
    body = b"username=x"
    head = door.head("POST", "/sign-in/", {"Content-Length": "10", "content-length": "10"})
    with door.connect() as connection:
        connection.sendall(head[:-2] + b"Connection: close\r\n\r\n" + body)
        assert read_answer(connection).status in (400, 403)
        assert read_answer(connection).status == 0


def test_a_packed_body_is_not_unpacked(door, case):
    bomb = gzip.compress(bytes(10 << 20), 9) * 100
    for path, kind in (
        (f"/api/cases/{case}/uploads/", "application/octet-stream"),
        (f"/api/cases/{case}/uploads/", "multipart/form-data; boundary=doorstep"),
        (f"/api/cases/{case}/files/", "application/offset+octet-stream"),
        ("/api/cases/", "application/json"),
        ("/sign-in/", "application/x-www-form-urlencoded"),
    ):
        headers = {
            **TUS, "Content-Encoding": "gzip", "Content-Type": kind, "Content-Length": str(len(bomb)),
            "Upload-Length": str(len(bomb)),
        }  # fmt: skip
        assert door.raw(door.head("POST", path, headers) + bomb).status == 415, path


def test_json_as_plain_text_is_not_read(door, browser):
    made = json.dumps({"title": "Forged", "history": "h", "findings": "f"})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        answer = browser.post("/api/cases/", content=made, headers={"Content-Type": kind})
        assert answer.status_code in (403, 415), kind
    plain = {"Content-Type": "text/plain", "X-CSRFToken": browser.cookies["csrftoken"]}
    assert browser.post("/api/cases/", content=made, headers=plain).status_code == 415
    assert "Forged" not in door.client.get("/api/cases/").text


# --- pieces of files --------------------------------------------------------------------------------------


def begin(door: Door, case: int, length: int) -> str:
    headers = {**TUS, "Upload-Length": str(length)}
    answer = door.client.post(f"/api/cases/{case}/files/", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def add(door: Door, url: str, offset: int, data: bytes, **more: str) -> httpx.Response:
    headers = {**PIECES, "Upload-Offset": str(offset), **more}
    return door.client.patch(url, content=data, headers=headers)


def offset_of(door: Door, url: str) -> int:
    return int(door.client.head(url, headers=TUS).headers["upload-offset"])


def test_pieces_that_do_not_fit(door, other, case):
    data = pictures.ct(5)
    url = begin(door, case, len(data))
    assert add(door, url, 0, data[:500]).status_code == 204
    assert add(door, url, 300, data[300:600]).status_code == 409  # overlapping
    assert add(door, url, 900, data[900:]).status_code == 409  # out of order
    assert add(door, url, 500, data[500:] + b"more").status_code in (400, 413, 416)  # past the end
    assert add(door, url, len(data) + 1, b"x").status_code == 409
    for wrong in ("-1", "1e3", "9" * 40, "٥", " ", "0x10"):
        answer = door.raw(
            door.head("PATCH", url, {**PIECES, "Content-Length": "1"})[:-2]
            + b"Upload-Offset: " + wrong.encode() + b"\r\n\r\nx"
        )  # fmt: skip
        assert answer.status in (400, 409), wrong
    # Somebody else's: as if it were not there.
    assert add(other, url, 500, data[500:]).status_code == 404
    assert other.client.head(url, headers=TUS).status_code == 404
    assert other.client.delete(url, headers=TUS).status_code == 404
    assert other.client.post(f"/api/cases/{case}/files/", headers=PIECES).status_code == 404
    assert offset_of(door, url) == 500
    wrong_sum = {"Upload-Checksum": "sha256 " + "A" * 43 + "="}
    assert add(door, url, 500, data[500:], **wrong_sum).status_code == 460
    assert offset_of(door, url) == 500
    ranges = {"Content-Range": f"bytes 0-9/{len(data)}"}
    assert add(door, url, 500, data[500:], **ranges).status_code == 204
    taken = door.verdict(int(re.findall(r"\d+", url)[-1]))
    assert taken["state"] == "accepted", taken


def test_the_same_piece_twice_at_once(door, case):
    data = pictures.ct(6)
    url = begin(door, case, len(data))
    answers: list[int] = []

    def send() -> None:
        with httpx.Client(base_url=door.app.base_url, headers=door.headers, timeout=60) as client:
            headers = {**PIECES, "Upload-Offset": "0"}
            answers.append(client.patch(url, content=data[:700], headers=headers).status_code)

    threads = [threading.Thread(target=send) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [204, 409, 409, 409]
    (raw,) = [path for path in door.temporary_files() if path.stat().st_size == 700]
    assert hashlib.sha256(raw.read_bytes()).digest() == hashlib.sha256(data[:700]).digest()
    assert add(door, url, 700, data[700:]).status_code == 204
    assert door.verdict(int(re.findall(r"\d+", url)[-1]))["state"] == "accepted"


# --- headers and queries ----------------------------------------------------------------------------------


def test_a_method_in_a_header_is_ignored(door, case):
    url = begin(door, case, 10)
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        for path in (f"/api/cases/{case}/", url):
            answer = door.client.post(path, headers={name: "DELETE", **TUS}, json={})
            assert answer.status_code == 405, path
    assert door.client.get(f"/api/cases/{case}/").status_code == 200
    assert offset_of(door, url) == 0
    assert door.client.delete(url, headers=TUS).status_code == 204


def test_another_host(door):
    for path in ("/sign-in/", "/", "/api/cases/", "/api/schema/"):
        for host in ("evil.test", "127.0.0.1.evil.test", "127.0.0.1:80@evil.test", "a b"):
            with door.connect() as connection:
                lines = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                connection.sendall(lines.encode())
                assert read_answer(connection).status == 400, (path, host)
        forwarded = httpx.get(f"{door.app.base_url}{path}", headers={"X-Forwarded-Host": "evil.test"})
        assert "evil.test" not in forwarded.text + str(forwarded.headers)


def test_a_spoofed_address_does_not_unlock(door):
    with httpx.Client(base_url=door.app.base_url, timeout=60) as client:
        seen = []
        for number in range(10):
            page = client.get("/sign-in/").text
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
            assert token is not None
            form = {"username": PEOPLE[1], "password": "wrong", "csrfmiddlewaretoken": token[1]}
            spoofed = {
                "X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}",
                "Forwarded": f"for=203.0.113.{number}", "X-Forwarded-Proto": "https",
            }  # fmt: skip
            seen.append(client.post("/sign-in/", data=form, headers=spoofed).status_code)
        assert seen[-1] == 429, seen
        right = {"username": PEOPLE[1], "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        assert client.post("/sign-in/", data=right, headers=spoofed).status_code == 429


def test_json_stays_json_for_a_browser(door, case):
    title = "<script>document.title='XSS'</script>"
    made = door.client.post("/api/cases/", json={"title": title, "history": "h", "findings": "f"}).json()
    for path in (f"/api/cases/{made['id']}/", "/api/cases/", f"/api/cases/{case}/uploads/"):
        answer = door.client.get(path, headers={"Accept": "text/html,*/*;q=0.1"})
        assert answer.headers["content-type"].startswith("application/json"), path
        assert answer.headers["x-content-type-options"] == "nosniff"
    refused = door.client.get("/api/cases/", headers={"Accept": "text/html"})
    assert refused.status_code in (200, 406)
    assert refused.headers["content-type"].split(";")[0] in ("application/json", "application/problem+json")


def test_a_thousand_ranges(door, case, browser):
    upload = door.send(case, pictures.ct(9)).json()
    series = door.verdict(upload["id"])["series"]
    frame = door.client.get(f"/api/series/{series}/").json()["frames"][0]
    many = {"Range": "bytes=" + ",".join(["0-"] * 1000)}
    for path in (frame["pixels_url"], frame["preview_url"], "/static/css/base.css"):
        whole = browser.get(path)
        assert whole.status_code == 200, path
        answer = browser.get(path, headers=many)
        assert answer.status_code in (200, 206, 416), path
        assert not answer.headers.get("content-type", "").startswith("multipart/")
        assert len(answer.content) <= len(whole.content)


@pytest.mark.parametrize(
    "query",
    [
        "page=1e400", "page_size=1000000000", "page_size=-1", "ordering=password", "search=%00", "q=%00",
        "id__in=" + "1," * 10000, "cursor=%00", "cursor=" + "A" * 4000, "page=99999999999999999999",
        "q=" + "x" * 9000,
        "series=1e400", "modality=%00", "format=../../etc/passwd", "%ff=%fe", "q[]=1&q[]=2", "level=',",
    ],
)  # fmt: skip
def test_queries_out_of_bounds(door, browser, query):
    for path in ("/", "/collections/", "/jobs/"):
        assert browser.get(f"{path}?{query}").status_code in (200, 400, 404), path
    for path in ("/api/cases/", "/api/annotations/", "/api/collections/", "/api/terms/", "/api/jobs/"):
        answer = door.client.get(f"{path}?{query}")
        assert answer.status_code in (200, 400, 404), path
        if answer.status_code == 200:
            assert len(answer.json()["results"]) <= 100


# --- last, because it waits -------------------------------------------------------------------------------


def test_a_body_that_stops_is_not_waited_for(door, case, silent):
    silent.settimeout(60)
    answer = read_answer(silent)
    assert answer.status in (0, 408), answer
    assert silent.recv(1) == b""
    assert door.tidied()
    assert door.alive()
