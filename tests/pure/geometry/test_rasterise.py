"""Masks: centres decide, neighbours share nothing, and no pixel is lost."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.geometry import Shape, area, mask, parse_shapes
from cases.geometry.runs import from_window, window

ID = "6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11"
SIZE = 16

quarters = st.integers(-8, 4 * SIZE + 8).map(lambda n: n / 4)
points = st.tuples(quarters, quarters)


def make(kind: Any, *corners: tuple[float, float]) -> Shape:
    return Shape(ID, kind, 0, tuple(corners))


def inside(ring: list[tuple[float, float]], row: int, column: int) -> bool:
    """The rule itself in exact fractions: an odd number of edges to the right of the centre."""
    x, y = Fraction(2 * column + 1, 2), Fraction(2 * row + 1, 2)
    odd = False
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        ax, ay, bx, by = map(Fraction, (x1, y1, x2, y2))
        if (ay <= y) != (by <= y) and ax + (y - ay) * (bx - ax) / (by - ay) > x:
            odd = not odd
    return odd


@settings(max_examples=25)
@given(st.lists(points, min_size=3, max_size=9))
def test_every_pixel_follows_the_rule(ring: list[tuple[float, float]]) -> None:
    covered = mask(make("polygon", *ring), SIZE, SIZE)
    expected = [[inside(ring, row, column) for column in range(SIZE)] for row in range(SIZE)]
    np.testing.assert_array_equal(covered, np.array(expected))


@given(points, points, points, points)
def test_two_triangles_with_a_common_edge_share_no_pixel(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]
) -> None:
    # Even-odd: the quadrilateral is both triangles, each pixel once.
    together = mask(make("polygon", a, b, c, d), SIZE, SIZE)
    halves = mask(make("polygon", a, b, c), SIZE, SIZE) ^ mask(make("polygon", a, c, d), SIZE, SIZE)
    np.testing.assert_array_equal(together, halves)


def test_tiles_cover_the_image_once() -> None:
    xs = [0.0, 3.3, 3.5, 9.75, 16.0]
    count = np.zeros((SIZE, SIZE), int)
    for x0, x1 in pairwise(xs):
        for y0, y1 in pairwise(xs):
            count += mask(make("box", (x0, y0), (x1, y1)), SIZE, SIZE)
    assert (count == 1).all()


@given(st.lists(points, min_size=3, max_size=9), st.integers(1, 5), st.integers(1, 5))
def test_moving_by_whole_pixels_moves_the_mask(ring: list[tuple[float, float]], dx: int, dy: int) -> None:
    here = mask(make("freehand", *ring), SIZE, SIZE)
    there = mask(make("freehand", *[(x + dx, y + dy) for x, y in ring]), SIZE, SIZE)
    np.testing.assert_array_equal(there[dy:, dx:], here[:-dy, :-dx])


def test_turning_the_ellipse_with_the_image() -> None:
    lying = mask(make("ellipse", (1, 4), (15, 9)), SIZE, SIZE)
    standing = mask(make("ellipse", (4, 1), (9, 15)), SIZE, SIZE)
    np.testing.assert_array_equal(lying, standing.T)


@pytest.mark.parametrize("kind", ["box", "ellipse"])
def test_the_count_of_pixels_nears_the_area(kind: str) -> None:
    shape = make(kind, (10.3, 20.7), (380.1, 290.9))
    assert np.count_nonzero(mask(shape, 400, 400)) == pytest.approx(area(shape), rel=0.005)


def test_a_corner_on_a_centre_counts_once() -> None:
    # Both edges meet exactly in the centre of pixel (2, 2).
    ring = ((2.5, 2.5), (6.5, 0.5), (6.5, 4.5))
    assert np.flatnonzero(mask(make("polygon", *ring), 8, 8)[2]).tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("point", "pixel"), [((0, 0), (0, 0)), ((2.99, 1.01), (1, 2)), ((16, 16), (15, 15)), ((16, 0.5), (0, 15))]
)
def test_a_point_is_the_pixel_it_lies_in(point: tuple[float, float], pixel: tuple[int, int]) -> None:
    assert np.argwhere(mask(make("point", point), SIZE, SIZE)).tolist() == [list(pixel)]


@given(points, points)
def test_a_length_is_one_connected_line_and_the_same_both_ways(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    covered = mask(make("length", a, b), SIZE, SIZE)
    np.testing.assert_array_equal(covered, mask(make("length", b, a), SIZE, SIZE))
    rows, columns = np.nonzero(covered)
    spread = max(np.ptp(rows), np.ptp(columns))
    assert len(rows) == spread + 1


def test_a_shape_beside_the_image_covers_nothing() -> None:
    assert not mask(make("polygon", (20, 20), (30, 20), (30, 30)), SIZE, SIZE).any()
    assert mask(make("box", (-5, -5), (30, 30)), SIZE, SIZE).all()


def test_a_frame_needs_pixels() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        mask(make("point", (0, 0)), 0, 4)


masks = st.integers(1, 9).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=9)
)


@given(masks, st.integers(0, 7), st.integers(0, 7))
def test_a_mask_covers_exactly_what_it_was_made_from(rows: list[list[bool]], x: int, y: int) -> None:
    inside = np.array(rows)
    if not inside.any():
        with pytest.raises(ValueError, match="nothing"):
            from_window(inside)
        return
    corners, counts = from_window(inside, x=x, y=y)
    whole = np.zeros((SIZE, SIZE), bool)
    whole[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    shape = Shape(ID, "mask", 0, corners, counts=counts)
    np.testing.assert_array_equal(mask(shape, SIZE, SIZE), whole)
    # On a smaller frame the rest is cut off.
    np.testing.assert_array_equal(mask(shape, 6, 5), whole[:6, :5])
    assert area(shape) == np.count_nonzero(inside)
    sent = {
        "id": ID,
        "kind": "mask",
        "frame": 0,
        "points": [list(p) for p in corners],
        "counts": list(counts),
    }
    assert parse_shapes([sent], frames=[(SIZE, SIZE)])[0] == shape


def test_runs_that_do_not_fill_their_rectangle_are_refused() -> None:
    with pytest.raises(ValueError, match="fill"):
        mask(Shape(ID, "mask", 0, ((0, 0), (2, 2)), counts=(0, 3)), SIZE, SIZE)
    with pytest.raises(ValueError, match="only a mask"):
        window(make("box", (0, 0), (2, 2)))
    with pytest.raises(ValueError, match="rows and columns"):
        from_window(np.zeros((2, 2, 2), bool))


def test_a_turned_ellipse_covers_what_its_upright_twin_does() -> None:
    upright = Shape(ID, "ellipse", 0, ((10.0, 20.0), (50.0, 40.0)))
    ends = ((10.0, 30.0), (50.0, 30.0), (30.0, 20.0), (30.0, 40.0))
    same = Shape(upright.id, "ellipse", 0, ends)
    assert (mask(same, 60, 60) == mask(upright, 60, 60)).all()
    quarter = Shape(upright.id, "ellipse", 0, tuple((60 - y, x) for x, y in ends))
    assert (mask(quarter, 60, 60) == np.rot90(mask(upright, 60, 60), -1)).all()
    slanted = Shape(upright.id, "ellipse", 0, ((15.0, 15.0), (45.0, 45.0), (35.0, 25.0), (25.0, 35.0)))
    assert mask(slanted, 60, 60).sum() == pytest.approx(area(slanted), rel=0.02)
    assert slanted.bounds == pytest.approx((30 - 250**0.5, 30 - 250**0.5, 30 + 250**0.5, 30 + 250**0.5))
