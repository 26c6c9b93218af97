"""Coded terms."""

from django.db import models

from cases.enums import TermSystem
from cases.querysets import TermQuerySet


class Term(models.Model):
    """A code of a terminology with the words people use for it."""

    system = models.CharField(max_length=10, choices=TermSystem, default=TermSystem.LOCAL)
    code = models.CharField(max_length=64)
    display = models.CharField(max_length=200)
    language = models.CharField(max_length=12, default="en")
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    # Loaded from a terminology: says nothing of any case, so everybody may find it, codes of this server too.
    loaded = models.BooleanField(default=False)

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


class TermWord(models.Model):
    """Another wording of a term: a synonym, or its name in another language."""

    term = models.ForeignKey(Term, on_delete=models.CASCADE, related_name="words")
    word = models.CharField(max_length=200)
    language = models.CharField(max_length=12, default="en")

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("term", "id")
        constraints = (
            models.UniqueConstraint(fields=["term", "language", "word"], name="one_row_per_wording"),
        )

    def __str__(self) -> str:
        return self.word
