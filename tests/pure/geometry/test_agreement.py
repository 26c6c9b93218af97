"""Agreement of readers: hand-made truth, and what must not change when the world is scaled or enlarged."""

import itertools
import uuid

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cases.geometry import agreement as ag
from cases.geometry import kappa as kp
from cases.geometry import tiles as tl
from cases.geometry.overlap import dice, iou
from cases.geometry.rasterise import mask
from cases.geometry.runs import from_window
from cases.geometry.shapes import Shape
from cases.geometry.staple import consensus_masks, probability_map, staple

GRID = ag.Grid(40, 50, (0.5, 0.5))


def box(x: float, y: float, side: float = 10, *, frame: int = 0, label: str = "") -> Shape:
    return Shape(str(uuid.uuid4()), "box", frame, ((x, y), (x + side, y + side)), label)


def regions(*shapes: Shape, grid: ag.Grid = GRID) -> list[ag.Region]:
    return [one for shape in shapes if (one := ag.region_of(shape, grid)) is not None]


def drawn(inside: np.ndarray, frame: int = 0) -> list[ag.Region]:
    """A mask as a reader's only region; none when it is empty."""
    if not inside.any():
        return []
    points, counts = from_window(inside)
    made = ag.region_of(Shape(str(uuid.uuid4()), "mask", frame, points, counts=counts), GRID)
    return [made] if made else []


SHAPES = [
    ("box", ((3.2, 4.7), (11.5, 9.1))),
    ("ellipse", ((3.2, 4.7), (49.5, 39.1))),
    ("circle", ((0.0, 0.0), (9.0, 9.0))),
    ("polygon", ((2.5, 2.5), (30.2, 4.0), (11.0, 39.9))),
    ("rotated-box", ((10.0, 2.0), (20.0, 8.0), (17.0, 13.0), (7.0, 7.0))),
]


@pytest.mark.parametrize(("kind", "points"), SHAPES)
def test_a_region_covers_the_pixels_of_its_shape(kind, points):
    shape = Shape(str(uuid.uuid4()), kind, 0, points)
    region = ag.region_of(shape, GRID)
    whole = np.zeros((GRID.rows, GRID.columns), bool)
    height, width = region.inside.shape
    whole[region.top : region.top + height, region.left : region.left + width] = region.inside
    assert np.array_equal(whole, mask(shape, GRID.rows, GRID.columns))


def test_lines_and_points_have_no_inside():
    for kind, points in (("point", ((3.0, 3.0),)), ("length", ((1.0, 1.0), (9.0, 9.0)))):
        assert ag.region_of(Shape(str(uuid.uuid4()), kind, 0, points), GRID) is None


# --- matching ---------------------------------------------------------------------------------------------


def test_two_boxes_that_overlap_by_two_thirds():
    (one,) = ag.matched(regions(box(0, 0, 10)), regions(box(2, 0, 10)))
    assert (one.first, one.second) == (0, 0)
    assert one.iou == pytest.approx(80 / 120)
    assert one.dice == pytest.approx(160 / 200)


def test_the_best_pairs_are_taken_and_not_the_first_ones():
    """Greedy matching would give the first its best and leave the second alone."""
    first = regions(box(0, 0, 10), box(2, 0, 10))
    second = regions(box(1, 0, 10), box(-0.4 + 0.4, 0, 10))
    pairs = {(one.first, one.second) for one in ag.matched(first, second)}
    assert pairs == {(0, 1), (1, 0)}


def test_shapes_on_other_images_are_not_matched():
    assert ag.matched(regions(box(0, 0)), regions(box(0, 0, frame=1))) == []


def test_the_threshold_is_an_option_and_has_bounds():
    first, second = regions(box(0, 0, 10)), regions(box(5, 0, 10))
    assert ag.matched(first, second) == []
    assert ag.matched(first, second, threshold=0.3)[0].iou == pytest.approx(1 / 3)
    for wrong in (0, -1, 1.1):
        with pytest.raises(ValueError, match="threshold"):
            ag.matched(first, second, threshold=wrong)


def test_findings_of_three_readers():
    readers = [
        regions(box(0, 0, label="nodule"), box(30, 20, label="cyst")),
        regions(box(1, 0, label="nodule")),
        regions(box(30, 21, label="nodule"), box(0, 1, label="nodule")),
    ]
    found = ag.findings(readers)
    assert [sorted(one.members) for one in found] == [[0, 1, 2], [0, 2]]
    named = kp.cohen_kappa(["nodule", "cyst"], ["nodule", ag.NOTHING])
    assert ag.label_kappa(found, 0, 1) == named == pytest.approx(1 / 3)
    by_hand = kp.fleiss_kappa(np.array([[0.0, 0.0, 3.0], [1.0, 1.0, 1.0]]))
    assert ag.label_kappa_of_all(found, 3) == pytest.approx(by_hand)


# --- kappa ------------------------------------------------------------------------------------------------


def test_cohen_by_hand():
    """Two readers of 50 grants (the example of the encyclopaedias): 0.4."""
    assert kp.kappa_of_table(np.array([[20.0, 5.0], [10.0, 15.0]])) == pytest.approx(0.4)
    assert kp.cohen_kappa(["a", "b"], ["b", "a"]) == -1
    assert kp.cohen_kappa([], []) is None
    assert kp.cohen_kappa(["a"], ["a"]) is None
    with pytest.raises(ValueError, match="same subjects"):
        kp.cohen_kappa(["a"], [])


def test_fleiss_by_hand():
    """The worked example of fourteen readers and ten subjects: 0.210."""
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    assert kp.fleiss_kappa(np.array(counts, float)) == pytest.approx(0.210, abs=5e-4)
    with pytest.raises(ValueError, match="same readers"):
        kp.fleiss_kappa(np.array([[1.0, 1.0], [2.0, 1.0]]))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30))
def test_kappa_is_symmetric_bounded_and_blind_to_names(pairs):
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    kappa = kp.cohen_kappa(first, second)
    assert kappa == kp.cohen_kappa(second, first)
    assert kappa is None or -1 <= kappa <= 1
    other = {"a": "z", "b": "y", "c": "x"}
    assert kappa == pytest.approx(kp.cohen_kappa([other[a] for a in first], [other[b] for b in second]))
    if first == second:
        assert kappa in (None, 1)


# --- pixels -----------------------------------------------------------------------------------------------

masks = arrays(bool, (GRID.rows, GRID.columns), elements=st.booleans(), fill=st.just(False))


@settings(max_examples=40, deadline=None)
@given(masks, masks)
def test_tiles_say_what_the_whole_images_say(first, second):
    readers = [drawn(first), drawn(second)]
    areas = tl.area_by_pattern(tl.tiles_of(readers, [GRID]), 2)
    assert tl.dice_matrix(areas, 2)[0, 1] == pytest.approx(dice(first, second))
    by_pixel = kp.cohen_kappa([str(v) for v in first.ravel()], [str(v) for v in second.ravel()])
    whole = first.size * GRID.pixel_area
    assert tl.pixel_kappa(areas, 0, 1, whole=whole) == (
        by_pixel if by_pixel is None else pytest.approx(by_pixel)
    )
    pairs = ag.matched(*readers, threshold=1e-6)
    if pairs:
        assert pairs[0].iou == pytest.approx(iou(first, second))


def test_dice_over_images_of_different_spacing_weighs_by_area():
    grids = [ag.Grid(40, 50, (1.0, 1.0)), ag.Grid(40, 50, (2.0, 2.0))]
    readers = [regions(box(0, 0), box(0, 0, frame=1)), regions(box(0, 0))]
    areas = tl.area_by_pattern(tl.tiles_of(readers, grids), 2)
    assert (areas[1], areas[3]) == (400.0, 100.0)
    assert tl.dice_matrix(areas, 2)[0, 1] == pytest.approx(200 / 600)


def test_doubling_the_spacing_multiplies_areas_by_four_and_changes_no_ratio():
    readers = [regions(box(0, 0)), regions(box(3, 2))]
    fine, coarse = ag.Grid(40, 50, (1.0, 1.0)), ag.Grid(40, 50, (2.0, 2.0))
    one = tl.area_by_pattern(tl.tiles_of(readers, [fine]), 2)
    two = tl.area_by_pattern(tl.tiles_of(readers, [coarse]), 2)
    assert np.array_equal(4 * one, two)
    assert np.array_equal(tl.dice_matrix(one, 2), tl.dice_matrix(two, 2))
    assert tl.pixel_kappa(one, 0, 1, whole=2000) == pytest.approx(tl.pixel_kappa(two, 0, 1, whole=8000))


def test_pixelwise_fleiss_of_two_is_near_cohen_of_two():
    areas = np.array([900.0, 20.0, 20.0, 60.0])
    assert tl.pixel_kappa_of_all(areas, 2, whole=1000) == pytest.approx(
        tl.pixel_kappa(areas, 0, 1, whole=1000), abs=1e-9
    )


def test_too_many_readers_are_refused():
    with pytest.raises(ValueError, match="at most"):
        tl.tiles_of([[]] * (tl.MAX_READERS + 1), [GRID])


# --- STAPLE -----------------------------------------------------------------------------------------------


def test_three_who_agree_are_right():
    found = staple(np.array([70.0, 0, 0, 0, 0, 0, 0, 30.0]), 3)
    assert found.converged
    assert found.probability[7] == pytest.approx(1)
    assert found.probability[0] == pytest.approx(0)
    assert found.sensitivity == pytest.approx([1, 1, 1])
    assert found.specificity == pytest.approx([1, 1, 1])


def test_the_odd_one_out_is_found_and_told_how_much():
    """Two mark the same 300 of 1000 pixels; the third half of them and 70 beside."""
    areas = np.zeros(8)
    areas[0b000], areas[0b011], areas[0b111], areas[0b100] = 630, 150, 150, 70
    found = staple(areas, 3)
    assert found.sensitivity == pytest.approx([1, 1, 0.5], abs=1e-3)
    assert found.specificity == pytest.approx([1, 1, 0.9], abs=1e-3)
    assert found.probability[0b011] > 0.99
    assert found.probability[0b100] < 0.01


def test_readers_with_known_errors_are_told_their_errors():
    """Simulated readers: what STAPLE says of them is what they were made with."""
    random = np.random.default_rng(4)
    truth = np.zeros(200_000, bool)
    truth[:60_000] = True
    made = [(0.95, 0.98), (0.9, 0.95), (0.8, 0.99), (0.85, 0.9)]
    pattern = np.zeros(truth.size, np.int64)
    for n, (p, q) in enumerate(made):
        says = np.where(truth, random.random(truth.size) < p, random.random(truth.size) >= q)
        pattern |= says.astype(np.int64) << n
    areas = np.bincount(pattern, minlength=16).astype(float)
    found = staple(areas, 4)
    assert found.converged
    assert found.sensitivity == pytest.approx([p for p, _ in made], abs=0.01)
    assert found.specificity == pytest.approx([q for _, q in made], abs=0.01)
    guess = found.probability[pattern] >= 0.5
    assert dice(guess, truth) > max(dice(((pattern >> n) & 1).astype(bool), truth) for n in range(4))


def slow_staple(decisions: np.ndarray, rounds: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The paper's equations over every pixel, without any short cut."""
    before = decisions.mean()
    p = q = np.full(decisions.shape[1], 0.99999)
    for _ in range(rounds):
        a = before * np.prod(np.where(decisions, p, 1 - p), axis=1)
        b = (1 - before) * np.prod(np.where(decisions, 1 - q, q), axis=1)
        w = a / (a + b)
        p = (w[:, None] * decisions).sum(axis=0) / w.sum()
        q = ((1 - w)[:, None] * ~decisions).sum(axis=0) / (1 - w).sum()
        p, q = np.clip(p, 1e-9, 1 - 1e-9), np.clip(q, 1e-9, 1 - 1e-9)
    return w, p, q


def test_the_sums_say_what_every_pixel_says():
    random = np.random.default_rng(7)
    decisions = random.random((500, 3)) < np.where(np.arange(500) < 150, 0.85, 0.1)[:, None]
    pattern = (decisions * [1, 2, 4]).sum(axis=1)
    found = staple(np.bincount(pattern, minlength=8).astype(float), 3, rounds=25)
    w, p, q = slow_staple(decisions, found.rounds)
    assert found.probability[pattern] == pytest.approx(w, abs=1e-9)
    assert found.sensitivity == pytest.approx(p)
    assert found.specificity == pytest.approx(q)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_the_readers_changes_nothing(order):
    random = np.random.default_rng(2)
    pattern = random.choice(8, 4000, p=[0.5, 0.05, 0.05, 0.1, 0.05, 0.05, 0.05, 0.15])
    bits = (pattern[:, None] >> np.arange(3)) & 1
    turned = (bits[:, order] * [1, 2, 4]).sum(axis=1)
    one = staple(np.bincount(pattern, minlength=8).astype(float), 3)
    two = staple(np.bincount(turned, minlength=8).astype(float), 3)
    assert two.sensitivity == pytest.approx(one.sensitivity[list(order)], abs=1e-4)
    assert two.probability[turned] == pytest.approx(one.probability[pattern], abs=1e-4)


def test_scaling_all_areas_and_adding_empty_images_change_nothing():
    areas = np.array([600.0, 30, 40, 100, 20, 40, 50, 120])
    one, two = staple(areas, 3), staple(9 * areas, 3)
    assert two.probability == pytest.approx(one.probability)
    readers = [regions(box(0, 0)), regions(box(1, 0))]
    few = tl.area_by_pattern(tl.tiles_of(readers, [GRID]), 2)
    many = tl.area_by_pattern(tl.tiles_of(readers, [GRID] * 90), 2)
    assert np.array_equal(few, many)


def test_what_cannot_be_a_consensus_is_refused():
    with pytest.raises(ValueError, match="two readers"):
        staple(np.array([1.0, 1.0]), 1)
    with pytest.raises(ValueError, match="nobody"):
        staple(np.array([9.0, 0, 0, 0]), 2)
    with pytest.raises(ValueError, match="prior"):
        staple(np.array([9.0, 0, 0, 4.0]), 2, prior=1.0)


def test_too_few_rounds_are_said():
    areas = np.array([600.0, 30, 40, 100, 20, 40, 50, 120])
    assert not staple(areas, 3, rounds=1).converged


def test_the_consensus_lies_where_two_of_three_drew():
    readers = [regions(box(0, 0)), regions(box(0, 0)), regions(box(5, 0))]
    tiles = tl.tiles_of(readers, [GRID])
    found = staple(tl.area_by_pattern(tiles, 3), 3)
    ((tile, inside),) = consensus_masks(tiles, found)
    assert (tile.top, tile.left, int(inside.sum())) == (0, 0, 100)
    assert probability_map(tile, found).shape == tile.patterns.shape
