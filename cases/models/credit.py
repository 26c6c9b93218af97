"""Who wrote a case, what it leans on, and what else it may have been."""

from django.conf import settings
from django.db import models

from cases.models.case import Case
from cases.models.term import Term


class CaseAuthor(models.Model):
    """One of the people named as authors; ``Case.author`` is who may edit."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="authors")
    position = models.PositiveSmallIntegerField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(max_length=120)
    affiliation = models.CharField(max_length=200, blank=True)

    personal_fields = frozenset({"name", "affiliation"})

    class Meta:
        ordering = ("case", "position")
        constraints = (
            models.UniqueConstraint(fields=["case", "position"], name="one_author_per_position"),
            models.CheckConstraint(condition=~models.Q(name=""), name="case_authors_have_names"),
        )

    def __str__(self) -> str:
        return self.name


class CaseReference(models.Model):
    """A publication that a case leans on."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="references")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=600, blank=True)
    doi = models.CharField(max_length=200, blank=True)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("case", "position")
        constraints = (
            models.UniqueConstraint(fields=["case", "position"], name="one_reference_per_position"),
            models.UniqueConstraint(
                fields=["case", "doi"], condition=~models.Q(doi=""), name="one_reference_per_doi"
            ),
            models.CheckConstraint(
                condition=~models.Q(text="") | ~models.Q(doi=""), name="references_say_something"
            ),
        )

    def __str__(self) -> str:
        return self.text or self.doi


class Differential(models.Model):
    """One line of the ordered differential; ``Case.differential`` holds the same lines for the search."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="differentials")
    position = models.PositiveSmallIntegerField()
    term = models.ForeignKey(Term, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    text = models.CharField(max_length=300)

    personal_fields = frozenset({"text"})

    class Meta:
        ordering = ("case", "position")
        constraints = (
            models.UniqueConstraint(fields=["case", "position"], name="one_differential_per_position"),
        )

    def __str__(self) -> str:
        return self.text
