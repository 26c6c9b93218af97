"""Links that open a collection to signed-in people who were not invited."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.models.collection import Collection


class ShareLink(models.Model):
    """A link to read a collection. Its address is the signed key, so nothing in the database opens it.

    Whoever opens it becomes its guest; all guests lose the collection when it ends or is taken back.
    """

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="links")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    guests = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="links_end_after_they_begin"
            ),
        )

    def __str__(self) -> str:
        return f"link {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it lets people in now."""
        return self.revoked_at is None and self.expires_at > timezone.now()
