"""Signing in and out, passwords, people, demo accounts."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from medweb.accounts import demo, services
from medweb.accounts.models import Role, RoleGrant, User
from medweb.audit.models import AuditEvent
from tests.analysis.building import person

pytestmark = pytest.mark.django_db

PASSWORD = "a long password"
NEW_PASSWORD = "another-long-one-7"
SIGN_IN, ACCOUNT, PEOPLE = "/sign-in/", "/account/", "/people/"
SignIn = Callable[..., Client]


@pytest.fixture
def signed_in() -> SignIn:
    """``signed_in(user)``: a browser of its own, signed in through the page."""

    def sign(user: User, password: str = PASSWORD) -> Client:
        client = Client()
        reply = client.post(SIGN_IN, {"username": user.username, "password": password})
        assert reply.status_code == 302
        return client

    return sign


def is_signed_in(client: Client) -> bool:
    return client.get(ACCOUNT).status_code == 200


def without_tokens(page: bytes) -> str:
    """A page without what differs between two loads of it."""
    return re.sub(r'(value|content)="[A-Za-z0-9]{64}"', "", page.decode())


# --- signing in and out -----------------------------------------------------------------------------------


def test_a_page_asks_a_stranger_to_sign_in_and_comes_back(client: Client) -> None:
    person("ann")
    asked = client.get(ACCOUNT)
    assert asked["Location"] == f"{SIGN_IN}?next={ACCOUNT}"
    page = client.get(asked["Location"])
    assert page.status_code == 200
    assert b'name="next" value="/account/"' in page.content
    reply = client.post(SIGN_IN, {"username": "ann", "password": PASSWORD, "next": ACCOUNT})
    assert reply["Location"] == ACCOUNT
    assert is_signed_in(client)
    assert client.get(SIGN_IN)["Location"] == reverse("cases:library")


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil"],
)
def test_signing_in_never_leads_elsewhere(client: Client, target: str) -> None:
    person("ann")
    reply = client.post(SIGN_IN, {"username": "ann", "password": PASSWORD, "next": target})
    assert reply["Location"] == reverse("cases:library")


def test_signing_in_starts_a_fresh_session(client: Client) -> None:
    """A session id planted before signing in must be worth nothing afterwards."""
    person("ann")
    client.cookies["sessionid"] = "planted"
    client.post(SIGN_IN, {"username": "ann", "password": PASSWORD})
    cookie = client.cookies["sessionid"]
    assert cookie.value != "planted"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_wrong_password_and_an_unknown_name_get_the_same_page(client: Client) -> None:
    person("known-1")
    pages = []
    for name in ("known-1", "unknown-2"):
        reply = client.post(SIGN_IN, {"username": name, "password": "wrong"})
        assert reply.status_code == 200
        pages.append(without_tokens(reply.content).replace(name, "NAME"))
    assert pages[0] == pages[1]


def test_an_inactive_person_cannot_sign_in(client: Client) -> None:
    ann = person("ann")
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert client.post(SIGN_IN, {"username": "ann", "password": PASSWORD}).status_code == 200
    assert not is_signed_in(client)


def test_guessing_is_stopped_the_same_way_for_known_and_unknown_names(
    client: Client, settings: Settings, clean_broker: str
) -> None:
    person("ann"), person("eve")
    pages = []
    for name in ("ann", "nobody"):
        for attempt in range(1, settings.AXES_FAILURE_LIMIT + 1):
            reply = client.post(SIGN_IN, {"username": name, "password": f"guess {attempt}"})
            assert reply.status_code == (200 if attempt < settings.AXES_FAILURE_LIMIT else 429)
        right = client.post(SIGN_IN, {"username": name, "password": PASSWORD})
        assert right.status_code == 429, "the right password does not help any more"
        pages.append(without_tokens(reply.content))
    assert pages[0] == pages[1]
    assert "blocked for 15 minutes" in pages[0]
    assert not is_signed_in(client)
    reply = client.post(SIGN_IN, {"username": "eve", "password": PASSWORD})
    assert reply.status_code == 302, "others on the same computer still get in"


def test_signing_in_clears_earlier_typing_errors(
    client: Client, settings: Settings, clean_broker: str
) -> None:
    person("ann")
    for _round in range(2):
        for _attempt in range(settings.AXES_FAILURE_LIMIT - 1):
            assert client.post(SIGN_IN, {"username": "ann", "password": "wrong"}).status_code == 200
        assert client.post(SIGN_IN, {"username": "ann", "password": PASSWORD}).status_code == 302
        client.post("/sign-out/")


def test_only_a_form_signs_out(signed_in: SignIn) -> None:
    client = signed_in(person("ann"))
    assert client.get("/sign-out/").status_code == 405
    assert is_signed_in(client)
    assert client.post("/sign-out/")["Location"] == SIGN_IN
    assert not is_signed_in(client)


@pytest.mark.parametrize("path", [SIGN_IN, "/sign-out/", "/account/password/", "/account/tokens/"])
def test_forms_from_elsewhere_are_refused(path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    if path != SIGN_IN:
        strict.force_login(person("ann"), backend="django.contrib.auth.backends.ModelBackend")
    reply = strict.post(path, {"username": "ann", "password": PASSWORD})
    assert reply.status_code == 403
    assert b"This page has expired" in reply.content


# --- passwords --------------------------------------------------------------------------------------------


def test_a_new_password_keeps_this_session_and_ends_the_others(signed_in: SignIn) -> None:
    ann = person("ann")
    here, elsewhere = signed_in(ann), signed_in(ann)
    reply = here.post(
        "/account/password/",
        {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD},
    )
    assert reply["Location"] == ACCOUNT
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert is_signed_in(signed_in(ann, NEW_PASSWORD))
    assert AuditEvent.objects.get(verb="user.change-password").actor_id == ann.pk


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("wrong", NEW_PASSWORD, NEW_PASSWORD),
        (PASSWORD, NEW_PASSWORD, "something else"),
        (PASSWORD, "short", "short"),
        (PASSWORD, "1234567890123", "1234567890123"),
    ],
)
def test_a_bad_change_of_password_is_explained(signed_in: SignIn, old: str, new: str, again: str) -> None:
    ann = person("ann")
    client = signed_in(ann)
    answers = {"old_password": old, "new_password1": new, "new_password2": again}
    assert client.post("/account/password/", answers).status_code == 422
    ann.refresh_from_db()
    assert ann.check_password(PASSWORD)
    assert not AuditEvent.objects.filter(verb="user.change-password").exists()


# --- people and roles -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["", "student", "instructor", "staff"])
def test_only_administrators_manage_people(signed_in: SignIn, role: str) -> None:
    someone = person("ann", *([role] if role else []))
    client = signed_in(someone)
    before = User.objects.count(), RoleGrant.objects.count()
    assert client.get(PEOPLE).status_code == 403
    new = {"username": "x", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "roles": ["administrator"]}
    assert client.post("/people/new/", new).status_code == 403
    reply = client.post(f"/people/{someone.pk}/roles/", {"roles": ["administrator"]})
    assert reply.status_code == 403
    with pytest.raises(PermissionDenied, match="Only an administrator"):
        services.set_roles(user=someone, roles={"administrator"}, by=someone)
    assert (User.objects.count(), RoleGrant.objects.count()) == before


def test_flags_of_django_give_no_role() -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    root.user_permissions.set(Permission.objects.all())
    assert not root.roles
    with pytest.raises(PermissionDenied):
        services.set_roles(user=root, roles={"administrator"}, by=root)


def test_an_administrator_makes_people_and_sets_roles(signed_in: SignIn) -> None:
    ada = person("ada", "administrator")
    client = signed_in(ada)
    form = {"username": "new", "display_name": "Nora New", "roles": ["student", "staff"]}
    reply = client.post("/people/new/", {**form, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert reply["Location"] == PEOPLE
    nora = User.objects.get(username="new")
    assert (str(nora), nora.roles) == ("Nora New", {"student", "staff"})
    assert not nora.is_staff
    assert not nora.is_superuser
    assert client.post(f"/people/{nora.pk}/roles/", {"roles": ["instructor"]}).status_code == 302
    assert User.objects.get(pk=nora.pk).roles == {"instructor"}
    grant = RoleGrant.objects.get(user=nora)
    assert grant.granted_by == ada
    made, changed = AuditEvent.objects.filter(subject_id=str(nora.pk)).order_by("pk")
    assert (made.verb, made.actor_id, made.details) == (
        "user.create",
        ada.pk,
        {"roles": ["staff", "student"]},
    )
    assert changed.verb == "user.set-roles"
    assert changed.details == {"added": ["instructor"], "removed": ["staff", "student"]}
    assert b"Nora New" in client.get(PEOPLE).content


def test_a_refused_new_person_is_explained_and_not_made(signed_in: SignIn) -> None:
    client = signed_in(person("ada", "administrator"))
    form = {"username": "ada", "password1": "short", "password2": "short", "roles": ["king"]}
    reply = client.post("/people/new/", form)
    assert reply.status_code == 422
    assert User.objects.count() == 1


def test_administrators_keep_their_own_role(signed_in: SignIn) -> None:
    ada, ann = person("ada", "administrator"), person("ann", "administrator")
    client = signed_in(ada)
    assert client.post(f"/people/{ada.pk}/roles/", {"roles": ["student"]}).status_code == 403
    assert client.post(f"/people/{ada.pk}/roles/", {"roles": ["administrator", "staff"]}).status_code == 302
    assert User.objects.get(pk=ada.pk).roles == {"administrator", "staff"}
    assert client.post(f"/people/{ann.pk}/roles/", {}).status_code == 302
    assert not User.objects.get(pk=ann.pk).roles


def test_unknown_roles_are_refused(signed_in: SignIn) -> None:
    ada = person("ada", "administrator")
    with pytest.raises(ValidationError, match="Unknown role: king"):
        services.set_roles(user=ada, roles={"administrator", "king"}, by=ada)
    reply = signed_in(ada).post(f"/people/{ada.pk}/roles/", {"roles": ["king"]}, follow=True)
    assert b"Choose among the roles shown." in reply.content
    assert User.objects.get(pk=ada.pk).roles == {"administrator"}


def test_an_inactive_administrator_may_nothing() -> None:
    ada = person("ada", "administrator")
    ada.is_active = False
    assert not ada.has_role(Role.ADMINISTRATOR)
    with pytest.raises(PermissionDenied):
        services.set_roles(user=ada, roles={"administrator"}, by=ada)


def test_people_come_in_pages_each_person_once(signed_in: SignIn) -> None:
    client = signed_in(person("ada", "administrator"))
    User.objects.bulk_create(User(username=f"person-{number:03}") for number in range(119))
    seen: list[str] = []
    url: str | None = PEOPLE
    while url:
        page = client.get(url).context["page"]
        assert len(page.rows) <= 50
        seen += [row.username for row in page.rows]
        url = page.next_url
    assert seen == sorted(User.objects.values_list("username", flat=True))
    assert len(seen) == 120


# --- demo accounts ----------------------------------------------------------------------------------------


def test_a_server_without_the_sample_library_shows_no_demo_accounts(client: Client) -> None:
    for name, _display, _roles in demo.ACCOUNTS:
        User.objects.create_user(username=name, password=demo.PASSWORD)
    page = client.get(SIGN_IN).content.decode()
    assert demo.PASSWORD not in page
    assert "Demo accounts" not in page


def test_demo_accounts_are_shown_while_their_password_is_the_printed_one(client: Client) -> None:
    demo.create_accounts()
    demo.create_accounts()
    assert [name for name, _roles in demo.shown()] == [name for name, _d, _r in demo.ACCOUNTS]
    page = client.get(SIGN_IN).content.decode()
    assert f"<code>{demo.PASSWORD}</code>" in page
    for name, _roles in demo.shown():
        assert f'data-fill-username="{name}"' in page
        assert Client().post(SIGN_IN, {"username": name, "password": demo.PASSWORD}).status_code == 302
    student, instructor = (User.objects.get(username=name) for name in ("student", "instructor"))
    services.change_password(password=NEW_PASSWORD, by=student)
    User.objects.filter(pk=instructor.pk).update(is_active=False)
    assert [name for name, _roles in demo.shown()] == ["staff", "admin"]
    assert not User.objects.get(username=demo.LIBRARIAN).has_usable_password()


def test_no_demo_account_left_means_no_printed_password(client: Client) -> None:
    demo.create_accounts()
    User.objects.exclude(username=demo.LIBRARIAN).update(is_active=False)
    assert demo.PASSWORD not in client.get(SIGN_IN).content.decode()
