"""STAPLE: the consensus of several readers, and how well each of them meets it.

Warfield, Zou and Wells: Simultaneous truth and performance level estimation (STAPLE), 2004,
doi:10.1109/TMI.2004.828354.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cases.geometry.agreement import Region, shared
from cases.geometry.runs import from_window, window
from cases.geometry.shapes import Shape
from cases.geometry.tiles import Tile

MAX_ROUNDS = 500
CLOSE = 1e-7


@dataclass(frozen=True)
class Consensus:
    """What the readers mean together.

    Attributes
    ----------
    probability : ndarray, shape (2 ** readers,)
        That a pixel belongs to the finding, by the pattern of who marked it.
    sensitivity, specificity : ndarray, shape (readers,)
    rounds : int
        Of expectation and maximisation.
    converged : bool
        Whether no number moved by more than 1e-7 in the last round.
    """

    probability: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    specificity: NDArray[np.float64]
    rounds: int
    converged: bool


def staple(
    areas: NDArray[np.float64], readers: int, *, prior: float | None = None, rounds: int = MAX_ROUNDS
) -> Consensus:
    """Estimate the hidden truth and each reader's sensitivity and specificity by expectation maximisation.

    Pixels that the same readers marked are alike for the method, so it works on their sums: the result is
    that of a run over every pixel, in time that does not depend on the size of the images. Only pixels of the
    rectangles that hold something are counted. With the whole of the images most pixels would be background
    that nobody doubts, and every specificity 1.

    Parameters
    ----------
    areas : ndarray, shape (2 ** readers,)
        From :func:`cases.geometry.tiles.area_by_pattern`.
    readers : int
        Two or more.
    prior : float, optional
        Probability that a pixel belongs to the finding, before anybody has looked; the mean share that
        readers marked when left out, as in the paper.
    rounds : int
        After which it ends without having converged.

    Returns
    -------
    Consensus

    Raises
    ------
    ValueError
        Fewer than two readers, nothing marked, or a prior outside of (0, 1).

    Examples
    --------
    Three readers of 100 pixels: all mark 20, the third 5 more.

    >>> areas = np.array([75.0, 0, 0, 0, 5.0, 0, 0, 20.0])
    >>> found = staple(areas, 3)
    >>> (found.probability[[0, 4, 7]] > 0.5).tolist(), found.converged
    ([False, False, True], True)
    """
    if readers < 2 or len(areas) != 1 << readers:
        raise ValueError(f"a consensus needs two readers or more and {1 << readers} areas, not {len(areas)}")
    total = float(areas.sum())
    decided = ((np.arange(1 << readers)[:, None] >> np.arange(readers)) & 1).astype(float)
    marked = float((areas[:, None] * decided).sum()) / readers
    if not marked:
        raise ValueError("nobody marked anything")
    before = marked / total if prior is None else prior
    if prior is not None and not 0 < prior < 1:
        raise ValueError(f"the prior lies between 0 and 1, not at {prior}")
    # A share of all leaves no room for background; the paper's formula would divide by nothing.
    before = min(before, 1 - 1e-9)
    p = np.full(readers, 0.99999)
    q = np.full(readers, 0.99999)
    done, ran = False, 0
    weight = np.zeros(len(areas))
    for ran in range(1, rounds + 1):  # noqa: B007  told in the result
        inside = before * np.where(decided == 1, p, 1 - p).prod(axis=1)
        outside = (1 - before) * np.where(decided == 1, 1 - q, q).prod(axis=1)
        weight = inside / np.maximum(inside + outside, 1e-300)
        mass, rest = areas * weight, areas * (1 - weight)
        new_p = (mass[:, None] * decided).sum(axis=0) / max(mass.sum(), 1e-300)
        new_q = (
            (rest[:, None] * (1 - decided)).sum(axis=0) / rest.sum() if rest.sum() > 0 else np.ones(readers)
        )
        moved = max(np.abs(new_p - p).max(), np.abs(new_q - q).max())
        # Never quite sure: a reader without an error so far would outvote all others for ever.
        p, q = np.clip(new_p, 1e-9, 1 - 1e-9), np.clip(new_q, 1e-9, 1 - 1e-9)
        if moved < CLOSE:
            done = True
            break
    return Consensus(weight, p, q, ran, done)


def probability_map(tile: Tile, consensus: Consensus) -> NDArray[np.float64]:
    """Probability of each pixel of a tile, shape as its patterns."""
    return np.asarray(consensus.probability[tile.patterns])


def consensus_masks(
    tiles: Sequence[Tile], consensus: Consensus, *, at_least: float = 0.5
) -> list[tuple[Tile, NDArray[np.bool_]]]:
    """Pixels of each tile that belong to the finding with ``at_least`` this probability; no empty ones."""
    found = [(tile, probability_map(tile, consensus) >= at_least) for tile in tiles]
    return [(tile, inside) for tile, inside in found if inside.any()]


def consensus_shapes(
    tiles: Sequence[Tile], consensus: Consensus, drawn: Sequence[Sequence[Region]], *, at_least: float = 0.5
) -> list[Shape]:
    """The consensus as masks: one for each connected part of each frame.

    Parameters
    ----------
    tiles : sequence of Tile
    consensus : Consensus
    drawn : sequence of sequences of Region
        What each reader drew: a part gets the label that most readers gave to what they drew there.
    at_least : float

    Returns
    -------
    list of Shape
        Their ids are made of what they cover, so that the same consensus twice is the same shapes.
    """
    on: dict[int, list[Region]] = defaultdict(list)
    for regions in drawn:
        for region in regions:
            on[region.shape.frame].append(region)
    made = []
    for tile, inside in consensus_masks(tiles, consensus, at_least=at_least):
        parts, count = ndimage.label(inside)
        for number in range(1, count + 1):
            points, counts = from_window(parts == number, x=tile.left, y=tile.top)
            name = f"{tile.frame} {points} {counts}"
            shape = Shape(
                str(uuid.uuid5(uuid.NAMESPACE_OID, name)), "mask", tile.frame, points, counts=counts
            )
            made.append(replace(shape, label=_label_of(shape, on[tile.frame])))
    return made


def _label_of(shape: Shape, drawn: Sequence[Region]) -> str:
    (x0, y0), _corner = shape.points
    part = Region(shape, int(y0), int(x0), window(shape))
    told = Counter(one.shape.label for one in drawn if one.shape.label and shared(part, one) > 0)
    return min(told, key=lambda label: (-told[label], label)) if told else ""
