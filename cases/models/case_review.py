"""A case before it is published: who asked, who looked, what was said about which section."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.enums import CaseReviewState, CaseSection
from cases.models.case import Case

MAX_NOTE = 2000
MAX_QUOTE = 300


class CaseReview(models.Model):
    """One round of review: from handing in to publication, return or taking back."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reviews")
    state = models.CharField(max_length=10, choices=CaseReviewState, default=CaseReviewState.OPEN)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)
    # Names of the questions that the reviewer answered with yes.
    fulfilled = models.JSONField(default=list)
    text = models.TextField(max_length=MAX_NOTE, blank=True)

    personal_fields = frozenset({"text"})

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(state="open"), name="one_open_review_per_case"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=CaseReviewState.values), name="known_case_review_state"
            ),
        )

    def __str__(self) -> str:
        return f"review {self.pk}"


class ReviewNote(models.Model):
    """What was said about a section, or about a passage of it."""

    review = models.ForeignKey(CaseReview, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    section = models.CharField(max_length=12, choices=CaseSection, default=CaseSection.WHOLE)
    quote = models.CharField(max_length=MAX_QUOTE, blank=True)
    text = models.TextField(max_length=MAX_NOTE)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    personal_fields = frozenset({"quote", "text"})

    class Meta:
        ordering = ("review", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(section__in=CaseSection.values), name="known_case_section"
            ),
        )

    def __str__(self) -> str:
        return f"note {self.pk}"
