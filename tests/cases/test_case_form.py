"""Writing a case: rows, what saves itself, the preview and the checklist."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from cases.completeness import ITEMS, Facts, completeness_of, measure
from cases.models import Case, CaseReference, Differential, Term
from cases.section_templates import choices
from cases.services import cases
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(author):
    return rows.draft(author, images=0)


@pytest.fixture
def client(author):
    client = Client()
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    return client


def typed(case=None, **fields):
    plain = {"title": "A nodule", "modality": "CT", "body_region": "chest", "level": "beginner"}
    return {**plain, "revision": case.revision if case else "", **fields}


def keep(client, case, **fields):
    return client.post(reverse("cases:case-keep", args=[case.pk]), typed(case, **fields))


# --- rows -------------------------------------------------------------------------------------------------


def test_rows_of_the_form_are_kept_in_order_with_their_terms(client, case):
    term = Term.objects.create(system="radlex", code="RID3874", display="Granuloma")
    fields = {
        "differentials": "rows",
        "differentials-text": ["Granuloma", " ", "Hamartoma"],
        "differentials-term": [str(term.pk), "", "nonsense"],
        "authors": "rows",
        "authors-name": ["Ann", "Bob Box"],
        "authors-affiliation": ["", "Clinic of X"],
        "references": "2. Fleischner. doi:10.1148/RADIOL.2017161659\n\n10.1148/rg.230034",
    }
    answer = client.post(reverse("cases:case-edit", args=[case.pk]), typed(case, **fields))
    assert answer.status_code == 302
    case.refresh_from_db()
    assert [(row.text, row.term) for row in case.differentials.all()] == [
        ("Granuloma", term),
        ("Hamartoma", None),
    ]
    assert case.differential == "Granuloma\nHamartoma"
    assert list(case.authors.values_list("name", "affiliation", "user__username")) == [
        ("Ann", "", None),
        ("Bob Box", "Clinic of X", None),
    ]
    assert list(case.references.values_list("text", "doi")) == [
        ("Fleischner.", "10.1148/radiol.2017161659"),
        ("", "10.1148/rg.230034"),
    ]
    page = client.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert "RID3874" in page
    assert "https://doi.org/10.1148/rg.230034" in page
    assert "Clinic of X" in page


def test_rows_that_were_all_removed_are_gone_and_rows_not_sent_stay(client, case, author):
    fields = {"authors": [{"name": "Ann"}], "differentials": [{"text": "Cyst", "term": None}]}
    case = cases.update(case=case, revision=case.revision, fields=fields, by=author)
    keep(client, case, findings="More.")
    assert case.authors.count() == case.differentials.count() == 1
    case.refresh_from_db()
    keep(client, case, authors="rows", differentials="rows")
    case.refresh_from_db()
    assert case.authors.count() == case.differentials.count() == 0
    assert case.differential == ""


def test_the_text_alone_keeps_the_terms_of_lines_that_are_still_there(case, author):
    term = Term.objects.create(system="radlex", code="RID1", display="Cyst")
    lines = [{"text": "Cyst", "term": term.pk}, {"text": "Scar", "term": None}]
    case = cases.update(case=case, revision=1, fields={"differentials": lines}, by=author)
    case = cases.update(case=case, revision=2, fields={"differential": "1. Abscess\n2. Cyst"}, by=author)
    assert [(row.text, row.term) for row in Differential.objects.filter(case=case)] == [
        ("Abscess", None),
        ("Cyst", term),
    ]


def test_a_term_that_one_may_not_see_is_not_taken(case, author):
    secret = Term.objects.create(code="rare", display="Rare disease")
    lines = [{"text": "Rare disease", "term": secret.pk}]
    case = cases.update(case=case, revision=1, fields={"differentials": lines}, by=author)
    assert case.differentials.get().term is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"authors": [{"name": "", "affiliation": "Clinic"}]}, "Author 1 has an affiliation and no name"),
        ({"authors": [{"name": "Ann"}, {"name": "ann"}]}, "stands there twice"),
        ({"authors": [{"name": f"A{n}"} for n in range(31)]}, "at most 30 authors"),
        ({"differentials": [{"text": "Cyst"}, {"text": "cyst"}]}, "twice in the differential"),
        ({"differentials": [{"text": "x" * 301}]}, "more than 300 characters"),
        ({"references": ["doi:11.1/x"]}, "Reference 1: “doi:11.1/x” is no DOI"),
        ({"references": ["10.1000/182", "https://doi.org/10.1000/182"]}, "References 1 and 2 are the same"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(case, author, fields, sentence):
    with pytest.raises(ValidationError, match=sentence):
        cases.update(case=case, revision=1, fields=fields, by=author)
    assert not CaseReference.objects.exists()


def test_a_wrong_row_comes_back_with_all_that_was_typed(client, case):
    fields = {
        "references": "doi:11.1/x",
        "authors": "rows",
        "authors-name": ["Zed"],
        "authors-affiliation": [""],
    }
    answer = client.post(reverse("cases:case-edit", args=[case.pk]), typed(case, **fields))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "is no DOI" in page
    assert 'value="Zed"' in page
    assert "doi:11.1/x</textarea>" in page


# --- the diagnosis ----------------------------------------------------------------------------------------


def test_the_term_that_was_chosen_counts_as_long_as_its_words_stand_there(client, case):
    first = Term.objects.create(system="radlex", code="RID1", display="Mass")
    other = Term.objects.create(system="snomed", code="4147007", display="Mass")
    keep(client, case, diagnosis_text="mass", diagnosis_term=str(other.pk))
    case.refresh_from_db()
    assert case.diagnosis == other
    keep(client, case, diagnosis_text="Mass", diagnosis_term="")
    case.refresh_from_db()
    assert case.diagnosis == first
    keep(client, case, diagnosis_text="Mass of the lung", diagnosis_term=str(other.pk))
    case.refresh_from_db()
    assert case.diagnosis.display == "Mass of the lung"
    assert case.diagnosis.system == "local"


# --- what saves itself ------------------------------------------------------------------------------------


def test_a_draft_saves_itself(client, case):
    answer = keep(client, case, findings="Written while nobody pressed anything.").json()
    case.refresh_from_db()
    assert case.findings == "Written while nobody pressed anything."
    assert answer["revision"] == case.revision == 2
    assert answer["told"].startswith("Saved ")
    assert "checklist__total" in answer["checklist"]
    assert AuditEvent.objects.get(verb="case.update").details["unasked"] is True


def test_a_new_case_becomes_a_draft_once(client, author):
    answer = client.post(reverse("cases:case-keep-new"), typed()).json()
    case = Case.objects.get()
    assert (case.author, case.status) == (author, "draft")
    assert answer["keep_url"] == reverse("cases:case-keep", args=[case.pk])
    assert answer["edit_url"] == reverse("cases:case-edit", args=[case.pk])
    # The box was not on this form, so nothing was said about it.
    assert client.post(answer["keep_url"], typed(case, history="h")).status_code == 200
    assert Case.objects.count() == 1


def test_a_published_case_waits_for_its_author(client, author):
    case = rows.published(author)
    answer = keep(client, case, findings="Half a sent")
    assert answer.status_code == 422
    assert "when you press" in answer.json()["detail"]
    case.refresh_from_db()
    assert case.findings != "Half a sent"


def test_what_somebody_else_saved_is_not_written_over(client, case, author):
    cases.update(case=case, revision=1, fields={"findings": "Theirs."}, by=author)
    answer = keep(client, case, findings="Mine.", revision=1)
    assert answer.status_code == 409
    case.refresh_from_db()
    assert case.findings == "Theirs."


def test_an_unfinished_form_says_which_field_it_is(client, case):
    answer = keep(client, case, title=" ")
    assert answer.status_code == 422
    assert answer.json() == {"detail": "Title: This field is required.", "field": "title"}


# --- the preview ------------------------------------------------------------------------------------------


def test_the_preview_is_what_the_page_shows(client, author):
    case = rows.draft(author, images=3)
    text = "**Nodule** on slice 2, none on slice 9. <script>x</script>"
    html = client.post(reverse("cases:case-preview", args=[case.pk]), {"text": text}).content.decode()
    series = case.series.get().pk
    assert "<strong>Nodule</strong>" in html
    assert f'href="/cases/{case.pk}/?series={series}&amp;image=2#pictures"' in html
    assert 'aria-disabled="true"' in html
    assert "<script" not in html
    cases.update(case=case, revision=1, fields={"findings": text}, by=author)
    assert html.split("<p>")[1].split("</p>")[0] in client.get(f"/cases/{case.pk}/").content.decode()


# --- the checklist ----------------------------------------------------------------------------------------


def test_the_weights_make_a_hundred_and_every_field_is_on_the_form(client, case):
    assert sum(item.weight for item in ITEMS) == 100
    page = client.get(reverse("cases:case-edit", args=[case.pk])).content.decode()
    for item in ITEMS:
        assert not item.field or f'id="field-{item.field}"' in page, item.key


def test_completeness_grows_with_the_case(client, author):
    case = rows.draft(author, images=0, history="", findings="")
    assert completeness_of(case).percent == 0
    case = rows.draft(author, images=1)
    before = completeness_of(case)
    assert {"images", "history"} <= {item.key for item, there in before.items if there}
    fields = {
        "diagnosis_text": "Granuloma",
        "references": ["10.1148/rg.230034"],
        "authors": [{"name": "Ann"}],
    }
    case = cases.update(case=case, revision=case.revision, fields=fields, by=author)
    after = completeness_of(case)
    assert after.percent == before.percent + 12 + 4 + 2
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert f"{after.percent} %" in page
    assert f'href="/cases/{case.pk}/edit/#field-discussion"' in page


def test_readers_are_not_told_what_is_missing(author):
    case = rows.published(author)
    student = Client()
    student.force_login(rows.person("student"), backend="django.contrib.auth.backends.ModelBackend")
    assert "checklist" not in student.get(f"/cases/{case.pk}/").content.decode()


def test_words_of_languages_without_blanks_are_counted():
    facts = Facts(Case(history="咳嗽三周无发热"), False, False, False)
    assert [item.key for item, there in measure(facts).items if there] == ["history"]


def test_templates_fill_fields_of_the_form():
    names = {name for one in choices() for name in one["sections"]}
    assert names == {"history", "findings", "discussion", "management", "pearls"}
    assert len({one["key"] for one in choices()}) == len(choices()) >= 8
