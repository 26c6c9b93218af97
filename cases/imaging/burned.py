"""Find text that is part of the picture itself.

Letters are thin strokes of one colour, of one height, beside one another on a line, with little of the kind
around them. Each picture is looked at in three sizes, so that letters of 8 to 80 pixels have strokes of a
few pixels in one of them, and in both polarities. What remains are lines of strokes; a logistic model over
properties of each tells text from anatomy. Its weights were fitted on one half of the generated set of
``tests/bench/burned_in.py``, which reports the figures on the other half.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from . import ocr
from .strokes import Grey, Shown, lines_of, shown

# Fitted on the half "tune" of tests/bench/burned_in.py, in the order of the properties in _describe().
_WEIGHTS = np.array(
    [2.208, -0.071, 2.577, 4.345, 1.482, 3.72, 1.994, -0.009, -1.509, 5.672, -2.859, -1.245, -0.405, -2.761,
     4.715, 5.856]
)  # fmt: skip
_BIAS = -14.934
# Chosen on the same half: recall hardly falls before it, proposals on clean pictures do.
SURE = 0.99
# Slices come by the hundred, and one doubt holds them all; what is written on slices is on many of them.
SURE_OF_SLICES = 0.998
# Where a person looks anyway, a box too many costs a click, one too few a name.
SURE_OF_SUSPECTS = 0.8
# What is brighter than this outside of the scan was written there by the scanner.
_WRITTEN = 48
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class TextBox:
    """A place in a frame that looks like text.

    Attributes
    ----------
    frame : int
        Number of the frame in its object, from 1; 0 when it is on every frame.
    x, y, width, height : int
        Left, top and size in pixels.
    score : float
        How sure the detector is, 0 to 1.
    """

    frame: int
    x: int
    y: int
    width: int
    height: int
    score: float


def find_text(
    frame: Shown, *, scans: Sequence[Box] = (), sure: float = SURE, reading: bool = False
) -> list[TextBox]:
    """Boxes around what looks like text in one frame.

    Parameters
    ----------
    frame : DecodedFrame
        Grey or RGB of any depth; looked at as its window shows it.
    scans : sequence of (left, top, right, bottom)
        Where the scanner put its picture (ultrasound region calibration, PS3.3 C.8.5.5). Outside of these
        everything bright is proposed, inside only what looks like text.
    sure : float
        Least score of a proposal, 0 to 1.
    reading : bool
        Add words that an engine reads, where one is installed; see `ocr`.

    Returns
    -------
    list of TextBox
        With `frame` 1, from top to bottom; boxes that overlap are one.
    """
    light, dark = shown(frame)
    height, width = light.shape
    found = []
    for line in lines_of(light, dark):
        score = float(1 / (1 + np.exp(-(np.dot(_WEIGHTS, line.features) + _BIAS))))
        if score >= sure:
            found.append(_rimmed((line.x, line.y, line.x + line.width, line.y + line.height, score)))
    if reading:
        # Letters of colours that are dark in one channel and light in another are on one of the two.
        for seen in (light,) if dark is light else (light, dark):
            found += [_rimmed(word) for word in ocr.read_words(seen)]
    if scans:
        found += [(*box, 0.99) for box in _written_outside(light, scans)]
    return [
        TextBox(1, left, top, right - left, bottom - top, round(score, 3))
        for left, top, right, bottom, score in _joined(found, width, height)
    ]


def _rimmed(box: ocr.Word) -> ocr.Word:
    """A box with what belongs to its letters: soft edges, points above and below the line of the others."""
    left, top, right, bottom, score = box
    rim = max(2, min(right - left, bottom - top) // 5)
    return left - rim, top - rim, right + rim, bottom + rim, score


def detect(frames: Sequence[Shown], *, scans: Sequence[Box] = (), sure: float = SURE) -> tuple[TextBox, ...]:
    """Boxes of all frames of an object.

    Parameters
    ----------
    frames : sequence of DecodedFrame
        In the order of storage.
    scans, sure
        See `find_text`.

    Returns
    -------
    tuple of TextBox
        What lies at one place on more than half of several frames is given once, with `frame` 0.

    Notes
    -----
    An engine, where one is installed, reads the first, the middle and the last frame of all but slices:
    those come by the hundred, and it takes as long for one as the detector for several.
    """
    reading = sure < SURE_OF_SLICES and ocr.available()
    read = {0, len(frames) // 2, len(frames) - 1} if reading else set()
    each = [
        find_text(frame, scans=scans, sure=sure, reading=number in read)
        for number, frame in enumerate(frames)
    ]
    if len(each) < 2:
        return tuple(box for boxes in each for box in boxes)
    steady: list[list[TextBox]] = []
    for boxes in each:
        for box in boxes:
            place = next((group for group in steady if _alike(group[0], box)), None)
            if place is None:
                steady.append([box])
            else:
                place.append(box)
    everywhere = [group for group in steady if 2 * len(group) > len(each)]
    covered = [_around(group) for group in everywhere]
    found = list(covered)
    for number, boxes in enumerate(each, start=1):
        found += [
            replace(box, frame=number) for box in boxes if not any(_holds(whole, box) for whole in covered)
        ]
    return tuple(found)


def _alike(one: TextBox, two: TextBox) -> bool:
    """Whether two boxes share more than half of what they cover together."""
    across = min(one.x + one.width, two.x + two.width) - max(one.x, two.x)
    down = min(one.y + one.height, two.y + two.height) - max(one.y, two.y)
    if across <= 0 or down <= 0:
        return False
    return 2 * across * down > one.width * one.height + two.width * two.height - across * down


def _around(group: Sequence[TextBox]) -> TextBox:
    """The box around all of ``group``, on every frame."""
    left, top = min(box.x for box in group), min(box.y for box in group)
    right = max(box.x + box.width for box in group)
    bottom = max(box.y + box.height for box in group)
    return TextBox(0, left, top, right - left, bottom - top, max(box.score for box in group))


def _holds(whole: TextBox, box: TextBox) -> bool:
    return (
        whole.x <= box.x
        and whole.y <= box.y
        and whole.x + whole.width >= box.x + box.width
        and whole.y + whole.height >= box.y + box.height
    )


def _written_outside(light: Grey, scans: Sequence[Box]) -> list[Box]:
    """Boxes around what is bright outside of the scans: words and scales, joined by line."""
    outside = cv2.threshold(light, _WRITTEN, 255, cv2.THRESH_BINARY)[1]
    for left, top, right, bottom in scans:
        outside[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = 0
    if not cv2.countNonZero(outside):
        return []
    joined = cv2.dilate(outside, cv2.getStructuringElement(cv2.MORPH_RECT, (25, 7)))
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(joined, connectivity=8)
    return [(int(x), int(y), int(x + width), int(y + height)) for x, y, width, height, _area in stats[1:]]


def _joined(
    boxes: Iterable[tuple[int, int, int, int, float]], width: int, height: int
) -> list[tuple[int, int, int, int, float]]:
    """Boxes cut to the picture, those that overlap made one."""
    waiting = [
        (max(0, left), max(0, top), min(width, right), min(height, bottom), score)
        for left, top, right, bottom, score in boxes
    ]
    done: list[tuple[int, int, int, int, float]] = []
    while waiting:
        one = waiting.pop()
        for other in done:
            if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]:
                done.remove(other)
                corner = (min(one[0], other[0]), min(one[1], other[1]))
                waiting.append((*corner, max(one[2], other[2]), max(one[3], other[3]), max(one[4], other[4])))
                break
        else:
            done.append(one)
    return sorted(done, key=lambda box: (box[1], box[0]))
