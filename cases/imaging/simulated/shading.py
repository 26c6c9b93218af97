"""Soft-edged primitives that the simulated pictures are painted with.

All coverage values lie in 0..1; an edge is one pixel wide, as if each pixel averaged over its area.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def generator(seed: int, purpose: str) -> np.random.Generator:
    """A random generator for one purpose, so that adding a step leaves the other steps unchanged.

    Parameters
    ----------
    seed : int
        Not negative.
    purpose : str
        Any text; different texts give independent streams.
    """
    if seed < 0:
        raise ValueError(f"The seed must not be negative, got {seed}.")
    return np.random.default_rng([seed, *purpose.encode()])


def smooth_step(value: NDArray[np.floating] | float, low: float, high: float) -> Field:
    """Rise from 0 at `low` to 1 at `high` with level ends (cubic)."""
    u = np.clip((np.asarray(value, dtype=np.float32) - low) / (high - low), 0.0, 1.0)
    return np.asarray(u * u * (3.0 - 2.0 * u), dtype=np.float32)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], grain: float) -> Field:
    """Smooth random field with mean about 0 and standard deviation about 1.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : (int, int)
        Rows, columns.
    grain : float
        Distance in pixels between independent values; > 0.
    """
    rows, columns = (max(3, int(np.ceil(n / grain)) + 2) for n in shape)
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    # Cubic resampling keeps about 0.64 of the standard deviation in two dimensions.
    return np.asarray(
        cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC) / 0.64, dtype=np.float32
    )


def ellipse_distance(
    x: Field,
    y: Field,
    centre: tuple[float, float],
    radii: tuple[float, float],
    *,
    tilt: float = 0.0,
    power: float = 2.0,
) -> Field:
    """Signed distance to a superellipse, measured along the ray from its centre; negative inside.

    `x`, `y`, `centre` and `radii` share one unit; `tilt` is in radians from the x towards the y axis.
    """
    dx, dy = x - np.float32(centre[0]), y - np.float32(centre[1])
    if tilt:
        cos, sin = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))
        dx, dy = dx * cos + dy * sin, dy * cos - dx * sin
    u, v = np.abs(dx) / np.float32(radii[0]), np.abs(dy) / np.float32(radii[1])
    rho = np.sqrt(u * u + v * v) if power == 2.0 else (u**power + v**power) ** np.float32(1.0 / power)
    reach = np.sqrt(dx * dx + dy * dy)
    # In the very centre the ray has no direction: there the smaller radius is the distance.
    small = np.float32(min(radii))
    return np.asarray(np.where(rho > 1e-3, reach - reach / np.maximum(rho, 1e-3), -small), dtype=np.float32)


def segment_distance(
    x: Field, y: Field, start: tuple[float, float], end: tuple[float, float]
) -> tuple[Field, Field]:
    """Distance to a straight segment and the position along it (0 at `start`, 1 at `end`)."""
    ax, ay = np.float32(end[0] - start[0]), np.float32(end[1] - start[1])
    length = max(float(ax * ax + ay * ay), 1e-6)
    px, py = x - np.float32(start[0]), y - np.float32(start[1])
    along = np.clip((px * ax + py * ay) / np.float32(length), 0.0, 1.0)
    px, py = px - along * ax, py - along * ay
    gap = np.sqrt(px * px + py * py)
    return np.asarray(gap, dtype=np.float32), np.asarray(along, dtype=np.float32)


def coverage(distance: Field, pixel: float) -> Field:
    """Share of each pixel inside a shape: 1 well inside (negative distance), 0 well outside."""
    return np.asarray(np.clip(np.float32(0.5) - distance / np.float32(pixel), 0.0, 1.0), dtype=np.float32)


def paint(image: Field, share: Field, value: float | Field) -> None:
    """Mix `value` into `image` in place by `share` (0..1)."""
    image += share * (value - image)


def outline(mask: NDArray[np.bool_], *, scale: int = 1) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Outer outlines of a mask as polygons along pixel edges.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, columns)
    scale : int
        How many mask cells make one image pixel along each axis.

    Returns
    -------
    tuple of polygons
        Corners ``(x, y)`` in image pixel coordinates (pixel edges on whole numbers), largest area
        first. Holes are not described.
    """
    # A path runs through cell centres; with eight fine cells per cell it lies 1/16 of a cell inside the edge.
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return ()
    top, left = int(rows[0]), int(columns[0])
    part = mask[top : rows[-1] + 1, left : columns[-1] + 1].astype(np.uint8)
    fine = cv2.resize(part, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    found, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    polygons = []
    for path in sorted(found, key=cv2.contourArea, reverse=True):
        # Three fine cells of tolerance flatten the stairs of a slanted edge (their depth is 8 / sqrt(8)).
        corners = cv2.approxPolyDP(path, 3.0, closed=True)[:, 0, :].tolist()
        polygons.append(
            tuple(
                (round(((x + 0.5) / 8 + left) / scale, 2), round(((y + 0.5) / 8 + top) / scale, 2))
                for x, y in corners
            )
        )
    return tuple(p for p in polygons if len(p) >= 3)
