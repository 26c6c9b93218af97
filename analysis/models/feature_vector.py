"""Measured numbers, stored once for equal pictures, regions and settings."""

from django.db import models
from django.utils import timezone


class FeatureVector(models.Model):
    """Values of one picture (or a region of it) under one set of settings.

    ``region_digest`` is empty for the whole picture. Undefined values are ``null``: JSON has no nan.
    """

    image_digest = models.CharField(max_length=64)
    region_digest = models.CharField(max_length=64, blank=True)
    settings_digest = models.CharField(max_length=64)
    values = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["image_digest", "region_digest", "settings_digest"], name="measured_once"
            ),
        )

    def __str__(self) -> str:
        return f"features {self.image_digest[:12]}"
