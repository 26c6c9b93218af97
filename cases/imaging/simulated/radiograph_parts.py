"""Projected anatomy of the simulated chest radiograph; every function returns attenuation along the ray."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from .shading import Field, ellipse_distance, segment_distance, smooth_noise, smooth_step


@dataclass(frozen=True)
class Chest:
    """One person's chest; lengths in mm, the rest are factors."""

    width: float
    heart: float
    heart_tilt: float
    knob: float
    rib_gap: float
    rib_start: float
    rib_slope: float
    clavicle: float
    breast: float
    thickness: float
    marking: float
    dome_right: float
    dome_left: float

    @classmethod
    def drawn(cls, person: np.random.Generator, breath: np.random.Generator) -> Chest:
        """Draw the anatomy from `person` and the depth of breath from `breath`."""
        inspiration = float(breath.normal(0.0, 7.0))
        return cls(
            width=float(person.uniform(0.93, 1.06)),
            heart=float(person.normal(1.0, 0.07)),
            heart_tilt=float(person.uniform(0.4, 0.68)),
            knob=float(person.uniform(17.0, 25.0)),
            rib_gap=float(person.uniform(22.0, 26.5)),
            rib_start=float(person.uniform(-6.0, 6.0)),
            rib_slope=float(person.uniform(0.06, 0.24)),
            clavicle=float(person.normal(0.0, 7.0)),
            breast=float(person.uniform(0.05, 0.16)) if person.random() < 0.45 else 0.0,
            thickness=float(person.uniform(0.92, 1.12)),
            marking=float(person.uniform(0.75, 1.35)),
            dome_right=float(person.normal(106.0, 5.0)) + inspiration,
            dome_left=float(person.normal(119.0, 5.0)) + inspiration,
        )


@dataclass(frozen=True)
class Fields:
    """Lung geometry shared by the parts; all arrays have the shape of the picture they were made for.

    ``cage`` and ``heart`` are distances (mm, negative inside), ``right`` and ``left`` the coverage of
    each lung that is seen free of heart and diaphragm, ``below`` how far (mm) a point lies under the
    diaphragm.
    """

    cage: Field
    heart: Field
    right: Field
    left: Field
    below: Field

    @property
    def both(self) -> Field:
        """Coverage of both lungs."""
        return np.maximum(self.right, self.left)

    def resized(self, size: int) -> Fields:
        """The same geometry on a grid of `size` rows and columns."""
        parts = (self.cage, self.heart, self.right, self.left, self.below)
        return Fields(*(enlarge(part, size) for part in parts))


def enlarge(field: Field, size: int) -> Field:
    """Resample a smooth field to `size` rows and columns."""
    return np.asarray(cv2.resize(field, (size, size), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _heart_distance(chest: Chest, x: Field, y: Field) -> Field:
    size = chest.heart
    # The heart rests on the diaphragm and moves with it.
    sink = 0.7 * (chest.dome_left - 119.0)
    left = ellipse_distance(x, y, (23.0, 77.0 + sink), (68.0 * size, 53.0 * size), tilt=chest.heart_tilt)
    right = ellipse_distance(x, y, (-11.0, 73.0 + sink), (34.0 * size, 58.0 * size))
    return _joined(left, right)


def _joined(first: Field, second: Field) -> Field:
    """Union of two shapes whose corner is filled over about 8 mm (polynomial smooth minimum)."""
    blend = np.clip(0.5 + (second - first) / 16.0, 0.0, 1.0)
    return np.asarray(second + (first - second) * blend - 8.0 * blend * (1.0 - blend), dtype=np.float32)


def lung_fields(chest: Chest, x: Field, y: Field) -> Fields:
    """Geometry of cage, lungs and diaphragm."""
    cage = ellipse_distance(x, y, (0.0, 45.0), (139.0 * chest.width, 196.0), power=2.35)
    # The domes fall steeply to the sides and gently towards the heart.
    out_right, out_left = -66.0 - x, x - 72.0
    right_dome = chest.dome_right + np.where(out_right > 0, 0.0098, 0.0036) * out_right**2
    left_dome = chest.dome_left + np.where(out_left > 0, 0.0098, 0.0036) * out_left**2
    share = smooth_step(x, -22.0, 22.0)
    below = np.asarray(y - right_dome + share * (right_dome - left_dome), dtype=np.float32)
    # Upper mediastinum: widest at the great vessels, narrow at the windpipe.
    middle = np.abs(x - 2.0) - (
        24.0 + 9.0 * np.exp(-(((y + 12.0) / 36.0) ** 2)) + 7.0 * smooth_step(-y, 90.0, 150.0)
    )
    knob = ellipse_distance(x, y, (19.0, -44.0), (chest.knob, chest.knob + 2.0))
    heart = _heart_distance(chest, x, y)
    solid = _joined(_joined(np.asarray(middle, dtype=np.float32), knob), heart)
    inner = np.maximum(np.maximum(cage + 3.0, below), -solid)
    sides = [np.clip(0.5 - np.maximum(inner, -side * x) / 3.4, 0.0, 1.0) for side in (-1.0, 1.0)]
    return Fields(cage, heart, sides[0].astype(np.float32), sides[1].astype(np.float32), below)


def soft_tissue(
    chest: Chest, x: Field, y: Field, fields: Fields, rng: np.random.Generator, pixel: float
) -> Field:
    """Body wall, neck, shoulders, breasts, abdomen and the air in lungs and windpipe."""
    reach = np.abs(x)
    torso = ellipse_distance(x, y, (0.0, 95.0), (170.0 * chest.width, 268.0), power=3.0)
    neck = reach - (44.0 + 0.0105 * np.clip(y + 192.0, 0.0, 90.0) ** 2)
    shoulder = -(y + 176.0) + 46.0 * smooth_step(reach, 46.0, 150.0) + 0.12 * reach
    arm, _ = segment_distance(reach, y, (188.0, -108.0), (232.0, 150.0))
    body = np.minimum(
        np.minimum(torso, neck), np.minimum(np.maximum(shoulder, reach + 0.35 * y - 196.0), arm - 38.0)
    )
    inward = np.clip(-body / 64.0, 0.0, 1.0)
    thick = np.sqrt(inward * (2.0 - inward))
    path = (0.10 + 1.10 * chest.thickness * thick).astype(np.float32)
    # The air of the lungs: the chord through the cage is longest in its middle.
    depth = np.sqrt(np.clip(-fields.cage / 78.0, 0.0, 1.0))
    path -= (0.44 + 0.36 * depth) * fields.both
    beneath = smooth_step(fields.below, -4.0, 46.0) * smooth_step(-fields.cage, -34.0, 4.0)
    path += 0.40 * beneath
    # Lung behind the dome of the diaphragm shines through just under its edge.
    under = smooth_step(fields.below, -1.0, 3.0) * (1.0 - smooth_step(fields.below, 4.0, 46.0))
    path -= 0.15 * under * smooth_step(-fields.cage, 0.0, 12.0)
    bubble = ellipse_distance(x, y, (70.0, chest.dome_left + 33.0), (25.0, 14.0), tilt=0.25)
    path -= 0.26 * smooth_step(-bubble, -4.0, 9.0)
    windpipe, _ = segment_distance(x, y, (2.0, -240.0), (-1.0, -42.0))
    bronchus, _ = segment_distance(reach, y, (1.0, -44.0), (36.0, -12.0))
    air = np.maximum(smooth_step(9.5 - windpipe, 0.0, 5.0), 0.55 * smooth_step(7.0 - bronchus, 0.0, 4.0))
    path -= 0.24 * air
    if chest.breast:
        breast = ellipse_distance(reach, y, (80.0, 66.0), (62.0, 58.0))
        path += chest.breast * smooth_step(-breast, -2.0, 26.0)
    fold = ellipse_distance(reach, y, (118.0, -70.0), (52.0, 58.0), tilt=0.5)
    path += 0.07 * smooth_step(-fold, -4.0, 34.0)
    path += 0.022 * smooth_noise(rng, (x.shape[0], x.shape[1]), 26.0 / pixel) * thick
    return np.asarray(path, dtype=np.float32)


def heart_and_vessels(chest: Chest, x: Field, y: Field, fields: Fields) -> Field:
    """Heart and great vessels."""
    seen = 1.0 - 0.75 * smooth_step(fields.below, -2.0, 40.0)
    path = (
        0.36 * np.sqrt(np.clip(-fields.heart / 46.0, 0.0, 1.0)) + 0.07 * smooth_step(-fields.heart, -3.0, 4.0)
    ) * seen
    middle = np.abs(x - 2.0) - 24.0
    path += (
        (0.10 + 0.08 * smooth_step(y, -90.0, -10.0))
        * smooth_step(-middle, -5.0, 18.0)
        * (1.0 - smooth_step(y, 110.0, 160.0))
    )
    knob = ellipse_distance(x, y, (19.0, -44.0), (chest.knob, chest.knob + 2.0))
    path += 0.13 * smooth_step(-knob, -1.5, 12.0)
    aorta = np.abs(x - 22.0 - 0.02 * y) - 13.0
    path += 0.06 * smooth_step(-aorta, -2.0, 6.0) * smooth_step(y, -46.0, -20.0)
    return np.asarray(path, dtype=np.float32)


def lung_markings(
    chest: Chest, x: Field, y: Field, fields: Fields, rng: np.random.Generator, pixel: float
) -> Field:
    """The branching vessels of the lungs."""
    tree = _vessel_tree(rng, x.shape[0], pixel)
    # The tree is drawn upright in mm and then looked up at each pixel, so that it follows the pose.
    half = np.float32(x.shape[0] / 2.0)
    placed = cv2.remap(tree, x / np.float32(pixel) + half, y / np.float32(pixel) + half, cv2.INTER_LINEAR)
    inside = np.clip(np.float32(-0.25) * (fields.cage + np.float32(3.0)), 0.0, 1.0)
    return np.asarray(
        np.float32(chest.marking) * placed * (0.25 + 0.75 * fields.both) * inside, dtype=np.float32
    )


def _vessel_tree(rng: np.random.Generator, size: int, pixel: float) -> Field:
    canvas = {width: np.zeros((size, size), dtype=np.uint8) for width in (1, 2, 3)}
    # Numbers drawn one by one would cost more time than the lines themselves.
    chance = iter(rng.random(8192).tolist())
    scale, middle = 16.0 / pixel, 8.0 * size
    for side in (-1.0, 1.0):
        hilum = (side * 40.0, 4.0 if side < 0 else -6.0)
        pending = [
            (hilum[0], hilum[1], angle + 0.3 * (next(chance) - 0.5), 26.0 + 14.0 * next(chance), 4.2)
            for angle in (-1.25, -0.75, -0.2, 0.35, 0.75, 1.05, 1.35)
        ]
        while pending:
            px, py, angle, length, width = pending.pop()
            qx, qy = px + side * length * math.cos(angle), py + length * math.sin(angle)
            stroke = max(1, min(3, round(width / (1.4 * pixel))))
            here, there = (
                (int(px * scale + middle), int(py * scale + middle)),
                (int(qx * scale + middle), int(qy * scale + middle)),
            )
            cv2.line(canvas[stroke], here, there, int(max(30.0, 44.0 * width)), stroke, cv2.LINE_AA, 4)
            if width > 0.95:
                for sign in (1.0, -1.0):
                    lean = sign * (0.12 + 0.38 * next(chance))
                    shorter, thinner = (
                        length * (0.66 + 0.24 * next(chance)),
                        width * (0.55 + 0.23 * next(chance)),
                    )
                    pending.append((qx, qy, angle + lean, shorter, thinner))
        for _ in range(5):
            bx, by = hilum[0] + side * (14.0 * next(chance) - 2.0), hilum[1] + 44.0 * next(chance) - 18.0
            spot = (int(bx * scale + middle), int(by * scale + middle))
            radius, strength = int((4.5 + 3.5 * next(chance)) * scale), int(90 + 60 * next(chance))
            cv2.circle(canvas[3], spot, radius, strength, -1, cv2.LINE_AA, 4)
    total = np.zeros((size, size), dtype=np.float32)
    for width, drawn in canvas.items():
        total += cv2.GaussianBlur(drawn, (0, 0), 0.55 + 0.42 * width) * np.float32(0.0011 + 0.0002 * width)
    return total


def _tube(distance: Field, radius: float, wall: float) -> Field:
    """Path through a hollow bone: dense at its edges, lighter in its middle; 1 is twice the radius."""
    outer = np.sqrt(np.clip(1.0 - (distance / radius) ** 2, 0.0, None))
    hollow = radius - wall
    inner = np.sqrt(np.clip(1.0 - (distance / hollow) ** 2, 0.0, None)) * (hollow / radius)
    return np.asarray(outer - 0.66 * inner, dtype=np.float32)


def ribs(chest: Chest, x: Field, y: Field, fields: Fields) -> Field:
    """Back and front parts of the ribs."""
    reach = np.abs(x)
    wide = np.float32(134.0 * chest.width)
    gap = np.float32(chest.rib_gap)
    slope = np.float32(chest.rib_slope)
    wall = np.clip(np.float32(0.9) - fields.cage * np.float32(0.12), 0.0, 1.0) * np.clip(
        (reach - 14.0) / 16.0, 0.0, 1.0
    )
    # Back parts sink gently outwards; front parts run steeply down towards the midline.
    start = np.float32(128.0 - chest.rib_start)
    back = y - (slope + np.float32(0.0014) * reach) * reach + start
    inward = wide - reach
    turn = slope * wide + np.float32(0.0014) * wide**2
    front = y - turn - (np.float32(0.92) - np.float32(0.0022) * inward) * inward + start
    path = np.zeros_like(x)
    for height, radius, weight, low, high, fade in (
        (back, 5.6, 0.20, -0.5, 9.5, 1.0),
        (front, 6.8, 0.085, 0.5, 6.5, np.clip((reach - 44.0) / 26.0, 0.0, 1.0)),
    ):
        number = np.floor(height / gap + np.float32(0.5))
        tube = _tube(height - number * gap, radius, 1.6)
        path += np.float32(weight) * tube * fade * ((number > low) & (number < high))
    return np.asarray(path * wall, dtype=np.float32)


def girdle_and_spine(chest: Chest, x: Field, y: Field, fields: Fields) -> Field:
    """Clavicles, shoulder blades, cage margin and spine."""
    reach = np.abs(x)
    path = (
        0.07
        * np.clip(1.0 - np.abs(fields.cage - 1.0) / 5.0, 0.0, 1.0)
        * smooth_step(y, -120.0, -70.0)
        * (y < 150.0)
    )
    blade = ellipse_distance(reach, y, (150.0, -58.0), (24.0, 76.0), tilt=-0.24)
    path += 0.055 * smooth_step(-blade, -2.0, 4.0) + 0.045 * np.clip(
        1.0 - np.abs(blade + 2.0) / 3.5, 0.0, 1.0
    )
    head = ellipse_distance(reach, y, (186.0, -112.0), (24.0, 26.0))
    shaft, _ = segment_distance(reach, y, (192.0, -100.0), (228.0, 150.0))
    path += 0.22 * np.maximum(smooth_step(-head, -2.0, 7.0), smooth_step(11.0 - shaft, 0.0, 5.0))
    column = reach - 18.0
    steps = np.abs(np.mod(y + chest.rib_start, chest.rib_gap) / chest.rib_gap - 0.5)
    bony = 0.7 + 0.3 * smooth_step(steps, 0.0, 0.36) - 0.5 * smooth_step(steps, 0.40, 0.48)
    path += 0.14 * smooth_step(-column, -2.0, 5.0) * bony
    pedicle = np.hypot((reach - 11.5) / 3.2, (steps - 0.12) * chest.rib_gap / 5.0)
    path += 0.05 * smooth_step(1.3 - pedicle, 0.0, 0.5)
    return np.asarray(path, dtype=np.float32)


def clavicles(chest: Chest, x: Field, y: Field) -> Field:
    """Both clavicles."""
    reach, lift = np.abs(x), chest.clavicle
    knots = ((17.0, -100.0), (58.0, -107.0 - 0.3 * lift), (108.0, -124.0 - lift), (168.0, -128.0 - lift))
    nearest: Field | None = None
    for start, end in pairwise(knots):
        distance, _ = segment_distance(reach, y, start, end)
        nearest = distance if nearest is None else np.minimum(nearest, distance)
    return np.asarray(0.33 * _tube(np.asarray(nearest, dtype=np.float32), 6.4, 1.8), dtype=np.float32)
