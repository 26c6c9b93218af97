"""An engine that reads: off unless installed, and then it only adds boxes."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from cases.imaging import burned, ocr
from cases.imaging.burned import SURE, SURE_OF_SLICES, detect, find_text

from .test_burned import WHERE, background, frame, write


@pytest.fixture
def forgotten() -> Iterator[None]:
    """The engine is looked for again, in the test and after it."""
    ocr._engine.cache_clear()
    yield
    ocr._engine.cache_clear()


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch, forgotten: None) -> None:
    """An installation without the extra."""
    monkeypatch.setitem(sys.modules, "tesserocr", None)


@pytest.fixture
def installed(forgotten: None) -> None:
    if not ocr.available():
        pytest.skip("extra ocr absent: pip install tesserocr, apt-get install tesseract-ocr-eng")


def written() -> SimpleNamespace:
    return frame(write(background()))


def test_without_the_extra_the_detector_works_alone(absent: None) -> None:
    assert not ocr.available()
    assert ocr.read_words(written().pixels) == []
    assert find_text(written(), reading=True) == find_text(written()) != []
    assert len(detect([written()])) == 1


def test_without_data_nothing_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forgotten: None
) -> None:
    monkeypatch.setattr(ocr, "_FOLDERS", (str(tmp_path / "nowhere"),))
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert ocr.data_folder() is None
    assert not ocr.available()
    (tmp_path / "eng.traineddata").write_bytes(b"")
    assert ocr.data_folder() == tmp_path
    ocr._engine.cache_clear()
    assert not ocr.available()


def test_the_first_the_middle_and_the_last_frame_are_read_and_no_slice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []

    def read(grey: np.ndarray) -> list[ocr.Word]:
        seen.append(round(int(grey[0, 0]) / 40))
        return [(50, 60, 90, 80, 0.9)]

    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read_words", read)
    frames = [frame(np.full((128, 128), number * 40, np.uint8)) for number in range(7)]
    found = detect(frames, sure=SURE)
    assert seen == [0, 3, 6]
    assert [(box.frame, box.x, box.y, box.width, box.height) for box in found] == [
        (number, 46, 56, 48, 28) for number in (1, 4, 7)
    ]
    assert detect(frames, sure=SURE_OF_SLICES) == ()
    assert seen == [0, 3, 6]


def test_words_are_read_where_they_stand(installed: None) -> None:
    before = written()
    pixels = before.pixels.copy()
    # No row of strokes is surer than sure: what is found was read.
    boxes = find_text(before, sure=1.01, reading=True)
    assert np.array_equal(before.pixels, pixels)
    left, baseline = WHERE
    assert min(box.x for box in boxes) <= left + 4
    assert max(box.x + box.width for box in boxes) >= left + 100
    assert all(box.y < baseline - 5 < box.y + box.height and 0.7 <= box.score <= 1.0 for box in boxes)


def test_reading_takes_no_box_away(installed: None) -> None:
    (alone,) = find_text(written())
    assert any(burned._holds(box, alone) for box in find_text(written(), reading=True))


def test_a_picture_without_words_and_a_tiny_one(installed: None) -> None:
    assert ocr.read_words(background()) == []
    assert ocr.read_words(np.zeros((4, 300), np.uint8)) == []


def test_a_picture_that_takes_too_long_is_left_to_the_detector(
    installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fundus of the shared pictures took the engine 43 s, and whoever sent it was refused."""
    picture = np.full((400, 900), 20, np.uint8)
    for line in range(12):
        cv2.putText(
            picture, f"PATIENT {line} NAME", (20, 32 * line + 28), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 240, 2
        )
    assert ocr.read_words(picture)
    monkeypatch.setattr(ocr, "_MILLISECONDS", 1)
    assert ocr.read_words(picture) == []
    monkeypatch.undo()
    assert ocr.read_words(picture)
