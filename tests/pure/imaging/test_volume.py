"""Slices in the order of space, whatever the order of files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.imaging.volume import FrameGeometry, normal, order, spacing_between, split_localisers

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
