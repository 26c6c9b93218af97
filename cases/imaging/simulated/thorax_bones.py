"""Bones of the simulated thorax."""

from __future__ import annotations

import numpy as np

from .shading import Field, coverage, ellipse_distance, paint, segment_distance, smooth_step
from .thorax_build import CORTEX, MARROW, Canvas, cage_radii, dome


class BonePainter(Canvas):
    """Draws ribs, breastbone, shoulder girdle and spine into a slice."""

    def _bones(self, image: Field, h: float, cage: Field, angle: Field) -> None:
        grid, x0 = self.grid, self._spine_x(h)
        trabecular: Field = np.asarray(26.0 * self._strands + 18.0 * self._marble, dtype=np.float32)
        # Ribs slant downwards to the front; one periodic height field draws them all.
        level = h - self.build.rib_shift - 108.0 * angle / np.float32(np.pi)
        nearest = np.mod(level + 13.0, 26.0) - 13.0
        across = np.hypot((cage - 5.0) / 3.9, nearest / 5.9)
        shown = (h - 108.0 * angle / np.pi > -24.0) & (angle > 0.22) & (angle < 2.9)
        reach = np.asarray((across - 1.0) * 3.9, dtype=np.float32)
        bony = 1.0 - smooth_step(angle, 2.15, 2.45)
        rib = coverage(reach, grid.pixel) * shown
        paint(image, rib, np.asarray(110.0 + (CORTEX - 110.0) * bony, dtype=np.float32))
        core = coverage(reach + 1.4, grid.pixel) * shown
        paint(image, core, np.asarray(95.0 + bony * (MARROW - 60.0 + trabecular), dtype=np.float32))
        if 60 < h < 216:
            front = self._centre_y - cage_radii(h, self.build)[1]
            wide = 20.0 - 7.0 * float(smooth_step(h, 70, 110))
            plate = ellipse_distance(grid.x, grid.y, (0.0, front - 5.0), (wide, 6.2), power=2.8)
            self._put(image, plate, 560.0)
            self._put(image, plate + 1.6, 165.0 + trabecular)
        if h < 66:
            self._shoulder(image, h)
        if h < 176:
            self._scapula(image, h)
        self._vertebra(image, h, x0, trabecular)

    def _shoulder(self, image: Field, h: float) -> None:
        rise = 60.0 - h
        for side in (-1.0, 1.0):
            if h > 22:
                inner = (side * (22.0 + 0.4 * rise), -62.0 + 0.3 * rise)
                outer = (side * (64.0 + 1.1 * rise), -58.0 + 0.9 * rise)
                self._stroke(image, inner, outer, 6.0, CORTEX, core=(1.6, MARROW + 40.0))
            head = dome(h, -8.0, 36.0)
            if head > 0.2:
                self._disc(image, side * 152.0, 4.0, (23.0 * head, 22.0 * head), CORTEX - 120.0)
                self._disc(image, side * 152.0, 4.0, (23.0 * head - 2.0, 22.0 * head - 2.0), MARROW)

    def _scapula(self, image: Field, h: float) -> None:
        grid = self.grid
        fade = 1.0 - float(smooth_step(h, 110, 176))
        for side in (-1.0, 1.0):
            inner = (side * (74.0 + 10.0 * (1 - fade)), 91.0 - 0.02 * h)
            outer = (side * (84.0 + 48.0 * fade), 86.0 - 44.0 * fade)
            gap, along = segment_distance(grid.x, grid.y, inner, outer)
            thick = 1.6 + 2.6 * np.abs(2.0 * along - 1.0) ** 3
            self._put(image, np.asarray(gap - thick, dtype=np.float32), 640.0)
            self._put(image, np.asarray(gap - thick + 1.8, dtype=np.float32), 230.0)
            if h < 70:
                tip = (side * (128.0 + 0.15 * h), 92.0 - 0.25 * h)
                self._stroke(image, (side * 108.0, 66.0), tip, 2.6, 620.0, core=(1.4, 260.0))

    def _vertebra(self, image: Field, h: float, x0: float, trabecular: Field) -> None:
        grid = self.grid
        phase = (h + self.build.rib_shift) % 26.0
        disc = phase < 5.0
        body = ellipse_distance(grid.x, grid.y, (x0, 49.0), (17.5, 14.5), power=2.3)
        self._put(image, body, 95.0 if disc else 520.0)
        self._put(
            image,
            body + 1.7,
            78.0 if disc else (330.0 if phase < 7 or phase > 24 else 185.0) + 1.6 * trabecular,
        )
        for side in (-1.0, 1.0):
            parts = [((9.5, 78.0), (0.0, 87.0), 2.9)]
            if 9.0 < phase < 19.0:
                parts += [((11.5, 58.0), (12.5, 76.0), 3.2), ((13.0, 76.0), (33.0, 86.0), 3.4)]
            for start, end, r in parts:
                here, there = (x0 + side * start[0], start[1]), (x0 + side * end[0], end[1])
                self._stroke(image, here, there, r, 610.0, core=(1.5, 330.0))
        if phase > 8.0:
            tip = 92.0 + 0.75 * (phase - 8.0)
            self._stroke(image, (x0, 86.0), (x0, min(tip, 103.0)), 2.7, 600.0, core=(1.4, 320.0))
        self._disc(image, x0, 71.5, (9.0, 7.6), -20.0)
        self._disc(image, x0, 71.5, (7.4, 6.0), 14.0)
        self._disc(image, x0, 71.0, (5.2, 4.2), 42.0)
