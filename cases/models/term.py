"""Coded terms."""

from django.db import models

from cases.enums import TermSystem
from cases.querysets import TermQuerySet


class Term(models.Model):
    """A code of a terminology with the words people use for it."""

    system = models.CharField(max_length=10, choices=TermSystem, default=TermSystem.LOCAL)
    code = models.CharField(max_length=64)
    display = models.CharField(max_length=200)

    objects = TermQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("display", "id")
        constraints = (
            models.UniqueConstraint(fields=["system", "code"], name="one_term_per_code"),
            models.CheckConstraint(
                condition=models.Q(system__in=TermSystem.values), name="known_term_system"
            ),
        )

    def __str__(self) -> str:
        return self.display
