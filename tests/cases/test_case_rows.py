"""What the database itself promises of a case, of who wrote it and of the terms it uses."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from cases.enums import CASE_MOVES, CaseStatus
from cases.models import Case, CaseAuthor, CaseReference, Differential, Term, TermWord
from cases.search import matching
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return rows.bare(rows.instructor("ann"))


def refused(act):
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def test_a_retracted_case_says_when_and_why(case):
    rows_of = Case.objects.filter(pk=case.pk)
    refused(lambda: rows_of.update(status=CaseStatus.RETRACTED))
    refused(lambda: rows_of.update(status=CaseStatus.RETRACTED, retracted_at=timezone.now()))
    rows_of.update(status=CaseStatus.RETRACTED, retracted_at=timezone.now(), retraction_reason="Wrong side.")
    refused(lambda: rows_of.update(published_at=None))


def test_a_case_in_review_needs_no_day_of_publication(case):
    Case.objects.filter(pk=case.pk).update(status=CaseStatus.IN_REVIEW, published_at=None)
    refused(lambda: Case.objects.filter(pk=case.pk).update(status=CaseStatus.PUBLISHED))


def test_a_published_case_goes_back_to_a_draft_or_is_retracted():
    assert CASE_MOVES[CaseStatus.PUBLISHED] == {CaseStatus.DRAFT, CaseStatus.RETRACTED}


@pytest.mark.parametrize("status", [CaseStatus.IN_REVIEW, CaseStatus.RETRACTED])
def test_only_published_cases_are_for_others(case, status):
    Case.objects.update(status=status, retracted_at=timezone.now(), retraction_reason="Wrong side.")
    student = rows.person("student")
    assert not Case.objects.visible_to(student).exists()
    assert Case.objects.visible_to(case.author).get() == case


@pytest.mark.parametrize(("days", "due"), [(-1, True), (0, True), (1, False)])
def test_due_is_a_published_case_whose_day_has_come(case, days, due):
    case.review_due_on = timezone.localdate() + timedelta(days=days)
    assert case.is_review_due is due
    case.status = CaseStatus.DRAFT
    assert not case.is_review_due


@pytest.mark.parametrize(
    ("tag", "good"), [("en", True), ("zh-Hans", True), ("pt-BR", True), ("English", False)]
)
def test_a_language_is_a_tag(case, tag, good):
    case.language = tag
    if good:
        case.full_clean()
    else:
        with pytest.raises(ValidationError, match="BCP 47"):
            case.full_clean()


def test_search_still_follows_the_text(case):
    """Each new column makes the table anew on SQLite, and its triggers go."""
    case.findings = "A pneumatocele."
    case.save()
    assert matching(Case.objects.all(), "pneumatocele", case.author).get() == case
    case.findings = "Nothing."
    case.save()
    assert not matching(Case.objects.all(), "pneumatocele", case.author).exists()


def test_rows_of_a_case_have_one_place_each(case):
    CaseAuthor.objects.create(case=case, position=0, name="Ann")
    refused(lambda: CaseAuthor.objects.create(case=case, position=0, name="Bob"))
    refused(lambda: CaseAuthor.objects.create(case=case, position=1, name=""))
    CaseReference.objects.create(case=case, position=0, doi="10.1000/182")
    refused(lambda: CaseReference.objects.create(case=case, position=1, doi="10.1000/182"))
    refused(lambda: CaseReference.objects.create(case=case, position=1))
    CaseReference.objects.create(case=case, position=1, text="Ann. Chest signs. 1999.")
    Differential.objects.create(case=case, position=0, text="Abscess")
    refused(lambda: Differential.objects.create(case=case, position=0, text="Cyst"))


def test_loaded_terms_are_for_everybody_and_typed_ones_belong_to_their_case(case):
    typed = Term.objects.create(code="typed", display="Rare disease")
    loaded = Term.objects.create(code="loaded", display="Silhouette sign", loaded=True)
    student = rows.person("student")
    assert list(Term.objects.visible_to(student)) == [loaded]
    Case.objects.filter(pk=case.pk).update(diagnosis=typed)
    assert set(Term.objects.visible_to(student)) == {typed, loaded}


def test_a_term_keeps_each_wording_once():
    term = Term.objects.create(system="radlex", code="RID1", display="Nodule")
    TermWord.objects.create(term=term, word="Knoten", language="de")
    refused(lambda: TermWord.objects.create(term=term, word="Knoten", language="de"))
    TermWord.objects.create(term=term, word="Knoten", language="nl")
