"""How far somebody has come in a case that is read as an unknown."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.enums import ReadingStage
from cases.models.case import Case


class Reading(models.Model):
    """One reader's way through one case; reading it again begins at the first stage of the same row.

    ``stage`` is what counts; the times say when each stage was asked for in the latest reading.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="readings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="readings")
    stage = models.PositiveSmallIntegerField(choices=ReadingStage, default=ReadingStage.IMAGES)
    begun_at = models.DateTimeField(default=timezone.now)
    findings_at = models.DateTimeField(null=True)
    diagnosis_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    times = models.PositiveIntegerField(default=1)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-begun_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=["user", "case"], name="one_reading_per_reader"),
            models.CheckConstraint(
                condition=models.Q(stage__in=ReadingStage.values), name="known_reading_stage"
            ),
        )
        indexes = (models.Index(fields=["user", "stage"], name="reading_under_way"),)

    def __str__(self) -> str:
        return f"reading {self.pk}"
