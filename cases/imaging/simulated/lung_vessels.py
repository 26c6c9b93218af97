"""Branching vessels and bronchi of the simulated lungs, drawn into a stack of slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .shading import Field


@dataclass(frozen=True)
class Tree:
    """Points along the branches: ``points`` (n, 3) as (x, y, h) in mm, ``radii`` (n,) in mm."""

    points: NDArray[np.float32]
    radii: NDArray[np.float32]


def _perpendicular(direction: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    # Written out: numpy.cross costs thirty times as much for single vectors.
    (a, b, c), (u, v, w) = direction.tolist(), rng.standard_normal(3).tolist()
    side = np.array([b * w - c * v, c * u - a * w, a * v - b * u])
    return np.asarray(side / max(float(np.linalg.norm(side)), 1e-6))


def grow_tree(
    rng: np.random.Generator,
    root: tuple[float, float, float],
    targets: NDArray[np.float64],
    *,
    radius: float,
    smallest: float = 0.45,
) -> Tree:
    """Grow a tapering tree from a root towards target directions.

    A branch splits in two; radii follow Murray's law, ``r0**3 = r1**3 + r2**3``
    (Murray 1926, doi:10.1073/pnas.12.3.207).

    Parameters
    ----------
    rng : numpy.random.Generator
    root : (float, float, float)
        Start in mm.
    targets : ndarray, shape (n, 3)
        Points in mm towards which the first branches run.
    radius : float
        Radius of a first branch in mm.
    smallest : float
        A branch thinner than this (mm) is left out.
    """
    points: list[NDArray[np.float64]] = []
    radii: list[NDArray[np.float64]] = []
    start = np.asarray(root, dtype=np.float64)
    open_ends = []
    for target in targets:
        way = target - start
        far = float(np.linalg.norm(way))
        open_ends.append(
            (start, way / far, radius * float(rng.uniform(0.8, 1.1)), far * float(rng.uniform(0.22, 0.34)))
        )
    while open_ends:
        place, direction, r, length = open_ends.pop()
        steps = max(3, int(length / 0.9))
        bend = _perpendicular(direction, rng) * rng.uniform(0.0, 0.25)
        u = np.linspace(0.0, 1.0, steps)[:, None]
        path = place + direction * length * u + bend * length * u * u
        points.append(path)
        radii.append(r * (1.0 - 0.12 * u[:, 0]))
        heading = direction + 2.0 * bend
        heading /= np.linalg.norm(heading)
        share = rng.uniform(0.35, 0.62)
        turn = _perpendicular(heading, rng)
        for part, sign in ((share, 1.0), (1.0 - share, -1.0)):
            thin = 0.95 * r * part ** (1.0 / 3.0)
            if thin < smallest:
                continue
            # The thinner branch leaves at the wider angle.
            lean = sign * (0.25 + 0.75 * (1.0 - part)) * rng.uniform(0.75, 1.15)
            onward = heading + turn * lean
            open_ends.append(
                (path[-1], onward / np.linalg.norm(onward), thin, max(5.0, length * rng.uniform(0.72, 0.95)))
            )
    return Tree(np.concatenate(points).astype(np.float32), np.concatenate(radii).astype(np.float32))


def draw_tree(
    field: Field, tree: Tree, *, pixel: float, gap: float, left: float, top: float, grow: float = 0.0
) -> None:
    """Draw a tree into a stack of slices in place, keeping the larger coverage.

    Parameters
    ----------
    field : ndarray of float32, shape (slices, rows, columns)
        Coverage 0..1; slice ``i`` lies at ``h = i * gap``.
    tree : Tree
    pixel, gap : float
        Pixel edge and distance between slices in mm.
    left, top : float
        x of the centre of column 0 and y of the centre of row 0 in mm.
    grow : float
        Added to every radius in mm (for the wall of a bronchus).
    """
    slices, rows, columns = field.shape
    radii = tree.radii + np.float32(grow)
    reach = np.ceil(radii / pixel + 0.5).astype(int)
    for size in np.unique(reach):
        chosen = reach == size
        x, y, h = tree.points[chosen].T
        r = radii[chosen]
        first = np.ceil((h - r - 0.5 * gap) / gap).astype(int)
        for step in range(int(np.ceil(2.0 * (size + 1) * pixel / gap)) + 2):
            k = first + step
            # A slice averages over its thickness: only the part of the gap beyond it counts as distance.
            dz = np.maximum(np.abs(k * gap - h) - 0.35 * gap, 0.0)
            inside = (k >= 0) & (k < slices) & (dz < r + 0.5 * pixel)
            if not inside.any():
                continue
            kk, xx, yy, rr, zz = k[inside], x[inside], y[inside], r[inside], dz[inside]
            column = np.rint((xx - left) / pixel).astype(int)
            row = np.rint((yy - top) / pixel).astype(int)
            for dr in range(-size, size + 1):
                for dc in range(-size, size + 1):
                    c, w = column + dc, row + dr
                    flat = np.hypot(left + c * pixel - xx, top + w * pixel - yy)
                    share = np.clip((rr - np.hypot(flat, zz)) / pixel + 0.5, 0.0, 1.0)
                    good = (share > 0) & (c >= 0) & (c < columns) & (w >= 0) & (w < rows)
                    np.maximum.at(field, (kk[good], w[good], c[good]), share[good].astype(np.float32))
