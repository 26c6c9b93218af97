"""Anatomy of the simulated thorax, one axial slice at a time.

Millimetres throughout: ``x`` grows to the patient's left (picture right), ``y`` to the back, ``h``
downwards from the top slice. The shapes are hand-made after the usual proportions of an adult chest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shading import Field, coverage, ellipse_distance, paint, smooth_step
from .thorax_bones import BonePainter
from .thorax_build import AIR, BLOOD, FAT, LUNG, MUSCLE, cage_radii, dome


@dataclass(frozen=True)
class Slice:
    """One painted slice: Hounsfield values and the coverage of lung that vessels may be drawn into."""

    hounsfield: Field
    lung: Field


class SlicePainter(BonePainter):
    """Paints the slices of one person from the outside inwards."""

    def paint(self, h: float) -> Slice:
        """Paint the slice at height `h` (0..HEIGHT mm)."""
        grid, build = self.grid, self.build
        a, b = cage_radii(h, build)
        cage = ellipse_distance(grid.x, grid.y, (0.0, self._centre_y), (a, b), power=2.25)
        back_angle = np.arctan2(np.abs(grid.x), grid.y - self._centre_y).astype(np.float32)
        image = np.full(cage.shape, AIR, dtype=np.float32)
        self._wall(image, h, cage, back_angle)
        inside = coverage(cage + 1.0, grid.pixel)
        paint(image, inside, FAT + 6.0 * self._strands)
        self._inlet(image, h)
        lung = self._lungs(image, h, cage)
        self._belly(image, h, cage, lung)
        self._heart(image, h)
        self._vessels(image, h)
        self._airways(image, h)
        self._bones(image, h, cage, back_angle)
        self._table(image)
        # Vessels of the lung must not be drawn over the parts that were painted into it.
        return Slice(image, np.asarray(lung * (image < -300.0), dtype=np.float32))

    def _wall(self, image: Field, h: float, cage: Field, angle: Field) -> None:
        build, grid = self.build, self.grid
        shoulder = 1.0 - float(smooth_step(h, 5.0, 75.0))
        waist = float(smooth_step(h, 190.0, 288.0))
        body = ellipse_distance(
            grid.x, grid.y, (0.0, 1.0),
            ((160.0 + 14.0 * shoulder - 3.0 * waist) * build.width + 4.0 * build.fat,
             (108.0 - 12.0 * shoulder) * build.depth + 5.0 * build.fat),
            power=2.45,
        )  # fmt: skip
        body = np.asarray(body + 1.6 * self._slow, dtype=np.float32)
        # Breast and pectoral contours push the front wall outwards a little on both sides.
        self._put(image, body, 20.0)
        self._put(image, body + 2.0, FAT + 9.0 * self._marble)
        pectoral = 1.0 - float(smooth_step(h, 70.0, 160.0))
        latissimus = 1.0 - float(smooth_step(h, 150.0, 260.0))
        thickness = build.muscle * (
            9.0
            + 27.0 * np.exp(-((angle / 0.42) ** 2))
            + 15.0 * pectoral * np.exp(-(((angle - 2.35) / 0.45) ** 2))
            + 15.0 * latissimus * np.exp(-(((angle - 1.15) / 0.55) ** 2))
            + 46.0 * shoulder * np.exp(-(((angle - 1.5) / 0.75) ** 2))
        )
        muscle = np.maximum(cage - thickness - 2.2 * self._slow, body + 7.0 * build.fat)
        self._put(image, np.asarray(muscle, dtype=np.float32), MUSCLE + 7.0 * self._strands)
        # Thin fat planes part the muscle layers; they fade in and out around the chest.
        for depth in (10.5, 20.0, 31.0):
            plane = np.abs(cage - depth - 4.0 * self._slow - 1.6 * self._marble) - 0.6
            share = coverage(np.asarray(plane, dtype=np.float32), grid.pixel)
            shown = smooth_step(0.7 * self._slow + 0.6 * self._marble, 0.0, 0.9)
            paint(
                image,
                share * shown * coverage(np.asarray(muscle + 2.0, dtype=np.float32), grid.pixel) * 0.75,
                FAT,
            )
        # Intercostal muscles fill the space between the ribs.
        self._put(
            image,
            np.asarray(np.maximum(cage - 8.0, -cage + 0.5), dtype=np.float32),
            30.0 + 6.0 * self._strands,
        )

    def _inlet(self, image: Field, h: float) -> None:
        """Neck muscles above the apex of the lungs."""
        reach = 1.0 - float(smooth_step(h, 18.0, 46.0))
        if reach <= 0.05:
            return
        for side in (-1.0, 1.0):
            for x, y, rx, ry, tilt in (
                (40.0, 14.0, 15.0, 9.0, 0.9), (33.0, 36.0, 14.0, 8.0, 0.5), (13.0, 30.0, 9.0, 5.0, 0.2),
                (34.0, -34.0, 16.0, 6.0, 0.4), (14.0, -40.0, 11.0, 4.0, 0.1), (52.0, 38.0, 10.0, 7.0, -0.6),
            ):  # fmt: skip
                self._disc(image, side * x, y, (rx * reach, ry * reach), MUSCLE, side * tilt)

    def _lungs(self, image: Field, h: float, cage: Field) -> Field:
        grid = self.grid
        opening = 92.0 * float(np.sqrt(np.clip((h - 14.0) / 95.0, 0.0, None)))
        middle = ellipse_distance(
            grid.x, grid.y, (2.0, -22.0), (24.0 + 9.0 * float(smooth_step(h, 60, 110)), 80.0)
        )
        spine = ellipse_distance(grid.x, grid.y, (self._spine_x(h), 55.0), (25.0, 30.0), power=2.6)
        keep_out = np.minimum(middle, spine) + 1.5 * self._slow
        keep_out = np.minimum(
            keep_out, ellipse_distance(grid.x, grid.y, (24.0, 33.0), (16.5, 16.5)) if h > 84 else keep_out
        )
        q = dome(h, 188.0, 64.0) * self.build.heart
        if q > 0.15:
            keep_out = np.minimum(keep_out, self._oval(18.0, -30.0, 66.0 * q, 50.0 * q, 0.5))
            keep_out = np.minimum(keep_out, self._oval(-20.0, -22.0, 30.0 * q, 38.0 * q))
        if 84.0 < h < 160.0:
            q = dome(h, 122.0, 38.0)
            keep_out = np.minimum(keep_out, self._oval(2.0, -30.0, 44.0 * q + 1.0, 34.0 * q + 1.0))
        # The recess between chest wall and diaphragm reaches deepest at the back.
        recess = 0.35 * (h - 236.0 - 0.32 * (grid.y + 92.0) - 0.10 * np.abs(grid.x)) + 0.0 * grid.x
        total = np.zeros_like(image)
        for side in (-1.0, 1.0):
            apex = (
                self._oval(side * 52.0, 8.0, max(opening, 0.1), max(opening * 1.1, 0.1))
                if opening < 200
                else cage
            )
            medial = np.broadcast_to(5.0 - side * grid.x, cage.shape)
            distance = np.maximum.reduce([cage + 2.2, apex, -keep_out, medial, recess])
            total += coverage(np.asarray(distance, dtype=np.float32), grid.pixel)
        lung = np.clip(total, 0.0, 1.0) if opening > 4.0 else np.zeros_like(total)
        # Blood sinks: lung at the back is some 50 HU denser in a person lying on the back.
        value = LUNG + 0.30 * grid.y + 9.0 * self._slow + 13.0 * self._marble + 9.0 * self._strands
        paint(image, lung, np.asarray(value, dtype=np.float32))
        self._fissures(image, h, lung)
        return np.asarray(lung, dtype=np.float32)

    def _fissures(self, image: Field, h: float, lung: Field) -> None:
        grid = self.grid
        for side, shift in ((-1.0, 4.0), (1.0, -6.0)):
            y = 78.0 - 0.92 * (h - 78.0) + shift
            gap = np.abs(grid.y - y - 0.0022 * (grid.x - side * 70.0) ** 2 - 2.0 * self._slow) - 0.5
            share = coverage(np.asarray(gap, dtype=np.float32), grid.pixel) * (side * grid.x > 0)
            paint(image, np.asarray(0.45 * share * lung, dtype=np.float32), -560.0)

    def _belly(self, image: Field, h: float, cage: Field, lung: Field) -> None:
        """Liver, spleen and stomach under the two domes of the diaphragm."""
        scale = dome(h, 300.0, 108.0)
        if scale > 0:
            surface = np.maximum(
                self._oval(-54.0, -8.0, 98.0 * scale, 90.0 * scale) + 2.0 * self._slow, cage + 1.2
            )
            liver = coverage(np.asarray(surface, dtype=np.float32), self.grid.pixel)
            paint(image, liver, 104.0 + 4.0 * self._strands + 3.0 * self._slow)
            for x, y, r, level in (
                (-70, 5, 5.5, 268),
                (-40, -20, 6.0, 262),
                (-92, 28, 4.0, 276),
                (-62, -44, 4.5, 280),
            ):
                bend = 0.35 * (h - level)
                oval = self._oval(x + bend, y - bend, r * 1.8, r, 0.6 + 0.03 * (h - level))
                paint(image, coverage(oval, self.grid.pixel) * liver * float(smooth_step(h, 225, 250)), 152.0)
            lung *= 1.0 - liver
        scale = dome(h, 296.0, 88.0)
        if scale > 0:
            surface = np.maximum(
                self._oval(70.0, 6.0, 64.0 * scale, 74.0 * scale) + 2.0 * self._slow, cage + 1.2
            )
            under = coverage(np.asarray(surface, dtype=np.float32), self.grid.pixel)
            paint(image, under, FAT + 8.0 * self._strands)
            spleen = np.maximum(self._oval(96.0, 34.0, 40.0 * scale, 36.0 * scale, -0.8), surface + 2.0)
            self._put(image, np.asarray(spleen, dtype=np.float32), 122.0 + 4.0 * self._strands)
            stomach = np.maximum(self._oval(52.0, -22.0, 40.0 * scale, 36.0 * scale, 0.4), surface + 3.0)
            self._put(image, np.asarray(stomach, dtype=np.float32), 46.0)
            self._put(image, np.asarray(stomach + 4.0, dtype=np.float32), 14.0)
            gas = np.maximum(stomach + 4.5, self.grid.y + 34.0)
            self._put(image, np.asarray(gas, dtype=np.float32), -960.0)
            lung *= 1.0 - under

    def _heart(self, image: Field, h: float) -> None:
        heart, contrast = self.build.heart, self.build.contrast
        q = dome(h, 188.0, 62.0) * heart
        if q < 0.12:
            return
        self._put(image, self._oval(18.0, -30.0, 62.0 * q, 46.0 * q, 0.5), 88.0 + 4.0 * self._strands)
        self._put(image, self._oval(-20.0, -22.0, 26.0 * q, 34.0 * q), 92.0 + 4.0 * self._strands)
        groove = np.abs(self._oval(-4.0, -50.0, 13.0 * q, 8.0 * q, 0.9)) - 1.0
        self._put(image, np.asarray(groove, dtype=np.float32), FAT + 20)
        for x, y, rx, ry, tilt, level, reach, value in (
            (8.0, -53.0, 36.0, 17.0, 0.35, 188.0, 50.0, 186.0),
            (-26.0, -24.0, 19.0, 25.0, 0.0, 184.0, 46.0, 180.0),
            (44.0, -20.0, 27.0, 17.0, 0.62, 194.0, 46.0, 224.0),
            (10.0, 8.0, 31.0, 16.0, -0.1, 160.0, 26.0, 218.0),
        ):
            scale = dome(h, level, reach) * heart
            if scale > 0.1:
                oval = self._oval(x, y, rx * scale, ry * scale, tilt) + 1.3 * self._marble
                self._put(image, np.asarray(oval, dtype=np.float32), value * contrast + 4.0 * self._marble)
        scale = dome(h, 196.0, 24.0)
        for x, y in ((40.0, -28.0), (54.0, -12.0)):
            if scale > 0.2:
                self._put(image, self._oval(x, y, 5.0 * scale, 4.0 * scale), 100.0)

    def _vessels(self, image: Field, h: float) -> None:
        blood = BLOOD * self.build.contrast

        def tube(x: float, y: float, r: float, value: float = blood) -> None:
            self._disc(image, x, y, (r + 1.2, r + 1.2), 40.0)
            self._disc(image, x, y, (r, r), value)

        if h < 78:
            for x, y, r in ((-17.0, -14.0, 6.0), (8.0, -18.0, 4.6), (21.0, -2.0, 5.4)):
                tube(x * (1.0 + 0.5 * (1.0 - h / 78.0)), y, r)
            tube(-24.0 - 0.12 * (78 - h), -26.0, 6.8, 255.0)
            tube(26.0 + 0.1 * (78 - h), -30.0, 6.0, 250.0)
        if 62 <= h < 78:
            self._stroke(image, (26.0, -32.0), (-22.0, -28.0), 5.5, 250.0)
        trunk = dome(h, 126.0, 19.0)
        if trunk > 0:
            tube(19.0, -34.0, 14.0 * trunk)
            if 112 < h < 126:
                self._stroke(image, (19.0, -30.0), (46.0, 6.0), 9.0, blood)
            if 118 < h < 134:
                # The right pulmonary artery passes behind the ascending aorta.
                self._stroke(image, (18.0, -28.0), (6.0, -7.0), 8.0, blood)
                self._stroke(image, (6.0, -7.0), (-46.0, -2.0), 7.5, blood)
        arch = dome(h, 90.0, 13.0)
        if arch > 0:
            # The arch runs to the left of the windpipe.
            self._stroke(image, (-6.0, -28.0), (19.0, -8.0), 12.5 * arch, blood)
            self._stroke(image, (19.0, -8.0), (25.0, 30.0), 12.5 * arch, blood)
        if 94 < h < 158:
            tube(-8.0, -29.0, 15.5)
        if h > 94:
            tube(24.0, 33.0, 12.5)
        if 78 <= h < 166:
            tube(-31.0, -20.0, 8.5, 262.0)
        if 150 < h < 168:
            for side in (-1.0, 1.0):
                self._stroke(image, (side * 22.0 + 8, 10.0), (side * 52.0 + 4, 14.0), 5.5, blood)
        if h > 226:
            tube(-22.0, 10.0, 11.0, 150.0)
        self._disc(image, 9.0, 27.0, (7.0, 5.0), 40.0)
        self._disc(image, 8.5, 26.0, (1.8, 1.4), -420.0)
        tube(31.0, 51.0, 1.5, 90.0)
        for x, y, level, r in (
            (-14.0, -2.0, 98.0, 4.0), (10.0, 2.0, 118.0, 4.5),
            (-6.0, 20.0, 136.0, 5.0), (12.0, -48.0, 92.0, 3.0),
        ):  # fmt: skip
            scale = dome(h, level, 9.0)
            if scale > 0.3:
                self._disc(image, x, y, (r * 1.5 * scale, r * scale), 55.0, 0.4)

    def _airways(self, image: Field, h: float) -> None:
        if h < 112:
            self._disc(image, 1.0, 6.0, (10.6, 10.2), 45.0)
            # The soft back wall flattens the lumen.
            lumen = np.maximum(self._oval(1.0, 6.0, 9.2, 8.8), self.grid.y - 12.5)
            self._put(image, np.asarray(lumen, dtype=np.float32), AIR + 8)
            if h < 26:
                for side in (-1.0, 1.0):
                    self._disc(image, 1.0 + side * 18.0, 2.0, (8.5, 13.0), 150.0)
            return
        for side, slope, r, stop in ((-1.0, 0.62, 7.4, 158.0), (1.0, 0.85, 6.6, 152.0)):
            if h < stop:
                x = 1.0 + side * (7.0 + slope * (h - 112.0))
                y = 8.0 + 0.10 * (h - 112.0)
                self._disc(image, x, y, ((r + 1.5) * 1.25, r + 1.4), 30.0)
                self._disc(image, x, y, (r * 1.25, r), AIR + 10)

    def _table(self, image: Field) -> None:
        curve = self.grid.y - 124.0 + 0.00042 * self.grid.x**2
        within = np.abs(self.grid.x) < 176
        for offset, value in ((0.0, -560.0), (17.0, -640.0)):
            shell = coverage(np.asarray(np.abs(curve - offset) - 0.9, dtype=np.float32), self.grid.pixel)
            paint(image, np.asarray(shell * within, dtype=np.float32), value)
        foam = coverage(np.asarray(np.abs(curve - 8.5) - 7.5, dtype=np.float32), self.grid.pixel)
        paint(image, np.asarray(foam * within, dtype=np.float32), -955.0)
