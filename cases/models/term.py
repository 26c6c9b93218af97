"""Coded terms."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from cases.enums import TermSystem
from cases.querysets import TermQuerySet
from cases.wordings import starts_of


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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and keep the beginnings by which it is found: whoever makes a term must not forget them."""
        super().save(*args, **kwargs)
        TermStart.write([self])

    @property
    def wordings(self) -> list[str]:
        """Everything it may be called, its code last."""
        return [self.display, *(row.word for row in self.words.all()), self.code]


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

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        TermStart.write([self.term])


class TermStart(models.Model):
    """A place at which a wording can be begun, as "lymph node" and "node".

    One range of an index finds what is typed. Compared by bytes on both databases: PostgreSQL's column has
    the collation "C" (see its migration), in others a range is not what begins with the same letters.
    """

    term = models.ForeignKey(Term, on_delete=models.CASCADE, related_name="starts")
    start = models.CharField(max_length=80)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("start",)
        indexes = (models.Index(fields=["start", "term"], name="term_start"),)

    def __str__(self) -> str:
        return self.start

    @staticmethod
    def write(terms: Sequence[Term]) -> None:
        """Make the beginnings of ``terms`` what their wordings say."""
        wanted = {(term.pk, start) for term in terms for start in starts_of(term.wordings)}
        rows = TermStart.objects.filter(term__in=[term.pk for term in terms]).values_list(
            "pk", "term", "start"
        )
        stored = {(term, start): pk for pk, term, start in rows}
        if gone := [pk for key, pk in stored.items() if key not in wanted]:
            TermStart.objects.filter(pk__in=gone).delete()
        new = [TermStart(term_id=term, start=start) for term, start in wanted - set(stored)]
        TermStart.objects.bulk_create(new, batch_size=2000)
