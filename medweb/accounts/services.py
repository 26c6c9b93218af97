"""Everything that writes about people."""

from datetime import timedelta

from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from medweb.accounts.models import ApiToken, Role, RoleGrant, User
from medweb.accounts.roster import Entry
from medweb.audit.services import record

MAX_TOKENS = 20


@transaction.atomic
def create_user(
    *,
    username: str,
    password: str | None,
    roles: list[str],
    display_name: str = "",
    email: str = "",
    by: User | None,
) -> User:
    """Make an account with ``roles``; ``password=None`` makes one that cannot sign in.

    ``by=None`` is the program itself: the command line and the sample library.
    """
    if by is not None and not by.has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only an administrator makes accounts."))
    user = User(username=username, display_name=display_name, email=email)
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, granted_by=by)
    record("user.create", user, by=by, roles=sorted(roles))
    return user


@transaction.atomic
def create_people(*, entries: list[Entry], by: User) -> list[User]:
    """Make an account for each line of a list, all or none; nobody can sign in before taking the invitation.

    Raises
    ------
    PermissionDenied
    ValidationError
        A line is wrong, or became wrong since it was looked at.
    """
    if not by.has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only an administrator makes accounts."))
    made = []
    for entry in entries:
        if entry.errors:
            raise ValidationError(_("Line %(n)d: %(why)s") % {"n": entry.line, "why": entry.errors[0]})
        user = create_user(
            username=entry.username,
            password=None,
            roles=entry.roles,
            display_name=entry.display_name,
            email=entry.email,
            by=by,
        )
        made.append(user)
    record("user.import", by, by=by, people=len(made))
    return made


@transaction.atomic
def invite(*, user: User, by: User) -> str:
    """The token with which ``user`` chooses a password, first or anew; it works once.

    What an administrator gives to whoever lost a password or an invitation.
    """
    if not by.has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only an administrator invites people."))
    record("user.invite", user, by=by)
    return default_token_generator.make_token(user)


@transaction.atomic
def set_roles(*, user: User, roles: set[str], by: User) -> None:
    """Replace the roles of ``user``.

    Raises
    ------
    PermissionDenied
        When ``by`` is no administrator, or would take the administrator role from themselves.
    ValidationError
        When a role is unknown.
    """
    if not by.has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only an administrator can change roles."))
    if unknown := roles - set(Role.values):
        raise ValidationError(_("Unknown role: %(role)s.") % {"role": ", ".join(sorted(unknown))})
    if user.pk == by.pk and Role.ADMINISTRATOR not in roles:
        raise PermissionDenied(_("You cannot take the administrator role from yourself; ask another one."))
    held = set(user.role_grants.values_list("role", flat=True))
    user.role_grants.filter(role__in=held - roles).delete()
    for role in sorted(roles - held):
        RoleGrant.objects.create(user=user, role=role, granted_by=by)
    user.__dict__.pop("roles", None)
    record("user.set-roles", user, by=by, added=sorted(roles - held), removed=sorted(held - roles))


@transaction.atomic
def change_password(*, password: str, by: User) -> None:
    """Give ``by`` a new password, which a form has checked; ends every other session."""
    by.set_password(password)
    by.save(update_fields=["password"])
    record("user.change-password", by, by=by)


@transaction.atomic
def grant_role(*, user: User, role: str, by: User | None) -> None:
    """Add one role; ``by=None`` is the command line, which whoever holds the machine may use."""
    if by is not None and not by.has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only an administrator can change roles."))
    if role not in Role.values:
        raise ValidationError(_("Unknown role: %(role)s.") % {"role": role})
    _grant, made = RoleGrant.objects.get_or_create(user=user, role=role, defaults={"granted_by": by})
    user.__dict__.pop("roles", None)
    if made:
        record("user.grant-role", user, by=by, role=role)


@transaction.atomic
def create_token(*, name: str, days: int | None, by: User) -> tuple[ApiToken, str]:
    """Make an API token of ``by``; returns the row and the key, which is not stored."""
    name = name.strip()
    if not name:
        raise ValidationError({"name": _("Give the token a name, so that you know later what uses it.")})
    if days is not None and not 1 <= days <= 3650:
        raise ValidationError({"days": _("A token lasts between 1 day and 10 years.")})
    if by.api_tokens.usable().count() >= MAX_TOKENS:
        raise ValidationError(_("You have %(n)d active tokens; revoke one first.") % {"n": MAX_TOKENS})
    key = ApiToken.make_key()
    token = ApiToken.objects.create(
        user=by,
        name=name[:80],
        digest=ApiToken.digest_of(key),
        hint=key[:7],
        expires_at=timezone.now() + timedelta(days=days) if days else None,
    )
    record("token.create", token, by=by)
    return token, key


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """End a token at once; its owner or an administrator may."""
    if token.user_id != by.pk and not by.has_role(Role.ADMINISTRATOR):
        raise PermissionDenied(_("This token is not yours."))
    changed = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    if changed:
        record("token.revoke", token, by=by)
