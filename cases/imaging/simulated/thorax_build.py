"""Proportions and drawing surface of the simulated thorax.

Millimetres throughout: ``x`` grows to the patient's left (picture right), ``y`` to the back, ``h``
downwards from the top slice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shading import Field, coverage, ellipse_distance, paint, segment_distance, smooth_noise

AIR, LUNG, FAT, MUSCLE, SOFT = -1000.0, -868.0, -104.0, 52.0, 38.0
BLOOD, MARROW, CORTEX = 215.0, 190.0, 760.0
HEIGHT = 288.0


@dataclass(frozen=True)
class Build:
    """How one simulated person differs from the next. Factors are about 1, offsets in mm."""

    width: float
    depth: float
    fat: float
    muscle: float
    heart: float
    rib_shift: float
    contrast: float
    spine_bend: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Build:
        """Draw a build within the range in which all parts still fit together."""
        return cls(
            width=float(rng.uniform(0.96, 1.03)),
            depth=float(rng.uniform(0.95, 1.05)),
            fat=float(rng.uniform(0.7, 1.25)),
            muscle=float(rng.uniform(0.85, 1.15)),
            heart=float(rng.uniform(0.94, 1.06)),
            rib_shift=float(rng.uniform(0.0, 26.0)),
            contrast=float(rng.uniform(0.88, 1.12)),
            spine_bend=float(rng.uniform(-4.0, 4.0)),
        )


@dataclass(frozen=True)
class Grid:
    """Pixel centres of a slice: ``x`` (1, columns), ``y`` (rows, 1) and ``pixel`` in mm."""

    x: Field
    y: Field
    pixel: float


def cage_radii(h: float, build: Build) -> tuple[float, float]:
    """Half axes (x, y) of the pleural cavity at height `h`."""
    rise = float(np.sin(0.5 * np.pi * np.clip((h + 6.0) / 140.0, 0.0, 1.0))) ** 0.7
    return (46.0 + 86.0 * rise) * build.width, (40.0 + 52.0 * rise) * build.depth


def dome(h: float, centre: float, reach: float) -> float:
    """Relative radius of an ellipsoid's slice at `h`: 1 in its middle, 0 outside."""
    return float(np.sqrt(max(0.0, 1.0 - ((h - centre) / reach) ** 2)))


class Canvas:
    """A slice's grid with its tissue textures and the strokes both painters use."""

    def __init__(self, build: Build, grid: Grid, rng: np.random.Generator) -> None:
        self.build, self.grid = build, grid
        shape = (grid.y.shape[0], grid.x.shape[1])
        self._marble = smooth_noise(rng, shape, 9.0)
        self._strands = smooth_noise(rng, shape, 4.0)
        self._slow = smooth_noise(rng, shape, 46.0)
        self._centre_y = -5.0

    def _oval(self, x: float, y: float, rx: float, ry: float, tilt: float = 0.0) -> Field:
        return ellipse_distance(self.grid.x, self.grid.y, (x, y), (rx, ry), tilt=tilt)

    def _window(self, low: tuple[float, float], high: tuple[float, float]) -> tuple[slice, slice, Grid]:
        """Rows, columns and grid of the part of the picture between two corners in mm."""
        grid = self.grid
        left, top = float(grid.x[0, 0]), float(grid.y[0, 0])
        ends = [
            int(np.clip((value - start) / grid.pixel + extra, 0, count))
            for value, start, extra, count in (
                (low[1], top, -1, grid.y.shape[0]), (high[1], top, 3, grid.y.shape[0]),
                (low[0], left, -1, grid.x.shape[1]), (high[0], left, 3, grid.x.shape[1]),
            )
        ]  # fmt: skip
        rows, columns = slice(ends[0], ends[1]), slice(ends[2], ends[3])
        return rows, columns, Grid(grid.x[:, columns], grid.y[rows], grid.pixel)

    def _disc(
        self, image: Field, x: float, y: float, radii: tuple[float, float], value: float, tilt: float = 0.0
    ) -> None:
        """Fill an ellipse with one value, working on its surroundings only."""
        reach = max(radii)
        rows, columns, near = self._window((x - reach, y - reach), (x + reach, y + reach))
        distance = ellipse_distance(near.x, near.y, (x, y), radii, tilt=tilt)
        paint(image[rows, columns], coverage(distance, near.pixel), value)

    def _stroke(
        self,
        image: Field,
        start: tuple[float, float],
        end: tuple[float, float],
        radius: float,
        value: float,
        *,
        core: tuple[float, float] | None = None,
    ) -> None:
        """Draw a round-ended bar; `core` is (wall thickness in mm, value inside the wall)."""
        rows, columns, near = self._window(
            (min(start[0], end[0]) - radius, min(start[1], end[1]) - radius),
            (max(start[0], end[0]) + radius, max(start[1], end[1]) + radius),
        )
        gap, _ = segment_distance(near.x, near.y, start, end)
        paint(image[rows, columns], coverage(gap - np.float32(radius), near.pixel), value)
        if core:
            paint(image[rows, columns], coverage(gap - np.float32(radius - core[0]), near.pixel), core[1])

    def _put(self, image: Field, distance: Field, value: float | Field) -> None:
        paint(image, coverage(distance, self.grid.pixel), value)

    def _spine_x(self, h: float) -> float:
        return self.build.spine_bend * float(np.sin(np.pi * h / HEIGHT))
