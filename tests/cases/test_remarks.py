"""Talk about a case: who reads and writes it, what becomes of words, and who is told."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from cases.enums import CaseStatus, NoticeKind, RemarkKind
from cases.mentions import names_in, people_to_name
from cases.models import Case, ClosedTalk, Notice, Remark, RemarkReport
from cases.models.remark import MAX_REMARK
from cases.services import collections, remarks
from medweb.accounts.models import Role, User
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def other():
    return rows.person(name="tom")


@pytest.fixture
def admin():
    return rows.person(Role.ADMINISTRATOR, name="ada")


@pytest.fixture
def case(author):
    return rows.bare(author, title="A nodule")


def told(user):
    return list(Notice.objects.visible_to(user).values_list("kind", flat=True).order_by("id"))


@pytest.fixture
def blinded(author, student, case):
    """The case in a blinded reading."""
    return collections.put(
        collection=collections.create(title="Reading", blinded=True, by=author), case=case, by=author
    )


class TestWriting:
    def test_a_question_tells_the_author_and_an_answer_tells_who_asked(self, case, author, student):
        question = remarks.write(case=case, text="Why CT?", kind=RemarkKind.QUESTION, by=student)
        assert told(author) == [NoticeKind.QUESTION]
        answer = remarks.write(case=case, text="It is fast.", answer_to=question, by=author)
        assert told(student) == [NoticeKind.ANSWER]
        assert (answer.answer_to, answer.kind) == (question, RemarkKind.REMARK)

    def test_an_answer_to_an_answer_stands_in_the_same_thread(self, case, author, student):
        first = remarks.write(case=case, text="One", by=student)
        second = remarks.write(case=case, text="Two", answer_to=first, by=author)
        third = remarks.write(case=case, text="Three", answer_to=second, by=student)
        assert third.answer_to == first
        assert told(author) == [NoticeKind.ANSWER]

    def test_a_remark_tells_nobody_but_whom_it_names(self, case, author, student, other):
        remarks.write(case=case, text="See @tom, and mail to me@sam.org", by=student)
        assert (told(author), told(other), told(student)) == ([], [NoticeKind.MENTION], [])

    def test_who_is_named_in_an_answer_is_told_once(self, case, author, student):
        question = remarks.write(case=case, text="Why?", kind=RemarkKind.QUESTION, by=student)
        remarks.write(case=case, text="@sam because.", answer_to=question, by=author)
        assert told(student) == [NoticeKind.MENTION]

    @pytest.mark.parametrize("text", ["", "  \n ", "a\0b", "x" * (MAX_REMARK + 1)])
    def test_words_that_are_none_are_refused(self, case, student, text):
        with pytest.raises(ValidationError):
            remarks.write(case=case, text=text, by=student)
        assert not Remark.objects.exists()

    def test_an_answer_belongs_to_the_same_case_and_to_what_stands(self, case, author, student):
        elsewhere = remarks.write(case=rows.bare(author), text="There", by=student)
        with pytest.raises(ValidationError, match="another case"):
            remarks.write(case=case, text="Here", answer_to=elsewhere, by=author)
        gone = remarks.write(case=case, text="Here", by=student)
        remarks.delete(remark=gone, by=student)
        with pytest.raises(ValidationError, match="is gone"):
            remarks.write(case=case, text="Here", answer_to=gone, by=author)

    def test_who_writes_too_much_waits_and_is_told_how_long(self, case, student, other):
        for n in range(remarks.MOST_AT_ONCE):
            made = remarks.write(case=case, text=f"Number {n}", by=student)
        with pytest.raises(ValidationError, match=r"Wait 10 minutes"):
            remarks.write(case=case, text="One more", by=student)
        # Taking one back makes no room: a script would do that.
        remarks.delete(remark=made, by=student)
        with pytest.raises(ValidationError, match="Wait"):
            remarks.write(case=case, text="One more", by=student)
        remarks.write(case=case, text="Others may", by=other)
        Remark.objects.filter(author=student).update(created_at=timezone.now() - remarks.PACE)
        remarks.write(case=case, text="One more", by=student)

    def test_a_closed_talk_is_read_and_not_written(self, case, author, student):
        remark = remarks.write(case=case, text="Before", by=student)
        with pytest.raises(PermissionDenied):
            remarks.close_talk(case=case, by=student)
        remarks.close_talk(case=case, by=author)
        remarks.close_talk(case=case, by=author)
        assert ClosedTalk.objects.count() == 1
        for act in (
            lambda: remarks.write(case=case, text="After", by=student),
            lambda: remarks.edit(remark=remark, text="Changed", by=student),
        ):
            with pytest.raises(ValidationError, match="closed"):
                act()
        assert Remark.objects.visible_to(student).get() == remark
        remarks.open_talk(case=case, by=author)
        remarks.write(case=case, text="After", by=student)


class TestChanging:
    def test_own_words_change_within_the_hour_and_say_so(self, case, author, student):
        remark = remarks.write(case=case, text="Wrong", by=student)
        with pytest.raises(PermissionDenied):
            remarks.edit(remark=remark, text="Mine", by=author)
        remarks.edit(remark=remark, text="Right", by=student)
        remark.refresh_from_db()
        assert (remark.text, remark.edited_at is not None) == ("Right", True)
        Remark.objects.update(created_at=timezone.now() - timedelta(minutes=61))
        remark.refresh_from_db()
        with pytest.raises(ValidationError, match="for an hour"):
            remarks.edit(remark=remark, text="Late", by=student)

    def test_whom_a_change_names_anew_is_told_and_nobody_twice(self, case, student, other):
        remark = remarks.write(case=case, text="@tom look", by=student)
        remarks.edit(remark=remark, text="@tom look here", by=student)
        assert told(other) == [NoticeKind.MENTION]
        third = rows.person(name="uma")
        remarks.edit(remark=remark, text="@tom @uma look here", by=student)
        assert (told(other), told(third)) == ([NoticeKind.MENTION], [NoticeKind.MENTION])

    def test_deleting_takes_words_and_notices_and_keeps_the_place_of_answers(self, case, author, student):
        alone = remarks.write(case=case, text="@ann Secret", by=student)
        asked = remarks.write(case=case, text="Secret", kind=RemarkKind.QUESTION, by=student)
        remarks.write(case=case, text="An answer", answer_to=asked, by=author)
        for remark in (alone, asked):
            with pytest.raises(PermissionDenied):
                remarks.delete(remark=remark, by=author)
            remarks.delete(remark=remark, by=student)
        assert set(Remark.objects.values_list("text", flat=True)) == {"", "An answer"}
        assert list(Remark.objects.visible_to(student).threads()) == [asked]
        assert told(author) == []

    def test_a_question_is_resolved_by_who_asked_and_by_editors(self, case, author, student, other):
        question = remarks.write(case=case, text="Why?", kind=RemarkKind.QUESTION, by=student)
        with pytest.raises(PermissionDenied):
            remarks.resolve(remark=question, by=other)
        for who in (student, author):
            remarks.resolve(remark=question, by=who)
            assert not Remark.objects.open_questions().exists()
            remarks.resolve(remark=question, resolved=False, by=who)
            assert Remark.objects.open_questions().get() == question
        remark = remarks.write(case=case, text="So.", by=student)
        with pytest.raises(ValidationError, match="Only a question"):
            remarks.resolve(remark=remark, by=student)


class TestModeration:
    def test_a_report_reaches_editors_and_administrators_and_closes_by_hiding(
        self, case, author, student, other, admin
    ):
        remark = remarks.write(case=case, text="Rude", by=student)
        report = remarks.report(remark=remark, reason="It is rude.", by=other)
        assert remarks.report(remark=remark, reason="Again.", by=other) == report
        assert (told(author), told(admin), told(student)) == ([NoticeKind.REPORT], [NoticeKind.REPORT], [])
        for who in (author, admin):
            assert list(RemarkReport.objects.open_to(who)) == [report]
        for who in (student, other, rows.instructor()):
            assert not RemarkReport.objects.open_to(who).exists()
            with pytest.raises(PermissionDenied):
                remarks.hide(remark=remark, reason="No", by=who)
        remarks.hide(remark=remark, reason="Stay friendly.", by=author)
        assert not RemarkReport.objects.open_to(admin).exists()
        remark.refresh_from_db()
        assert (remark.text, remark.hidden_reason, remark.is_standing) == ("Rude", "Stay friendly.", False)
        with pytest.raises(ValidationError, match="gone"):
            remarks.report(remark=remark, reason="Still.", by=other)

    def test_a_dismissed_report_leaves_the_remark(self, case, author, student, other):
        remark = remarks.write(case=case, text="Fine", by=student)
        report = remarks.report(remark=remark, reason="I do not like it.", by=other)
        remarks.dismiss(report=report, by=author)
        remark.refresh_from_db()
        assert remark.is_standing
        assert not RemarkReport.objects.open_to(author).exists()
        assert remarks.report(remark=remark, reason="Once more.", by=other) != report

    def test_nobody_looks_after_their_own_words(self, case, author, student, admin):
        remark = remarks.write(case=case, text="Mine", by=author)
        with pytest.raises(ValidationError, match="your own"):
            remarks.report(remark=remark, reason="Me", by=author)
        remarks.report(remark=remark, reason="You", by=student)
        assert not RemarkReport.objects.open_to(author).exists()
        with pytest.raises(PermissionDenied, match="your own"):
            remarks.hide(remark=remark, reason="No", by=author)
        assert (told(author), told(admin)) == ([], [NoticeKind.REPORT])


class TestHidden:
    def test_a_closed_case_has_no_talk_for_strangers(self, author, student, other):
        closed = rows.bare(author)
        rows.club(author, student, cases=(closed,))
        remark = remarks.write(case=closed, text="@tom @sam look", by=author)
        assert not Remark.objects.visible_to(other).exists()
        assert (told(other), told(student)) == ([], [NoticeKind.MENTION])
        with pytest.raises(PermissionDenied):
            remarks.write(case=closed, text="Hello", by=other)
        assert [one.username for one in people_to_name(closed, "", by=author)] == ["sam"]
        with pytest.raises(PermissionDenied):
            remarks.report(remark=remark, reason="?", by=other)

    def test_a_blinded_reading_hides_the_talk_from_readers(self, case, author, student, admin, blinded):
        remark = remarks.write(case=case, text="@sam it is a cyst", by=author)
        assert not Remark.objects.visible_to(student).exists()
        assert told(student) == []
        with pytest.raises(PermissionDenied, match="hidden from you"):
            remarks.write(case=case, text="What is it?", by=student)
        for who in (author, admin):
            assert Remark.objects.visible_to(who).get() == remark
        collections.take_out(collection=blinded.collection, case=case, by=author)
        assert Remark.objects.visible_to(student).get() == remark

    def test_a_notice_goes_out_of_sight_with_its_case(self, case, author, student):
        remarks.write(case=case, text="@sam look", by=author)
        assert told(student) == [NoticeKind.MENTION]
        collections.put(
            collection=collections.create(title="Reading", blinded=True, by=author), case=case, by=author
        )
        assert told(student) == []


class TestNames:
    def test_names_of_a_text(self):
        assert names_in("(@ann) @bob.miller. x@y.org @@tom @ann") == ["ann", "bob.miller"]

    def test_those_offered_are_exactly_those_who_may_see_it(self, author, student, admin):
        """The list is made from candidates; the rule of visibility decides about each."""
        rows.person(name="zoe")
        open_case, draft, closed = rows.bare(author), rows.draft(author, images=0), rows.bare(author)
        rows.club(author, student, cases=(closed,))
        rows.instructor("ida")
        in_review = rows.bare(author)
        Case.objects.filter(pk=in_review.pk).update(status=CaseStatus.IN_REVIEW)
        in_review.refresh_from_db()
        for case in (open_case, draft, closed, in_review):
            offered = {one.username for one in people_to_name(case, "", by=author)}
            able = {
                user.username
                for user in User.objects.exclude(pk=author.pk)
                if Case.objects.visible_to(user).filter(pk=case.pk).exists()
            }
            assert offered == able

    def test_the_beginning_of_a_user_name_or_of_a_word_of_the_name(self, case, student):
        User.objects.filter(pk=student.pk).update(display_name="Samuel Becker")
        rows.person(name="tom")
        for begun in ("sa", "SAM", "beck", "samuel"):
            assert [one.username for one in people_to_name(case, begun, by=case.author)] == ["sam"]
        assert people_to_name(case, "ecker", by=case.author) == []
