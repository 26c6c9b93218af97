"""Simulated chest CT with known nodules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from .lung_vessels import Tree, draw_tree, grow_tree
from .records import Nodule, SampleRegion, SimulatedSeries
from .shading import Field, generator, outline, paint
from .thorax_anatomy import SlicePainter
from .thorax_build import AIR, HEIGHT, Build, Grid

FIELD_OF_VIEW = 372.0
Spec = tuple[Literal["solid", "spiculated", "calcified"], float, tuple[float, float, float]]

NODULE_HOUNSFIELD = {"solid": 45.0, "spiculated": 38.0, "calcified": 420.0}
DEFAULT_NODULES: tuple[Spec, ...] = (("solid", 12.0, (-84.0, 14.0, 118.0)),)


def thorax_ct(
    seed: int, *, slices: int = 64, size: int = 320, nodules: Sequence[Spec] = DEFAULT_NODULES
) -> SimulatedSeries:
    """Simulate an enhanced chest CT of an adult lying on the back.

    Parameters
    ----------
    seed : int
        Same seed and arguments, same voxels.
    slices : int
        8..400; they always cover 288 mm.
    size : int
        Rows and columns, 128..512, over 372 mm.
    nodules : sequence of (kind, diameter in mm, (x, y, h) in mm)
        ``x`` to the patient's left, ``y`` to the back, ``h`` from the top; all inside a lung.

    Returns
    -------
    SimulatedSeries
        Lowest slice first.

    Raises
    ------
    ValueError
        When a size is out of range or a nodule would not lie in lung.
    """
    if not 8 <= slices <= 400 or not 128 <= size <= 512:
        raise ValueError(f"Choose 8..400 slices and a size of 128..512, got {slices} and {size}.")
    pixel, gap = FIELD_OF_VIEW / size, HEIGHT / slices
    axis = ((np.arange(size) + 0.5) * pixel - FIELD_OF_VIEW / 2.0).astype(np.float32)
    # Only the rows that hold the person and the table are painted; the rest is air.
    first, last = (int(v) for v in np.searchsorted(axis, (-128.0, 152.0)))
    grid = Grid(axis[None, :], axis[first:last, None], pixel)
    build = Build.drawn(generator(seed, "build"))
    painter = SlicePainter(build, grid, generator(seed, "tissue"))
    left, top = float(axis[0]), float(axis[first])
    vessels = np.zeros((slices, last - first, size), dtype=np.float32)
    walls, lumens = np.zeros_like(vessels), np.zeros_like(vessels)
    for side in (-1.0, 1.0):
        for tree in _vascular_trees(generator(seed, f"vessels {side}"), side):
            draw_tree(vessels, tree, pixel=pixel, gap=gap, left=left, top=top)
        airways = _bronchi(generator(seed, f"bronchi {side}"), side)
        draw_tree(walls, airways, pixel=pixel, gap=gap, left=left, top=top, grow=0.8)
        draw_tree(lumens, airways, pixel=pixel, gap=gap, left=left, top=top)

    voxels = np.empty((slices, size, size), dtype=np.int16)
    masks = np.zeros((slices, size, size), dtype=np.uint8)
    shapes = [_NoduleShape(spec, generator(seed, f"nodule {i}")) for i, spec in enumerate(nodules)]
    regions: list[SampleRegion] = []
    seen: set[int] = set()
    noise = generator(seed, "noise")
    depth = np.exp(-((axis[None, :] / 130.0) ** 2) - (axis[:, None] / 95.0) ** 2)
    for k in range(slices):
        h = (k + 0.5) * gap
        painted = painter.paint(h)
        image, lung = painted.hounsfield, painted.lung
        paint(image, vessels[k] * lung, 62.0 + 95.0 * vessels[k])
        paint(image, 0.8 * walls[k] * lung, -260.0)
        paint(image, lumens[k] * lung, -985.0)
        frame = slices - 1 - k
        for i, shape in enumerate(shapes):
            for corners, mask in shape.draw(image, lung, h, grid):
                masks[frame, first:last][mask] = i + 1
                polygon = tuple((x, round(y + first, 2)) for x, y in corners)
                regions.append(SampleRegion(frame, "polygon", polygon, shape.label))
                seen.add(i)
        whole = np.full((size, size), AIR, dtype=np.float32)
        whole[first:last] = image
        voxels[frame] = _measured(whole, depth, noise)
    if len(seen) < len(shapes):
        missing = [nodules[i] for i in range(len(shapes)) if i not in seen]
        raise ValueError(f"These nodules meet no slice in enough pixels; take more slices: {missing}")
    voxels.flags.writeable = masks.flags.writeable = False
    return SimulatedSeries(
        voxels=voxels,
        spacing_mm=(gap, pixel, pixel),
        nodules=tuple(
            Nodule(s[0], s[1], s[2], shape.label) for s, shape in zip(nodules, shapes, strict=True)
        ),
        nodule_masks=masks,
        regions=tuple(sorted(regions, key=lambda r: r.frame)),
        patient_id=f"SIM-CT-{seed:04d}",
        seed=seed,
    )


def _vascular_trees(rng: np.random.Generator, side: float) -> list[Tree]:
    """Arteries from the hilum and veins from the left atrium of one lung."""
    ends = np.array(
        [(70, 0, 22), (92, 50, 60), (84, -62, 92), (122, 8, 120), (74, -74, 170),
         (118, -30, 190), (126, 48, 180), (74, 74, 210), (112, 66, 250), (60, 66, 130), (100, 30, 230)],
        dtype=np.float64,
    )  # fmt: skip
    trees = []
    for root, radius in (((40.0, 4.0, 126.0), 3.6), ((44.0, 12.0, 152.0), 3.0)):
        scattered = ends + rng.normal(0.0, 9.0, ends.shape)
        scattered[:, 0] *= side
        trees.append(grow_tree(rng, (side * root[0], root[1], root[2]), scattered, radius=radius))
    return trees


def _bronchi(rng: np.random.Generator, side: float) -> Tree:
    ends = np.array(
        [(82, -30, 80), (90, 40, 90), (84, -50, 180), (90, 50, 220), (70, 62, 200)], dtype=np.float64
    )
    ends += rng.normal(0.0, 7.0, ends.shape)
    ends[:, 0] *= side
    return grow_tree(rng, (side * 36.0, 10.0, 142.0), ends, radius=3.2, smallest=1.55)


class _NoduleShape:
    """A lumpy ball, with or without spicules, that knows its exact outline in every slice."""

    def __init__(self, spec: Spec, rng: np.random.Generator) -> None:
        self.kind, self.diameter, self.centre = spec
        if self.kind not in NODULE_HOUNSFIELD or not 3.0 <= self.diameter <= 60.0:
            raise ValueError(f"A nodule is one of {sorted(NODULE_HOUNSFIELD)} of 3..60 mm, got {spec[:2]}.")
        self.label = f"{self.kind} nodule"
        directions = rng.standard_normal((9, 3))
        self._lumps = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        self._lump_sizes = rng.uniform(-0.16, 0.2, 9) * (0.5 if self.kind == "calcified" else 1.0)
        spikes = rng.standard_normal((30, 3)) * (1.0, 1.0, 0.6)
        self._spikes = spikes / np.linalg.norm(spikes, axis=1, keepdims=True)
        self._spike_reach = rng.uniform(0.35, 1.2, 30)

    def _relative(self, dx: Field, dy: Field, dz: float) -> tuple[Field, Field]:
        """Distance from the centre over the local radius, for the body and for the spicules."""
        far = np.sqrt(dx * dx + dy * dy + np.float32(dz * dz))
        unit = (
            np.stack(np.broadcast_arrays(dx, dy, np.float32(dz)), axis=-1) / np.maximum(far, 1e-3)[..., None]
        )
        swell = np.zeros_like(far)
        for direction, size in zip(self._lumps, self._lump_sizes, strict=True):
            swell += size * np.exp(-(1.0 - unit @ direction.astype(np.float32)) / 0.25)
        radius = np.float32(0.5 * self.diameter) * (1.0 + swell)
        reach = radius
        if self.kind == "spiculated":
            grown = np.zeros_like(far)
            for direction, size in zip(self._spikes, self._spike_reach, strict=True):
                cosine = unit @ direction.astype(np.float32)
                grown = np.maximum(grown, size * np.exp(-(1.0 - cosine) / 0.018))
            reach = radius * (1.0 + grown)
        return np.asarray(far / radius, dtype=np.float32), np.asarray(far / reach, dtype=np.float32)

    def draw(
        self, image: Field, lung: Field, h: float, grid: Grid
    ) -> list[tuple[tuple[tuple[float, float], ...], NDArray[np.bool_]]]:
        """Draw into one slice; returns the outline and the mask of the body when the slice meets it."""
        dz = h - self.centre[2]
        extent = self.diameter * (1.4 if self.kind == "spiculated" else 0.8)
        if abs(dz) > extent:
            return []
        px = grid.pixel
        c0, r0 = (
            int((v - extent - float(a.flat[0])) / px)
            for v, a in ((self.centre[0], grid.x), (self.centre[1], grid.y))
        )
        n = int(2 * extent / px) + 3
        fine = 4
        steps = ((np.arange(n * fine) + 0.5) / fine - 0.5) * px
        dx = (float(grid.x.flat[c0]) + steps - self.centre[0]).astype(np.float32)[None, :]
        dy = (float(grid.y.flat[r0]) + steps - self.centre[1]).astype(np.float32)[:, None]
        body, spicules = self._relative(dx, dy, dz)
        window = (slice(r0, r0 + n), slice(c0, c0 + n))

        def share(field: NDArray[np.bool_]) -> Field:
            return np.asarray(field.reshape(n, fine, n, fine).mean(axis=(1, 3)), dtype=np.float32)

        if self.kind == "spiculated":
            # A halo of strands fading outwards; it pulls at the lung around it.
            far = np.clip(1.6 - 0.6 * body, 0.25, 1.0)
            halo = share(spicules < 1.0) * cv2.resize(far, (n, n), interpolation=cv2.INTER_AREA)
            paint(image[window], np.asarray(0.95 * halo, dtype=np.float32), -60.0)
        inside = body < 1.0
        covered = share(inside)
        paint(image[window], covered, NODULE_HOUNSFIELD[self.kind])
        if self.kind == "calcified":
            paint(image[window], share(body < 0.55), 610.0)
        mask = np.zeros(image.shape, dtype=bool)
        mask[window] = covered >= 0.5
        if mask.sum() < 4:
            return []
        if float(lung[mask].mean()) < 0.25:
            raise ValueError(f"The {self.label} at {self.centre} mm does not lie in lung, move its centre.")
        polygon = outline(inside, scale=fine)[0]
        return [(tuple((round(x + c0, 2), round(y + r0, 2)) for x, y in polygon), mask)]


def _measured(image: Field, depth: Field, rng: np.random.Generator) -> NDArray[np.int16]:
    """Blur and noise of a scanner with a medium kernel: the noise is band-limited and strongest inside."""
    soft = cv2.GaussianBlur(image, (0, 0), 0.62)
    white = rng.standard_normal(image.shape, dtype=np.float32)
    grain = cv2.GaussianBlur(white, (0, 0), 0.75) - 0.85 * cv2.GaussianBlur(white, (0, 0), 2.0)
    grain /= max(float(grain.std()), 1e-6)
    level = np.where(soft < -700.0, 0.75, 1.0) * (7.0 + 9.0 * depth)
    return np.asarray(np.clip(np.rint(soft + level * grain), -1024, 3071), dtype=np.int16)
