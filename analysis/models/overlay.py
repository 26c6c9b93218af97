"""What a model's answer owes to each part of a picture."""

from django.db import models
from django.utils import timezone

from analysis.models.prediction import Prediction
from analysis.querysets import OverlayQuerySet
from cases.models import Frame


class Overlay(models.Model):
    """A heat map over one frame. ``digest`` names gzipped rows of little-endian float32.

    It belongs to one answer and goes with it: predicting again makes another row, so that an address never
    shows two maps.
    """

    prediction = models.ForeignKey(Prediction, on_delete=models.CASCADE, related_name="overlays")
    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=200)
    rows = models.PositiveIntegerField()
    columns = models.PositiveIntegerField()
    low = models.FloatField()
    high = models.FloatField()
    outlines = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    objects = OverlayQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["prediction"], name="one_overlay_per_prediction"),)

    def __str__(self) -> str:
        return f"overlay {self.pk}"
