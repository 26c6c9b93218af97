"""Who may. Rules come in pairs: ``check_user_can_x`` raises with a sentence, ``user_can_x`` asks."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from cases.enums import CaseStatus, Visibility
from cases.models import Annotation, Case, ClearanceReview, Collection, Series, Upload
from cases.quick import sees_case
from medweb.accounts.models import Role, User


def asks(check: Callable[..., None], *args: Any) -> bool:
    """Whether ``check`` lets these arguments pass."""
    try:
        check(*args)
    except PermissionDenied:
        return False
    return True


def check_user_can_create_case(user: User) -> None:
    if not user.has_role(Role.INSTRUCTOR, Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only instructors can write cases. Ask an administrator for the role."))


def user_can_create_case(user: User) -> bool:
    return asks(check_user_can_create_case, user)


def check_user_can_edit_case(user: User, case: Case) -> None:
    if user.has_role(Role.ADMINISTRATOR):
        return
    if case.author_id != user.pk or not user.has_role(Role.INSTRUCTOR):
        raise PermissionDenied(_("Only the author of this case can change it."))


def user_can_edit_case(user: User, case: Case) -> bool:
    return asks(check_user_can_edit_case, user, case)


def check_user_can_review_case(user: User, case: Case) -> None:
    """Instructors and administrators say whether a case may be published; never about their own."""
    if not user.has_role(Role.INSTRUCTOR, Role.ADMINISTRATOR):
        raise PermissionDenied(_("Cases are reviewed by instructors and administrators."))
    if case.author_id == user.pk:
        raise PermissionDenied(_("This case is your own; somebody else has to review it."))
    if not sees_case(user, case.pk):
        raise PermissionDenied(_("You cannot see this case."))


def user_can_review_case(user: User, case: Case) -> bool:
    return asks(check_user_can_review_case, user, case)


def check_user_can_see_review(user: User, case: Case) -> None:
    """Its editors, and those who may review it."""
    if not user_can_edit_case(user, case):
        check_user_can_review_case(user, case)


def check_user_can_see_versions(user: User, case: Case) -> None:
    """Its editors always, a reviewer while the case is in review."""
    if not user_can_edit_case(user, case):
        check_user_can_review_case(user, case)
        if case.status != CaseStatus.IN_REVIEW:
            raise PermissionDenied(_("Earlier texts are shown to the editors of a case, and in its review."))


def user_can_see_versions(user: User, case: Case) -> bool:
    return asks(check_user_can_see_versions, user, case)


def check_user_can_edit_upload(user: User, upload: Upload) -> None:
    check_user_can_edit_case(user, upload.case)


def check_user_can_draw(user: User, case: Case) -> None:
    if not sees_case(user, case.pk):
        raise PermissionDenied(_("You cannot see this case."))


def user_can_draw(user: User, case: Case) -> bool:
    return asks(check_user_can_draw, user, case)


def check_user_can_edit_annotation(user: User, annotation: Annotation) -> None:
    if annotation.author_id != user.pk:
        raise PermissionDenied(_("This layer belongs to somebody else; draw on your own."))
    check_user_can_draw(user, annotation.series.case)


def check_user_can_review(user: User, annotation: Annotation) -> None:
    """Who may edit the case says whether a layer is good; never about their own."""
    check_user_can_edit_case(user, annotation.series.case)
    if annotation.is_reference:
        raise PermissionDenied(_("The reference layer needs no review."))
    if annotation.author_id == user.pk:
        raise PermissionDenied(_("This layer is your own; somebody else has to review it."))


def user_can_review(user: User, annotation: Annotation) -> bool:
    return asks(check_user_can_review, user, annotation)


def check_user_can_comment(user: User, annotation: Annotation) -> None:
    """The author answers, and who reviews the layer begins."""
    if annotation.author_id != user.pk:
        check_user_can_review(user, annotation)


def check_user_can_use_reviews(user: User) -> None:
    if not user.has_role(Role.INSTRUCTOR, Role.ADMINISTRATOR):
        raise PermissionDenied(_("The review is for instructors and administrators."))


def check_user_can_create_collection(user: User) -> None:
    if not user.has_role(Role.INSTRUCTOR, Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only instructors can make collections."))


def user_can_create_collection(user: User) -> bool:
    return asks(check_user_can_create_collection, user)


def check_user_can_edit_collection(user: User, collection: Collection) -> None:
    if user.has_role(Role.ADMINISTRATOR):
        return
    if collection.owner_id != user.pk or not user.has_role(Role.INSTRUCTOR):
        raise PermissionDenied(_("Only the owner of this collection can change it."))


def user_can_edit_collection(user: User, collection: Collection) -> bool:
    return asks(check_user_can_edit_collection, user, collection)


def check_user_can_put_case(user: User, case: Case, collection: Collection) -> None:
    """A members-only collection takes the case from everyone else, a blinded one hides its drawings: its
    editor must agree.
    """
    check_user_can_edit_collection(user, collection)
    if not Case.objects.visible_to(user).filter(pk=case.pk).exists():
        raise PermissionDenied(_("You cannot see this case."))
    if collection.visibility == Visibility.MEMBERS or collection.is_blind:
        check_user_can_edit_case(user, case)


def check_user_can_use_desk(user: User) -> None:
    if not user.has_role(Role.INSTRUCTOR, Role.ADMINISTRATOR):
        raise PermissionDenied(_("The desk is for instructors and administrators."))


def user_can_use_desk(user: User) -> bool:
    return asks(check_user_can_use_desk, user)


def check_user_can_review_series(user: User, series: Series) -> None:
    """Who may edit the case looks at what waits of it."""
    check_user_can_use_desk(user)
    check_user_can_edit_case(user, series.case)


def user_can_review_series(user: User, series: Series) -> bool:
    return asks(check_user_can_review_series, user, series)


def check_user_can_confirm_clearance(user: User, review: ClearanceReview) -> None:
    """Four eyes: an administrator, and not the one who approved first."""
    if not user.has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("An administrator has to confirm this."))
    if review.first_by_id == user.pk:
        raise PermissionDenied(_("You approved this yourself; another administrator has to confirm it."))


def user_can_confirm_clearance(user: User, review: ClearanceReview) -> bool:
    return asks(check_user_can_confirm_clearance, user, review)
