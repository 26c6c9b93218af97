"""What is said about a layer when it is reviewed."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cases.models.annotation import Annotation
from cases.models.series import Frame
from cases.querysets import CommentQuerySet

MAX_COMMENT = 2000


class Comment(models.Model):
    """Words about a layer, on the whole or pinned to a place: a frame and a position in its pixels.

    The frame is a row and no number: a slice that arrives later must not move the pin to another image.
    """

    annotation = models.ForeignKey(Annotation, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=MAX_COMMENT)
    frame = models.ForeignKey(Frame, null=True, on_delete=models.SET_NULL, related_name="+")
    x = models.FloatField(null=True)
    y = models.FloatField(null=True)
    answer_to = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="answers")
    created_at = models.DateTimeField(default=timezone.now)

    objects = CommentQuerySet.as_manager()
    personal_fields = frozenset({"text"})

    class Meta:
        ordering = ("annotation", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(x__isnull=True, y__isnull=True)
                | models.Q(x__isnull=False, y__isnull=False),
                name="a_place_has_two_numbers",
            ),
        )

    def __str__(self) -> str:
        return f"comment {self.pk}"
