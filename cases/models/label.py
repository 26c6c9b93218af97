"""Labels that the author of a case offers to whoever draws on it."""

from django.db import models

from cases.models.case import Case
from cases.models.term import Term


class CaseLabel(models.Model):
    """One of the nine labels that stand first; ``key`` is the number that chooses it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="labels")
    key = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=64)
    colour = models.CharField(max_length=7)
    term = models.ForeignKey(Term, null=True, on_delete=models.SET_NULL, related_name="+")

    # Typed by a person.
    personal_fields = frozenset({"label"})

    class Meta:
        ordering = ("case", "key")
        constraints = (
            models.UniqueConstraint(fields=["case", "key"], name="one_label_per_key"),
            models.CheckConstraint(condition=models.Q(key__gte=1, key__lte=9), name="label_keys_are_digits"),
        )

    def __str__(self) -> str:
        return self.label
