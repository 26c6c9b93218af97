"""Rows of strokes that may be text, with the properties that tell text from anatomy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .render import Shown, window_to_uint8

Grey = NDArray[np.uint8]

# Thin against this is a stroke: letters up to 20 pixels have strokes of at most 5.
_KERNEL = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 9))
_SCALES = (1, 2, 4)
# Order of x, y, width and height in the picture turned over its diagonal, where vertical text is horizontal.
_TURNED = (1, 0, 3, 2)
_TALLEST = 30
_SMALLEST = 5
_MOST_PARTS = 500
# With more ink than this labelling every pixel takes less time than following the outlines.
_MUCH = 1 / 45
# No text of the generated set is blunter, or has fewer strokes for its length.
_BLUNT = 0.35
_FEW = 0.7
# Nothing fainter is read.
_FAINT = 25
_LEVELS = np.arange(256, dtype=np.float64)
# How far the middles of two letters of one line may lie apart: so much of the taller one.
_APART = 0.4


@dataclass(frozen=True, slots=True)
class Line:
    """A row of strokes that may be text: its box at full size and its properties."""

    x: int
    y: int
    width: int
    height: int
    scale: int
    features: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A picture in one size and polarity, and how far its strokes stand out: more than ``level`` is ink."""

    grey: Grey
    hat: Grey
    level: int
    dark: bool
    scale: int


def shown(frame: Shown) -> tuple[Grey, Grey]:
    """The picture as a reader sees it, 8 bits: where light text stands out, and where dark text does.

    Of colours the strongest channel shows light letters of any colour, the weakest dark ones.
    """
    pixels = frame.pixels
    if pixels.ndim == 3:
        red, green, blue = cv2.split(pixels)
        strongest, weakest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
        return np.asarray(strongest, np.uint8), np.asarray(weakest, np.uint8)
    grey = window_to_uint8(
        pixels,
        slope=frame.slope,
        intercept=frame.intercept,
        center=frame.window_center,
        width=frame.window_width,
        invert=frame.invert,
        function=frame.voi_function,
    )
    return grey, grey


def lines(frame: Shown) -> list[Line]:
    """Every row of strokes in all sizes and both polarities; what the weights are fitted on."""
    return lines_of(*shown(frame))


def lines_of(light: Grey, dark: Grey) -> list[Line]:
    """Every row of strokes: light ones of the first picture, dark ones of the second."""
    sheets: list[_Sheet] = []
    for scale in _SCALES:
        if scale > 1:
            height, width = light.shape[0] // 2, light.shape[1] // 2
            if min(height, width) < 2 * _SMALLEST:
                break
            same = light is dark
            light = _halved(light, width, height)
            dark = light if same else _halved(dark, width, height)
        sheets += [_sheet(light, False, scale), _sheet(dark, True, scale)]
    parts = [_parts(sheet) for sheet in sheets]
    # All sizes, polarities and directions at once: the calls cost more than the numbers.
    rows = np.concatenate(parts)
    place = np.repeat(np.arange(len(parts)), [len(each) for each in parts])
    rows, place = _letters(
        np.concatenate((rows, rows[:, _TURNED])), np.concatenate((place, place + len(sheets)))
    )
    found = []
    for box, members in _chains(rows, place):
        turned, number = divmod(int(place[members[0]]), len(sheets))
        line = _describe(sheets[number], box, rows[members], bool(turned))
        if line is not None:
            found.append(line)
    return found


def _halved(grey: Grey, width: int, height: int) -> Grey:
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _sheet(grey: Grey, dark: bool, scale: int) -> _Sheet:
    operation = cv2.MORPH_BLACKHAT if dark else cv2.MORPH_TOPHAT
    hat: Grey = np.asarray(cv2.morphologyEx(grey, operation, _KERNEL), np.uint8)
    # Above what a stroke counts: clear of the texture of this picture.
    sample = np.ascontiguousarray(hat[::3, ::3])
    level = min(max(int(1.6 * _quantile(_counts(sample), 0.93)), 36), 100)
    return _Sheet(grey, hat, level, dark, scale)


def _counts(values: Any, mask: Any = None) -> NDArray[np.float32]:
    """How many values are at most of each grey level, where ``mask`` is not 0."""
    counts = cv2.calcHist([values], [0], mask, [256], [0, 256])
    return np.add.accumulate(np.asarray(counts, np.float32).ravel())


def _quantile(running: NDArray[np.float32], share: float) -> int:
    """Grey level below which this share lies, of the running sum of how often each occurs.

    Counting is ten times as fast as sorting.
    """
    return int(running.searchsorted(share * float(running[-1])))


def _parts(sheet: _Sheet) -> NDArray[np.int32]:
    """Connected strokes: rows of x, y, width, height. Those inside of a frame around them count as well."""
    mask = cv2.threshold(sheet.hat, sheet.level, 255, cv2.THRESH_BINARY)[1]
    ink = cv2.countNonZero(mask)
    x, y, width, height = cv2.boundingRect(mask)
    inked = mask[y : y + height, x : x + width]
    if ink > _MUCH * mask.size:
        # Labels of 16 bits take half the time, and there are no more than pixels of ink.
        kind = cv2.CV_16U if ink < 65535 else cv2.CV_32S
        _count, _labels, table, _centres = cv2.connectedComponentsWithStats(inked, connectivity=8, ltype=kind)
        return np.asarray(table, np.int32)[1:, :4] + np.array((x, y, 0, 0), np.int32)
    if ink < _SMALLEST:
        return np.zeros((0, 4), np.int32)
    outlines, nesting = cv2.findContours(inked, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=(x, y))
    outer = np.flatnonzero(nesting[0, :, 3] < 0).tolist()
    # An outline of fewer points is neither high nor wide enough: crumbs of noise, which most outlines are.
    boxes = [cv2.boundingRect(outlines[n]) for n in outer if len(outlines[n]) >= _SMALLEST]
    return np.array(boxes, np.int32).reshape(-1, 4)


def _letters(parts: NDArray[np.int32], place: NDArray[np.intp]) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Parts of the size of letters or of words whose letters touch, and their places."""
    _x, _y, width, height = parts.T
    fit = np.flatnonzero((height >= _SMALLEST) & (height <= _TALLEST) & (width <= 14 * height))
    parts, place = parts[fit], place[fit]
    if len(parts) > _MOST_PARTS:
        # The largest of each place: texture breaks into crumbs.
        order = np.lexsort((-parts[:, 2] * parts[:, 3], place))
        first = place.searchsorted(place[order])
        kept = np.sort(order[np.arange(len(order)) - first < _MOST_PARTS])
        parts, place = parts[kept], place[kept]
    return parts, place


def _chains(
    parts: NDArray[np.int32], place: NDArray[np.intp]
) -> Iterator[tuple[tuple[int, int, int, int], NDArray[np.intp]]]:
    """Groups of parts of one height beside one another; a part alone when it is as wide as a word.

    With left, top, right and bottom of each.

    Only parts of the same place belong together, places in rising order.
    """
    if len(parts) == 0:
        return
    x, y, width, height = (parts[:, n].astype(np.float32) for n in range(4))
    right, middle = x + width, y + height / 2
    # Ordered by place and height above ground, all that can belong to a part follow it closely.
    level = place * (2.0 * float(middle.max()) + 4 * _TALLEST) + middle
    order = np.argsort(level, kind="stable")
    level = level[order]
    follow = level.searchsorted(level + _APART * _TALLEST) - np.arange(len(level)) - 1
    first = np.repeat(np.arange(len(level)), follow)
    second = first + 1 + np.arange(len(first)) - np.repeat(follow.cumsum() - follow, follow)
    here, there = order[first], order[second]
    tallest = np.maximum(height[here], height[there])
    near = (
        (np.maximum(x[here], x[there]) - np.minimum(right[here], right[there]) < 0.9 * tallest)
        & (np.abs(middle[here] - middle[there]) < _APART * tallest)
        & (np.minimum(height[here], height[there]) > 0.45 * tallest)
    )
    here, there = here[near], there[near]
    group = np.arange(len(parts))
    # Each takes the smallest number among its neighbours until nothing changes: lines are short.
    while True:
        lowest = group.copy()
        np.minimum.at(lowest, here, group[there])
        np.minimum.at(lowest, there, group[here])
        lowest = lowest[lowest]
        if np.array_equal(lowest, group):
            break
        group = lowest
    order = np.argsort(group, kind="stable")
    group = group[order]
    starts = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1])))
    count = np.diff(starts, append=len(order))
    left, after = np.minimum.reduceat(x[order], starts), np.maximum.reduceat(right[order], starts)
    tall, span = np.maximum.reduceat(height[order], starts), after - left
    long = np.flatnonzero((span >= 1.6 * tall) & ((count >= 3) | (span >= 2.5 * tall)))
    top = np.minimum.reduceat(y[order], starts)
    bottom = np.maximum.reduceat((y + height)[order], starts)
    boxes = np.stack((left, top, after, bottom), axis=1)[long].astype(np.int64).tolist()
    for n, (west, north, east, south) in zip(long.tolist(), boxes, strict=True):
        yield (west, north, east, south), order[starts[n] : starts[n] + count[n]]


def _describe(
    sheet: _Sheet, box: tuple[int, int, int, int], parts: NDArray[np.int32], turned: bool
) -> Line | None:
    """Properties of one line of strokes; ``None`` when it is no line.

    Of a vertical line box and parts are those in the picture turned over its diagonal.
    """
    left, top, right, bottom = box
    height, width = bottom - top, right - left
    if height > 2 * _TALLEST:
        return None
    x, y, across, down = (top, left, height, width) if turned else (left, top, width, height)
    values, hat = sheet.grey[y : y + down, x : x + across], sheet.hat[y : y + down, x : x + across]
    mask = cv2.threshold(hat, sheet.level, 255, cv2.THRESH_BINARY)[1]
    # How often each grey level occurs outside and inside of the strokes.
    counts = np.asarray(cv2.calcHist([values, mask], [1, 0], None, [2, 256], [0, 256, 0, 256]), np.float32)
    if sheet.dark:
        counts = counts[:, ::-1]
    others, shades = np.add.accumulate(counts, axis=1)
    ink, paper = int(shades[-1]), int(others[-1])
    if ink < 12 or paper < 12:
        return None
    bright = _quantile(shades, 0.9)
    contrast = float(bright - _quantile(others, 0.5))
    if contrast < _FAINT:
        return None
    # How sharp they are: letters are drawn, anatomy is imaged. Most lines end here.
    steep = cv2.absdiff(values[1:], values[:-1]) if turned else cv2.absdiff(values[:, 1:], values[:, :-1])
    blunt = math.ceil(_BLUNT * contrast) - 1
    if cv2.countNonZero(cv2.threshold(steep, blunt, 255, cv2.THRESH_BINARY)[1]) <= 0.08 * steep.size:
        return None
    edge = _quantile(_counts(steep), 0.92) / contrast
    if edge < _BLUNT:
        return None
    # Of how many strokes a row of the line consists, for each height of width.
    upright = cv2.transpose(mask) if turned else mask
    begun = cv2.reduce(cv2.subtract(upright[:, 1:], upright[:, :-1]), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    busy = np.sort((begun.ravel() + upright[:, 0]) // 255)[-max(1, (2 * height) // 3) :]
    strokes = float(busy.sum()) / busy.size * height / width
    if strokes < _FEW:
        return None
    # How alike the strokes are: letters are written in one colour.
    like = int(0.15 * contrast)
    outside, inside = counts
    alike = float(inside[max(0, bright - like) : bright + like + 1].sum()) / ink
    # What lies around: a line of text ends, a texture goes on.
    margin = max(3, height // 2)
    wide = sheet.hat[max(0, y - margin) : y + down + margin, max(0, x - margin) : x + across + margin]
    inked = cv2.countNonZero(cv2.threshold(wide, sheet.level, 255, cv2.THRESH_BINARY)[1])
    rows = parts.tolist()
    own = sum(
        cv2.countNonZero(upright[up - top : up - top + tall, along - left : along - left + broad])
        for along, up, broad, tall in rows
    )
    heights, feet = [tall for *_rest, tall in rows], [up + tall for _along, up, _broad, tall in rows]
    mean = float(_LEVELS @ outside) / paper
    spread = math.sqrt(max(0.0, float(_LEVELS**2 @ outside) / paper - mean * mean))
    scale = sheet.scale
    return Line(
        scale * x,
        scale * y,
        scale * across,
        scale * down,
        scale,
        (
            min(contrast, 255.0) / 255,
            math.log(len(rows)),
            math.log(width / height),
            ink / mask.size,
            min(strokes, 4.0),
            alike,
            min((inked - ink) / max(1, wide.size - mask.size), 0.6),
            (max(heights) - min(heights)) / height,
            (max(feet) - min(feet)) / height,
            min(edge, 2.0),
            (_quantile(shades, 0.75) - _quantile(shades, 0.25)) / contrast,
            spread / contrast,
            sorted(broad for _along, _up, broad, _tall in rows)[len(rows) // 2] / height,
            sheet.level / 100,
            min(1.0, own / ink),
            _quantile(_counts(hat, mask), 0.75) / 255,
        ),
    )
