"""Reading rights of what people say about cases, and of what they are told."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q

from cases.querysets import is_blinded, is_veiled_from
from medweb.accounts.models import Role, User

if TYPE_CHECKING:
    from cases.models import Case, Notice, Remark, RemarkReport  # noqa: F401  named in strings


def cases_with_talk(user: User) -> "models.QuerySet[Case]":
    """Cases of which ``user`` may read the talk.

    Remarks may say the diagnosis and who reads a case, so they are hidden with it: while it is veiled from
    the reader, and from everybody but its author while it is read blindly.
    """
    from cases.models import Case

    rows = Case.objects.visible_to(user).filter(~is_veiled_from(user, "pk"))
    if user.has_role(Role.ADMINISTRATOR):
        return rows
    return rows.filter(Q(author=user) | ~is_blinded("pk"))


def hears_talk(user: User, case: str) -> Exists:
    """Condition for rows that belong to the talk of a case; ``case`` is the path to its key."""
    return Exists(cases_with_talk(user).filter(pk=OuterRef(case)).order_by())


class RemarkQuerySet(models.QuerySet["Remark"]):
    def visible_to(self, user: User) -> "RemarkQuerySet":
        """Those of cases whose talk ``user`` may read, hidden and deleted ones as empty places."""
        return self.filter(hears_talk(user, "case"))

    def standing(self) -> "RemarkQuerySet":
        """Neither deleted nor hidden."""
        return self.filter(deleted_at=None, hidden_at=None)

    def threads(self) -> "RemarkQuerySet":
        """Those that begin a thread; a deleted one keeps its place while an answer stands."""
        from cases.models import Remark

        answered = Remark.objects.filter(answer_to=OuterRef("pk"), deleted_at=None).order_by()
        return self.filter(answer_to=None).filter(Q(deleted_at=None) | Exists(answered))

    def open_questions(self) -> "RemarkQuerySet":
        """Questions that nobody has called answered yet."""
        from cases.enums import RemarkKind

        return self.standing().filter(kind=RemarkKind.QUESTION, resolved_at=None)


class RemarkReportQuerySet(models.QuerySet["RemarkReport"]):
    def open_to(self, user: User) -> "RemarkReportQuerySet":
        """Open ones about remarks on cases that ``user`` may edit, but not about their own words."""
        from cases.models import Case

        editable = Case.objects.editable_by(user).filter(pk=OuterRef("remark__case")).order_by()
        rows = self.filter(Exists(editable), hears_talk(user, "remark__case"), closed_at=None)
        return rows.exclude(remark__author=user)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User) -> "NoticeQuerySet":
        """One's own, as long as one may see what they are about."""
        from cases.models import Case

        if not user.is_active:
            return self.none()
        seen = Case.objects.visible_to(user).filter(pk=OuterRef("case")).order_by()
        said = Q(remark=None) | (
            Q(remark__deleted_at=None, remark__hidden_at=None) & Q(hears_talk(user, "case"))
        )
        return self.filter(Q(case=None) | Exists(seen), said, user=user)

    def unread(self) -> "NoticeQuerySet":
        """Those that nobody has opened yet."""
        return self.filter(read_at=None)
