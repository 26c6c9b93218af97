"""Find text that is part of the picture itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextBox:
    """A place in a frame that looks like text.

    Attributes
    ----------
    frame : int
        Number of the frame in its object, from 1.
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
