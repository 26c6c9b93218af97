"""What was decided about a series at the de-identification desk."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.enums import ReviewState
from cases.models.series import Series


class ClearanceReview(models.Model):
    """The desk's own notes on one series.

    ``boxes`` are what a person left of the detector's proposals and added: ``{"frames", "x", "y", "width",
    "height", "score"}`` with keys of frames, or ``None`` for all of them. ``None`` while nobody has touched
    the proposals, which stand with the instances. ``seen`` is the last instance that was there when they were
    saved: proposals of later ones are added.
    """

    series = models.OneToOneField(Series, on_delete=models.CASCADE, related_name="review")
    state = models.CharField(max_length=8, choices=ReviewState, default=ReviewState.OPEN)
    boxes = models.JSONField(null=True)
    revision = models.PositiveIntegerField(default=0)
    seen = models.BigIntegerField(default=0)
    first_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    first_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    modified_at = models.DateTimeField(default=timezone.now)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=ReviewState.values), name="known_review_state"
            ),
        )

    def __str__(self) -> str:
        return f"review of series {self.series_id}"
