"""Words of a notice and the place it leads to, made for one person when it is read."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from cases.enums import NoticeKind
from cases.models import Annotation, Notice
from cases.veil import cover
from medweb.accounts.models import User


@dataclass(frozen=True)
class Told:
    """One notice as a page or an e-mail shows it."""

    notice: Notice
    sentence: str
    title: str
    icon: str


_ICONS = {
    NoticeKind.MENTION: "comment",
    NoticeKind.ANSWER: "comment",
    NoticeKind.QUESTION: "question",
    NoticeKind.HANDED_IN: "annotation",
    NoticeKind.RETURNED: "arrow-left",
    NoticeKind.ACCEPTED: "check",
    NoticeKind.CASE_SUBMITTED: "review",
    NoticeKind.CASE_RETURNED: "arrow-left",
    NoticeKind.CASE_PUBLISHED: "eye",
    NoticeKind.CASE_DUE: "calendar",
    NoticeKind.CASE_RETRACTED: "warning",
    NoticeKind.REPORT: "flag",
}


def told(notices: Sequence[Notice], user: User) -> list[Told]:
    """Words of each notice; cases that ``user`` reads as unknowns under their neutral titles."""
    cover([one.case for one in notices if one.case is not None], user)
    return [
        Told(one, sentence_of(one), one.case.title if one.case else "", _ICONS[NoticeKind(one.kind)])
        for one in notices
    ]


def sentence_of(notice: Notice) -> str:
    """What happened; who handed in is not named, since the reading may be blinded."""
    who = str(notice.by) if notice.by else _("Somebody")
    words = {
        NoticeKind.MENTION: _("%(who)s named you in the talk"),
        NoticeKind.ANSWER: _("%(who)s answered where you wrote"),
        NoticeKind.QUESTION: _("%(who)s asks a question on your case"),
        NoticeKind.HANDED_IN: _("A layer was handed in on your case"),
        NoticeKind.RETURNED: _("%(who)s returned your layer"),
        NoticeKind.ACCEPTED: _("%(who)s accepted your layer"),
        NoticeKind.CASE_SUBMITTED: _("A case waits for your review"),
        NoticeKind.CASE_RETURNED: _("%(who)s returned your case"),
        NoticeKind.CASE_PUBLISHED: _("Your case is published"),
        NoticeKind.CASE_DUE: _("Your case is due for another look"),
        NoticeKind.CASE_RETRACTED: _("This case was retracted"),
        NoticeKind.REPORT: _("A remark was reported"),
    }
    return words[NoticeKind(notice.kind)] % {"who": who}


def place_of(notice: Notice, user: User) -> str:
    """Path of the page that ``notice`` is about."""
    if notice.kind == NoticeKind.REPORT:
        return reverse("cases:moderation")
    if notice.remark is not None:
        top = notice.remark.answer_to_id or notice.remark.pk
        talk = reverse("cases:talk", args=[notice.remark.case_id])
        return f"{talk}?thread={top}#remark-{notice.remark.pk}"
    layer = notice.annotation
    if layer is not None:
        if Annotation.objects.reviewable_by(user).filter(pk=layer.pk).exists():
            return reverse("cases:layer", args=[layer.pk])
        return f"{reverse('cases:case', args=[layer.series.case_id])}?series={layer.series_id}"
    if notice.case_id is not None:
        return reverse("cases:case", args=[notice.case_id])
    return reverse("cases:notices")
