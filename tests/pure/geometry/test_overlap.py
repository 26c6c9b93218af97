"""Agreement of masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from cases.geometry import dice, hausdorff95, iou
from cases.geometry.overlap import BoolMask

masks = arrays(bool, (7, 9))


def square(row: int, column: int, side: int = 4, size: int = 24) -> BoolMask:
    made = np.zeros((size, size), bool)
    made[row : row + side, column : column + side] = True
    return made


def test_hand_made_overlap() -> None:
    first, second = square(2, 2), square(2, 4)
    assert iou(first, second) == 8 / 24
    assert dice(first, second) == 16 / 32


@given(masks, masks)
def test_both_are_symmetric_and_tied_to_one_another(first: BoolMask, second: BoolMask) -> None:
    assert iou(first, second) == iou(second, first)
    assert dice(first, second) == pytest.approx(2 * iou(first, second) / (1 + iou(first, second)))
    assert 0 <= iou(first, second) <= dice(first, second) <= 1


@given(masks)
def test_a_mask_agrees_with_itself(region: BoolMask) -> None:
    assert iou(region, region) == dice(region, region) == 1
    assert hausdorff95(region, region, (1.0, 2.0)) == 0


def border(region: BoolMask) -> list[tuple[int, int]]:
    found = []
    for row, column in np.argwhere(region):
        around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        out = any(
            not (0 <= r < region.shape[0] and 0 <= c < region.shape[1]) or not region[r, c] for r, c in around
        )
        if out:
            found.append((row, column))
    return found


@given(masks, masks, st.tuples(st.floats(0.2, 4), st.floats(0.2, 4)))
def test_distance_equals_every_pair_compared(
    first: BoolMask, second: BoolMask, spacing: tuple[float, float]
) -> None:
    if not first.any() or not second.any():
        return
    a, b = (np.array(border(region)) * spacing for region in (first, second))
    table = cdist(a, b)
    expected = max(np.percentile(table.min(axis=1), 95), np.percentile(table.min(axis=0), 95))
    assert hausdorff95(first, second, spacing) == pytest.approx(expected)
    assert hausdorff95(first, second, spacing) == hausdorff95(second, first, spacing)


def test_a_shift_is_the_distance_and_doubles_with_the_spacing() -> None:
    first, second = square(4, 4, side=1), square(4, 9, side=1)
    assert hausdorff95(first, second, (1.0, 0.5)) == 2.5
    assert hausdorff95(first, second, (2.0, 1.0)) == 5


def test_five_of_a_hundred_border_pixels_may_be_anywhere() -> None:
    first = np.zeros((60, 120), bool)
    first[10, 5:115] = True
    second = first.copy()
    second[50, 60] = True
    assert hausdorff95(first, second, (1.0, 1.0)) == 0


def test_nothing_agrees_with_nothing_and_with_nothing_else() -> None:
    nothing = np.zeros((4, 4), bool)
    something = ~nothing
    assert iou(nothing, nothing) == dice(nothing, nothing) == 1
    assert iou(nothing, something) == dice(something, nothing) == 0
    assert hausdorff95(nothing, nothing, (1.0, 1.0)) == 0
    assert hausdorff95(nothing, something, (1.0, 1.0)) == np.inf


def test_what_cannot_be_compared_is_refused() -> None:
    region = np.ones((4, 4), bool)
    with pytest.raises(ValueError, match="same shape"):
        iou(region, region[:2])
    with pytest.raises(ValueError, match="boolean"):
        dice(region, region.astype(int))  # type: ignore[arg-type]
    for spacing in [(1.0,), (1.0, 0.0), (1.0, float("nan"))]:
        with pytest.raises(ValueError, match="spacing"):
            hausdorff95(region, region, spacing)
