"""Agreement of the readers of a series, and their consensus into the reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from cases.enums import HANDED_IN
from cases.geometry import agreement, tiles
from cases.geometry.agreement import Finding, Grid, Region
from cases.geometry.schema import parse_shapes, to_payload
from cases.geometry.shapes import Shape
from cases.geometry.staple import Consensus, consensus_shapes, staple
from cases.geometry.tiles import Tile
from cases.models import Annotation, Series
from cases.permissions import check_user_can_edit_case
from cases.services import annotations
from medweb.accounts.models import User
from medweb.audit.services import record

MOST_READERS = 8
# Pixels of the rectangles of all shapes together: about two seconds on one slow core.
MOST_PIXELS = 60_000_000
MOST_SHAPES = 4_000
THRESHOLDS = (0.3, 0.5, 0.7)


@dataclass(frozen=True)
class Pair:
    """Two readers, by their numbers."""

    first: int
    second: int
    matched: int
    only_first: int
    only_second: int
    iou: float | None
    dice: float
    label_kappa: float | None
    pixel_kappa: float | None


@dataclass(frozen=True)
class Comparison:
    """What readers of one series drew, side by side; computed when it is asked for.

    Attributes
    ----------
    layers : list of Annotation
    grids : list of Grid
        Of all frames, in order.
    drawn : list of lists of Region
        Closed shapes of each reader.
    left_out : int
        Shapes without an inside.
    threshold : float
        Smallest intersection over union of shapes that mean the same.
    """

    layers: list[Annotation]
    grids: list[Grid]
    drawn: list[list[Region]]
    left_out: int
    threshold: float

    @property
    def readers(self) -> int:
        return len(self.layers)

    @cached_property
    def found(self) -> list[Finding]:
        return agreement.findings(self.drawn, threshold=self.threshold)

    @cached_property
    def tiles(self) -> list[Tile]:
        return tiles.tiles_of(self.drawn, self.grids)

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        return tiles.area_by_pattern(self.tiles, self.readers)

    @cached_property
    def whole(self) -> float:
        """Area of all frames."""
        return sum(grid.rows * grid.columns * grid.pixel_area for grid in self.grids)

    @cached_property
    def dice(self) -> NDArray[np.float64]:
        return tiles.dice_matrix(self.areas, self.readers)

    @cached_property
    def pairs(self) -> list[Pair]:
        made = []
        for a, b in combinations(range(self.readers), 2):
            both = agreement.matched(self.drawn[a], self.drawn[b], threshold=self.threshold)
            made.append(
                Pair(
                    a,
                    b,
                    len(both),
                    len(self.drawn[a]) - len(both),
                    len(self.drawn[b]) - len(both),
                    sum(one.iou for one in both) / len(both) if both else None,
                    float(self.dice[a, b]),
                    agreement.label_kappa(self.found, a, b),
                    tiles.pixel_kappa(self.areas, a, b, whole=self.whole),
                )
            )
        return made

    @cached_property
    def fleiss(self) -> tuple[float | None, float | None]:
        """Of labels and of pixels, over all readers."""
        labels = agreement.label_kappa_of_all(self.found, self.readers)
        return labels, tiles.pixel_kappa_of_all(self.areas, self.readers, whole=self.whole)

    @cached_property
    def consensus(self) -> Consensus | None:
        """``None`` where nobody drew an area."""
        return staple(self.areas, self.readers) if self.tiles else None

    @cached_property
    def shapes(self) -> list[Shape]:
        """The consensus as masks."""
        return consensus_shapes(self.tiles, self.consensus, self.drawn) if self.consensus else []


def layers_of(series: Series, user: User) -> list[Annotation]:
    """Handed-in layers of ``series`` that ``user`` may compare, the reference last."""
    rows = Annotation.objects.visible_to(user).filter(series=series, status__in=HANDED_IN).with_readers()
    return list(rows.select_related("author", "series__case").order_by("is_reference", "pk"))


def compare(series: Series, layers: Sequence[Annotation], *, threshold: float = 0.5) -> Comparison:
    """Put layers of ``series`` side by side.

    Raises
    ------
    ValidationError
        Fewer than two readers, too many, or more than can be computed while somebody waits.
    cases.geometry.errors.GeometryError
        A layer was drawn when the series had other images.
    """
    if len(layers) < 2:
        raise ValidationError(_("Choose two readers or more."))
    if len(layers) > MOST_READERS:
        told = _("At most %(n)d readers are compared at once; choose fewer.")
        raise ValidationError(told % {"n": MOST_READERS})
    rows = series.frames.order_by("index").values_list("rows", "columns", "pixel_spacing")
    grids = [Grid(r, c, (float(s[0]), float(s[1])) if s else None) for r, c, s in rows]
    if any(grid.spacing is None for grid in grids):
        # Millimetres of some images and pixels of others cannot be summed.
        grids = [Grid(grid.rows, grid.columns) for grid in grids]
    sizes = [(grid.rows, grid.columns) for grid in grids]
    shapes = [parse_shapes(layer.shapes, frames=sizes) for layer in layers]
    closed = [[shape for shape in found if shape.is_closed] for found in shapes]
    _check_size(closed)
    drawn = [
        [region for shape in found if (region := agreement.region_of(shape, grids[shape.frame]))]
        for found in closed
    ]
    left_out = sum(map(len, shapes)) - sum(map(len, drawn))
    return Comparison(list(layers), grids, drawn, left_out, threshold)


def _check_size(closed: Sequence[Sequence[Shape]]) -> None:
    pixels = 0.0
    for found in closed:
        for shape in found:
            x0, y0, x1, y1 = shape.bounds
            pixels += (x1 - x0 + 1) * (y1 - y0 + 1)
    if pixels > MOST_PIXELS or sum(map(len, closed)) > MOST_SHAPES:
        told = _("These layers hold %(n)d megapixels of shapes; at most %(most)d are compared. Choose fewer.")
        raise ValidationError(told % {"n": pixels // 10**6, "most": MOST_PIXELS // 10**6})


@transaction.atomic
def add_consensus(*, series: Series, layers: Sequence[Annotation], threshold: float = 0.5, by: User) -> int:
    """Add the consensus of ``layers`` to the reference, as masks.

    Returns
    -------
    int
        How many masks were new; the same consensus twice is added once.

    Raises
    ------
    PermissionDenied, ValidationError
    cases.geometry.errors.GeometryError
        The reference cannot hold them all.
    """
    check_user_can_edit_case(by, series.case)
    made = compare(series, layers, threshold=threshold).shapes
    if not made:
        raise ValidationError(_("These readers have no area in common that could be a consensus."))
    added = annotations.add_to_reference(series=series, shapes=to_payload(made), by=by)
    record("annotation.consensus", series, by=by, layers=[row.pk for row in layers], added=added)
    return added
