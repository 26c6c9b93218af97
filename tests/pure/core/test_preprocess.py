"""Preprocessing: hand-made truth, inputs untouched, packing without loss."""

import numpy as np
import pytest

from analysis.core.preprocess import (
    PreprocessSettings,
    compress,
    decompress,
    denoise,
    normalise,
    prepare,
    shrink,
    to_grey,
)

METHODS = ["none", "median", "bilateral", "nlm", "gaussian"]
SCALES = ["none", "zscore", "percentile", "minmax", "clahe"]


@pytest.fixture
def noisy() -> np.ndarray:
    generator = np.random.default_rng(7)
    return (1000 + 200 * (np.arange(48)[None, :] > 24) + generator.normal(0, 15, (40, 48))).astype(np.float32)


def test_grey_of_primary_colours_is_their_bt601_weight():
    colours = np.array([[[1000, 0, 0], [0, 1000, 0], [0, 0, 1000]]], np.uint16)
    assert to_grey(colours).tolist() == [[299.0, 587.0, 114.0]]


def test_alpha_is_dropped_and_one_channel_is_squeezed():
    rgba = np.full((2, 3, 4), 50, np.uint8)
    rgba[..., 3] = 0
    assert (to_grey(rgba) == 50).all()
    assert to_grey(np.ones((2, 3, 1))).shape == (2, 3)


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (np.zeros((2, 2, 2)), "one frame at a time"),
        (np.zeros((5, 4, 4, 3)), "one frame at a time"),
        (np.zeros((0, 4)), "no pixels"),
        (np.array([[1.0, np.nan]]), "not finite"),
        (np.array([[1j]]), "real numbers"),
    ],
)
def test_pictures_that_cannot_be_grey_are_refused(pixels: np.ndarray, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        to_grey(pixels)


@pytest.mark.parametrize("method", METHODS)
def test_denoise_keeps_shape_and_input(noisy: np.ndarray, method: str):
    before = noisy.copy()
    out = denoise(noisy, method)
    assert out.shape == noisy.shape
    assert out.dtype == np.float32
    assert not np.shares_memory(out, noisy)
    np.testing.assert_array_equal(noisy, before)


@pytest.mark.parametrize("method", METHODS[1:])
def test_denoise_calms_noise_and_keeps_the_step(noisy: np.ndarray, method: str):
    out = denoise(noisy, method)
    assert out[:, :20].std() < 0.8 * noisy[:, :20].std()
    assert out[:, 30:].mean() - out[:, :18].mean() == pytest.approx(200, abs=10)


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_picture_stays_as_it_is(method: str):
    flat = np.full((20, 20), 37, np.float32)
    np.testing.assert_allclose(denoise(flat, method), flat, atol=1e-4)


def test_median_of_a_single_spike_removes_it():
    image = np.zeros((5, 5))
    image[2, 2] = 100
    assert denoise(image, "median").max() == 0


@pytest.mark.parametrize("method", SCALES[1:])
def test_normalise_ignores_brightness_and_contrast(noisy: np.ndarray, method: str):
    # CLAHE counts in a histogram: a value on the edge of a bin may fall on its other side.
    np.testing.assert_allclose(normalise(noisy, method), normalise(3.0 * noisy + 50.0, method), atol=0.02)


@pytest.mark.parametrize("method", SCALES)
def test_normalise_leaves_its_input_alone(noisy: np.ndarray, method: str):
    before = noisy.copy()
    out = normalise(noisy, method)
    assert out.dtype == np.float32
    assert not np.shares_memory(out, noisy)
    np.testing.assert_array_equal(noisy, before)


@pytest.mark.parametrize("method", SCALES[1:])
def test_normalise_of_a_constant_is_zero(method: str):
    assert not normalise(np.full((16, 16), 9.0), method).any()


def test_zscore_has_mean_zero_and_deviation_one(noisy: np.ndarray):
    out = normalise(noisy, "zscore")
    assert out.mean() == pytest.approx(0, abs=1e-5)
    assert out.std() == pytest.approx(1, abs=1e-5)


def test_percentile_shrugs_off_one_hot_pixel():
    image = np.tile(np.arange(100.0), (10, 1))
    image[0, 0] = 1e6
    assert normalise(image, "percentile")[5, 50] == pytest.approx(0.5, abs=0.02)


def test_percentile_of_nearly_all_background_falls_back_to_the_extremes():
    image = np.zeros((100, 100))
    image[3, 3] = 8.0
    assert normalise(image, "percentile")[3, 3] == 1.0


def test_shrink_averages_areas_and_never_enlarges():
    image = np.kron(np.arange(64.0).reshape(8, 8), np.ones((2, 2)))
    np.testing.assert_array_equal(shrink(image, 8), np.arange(64.0).reshape(8, 8))
    assert shrink(image, 100).shape == (16, 16)


def test_prepare_applies_slope_and_intercept():
    stored = np.array([[0, 1000], [1024, 2000]], np.uint16)
    out = prepare(stored, slope=2.0, intercept=-1024.0, settings=PreprocessSettings())
    assert out.tolist() == [[-1024.0, 976.0], [1024.0, 2976.0]]


@pytest.mark.parametrize(("slope", "intercept"), [(0.0, 1.0), (float("nan"), 0.0), (1.0, float("inf"))])
def test_prepare_refuses_a_rescale_that_destroys_the_picture(slope: float, intercept: float):
    with pytest.raises(ValueError, match="Rescale"):
        prepare(np.ones((4, 4)), slope=slope, intercept=intercept, settings=PreprocessSettings())


def test_digest_changes_with_every_setting():
    settings = [
        PreprocessSettings(),
        PreprocessSettings(denoise="median"),
        PreprocessSettings(normalise="zscore"),
        PreprocessSettings(max_side=64),
    ]
    assert len({s.digest() for s in settings}) == len(settings)


@pytest.mark.parametrize("wrong", [{"denoise": "x"}, {"normalise": "x"}, {"max_side": 0}])
def test_unknown_settings_are_refused(wrong: dict):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PreprocessSettings(**wrong)


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "i2", "i8", "f4", "f8", "?"])
@pytest.mark.parametrize("shape", [(1,), (), (5, 7), (2, 3, 4)])
def test_packing_gives_back_every_bit(dtype: str, shape: tuple[int, ...]):
    generator = np.random.default_rng(3)
    array = generator.integers(-(2**40), 2**40, shape).astype(np.dtype(dtype))
    packed, ratio = compress(array)
    back = decompress(packed)
    assert (back.shape, back.dtype) == (array.shape, array.dtype)
    np.testing.assert_array_equal(back, array)
    assert ratio == array.nbytes / len(packed)


def test_packing_survives_wrap_around_of_extremes():
    array = np.array([[0, 255, 0, 255]], np.uint8)
    np.testing.assert_array_equal(decompress(compress(array)[0]), array)


def test_smooth_scan_packs_smaller_than_plain_zlib():
    import zlib

    generator = np.random.default_rng(0)
    scan = (500 + 3 * np.arange(256)[None, :] + generator.integers(0, 4, (256, 256))).astype(np.uint16)
    assert len(compress(scan)[0]) < len(zlib.compress(scan.tobytes(), 6))


def test_damaged_packs_are_refused():
    packed, _ = compress(np.arange(10))
    with pytest.raises(ValueError, match="damaged"):
        decompress(packed[:-6])
    with pytest.raises(ValueError, match="not packed by"):
        decompress(b"MWZ1?" + packed[5:])
    with pytest.raises(ValueError, match="Cannot pack"):
        compress(np.array([]))
