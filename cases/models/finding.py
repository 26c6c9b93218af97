"""What people keep to come back to: searches, bookmarks, and the cases they read last."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.models.case import Case


class SavedSearch(models.Model):
    """Search words and filters under a name; ``query`` is the query string of the library.

    ``seen_at`` is when its owner opened it last: what was published since is new.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="searches")
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=1000)
    seen_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    # What somebody looks for may say who they are looking for.
    personal_fields = frozenset({"name", "query"})

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(fields=["user", "name"], name="one_search_per_name"),
            models.CheckConstraint(condition=~models.Q(name=""), name="searches_have_names"),
        )

    def __str__(self) -> str:
        return self.name


class Bookmark(models.Model):
    """A case somebody wants to find again; nobody else sees it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bookmarks")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (models.UniqueConstraint(fields=["user", "case"], name="one_bookmark_per_case"),)
        indexes = (models.Index(fields=["user", "-created_at", "-id"], name="newest_bookmarks"),)

    def __str__(self) -> str:
        return f"bookmark {self.pk}"


class Visit(models.Model):
    """When somebody had a case open last; only they see it, and they can clear it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="visits")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    visited_at = models.DateTimeField(default=timezone.now)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("-visited_at", "-id")
        constraints = (models.UniqueConstraint(fields=["user", "case"], name="one_visit_per_case"),)
        indexes = (models.Index(fields=["user", "-visited_at", "-id"], name="newest_visits"),)

    def __str__(self) -> str:
        return f"visit {self.pk}"
