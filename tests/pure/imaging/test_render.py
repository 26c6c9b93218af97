"""Windowing against numbers worked out by hand, and against its own symmetries."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.imaging.frames import DecodedFrame
from cases.imaging.render import VOI_FUNCTIONS, auto_window, preview, window_to_uint8

RAMP = np.arange(-1000, 1000, 7, dtype=np.int16).reshape(2, -1)


def _frame(pixels: np.ndarray) -> DecodedFrame:
    return DecodedFrame(pixels, 1.0, 0.0, 128.0, 256.0, False, None, None, None, None, None, "")


def _shown(pixels: np.ndarray, **changes: float | str) -> np.ndarray:
    values = {"slope": 1.0, "intercept": 0.0, "center": 40.0, "width": 400.0, **changes}
    return window_to_uint8(pixels, **values)


def test_the_example_of_the_standard() -> None:
    # PS3.3 C.11.2.1.2.1: centre 2048, width 4096 shows 0 to 4095 completely.
    shown = _shown(np.array([[0, 1, 2047, 2048, 4094, 4095]], np.uint16), center=2048, width=4096)
    assert shown.tolist() == [[0, 0, 127, 128, 255, 255]]


def test_every_function_as_pydicom_and_the_browser_have_it() -> None:
    """The table that the suite of the viewer reads too."""
    table = Path(__file__).resolve().parents[2] / "js" / "fixtures" / "windowing.json"
    rows = json.loads(table.read_text(encoding="utf-8"))["rows"]
    for function, center, width, value, grey in rows:
        slope = 1.0 if float(value).is_integer() else 0.01
        stored = np.array([[round(value / slope)]], np.int16)
        shown = _shown(stored, slope=slope, center=center, width=width, function=function)
        assert shown.tolist() == [[grey]], (function, center, width, value)
    assert {row[0] for row in rows} == set(VOI_FUNCTIONS)


@pytest.mark.parametrize("function", VOI_FUNCTIONS)
def test_functions_are_symmetric_and_far_values_do_no_harm(function: str) -> None:
    far = np.array([[-32768, 32767]], np.int16)
    assert _shown(far, center=0, width=0.001, function=function).tolist() == [[0, 255]]
    values = np.arange(-300, 301, 7, dtype=np.int16)[None]
    # LINEAR lies half a unit beside its centre.
    middle = 0.5 if function == "LINEAR" else 0.0
    up = _shown(values, center=middle, width=333, function=function).astype(int)
    down = _shown(-values, center=middle, width=333, function=function).astype(int)
    assert np.abs(up + down - 255).max() <= 1


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(ValueError, match="one of LINEAR"):
        _shown(RAMP, function="CUBIC")


def test_width_one_is_a_threshold() -> None:
    assert _shown(np.array([[98, 99, 100, 101]], np.int16), center=100, width=1).tolist() == [
        [0, 0, 255, 255]
    ]


def test_brighter_values_are_never_darker() -> None:
    assert (np.diff(_shown(RAMP).ravel().astype(int)) >= 0).all()


@given(st.integers(-500, 500), st.integers(2, 2000), st.integers(-300, 300))
def test_moving_values_and_window_together_changes_nothing(center: int, width: int, move: int) -> None:
    here = _shown(RAMP, center=center, width=width)
    assert np.array_equal(here, _shown(RAMP + np.int16(move), center=center + move, width=width))
    assert np.array_equal(here, _shown(RAMP, intercept=move, center=center + move, width=width))


@given(st.integers(-500, 500), st.integers(2, 2000))
def test_inverting_is_the_negative(center: int, width: int) -> None:
    normal = _shown(RAMP, center=center, width=width)
    assert np.array_equal(_shown(RAMP, center=center, width=width, invert=True), 255 - normal)


def test_doubling_slope_equals_doubling_values() -> None:
    assert np.array_equal(_shown(RAMP, slope=2.0), _shown(RAMP * 2))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16])
def test_types_agree(dtype: type) -> None:
    values = np.arange(0, 200, dtype=dtype).reshape(10, 20)
    assert np.array_equal(_shown(values), _shown(values.astype(np.int16)))


def test_extremes_and_emptiness() -> None:
    assert _shown(np.array([[-32768, 32767]], np.int16)).tolist() == [[0, 255]]
    assert _shown(np.array([[0, 65535]], np.uint16)).tolist()[0][1] == 255
    assert _shown(np.zeros((0, 4), np.int16)).shape == (0, 4)


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan")])
def test_no_width(width: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        _shown(RAMP, width=width)


def test_other_types_are_refused() -> None:
    with pytest.raises(ValueError, match="decode"):
        _shown(RAMP.astype(np.float32))


def test_input_is_not_changed() -> None:
    before = RAMP.copy()
    _shown(RAMP)
    assert np.array_equal(RAMP, before)


def test_auto_window_leaves_out_single_extremes() -> None:
    values = np.tile(np.arange(100, dtype=np.int16), (1000, 1))
    values[0, :10] = 30000
    center, width = auto_window(values)
    assert 95 <= width <= 100
    assert 45 <= center <= 55


def test_auto_window_of_hostile_values() -> None:
    assert auto_window(np.full((4, 4), np.nan)) == (0.5, 1.0)
    assert auto_window(np.zeros(0)) == (0.5, 1.0)
    assert auto_window(np.array([1.0, np.inf, 3.0]))[1] >= 1.0
    rare = np.zeros(1000, np.int16)
    rare[3] = 50
    assert auto_window(rare) == (25.0, 50.0)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((512, 256), (128, 64)), ((20, 30), (20, 30)), ((3, 4000), (1, 128)), ((128, 128, 3),) * 2],
)
def test_preview_keeps_the_proportions(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    data = preview(_frame(np.full(shape, 77, np.uint8)), size=128)
    shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert shown.shape == expected
    assert abs(int(shown.mean()) - 77) <= 2


def test_preview_keeps_red_red_and_inverts() -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 250
    shown = cv2.imdecode(np.frombuffer(preview(_frame(red)), np.uint8), cv2.IMREAD_COLOR)
    assert shown[..., 2].mean() > 200 > 50 > shown[..., 0].mean()
    dark = cv2.imdecode(
        np.frombuffer(preview(replace(_frame(np.full((8, 8), 250, np.uint8)), invert=True)), np.uint8), 0
    )
    assert dark.mean() < 15


def test_preview_needs_a_size() -> None:
    with pytest.raises(ValueError, match="at least one"):
        preview(_frame(np.zeros((4, 4), np.uint8)), size=0)
