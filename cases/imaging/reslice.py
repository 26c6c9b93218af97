"""Planes through a stack of slices: axial, coronal and sagittal, thin or as thick slabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from .errors import Refused
from .volume import normal

PlaneName = Literal["axial", "coronal", "sagittal"]
Projection = Literal["mean", "max", "min"]
PLANES: Final[tuple[PlaneName, ...]] = get_args(PlaneName)
PROJECTIONS: Final[tuple[Projection, ...]] = get_args(Projection)
"""Thick slabs: average, maximum (MIP) and minimum intensity projection."""

_PARALLEL: Final = 0.9999
_EVEN: Final = 0.02
# Slices whose origins wander less than this share of a pixel stand straight above each other.
_STRAIGHT: Final = 0.05
# Patient axes point to the left, to the back and to the head (PS3.3 C.7.6.2.1.1). Readers see the patient
# from the feet, from the front and from the left side, with the head or the front up.
_SEEN: Final[dict[PlaneName, tuple[int, tuple[int, float], tuple[int, float]]]] = {
    "axial": (2, (0, 1.0), (1, 1.0)),
    "coronal": (1, (0, 1.0), (2, -1.0)),
    "sagittal": (0, (1, 1.0), (2, -1.0)),
}


@dataclass(frozen=True)
class Slice:
    """One slice of a stack.

    Attributes
    ----------
    position : tuple of 3 floats
        Centre of the first pixel in millimetres.
    orientation : tuple of 6 floats
        Direction cosines of a row and of a column.
    pixel_spacing : tuple of 2 floats
        Millimetres between rows and between columns.
    shape : tuple of int
        Rows and columns.
    slope, intercept : float
        Stored value times ``slope`` plus ``intercept`` is the measured one.
    """

    position: tuple[float, float, float]
    orientation: tuple[float, ...]
    pixel_spacing: tuple[float, float]
    shape: tuple[int, int]
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True)
class Plane:
    """What a viewer needs to know of the images of one plane; they lie in it one behind the other.

    Attributes
    ----------
    name : str
    count : int
        Images.
    shape : tuple of int
        Rows and columns of each.
    pixel_spacing : tuple of float
        Millimetres between rows and between columns.
    orientation : tuple of 6 floats
        Direction cosines of a row and of a column.
    step_mm : float
        From one image to the next.
    origin : tuple of 3 floats
        Centre of the first pixel of the first image.
    """

    name: PlaneName
    count: int
    shape: tuple[int, int]
    pixel_spacing: tuple[float, float]
    orientation: tuple[float, ...]
    step_mm: float
    origin: tuple[float, float, float]
    _across: tuple[float, float, float]

    def position(self, index: int) -> tuple[float, float, float]:
        """Centre of the first pixel of an image, in millimetres."""
        x, y, z = (o + index * self.step_mm * d for o, d in zip(self.origin, self._across, strict=True))
        return x, y, z


@dataclass(frozen=True)
class Grid:
    """Geometry of a volume whose slices may stand askew or unevenly; axes are (slice, row, column).

    Attributes
    ----------
    shape : tuple of int
        Slices, rows, columns as the planes show them.
    spacing : tuple of float
        Millimetres along the three axes.
    directions : ndarray, shape (3, 3)
        Unit vectors of the three axes in patient coordinates, one a row.
    origin : ndarray, shape (3,)
        Centre of the first voxel in millimetres.
    sources : ndarray or None, shape (slices, 3)
        For every slice of the grid where it lies in the stack: (place between slices, shift in rows, shift in
        columns); ``None`` when the stack is the grid already.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    directions: NDArray[np.float64]
    origin: NDArray[np.float64]
    sources: NDArray[np.float64] | None

    @cached_property
    def _axis_of(self) -> tuple[int, int, int]:
        """For the patient's three axes, the axis of the volume that follows each most closely."""
        close = np.abs(self.directions)
        best = max(
            permutations(range(3)), key=lambda order: sum(close[axis, n] for n, axis in enumerate(order))
        )
        return best[0], best[1], best[2]

    def _axis(self, patient: int, sign: float) -> tuple[int, bool]:
        """An axis of the volume, and whether it is walked backwards to run the way ``sign`` says."""
        axis = self._axis_of[patient]
        return axis, bool(self.directions[axis, patient] * sign < 0)

    def _axes(self, name: PlaneName) -> tuple[tuple[int, bool], tuple[int, bool], tuple[int, bool]]:
        """Axis and direction of the images, of their columns' sequence (down) and of their rows' (right)."""
        across, right, down = _SEEN[name]
        return self._axis(across, 1.0), self._axis(*down), self._axis(*right)

    def _walked(self, axis: int, back: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Unit vector of a walk along an axis, and the way from the first voxel to where it begins."""
        way = self.directions[axis]
        return (-way, way * self.spacing[axis] * (self.shape[axis] - 1)) if back else (way, np.zeros(3))

    def plane(self, name: PlaneName) -> Plane:
        """Describe the images of one plane.

        Parameters
        ----------
        name : str
            ``"axial"``, ``"coronal"`` or ``"sagittal"``: the one that lies closest to it, as the stack was
            recorded; nothing is tilted into place.

        Returns
        -------
        Plane
        """
        walks = self._axes(name)
        (across, _), (down, _), (right, _) = walks
        vectors = [self._walked(*walk) for walk in walks]
        origin = self.origin + sum(start for _way, start in vectors)
        ways = [way for way, _start in vectors]
        return Plane(
            name=name,
            count=self.shape[across],
            shape=(self.shape[down], self.shape[right]),
            pixel_spacing=(self.spacing[down], self.spacing[right]),
            orientation=tuple(float(n) for n in (*ways[2], *ways[1])),
            step_mm=self.spacing[across],
            origin=_triple(origin),
            _across=_triple(ways[0]),
        )

    def cut(
        self,
        voxels: NDArray[Any],
        name: PlaneName,
        index: int,
        *,
        slab_mm: float = 0.0,
        by: Projection = "mean",
    ) -> NDArray[Any]:
        """One image of a plane.

        Parameters
        ----------
        voxels : ndarray, shape ``shape``
            From :meth:`straightened`.
        name : str
        index : int
            From 0 to ``plane(name).count - 1``.
        slab_mm : float
            Thickness of a slab around the image, in millimetres; one layer when it is thinner than two.
        by : str
            How a slab becomes one image: ``"mean"``, ``"max"`` (MIP) or ``"min"``.

        Returns
        -------
        ndarray, shape ``plane(name).shape``
            Of the type of ``voxels``; means are rounded.

        Raises
        ------
        IndexError
            The plane has no such image.
        """
        (across, back), down, right = self._axes(name)
        count = self.shape[across]
        if not 0 <= index < count:
            raise IndexError(f"the {name} plane has images 0 to {count - 1}, not {index}")
        middle = count - 1 - index if back else index
        layers = max(1, min(count, round(slab_mm / self.spacing[across]))) if self.spacing[across] > 0 else 1
        first = min(max(middle - (layers - 1) // 2, 0), count - layers)
        where: list[Any] = [slice(None)] * 3
        where[across] = middle if layers == 1 else slice(first, first + layers)
        image = voxels[tuple(where)]
        if layers > 1:
            image = _projected(image, across, by)
        if down[0] > right[0]:
            image = image.T
        return np.ascontiguousarray(
            image[:: -1 if down[1] else 1, :: -1 if right[1] else 1].astype(voxels.dtype, copy=False)
        )

    def straightened(self, stack: NDArray[Any]) -> NDArray[Any]:
        """The voxels of the grid from the slices as they were recorded.

        Parameters
        ----------
        stack : ndarray, shape (slices, rows, columns)

        Returns
        -------
        ndarray, shape ``shape``
            ``stack`` itself when its slices stand evenly and straight, as most do; or interpolated linearly,
            with the lowest value where nothing was recorded.
        """
        if self.sources is None:
            return stack
        rows, columns = np.mgrid[0 : self.shape[1], 0 : self.shape[2]].astype(np.float32)
        lowest = stack.min()
        found = np.empty(self.shape, stack.dtype)
        for place, (depth, shift_rows, shift_columns) in enumerate(self.sources):
            below = min(int(depth), len(stack) - 1)
            pair = stack[below : below + 2]
            places = np.broadcast_to(np.float32(depth - below), rows.shape)
            where = np.stack([places, rows + np.float32(shift_rows), columns + np.float32(shift_columns)])
            found[place] = map_coordinates(pair, where, order=1, mode="constant", cval=lowest)
        return found


def _triple(vector: Any) -> tuple[float, float, float]:
    x, y, z = (float(n) for n in vector)
    return x, y, z


def _projected(slab: NDArray[Any], axis: int, by: Projection) -> NDArray[Any]:
    if by == "max":
        return np.asarray(slab.max(axis=axis))
    if by == "min":
        return np.asarray(slab.min(axis=axis))
    return np.asarray(np.rint(slab.mean(axis=axis, dtype=np.float32)))


def _not_a_volume(why: str) -> Refused:
    return Refused("not-a-volume", f"{why} Planes can be cut through a stack of parallel slices only.")


def grid(slices: Sequence[Slice]) -> Grid:
    """Geometry of the volume that slices form.

    Parameters
    ----------
    slices : sequence of Slice
        In the order of space, at least three.

    Returns
    -------
    Grid
        Slices that stand unevenly lie at their median distance in it; those of a tilted gantry stand
        straight.

    Raises
    ------
    Refused
        ``not-a-volume``: too few slices, of different size, not parallel, two at one place (a time series),
        or so uneven that most of the volume would be invented.
    """
    if len(slices) < 3:
        raise _not_a_volume("There are fewer than three slices.")
    first = slices[0]
    if any(
        one.shape != first.shape or not np.allclose(one.pixel_spacing, first.pixel_spacing) for one in slices
    ):
        raise _not_a_volume("The slices differ in size.")
    try:
        across = normal(first.orientation)
        parallel = all(float(normal(one.orientation) @ across) > _PARALLEL for one in slices)
    except ValueError:
        parallel = False
    turned = [np.asarray(one.orientation[:3]) @ np.asarray(first.orientation[:3]) for one in slices]
    if not parallel or min(turned) < _PARALLEL:
        raise _not_a_volume("The slices are not parallel.")
    right, down = (np.asarray(first.orientation[n : n + 3], float) for n in (0, 3))
    offsets = np.array([one.position for one in slices], float) - np.asarray(first.position, float)
    along = offsets @ across
    steps = np.diff(along)
    middle = float(np.median(steps))
    if steps.min() < 1e-3:
        raise _not_a_volume("Two slices lie at the same place.")
    if steps.max() > 5 * middle:
        raise _not_a_volume("Slices are missing.")
    shifts = np.stack([offsets @ down / first.pixel_spacing[0], offsets @ right / first.pixel_spacing[1]], 1)
    even = bool(np.all(np.abs(steps - middle) <= _EVEN * middle))
    if even and float(np.ptp(shifts, axis=0).max()) <= _STRAIGHT:
        depth, origin, sources = len(slices), np.asarray(first.position, float), None
    else:
        depth = max(len(slices), int(along[-1] / middle + 1.5))
        places = np.linspace(0.0, along[-1], depth)
        middle = float(along[-1] / (depth - 1))
        # The new column of slices stands where the middle one of the old stood.
        centre = shifts[len(slices) // 2]
        wander = [np.interp(places, along, shifts[:, n]) for n in (0, 1)]
        sources = np.stack(
            [np.interp(places, along, np.arange(len(slices))), centre[0] - wander[0], centre[1] - wander[1]],
            1,
        )
        spaced = first.pixel_spacing
        origin = (
            np.asarray(first.position, float) + centre[0] * spaced[0] * down + centre[1] * spaced[1] * right
        )
    return Grid(
        shape=(depth, *first.shape),
        spacing=(middle, *first.pixel_spacing),
        directions=np.stack([across, down, right]),
        origin=origin,
        sources=sources,
    )


def common_scale(
    slices: Sequence[Slice], images: Sequence[NDArray[Any]]
) -> tuple[NDArray[Any], float, float]:
    """Stack images whose stored numbers may mean different things (PET rescales slice by slice).

    Parameters
    ----------
    slices : sequence of Slice
    images : sequence of ndarray, shape (rows, columns)
        Stored values, one for each slice.

    Returns
    -------
    stack : ndarray, shape (slices, rows, columns)
        The stored values when all slices share one scale; int16 of a common one otherwise.
    slope, intercept : float
    """
    first = slices[0]
    alike = all((one.slope, one.intercept) == (first.slope, first.intercept) for one in slices)
    if alike and all(image.dtype == images[0].dtype for image in images):
        return np.stack(images), first.slope, first.intercept
    low = min(float(i.min()) * s.slope + s.intercept for s, i in zip(slices, images, strict=True))
    high = max(float(i.max()) * s.slope + s.intercept for s, i in zip(slices, images, strict=True))
    slope = max((high - low) / 65535, 1e-12)
    intercept = low + 32768 * slope
    scaled = (
        np.rint((i.astype(np.float32) * s.slope + s.intercept - intercept) / slope)
        for s, i in zip(slices, images, strict=True)
    )
    return np.stack([np.clip(one, -32768, 32767).astype(np.int16) for one in scaled]), slope, intercept
