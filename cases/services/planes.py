"""Planes through a series: its slices stacked once, kept in this process for a while, cut on demand.

Nothing of a stack is written to disk: what the desk blacks out or a deletion removes must be gone for good.
"""

import hashlib
import json
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from cases import blobs
from cases.imaging import reslice
from cases.imaging.errors import Refused
from cases.imaging.frames import unpack
from cases.imaging.reslice import Grid, Slice
from cases.models import Frame, Series

# A stack nobody has cut for so long gives its memory back.
IDLE_SECONDS = 600.0
# inflate() lets other threads run: two of them unpack a stack in a good half of the time.
_READERS = 2


@dataclass(frozen=True)
class Volume:
    """A stack in memory with its geometry.

    Attributes
    ----------
    grid : Grid
    voxels : ndarray, shape ``grid.shape``
    slope, intercept : float
        Voxel times ``slope`` plus ``intercept`` is in the unit of the series.
    """

    grid: Grid
    voxels: NDArray[np.generic]
    slope: float
    intercept: float


def frames_of(series: Series) -> list[Frame]:
    """Frames of ``series`` in the order of space."""
    return list(series.frames.order_by("index"))


def slices_of(frames: list[Frame]) -> list[Slice]:
    """Geometry of every frame.

    Raises
    ------
    Refused
        ``not-a-volume``: colours, unknown places, or more than the memory set aside holds.
    """
    if any(one.samples != 1 for one in frames):
        raise Refused("not-a-volume", "Planes can be cut through grey pictures only.")
    size = sum(one.rows * one.columns * np.dtype(one.dtype).itemsize for one in frames)
    if size > settings.VOLUME_BYTES:
        sentence = "This stack is larger than the memory that the server sets aside for planes."
        raise Refused("not-a-volume", sentence)
    return [_slice(one) for one in frames]


def _slice(frame: Frame) -> Slice:
    place, turn, spacing = frame.position, frame.orientation, frame.pixel_spacing
    if not (place and turn and spacing):
        raise Refused("not-a-volume", "The files do not say where their slices lie in the patient.")
    shape = (frame.rows, frame.columns)
    return Slice(tuple(place), tuple(turn), tuple(spacing), shape, frame.slope, frame.intercept)


def key_of(frames: list[Frame]) -> str:
    """What names the voxels and their places: equal for equal stacks, another as soon as anything changes."""
    facts = [
        [
            one.digest, one.dtype, one.rows, one.columns, one.slope, one.intercept,
            one.position, one.orientation, one.pixel_spacing,
        ]
        for one in frames
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def volume_of(key: str, frames: list[Frame]) -> Volume:
    """The stack of ``frames``, from memory or built now; who comes meanwhile waits for the same one.

    Raises
    ------
    Refused
        ``not-a-volume``.
    FileNotFoundError
        The bytes of a frame are gone.
    """
    return _stacks.get(key, frames)


def scale_of(frames: list[Frame], key: str) -> tuple[str, float, float]:
    """Type, slope and intercept of the voxels; slices of different scales are read to find a common one."""
    first = frames[0]
    if all(
        (one.dtype, one.slope, one.intercept) == (first.dtype, first.slope, first.intercept) for one in frames
    ):
        return first.dtype, first.slope, first.intercept
    volume = volume_of(key, frames)
    return str(volume.voxels.dtype), volume.slope, volume.intercept


def _pixels(frame: Frame) -> NDArray[np.generic]:
    return unpack(blobs.get(frame.digest), frame.dtype, frame.shape)


def _build(frames: list[Frame]) -> Volume:
    slices = slices_of(frames)
    grid = reslice.grid(slices)
    with ThreadPoolExecutor(_READERS) as readers:
        images = list(readers.map(_pixels, frames))
    stack, slope, intercept = reslice.common_scale(slices, images)
    return Volume(grid, grid.straightened(stack), slope, intercept)


class _Stacks:
    """The stacks of this process, the one used longest ago first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Volume]] = OrderedDict()
        self._building: dict[str, threading.Lock] = {}
        self._timer: threading.Timer | None = None

    def get(self, key: str, frames: list[Frame]) -> Volume:
        with self._lock:
            found = self._used(key)
            if found is not None:
                return found
            turn = self._building.setdefault(key, threading.Lock())
        try:
            with turn:
                with self._lock:
                    found = self._used(key)
                if found is None:
                    found = _build(frames)
                    with self._lock:
                        self._keep(key, found)
        finally:
            with self._lock:
                self._building.pop(key, None)
        return found

    def _used(self, key: str) -> Volume | None:
        entry = self._kept.pop(key, None)
        if entry is None:
            return None
        self._kept[key] = (time.monotonic(), entry[1])
        return entry[1]

    def _keep(self, key: str, volume: Volume) -> None:
        self._kept[key] = (time.monotonic(), volume)
        while len(self._kept) > 1 and self._bytes() > settings.VOLUME_BYTES:
            self._kept.popitem(last=False)
        self._watch()

    def _bytes(self) -> int:
        return sum(volume.voxels.nbytes for _used, volume in self._kept.values())

    def _watch(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(IDLE_SECONDS, self.forget_idle)
            self._timer.daemon = True
            self._timer.start()

    def forget_idle(self) -> None:
        """Give back what nobody has used for a while."""
        before = time.monotonic() - IDLE_SECONDS
        with self._lock:
            self._timer = None
            for key in [key for key, (used, _volume) in self._kept.items() if used <= before]:
                del self._kept[key]
            if self._kept:
                self._watch()


_stacks = _Stacks()
