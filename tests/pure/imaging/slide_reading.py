"""Whole slides on their way in and out again, for tests: through the door, and back from their tiles."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO

import cv2
import numpy as np
import pytest

from cases.imaging import slide_store
from cases.imaging.clean import CleanInstance, clean
from cases.imaging.errors import Refused
from cases.imaging.slide_store import Picture

SECRET = b"a secret of sixteen"
# What JPEG at quality 90 and full colour resolution changes on smooth tissue, at most on average.
CLOSE = 3.0


@dataclass
class Recorded:
    """A slide in memory that remembers what was asked of it."""

    pixels: Picture
    asked: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    def region(self, x: int, y: int, width: int, height: int) -> Picture:
        self.asked.append((x, y, width, height))
        return self.pixels[y : y + height, x : x + width]


def level(data: bytes, number: int) -> Picture:
    """One level of a stored slide, put together from its tiles."""
    file = BytesIO(data)
    pyramid = slide_store.read_pyramid(file)
    width, height = pyramid.sizes[number]
    across, down = pyramid.grid(number)
    whole = np.zeros((height, width, 3), np.uint8)
    for y in range(down):
        for x in range(across):
            tile = slide_store.read_tile(file, number, x, y)
            left, top, wide, high = pyramid.box(number, x, y)
            decoded = cv2.imdecode(np.frombuffer(tile, np.uint8), cv2.IMREAD_COLOR)
            assert decoded is not None
            whole[top : top + high, left : left + wide] = decoded[:, :, ::-1]
    return whole


def difference(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def stored(pixels: Picture) -> tuple[bytes, slide_store.Written]:
    file = BytesIO()
    written = slide_store.write(Recorded(pixels), file)
    return file.getvalue(), written


def read(data: bytes) -> tuple[CleanInstance, bytes]:
    """A whole slide through the door, and its tiles."""
    found = clean(data, secret=SECRET)
    assert found.kind == "slide"
    assert found.slide is not None
    assert found.slide.byte_count == len(found.clean_bytes)
    return found, found.clean_bytes


def refused(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        clean(data, secret=SECRET)
    return caught.value.code
