"""The thing that a few strokes mean: GrabCut and watershed in the neighbourhood of the strokes.

GrabCut: Rother, Kolmogorov, Blake, 2004, doi:10.1145/1015706.1015720. Watershed: Meyer, 1992, as in OpenCV.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import Refused

Method = Literal["grabcut", "watershed"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
MOST_STROKES: Final = 64
MOST_POINTS: Final = 4_000

# Larger neighbourhoods are looked at from farther away.
_MOST_PIXELS: Final = 1024 * 1024
# GrabCut needs a second for each round over a million pixels: it decides on fewer, and watershed moves the
# outline that it found onto the edge in the full picture.
_CUT_PIXELS: Final = 384 * 384
_ROUNDS: Final = 3
_LEAST_MARGIN: Final = 24
_BACK, _FRONT = 2, 1

BoolMask = NDArray[np.bool_]
Labels = NDArray[np.int32]
Grey = NDArray[np.uint8]
Stroke = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Area:
    """Columns ``x0`` to ``x1`` and rows ``y0`` to ``y1``, ends outside, of a frame."""

    x0: int
    y0: int
    x1: int
    y1: int
    rows: int
    columns: int

    def rim(self, shape: tuple[int, ...]) -> BoolMask:
        """Outermost pixels of a picture of it, save where the frame ends; all of them if it ends all around.

        What lies there is somebody else's; but a thing that the frame cuts off reaches the frame's end.
        """
        found = np.zeros(shape[:2], bool)
        found[0] |= self.y0 > 0
        found[-1] |= self.y1 < self.rows
        found[:, 0] |= self.x0 > 0
        found[:, -1] |= self.x1 < self.columns
        if not found.any():
            found[[0, -1]] = True
            found[:, [0, -1]] = True
        return found


@dataclass(frozen=True)
class Scribbles:
    """What a person drew on a frame, in pixels, ``(0, 0)`` the top-left corner of the top-left pixel.

    Attributes
    ----------
    foreground, background : tuple of strokes
        Each one point or more, ``(x, y)``: what belongs to it and what does not.
    box : tuple of float or None
        ``(x0, y0, x1, y1)``: nothing outside of it belongs to it.
    """

    foreground: tuple[Stroke, ...]
    background: tuple[Stroke, ...] = ()
    box: tuple[float, float, float, float] | None = None

    def neighbourhood(self, rows: int, columns: int) -> Area:
        """The part of a frame that is looked at: around everything drawn, half of its size wider.

        Raises
        ------
        Refused
            ``bad-strokes``: there is nothing to begin with, too much of it, or it lies beyond the frame.
        """
        strokes = (*self.foreground, *self.background)
        points = [point for stroke in strokes for point in stroke]
        if not self.foreground and self.box is None:
            raise _bad("Draw a stroke over what you want to outline, or a box around it.")
        if len(strokes) > MOST_STROKES or len(points) > MOST_POINTS:
            raise _bad(f"At most {MOST_STROKES} strokes of {MOST_POINTS} points together can be used.")
        if self.box is not None:
            x0, y0, x1, y1 = self.box
            if not (x1 - x0 >= 1 and y1 - y0 >= 1):
                raise _bad("The box has no inside. Draw it larger.")
            points += [(x0, y0), (x1, y1)]
        if not all(len(stroke) for stroke in strokes):
            raise _bad("A stroke has no points. Draw it again.")
        if not all(-1 <= x <= columns + 1 and -1 <= y <= rows + 1 for x, y in points):
            raise _bad("A stroke lies outside of the image. Draw inside of it.")
        xs, ys = [x for x, _ in points], [y for _, y in points]
        wide, high = max(xs) - min(xs), max(ys) - min(ys)
        margin = max(_LEAST_MARGIN, (0.25 if self.box else 0.5) * max(wide, high))
        return Area(
            max(math.floor(min(xs) - margin), 0),
            max(math.floor(min(ys) - margin), 0),
            min(math.ceil(max(xs) + margin), columns),
            min(math.ceil(max(ys) + margin), rows),
            rows,
            columns,
        )


def _bad(sentence: str) -> Refused:
    return Refused("bad-strokes", sentence)


def segment(picture: Grey, scribbles: Scribbles, area: Area, *, method: Method) -> BoolMask:
    """Pixels of a neighbourhood that belong to what was scribbled on.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width) or (height, width, 3)
        The neighbourhood as the reader sees it: windowed grey, or red, green and blue.
    scribbles : Scribbles
        In pixels of the frame.
    area : Area
        From :meth:`Scribbles.neighbourhood`, of the size of `picture`.
    method : str
        ``"grabcut"`` tells by brightness and colour, ``"watershed"`` by edges.

    Returns
    -------
    ndarray of bool, shape (height, width)
        What was marked as belonging is in it, what was marked as not is not, and every part of it holds a
        stroke; of a box without strokes the largest part.

    Raises
    ------
    Refused
        ``nothing-found``, with what to do.
    ValueError
        For an unknown method, or a picture of another size or type.
    """
    if method not in METHODS:
        raise ValueError(f"the method must be one of {', '.join(METHODS)}, not {method!r}")
    if picture.dtype != np.uint8 or picture.shape[:2] != (area.y1 - area.y0, area.x1 - area.x0):
        raise ValueError("the picture must be the neighbourhood in 8 bits")
    rows, columns = picture.shape[:2]
    scale = min(1.0, math.sqrt(_MOST_PIXELS / (rows * columns)))
    small = _resized(picture, scale)
    colour = np.repeat(small[..., None], 3, 2) if small.ndim == 2 else np.ascontiguousarray(small)
    marks = _marks(scribbles, area, colour.shape[:2])
    if method == "grabcut":
        found = _grabcut(colour, marks, scribbles, area)
    else:
        found = _watershed(colour, _closed(marks, scribbles, area))
    found = _connected(found & (marks != _BACK) | (marks == _FRONT), marks == _FRONT)
    if scale < 1.0:
        found = cv2.resize(found.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR) > 0.5
        exact = _marks(scribbles, area, (rows, columns))
        found = _connected(found & (exact != _BACK) | (exact == _FRONT), exact == _FRONT)
    if not found.any():
        raise Refused("nothing-found", "Nothing was found there. Mark more of what belongs to it.")
    return np.asarray(found, bool)


def _resized(picture: Grey, scale: float) -> Grey:
    if scale >= 1.0:
        return picture
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _placed(stroke: Stroke, area: Area, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Pixels of the picture under the points of a stroke."""
    across, down = shape[1] / (area.x1 - area.x0), shape[0] / (area.y1 - area.y0)
    xs = [math.floor((x - area.x0) * across) for x, _ in stroke]
    ys = [math.floor((y - area.y0) * down) for _, y in stroke]
    return np.stack(
        [np.clip(xs, 0, shape[1] - 1), np.clip(ys, 0, shape[0] - 1)], axis=1, dtype=np.int32
    ).reshape(-1, 1, 2)


def _marks(scribbles: Scribbles, area: Area, shape: tuple[int, ...]) -> Labels:
    """1 under strokes that belong, 2 under those that do not and outside of the box, 0 elsewhere."""
    marks = np.zeros(shape[:2], np.int32)
    if scribbles.box is not None:
        corners = _box(scribbles.box, area, shape)
        marks[:] = _BACK
        marks[corners[1] : corners[3], corners[0] : corners[2]] = 0
    for strokes, number in ((scribbles.background, _BACK), (scribbles.foreground, _FRONT)):
        for stroke in strokes:
            places = _placed(stroke, area, shape)
            cv2.polylines(marks, [places], False, number, 1, cv2.LINE_8)
    return marks


def _box(
    box: tuple[float, float, float, float], area: Area, shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    (x0, y0), (x1, y1) = _placed([box[:2], box[2:]], area, shape).reshape(2, 2).tolist()
    # The far end is outside, and clipping held it inside.
    far_x = shape[1] if box[2] >= area.x1 else max(x1, x0 + 1)
    far_y = shape[0] if box[3] >= area.y1 else max(y1, y0 + 1)
    return x0, y0, far_x, far_y


def _closed(marks: Labels, scribbles: Scribbles, area: Area) -> Labels:
    """Marks with something on both sides: without strokes beside it the rim of the picture is outside."""
    marks = marks.copy()
    if not (marks == _BACK).any():
        marks[area.rim(marks.shape) & (marks == 0)] = _BACK
    if not (marks == _FRONT).any() and scribbles.box is not None:
        # The middle third of a box stands for what it surrounds.
        x0, y0, x1, y1 = _box(scribbles.box, area, marks.shape)
        middle = marks[y0 + (y1 - y0) // 3 : y1 - (y1 - y0) // 3, x0 + (x1 - x0) // 3 : x1 - (x1 - x0) // 3]
        middle[middle == 0] = _FRONT
    if not (marks == _BACK).any() or not (marks == _FRONT).any():
        raise Refused(
            "nothing-found", "The marks cover everything. Leave room between what belongs to it and what not."
        )
    return marks


def _grabcut(colour: Grey, marks: Labels, scribbles: Scribbles, area: Area) -> BoolMask:
    rows, columns = marks.shape
    scale = min(1.0, math.sqrt(_CUT_PIXELS / (rows * columns)))
    small = _resized(colour, scale)
    own = marks if scale >= 1.0 else _marks(scribbles, area, small.shape[:2])
    closed = _closed(own, scribbles, area)
    if scribbles.box is not None:
        likely = own == 0
    else:
        # Whatever lies nearer to a stroke that belongs than to one that does not.
        near = [
            cv2.distanceTransform((closed != number).astype(np.uint8), cv2.DIST_L2, 3)
            for number in (_FRONT, _BACK)
        ]
        likely = near[0] < near[1]
    states = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    # The middle of a box is a guess for watershed and stays open here.
    states[own == _FRONT] = cv2.GC_FGD
    states[closed == _BACK] = cv2.GC_BGD
    # Its clusters begin at random places; equal strokes shall mean the same thing twice.
    cv2.setRNGSeed(4)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    try:
        cv2.grabCut(small, states, (0, 0, 0, 0), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error as error:
        raise Refused(
            "nothing-found", "There is too little to tell apart. Draw longer strokes on both."
        ) from error
    found = (states == cv2.GC_FGD) | (states == cv2.GC_PR_FGD)
    if scale >= 1.0:
        return np.asarray(found, bool)
    return _sharpened(colour, found, marks, math.ceil(1.5 / scale))


def _sharpened(colour: Grey, found: BoolMask, marks: Labels, reach: int) -> BoolMask:
    """A mask from farther away, its outline moved by at most `reach` pixels onto the edge of the picture."""
    rows, columns = marks.shape
    large = cv2.resize(found.astype(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    known = np.zeros(marks.shape, np.int32)
    known[cv2.dilate(large, around) == 0] = _BACK
    known[cv2.erode(large, around) == 1] = _FRONT
    known[marks != 0] = marks[marks != 0]
    if not (known == _FRONT).any() or not (known == _BACK).any():
        return large.astype(bool)
    return _watershed(colour, known)


def _watershed(colour: Grey, marks: Labels) -> BoolMask:
    # OpenCV makes a line of every outermost pixel: one more ring around takes it.
    wide = cv2.copyMakeBorder(colour, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    labels = cv2.copyMakeBorder(marks, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    cv2.watershed(cv2.GaussianBlur(wide, (3, 3), 0), labels)
    inside = (labels == _FRONT).astype(np.float32)
    outside = (labels == _BACK).astype(np.float32)
    # Lines between the two are a pixel wide: each of its pixels goes to the side that it resembles.
    lines = labels == -1
    values = wide.astype(np.float32)
    found = (inside > 0) | lines & (_unlike(values, inside) < _unlike(values, outside))
    return np.asarray(found[1:-1, 1:-1], bool)


def _unlike(values: NDArray[np.float32], side: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each pixel is from the mean of its neighbours on a side; very far when it has none there."""
    share = np.asarray(cv2.blur(side, (3, 3)), np.float32)
    mean = cv2.blur(values * side[..., None], (3, 3)) / np.maximum(share, 1e-6)[..., None]
    return np.asarray(np.abs(values - mean).sum(2) + np.where(share > 1e-6, 0.0, 1e6), np.float32)


def _connected(found: BoolMask, strokes: BoolMask) -> BoolMask:
    """The parts of a mask with a stroke in them, or the largest one when there is none."""
    count, parts, stats, _centres = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    if count <= 1:
        return found
    wanted = np.zeros(count, bool)
    if strokes.any():
        wanted[np.unique(parts[strokes])] = True
    else:
        wanted[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))] = True
    wanted[0] = False
    return np.asarray(wanted[parts], bool)
