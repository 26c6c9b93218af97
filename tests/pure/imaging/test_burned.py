"""Burned-in text: found where it is, not where it is not; and which objects are looked at anyway."""

from collections.abc import Sequence
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from pydicom.dataset import Dataset

from cases.imaging.burned import TextBox, detect, find_text
from cases.imaging.render import window_to_uint8
from cases.imaging.strokes import lines_of, shown
from cases.imaging.suspicion import scans_of, suspicion_of
from tests.pure.imaging import build

WHERE = (60, 90)


def frame(pixels: np.ndarray, **values: object) -> SimpleNamespace:
    """What the detector reads of a frame, with a window over all 8 bits."""
    plain = {"slope": 1.0, "intercept": 0.0, "window_center": 127.5, "window_width": 256.0, "invert": False}
    plain["voi_function"] = "LINEAR"
    return SimpleNamespace(pixels=pixels, **{**plain, **values})


def background(rows: int = 256, columns: int = 320, *, seed: int = 1, level: float = 90.0) -> np.ndarray:
    """Smooth anatomy-like hills with a little noise, uint8."""
    rng = np.random.default_rng(seed)
    hills = cv2.GaussianBlur(rng.normal(0, 1, (rows, columns)).astype(np.float32), (0, 0), 12)
    picture = level + 400 * hills + rng.normal(0, 2, (rows, columns))
    return picture.clip(0, 255).astype(np.uint8)


def write(
    pixels: np.ndarray, *, scale: float = 0.6, thick: int = 1, colour: float | Sequence[float] = 255
) -> np.ndarray:
    written = pixels.copy()
    cv2.putText(written, "SCHMIDT 1971", WHERE, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)
    return written


def covers(boxes: list[TextBox]) -> bool:
    return any(
        box.x <= WHERE[0] + 20
        and box.x + box.width >= WHERE[0] + 60
        and box.y < WHERE[1] < box.y + box.height + 4
        for box in boxes
    )


@pytest.mark.parametrize("scale", [0.4, 0.6, 1.0, 1.8])
@pytest.mark.parametrize("colour", [255, 0, 200])
def test_letters_of_many_sizes_in_both_polarities(scale: float, colour: int) -> None:
    pixels = write(background(256, 480), scale=scale, thick=max(1, round(scale * 1.5)), colour=colour)
    assert covers(find_text(frame(pixels)))


@pytest.mark.parametrize("seed", range(6))
def test_smooth_pictures_are_left_alone(seed: int) -> None:
    assert find_text(frame(background(seed=seed))) == []
    assert find_text(frame(np.zeros((64, 64), np.uint8))) == []
    assert find_text(frame(np.full((3, 2), 7, np.uint8))) == []


def test_sixteen_bits_are_looked_at_through_their_window() -> None:
    deep = write(background()).astype(np.int16) * 8 - 1024
    assert covers(find_text(frame(deep, window_center=0.0, window_width=2048.0)))


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [(np.int16, -1024, 3071), (np.int16, -900, -20), (np.uint16, 300, 65535), (np.uint8, 3, 255)],
)
def test_the_picture_is_shown_through_its_window(kind: type, low: int, high: int, invert: bool) -> None:
    # More values than pixels, and fewer.
    for size in (16, 300):
        pixels = np.random.default_rng(size).integers(low, high, (size, size), kind, endpoint=True)
        center, width = low + high, 1.5 * (high - low)
        deep = frame(
            pixels, slope=2.0, intercept=-7.0, window_center=center, window_width=width, invert=invert
        )
        light, dark = shown(deep)
        expected = window_to_uint8(
            pixels, slope=2.0, intercept=-7.0, center=center, width=width, invert=invert
        )
        np.testing.assert_array_equal(light, expected)
        assert dark is light


def test_lines_of_a_turned_picture_are_the_same_turned() -> None:
    # Texture of much ink as well as plain ground of little, whose strokes are gathered in different ways.
    grain = np.random.default_rng(3).normal(0, 26, (256, 320))
    for noise in (0, 1):
        picture = write((background() + noise * grain).clip(0, 255).astype(np.uint8))
        upright, turned = (
            sorted((line.x, line.y, line.width, line.height) for line in lines_of(each, each))
            for each in (picture, np.ascontiguousarray(picture.T))
        )
        assert upright
        assert upright == sorted((x, y, width, height) for y, x, height, width in turned)


def test_inverted_pictures_are_looked_at_as_shown() -> None:
    pixels = 255 - write(background())
    assert covers(find_text(frame(pixels, invert=True)))


@pytest.mark.parametrize("colour", [(255, 255, 0), (0, 255, 0), (40, 40, 255), (0, 0, 0)])
def test_letters_of_any_colour(colour: tuple[int, int, int]) -> None:
    rgb = np.repeat(background(level=110)[..., None], 3, axis=2)
    assert covers(find_text(frame(write(rgb, colour=colour))))


def test_letters_that_stand_upright() -> None:
    turned = np.ascontiguousarray(np.rot90(write(background(), scale=0.7)))
    (box, *_rest) = find_text(frame(turned))
    assert box.height > 2 * box.width


def test_the_frame_is_not_changed() -> None:
    pixels = write(background())
    before = pixels.copy()
    find_text(frame(pixels))
    np.testing.assert_array_equal(pixels, before)


def test_what_is_on_most_frames_is_given_once() -> None:
    plain = background()
    frames = [frame(write(background(seed=seed))) for seed in range(4)] + [frame(plain)]
    boxes = detect(frames)
    assert [box.frame for box in boxes] == [0]
    (alone,) = detect([frame(plain), frame(plain), frame(write(plain))])
    assert alone.frame == 3
    (single,) = detect([frame(write(plain))])
    assert single.frame == 1


def test_outside_of_the_scan_everything_bright_is_proposed() -> None:
    pixels = np.zeros((120, 160), np.uint8)
    pixels[40:100, 30:130] = 90
    pixels[6:9, 10:14] = 200
    assert find_text(frame(pixels)) == []
    (box,) = find_text(frame(pixels), scans=[(30, 40, 130, 100)])
    assert (box.x, box.y) <= (10, 6)
    assert box.x + box.width >= 14


def region(**places: int) -> Dataset:
    item = Dataset()
    for name, value in places.items():
        setattr(item, f"RegionLocation{name}", value)
    return item


def test_scans_are_read_from_the_ultrasound_regions() -> None:
    ds = Dataset()
    ds.Rows, ds.Columns = 100, 200
    assert scans_of(ds) == ()
    ds.SequenceOfUltrasoundRegions = build.sequence(region(MinX0=5, MinY0=6, MaxX1=150, MaxY1=90))
    assert scans_of(ds) == ((5, 6, 151, 91),)
    ds.SequenceOfUltrasoundRegions = build.sequence(region(MinX0=5, MinY0=6, MaxX1=1500, MaxY1=90))
    assert scans_of(ds) == ()
    ds.SequenceOfUltrasoundRegions = build.sequence(region(MinX0=5))
    assert scans_of(ds) == ()


@pytest.mark.parametrize(
    ("modality", "sop_class", "flag", "expected"),
    [
        ("CT", "1.2.840.10008.5.1.4.1.1.2", "", ()),
        ("CT", "1.2.840.10008.5.1.4.1.1.2", "YES", ("burned-in-flag",)),
        ("US", "1.2.840.10008.5.1.4.1.1.6.1", "", ("kind",)),
        ("US", "1.2.840.10008.5.1.4.1.1.6.1", "NO", ()),
        ("CT", "1.2.840.10008.5.1.4.1.1.7", "", ("kind",)),
        ("XC", "1.2.840.10008.5.1.4.1.1.77.1.4", "", ("kind",)),
        ("XA", "1.2.840.10008.5.1.4.1.1.12.1", "YES", ("burned-in-flag",)),
        ("MR", "1.2.840.10008.5.1.4.1.1.77", "", ()),
    ],
)
def test_kinds_that_are_looked_at_anyway(
    modality: str, sop_class: str, flag: str, expected: tuple[str, ...]
) -> None:
    ds = Dataset()
    ds.Modality, ds.SOPClassUID = modality, sop_class
    if flag:
        ds.BurnedInAnnotation = flag
    assert suspicion_of(ds, ()) == expected
    assert suspicion_of(ds, [TextBox(1, 0, 0, 9, 9, 1.0)]) == (*expected, "text")
    assert suspicion_of(None, ()) == ()
