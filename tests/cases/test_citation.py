"""A case as a reference: what its page and its files say of it, and to whom."""

import pytest
from django.test import Client
from django.urls import reverse

from medweb.accounts.models import Role
from tests.builders import rows

pytestmark = pytest.mark.django_db


def test_the_page_says_how_to_cite_and_gives_both_files() -> None:
    author = rows.instructor("ann")
    case = rows.published(author, title="Round opacity")
    case.authors.create(position=1, name="Ann Author", affiliation="A school")
    client = Client()
    client.force_login(rows.person(Role.STUDENT, name="kim"))
    page = client.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert f"Ann Author. Round opacity. MedWeb, {case.published_at:%Y}, case {case.pk}, version 1." in page
    for form, kind, said in (
        ("bib", "application/x-bibtex", "Author, Ann"),
        ("ris", "research-info", "AU  - Ann Author"),
    ):
        address = reverse("cases:case-citation", args=[case.pk, form])
        assert address in page
        answer = client.get(address)
        assert kind in answer["Content-Type"]
        assert answer["Content-Disposition"] == f'attachment; filename="case-{case.pk}.{form}"'
        assert said in answer.content.decode()
        assert f"http://testserver/cases/{case.pk}/" in answer.content.decode()
    assert client.get(reverse("cases:case-citation", args=[case.pk, "doc"])).status_code == 404


def test_an_unknown_is_cited_by_its_neutral_title() -> None:
    case = rows.published(rows.instructor("ann"), title="Sarcoidosis", unknown=True, neutral_title="A cough")
    client = Client()
    client.force_login(rows.person(Role.STUDENT, name="kim"))
    for form in ("bib", "ris", "txt"):
        said = client.get(reverse("cases:case-citation", args=[case.pk, form])).content.decode()
        assert "A cough" in said
        assert "Sarcoidosis" not in said


def test_the_language_of_a_case_has_its_name() -> None:
    """The page's own language has the same name in templates, and was shown instead."""
    case = rows.published(rows.instructor("ann"), language="de")
    client = Client()
    client.force_login(rows.person(Role.STUDENT, name="kim"))
    page = client.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert '<dd lang="de">Deutsch</dd>' in page
