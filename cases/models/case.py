"""The teaching case."""

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.enums import (
    NEVER_PUBLISHED,
    AgeBand,
    BodyRegion,
    CaseStatus,
    Certainty,
    Level,
    Licence,
    Modality,
    OrganSystem,
    PatientSex,
    ReadingStage,
    label_of,
)
from cases.models.term import Term
from cases.querysets import CaseQuerySet

# PostgreSQL's search index holds a megabyte of a case; Markdown is rendered on every page view.
MAX_TEXT = 50_000
is_language_tag = RegexValidator(
    r"\A[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?\Z", _("Write a language as in BCP 47: en, de, zh-Hans.")
)


class Case(models.Model):
    """Text of a teaching case; its pictures are :class:`~cases.models.Series`.

    ``revision`` counts saves of the text: a form sends the one it started from, and a stale one is refused.
    """

    title = models.CharField(max_length=200)
    # What readers see instead while the case is an unknown: the title often is the answer.
    neutral_title = models.CharField(max_length=200, blank=True)
    unknown = models.BooleanField(default=False)
    abstract = models.TextField(blank=True, max_length=MAX_TEXT)
    history = models.TextField(blank=True, max_length=MAX_TEXT)
    findings = models.TextField(blank=True, max_length=MAX_TEXT)
    differential = models.TextField(blank=True, max_length=MAX_TEXT)
    diagnosis = models.ForeignKey(
        Term, null=True, blank=True, on_delete=models.PROTECT, related_name="diagnosed_cases"
    )
    certainty = models.CharField(max_length=10, choices=Certainty, blank=True)
    proof = models.CharField(max_length=300, blank=True)
    discussion = models.TextField(blank=True, max_length=MAX_TEXT)
    management = models.TextField(blank=True, max_length=MAX_TEXT)
    pearls = models.TextField(blank=True, max_length=MAX_TEXT)
    modality = models.CharField(max_length=2, choices=Modality, default=Modality.OT)
    body_region = models.CharField(max_length=12, choices=BodyRegion, default=BodyRegion.OTHER)
    organ_system = models.CharField(max_length=16, choices=OrganSystem, blank=True)
    age_band = models.CharField(max_length=10, choices=AgeBand, blank=True)
    sex = models.CharField(max_length=1, choices=PatientSex, blank=True)
    level = models.CharField(max_length=12, choices=Level, default=Level.BEGINNER)
    keywords = models.CharField(max_length=300, blank=True, help_text="Comma-separated")
    status = models.CharField(max_length=10, choices=CaseStatus, default=CaseStatus.DRAFT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cases")
    simulated = models.BooleanField(default=False, editable=False)
    source = models.CharField(max_length=300, blank=True)
    licence = models.CharField(max_length=12, choices=Licence, blank=True)
    language = models.CharField(max_length=12, default="en", validators=[is_language_tag])
    patient_key = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    origin = models.CharField(max_length=160, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(auto_now=True)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The day from which a published case is due for another look; nothing else is stored of it.
    review_due_on = models.DateField(null=True, blank=True)
    retracted_at = models.DateTimeField(null=True, blank=True, editable=False)
    retraction_reason = models.TextField(blank=True, max_length=2000, editable=False)

    objects = CaseQuerySet.as_manager()
    # Free text may say something about a patient although it must not; exports and deletions treat it so.
    personal_fields = frozenset(
        {
            "title", "neutral_title", "abstract", "history", "findings", "differential", "proof",
            "discussion", "management", "pearls", "retraction_reason",
        }
    )  # fmt: skip

    # Set by cases.veil on rows that are for showing: how much of an unknown they have, and what they lack.
    stage_shown: ReadingStage | None = None
    taken_out: frozenset[str] = frozenset()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=CaseStatus.values), name="known_case_status"
            ),
            # `origin` names a row of an imported data set: importing twice must meet the same case.
            models.UniqueConstraint(
                fields=["origin"], condition=~models.Q(origin=""), name="one_case_per_origin"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=NEVER_PUBLISHED) | models.Q(published_at__isnull=False),
                name="published_cases_have_a_date",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=CaseStatus.RETRACTED)
                | (models.Q(retracted_at__isnull=False) & ~models.Q(retraction_reason="")),
                name="retracted_cases_say_when_and_why",
            ),
        )
        indexes = (
            models.Index(fields=["status", "-created_at", "-id"], name="case_newest"),
            # One's own drafts are listed with the published ones, so the first of these has no status.
            models.Index(fields=["-created_at", "-id"], name="case_added"),
            models.Index(fields=["title", "id"], name="case_title"),
            # A filter lists the newest of its cases, so no sorting is left to do.
            models.Index(fields=["modality", "-created_at", "-id"], name="newest_of_modality"),
            models.Index(fields=["body_region", "-created_at", "-id"], name="newest_of_region"),
            models.Index(fields=["level", "-created_at", "-id"], name="newest_of_level"),
            models.Index(fields=["organ_system", "-created_at", "-id"], name="newest_of_organ_system"),
            models.Index(fields=["status", "review_due_on"], name="case_review_due"),
        )

    def __str__(self) -> str:
        return self.title

    def save(self, **options: Any) -> None:
        """Refuse to write a row back from which :mod:`cases.veil` took something out."""
        written = options.get("update_fields")
        if self.taken_out and (written is None or not self.taken_out.isdisjoint(written)):
            raise RuntimeError("this row lacks what its reader may not see yet; read it anew before saving")
        super().save(**options)

    def refresh_from_db(self, *args: Any, **options: Any) -> None:
        super().refresh_from_db(*args, **options)
        if not args and not options.get("fields"):
            self.stage_shown, self.taken_out = None, frozenset()

    # Django's own make a dictionary of all translated choices on every call, which was a third of the time of
    # a page of cards.
    def get_modality_display(self) -> str:  # type: ignore[no-redef]
        return label_of(Modality, self.modality)

    def get_body_region_display(self) -> str:  # type: ignore[no-redef]
        return label_of(BodyRegion, self.body_region)

    def get_level_display(self) -> str:  # type: ignore[no-redef]
        return label_of(Level, self.level)

    @property
    def keyword_list(self) -> list[str]:
        return [word.strip() for word in self.keywords.split(",") if word.strip()]

    @property
    def is_published(self) -> bool:
        return self.status == CaseStatus.PUBLISHED

    @property
    def is_review_due(self) -> bool:
        """Whether a published case is due for another look."""
        due = self.review_due_on
        return self.is_published and due is not None and due <= timezone.localdate()
