"""Pixels of a series by who marked them: overlap and kappa of several readers.

Everything is counted in the smallest rectangle of a frame that holds what any reader drew there. What lies
outside is background for everybody and enters only as a number.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cases.geometry.agreement import Grid, Region
from cases.geometry.kappa import fleiss_kappa, kappa_of_table

MAX_READERS = 12
"""Every reader doubles the number of patterns of who marked a pixel."""


@dataclass(frozen=True)
class Tile:
    """The rectangle of a frame that holds everything drawn on it.

    Attributes
    ----------
    frame, top, left : int
    patterns : ndarray of uint16, shape (height, width)
        Bit ``n`` is set where reader ``n`` marked the pixel.
    pixel_area : float
    """

    frame: int
    top: int
    left: int
    patterns: NDArray[np.uint16]
    pixel_area: float


def tiles_of(readers: Sequence[Sequence[Region]], grids: Sequence[Grid]) -> list[Tile]:
    """Who marked which pixel, frame by frame.

    Parameters
    ----------
    readers : sequence of sequences of Region
        At most :data:`MAX_READERS`.
    grids : sequence of Grid
        Of all frames of the series.

    Raises
    ------
    ValueError
        If there are too many readers.
    """
    if len(readers) > MAX_READERS:
        raise ValueError(f"at most {MAX_READERS} readers are compared, not {len(readers)}")
    on: dict[int, list[tuple[int, Region]]] = defaultdict(list)
    for reader, regions in enumerate(readers):
        for region in regions:
            on[region.shape.frame].append((reader, region))
    made = []
    for frame, drawn in sorted(on.items()):
        top, left = min(one.top for _r, one in drawn), min(one.left for _r, one in drawn)
        bottom = max(one.top + one.inside.shape[0] for _r, one in drawn)
        right = max(one.left + one.inside.shape[1] for _r, one in drawn)
        patterns = np.zeros((bottom - top, right - left), dtype=np.uint16)
        for reader, one in drawn:
            part = patterns[
                one.top - top : one.top - top + one.inside.shape[0],
                one.left - left : one.left - left + one.inside.shape[1],
            ]
            part |= np.where(one.inside, np.uint16(1 << reader), np.uint16(0))
        made.append(Tile(frame, top, left, patterns, grids[frame].pixel_area))
    return made


def area_by_pattern(tiles: Sequence[Tile], readers: int) -> NDArray[np.float64]:
    """Area that each set of readers marked and nobody else; entry ``p`` is for the readers of its bits."""
    total = np.zeros(1 << readers)
    for tile in tiles:
        total += np.bincount(tile.patterns.ravel(), minlength=1 << readers) * tile.pixel_area
    return total


def _bits(readers: int) -> NDArray[np.bool_]:
    """Row ``p``: which readers marked the pixels of pattern ``p``."""
    return (np.arange(1 << readers)[:, None] >> np.arange(readers)) & 1 == 1


def dice_matrix(areas: NDArray[np.float64], readers: int) -> NDArray[np.float64]:
    """Dice of everything that two readers marked in the series.

    Parameters
    ----------
    areas : ndarray
        From :func:`area_by_pattern`.
    readers : int

    Returns
    -------
    ndarray, shape (readers, readers)
        1 for two who marked nothing.
    """
    bits = _bits(readers).astype(float)
    common = bits.T @ (areas[:, None] * bits)
    sizes = np.add.outer(np.diag(common), np.diag(common))
    return np.where(sizes > 0, 2 * common / np.where(sizes > 0, sizes, 1), 1.0)


def pixel_kappa(areas: NDArray[np.float64], first: int, second: int, *, whole: float) -> float | None:
    """Cohen's kappa of two readers over all pixels of the series.

    Parameters
    ----------
    areas : ndarray
        From :func:`area_by_pattern`.
    first, second : int
    whole : float
        Area of all frames together, in the same unit; what is missing in ``areas`` is background for all.
    """
    bits = _bits(int(np.log2(len(areas))))
    table = np.zeros((2, 2))
    for a in (0, 1):
        for b in (0, 1):
            table[a, b] = areas[(bits[:, first] == a) & (bits[:, second] == b)].sum()
    table[0, 0] += max(whole - float(areas.sum()), 0.0)
    return kappa_of_table(table)


def pixel_kappa_of_all(areas: NDArray[np.float64], readers: int, *, whole: float) -> float | None:
    """Fleiss' kappa of all readers over all pixels; see :func:`pixel_kappa`."""
    marked = _bits(readers).sum(axis=1).astype(float)
    weights = areas.copy()
    weights[0] += max(whole - float(areas.sum()), 0.0)
    return fleiss_kappa(np.column_stack([marked, readers - marked]), weights)
