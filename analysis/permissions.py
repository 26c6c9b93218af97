"""Who may. Rules come in pairs: ``check_user_can_x`` raises with a sentence, ``user_can_x`` asks."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from analysis.models import ModelVersion
from cases.models import Case, Collection
from cases.permissions import asks
from medweb.accounts.models import Role, User


def check_user_can_analyse_case(user: User, case: Case) -> None:
    """Staff and administrators on every case they can see, instructors on their own."""
    if not Case.objects.visible_to(user).filter(pk=case.pk).exists():
        raise PermissionDenied(_("You cannot see this case."))
    if user.has_role(Role.STAFF, Role.ADMINISTRATOR):
        return
    if user.has_role(Role.INSTRUCTOR):
        if case.author_id == user.pk:
            return
        raise PermissionDenied(
            _("You can analyse the cases you wrote; this one is somebody else's. Ask staff.")
        )
    raise PermissionDenied(_("Analyses are started by staff or by the instructor who wrote the case."))


def user_can_analyse_case(user: User, case: Case) -> bool:
    return asks(check_user_can_analyse_case, user, case)


def check_user_can_see_models(user: User) -> None:
    if not user.has_role(Role.STAFF, Role.ADMINISTRATOR, Role.INSTRUCTOR):
        raise PermissionDenied(
            _("Models are shown to staff and to instructors. Ask an administrator for the role.")
        )


def user_can_see_models(user: User) -> bool:
    return asks(check_user_can_see_models, user)


def check_user_can_train(user: User, collection: Collection) -> None:
    if not user.has_role(Role.STAFF, Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only staff can train models. Ask staff to retrain this collection."))
    if not Collection.objects.visible_to(user).filter(pk=collection.pk).exists():
        raise PermissionDenied(_("You cannot see this collection."))


def user_can_train(user: User, collection: Collection) -> bool:
    return asks(check_user_can_train, user, collection)


def check_user_can_promote(user: User, model: ModelVersion) -> None:
    if not user.has_role(Role.STAFF, Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only staff can put a model into use."))
    if not ModelVersion.objects.visible_to(user).filter(pk=model.pk).exists():
        raise PermissionDenied(_("You cannot see this model."))


def user_can_promote(user: User, model: ModelVersion) -> bool:
    return asks(check_user_can_promote, user, model)
