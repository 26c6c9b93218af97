"""Cases put together: to teach from, and to train on."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.enums import Split, Visibility
from cases.models.case import Case
from cases.querysets import CollectionQuerySet


class Collection(models.Model):
    title = models.CharField(max_length=160)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.EVERYONE)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="collections")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="member_collections")
    cases = models.ManyToManyField(Case, through="CollectionItem", related_name="collections")
    blinded = models.BooleanField(
        _("Blinded reading"),
        default=False,
        help_text=_(
            "Readers see no drawing of anybody else, the reference included, until they have handed in their "
            "own; who drew what stays hidden until you open the reading."
        ),
    )
    opened_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CollectionQuerySet.as_manager()
    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("title", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(visibility__in=Visibility.values), name="known_visibility"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_blind(self) -> bool:
        """Whether readings in it are hidden now."""
        return self.blinded and self.opened_at is None


class Section(models.Model):
    """A heading inside a collection, in the order its owner gave."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="sections")
    title = models.CharField(max_length=120)
    position = models.PositiveIntegerField(default=0)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("collection", "position", "id")

    def __str__(self) -> str:
        return self.title


class CollectionItem(models.Model):
    """A case in a collection, with its class label and its place in a fixed split."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="items")
    # Cases without a section come first.
    section = models.ForeignKey(
        Section, null=True, blank=True, on_delete=models.SET_NULL, related_name="items"
    )
    position = models.PositiveIntegerField(default=0)
    label = models.CharField(max_length=80, blank=True)
    split = models.CharField(max_length=5, choices=Split, default=Split.NONE, blank=True)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("collection", "position", "id")
        constraints = (
            models.UniqueConstraint(fields=["collection", "case"], name="case_once_per_collection"),
            models.CheckConstraint(condition=models.Q(split__in=Split.values), name="known_split"),
        )

    def __str__(self) -> str:
        return f"{self.collection_id}/{self.case_id}"
