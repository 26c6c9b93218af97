"""Rows of strokes that may be text, with the properties that tell text from anatomy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from .render import window_to_uint8

Grey = NDArray[np.uint8]

# Thin against this is a stroke: letters up to 20 pixels have strokes of at most 5.
_KERNEL = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 9))
_SCALES = (1, 2, 4)
_TALLEST = 30
_SMALLEST = 5
_MOST_PARTS = 500
_MANY = 1500
# No text of the generated set is blunter, or has fewer strokes for its length.
_BLUNT = 0.35
_FEW = 0.7


class Shown(Protocol):
    """What is read of a frame; see `frames.DecodedFrame`."""

    @property
    def pixels(self) -> NDArray[Any]: ...
    @property
    def slope(self) -> float: ...
    @property
    def intercept(self) -> float: ...
    @property
    def window_center(self) -> float: ...
    @property
    def window_width(self) -> float: ...
    @property
    def invert(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Line:
    """A row of strokes that may be text: its box at full size and its properties."""

    x: int
    y: int
    width: int
    height: int
    scale: int
    features: tuple[float, ...]


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
    )
    return grey, grey


def lines(frame: Shown) -> list[Line]:
    """Every row of strokes in all sizes and both polarities; what the weights are fitted on."""
    return lines_of(*shown(frame))


def lines_of(light: Grey, dark: Grey) -> list[Line]:
    found: list[Line] = []
    for scale in _SCALES:
        if scale > 1:
            height, width = light.shape[0] // 2, light.shape[1] // 2
            if min(height, width) < 2 * _SMALLEST:
                break
            same = light is dark
            light = _halved(light, width, height)
            dark = light if same else _halved(dark, width, height)
        found += _lines(light, cv2.MORPH_TOPHAT, scale)
        found += _lines(dark, cv2.MORPH_BLACKHAT, scale)
    return found


def _halved(grey: Grey, width: int, height: int) -> Grey:
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _threshold(hat: Grey) -> int:
    """Above what a stroke counts: clear of the texture of this picture."""
    (common,) = _quantiles(np.ascontiguousarray(hat[::3, ::3]), 0.93)
    return int(np.clip(1.6 * common, 36, 100))


def _quantiles(values: Grey, *shares: float) -> NDArray[np.int64]:
    """Grey levels below which these shares of ``values`` lie; by counting, ten times as fast as sorting."""
    counts = np.bincount(values.ravel(), minlength=256).cumsum()
    return np.searchsorted(counts, np.array(shares) * counts[-1])


def _lines(grey: Grey, operation: int, scale: int) -> list[Line]:
    hat: Grey = np.asarray(cv2.morphologyEx(grey, operation, _KERNEL), np.uint8)
    level = _threshold(hat)
    mask: Grey = np.asarray(cv2.threshold(hat, level, 255, cv2.THRESH_BINARY)[1], np.uint8)
    parts = _parts(mask)
    if len(parts) == 0:
        return []
    signed: Grey = grey if operation == cv2.MORPH_TOPHAT else np.asarray(cv2.bitwise_not(grey), np.uint8)
    found = []
    for turned in (False, True):
        upright = _letters(_turned(parts) if turned else parts)
        if turned:
            signed, hat, mask = signed.T, hat.T, mask.T
        for members in _chains(upright):
            line = _describe(signed, hat, mask, upright[members], level, scale)
            if line is not None:
                found.append(_turned_back(line) if turned else line)
    return found


def _turned(parts: NDArray[np.int32]) -> NDArray[np.int32]:
    """The same parts in the picture turned over its diagonal, where vertical text is horizontal."""
    return parts[:, (1, 0, 3, 2)]


def _turned_back(line: Line) -> Line:
    return replace(line, x=line.y, y=line.x, width=line.height, height=line.width)


def _parts(mask: Grey) -> NDArray[np.int32]:
    """Connected strokes: rows of x, y, width, height.

    By their outlines, which cost an eighth of labelling every pixel as long as there are few. Those inside
    of a frame that is drawn around them count as well.
    """
    outlines, nesting = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) > _MANY:
        _count, _labels, table, _centres = cv2.connectedComponentsWithStats(
            mask, connectivity=8, ltype=cv2.CV_32S
        )
        return np.asarray(table, np.int32)[1:, :4]
    parts = [
        cv2.boundingRect(outline)
        for outline, (_next, _before, _hole, parent) in zip(
            outlines, nesting[0] if outlines else (), strict=True
        )
        if parent < 0
    ]
    return np.array(parts, np.int32).reshape(-1, 4)


def _letters(parts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Parts of the size of letters or of words whose letters touch."""
    _x, _y, width, height = parts.T
    parts = parts[(height >= _SMALLEST) & (height <= _TALLEST) & (width <= 14 * height)]
    if len(parts) > _MOST_PARTS:
        # The largest: texture breaks into crumbs.
        parts = parts[np.argsort(-parts[:, 2] * parts[:, 3], kind="stable")[:_MOST_PARTS]]
    return parts


def _chains(parts: NDArray[np.int32]) -> list[NDArray[np.intp]]:
    """Groups of parts of one height beside one another; a part alone when it is as wide as a word."""
    if len(parts) == 0:
        return []
    x, y, width, height = (parts[:, n].astype(np.float32) for n in range(4))
    right, middle = x + width, y + height / 2
    tallest = np.maximum(height[:, None], height[None, :])
    near = (
        (np.maximum(x[:, None], x[None, :]) - np.minimum(right[:, None], right[None, :]) < 0.9 * tallest)
        & (np.abs(middle[:, None] - middle[None, :]) < 0.4 * tallest)
        & (np.minimum(height[:, None], height[None, :]) > 0.45 * tallest)
    )
    group = np.arange(len(parts))
    here, there = np.nonzero(near)
    # Each takes the smallest number among its neighbours until nothing changes: lines are short.
    while True:
        lowest = group.copy()
        np.minimum.at(lowest, here, group[there])
        lowest = lowest[lowest]
        if np.array_equal(lowest, group):
            break
        group = lowest
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    count = np.diff(starts, append=len(order))
    span = np.maximum.reduceat(right[order], starts) - np.minimum.reduceat(x[order], starts)
    tall = np.maximum.reduceat(height[order], starts)
    long = (span >= 1.6 * tall) & ((count >= 3) | (span >= 2.5 * tall))
    return [order[starts[n] : starts[n] + count[n]] for n in np.flatnonzero(long)]


def _describe(
    signed: Grey, hat: Grey, mask: Grey, parts: NDArray[np.int32], level: int, scale: int
) -> Line | None:
    """Properties of one line of strokes; ``None`` when it is no line."""
    left, top = int(parts[:, 0].min()), int(parts[:, 1].min())
    right, bottom = int((parts[:, 0] + parts[:, 2]).max()), int((parts[:, 1] + parts[:, 3]).max())
    height, width = bottom - top, right - left
    if height > 2 * _TALLEST:
        return None
    ink = mask[top:bottom, left:right] > 0
    values = signed[top:bottom, left:right]
    inside, outside = values[ink], values[~ink]
    if inside.size < 12 or outside.size < 12:
        return None
    low, high, bright = (float(level_of) for level_of in _quantiles(inside, 0.25, 0.75, 0.9))
    contrast = bright - float(_quantiles(outside, 0.5)[0])
    if contrast < 25:
        return None
    # How sharp they are: letters are drawn, anatomy is imaged. Most lines end here.
    steep = np.abs(values[:, 1:].astype(np.int16) - values[:, :-1]).astype(np.uint8)
    edge = float(_quantiles(steep, 0.92)[0]) / contrast
    if edge < _BLUNT:
        return None
    # Of how many strokes a row of the line consists, for each height of width.
    changes = np.count_nonzero(ink[:, 1:] & ~ink[:, :-1], axis=1) + ink[:, 0]
    busy = np.sort(changes)[-max(1, (2 * height) // 3) :]
    strokes = float(busy.sum()) / busy.size * height / width
    if strokes < _FEW:
        return None
    # How alike the strokes are: letters are written in one colour.
    alike = np.count_nonzero(np.abs(inside.astype(np.int16) - int(bright)) <= 0.15 * contrast) / inside.size
    # What lies around: a line of text ends, a texture goes on.
    margin = max(3, height // 2)
    above, below = max(0, top - margin), min(mask.shape[0], bottom + margin)
    before, after = max(0, left - margin), min(mask.shape[1], right + margin)
    wide = mask[above:below, before:after]
    around = (np.count_nonzero(wide) - inside.size) / max(1, wide.size - ink.size)
    own = sum(np.count_nonzero(mask[y : y + tall, x : x + wide]) for x, y, wide, tall in parts.tolist())
    heights, feet = parts[:, 3], parts[:, 1] + parts[:, 3]
    return Line(
        left * scale,
        top * scale,
        width * scale,
        height * scale,
        scale,
        (
            min(contrast, 255.0) / 255,
            float(np.log(len(parts))),
            float(np.log(width / height)),
            inside.size / ink.size,
            min(strokes, 4.0),
            alike,
            min(around, 0.6),
            int(heights.max() - heights.min()) / height,
            int(feet.max() - feet.min()) / height,
            min(edge, 2.0),
            (high - low) / contrast,
            float(cv2.meanStdDev(outside)[1][0, 0]) / contrast,
            float(np.sort(parts[:, 2])[len(parts) // 2]) / height,
            level / 100,
            min(1.0, own / inside.size),
            float(_quantiles(hat[top:bottom, left:right][ink], 0.75)[0]) / 255,
        ),
    )
