"""Slices in the order of space, whatever the order of files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.imaging.volume import (
    FrameGeometry,
    across_the_stack,
    normal,
    order,
    spacing_between,
    split_localisers,
    uneven_steps,
)

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def _stack(heights: list[float], orientation: tuple[float, ...] = AXIAL) -> list[FrameGeometry]:
    direction = normal(orientation)
    return [
        FrameGeometry(tuple(float(x) for x in direction * z), orientation, number)
        for number, z in enumerate(heights, start=1)
    ]


@given(
    st.lists(st.integers(-1000, 1000), unique=True, min_size=1, max_size=30),
    st.sampled_from([AXIAL, SAGITTAL]),
)
def test_order_is_along_the_normal(heights: list[int], orientation: tuple[float, ...]) -> None:
    places = order(_stack([h / 3 for h in heights], orientation))
    assert [heights[place] for place in places] == sorted(heights)


def test_oblique_slices() -> None:
    tilt = (1.0, 0.0, 0.0, 0.0, float(np.cos(0.3)), float(np.sin(0.3)))
    assert order(_stack([3.0, -1.0, 2.0], tilt)) == [1, 2, 0]


def test_equal_places_follow_the_instance_number_then_the_frame() -> None:
    same = [FrameGeometry((0, 0, 0), AXIAL, n, f) for n, f in ((2, 1), (1, 2), (1, 1))]
    assert order(same) == [2, 1, 0]


def test_without_geometry_the_number_decides() -> None:
    frames = [FrameGeometry(None, None, n) for n in (3, None, 1)]
    assert order(frames) == [2, 0, 1]
    assert order([]) == []


def test_a_crossing_slice_sends_all_back_to_their_numbers() -> None:
    assert order([*_stack([5.0, 1.0]), FrameGeometry((0, 0, 0), SAGITTAL, 0)]) == [2, 0, 1]


def test_parallel_directions_are_no_plane() -> None:
    with pytest.raises(ValueError, match="no normal"):
        normal((1, 0, 0, 1, 0, 0))
    assert order([FrameGeometry((0, 0, 0), (1, 0, 0, 1, 0, 0), 2), FrameGeometry((0, 0, 0), AXIAL, 1)]) == [
        1,
        0,
    ]


def test_spacing_even_and_uneven() -> None:
    assert spacing_between([(0, 0, z) for z in (0, 3, 6, 9)]) == (3.0, True)
    middle, even = spacing_between([(0, 0, z) for z in (0, 3.19, 6.46, 9.75, 15.0)])
    assert middle == pytest.approx(3.28, abs=0.02)
    assert not even
    assert spacing_between([(0, 0, 1)]) == (0.0, True)
    assert spacing_between([]) == (0.0, True)


def test_doubling_positions_doubles_spacing_and_shear_does_not_matter_along_the_normal() -> None:
    points = [(0.0, 0.7 * z, 2.5 * z) for z in range(5)]
    along = spacing_between(points, AXIAL)
    assert along == (2.5, True)
    assert spacing_between([(x * 2, y * 2, z * 2) for x, y, z in points], AXIAL)[0] == 5.0
    assert spacing_between(points)[0] > 2.5


def test_localisers_are_set_apart() -> None:
    frames = [FrameGeometry((0, 0, 0), SAGITTAL, 1), *_stack([4.0, 2.0, 3.0])]
    assert split_localisers(frames) == ([2, 3, 1], [0])
    assert split_localisers([]) == ([], [])
    nowhere = [FrameGeometry(None, None, 2), FrameGeometry(None, None, 1)]
    assert split_localisers(nowhere) == ([1, 0], [])


def test_a_tilted_gantry_shears_the_stack_and_changes_neither_order_nor_spacing() -> None:
    tilt = (1.0, 0.0, 0.0, 0.0, float(np.cos(0.35)), float(-np.sin(0.35)))
    # The table moves along z; the slices are tilted against it.
    frames = [FrameGeometry((0.0, 0.0, float(z)), tilt, 9 - z) for z in (6, 0, 2, 4)]
    assert order(frames) == [1, 2, 3, 0]
    assert uneven_steps([frames[place] for place in order(frames)]) is None
    middle, even = spacing_between([frames[place].position for place in order(frames)], tilt)
    assert (round(middle, 6), even) == (round(2 * float(np.cos(0.35)), 6), True)


def test_uneven_steps_are_those_of_the_order_of_space() -> None:
    assert uneven_steps(_stack([0, 3.19, 6.46, 9.75])) == pytest.approx((3.19, 3.29))
    assert uneven_steps(_stack([0, 2, 4, 8], SAGITTAL)) == pytest.approx((2, 4))
    assert uneven_steps(_stack([0, 3, 6, 9])) is None
    assert uneven_steps(_stack([0, 3])) is None
    assert uneven_steps([]) is None
    assert uneven_steps([FrameGeometry(None, None, n) for n in range(4)]) is None
    # Phases of a beating heart lie at the same place and tell nothing of the distance.
    assert uneven_steps(_stack([0, 0, 3, 3, 6, 6])) is None


@given(st.floats(0.01, 100))
def test_uneven_steps_scale_with_the_positions(scale: float) -> None:
    low, high = uneven_steps(_stack([0, scale, 2 * scale, 4 * scale])) or (0, 0)
    assert high == pytest.approx(2 * low)
    assert low == pytest.approx(scale)


def test_scouts_are_told_from_series_of_crossing_planes() -> None:
    coronal = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
    assert across_the_stack([SAGITTAL, AXIAL, AXIAL, coronal, AXIAL, AXIAL]) == [0, 3]
    assert across_the_stack([SAGITTAL, AXIAL, coronal]) == []
    assert across_the_stack([SAGITTAL, SAGITTAL, AXIAL, AXIAL, AXIAL]) == []
    assert across_the_stack([None, AXIAL, AXIAL, AXIAL]) == []
    assert across_the_stack([]) == []
