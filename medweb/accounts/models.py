"""People, their roles and their API tokens."""

import hashlib
import secrets
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from medweb.prepared import Prepared, Slot


class Role(models.TextChoices):
    STUDENT = "student", _("Student")
    INSTRUCTOR = "instructor", _("Instructor")
    STAFF = "staff", _("Staff")
    ADMINISTRATOR = "administrator", _("Administrator")


class User(AbstractUser):
    """A person who signs in. Roles are rows (:class:`RoleGrant`), and a person may hold several."""

    display_name = models.CharField(_("display name"), max_length=120, blank=True)

    personal_fields = frozenset(
        {"username", "first_name", "last_name", "email", "display_name", "last_login"}
    )

    class Meta(AbstractUser.Meta):
        ordering = ("username",)

    def __str__(self) -> str:
        return self.display_name or self.username

    @cached_property
    def roles(self) -> frozenset[str]:
        """Names of the roles this person holds; read once per request."""
        return frozenset(role for (role,) in _roles_of.rows(user=self.pk)) if self.pk else frozenset()

    def has_role(self, *roles: str) -> bool:
        """Whether the person is active and holds at least one of ``roles``."""
        return self.is_active and not self.roles.isdisjoint(roles)


class RoleGrant(models.Model):
    """One role of one person."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=16, choices=Role)
    granted_at = models.DateTimeField(default=timezone.now)
    granted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    personal_fields = frozenset[str]()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "role"], name="one_grant_per_role"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="known_role"),
        )

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role}"


# Asked in nearly every request.
_roles_of = Prepared(
    lambda: RoleGrant.objects.filter(user=Slot("user", models.BigIntegerField())).values_list("role")
)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> "ApiTokenQuerySet":
        """Neither revoked nor expired, of an active person."""
        return self.filter(revoked_at=None, user__is_active=True).filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        )


class ApiToken(models.Model):
    """A named key to the API. Only its digest is stored; the key itself is shown once."""

    PREFIX: ClassVar[str] = "mw_"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=8, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()
    personal_fields = frozenset({"name"})

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @classmethod
    def make_key(cls) -> str:
        return cls.PREFIX + secrets.token_urlsafe(32)

    @staticmethod
    def digest_of(key: str) -> str:
        # The key has 256 random bits: a plain digest cannot be searched, and looks up in one query.
        return hashlib.sha256(key.encode()).hexdigest()

    def state(self, now: datetime | None = None) -> str:
        """``"active"``, ``"expired"`` or ``"revoked"``."""
        if self.revoked_at:
            return "revoked"
        if self.expires_at and self.expires_at <= (now or timezone.now()):
            return "expired"
        return "active"
