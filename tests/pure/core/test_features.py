"""Feature families: hand-made truth, metamorphic rules, and the registry that joins them."""

import math

import numpy as np
import pytest

from analysis.core.features import edges, hog, intensity, lbp, runs, shape, texture, thumb
from analysis.core.features.base import Region
from analysis.core.features.registry import (
    FEATURE_SETS,
    FeatureSettings,
    extract,
    families,
    feature_names,
    feature_specs,
)
from analysis.core.preprocess import PreprocessSettings


def region(image: np.ndarray, mask: np.ndarray | None = None, spacing=(1.0, 1.0), n_bins: int = 32) -> Region:
    inside = np.ones(image.shape, bool) if mask is None else mask.astype(bool)
    return Region(image.astype(np.float32), inside, mask is not None, spacing, n_bins)


@pytest.fixture
def scan() -> np.ndarray:
    generator = np.random.default_rng(5)
    rows, columns = np.mgrid[0:60, 0:72]
    return (100 + 40 * np.sin(rows / 5.0) + columns + generator.normal(0, 4, (60, 72))).astype(np.float32)


@pytest.fixture
def disc() -> np.ndarray:
    rows, columns = np.mgrid[0:60, 0:72]
    return (rows - 30) ** 2 + (columns - 35) ** 2 <= 20**2


# --- bins ---


def test_levels_follow_the_fixed_bin_number_rule():
    image = np.array([[0.0, 2.4, 2.5, 5.0, 7.5, 10.0]])
    assert region(image, n_bins=4).levels.tolist() == [[1, 1, 2, 3, 4, 4]]


def test_levels_outside_the_mask_are_zero_however_far_off():
    image = np.array([[1.0, 2.0, 1e30, -1e30]])
    assert region(image, np.array([[1, 1, 0, 0]]), n_bins=2).levels.tolist() == [[1, 2, 0, 0]]


# --- intensity ---


def test_intensity_of_four_numbers_by_hand():
    found = intensity.measure(region(np.array([[1.0, 2.0], [3.0, 6.0]]), n_bins=5))
    assert found["mean"] == 3.0
    assert found["variance"] == 3.5  # (4 + 1 + 0 + 9) / 4
    assert found["skewness"] == pytest.approx((-8 - 1 + 0 + 27) / 4 / 3.5**1.5)
    assert found["kurtosis"] == pytest.approx((16 + 1 + 0 + 81) / 4 / 3.5**2 - 3)
    assert found["median"] == 2.5
    assert found["energy"] == 50.0
    assert found["rms"] == pytest.approx(math.sqrt(12.5))
    assert found["mad"] == 1.5
    assert found["hist_entropy"] == 2.0  # bins 1, 2, 3, 5
    assert found["hist_uniformity"] == 0.25


def test_a_constant_region_has_no_spread():
    found = intensity.measure(region(np.full((3, 3), 7.0)))
    assert (found["variance"], found["skewness"], found["kurtosis"], found["hist_entropy"]) == (0, 0, 0, 0)


def test_shifting_grey_levels_moves_the_mean_alone(scan: np.ndarray):
    before, after = intensity.measure(region(scan)), intensity.measure(region(scan + 50))
    assert after["mean"] == pytest.approx(before["mean"] + 50)
    for name in ("variance", "skewness", "iqr", "mad"):
        assert after[name] == pytest.approx(before[name], rel=1e-4)


# --- texture ---


def test_cooccurrence_of_a_small_picture_by_hand():
    image = np.array([[1, 2], [2, 1]], np.int32)
    # 0 and 90 degrees: four pairs (1,2); one diagonal (1,1), the other (2,2); then both ways round.
    assert texture.cooccurrence(image, 2).tolist() == [[2.0, 4.0], [4.0, 2.0]]
    found = texture.from_matrix(np.array([[2.0, 4.0], [4.0, 2.0]]))
    assert found["contrast"] == pytest.approx(8 / 12)
    assert found["joint_max"] == pytest.approx(4 / 12)
    assert found["energy"] == pytest.approx((4 + 16 + 16 + 4) / 144)
    assert found["correlation"] == pytest.approx(-1 / 3)


def test_texture_does_not_change_when_the_picture_is_turned(scan: np.ndarray):
    before, after = texture.measure(region(scan)), texture.measure(region(np.rot90(scan).copy()))
    assert after == pytest.approx(before, rel=1e-9)


def test_pairs_across_the_border_of_the_mask_do_not_count():
    levels = np.array([[1, 0, 2], [1, 0, 2]], np.int32)
    assert texture.cooccurrence(levels, 2).tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_one_grey_level_has_no_correlation_and_a_lone_pixel_no_texture():
    flat = texture.measure(region(np.ones((4, 4))))
    assert math.isnan(flat["correlation"])
    assert flat["energy"] == 1.0
    lone = texture.measure(region(np.ones((3, 3)), np.eye(3) * [0, 1, 0]))
    assert all(math.isnan(value) for value in lone.values())


def test_runs_of_a_small_picture_by_hand():
    levels = np.array([[1, 1, 2], [2, 1, 0]], np.int32)
    # rows 11|2|2|1; columns 1|2, 11, 2; diagonals (\) 1-1, 1, 2, 2; (/) 2-1, 1-2, 1.
    singles_1, singles_2 = 1 + 1 + 1 + 3, 2 + 2 + 2 + 2
    assert runs.run_lengths(levels, 2).tolist() == [[singles_1, 3.0, 0.0], [singles_2, 0.0, 0.0]]


def test_every_pixel_is_in_one_run_of_each_direction(scan: np.ndarray, disc: np.ndarray):
    counts = runs.run_lengths(region(scan, disc).levels, 32)
    assert (counts @ np.arange(1, counts.shape[1] + 1)).sum() == 4 * disc.sum()


def test_runs_do_not_change_when_the_picture_is_mirrored(scan: np.ndarray):
    before, after = runs.measure(region(scan)), runs.measure(region(scan[:, ::-1].copy()))
    assert after == pytest.approx(before, rel=1e-9)


def test_uniform_patterns_of_a_flat_and_a_single_bright_pixel():
    flat = lbp.measure(region(np.ones((5, 5))))
    assert flat["r1_8"] == flat["r2_8"] == 1.0
    spot = np.zeros((7, 7))
    spot[3, 3] = 1
    assert lbp.patterns(spot.astype(np.float32), 1)[3, 3] == 0


def test_patterns_ignore_brightness_and_quarter_turns(scan: np.ndarray):
    before = lbp.measure(region(scan))
    assert lbp.measure(region(scan * 2 + 10)) == before
    assert lbp.measure(region(np.rot90(scan).copy())) == before
    assert sum(v for k, v in before.items() if k.startswith("r1")) == pytest.approx(1)


# --- edges ---


def test_a_ramp_has_its_own_slope_as_gradient_and_one_direction():
    ramp = np.tile(3.0 * np.arange(20), (20, 1))
    mask = np.zeros((20, 20))
    mask[5:15, 5:15] = 1
    found = edges.measure(region(ramp, mask))
    assert found["sobel_mean"] == pytest.approx(3.0)
    assert found["coherence"] == pytest.approx(1.0)
    assert found["orientation_entropy"] == 0.0
    assert found["laplacian_variance"] == pytest.approx(0.0, abs=1e-9)


def test_a_flat_region_has_no_edges_and_no_direction():
    found = edges.measure(region(np.full((10, 10), 4.0)))
    assert found["canny_density"] == found["sobel_mean"] == 0.0
    assert math.isnan(found["orientation_entropy"])


def test_stripes_turned_by_a_quarter_keep_edge_numbers():
    stripes = np.tile(np.repeat([0.0, 10.0, 0.0, 10.0], 5), (20, 1))
    before, after = edges.measure(region(stripes)), edges.measure(region(stripes.T.copy()))
    assert after == pytest.approx(before, rel=1e-6)
    assert before["canny_density"] > 0


# --- shape ---


def test_rectangle_by_hand():
    mask = np.zeros((12, 14))
    mask[2:8, 3:13] = 1
    found = shape.measure(region(mask, mask, (2.0, 0.5)))
    assert found["area"] == 60.0
    assert (found["solidity"], found["extent"], found["parts"], found["holes"]) == (1.0, 1.0, 1.0, 0.0)
    assert found["feret_max"] == pytest.approx(13.0)  # 12 mm high, 5 mm wide
    # Sample variance of 6 rows of 2 mm, each ten times: 60/59 of the population variance.
    assert found["major_axis"] == pytest.approx(4 * math.sqrt(4 * 35 / 12 * 60 / 59))


def test_disc_is_round(disc: np.ndarray):
    found = shape.measure(region(disc, disc))
    assert found["area"] == pytest.approx(math.pi * 400, rel=0.01)
    assert found["perimeter"] == pytest.approx(2 * math.pi * 20, rel=0.02)
    assert found["compactness"] == pytest.approx(1.0, abs=0.05)
    assert found["eccentricity"] < 0.1
    assert found["major_axis"] == pytest.approx(40, rel=0.01)
    assert found["solidity"] > 0.95


def test_perimeter_holds_for_oblong_pixels():
    rows, columns = np.mgrid[0:40, 0:90]
    mask = (2.0 * (rows - 20)) ** 2 + (columns - 45.0) ** 2 <= 30**2
    assert shape.perimeter(mask, (2.0, 1.0)) == pytest.approx(2 * math.pi * 30, rel=0.03)


def test_doubling_the_spacing_doubles_lengths_and_quadruples_the_area(disc: np.ndarray):
    disc = disc & (np.arange(72) < 50)
    before, after = (
        shape.measure(region(disc, disc, (0.4, 0.7))),
        shape.measure(region(disc, disc, (0.8, 1.4))),
    )
    power = {"mm": 2.0, "mm²": 4.0, "": 1.0}
    for spec in shape.FAMILY.features:
        assert after[spec.name] == pytest.approx(power[spec.unit] * before[spec.name]), spec.name


def test_holes_and_parts_are_counted():
    mask = np.zeros((9, 20))
    mask[1:8, 1:8] = 1
    mask[3:5, 3:5] = 0
    mask[6, 6] = 0
    mask[2, 15] = mask[3, 16] = 1  # diagonal neighbours are one part
    found = shape.measure(region(mask, mask))
    assert (found["parts"], found["holes"]) == (2.0, 2.0)


def test_without_spacing_only_counts_are_known(disc: np.ndarray):
    found = shape.measure(region(disc, disc, None))
    assert {name for name, value in found.items() if not math.isnan(value)} == {"parts", "holes"}


def test_a_single_pixel_has_area_but_no_axes():
    mask = np.zeros((3, 3))
    mask[1, 1] = 1
    found = shape.measure(region(mask, mask))
    assert found["area"] == 1.0
    assert math.isnan(found["major_axis"])


# --- whole pictures ---


def test_hog_of_vertical_stripes_votes_for_horizontal_gradients():
    stripes = np.tile(np.repeat([0.0, 1.0], 8), (64, 4)).astype(np.float32)
    votes = hog.descriptor(stripes).reshape(-1, hog.DIRECTIONS).sum(axis=0)
    # A gradient at 0 degrees lies between the first and the last of nine directions.
    assert set(np.argsort(votes)[-2:].tolist()) == {0, 8}
    assert votes[1:8].max() < 1e-6


def test_hog_ignores_contrast_and_a_constant_picture_is_zero(scan: np.ndarray):
    np.testing.assert_allclose(hog.descriptor(scan * np.float32(1e-4)), hog.descriptor(scan), atol=1e-4)
    assert not hog.descriptor(np.full((30, 20), 5, np.float32)).any()


def test_thumb_is_the_mean_of_each_block():
    blocks = np.arange(256.0).reshape(16, 16)
    found = thumb.measure(region(np.kron(blocks, np.ones((3, 3)))))
    assert list(found.values()) == pytest.approx(blocks.ravel().tolist())


# --- registry ---


@pytest.mark.parametrize("name", sorted(FEATURE_SETS))
def test_every_set_gives_the_same_names_with_and_without_mask(name: str, scan: np.ndarray, disc: np.ndarray):
    settings = FEATURE_SETS[name]
    before = scan.copy()
    whole, part = (
        extract(scan, settings=settings),
        extract(scan, mask=disc, spacing=(1, 1), settings=settings),
    )
    assert tuple(whole) == tuple(part) == feature_names(settings) == tuple(feature_specs(settings))
    assert all(type(v) is float and math.isfinite(v) for v in part.values())
    np.testing.assert_array_equal(scan, before)


@pytest.mark.parametrize("image", [np.zeros((1, 1)), np.full((9, 9), 3), np.eye(2), np.arange(5)[None, :]])
def test_degenerate_pictures_give_numbers_or_nan_and_never_infinity(image: np.ndarray):
    everything = FeatureSettings(tuple(families()))
    for mask in (None, np.ones(image.shape)):
        found = extract(image, mask=mask, spacing=(1.0, 1.0), settings=everything)
        assert not any(math.isinf(value) for value in found.values())


def test_pixels_outside_the_mask_do_not_change_the_numbers(scan: np.ndarray, disc: np.ndarray):
    settings = FEATURE_SETS["radiomics"]
    changed = np.where(disc, scan, 9999)
    first = extract(scan, mask=disc, spacing=(1, 1), settings=settings)
    assert extract(changed, mask=disc, spacing=(1, 1), settings=settings) == first


def test_region_may_lie_anywhere(scan: np.ndarray, disc: np.ndarray):
    settings = FEATURE_SETS["standard"]
    # The frame grows by a copy of its edge, far from the disc: nothing that is measured may notice.
    moved = extract(np.pad(scan, 20, mode="edge"), mask=np.pad(disc, 20), spacing=(1, 1), settings=settings)
    assert moved == pytest.approx(extract(scan, mask=disc, spacing=(1, 1), settings=settings))


def test_shrinking_keeps_millimetres(disc: np.ndarray):
    large = np.kron(disc, np.ones((4, 4)))
    settings = FeatureSettings(("shape",), preprocess=PreprocessSettings(max_side=72))
    found = extract(large, mask=large, spacing=(0.25, 0.25), settings=settings)
    assert found["shape.area"] == pytest.approx(float(disc.sum()))


def test_a_thin_region_survives_shrinking():
    image = np.zeros((400, 400))
    line = np.zeros((400, 400))
    line[200] = 1
    settings = FeatureSettings(("intensity",), preprocess=PreprocessSettings(max_side=40))
    assert extract(image, mask=line, settings=settings)["intensity.mean"] == 0.0


def test_rescale_slope_reaches_the_numbers():
    settings = FeatureSettings(("intensity",))
    found = extract(np.full((4, 4), 24), slope=2.0, intercept=-1024.0, settings=settings)
    assert found["intensity.mean"] == -976.0


def test_digest_tells_settings_apart():
    sets = [*FEATURE_SETS.values(), FeatureSettings(("seed",)), FeatureSettings(("intensity",), n_bins=16)]
    assert len({settings.digest() for settings in sets}) == len(sets)
    assert FeatureSettings(("seed",)).digest() == FeatureSettings(("seed",)).digest()


def test_digest_changes_with_the_version_of_a_family(monkeypatch: pytest.MonkeyPatch):
    from dataclasses import replace

    from analysis.core.features import registry

    before = FeatureSettings(("seed",)).digest()
    newer = replace(registry._FAMILIES["seed"], version=99)
    monkeypatch.setitem(registry._FAMILIES, "seed", newer)
    assert FeatureSettings(("seed",)).digest() != before


@pytest.mark.parametrize(
    "wrong",
    [
        {"families": ("sobel",)},
        {"families": ()},
        {"families": ("seed", "seed")},
        {"families": ("seed",), "n_bins": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict):
    with pytest.raises(ValueError, match=r"[Cc]hoose"):
        FeatureSettings(**wrong)


def test_masks_and_spacings_that_do_not_fit_are_refused(scan: np.ndarray):
    settings = FEATURE_SETS["seed"]
    with pytest.raises(ValueError, match="differ in size"):
        extract(scan, mask=np.ones((3, 3)), settings=settings)
    with pytest.raises(ValueError, match="empty"):
        extract(scan, mask=np.zeros(scan.shape), settings=settings)
    with pytest.raises(ValueError, match="spacing"):
        extract(scan, spacing=(0.0, 1.0), settings=settings)


def test_every_feature_is_described_and_ibsi_codes_are_unique():
    specs = [spec for family in families().values() for spec in family.features]
    assert all(spec.description for spec in specs)
    codes = [spec.ibsi_code for spec in specs if spec.ibsi_code]
    assert len(codes) == len(set(codes))
    assert all(len(code) == 4 for code in codes)
