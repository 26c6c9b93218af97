"""Terms: found while one types, loaded from files, and kept apart from what belongs to a case."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from cases.exchange.terms import BadRow, TermRow, Wording, read_terms
from cases.models import Term, TermStart, TermWord
from cases.services import term_loading, term_search
from cases.services.terms import term_for
from cases.wordings import folded, starts_of
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return rows.person()


def term(code, display, *words, system="radlex", **fields):
    made = Term.objects.create(system=system, code=code, display=display, **fields)
    for word in words:
        TermWord.objects.create(term=made, word=word)
    return made


def found(query, reader, **options):
    return [one.display for one in term_search.find(query, user=reader, **options)]


# --- finding ----------------------------------------------------------------------------------------------


@pytest.fixture
def several():
    term("RID50149", "pulmonary nodule", "lung nodule")
    term("RID3875", "nodule")
    term("RID1301", "lung")
    term("RID39056", "lung mass")
    term("RID34539", "pleural effusion", "épanchement pleural")
    term("J18.9", "Pneumonia, germ not stated", system="icd10")
    term("233604007", "肺炎", system="snomed")


@pytest.mark.parametrize(
    ("query", "displays"),
    [
        ("nod", ["nodule", "pulmonary nodule"]),
        ("NODULE", ["nodule", "pulmonary nodule"]),
        ("lung", ["lung", "lung mass", "pulmonary nodule"]),
        ("lung nod", ["pulmonary nodule"]),
        ("nodule pulm", ["pulmonary nodule"]),
        ("rid3", ["lung mass", "nodule", "pleural effusion"]),
        ("RID3875", ["nodule"]),
        ("j18.9", ["Pneumonia, germ not stated"]),
        ("epanch", ["pleural effusion"]),
        ("炎", ["肺炎"]),
        ("odule", []),
        ("nodule lung mass", []),
        ("%", []),
        ("_", []),
        ("", []),
    ],
)
def test_any_word_of_any_wording_may_be_begun(several, reader, query, displays):
    assert sorted(found(query, reader)) == sorted(displays)


def test_the_nearest_come_first(several, reader):
    assert found("lung", reader) == ["lung", "lung mass", "pulmonary nodule"]
    assert found("lung", reader, most=1) == ["lung"]
    assert found("p", reader, systems=["icd10"]) == ["Pneumonia, germ not stated"]


def test_a_synonym_that_was_found_is_told(several, reader):
    (nodule,) = term_search.find("lung nod", user=reader)
    assert nodule.matched == "lung nodule"
    assert term_search.find("pulmonary nod", user=reader)[0].matched == ""


def test_wordings_of_cases_are_found_by_those_who_see_the_case(reader):
    author = rows.instructor()
    cases = rows.draft(author, images=0, diagnosis_text="Zebra syndrome")
    assert found("zebra", reader) == []
    assert found("zebra", author) == [cases.diagnosis.display]
    term("starter-x", "Zebra sign", system="local", loaded=True)
    assert found("zebra", reader) == ["Zebra sign"]


def test_a_term_is_found_by_its_new_name_only(reader):
    one = term("RID1", "Old name", "Older name")
    one.display = "New name"
    one.save()
    assert found("old", reader) == ["New name"]
    TermWord.objects.all().delete()
    one.save()
    assert found("old", reader) == []
    assert found("name", reader) == ["New name"]


def test_the_list_costs_the_same_for_one_and_for_many(several, reader, django_assert_num_queries):
    reader.roles  # noqa: B018  read once per request
    with django_assert_num_queries(3):
        term_search.find("rid3875", user=reader)
    with django_assert_num_queries(3):
        term_search.find("l", user=reader)


def test_the_endpoint_tells_what_a_list_shows(several):
    client = Client()
    client.force_login(rows.person(), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse("api-terms"), {"q": "lung nod"}).json()["results"]
    assert [(one["system_display"], one["code"], one["matched"]) for one in answer] == [
        ("RadLex", "RID50149", "lung nodule")
    ]
    assert answer[0]["words"] == [{"word": "lung nodule", "language": "en"}]
    assert len(client.get(reverse("api-terms"), {"q": "l\0ung", "page_size": "2"}).json()["results"]) == 2
    everything = client.get(reverse("api-terms"), {"system": ["icd10", "nonsense"]}).json()["results"]
    assert [one["code"] for one in everything] == ["J18.9"]


def test_a_loaded_local_term_is_the_one_that_its_wording_names():
    loaded = term("starter-x", "cardiomegaly", system="local", loaded=True)
    assert term_for("Cardiomegaly") == loaded


def test_folding():
    assert folded("Épanchement, SÉRIE 2") == ["epanchement", "serie", "2"]
    assert starts_of(["Lymph node"]) == {"lymph node", "node"}
    assert {"肺结节", "结节", "节"} == starts_of(["肺结节"])
    assert all(len(start) <= 80 for start in starts_of(["x" * 500, "a " * 500]))


# --- loading ----------------------------------------------------------------------------------------------

CSV = """\ufeffsystem,code,display,synonyms,language,parent
radlex,RID2,Child,Kid|de:Kind|kid,en,RID1
radlex,RID1,Parent,,,
icd10,,No code,,,
nonsense,X,Unknown system,,,
"""

OWL = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:owl="http://www.w3.org/2002/07/owl#"
  xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xmlns:RID="http://www.radlex.org/RID/#">
  <owl:Ontology rdf:about="http://www.radlex.org/RID/"/>
  <owl:AnnotationProperty rdf:about="http://www.radlex.org/RID/#Synonym"><rdfs:label>Synonym</rdfs:label>
  </owl:AnnotationProperty>
  <owl:Class rdf:about="http://www.radlex.org/RID/#RID50149">
    <rdfs:label xml:lang="en">pulmonary nodule</rdfs:label>
    <RID:Preferred_name xml:lang="en">pulmonary nodule</RID:Preferred_name>
    <RID:Synonym xml:lang="en">lung nodule</RID:Synonym>
    <RID:Non-English_name xml:lang="de">Lungenrundherd</RID:Non-English_name>
    <rdfs:subClassOf rdf:resource="http://www.radlex.org/RID/#RID3875"/>
  </owl:Class>
  <owl:Class rdf:about="http://www.radlex.org/RID/RID3875"><rdfs:label>nodule</rdfs:label></owl:Class>
  <owl:Class rdf:about="http://www.radlex.org/RID/RID9"><rdfs:label>gone</rdfs:label>
    <owl:deprecated>true</owl:deprecated></owl:Class>
  <owl:Class rdf:about="http://www.radlex.org/RID/RID10"/>
</rdf:RDF>
"""


@pytest.fixture
def file(tmp_path):
    def make(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


def test_rows_of_csv_and_what_is_wrong_with_others(file):
    good, other, *bad = read_terms(file("terms.csv", CSV))
    assert good == TermRow(
        "radlex", "RID2", "Child", "en", "RID1", (Wording("Kid", "en"), Wording("Kind", "de"))
    )
    assert other.code == "RID1"
    assert bad == [
        BadRow(4, "has no code or no display."),
        BadRow(5, "has the system “nonsense”; known are radlex, icd10, snomed and local."),
    ]


def test_classes_of_owl(file):
    nodule, parent = read_terms(file("radlex.owl", OWL))
    assert nodule == TermRow(
        "radlex", "RID50149", "pulmonary nodule", "en", "RID3875",
        (Wording("lung nodule", "en"), Wording("Lungenrundherd", "de")),
    )  # fmt: skip
    assert (parent.code, parent.display, parent.parent) == ("RID3875", "nodule", "")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("x.csv", "a,b\n1,2\n", "must name the columns"),
        ("x.owl", "no xml", "is no RDF/XML"),
        ("x.owl", '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', "declares entities"),
    ],
)
def test_what_is_no_terminology_says_what_to_do(file, name, text, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("load_terms", str(file(name, text)))
    assert not Term.objects.exists()


def test_loading_again_changes_only_what_is_different(file, reader):
    first = term_loading.load(file("terms.csv", CSV), by=None)
    assert (first.made, first.changed, first.same, len(first.wrong)) == (2, 0, 0, 2)
    child = Term.objects.get(code="RID2")
    assert (child.parent.code, child.loaded) == ("RID1", True)
    assert sorted(child.words.values_list("word", "language")) == [("Kid", "en"), ("Kind", "de")]
    assert found("kind", reader) == ["Child"]
    again = term_loading.load(file("terms.csv", CSV), by=None)
    assert (again.made, again.changed, again.same) == (0, 0, 2)
    other = term_loading.load(
        file("terms.csv", CSV.replace("Child,Kid|de:Kind|kid,en,RID1", "Infant,,en,")), by=None
    )
    assert (other.made, other.changed, other.same) == (0, 1, 1)
    child.refresh_from_db()
    assert (child.display, child.parent) == ("Infant", None)
    assert found("kind", reader) == found("child", reader) == []
    assert AuditEvent.objects.filter(verb="term.load").count() == 2


def test_the_command_tells_line_by_line(file):
    out, err = io.StringIO(), io.StringIO()
    call_command("load_terms", str(file("terms.csv", CSV)), stdout=out, stderr=err)
    assert "2 made, 0 changed, 0 as they were, 2 left out." in out.getvalue()
    assert "Line 4 has no code or no display." in err.getvalue()
    with pytest.raises(CommandError, match="Name a file"):
        call_command("load_terms")
    with pytest.raises(CommandError, match="There is no file"):
        call_command("load_terms", "nowhere.csv")


def test_the_set_that_comes_along(reader):
    call_command("load_terms", "--starter", verbosity=0)
    assert Term.objects.filter(system="radlex", loaded=True).count() > 100
    assert found("chest tu", reader) == ["thoracostomy tube"]
    assert Term.objects.get(code="RID50149").parent.code == "RID3875"
    assert not [row for row in read_terms(term_loading.STARTER) if isinstance(row, BadRow)]
    assert TermStart.objects.filter(term__code="RID34539").count() >= 3
