"""The simulated radiographs: truth, repeatability and the structure of the set."""

from collections import Counter, defaultdict

import cv2
import numpy as np
import pytest

from cases.imaging.simulated.chest_radiograph import chest_radiograph, plan_radiographs, radiograph_set

KINDS = ("lobar", "patchy", "effusion-like")


def drawn_mask(regions, shape):
    mask = np.zeros(shape, dtype=np.uint8)
    for region in regions:
        cv2.fillPoly(mask, [np.round((np.array(region.points) - 0.5) * 16).astype(np.int32)], 1, shift=4)
    return mask.astype(bool)


@pytest.mark.parametrize("opacity", [None, *KINDS])
def test_same_seed_same_picture(opacity):
    first, again = (chest_radiograph(3, opacity=opacity, size=192) for _ in range(2))
    assert np.array_equal(first.pixels, again.pixels)
    assert first.regions == again.regions
    assert first.facts == again.facts


@pytest.mark.parametrize("opacity", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_the_region_is_brighter_than_the_same_place_without_opacity(opacity, seed):
    with_it = chest_radiograph(seed, opacity=opacity, size=192)
    without = chest_radiograph(seed, opacity=None, size=192)
    inside = drawn_mask(with_it.regions, with_it.pixels.shape)
    assert inside.any()
    gain = with_it.pixels.astype(float) - without.pixels
    assert gain[inside].mean() > 4.0
    assert gain[inside].mean() > gain[~inside].mean() + 4.0


@pytest.mark.parametrize("seed", range(8))
def test_the_side_of_the_report_is_the_side_of_the_region(seed):
    picture = chest_radiograph(seed, opacity="lobar", size=192)
    centre = np.mean(picture.regions[0].points, axis=0)[0]
    assert (centre < 96) == (picture.facts["side"] == "right")


def test_a_normal_radiograph_has_no_region():
    picture = chest_radiograph(1, opacity=None, size=192)
    assert picture.label == "normal"
    assert picture.regions == ()
    assert picture.pixels.dtype == np.uint8
    assert 40 < picture.pixels.std() < 90


def test_the_marker_tells_no_label():
    corners = {
        chest_radiograph(s, opacity=o, size=384).pixels[14:32, 14:30].max()
        for s, o in ((1, None), (2, "lobar"))
    }
    assert corners == {232}


def test_wrong_requests_are_refused():
    with pytest.raises(ValueError, match="size"):
        chest_radiograph(1, opacity=None, size=16)
    with pytest.raises(ValueError, match="opacity"):
        chest_radiograph(1, opacity="round", size=192)
    with pytest.raises(ValueError, match="negative"):
        chest_radiograph(-1, opacity=None)


def test_the_set_is_imbalanced_as_planned_and_mixed():
    plan = plan_radiographs(320, positive=0.25)
    assert len(plan) == 320
    assert sum(p.opacity is not None for p in plan) == 80
    assert [p.number for p in plan] == list(range(1, 321))
    assert len({p.seed for p in plan}) == 320
    first_half = sum(p.opacity is not None for p in plan[:160])
    assert 25 < first_half < 55
    assert set(Counter(p.opacity for p in plan)) == {None, *KINDS}


def test_no_person_is_in_both_parts():
    parts, labels, pictures = defaultdict(set), defaultdict(set), Counter()
    for planned in plan_radiographs(320):
        parts[planned.person].add(planned.split)
        labels[planned.person].add(planned.opacity)
        pictures[planned.person] += 1
    assert all(len(p) == 1 for p in parts.values())
    assert all(len(p) == 1 for p in labels.values())
    assert set(pictures.values()) == {1, 2}
    shares = Counter(next(iter(p)) for p in parts.values())
    assert shares["test"] / sum(shares.values()) == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("split", ["train", "test"])
def test_both_parts_keep_the_ratio(split):
    part = [p for p in plan_radiographs(320) if p.split == split]
    assert sum(p.opacity is not None for p in part) / len(part) == pytest.approx(0.25, abs=0.06)


def test_the_set_follows_its_plan_and_is_lazy():
    pictures = radiograph_set(10**4, size=128)
    first = next(pictures)
    planned = plan_radiographs(10**4)[0]
    assert (first.seed, first.split) == (planned.seed, planned.split)
    assert (first.label == "opacity") == (planned.opacity is not None)


def test_a_set_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="n >= 8"):
        plan_radiographs(3)
