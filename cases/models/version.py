"""What the text of a case was."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.models.case import Case


class CaseVersion(models.Model):
    """The text after a save; what one person saves within ten minutes is one version.

    ``fields`` has the columns of the text and the lists that belong to it, in words: a term or a person that
    is gone by then must not take what was written along.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    fields = models.JSONField()
    status = models.CharField(max_length=10)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(default=timezone.now)
    restored_from = models.PositiveIntegerField(null=True)

    personal_fields = frozenset({"fields"})

    class Meta:
        ordering = ("case", "-number")
        constraints = (models.UniqueConstraint(fields=["case", "number"], name="one_version_per_number"),)

    def __str__(self) -> str:
        return f"version {self.number}"
