"""What a machine measured on a case."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from analysis.enums import RegionSource
from analysis.models.feature_vector import FeatureVector
from analysis.querysets import AnalysisQuerySet
from cases.models import Case, Frame


class Analysis(models.Model):
    """One finished analysis. ``pictures`` lists what was made on the way: name, digest, size, caption."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="analyses")
    # No foreign key: finished jobs may be cleared away, results stay.
    job_id = models.BigIntegerField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    settings_digest = models.CharField(max_length=64)
    pictures = models.JSONField(default=list)
    seconds = models.FloatField(default=0.0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = AnalysisQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "analyses"
        constraints = (models.UniqueConstraint(fields=["job_id"], name="one_analysis_per_job"),)
        indexes = (models.Index(fields=["case", "-id"], name="analysis_case"),)

    def __str__(self) -> str:
        return f"analysis {self.pk}"


class AnalysisRegion(models.Model):
    """The whole picture or one drawn region of an analysis, with its numbers."""

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="regions")
    frame = models.ForeignKey(Frame, null=True, on_delete=models.SET_NULL, related_name="+")
    source = models.CharField(max_length=6, choices=RegionSource)
    shape_id = models.CharField(max_length=36, blank=True)
    kind = models.CharField(max_length=16, blank=True)
    label = models.CharField(max_length=64, blank=True)
    features = models.ForeignKey(FeatureVector, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField(default=0)

    # Labels of drawings are free text.
    personal_fields = frozenset({"label"})

    class Meta:
        ordering = ("analysis", "position")
        constraints = (
            models.UniqueConstraint(fields=["analysis", "position"], name="one_region_per_position"),
            models.CheckConstraint(
                condition=models.Q(source__in=RegionSource.values), name="known_region_source"
            ),
        )

    def __str__(self) -> str:
        return self.label or f"region {self.position}"
