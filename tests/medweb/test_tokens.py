"""API tokens: kept as digests, shown once, and one answer to everyone whose key is no good."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from medweb.accounts import services
from medweb.accounts.models import ApiToken, User
from medweb.audit.models import AuditEvent
from tests.analysis.building import person

pytestmark = pytest.mark.django_db


def bearer(key: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {key}"}}


def make(user: User, days: int | None = 30) -> tuple[ApiToken, str]:
    return services.create_token(name="script", days=days, by=user)


def test_a_token_opens_the_api_as_its_person(client: Client) -> None:
    ann = person("ann", "staff", "student")
    _token, key = make(ann)
    reply = client.get("/api/me/", **bearer(key))
    assert reply.json() == {
        "id": ann.pk,
        "username": "ann",
        "display_name": "",
        "roles": ["staff", "student"],
    }
    assert "sessionid" not in client.cookies


def test_only_the_digest_of_a_key_is_stored(client: Client) -> None:
    token, key = make(person("ann"))
    assert key.startswith("mw_")
    assert len(key) > 40
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert key not in str(row)
    assert row["digest"] == ApiToken.digest_of(key)
    assert row["hint"] == key[:7]
    assert key not in str(list(AuditEvent.objects.values()))
    assert make(person("bob"))[1] != key


def test_the_page_shows_a_key_once(client: Client) -> None:
    client.force_login(person("ann"), backend="django.contrib.auth.backends.ModelBackend")
    reply = client.post("/account/tokens/", {"name": "upload script", "days": "30"})
    key = reply.context["new_key"]
    assert reply.status_code == 201
    assert reply["Cache-Control"] == "no-store"
    assert key in reply.content.decode()
    page = client.get("/account/").content.decode()
    assert "upload script" in page
    assert key not in page
    assert client.get("/api/me/", **bearer(key)).status_code == 200


def test_the_api_shows_a_key_once(client: Client) -> None:
    _token, first = make(person("ann"))
    made = client.post(
        "/api/tokens/", {"name": "second", "days": 1}, content_type="application/json", **bearer(first)
    )
    assert made.status_code == 201
    key = made.json()["key"]
    listed = client.get("/api/tokens/", **bearer(key)).json()["results"]
    assert [row["name"] for row in listed] == ["second", "script"]
    assert all("key" not in row and "digest" not in row for row in listed)
    gone = client.delete(f"/api/tokens/{made.json()['id']}/", **bearer(first))
    assert gone.status_code == 204
    assert client.get("/api/me/", **bearer(key)).status_code == 401
    assert client.get("/api/me/", **bearer(first)).status_code == 200


def test_every_key_that_is_no_good_gets_the_same_answer(client: Client) -> None:
    ann, bob = person("ann"), person("bob")
    expired, revoked, inactive = make(ann), make(ann), make(bob)
    ApiToken.objects.filter(pk=expired[0].pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    services.revoke_token(token=revoked[0], by=ann)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    bad = [expired[1], revoked[1], inactive[1], "mw_unknown", "", "Ä", make(ann)[1][:-1]]
    answers = {
        (reply.status_code, reply.content, reply["WWW-Authenticate"])
        for reply in (client.get("/api/me/", **bearer(key or "mw_")) for key in bad)
    }
    assert len(answers) == 1
    status, content, challenge = answers.pop()
    assert (status, challenge) == (401, "Bearer")
    assert json.loads(content)["code"] == "not-signed-in"
    assert [token.state() for token in ApiToken.objects.filter(user=ann).order_by("pk")[:2]] == [
        "expired",
        "revoked",
    ]


@pytest.mark.parametrize("header", ["Bearer", "Bearer one two"])
def test_a_malformed_header_is_explained(client: Client, header: str) -> None:
    reply = client.get("/api/me/", headers={"Authorization": header})
    assert reply.status_code == 401
    assert "Authorization: Bearer" in reply.json()["detail"]


def test_a_bad_token_is_not_rescued_by_a_session(client: Client) -> None:
    client.force_login(person("ann"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/me/").status_code == 200
    assert client.get("/api/me/", **bearer("mw_unknown")).status_code == 401


@pytest.mark.parametrize("path", ["/", "/account/", "/people/", "/jobs/", "/live/?topics=jobs:all"])
def test_a_token_opens_no_page(client: Client, path: str) -> None:
    _token, key = make(person("ada", "administrator"))
    reply = client.get(path, **bearer(key))
    assert reply.status_code == 302
    assert reply["Location"].startswith("/sign-in/")


def test_the_last_use_is_noted_about_once_a_minute(client: Client) -> None:
    token, key = make(person("ann"))
    assert token.last_used_at is None
    client.get("/api/me/", **bearer(key))
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    client.get("/api/me/", **bearer(key))
    token.refresh_from_db()
    assert token.last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    client.get("/api/me/", **bearer(key))
    token.refresh_from_db()
    assert token.last_used_at >= first


def test_tokens_of_others_are_out_of_reach(client: Client) -> None:
    token, _key = make(person("ann"))
    bob = person("bob", "administrator")
    client.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert client.delete(f"/api/tokens/{token.pk}/").status_code == 404
    assert client.get("/api/tokens/").json()["results"] == []
    token.refresh_from_db()
    assert token.state() == "active"
    with pytest.raises(PermissionDenied, match="not yours"):
        services.revoke_token(token=token, by=person("eve"))
    services.revoke_token(token=token, by=bob)
    services.revoke_token(token=token, by=bob)
    assert AuditEvent.objects.filter(verb="token.revoke").count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"name": " "}, "name"), ({"name": "x", "days": 0}, "days"), ({"name": "x", "days": 3651}, "days")],
)
def test_a_bad_token_is_explained(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as error:
        services.create_token(**{"days": 1, **fields}, by=person("ann"))
    assert list(error.value.message_dict) == [field]
    assert not ApiToken.objects.exists()


def test_a_person_has_a_limited_number_of_active_tokens() -> None:
    ann = person("ann")
    tokens = [make(ann)[0] for _number in range(services.MAX_TOKENS)]
    with pytest.raises(ValidationError, match="20 active tokens"):
        make(ann)
    services.revoke_token(token=tokens[0], by=ann)
    make(ann)
    make(person("bob"))


def test_keys_stay_out_of_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    _token, key = make(person("ann"))
    with caplog.at_level(logging.DEBUG):
        client.get("/api/me/", **bearer(key))
        client.get("/api/me/", **bearer(key + "x"))
    assert key not in caplog.text
