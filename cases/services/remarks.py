"""Talk about a case: remarks, questions, answers, and what is done about those that should not stand."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.enums import NoticeKind, RemarkKind
from cases.mentions import named_in
from cases.models import Case, ClosedTalk, Remark, RemarkReport
from cases.models.remark import MAX_REASON, MAX_REMARK
from cases.permissions import check_user_can_edit_case
from cases.services import notices
from cases.talk_permissions import (
    check_user_can_change_remark,
    check_user_can_moderate,
    check_user_can_resolve,
    check_user_can_talk,
)
from medweb.accounts.models import Role, User
from medweb.audit.services import record
from medweb.live.publish import publish

MOST_AT_ONCE = 10
PACE = timedelta(minutes=10)
MOST_ANSWERS = 200


def _checked(text: str, most: int, empty: str) -> str:
    words = text.replace("\r\n", "\n").strip()
    if not words or "\0" in words:
        raise ValidationError({"text": empty})
    if len(words) > most:
        told = _("This has %(n)d characters; at most %(most)d are taken. Shorten it a little.")
        raise ValidationError({"text": told % {"n": len(words), "most": most}})
    return words


def _check_open(case: Case, by: User) -> None:
    if ClosedTalk.objects.filter(case=case).exists():
        raise ValidationError(_("The talk about this case is closed: it can be read, and nobody writes."))


def _check_pace(by: User) -> None:
    """Somebody who writes without end, or a script that does, waits."""
    since = timezone.now() - PACE
    made = list(Remark.objects.filter(author=by, created_at__gt=since).order_by("created_at")[:MOST_AT_ONCE])
    if len(made) == MOST_AT_ONCE:
        left = made[0].created_at + PACE - timezone.now()
        minutes = max(1, -(-int(left.total_seconds()) // 60))
        told = ngettext(
            "You wrote %(n)d remarks within ten minutes. Wait %(left)d minute, then send it again.",
            "You wrote %(n)d remarks within ten minutes. Wait %(left)d minutes, then send it again.",
            minutes,
        )
        raise ValidationError(told % {"n": MOST_AT_ONCE, "left": minutes})


@transaction.atomic
def write(
    *, case: Case, text: str, kind: str = RemarkKind.REMARK, answer_to: Remark | None = None, by: User
) -> Remark:
    """Say or ask something about a case, or answer.

    Raises
    ------
    PermissionDenied
        The case, or its talk, is hidden from ``by``.
    ValidationError
        No words, too many, too often, the talk is closed, or the answer is to nothing that stands.
    """
    check_user_can_talk(by, case)
    _check_open(case, by)
    if kind not in RemarkKind.values:
        raise ValidationError({"kind": _("This is a remark or a question.")})
    words = _checked(text, MAX_REMARK, _("Write something; a remark needs words."))
    # An answer to an answer stands in the same thread.
    thread = (answer_to.answer_to or answer_to) if answer_to else None
    if thread is not None:
        if thread.case_id != case.pk:
            raise ValidationError({"answer_to": _("That remark is about another case.")})
        if not thread.is_standing:
            raise ValidationError({"answer_to": _("That remark is gone; write a new one instead.")})
        if thread.answers.count() >= MOST_ANSWERS:
            raise ValidationError(_("This thread is full; begin a new one."))
    _check_pace(by)
    remark = Remark.objects.create(
        case=case,
        author=by,
        kind=RemarkKind.REMARK if thread else kind,
        text=words,
        answer_to=thread,
    )
    record("remark.write", remark, by=by, case=case.pk, kind=remark.kind, answer=thread is not None)
    _tell_of(remark, by)
    _announce(case)
    return remark


def _tell_of(remark: Remark, by: User) -> None:
    """One notice for each person: that of the nearest reason."""
    told = {by.pk}

    def tell(kind: str, people: list[User]) -> None:
        fresh = [user for user in people if user.pk not in told]
        told.update(user.pk for user in fresh)
        notices.tell(kind=kind, to=fresh, case=remark.case, remark=remark, by=by)

    tell(NoticeKind.MENTION, named_in(remark.text, remark.case))
    thread = remark.answer_to
    if thread is not None:
        others = thread.answers.standing().select_related("author")
        tell(NoticeKind.ANSWER, [thread.author, *(one.author for one in others)])
    elif remark.kind == RemarkKind.QUESTION:
        tell(NoticeKind.QUESTION, [remark.case.author])


@transaction.atomic
def edit(*, remark: Remark, text: str, by: User) -> Remark:
    """Change one's own words within the hour; the remark says so. Whom it names anew is told.

    Raises
    ------
    PermissionDenied, ValidationError
    """
    check_user_can_change_remark(by, remark)
    if not remark.is_fresh:
        raise ValidationError(_("A remark can be changed for an hour. Answer it to add something."))
    _check_open(remark.case, by)
    words = _checked(text, MAX_REMARK, _("Write something; to take the remark back, delete it."))
    if words == remark.text:
        return remark
    known = {user.pk for user in named_in(remark.text, remark.case)}
    remark.text, remark.edited_at = words, timezone.now()
    remark.save(update_fields=["text", "edited_at"])
    record("remark.edit", remark, by=by, case=remark.case_id)
    new = [user for user in named_in(words, remark.case) if user.pk not in known]
    notices.tell(kind=NoticeKind.MENTION, to=new, remark=remark, by=by)
    _announce(remark.case)
    return remark


@transaction.atomic
def delete(*, remark: Remark, by: User) -> None:
    """Take one's own words back; the place stays while others answered."""
    check_user_can_change_remark(by, remark)
    remark.text, remark.deleted_at = "", timezone.now()
    remark.save(update_fields=["text", "deleted_at"])
    remark.notices.all().delete()
    remark.reports.filter(closed_at=None).update(closed_at=timezone.now())
    record("remark.delete", remark, by=by, case=remark.case_id)
    _announce(remark.case)


@transaction.atomic
def resolve(*, remark: Remark, resolved: bool = True, by: User) -> Remark:
    """Say that a question is answered, or that it is open again.

    Raises
    ------
    PermissionDenied
        Neither who asked nor an editor of the case.
    ValidationError
        It is no question.
    """
    check_user_can_resolve(by, remark)
    if remark.kind != RemarkKind.QUESTION or not remark.is_standing:
        raise ValidationError(_("Only a question that stands can be resolved."))
    if (remark.resolved_at is not None) == resolved:
        return remark
    remark.resolved_at, remark.resolved_by = (timezone.now(), by) if resolved else (None, None)
    remark.save(update_fields=["resolved_at", "resolved_by"])
    record("remark.resolve" if resolved else "remark.reopen", remark, by=by, case=remark.case_id)
    _announce(remark.case)
    return remark


@transaction.atomic
def report(*, remark: Remark, reason: str, by: User) -> RemarkReport:
    """Say that somebody else's remark should not stand, and why.

    Raises
    ------
    PermissionDenied, ValidationError
    """
    check_user_can_talk(by, remark.case)
    if remark.author_id == by.pk:
        raise ValidationError(_("This remark is your own; you can delete it."))
    if not remark.is_standing:
        raise ValidationError(_("This remark is gone already."))
    words = _checked(reason, MAX_REASON, _("Write in a few words what is wrong with it."))
    since = timezone.now() - PACE
    if RemarkReport.objects.filter(by=by, made_at__gt=since).count() >= MOST_AT_ONCE:
        raise ValidationError(_("You reported much within ten minutes. Wait a little, then send it again."))
    made, new = RemarkReport.objects.get_or_create(
        remark=remark, by=by, closed_at=None, defaults={"reason": words}
    )
    if new:
        record("remark.report", remark, by=by, case=remark.case_id)
        moderators = User.objects.filter(role_grants__role=Role.ADMINISTRATOR, is_active=True)
        # Who is reported does not look after the report.
        people = [user for user in {*moderators, remark.case.author} if user.pk != remark.author_id]
        notices.tell(kind=NoticeKind.REPORT, to=people, remark=remark, by=by)
    return made


@transaction.atomic
def hide(*, remark: Remark, reason: str, by: User) -> Remark:
    """Take somebody's words out of sight; the place says why. Closes the reports of it.

    Raises
    ------
    PermissionDenied, ValidationError
    """
    check_user_can_moderate(by, remark)
    if not remark.is_standing:
        raise ValidationError(_("This remark is gone already."))
    remark.hidden_reason = _checked(reason, MAX_REASON, _("Write why; everybody who reads the talk sees it."))
    remark.hidden_at, remark.hidden_by = timezone.now(), by
    remark.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
    remark.reports.filter(closed_at=None).update(closed_at=timezone.now(), closed_by=by)
    record("remark.hide", remark, by=by, case=remark.case_id)
    _announce(remark.case)
    return remark


@transaction.atomic
def dismiss(*, report: RemarkReport, by: User) -> None:
    """Let a reported remark stand: closes every open report of it."""
    check_user_can_moderate(by, report.remark)
    rows = RemarkReport.objects.filter(remark=report.remark, closed_at=None)
    if rows.update(closed_at=timezone.now(), closed_by=by):
        record("remark.dismiss-report", report.remark, by=by, case=report.remark.case_id)


@transaction.atomic
def close_talk(*, case: Case, by: User) -> None:
    """End the talk of a case: what was said stays."""
    check_user_can_edit_case(by, case)
    _row, made = ClosedTalk.objects.get_or_create(case=case, defaults={"by": by})
    if made:
        record("case.close-talk", case, by=by)
        _announce(case)


@transaction.atomic
def open_talk(*, case: Case, by: User) -> None:
    """Let people talk about a case again."""
    check_user_can_edit_case(by, case)
    if ClosedTalk.objects.filter(case=case).delete()[0]:
        record("case.open-talk", case, by=by)
        _announce(case)


def _announce(case: Case) -> None:
    publish(f"case:{case.pk}", "talk-changed", case=case.pk)
