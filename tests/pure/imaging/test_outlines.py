"""Outlines of masks enclose exactly the pixels of the mask."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cases.geometry import Shape, area, mask
from cases.imaging import outlines
from cases.imaging.outlines import Plane, inside_picture, joined, rings, signed_area, simplified


def _shape(ring: np.ndarray) -> Shape:
    return Shape("x", "polygon", 0, tuple((float(x), float(y)) for x, y in ring))


@given(st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(lambda size: arrays(bool, size)))
def test_rings_cover_their_mask_and_have_its_area(wanted: np.ndarray) -> None:
    shapes = [_shape(ring) for ring in rings(wanted)]
    covered = sum((mask(shape, *wanted.shape).astype(int) for shape in shapes), np.zeros(wanted.shape, int))
    assert np.array_equal(covered, wanted.astype(int))
    assert sum(area(shape) for shape in shapes) == pytest.approx(wanted.sum())


def test_one_pixel_has_four_corners_and_a_bar_no_more() -> None:
    alone = np.zeros((5, 7))
    alone[2, 3] = 1
    assert rings(alone)[0].tolist() == [[3, 2], [4, 2], [4, 3], [3, 3]]
    alone[2, 3:6] = 1
    assert rings(alone)[0].tolist() == [[3, 2], [6, 2], [6, 3], [3, 3]]
    assert rings(np.zeros((3, 3))) == []


def test_pixels_that_touch_at_a_corner_are_two() -> None:
    assert len(rings(np.eye(2))) == 2


def test_a_ring_with_a_hole_is_one_outline() -> None:
    ring = np.ones((5, 5))
    ring[1:4, 1:4] = 0
    ring[2, 2] = 1
    found = rings(ring)
    assert sorted(area(_shape(one)) for one in found) == [1, 16]


def test_noise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "MOST_STEPS", 10)
    with pytest.raises(ValueError, match="too many borders"):
        rings(np.ones((3, 3)))


def test_direction_of_what_is_joined_does_not_matter() -> None:
    outer = np.array([[0, 0], [6, 0], [6, 6], [0, 6]], float)
    hole = np.array([[2, 2], [4, 2], [4, 4], [2, 4]], float)
    for first in (outer, outer[::-1]):
        for second in (hole, hole[::-1]):
            assert signed_area(joined([second, first])) == 32


def test_what_lies_outside_of_the_picture_is_cut_off() -> None:
    square = np.array([[-2, -2], [4, -2], [4, 4], [-2, 4]], float)
    assert signed_area(inside_picture(square, 10, 10)) == 16
    assert signed_area(inside_picture(square, 3, 2)) == 6
    assert len(inside_picture(square - 10, 5, 5)) == 0
    assert np.array_equal(inside_picture(square + 3, 10, 10), square + 3)


def test_long_rings_become_shorter_and_hardly_smaller() -> None:
    angle = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    circle = np.column_stack([100 + 80 * np.cos(angle), 100 + 80 * np.sin(angle)])
    shorter = simplified(circle, 500)
    assert 3 < len(shorter) <= 500
    assert signed_area(shorter) == pytest.approx(signed_area(circle), rel=1e-3)
    assert simplified(circle, 4000) is circle


@given(st.integers(0, 1000))
def test_to_the_patient_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    a, b = turn[:, 0], turn[:, 1]
    plane = Plane(tuple(rng.normal(size=3) * 100), (*a, *b), tuple(rng.uniform(0.1, 3, 2)))
    pixels = rng.uniform(0, 500, (6, 2))
    again, off = plane.to_pixels(plane.to_places(pixels))
    assert np.allclose(again, pixels)
    assert np.allclose(off, 0, atol=1e-9)
