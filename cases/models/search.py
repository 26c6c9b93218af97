"""What the search knows of a case, and the words it can suggest."""

from django.db import models

from cases.models.case import Case


class SearchText(models.Model):
    """Words of one case by where they stand, as :func:`cases.words.kept` writes them.

    The full-text index of the database lies over this table (migration ``search_texts``): FTS5 on SQLite, the
    generated columns ``search`` and ``search_open`` on PostgreSQL. ``open`` holds what a case shows to
    somebody who reads it as an unknown and has not asked for the answer.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True, related_name="+")
    title = models.TextField(blank=True)
    terms = models.TextField(blank=True)
    keywords = models.TextField(blank=True)
    text = models.TextField(blank=True)
    open = models.TextField(blank=True)

    personal_fields = frozenset({"title", "terms", "keywords", "text", "open"})

    def __str__(self) -> str:
        return f"words of case {self.case_id}"


class Spelling(models.Model):
    """A word that some case has: what a misspelt one may have meant.

    Offered only to whom a search for it finds something; gone with the last case that has it.
    """

    word = models.CharField(max_length=40, unique=True)
    letters = models.PositiveSmallIntegerField()

    personal_fields = frozenset({"word"})

    class Meta:
        indexes = (models.Index(fields=["letters"], name="spelling_letters"),)

    def __str__(self) -> str:
        return self.word
