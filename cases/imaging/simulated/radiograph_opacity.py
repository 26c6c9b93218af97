"""Opacities of the simulated chest radiograph, each with its known outline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .radiograph_parts import Fields
from .shading import Field, ellipse_distance, segment_distance, smooth_noise, smooth_step

ZONES = {"upper": -62.0, "middle": 6.0, "lower": 72.0}


@dataclass(frozen=True)
class DrawnOpacity:
    """Added attenuation, one mask for each separate part, and words for the report."""

    path: Field
    masks: tuple[NDArray[np.bool_], ...]
    facts: Mapping[str, str]


def draw_opacity(
    kind: str, rng: np.random.Generator, x: Field, y: Field, fields: Fields, pixel: float
) -> DrawnOpacity:
    """Draw an opacity of `kind` ("lobar", "patchy" or "effusion-like") into the lungs.

    A mask holds the points where the opacity reaches half of its full density.
    """
    side = -1.0 if rng.random() < 0.55 else 1.0
    lung = fields.right if side < 0 else fields.left
    if kind == "effusion-like":
        return _effusion(rng, x, fields, lung, side, y)
    if kind == "patchy":
        return _patchy(rng, x, y, fields, side, pixel)
    return _lobar(rng, x, y, fields, lung, side, pixel)


def _side(side: float) -> str:
    return "right" if side < 0 else "left"


def _strength(value: float, weak: float, strong: float) -> str:
    third = (strong - weak) / 3.0
    return "faint" if value < weak + third else "moderate" if value < strong - third else "dense"


def _kept(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part of a mask with its holes filled."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if len(stats) < 2:
        return mask
    best = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    contours, _ = cv2.findContours(best, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(best)
    cv2.drawContours(filled, contours, -1, 1, cv2.FILLED)
    return np.asarray(filled > 0)


def _lobar(
    rng: np.random.Generator, x: Field, y: Field, fields: Fields, lung: Field, side: float, pixel: float
) -> DrawnOpacity:
    zone = ("upper", "middle", "lower")[int(rng.choice(3, p=(0.3, 0.25, 0.45)))]
    centre = (side * float(rng.uniform(66.0, 84.0)), ZONES[zone] + float(rng.normal(0.0, 7.0)))
    radii = (float(rng.uniform(34.0, 54.0)), float(rng.uniform(26.0, 42.0)))
    shape = (x.shape[0], x.shape[1])
    wobble = smooth_noise(rng, shape, 24.0 / pixel) * 6.0 + smooth_noise(rng, shape, 8.0 / pixel) * 1.3
    distance = ellipse_distance(x, y, centre, radii, tilt=float(rng.normal(0.0, 0.25))) + wobble
    density = smooth_step(-distance, -7.0, 8.0)
    if zone == "upper":
        # The minor fissure stops an upper lobe consolidation with a sharp, nearly straight edge.
        fissure = centre[1] + 0.55 * radii[1] + 0.06 * (np.abs(x) - 70.0)
        density = density * smooth_step(fissure - y, -1.5, 2.0)
    texture = 1.0 + 0.06 * smooth_noise(rng, shape, 9.0 / pixel)
    strength = float(rng.uniform(0.24, 0.62))
    bronchi = np.zeros_like(x)
    hilum = (side * 40.0, 2.0)
    for _ in range(4):
        end = (
            centre[0] + float(rng.normal(0.0, 0.45)) * radii[0],
            centre[1] + float(rng.normal(0.0, 0.45)) * radii[1],
        )
        gap, along = segment_distance(x, y, hilum, end)
        bronchi = np.maximum(bronchi, smooth_step(2.2 - 1.2 * along - gap, -1.2, 0.9))
    path = strength * density * texture * lung * (1.0 - 0.38 * bronchi)
    mask = _kept((density * lung) >= 0.5)
    facts = {"kind": "lobar", "side": _side(side), "zone": zone, "strength": _strength(strength, 0.24, 0.62)}
    return DrawnOpacity(np.asarray(path, dtype=np.float32), (mask,), facts)


def _patchy(
    rng: np.random.Generator, x: Field, y: Field, fields: Fields, side: float, pixel: float
) -> DrawnOpacity:
    shape = (x.shape[0], x.shape[1])
    zone = ("upper", "middle", "lower")[int(rng.choice(3, p=(0.2, 0.3, 0.5)))]
    bilateral = rng.random() < 0.35
    strength = float(rng.uniform(0.26, 0.54))
    wobble = smooth_noise(rng, shape, 12.0 / pixel) * 6.0 + smooth_noise(rng, shape, 5.0 / pixel) * 2.0
    path = np.zeros_like(x)
    masks: list[NDArray[np.bool_]] = []
    taken = np.zeros(shape, dtype=bool)
    for number in range(int(rng.integers(3, 6))):
        flip = -1.0 if bilateral and number % 2 else 1.0
        lung = fields.right if flip * side < 0 else fields.left
        centre = (flip * side * float(rng.uniform(50.0, 104.0)), ZONES[zone] + float(rng.normal(0.0, 24.0)))
        radius = float(rng.uniform(11.0, 21.0))
        distance = ellipse_distance(x, y, centre, (radius, 0.85 * radius)) + wobble
        density = smooth_step(-distance, -9.0, 8.0) * lung
        path = np.maximum(path, strength * float(rng.uniform(0.75, 1.1)) * density)
        mask = density >= 0.5
        # Patches that melt together are one region.
        if mask.sum() * pixel**2 < 120.0:
            continue
        taken |= mask
    count, labels = cv2.connectedComponents(taken.astype(np.uint8))
    for label in range(1, count):
        part = labels == label
        if part.sum() * pixel**2 >= 80.0:
            masks.append(_kept(part))
    if not masks:
        return _patchy(rng, x, y, fields, side, pixel)
    texture = 1.0 + 0.12 * smooth_noise(rng, shape, 6.0 / pixel)
    facts = {
        "kind": "patchy", "side": "both" if bilateral else _side(side), "zone": zone,
        "strength": _strength(strength, 0.26, 0.54),
    }  # fmt: skip
    return DrawnOpacity(np.asarray(path * texture, dtype=np.float32), tuple(masks), facts)


def _effusion(
    rng: np.random.Generator, x: Field, fields: Fields, lung: Field, side: float, y: Field
) -> DrawnOpacity:
    height = float(rng.uniform(20.0, 62.0))
    strength = float(rng.uniform(0.5, 0.72))
    # The surface climbs along the chest wall: a meniscus, highest at the side.
    level = (
        118.0
        - height
        - 34.0 * smooth_step(side * x, 40.0, 128.0)
        + 10.0 * smooth_step(60.0 - side * x, 0.0, 40.0)
    )
    density = smooth_step(y - level, -7.0, 11.0) * (side * x > 8.0)
    mask = _kept((density * lung) >= 0.5)
    if mask.sum() < 60:
        return _effusion(rng, x, fields, lung, side, y)
    facts = {
        "kind": "effusion-like", "side": _side(side), "zone": "lower",
        "strength": "small" if height < 34 else "moderate" if height < 48 else "large",
    }  # fmt: skip
    return DrawnOpacity(np.asarray(strength * density * lung, dtype=np.float32), (mask,), facts)
