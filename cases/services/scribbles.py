"""Outlines from a few strokes, computed in the web process: one at a time, on a bounded neighbourhood."""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cases import blobs
from cases.geometry.runs import from_window
from cases.geometry.schema import MAX_COUNTS_PER_MASK
from cases.imaging.errors import Refused
from cases.imaging.frames import unpack
from cases.imaging.render import window_to_uint8
from cases.imaging.segment import Area, Method, Scribbles, segment
from cases.models import Frame

# Who waits longer than this had better draw the outline.
WAIT_SECONDS = 10.0
# OpenCV works without the interpreter's lock: a class that scribbles at once would take every core from
# everybody who only reads.
_turn = threading.Lock()


class Busy(Exception):
    """Others are being served; ask again."""


@dataclass(frozen=True)
class Window:
    """Centre and width of a window in the unit of the series."""

    center: float
    width: float


def outlined(
    frame: Frame, scribbles: Scribbles, *, method: Method, window: Window | None = None
) -> tuple[tuple[tuple[float, float], ...], tuple[int, ...]]:
    """Points and counts of the mask that `scribbles` mean, as :class:`cases.geometry.shapes.Shape` has them.

    Parameters
    ----------
    frame : Frame
    scribbles : Scribbles
    method : str
        One of `cases.imaging.segment.METHODS`.
    window : Window or None
        As the reader sees the frame; ``None`` for the stored window. Colours have none.

    Raises
    ------
    Refused
        With a sentence, when the strokes cannot be used or nothing comes of them.
    Busy
        The turn did not come in time.
    FileNotFoundError
        The bytes of the frame are gone.
    """
    area = scribbles.neighbourhood(frame.rows, frame.columns)
    if not _turn.acquire(timeout=WAIT_SECONDS):
        raise Busy
    try:
        found = segment(_seen(frame, area, window), scribbles, area, method=method)
    finally:
        _turn.release()
    points, counts = from_window(found, x=area.x0, y=area.y0)
    if len(counts) > MAX_COUNTS_PER_MASK:
        raise Refused(
            "nothing-found",
            "What was found is too ragged to be kept. Mark more of what does not belong, or draw a box.",
        )
    return points, counts


def _seen(frame: Frame, area: Area, window: Window | None) -> NDArray[np.uint8]:
    """The neighbourhood in 8 bits, as the reader sees it."""
    pixels = unpack(blobs.get(frame.digest), frame.dtype, frame.shape)
    part = np.ascontiguousarray(pixels[area.y0 : area.y1, area.x0 : area.x1])
    if frame.samples == 3:
        return part.astype(np.uint8, copy=False)
    chosen = window or Window(frame.window_center, frame.window_width)
    return window_to_uint8(
        part,
        slope=frame.slope,
        intercept=frame.intercept,
        center=chosen.center,
        width=chosen.width,
        invert=frame.invert,
        function=frame.voi_function,
    )
