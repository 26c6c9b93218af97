"""Search: every word counts, the last may be only begun, and nothing that is typed is syntax."""

import pytest
from django.test import Client

from cases.models import Case
from cases.search import MAX_LETTERS, MAX_WORDS, matching, words_of
from cases.services import cases
from medweb.accounts.models import User
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def author():
    return rows.instructor("ann")


@pytest.fixture
def library(author):
    texts = {
        "pneumonia": {"title": "Lobar pneumonia", "findings": "Consolidation of the right lower lobe."},
        "nodule": {"title": "Solitary nodule", "discussion": "Growing nodules need follow-up imaging."},
        "fracture": {
            "title": "Colles fracture",
            "management": "Closed reduction.",
            "keywords": "wrist, radius",
        },
        "effusion": {"title": "Épanchement", "differential": "Empyema", "history": "Fièvre à 39 °C."},
    }
    plain = {"history": "", "findings": ""}
    return {name: rows.bare(author, **{**plain, **fields}) for name, fields in texts.items()}


def found(query):
    return {case.title for case in matching(Case.objects.all(), query, User.objects.get(username="ann"))}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("pneumonia", {"Lobar pneumonia"}),
        ("PNEUMONIA", {"Lobar pneumonia"}),
        ("right lobe", {"Lobar pneumonia"}),
        ("lobe right", {"Lobar pneumonia"}),
        ("right wrist", set()),
        ("pneu", {"Lobar pneumonia"}),
        ("pneu lobe", set()),
        ("lower pneu", {"Lobar pneumonia"}),
        ("closed reduction", {"Colles fracture"}),
        ("radius", {"Colles fracture"}),
        ("empyema", {"Épanchement"}),
        ("neumonia", set()),
        ("", {"Lobar pneumonia", "Solitary nodule", "Colles fracture", "Épanchement"}),
        ("  ...  ", {"Lobar pneumonia", "Solitary nodule", "Colles fracture", "Épanchement"}),
    ],
)
def test_every_word_and_the_beginning_of_the_last(library, query, titles):
    assert found(query) == titles


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("nodule", "Solitary nodule"),
        ("nodules", "Solitary nodule"),
        ("fractures", "Colles fracture"),
        ("fractured wrist", "Colles fracture"),
        ("growing", "Solitary nodule"),
        ("grow", "Solitary nodule"),
        ("consolidations", "Lobar pneumonia"),
        ("épanchement", "Épanchement"),
        ("fièvre", "Épanchement"),
        ("39", "Épanchement"),
    ],
)
def test_forms_of_a_word_meet_on_both_databases(library, query, title):
    assert found(query) == {title}


@pytest.mark.parametrize(
    "query",
    [
        '"', '""', '"pneumonia', "pneumonia*", "title:pneumonia", "pneumonia OR nodule", "NOT pneumonia",
        "pneumonia NEAR nodule", "-pneumonia", "(pneumonia", "pneumonia)", "{title}: x", "^pneumonia",
        "pneumonia & !nodule", "a | b", "<->", "nodule:*", "'; DROP TABLE cases_case; --", "%' OR 1=1 --",
        "\\", "*", "AND", "OR", "NEAR(", "x" * 5000, "a " * 500,
        "\x00", "pneu\x00monia", "🫁", "١٢٣", "_", "__ _",
    ],
)  # fmt: skip
def test_nothing_that_is_typed_is_syntax(library, author, query):
    assert found(query) <= {case.title for case in library.values()}
    client = Client()
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/", {"q": query}).status_code == 200
    assert client.get("/api/cases/", {"q": query}).status_code == 200
    assert Case.objects.count() == len(library)


def test_operators_are_only_words_and_small_words_do_not_count(library):
    assert found("pneumonia OR nodule") == set()
    assert found("NOT pneumonia") == {"Lobar pneumonia"}
    assert found("consolidation in a lobe of the") == {"Lobar pneumonia"}
    assert len(found("the")) == len(library)


def test_a_long_entry_is_cut_to_its_first_words():
    assert words_of("x, y! " * 100) == ["x", "y"] * (MAX_WORDS // 2)
    assert words_of("x" * 5000) == ["x" * MAX_LETTERS]


def test_the_index_follows_changes_and_deletions(author):
    case = rows.draft(author, images=0, title="Sarcoidosis")
    assert found("sarcoidosis") == {"Sarcoidosis"}
    cases.update(case=case, revision=1, fields={"title": "Berylliosis"}, by=author)
    assert found("sarcoidosis") == set()
    assert found("berylliosis") == {"Berylliosis"}
    Case.objects.filter(pk=case.pk).update(keywords="granuloma")
    assert found("granuloma") == {"Berylliosis"}
    cases.delete(case=case, by=author)
    assert found("berylliosis") == set()


def test_what_is_not_text_is_not_searched(author):
    rows.bare(author, title="One", source="Zanzibar archive", patient_key="zanzibar")
    assert found("zanzibar") == set()
