"""What goes wrong is answered in the caller's language: problem+json, or a page that gives nothing away."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from pytest_django.fixtures import Settings
from rest_framework.views import APIView

from medweb import errors
from tests.analysis.building import person

pytestmark = pytest.mark.django_db

SECRET = "patient-miller-4711"
JSON = "application/json"
RAISED: dict[str, Exception] = {
    "suspicious": SuspiciousOperation(SECRET),
    "broken": RuntimeError(SECRET),
    "missing": Http404(SECRET),
    "refused": PermissionDenied(),
    "sentence": PermissionDenied("Only the author may do this."),
    "invalid": ValidationError({"title": ["Write a title."], "__all__": ["Too many at once."]}),
    "plain": ValidationError("Too many at once."),
    "stale": errors.Problem(409, "stale-revision", "Somebody saved in between.", current={"revision": 3}),
}


def page(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISED[name]


class Endpoint(APIView):
    def get(self, request: Any, name: str) -> None:
        raise RAISED[name]


urlpatterns = [
    path("raise/<slug:name>/", page),
    path("api/raise/<slug:name>/", Endpoint.as_view()),
    path("api/raise-plainly/<slug:name>/", page),
    path("", include("medweb.urls")),
]
handler400, handler403 = errors.bad_request, errors.forbidden
handler404, handler500 = errors.not_found, errors.server_error


@pytest.fixture
def signed_in(client: Client, settings: Settings) -> Client:
    """A browser on a site that also has views which raise."""
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    client.force_login(person("ann", "student"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def problem(reply: Any, status: int, code: str) -> dict[str, Any]:
    """Check the members every problem has; returns the body."""
    body: dict[str, Any] = reply.json()
    assert reply.status_code == status
    assert reply["Content-Type"].split(";")[0] == "application/problem+json"
    assert {"type", "title", "status", "code", "detail"} <= body.keys()
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert body["title"]
    assert body["detail"]
    assert SECRET not in reply.content.decode()
    return body


# --- API --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        (lambda c: c.post("/api/tokens/", "{not json", content_type=JSON), 400, "bad-request"),
        (lambda c: c.post("/api/tokens/", {"days": 5000}, content_type=JSON), 400, "invalid"),
        (lambda c: c.get("/api/raise/refused/"), 403, "not-allowed"),
        (lambda c: c.get("/api/jobs/4711/"), 404, "not-found"),
        (lambda c: c.get("/api/no/such/thing/"), 404, "not-found"),
        (lambda c: c.get("/api/no/such/thing"), 404, "not-found"),
        (lambda c: c.put("/api/me/"), 405, "method-not-allowed"),
        (lambda c: c.get("/api/me/", headers={"Accept": "text/x-odd"}), 406, "not-acceptable"),
        (lambda c: c.get("/api/raise/stale/"), 409, "stale-revision"),
        (lambda c: c.post("/api/tokens/", "a=1", content_type="text/csv"), 415, "unsupported-media-type"),
        (lambda c: c.get("/api/raise/missing/"), 404, "not-found"),
        (lambda c: c.get("/api/raise/invalid/"), 400, "invalid"),
        (lambda c: c.get("/api/raise-plainly/suspicious/"), 400, "bad-request"),
        (lambda c: c.get("/api/raise-plainly/refused/"), 403, "not-allowed"),
        (lambda c: c.get("/api/raise-plainly/missing/"), 404, "not-found"),
        (lambda c: c.get("/api/raise/broken/"), 500, "error"),
    ],
)
def test_every_error_of_the_api_is_a_problem(
    signed_in: Client, ask: Callable[[Client], Any], status: int, code: str
) -> None:
    problem(ask(signed_in), status, code)


def test_the_api_asks_strangers_for_a_token(client: Client) -> None:
    for path_ in ("/api/me/", "/api/jobs/", "/api/tokens/", "/api/schema/"):
        reply = client.get(path_)
        problem(reply, 401, "not-signed-in")
        assert reply["WWW-Authenticate"] == "Bearer"


def test_the_api_refuses_a_session_without_its_form_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person("ann"), backend="django.contrib.auth.backends.ModelBackend")
    problem(strict.post("/api/tokens/", {"name": "x"}, content_type=JSON), 403, "not-allowed")


def test_fields_that_are_wrong_are_named(signed_in: Client) -> None:
    body = problem(signed_in.post("/api/tokens/", {"days": 0}, content_type=JSON), 400, "invalid")
    assert {row["field"] for row in body["errors"]} == {"name", "days"}
    body = problem(signed_in.get("/api/raise/invalid/"), 400, "invalid")
    assert body["errors"] == [
        {"field": "title", "message": "Write a title."},
        {"field": "", "message": "Too many at once."},
    ]
    body = problem(signed_in.get("/api/raise/plain/"), 400, "invalid")
    assert body["errors"] == [{"field": "", "message": "Too many at once."}]


def test_a_problem_keeps_its_own_members(signed_in: Client) -> None:
    body = problem(signed_in.get("/api/raise/stale/"), 409, "stale-revision")
    assert body["current"] == {"revision": 3}
    assert body["detail"] == "Somebody saved in between."


def test_refusals_say_their_sentence(signed_in: Client) -> None:
    assert problem(signed_in.get("/api/raise/sentence/"), 403, "not-allowed")["detail"] == str(
        RAISED["sentence"]
    )
    assert b"Only the author may do this." in signed_in.get("/raise/sentence/").content


def test_nested_errors_become_paths() -> None:
    nested = {"shapes": [{}, {"points": ["Too few.", [["Not a number."]]]}], "title": ["Empty."]}
    assert errors.flatten(nested) == [
        {"field": "shapes[1].points", "message": "Too few."},
        {"field": "shapes[1].points[1][0]", "message": "Not a number."},
        {"field": "title", "message": "Empty."},
    ]


# --- pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/raise/suspicious/", 400),
        ("/raise/refused/", 403),
        ("/raise/missing/", 404),
        ("/no/such/page/", 404),
        ("/raise/broken/", 500),
    ],
)
def test_error_pages_give_nothing_away(signed_in: Client, address: str, status: int) -> None:
    reply = signed_in.get(address)
    text = reply.content.decode()
    assert reply.status_code == status
    assert reply["Content-Type"].startswith("text/html")
    assert f">{status}<" in text
    for word in (SECRET, "Traceback", "RuntimeError", "medweb/", "urlpatterns", "DEBUG"):
        assert word not in text


def test_the_page_for_a_broken_database_does_not_need_it(
    client: Client, django_db_blocker: Any, settings: Settings
) -> None:
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    client.cookies["sessionid"] = "x" * 32
    with django_db_blocker.block():
        reply = client.get("/account/")
    assert reply.status_code == 500
    assert b"Something failed on the server" in reply.content


# --- headers ----------------------------------------------------------------------------------------------

PAGES = [
    ("/sign-in/", 200), ("/account/", 200), ("/jobs/", 200), ("/", 200), ("/collections/", 200),
    ("/people/", 403), ("/no/such/page/", 404), ("/raise/broken/", 500), ("/raise/suspicious/", 400),
    ("/api/me/", 200), ("/api/no/", 404), ("/healthz", 200), ("/live/?topics=", 400),
]  # fmt: skip


@pytest.mark.parametrize(("address", "status"), PAGES)
def test_every_answer_carries_the_strict_policies(signed_in: Client, address: str, status: int) -> None:
    if address == "/sign-in/":
        signed_in.logout()
    reply = signed_in.get(address)
    assert reply.status_code == status
    parts = reply["Content-Security-Policy"].split(";")
    policy = dict(part.strip().partition(" ")[::2] for part in parts if part.strip())
    for name in ("default-src", "script-src", "style-src", "connect-src", "base-uri", "form-action"):
        assert policy[name] == "'self'"
    assert policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["img-src"] == "'self' data: blob:"
    assert not re.search(r"unsafe|\*|https?:|nonce", reply["Content-Security-Policy"])
    assert reply["X-Frame-Options"] == "DENY"
    assert reply["X-Content-Type-Options"] == "nosniff"
    assert reply["Referrer-Policy"] == "same-origin"
    assert reply["Cross-Origin-Opener-Policy"] == "same-origin"


def test_there_is_no_door_to_djangos_admin(signed_in: Client) -> None:
    """It would show every row to whoever has Django's flags; roles are the only rights here."""
    assert signed_in.get("/admin/").status_code == 404
