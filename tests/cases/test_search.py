"""Search: every word counts, the last may be only begun, and nothing that is typed is syntax."""

import pytest
from django.test import Client

from cases.models import Case, Spelling, Term, TermWord
from cases.search import MAX_WORDS, matching, words_of
from cases.services import cases, term_loading
from cases.services.terms import coded_term, local_term
from cases.spelling import did_you_mean
from cases.words import MAX_LETTERS
from medweb.accounts.models import Role, User
from tests.builders import rows

pytestmark = pytest.mark.django_db


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
    assert [word.raw for word in words_of("x, y! " * 100)] == ["x", "y"] * (MAX_WORDS // 2)
    assert [word.raw for word in words_of("x" * 5000)] == ["x" * MAX_LETTERS]


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


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("epanchement", "Épanchement"),
        ("EPANCHEMENTS", "Épanchement"),
        ("e\u0301panchement", "Épanchement"),
        ("fievre", "Épanchement"),
        ("fiè", "Épanchement"),
        ("consolidati", "Lobar pneumonia"),
        ("consolidation lobe", "Lobar pneumonia"),
        ("3", "Épanchement"),
    ],
)
def test_accents_and_begun_words_are_the_same_on_both_databases(library, query, title):
    assert found(query) == {title}


CHINESE = {
    "右肺下叶肺炎": {
        "findings": "右肺下叶见大片实变影，其内可见支气管充气征。",
        "history": "咳嗽、发热三天。",
    },
    "左肺上叶结节": {"findings": "左肺上叶见一结节，直径约 8 mm，边界清楚。", "history": "体检发现。"},
    "桡骨远端骨折": {"findings": "桡骨远端骨皮质不连续，断端向背侧移位。", "history": "摔倒后腕部疼痛。"},
}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("肺", {"右肺下叶肺炎", "左肺上叶结节"}),
        ("结节", {"左肺上叶结节"}),
        ("肺结节", set()),
        ("肺 结节", {"左肺上叶结节"}),
        ("骨折", {"桡骨远端骨折"}),
        ("支气管充气征", {"右肺下叶肺炎"}),
        ("征", {"右肺下叶肺炎"}),
        ("上叶 8 mm", {"左肺上叶结节"}),
        ("左肺下叶", set()),
        ("疼痛", {"桡骨远端骨折"}),
        ("胸腔", set()),
    ],
)
def test_chinese_is_found_by_its_signs(author, query, titles):
    for title, fields in CHINESE.items():
        rows.bare(author, title=title, **fields)
    assert found(query) == titles


@pytest.fixture
def fractures(author):
    """Two codes below one, of which the upper one has a synonym."""
    upper = coded_term(system="icd10", code="S52", display="Fracture of forearm")
    TermWord.objects.create(term=upper, word="broken arm")
    colles = coded_term(system="icd10", code="S52.5", display="Fracture of lower end of radius")
    ulna = coded_term(system="icd10", code="S52.0", display="Olecranon lesion")
    for term in (colles, ulna):
        term.parent = upper
        term.save()
    rows.bare(author, title="One", diagnosis=colles)
    rows.bare(author, title="Two", diagnosis=ulna)
    rows.bare(author, title="Three", diagnosis=local_term("Sprain"))
    return upper


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("S52", {"One", "Two"}),
        ("s52.5", {"One"}),
        ("icd10 S52", {"One", "Two"}),
        ("fracture", {"One", "Two"}),
        ("broken arm", {"One", "Two"}),
        ("radius", {"One"}),
        ("sprained", {"Three"}),
    ],
)
def test_a_diagnosis_is_found_by_code_synonym_and_what_it_is_a_kind_of(fractures, query, titles):
    assert found(query) == titles


def test_the_index_follows_the_terms(fractures):
    word = TermWord.objects.get(word="broken arm")
    word.word = "cracked wing"
    word.save()
    assert found("cracked") == {"One", "Two"}
    assert found("broken") == set()
    fractures.display = "Injury of forearm"
    fractures.save()
    assert found("injuries") == {"One", "Two"}
    word.delete()
    assert found("cracked") == set()


def test_the_index_follows_a_terminology_that_is_loaded(author, fractures, tmp_path):
    """Terms are loaded in bulk, which sends no signal."""
    path = tmp_path / "terms.csv"
    path.write_text(
        "system,code,display,synonyms,parent\n"
        "icd10,T90,Injury of old age,ancient wound,\n"
        "icd10,S52,Fracture of forearm,snapped limb,T90\n",
        encoding="utf-8",
    )
    term_loading.load(path, by=rows.person(Role.ADMINISTRATOR))
    assert found("snapped limb") == {"One", "Two"}
    assert found("T90") == {"One", "Two"}
    assert found("ancient wound") == {"One", "Two"}
    assert found("broken arm") == set()


def test_a_circle_of_terms_ends(author, fractures):
    fractures.parent = Term.objects.get(code="S52.5")
    fractures.save()
    rows.bare(author, title="Round", diagnosis=fractures)
    assert "Round" in found("lower end")


def test_the_best_match_comes_first(author):
    rows.bare(author, title="A title", diagnosis=local_term("Sarcoidosis"))
    rows.bare(author, title="Words", keywords="sarcoidosis, lung")
    rows.bare(author, title="Sarcoidosis")
    rows.bare(author, title="Text", discussion="Sarcoidosis was thought of.")
    client = Client()
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")

    def titles(query):
        return [case.title for case in client.get(query).context["page"].rows]

    assert titles("/?q=sarcoidosis") == ["Sarcoidosis", "A title", "Words", "Text"]
    assert titles("/?q=sarcoidosis&sort=newest") == ["Text", "Sarcoidosis", "Words", "A title"]
    assert titles("/?q=sarcoidosis&sort=title") == ["A title", "Sarcoidosis", "Text", "Words"]


def test_hits_are_marked_and_what_was_typed_stays_text(author):
    rows.bare(
        author,
        title="<b>Nodules</b> & more",
        findings="**Long** before. " * 20
        + "A [nodule](https://example.org) <script>x</script> was épaissi. " * 2,
    )
    client = Client()
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    (case,) = client.get("/?q=nodule").context["page"].rows
    assert case.title_html == "&lt;b&gt;<mark>Nodules</mark>&lt;/b&gt; &amp; more"
    assert case.hit.field == "Findings"
    assert "A <mark>nodule</mark> &lt;script" in case.hit.html
    assert case.hit.html.startswith("… ")
    assert len(case.hit.html) < 400
    (case,) = client.get("/?q=epaissi").context["page"].rows
    assert "<mark>épaissi</mark>" in case.hit.html
    page = client.get("/?q=nodule").content.decode()
    assert "<script>x</script>" not in page
    rows.bare(author, title="肺结节", findings="左肺见结节。")
    (case,) = client.get("/?q=结节").context["page"].rows
    assert case.title_html == "肺<mark>结节</mark>"
    (case,) = client.get("/?q=肺").context["page"].rows
    assert case.title_html == "<mark>肺</mark>结节"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pnuemonia", "pneumonia"),
        ("neumonia", "pneumonia"),
        ("fractrue radius", "fracture radius"),
        ("empiema", "empyema"),
        ("consolidasion", "consolidation"),
        ("zzzzzzz", ""),
        ("wrist nodule", ""),
        ("pneumonia", ""),
    ],
)
def test_another_spelling_is_offered_when_it_finds_something(library, typed, meant):
    user = rows.person()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/", {"q": typed}).context["meant"] == meant


def test_no_word_of_an_invisible_case_is_offered(author):
    rows.draft(author, images=0, title="Berylliosis")
    rows.club(author, cases=(rows.bare(author, title="Histoplasmosis"),))
    student = rows.person()
    assert did_you_mean(Case.objects.visible_to(author), "beryliosis", author) == "berylliosis"
    for typed in ("beryliosis", "histoplasmsis"):
        assert did_you_mean(Case.objects.visible_to(student), typed, student) == ""


def test_words_go_with_the_last_case_that_has_them(author):
    one = rows.draft(author, images=0, title="Berylliosis", history="", findings="")
    two = rows.draft(author, images=0, title="Berylliosis here", history="", findings="")
    assert Spelling.objects.filter(word="berylliosis").exists()
    cases.delete(case=one, by=author)
    assert Spelling.objects.filter(word="berylliosis").exists()
    cases.update(case=two, revision=1, fields={"title": "Here"}, by=author)
    assert not Spelling.objects.exists()


@pytest.fixture
def unknown(author):
    """A case that a student reads as an unknown, and one of the same kind that everybody sees."""
    term = local_term("Sarcoidosis")
    fields = {
        "unknown": True, "neutral_title": "A cough", "history": "Cough in spring.", "keywords": "granuloma",
        "findings": "Enlarged hilar nodes.", "discussion": "Biopsy was done.", "organ_system": "respiratory",
    }  # fmt: skip
    return rows.bare(author, title="Löfgren syndrome", diagnosis=term, **fields)


@pytest.mark.parametrize(
    "query", ["löfgren", "lofgren", "sarcoidosis", "granuloma", "hilar", "biopsy", "cough hilar", "sarc"]
)
def test_an_unknown_is_found_by_nothing_that_it_hides(author, unknown, query):
    student = rows.person()
    assert list(matching(Case.objects.all(), query, author)) == [unknown]
    assert not matching(Case.objects.all(), query, student)
    assert did_you_mean(Case.objects.all(), f"{query}x", student) == ""
    client = Client()
    client.force_login(student, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/", {"q": query}).context["total"] == 0
    assert client.get("/api/cases/", {"q": query}).json()["results"] == []


@pytest.mark.parametrize("query", ["cough", "spring", "a cough"])
def test_an_unknown_is_found_and_marked_by_what_it_shows(unknown, query):
    client = Client()
    client.force_login(rows.person(), backend="django.contrib.auth.backends.ModelBackend")
    for view in ("", "&view=list"):
        page = client.get(f"/?q={query}{view}")
        assert [case.pk for case in page.context["page"].rows] == [unknown.pk]
        content = page.content.decode().lower()
        assert "cough" in content
        for hidden in ("löfgren", "sarcoid", "granuloma", "hilar", "biopsy"):
            assert hidden not in content


def test_facets_and_orders_tell_nothing_of_an_unknown(author, unknown):
    rows.bare(author, title="Aa", history="")
    rows.bare(author, title="Zz", history="", organ_system="skin")
    client = Client()
    client.force_login(rows.person(), backend="django.contrib.auth.backends.ModelBackend")

    def found(query):
        context = client.get(query).context
        names = {(f.name, v.value): v.count for f in context["facets"] for v in f.values}
        return [case.title for case in context["page"].rows], names

    titles, counts = found("/?sort=title")
    assert titles == ["Aa", "Zz", "A cough"]
    assert ("organ_system", "respiratory") not in counts
    assert not [name for name, _value in counts if name == "diagnosis"]
    assert found(f"/?diagnosis={unknown.diagnosis_id}")[0] == []
    assert found("/?organ_system=respiratory")[0] == []
    # The place among the best matches is one of those that match in their texts only.
    rows.bare(author, title="Cough")
    assert found("/?q=cough")[0] == ["Cough", "A cough"]
