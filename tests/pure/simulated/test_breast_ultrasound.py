"""The simulated ultrasound: truth, signs and repeatability."""

from collections import Counter

import cv2
import numpy as np
import pytest

from cases.imaging.simulated.breast_ultrasound import breast_ultrasound, plan_ultrasound, ultrasound_set
from cases.imaging.simulated.shading import outline


def solidity(points):
    contour = np.array(points, dtype=np.float32)
    return cv2.contourArea(contour) / cv2.contourArea(cv2.convexHull(contour))


@pytest.mark.parametrize("kind", ["benign", "malignant", "normal"])
def test_same_seed_same_picture(kind):
    first, again = (breast_ultrasound(4, kind=kind, size=(200, 256)) for _ in range(2))
    assert np.array_equal(first.pixels, again.pixels)
    assert first.regions == again.regions


@pytest.mark.parametrize("kind", ["benign", "malignant"])
@pytest.mark.parametrize("seed", range(4))
def test_a_mass_is_darker_than_its_surroundings(kind, seed):
    picture = breast_ultrasound(seed, kind=kind)
    mask = np.zeros(picture.pixels.shape, dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(np.array(picture.regions[0].points)).astype(np.int32)], 1)
    ring = cv2.dilate(mask, np.ones((25, 25), np.uint8)) - mask
    assert picture.pixels[mask > 0].mean() < picture.pixels[ring > 0].mean() - 15


@pytest.mark.parametrize("kind", ["benign", "malignant"])
def test_the_report_measures_what_the_outline_spans(kind):
    picture = breast_ultrasound(9, kind=kind)
    points = np.array(picture.regions[0].points)
    width, height = np.ptp(points, axis=0) * picture.spacing_mm[0]
    assert float(picture.facts["width_mm"]) == pytest.approx(width, abs=0.7)
    assert float(picture.facts["height_mm"]) == pytest.approx(height, abs=0.7)


def test_malignant_outlines_are_more_ragged_and_less_flat():
    shapes = {}
    for kind in ("benign", "malignant"):
        outlines = [breast_ultrasound(s, kind=kind, size=(200, 256)).regions[0].points for s in range(8)]
        spans = [np.ptp(np.array(o), axis=0) for o in outlines]
        shapes[kind] = np.mean([solidity(o) for o in outlines]), np.mean([w / h for w, h in spans])
    assert shapes["malignant"][0] < shapes["benign"][0] - 0.08
    assert shapes["malignant"][1] < shapes["benign"][1]


def test_normal_tissue_has_no_region():
    picture = breast_ultrasound(2, kind="normal", size=(200, 256))
    assert picture.regions == ()
    assert picture.facts == {"kind": "none"}


def test_speckle_amplitude_has_the_spread_of_compounded_rayleigh_noise():
    # One look gives a ratio of deviation to mean of 0.52 (Rayleigh); two averaged looks about 0.37.
    from cases.imaging.simulated.breast_ultrasound import _scanned

    flat = np.full((300, 300), -12.0, dtype=np.float32)
    depth = np.linspace(17.5, 18.5, 300, dtype=np.float32)[:, None]
    pixels = _scanned(flat, np.random.default_rng(0), depth, 0.1).astype(float)
    grey = np.clip(pixels / 250.0, 1e-3, 1.0) ** (1 / 1.45)
    amplitude = 10 ** (grey * 56.0 / 20.0)
    assert amplitude.std() / amplitude.mean() == pytest.approx(0.37, abs=0.08)


def test_the_set_has_its_kinds_in_both_parts():
    plan = plan_ultrasound(60)
    assert Counter(p.kind for p in plan) == {"benign": 30, "malignant": 20, "normal": 10}
    assert {(p.kind, p.split) for p in plan} == {
        (k, s) for k in ("benign", "malignant", "normal") for s in ("train", "test")
    }
    first = next(ultrasound_set(60))
    assert (first.seed, first.label) == (plan[0].seed, plan[0].kind)


def test_wrong_requests_are_refused():
    with pytest.raises(ValueError, match="benign"):
        breast_ultrasound(1, kind="odd")
    with pytest.raises(ValueError, match="rows and columns"):
        breast_ultrasound(1, kind="normal", size=(8, 8))
    with pytest.raises(ValueError, match="n >= 6"):
        plan_ultrasound(2)


def test_an_outline_follows_the_edges_of_pixels():
    mask = np.zeros((12, 20), dtype=bool)
    mask[3:7, 5:15] = True
    (polygon,) = outline(mask)
    points = np.array(polygon)
    assert points.min(axis=0) == pytest.approx((5.0, 3.0), abs=0.1)
    assert points.max(axis=0) == pytest.approx((15.0, 7.0), abs=0.1)
    assert cv2.contourArea(points.astype(np.float32)) == pytest.approx(40.0, rel=0.05)
    assert outline(np.zeros((4, 4), dtype=bool)) == ()
