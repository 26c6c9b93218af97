"""Whole slides: an instance whose bytes are tiles."""

from functools import cached_property

from django.db import models

from cases.imaging.slide_store import Pyramid
from cases.models.series import Frame, Instance


class Slide(models.Model):
    """Size and scale of a whole slide; its tiles are the bytes that the instance names."""

    instance = models.OneToOneField(Instance, on_delete=models.CASCADE, related_name="slide")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    tile = models.PositiveIntegerField()
    # Micrometres per pixel of the finest level, across and down.
    microns_x = models.FloatField(null=True)
    microns_y = models.FloatField(null=True)
    magnification = models.FloatField(null=True)

    personal_fields = frozenset[str]()

    class Meta:
        ordering = ("instance",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(width__gte=1, height__gte=1, tile__gte=1), name="slide_has_pixels"
            ),
        )

    def __str__(self) -> str:
        return f"slide {self.instance_id}"

    @cached_property
    def overview(self) -> Frame:
        """The frame of its series that stands for the slide."""
        return self.instance.frames.get(number_in_instance=0)

    @property
    def scale(self) -> int:
        """Pixels of the finest level to one of the overview, each way."""
        size = (self.overview.columns, self.overview.rows)
        return int(2 ** self.pyramid.sizes[::-1].index(size))

    @property
    def pyramid(self) -> Pyramid:
        return Pyramid(self.width, self.height, self.tile)
