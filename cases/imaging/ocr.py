"""An engine that reads letters, where one is installed: Tesseract, through the extra ``ocr``.

The detector of :mod:`cases.imaging.burned` finds rows of strokes without reading them. An engine reads, and
finds some words that do not look like a row: it may add boxes and never takes one away.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_LANGUAGE = "eng"
# Where systems keep the data of Tesseract; its own variable goes first.
_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
# The engine is sure of noise, now and then, of up to two letters.
_LETTERS, _SURE = 3, 70.0
# Photographs full of small vessels look like thousands of letters: one took 43 s, and was refused for it.
_MILLISECONDS = 6000
# It wants letters of 20 pixels and more; those on small pictures are half of that.
_SMALL = 1200
Word = tuple[int, int, int, int, float]


def data_folder() -> Path | None:
    """Folder with the data for Latin letters; ``None`` when there is none."""
    given = os.environ.get("TESSDATA_PREFIX", "")
    for folder in (given, *_FOLDERS):
        if folder and Path(folder, f"{_LANGUAGE}.traineddata").is_file():
            return Path(folder)
    return None


@cache
def _engine() -> Any:
    """The engine of this process, or ``None`` without library or data."""
    folder = data_folder()
    if folder is None:
        return None
    try:
        library = importlib.import_module("tesserocr")
        # Words anywhere, in no order.
        engine = library.PyTessBaseAPI(path=f"{folder}/", lang=_LANGUAGE, psm=library.PSM.SPARSE_TEXT)
    except (ImportError, RuntimeError):
        # Not installed, or its data are of no use: the detector works alone.
        return None
    # What it has to say goes to nobody: it would quote the picture.
    engine.SetVariable("debug_file", os.devnull)
    return engine


def available() -> bool:
    """Whether words can be read in this process."""
    return _engine() is not None


def read_words(grey: NDArray[np.uint8]) -> list[Word]:
    """Words in a picture.

    Parameters
    ----------
    grey : ndarray of uint8
        ``(H, W)``, as its window shows it; not changed.

    Returns
    -------
    list of (left, top, right, bottom, score)
        In pixels, cut to the picture; score 0.7 to 1. Empty without an engine.

    Notes
    -----
    Words of fewer than three letters or digits are left out: marks of sides, and noise. A picture that the
    engine does not finish within six seconds is left to the detector, as on a machine without an engine.
    """
    engine = _engine()
    height, width = grey.shape
    if engine is None or min(height, width) < 8:
        return []
    factor = 2 if max(height, width) < _SMALL else 1
    seen = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC) if factor > 1 else grey
    rows, columns = seen.shape
    try:
        engine.SetImageBytes(np.ascontiguousarray(seen).tobytes(), columns, rows, 1, columns)
        if not engine.Recognize(_MILLISECONDS):
            return []
        return [
            (
                left // factor,
                top // factor,
                min(width, -(-right // factor)),
                min(height, -(-bottom // factor)),
                score,
            )
            for left, top, right, bottom, score in _words(engine)
        ]
    finally:
        # It would keep the picture until the next one.
        engine.Clear()


def _words(engine: Any) -> Iterator[Word]:
    library = importlib.import_module("tesserocr")
    level, found = library.RIL.WORD, engine.GetIterator()
    if found is None:
        return
    for word in library.iterate_level(found, level):
        if word.Empty(level):
            continue
        sure = float(word.Confidence(level))
        if sure >= _SURE and sum(map(str.isalnum, word.GetUTF8Text(level))) >= _LETTERS:
            yield (*word.BoundingBox(level), sure / 100.0)
