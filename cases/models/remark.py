"""Talk about a case."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.enums import RemarkKind
from cases.models.case import Case
from cases.talk_querysets import RemarkQuerySet, RemarkReportQuerySet

MAX_REMARK = 5000
MAX_REASON = 500
EDITABLE_FOR = timedelta(hours=1)


class Remark(models.Model):
    """What a person says or asks about a case, in Markdown; answers stand one level below.

    A deleted remark loses its words; its row keeps the place of its answers. A hidden one keeps its words for
    those who moderate.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="remarks")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="remarks")
    kind = models.CharField(max_length=8, choices=RemarkKind, default=RemarkKind.REMARK)
    text = models.TextField(max_length=MAX_REMARK, blank=True)
    answer_to = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="answers")
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    hidden_at = models.DateTimeField(null=True)
    hidden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    hidden_reason = models.CharField(max_length=MAX_REASON, blank=True)

    objects = RemarkQuerySet.as_manager()
    personal_fields = frozenset({"text", "hidden_reason"})

    class Meta:
        ordering = ("case", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(kind__in=RemarkKind.values), name="known_remark_kind"),
            models.CheckConstraint(
                condition=models.Q(answer_to__isnull=True) | models.Q(kind=RemarkKind.REMARK),
                name="answers_are_no_questions",
            ),
            models.CheckConstraint(
                condition=models.Q(resolved_at__isnull=True) | models.Q(kind=RemarkKind.QUESTION),
                name="only_questions_are_resolved",
            ),
        )
        indexes = (
            models.Index(fields=["case", "answer_to", "-id"], name="remark_threads"),
            models.Index(fields=["author", "-created_at"], name="remark_pace"),
        )

    def __str__(self) -> str:
        return f"remark {self.pk}"

    @property
    def is_standing(self) -> bool:
        """Whether its words may be read."""
        return self.deleted_at is None and self.hidden_at is None

    @property
    def is_fresh(self) -> bool:
        """Whether its author may still change it."""
        return timezone.now() - self.created_at < EDITABLE_FOR


class RemarkReport(models.Model):
    """A reader's word that a remark should not stand; closed by hiding the remark or by dismissing."""

    remark = models.ForeignKey(Remark, on_delete=models.CASCADE, related_name="reports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=MAX_REASON)
    made_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = RemarkReportQuerySet.as_manager()
    personal_fields = frozenset({"reason"})

    class Meta:
        ordering = ("-id",)
        constraints = (
            # Reporting once more says nothing new while somebody still has to look.
            models.UniqueConstraint(
                fields=["remark", "by"], condition=models.Q(closed_at=None), name="one_open_report_each"
            ),
        )

    def __str__(self) -> str:
        return f"report {self.pk}"


class ClosedTalk(models.Model):
    """The talk of a case is closed while this row is there: it is read, and nobody writes."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="closed_talk")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    personal_fields = frozenset[str]()

    def __str__(self) -> str:
        return f"talk of case {self.case_id} closed"
