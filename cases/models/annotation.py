"""What somebody drew on a series: one layer per person, every save a revision."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.enums import AnnotationStatus
from cases.models.series import Series
from cases.querysets import AnnotationQuerySet


class Annotation(models.Model):
    """One person's layer on one series. ``is_reference`` marks the case author's layer, which teaches."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="annotations")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="annotations")
    is_reference = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=AnnotationStatus, default=AnnotationStatus.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    shapes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    modified_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True)

    objects = AnnotationQuerySet.as_manager()
    personal_fields = frozenset({"shapes"})

    class Meta:
        ordering = ("series", "id")
        constraints = (
            models.UniqueConstraint(fields=["series", "author"], name="one_layer_per_author"),
            models.CheckConstraint(
                condition=models.Q(status__in=AnnotationStatus.values), name="known_annotation_status"
            ),
        )
        indexes = (models.Index(fields=["status", "submitted_at"], name="annotation_waiting"),)

    def __str__(self) -> str:
        return f"annotation {self.pk}"


class AnnotationRevision(models.Model):
    """One save."""

    annotation = models.ForeignKey(Annotation, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    shapes = models.JSONField()
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    personal_fields = frozenset({"shapes"})

    class Meta:
        ordering = ("annotation", "-number")
        constraints = (models.UniqueConstraint(fields=["annotation", "number"], name="one_row_per_save"),)

    def __str__(self) -> str:
        return f"revision {self.number}"
