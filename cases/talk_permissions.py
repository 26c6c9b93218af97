"""Who may talk about cases, and who looks after what is said."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from cases.models import Case, Remark
from cases.permissions import asks, user_can_edit_case
from cases.talk_querysets import cases_with_talk
from medweb.accounts.models import Role, User


def check_user_can_talk(user: User, case: Case) -> None:
    """Who reads the talk of a case may write there."""
    if not cases_with_talk(user).filter(pk=case.pk).exists():
        raise PermissionDenied(_("The talk about this case is hidden from you: it may tell the answer."))


def user_can_talk(user: User, case: Case) -> bool:
    return asks(check_user_can_talk, user, case)


def check_user_can_change_remark(user: User, remark: Remark) -> None:
    check_user_can_talk(user, remark.case)
    if remark.author_id != user.pk or not remark.is_standing:
        raise PermissionDenied(_("Only who wrote a remark can change or delete it."))


def check_user_can_resolve(user: User, remark: Remark) -> None:
    check_user_can_talk(user, remark.case)
    if remark.author_id != user.pk and not user_can_edit_case(user, remark.case):
        raise PermissionDenied(_("Who asked, or an editor of the case, says that a question is answered."))


def check_user_can_moderate(user: User, remark: Remark) -> None:
    """Editors of the case; about their own words only another administrator."""
    if not user_can_edit_case(user, remark.case):
        raise PermissionDenied(_("Only editors of the case can do that."))
    if remark.author_id == user.pk:
        raise PermissionDenied(_("This remark is your own; you can delete it, or somebody else decides."))


def user_can_moderate(user: User, remark: Remark) -> bool:
    return asks(check_user_can_moderate, user, remark)


def check_user_can_use_moderation(user: User) -> None:
    if not user.has_role(Role.INSTRUCTOR, Role.ADMINISTRATOR):
        raise PermissionDenied(_("Moderation is for instructors and administrators."))
