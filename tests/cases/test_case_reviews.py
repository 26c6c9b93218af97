"""The way of a case: handing in, the review, two pairs of eyes, re-review, retraction."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.enums import CaseReviewState, CaseStatus, NoticeKind, ReviewQuestion
from cases.errors import StaleRevision
from cases.models import Case, CaseReview, Collection, Notice
from cases.services import case_reviews, cases, collections
from medweb.accounts.models import Role
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db
ALL = ReviewQuestion.values


@pytest.fixture
def reviewer():
    return rows.instructor("bob")


@pytest.fixture
def submitted(author):
    case = rows.draft(author, title="A nodule")
    case_reviews.submit(case=case, by=author)
    case.refresh_from_db()
    return case


def approve(case, by, fulfilled=ALL):
    return case_reviews.approve(case=case, revision=case.revision, fulfilled=fulfilled, by=by)


def test_a_submitted_case_waits_for_other_instructors_only(submitted, author, reviewer, student):
    assert submitted.status == CaseStatus.IN_REVIEW
    assert list(Case.objects.waiting_for(reviewer)) == [submitted]
    assert not Case.objects.waiting_for(author).exists()
    assert not Case.objects.visible_to(student).exists()
    assert not Case.objects.waiting_for(student).exists()


def test_a_case_of_a_closed_collection_waits_for_those_invited(submitted, author, reviewer):
    rows.club(author, rows.instructor("eve"), cases=(submitted,))
    assert not Case.objects.waiting_for(reviewer).exists()


def test_approving_publishes_and_sets_the_day_of_the_next_review(submitted, author, reviewer):
    case = approve(submitted, reviewer)
    assert case.status == CaseStatus.PUBLISHED
    assert case.review_due_on == timezone.localdate() + timedelta(days=730)
    review = CaseReview.objects.get()
    assert (review.state, review.reviewer, review.fulfilled) == ("approved", reviewer, sorted(ALL))
    assert Notice.objects.get(user=author).kind == NoticeKind.CASE_PUBLISHED


def test_nobody_approves_a_case_of_their_own(submitted, author):
    with pytest.raises(PermissionDenied, match="your own"):
        approve(submitted, author)


def test_every_question_has_to_be_confirmed(submitted, reviewer):
    with pytest.raises(ValidationError) as refused:
        approve(submitted, reviewer, fulfilled=[one for one in ALL if one != "licence"])
    assert "Licence and source" in refused.value.messages[0]
    submitted.refresh_from_db()
    assert submitted.status == CaseStatus.IN_REVIEW


def test_what_was_changed_meanwhile_is_not_approved(submitted, author, reviewer):
    read = Case.objects.get(pk=submitted.pk)
    cases.update(case=submitted, revision=submitted.revision, fields={"history": "Fever."}, by=author)
    with pytest.raises(StaleRevision):
        approve(read, reviewer)


def test_a_returned_case_is_a_draft_with_what_was_said(submitted, author, reviewer):
    note = case_reviews.note(
        case=submitted, section="findings", text="How large?", quote="One nodule", by=reviewer
    )
    case_reviews.send_back(case=submitted, text="", by=reviewer)
    submitted.refresh_from_db()
    assert submitted.status == CaseStatus.DRAFT
    assert CaseReview.objects.get().state == CaseReviewState.RETURNED
    assert Notice.objects.get(user=author).kind == NoticeKind.CASE_RETURNED
    assert case_reviews.settle(note=note, by=author).settled_by == author
    case_reviews.submit(case=submitted, by=author)
    assert Notice.objects.get(user=reviewer).kind == NoticeKind.CASE_SUBMITTED


def test_nothing_is_returned_without_a_word(submitted, reviewer):
    with pytest.raises(ValidationError, match="Say what should be changed"):
        case_reviews.send_back(case=submitted, text="  ", by=reviewer)


def test_an_author_takes_a_case_back(submitted, author):
    cases.withdraw(case=submitted, by=author)
    assert CaseReview.objects.get().state == CaseReviewState.TAKEN_BACK
    case_reviews.submit(case=Case.objects.get(), by=author)
    assert CaseReview.objects.filter(state=CaseReviewState.OPEN).count() == 1


def test_without_two_eyes_an_author_publishes_alone(author):
    case = cases.publish_case(case=rows.draft(author), by=author)
    assert case.is_published


def test_with_two_eyes_an_author_needs_somebody_else(settings, author, reviewer, submitted):
    settings.TWO_EYES = True
    with pytest.raises(ValidationError, match="Submit it for review"):
        cases.publish_case(case=submitted, by=author)
    root = rows.person(Role.ADMINISTRATOR, name="root")
    own = rows.draft(root)
    with pytest.raises(ValidationError, match="Submit it for review"):
        cases.publish_case(case=own, by=root)
    assert approve(submitted, reviewer).is_published


def test_with_two_eyes_what_was_approved_is_not_changed_alone(settings, author, reviewer, submitted):
    settings.TWO_EYES = True
    case = approve(submitted, reviewer)
    with pytest.raises(ValidationError, match="changed as a draft"):
        cases.update(case=case, revision=case.revision, fields={"history": "Fever."}, by=author)


def test_a_retracted_case_leaves_its_readers_and_tells_them_why(author, student, client: Client):
    case = rows.published(author, title="A nodule")
    shelf = collections.create(title="Chest", by=author)
    collections.put(collection=shelf, case=case, by=author)
    client.force_login(student)
    address = reverse("cases:case", args=[case.pk])
    assert client.get(address).status_code == 200
    case_reviews.retract(case=case, reason="The consent was taken back.", by=author)
    page = client.get(address).content.decode()
    assert "The consent was taken back." in page
    assert "One nodule, 8 mm." not in page
    assert (
        "The consent was taken back."
        in client.get(reverse("cases:case-text", args=[case.pk])).content.decode()
    )
    assert client.get(reverse("api-case", args=[case.pk])).status_code == 404
    assert client.get(reverse("api-series", args=[case.series.get().pk])).status_code == 404
    assert "A nodule" not in client.get(reverse("cases:library")).content.decode()
    assert "0 cases" in client.get(reverse("cases:collection", args=[shelf.pk])).content.decode()


def test_a_retracted_unknown_does_not_tell_its_answer(author, student, client: Client):
    case = rows.published(author, title="Sarcoidosis")
    Case.objects.filter(pk=case.pk).update(unknown=True)
    case_reviews.retract(case=case, reason="Wrong images.", by=author)
    client.force_login(student)
    page = client.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert "Wrong images." in page
    assert "Sarcoidosis" not in page


def test_retracted_cases_of_closed_collections_stay_closed(author, student, client: Client):
    case = rows.published(author)
    rows.club(author, cases=(case,))
    case_reviews.retract(case=case, reason="Wrong images.", by=author)
    client.force_login(student)
    assert client.get(reverse("cases:case", args=[case.pk])).status_code == 404


def test_a_retraction_needs_a_reason_and_can_be_mended(author):
    case = rows.published(author)
    with pytest.raises(ValidationError, match="Say why"):
        case_reviews.retract(case=case, reason=" ", by=author)
    case_reviews.retract(case=case, reason="Wrong images.", by=author)
    case.refresh_from_db()
    again = cases.withdraw(case=case, by=author)
    assert (again.status, again.retraction_reason, again.retracted_at) == (CaseStatus.DRAFT, "", None)


def test_a_due_case_is_told_of_once(author):
    case = rows.published(author)
    today = timezone.localdate()
    Case.objects.filter(pk=case.pk).update(review_due_on=today)
    rows.published(author)
    assert list(Case.objects.due()) == [case]
    assert case_reviews.remind() == 1
    assert case_reviews.remind() == 0
    case_reviews.set_due(case=case, on=today + timedelta(days=30), by=author)
    assert not Case.objects.due().exists()
    with pytest.raises(ValidationError, match="later day"):
        case_reviews.set_due(case=case, on=today - timedelta(days=1), by=author)


def test_a_refused_comment_keeps_what_was_typed(submitted, reviewer, client: Client):
    client.force_login(reviewer)
    answer = client.post(
        reverse("cases:case-review-note", args=[submitted.pk]),
        {"section": "findings", "text": " ", "quote": "One nodule, 8 mm."},
    )
    assert answer.status_code == 422
    assert 'value="One nodule, 8 mm."' in answer.content.decode()
    wrong = client.post(
        reverse("cases:case-review-approve", args=[submitted.pk]),
        {"fulfilled": ["anonymity"], "revision": submitted.revision},
    )
    assert wrong.status_code == 422
    assert 'value="anonymity" checked' in wrong.content.decode()


def test_the_lists_of_what_waits(submitted, author, reviewer, client: Client):
    address = reverse("cases:case-reviews")
    client.force_login(reviewer)
    assert "A nodule" in client.get(address).content.decode()
    client.force_login(author)
    assert "A nodule" in client.get(f"{address}?show=mine").content.decode()
    case_reviews.send_back(case=submitted, text="Again.", by=reviewer)
    assert "A nodule" in client.get(f"{address}?show=returned").content.decode()
    assert "No case waits" in client.get(f"{address}?show=nonsense").content.decode()


def test_pages_of_many_cost_as_many_queries_as_pages_of_few(author, reviewer, client: Client, settings):
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(reverse("cases:case-reviews")).status_code == 200
        return len(queries)

    client.force_login(reviewer)
    for number in range(2):
        Case.objects.filter(pk=rows.bare(author, title=f"C{number}").pk).update(status=CaseStatus.IN_REVIEW)
    few = asked()
    for number in range(8):
        Case.objects.filter(pk=rows.bare(author, title=f"D{number}").pk).update(status=CaseStatus.IN_REVIEW)
    assert asked() == few


def test_every_act_leaves_a_trail_without_words(submitted, reviewer, author):
    case_reviews.note(case=submitted, section="title", text="Shorter.", by=reviewer)
    approve(submitted, reviewer)
    submitted.refresh_from_db()
    case_reviews.retract(case=submitted, reason="A secret.", by=author)
    ours = ("case-review", "case.submit", "case.publish", "case.retract")
    verbs = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)
    told = [verb for verb in verbs if verb.startswith(ours)]
    assert told == ["case.submit", "case-review.note", "case.publish", "case.retract"]
    assert "secret" not in str(list(AuditEvent.objects.values_list("details", flat=True)))


def test_collections_still_count_for_their_owner(author):
    """The row stays where it was: a collection must not change behind its owner's back."""
    case = rows.published(author)
    shelf = collections.create(title="Chest", by=author)
    collections.put(collection=shelf, case=case, by=author)
    case_reviews.retract(case=case, reason="Wrong.", by=author)
    assert Collection.objects.get().items.count() == 1
