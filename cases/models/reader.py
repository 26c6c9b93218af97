"""Names of readers while a reading is blinded."""

from django.conf import settings
from django.db import models

from cases.models.case import Case


class Reader(models.Model):
    """The letter under which somebody's layers of a case are shown; the same on all of its series.

    The number is drawn by chance: counted by name or by time, letters of several cases could be put together.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="readers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()

    personal_fields = frozenset[str]()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["case", "user"], name="one_letter_per_reader"),
            models.UniqueConstraint(fields=["case", "number"], name="one_reader_per_letter"),
        )

    def __str__(self) -> str:
        return f"reader {self.number}"
