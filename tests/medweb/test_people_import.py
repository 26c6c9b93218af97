"""A list of people becomes accounts, all or none; each takes theirs by a link that works once."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from medweb.accounts import roster
from medweb.accounts.models import Role, User
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db
PASSWORD = "a word that nobody else has"
LIST = "username;display_name;email;roles\nann;Ann Example;ann@example.org;student, instructor\nbob;;;\n"
ADDRESS = "/people/import/"


@pytest.fixture
def admin(client):
    user = rows.person(Role.ADMINISTRATOR, name="ada")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def test_a_list_is_looked_at_first_and_then_made(client, admin):
    looked = client.post(ADDRESS, {"text": LIST, "act": "look"})
    assert looked.status_code == 200
    assert "Make 2 accounts" in looked.content.decode()
    assert not User.objects.filter(username="ann").exists()
    made = client.post(ADDRESS, {"text": LIST, "act": "make"})
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    ann, bob = User.objects.get(username="ann"), User.objects.get(username="bob")
    assert (ann.display_name, ann.email, sorted(ann.roles)) == (
        "Ann Example", "ann@example.org", ["instructor", "student"],
    )  # fmt: skip
    assert (sorted(bob.roles), bob.has_usable_password()) == (["student"], False)
    verbs = AuditEvent.objects.filter(actor_id=admin.pk).values_list("verb", flat=True)
    assert sorted(verbs) == ["user.create"] * 2 + ["user.import"] + ["user.invite"] * 2


def test_an_invitation_works_once(client, admin):
    made = client.post(ADDRESS, {"text": "username\nann", "act": "make"}).content.decode()
    (link,) = set(re.findall(r"http://testserver(/invitation/[^\"<]+)", made))
    client.logout()
    form = client.get(link, follow=True)
    assert "Welcome, ann" in form.content.decode()
    short = client.post(form.request["PATH_INFO"], {"new_password1": "x", "new_password2": "x"})
    assert "too short" in short.content.decode()
    data = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert client.post(form.request["PATH_INFO"], data)["Location"] == "/sign-in/"
    assert User.objects.get(username="ann").check_password(PASSWORD)
    assert AuditEvent.objects.filter(verb="user.change-password").count() == 1
    assert "This link does not work" in client.get(link, follow=True).content.decode()


def test_a_lost_password_gets_a_new_link(client, admin):
    ann = rows.person(name="ann")
    made = client.post(reverse("accounts:person-invite", args=[ann.pk])).content.decode()
    (link,) = set(re.findall(r"http://testserver(/invitation/[^\"<]+)", made))
    client.logout()
    assert "Welcome, ann" in client.get(link, follow=True).content.decode()
    # Nothing changed yet for who still knows the old one.
    ann.refresh_from_db()
    assert ann.check_password(rows.PASSWORD)


def test_wrong_lines_are_named_and_nobody_is_made(client, admin):
    rows.person(name="Taken")
    text = (
        "username,email,roles\ntaken,,\nbad name,,\n,,\neve,no address,king\neve,,student\nok,,staff,more\n"
    )
    answer = client.post(ADDRESS, {"text": text, "act": "make"})
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in (
        "Somebody has this user name already", "Enter a valid username", "Enter a valid email address",
        "There is no role “king”", "Line 5 has the same user name", "more cells than columns",
    ):  # fmt: skip
        assert words in page
    assert User.objects.count() == 2
    assert "bad name,," in page
    assert [(one.line, bool(one.errors)) for one in roster.parse(text)][:2] == [(2, True), (3, True)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "name the columns"),
        ("name\nann", "name the columns"),
        ("username,username\nann,bob", "name the columns"),
        ("username\n\n", "nobody in the list"),
        ("username\n" + "\n".join(f"p{n}" for n in range(501)), "At most 500"),
        ("username\nann\0", "no list of people"),
    ],
)
def test_what_is_no_list_comes_back_with_a_sentence(client, admin, text, words):
    answer = client.post(ADDRESS, {"text": text, "act": "look"})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_file_of_a_spreadsheet(client, admin):
    data = "\ufeffusername\tdisplay_name\nann\tAnn Ü\n".encode()
    page = client.post(ADDRESS, {"file": SimpleUploadedFile("people.csv", data), "act": "look"})
    assert "Ann Ü" in page.content.decode()
    latin = client.post(ADDRESS, {"file": SimpleUploadedFile("people.csv", "username\nÜ".encode("latin-1"))})
    assert "CSV UTF-8" in latin.content.decode()
