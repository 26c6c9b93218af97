"""The job row: the truth about work that is waiting, running or over."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ALLOWED_MOVES: dict[str, frozenset[str]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED, State.FAILED}),
    State.RUNNING: frozenset({State.QUEUED, State.DONE, State.FAILED, State.CANCELLED}),
    State.DONE: frozenset(),
    State.FAILED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset({State.QUEUED}),
}
ACTIVE = (State.QUEUED, State.RUNNING)
ATTEMPTS = 3


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: "settings.AUTH_USER_MODEL") -> "JobQuerySet":  # type: ignore[name-defined]
        """Own jobs; staff and administrators see the whole queue."""
        if not user.is_active:
            return self.none()
        if user.has_role("staff", "administrator"):
            return self
        return self.filter(asked_by=user)

    def active(self) -> "JobQuerySet":
        return self.filter(state__in=ACTIVE)


class Job(models.Model):
    """One piece of work for a worker.

    ``attempt`` is the fence: claiming bumps it, and a result is written only while it is unchanged, so a
    worker that was thought dead cannot write a second result.
    """

    kind = models.CharField(max_length=64)
    queue = models.CharField(max_length=16)
    params = models.JSONField(default=dict)
    key = models.CharField(max_length=120, blank=True)
    topics = models.JSONField(default=list)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    stage = models.CharField(max_length=160, blank=True)
    progress = models.FloatField(default=0.0)
    attempt = models.PositiveIntegerField(default=0)
    attempts_allowed = models.PositiveIntegerField(default=ATTEMPTS)
    lease_until = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    result = models.JSONField(default=dict)

    objects = JobQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(state__in=ACTIVE) & ~models.Q(key=""),
                name="one_active_job_per_key",
            ),
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="known_job_state"),
            models.CheckConstraint(
                condition=models.Q(progress__gte=0) & models.Q(progress__lte=1), name="job_progress_range"
            ),
        )
        indexes = (
            models.Index(fields=["state", "lease_until"], name="job_sweep"),
            models.Index(fields=["asked_by", "-id"], name="job_owner"),
        )

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def title(self) -> str:
        from medweb.jobs.registry import kind

        return str(kind(self.kind).title)

    @property
    def duration(self) -> timedelta | None:
        """Time from the last claim to the end, or to now while running."""
        if self.started_at is None:
            return None
        return (self.finished_at or timezone.now()) - self.started_at

    @property
    def took(self) -> str:
        """The duration in words: ``"0.9 s"``, ``"1 min 54 s"``; empty before the first claim."""
        if self.duration is None:
            return ""
        seconds = self.duration.total_seconds()
        if seconds < 60:
            return f"{seconds:.1f} s"
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

    @property
    def percent(self) -> int:
        return round(self.progress * 100)
