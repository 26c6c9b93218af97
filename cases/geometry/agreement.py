"""Which shapes of several readers mean the same finding, and whether they call it the same.

Shapes are compared in their own rectangles, so a stack of 500 slices with two small findings costs two small
rectangles. Pixels are counted in :mod:`cases.geometry.tiles`; :mod:`cases.geometry.staple` has the consensus.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cases.geometry.kappa import cohen_kappa, fleiss_kappa
from cases.geometry.rasterise import mask
from cases.geometry.runs import window
from cases.geometry.shapes import Shape

BoolMask = NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """Size of a frame and of its pixels.

    Attributes
    ----------
    rows, columns : int
    spacing : tuple of float or None
        Millimetres between rows and between columns; ``None`` where nobody knows.
    """

    rows: int
    columns: int
    spacing: tuple[float, float] | None = None

    @property
    def pixel_area(self) -> float:
        """Square millimetres of a pixel; 1 where the spacing is unknown."""
        return self.spacing[0] * self.spacing[1] if self.spacing else 1.0


@dataclass(frozen=True)
class Region:
    """A closed shape as pixels of its own rectangle.

    Attributes
    ----------
    shape : Shape
    top, left : int
        Row and column of the first pixel of ``inside`` on the frame.
    inside : ndarray of bool
    """

    shape: Shape
    top: int
    left: int
    inside: BoolMask

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(np.count_nonzero(self.inside))


def region_of(shape: Shape, grid: Grid) -> Region | None:
    """Pixels of a closed shape, without a mask of the whole frame.

    Parameters
    ----------
    shape : Shape
    grid : Grid
        Of its frame.

    Returns
    -------
    Region or None
        ``None`` for what has no inside: points, lines, texts, and areas that hold no centre of a pixel.
    """
    if not shape.is_closed:
        return None
    x0, y0, x1, y1 = shape.bounds
    left, top = max(int(np.floor(x0)), 0), max(int(np.floor(y0)), 0)
    right, bottom = min(int(np.ceil(x1)) + 1, grid.columns), min(int(np.ceil(y1)) + 1, grid.rows)
    if right <= left or bottom <= top:
        return None
    if shape.kind == "mask":
        inside = window(shape)[: bottom - top, : right - left]
    else:
        # Moved by whole pixels, so that the same centres lie inside.
        moved = replace(shape, points=tuple((x - left, y - top) for x, y in shape.points))
        inside = mask(moved, bottom - top, right - left)
    return Region(shape, top, left, inside) if inside.any() else None


def shared(first: Region, second: Region) -> int:
    """Number of pixels that two regions of one frame have in common."""
    if first.shape.frame != second.shape.frame:
        return 0
    top, left = max(first.top, second.top), max(first.left, second.left)
    bottom = min(first.top + first.inside.shape[0], second.top + second.inside.shape[0])
    right = min(first.left + first.inside.shape[1], second.left + second.inside.shape[1])
    if bottom <= top or right <= left:
        return 0
    a = first.inside[top - first.top : bottom - first.top, left - first.left : right - first.left]
    b = second.inside[top - second.top : bottom - second.top, left - second.left : right - second.left]
    return int(np.count_nonzero(a & b))


@dataclass(frozen=True)
class Match:
    """Two shapes that mean the same finding."""

    first: int
    second: int
    iou: float
    dice: float


def matched(first: Sequence[Region], second: Sequence[Region], *, threshold: float = 0.5) -> list[Match]:
    """Pairs of shapes of two readers, each shape in one pair at most.

    The pairs are those whose intersections over union have the largest sum, among pairs that reach the
    threshold (Kuhn, 1955, doi:10.1002/nav.3800020109).

    Parameters
    ----------
    first, second : sequence of Region
    threshold : float
        Smallest intersection over union of a pair, above 0 and up to 1.

    Returns
    -------
    list of Match
        By places in ``first`` and ``second``; what is in no pair is unmatched.

    Raises
    ------
    ValueError
        If the threshold is not in (0, 1].
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"the threshold lies above 0 and up to 1, not at {threshold}")
    # Imported here: the web process would carry the solver for every page.
    from scipy.optimize import linear_sum_assignment

    found: list[Match] = []
    frames = {one.shape.frame for one in first} & {one.shape.frame for one in second}
    for frame in sorted(frames):
        rows = [n for n, one in enumerate(first) if one.shape.frame == frame]
        columns = [n for n, one in enumerate(second) if one.shape.frame == frame]
        common = np.array([[shared(first[r], second[c]) for c in columns] for r in rows], dtype=float)
        sizes = np.add.outer([first[r].size for r in rows], [second[c].size for c in columns])
        iou = common / (sizes - common)
        good = np.where(iou >= threshold, iou, 0.0)
        for r, c in zip(*linear_sum_assignment(good, maximize=True), strict=True):
            if good[r, c] > 0:
                dice = float(2 * common[r, c] / sizes[r, c])
                found.append(Match(rows[r], columns[c], float(iou[r, c]), dice))
    return found


@dataclass(frozen=True)
class Finding:
    """What some of the readers drew at one place.

    Attributes
    ----------
    frame : int
    members : mapping of int to Region
        By number of the reader; a reader who is missing did not draw it.
    """

    frame: int
    members: Mapping[int, Region]


def findings(readers: Sequence[Sequence[Region]], *, threshold: float = 0.5) -> list[Finding]:
    """Shapes of all readers put together: each reader's shapes are matched with the findings so far.

    A finding is met by a shape whose mean intersection over union with its members is the best and reaches
    the threshold. With more than two readers the result may depend on their order where shapes are about half
    alike.

    Parameters
    ----------
    readers : sequence of sequences of Region
    threshold : float

    Returns
    -------
    list of Finding
        In the order of the frames, from top to bottom.
    """
    from scipy.optimize import linear_sum_assignment

    groups: list[dict[int, Region]] = []
    by_frame: dict[int, list[dict[int, Region]]] = defaultdict(list)
    for reader, regions in enumerate(readers):
        own: dict[int, list[Region]] = defaultdict(list)
        for region in regions:
            own[region.shape.frame].append(region)
        for frame, new in own.items():
            known = list(by_frame[frame])
            placed: set[int] = set()
            if known:
                score = np.array(
                    [
                        [np.mean([_iou(one, member) for member in group.values()]) for group in known]
                        for one in new
                    ]
                )
                good = np.where(score >= threshold, score, 0.0)
                for r, c in zip(*linear_sum_assignment(good, maximize=True), strict=True):
                    if good[r, c] > 0:
                        known[c][reader] = new[r]
                        placed.add(int(r))
            for n, region in enumerate(new):
                if n not in placed:
                    made = {reader: region}
                    groups.append(made)
                    by_frame[frame].append(made)
    found = [Finding(next(iter(group.values())).shape.frame, group) for group in groups]
    return sorted(found, key=lambda one: (one.frame, min((r.top, r.left) for r in one.members.values())))


def _iou(first: Region, second: Region) -> float:
    common = shared(first, second)
    return common / (first.size + second.size - common)


NOTHING = "(nothing)"
"""Class of a place where a reader drew nothing; no label of a shape, because those have no brackets alone."""


def label_kappa(found: Sequence[Finding], first: int, second: int) -> float | None:
    """Cohen's kappa of two readers over what either of them drew.

    Places where neither drew anything cannot be counted, so chance is judged without them: readers who find
    much of the same and name it alike may get a kappa of 0 or below when they use one label only.
    """
    classes = [
        [_label(one.members.get(reader)) for one in found if first in one.members or second in one.members]
        for reader in (first, second)
    ]
    return cohen_kappa(classes[0], classes[1])


def label_kappa_of_all(found: Sequence[Finding], readers: int) -> float | None:
    """Fleiss' kappa of labels over everything that anybody drew; "nothing" is a class."""
    rows = [[_label(one.members.get(reader)) for reader in range(readers)] for one in found]
    classes = sorted({label for row in rows for label in row})
    if not rows:
        return None
    return fleiss_kappa(np.array([[row.count(name) for name in classes] for row in rows], dtype=float))


def _label(region: Region | None) -> str:
    return NOTHING if region is None else region.shape.label
