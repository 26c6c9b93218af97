"""Who sends much must be somebody, and is told otherwise before the bytes are read."""

import contextlib
import hashlib
import json
import re

import pytest

from medweb.limits import MEGABYTE, STRANGER, UNPROVEN
from tests.builders import pictures
from tests.doors.door import Door, problem_of, read_answer, seed_live_app, signed_in

__all__ = ["seed_live_app"]
pytestmark = pytest.mark.broker
RAW = {"Content-Type": "application/octet-stream"}
REVOKE = "from medweb.accounts.models import ApiToken; from django.utils import timezone; "


def head(path: str, **headers: str) -> bytes:
    """First lines of a request; nobody is named unless ``headers`` do."""
    lines = {"Host": "127.0.0.1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{text}\r\n".encode()


@pytest.fixture(scope="module")
def path(door: Door) -> str:
    return f"/api/cases/{door.new_case()}/uploads/"


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"Cookie": "csrftoken=x"},
        {"Authorization": "Bearer mw_wrong"},
        {"Authorization": "Basic eDp5"},
        {"Cookie": "sessionid=wrong"},
    ],
)
def test_a_body_of_nobody_is_refused_before_it_comes(door, path, named):
    """The head is all that was sent when the answer comes."""
    for length in ({"Content_Length": str(UNPROVEN + 1)}, {"Content_Length": str(16 * MEGABYTE)}):
        with door.connect() as connection:
            connection.sendall(head(path, **RAW, **length, **named))
            answer = read_answer(connection)
            assert answer.status == 401, answer
            assert problem_of(answer)["code"] == "not-signed-in"
            assert answer.headers["connection"] == "close"
    assert door.tidied()


def test_a_body_of_nobody_that_names_no_length_ends_early(door, path):
    part = b"%x\r\n" % MEGABYTE + bytes(MEGABYTE) + b"\r\n"
    for named in ({}, {"Authorization": "Bearer mw_wrong"}):
        with door.connect() as connection:
            connection.sendall(head(path, Transfer_Encoding="chunked", **RAW, **named))
            with contextlib.suppress(ConnectionError):
                connection.sendall(part)
            assert read_answer(connection).status == 401


def test_who_sends_all_before_reading_gets_the_answer_too(door, path):
    """Closing at once would have thrown the answer away with the bytes that nobody read."""
    length = 4 * MEGABYTE
    with door.connect() as connection:
        connection.sendall(head(path, Content_Length=str(length), **RAW) + bytes(length))
        assert read_answer(connection).status == 401


def test_a_stranger_may_still_send_a_form(door, path):
    form = b"username=x&password=" + b"y" * (STRANGER - 100)
    kind = {"Content_Type": "application/x-www-form-urlencoded", "Content_Length": str(len(form))}
    with door.connect() as connection:
        connection.sendall(head("/sign-in/", **kind) + form)
        assert read_answer(connection).status == 403


def test_large_bodies_of_somebody_are_taken(door, path):
    """By token and by session, sent as one request each."""
    answer = door.client.post(path, content=bytes(2 * MEGABYTE), headers=RAW)
    assert answer.status_code == 202, answer.text
    door.verdict(answer.json()["id"])
    case = re.findall(r"\d+", path)[0]
    with signed_in(door.app) as browser:
        headers = {
            "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream",
            "Upload-Length": str(2 * MEGABYTE), "X-CSRFToken": browser.cookies["csrftoken"],
        }  # fmt: skip
        answer = browser.post(f"/cases/{case}/files/", content=bytes(2 * MEGABYTE), headers=headers)
        assert answer.status_code == 201, answer.text
        assert answer.headers["upload-offset"] == str(2 * MEGABYTE)


def test_a_token_that_was_revoked_is_nobody_s(door, other, path):
    """Last: the other person's key is no good afterwards."""
    key = other.headers["Authorization"].split()[1]
    digest = hashlib.sha256(key.encode()).hexdigest()
    length = {"Content_Length": str(UNPROVEN + 1)}
    door.app.python(f"{REVOKE}ApiToken.objects.filter(digest={digest!r}).update(revoked_at=timezone.now())")
    with door.connect() as connection:
        connection.sendall(head(path, **RAW, **length, **other.headers))
        assert read_answer(connection).status == 401
    small = other.client.post(path, content=pictures.ct(1), headers=RAW)
    assert (small.status_code, json.loads(small.content)["code"]) == (401, "not-signed-in")
