"""Simulated breast ultrasound with known masses.

Echo strength of the tissue layers is laid out first; speckle comes from complex Gaussian scatterers
blurred by a point spread that widens with depth, so that the envelope is Rayleigh distributed
(Wagner et al. 1983, doi:10.1109/T-SU.1983.31404), followed by attenuation, shadow and log compression.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from .records import SampleRegion, SimulatedPicture, Split
from .shading import Field, generator, outline, smooth_noise, smooth_step

Kind = Literal["benign", "malignant", "normal"]
DEPTH_MM = 40.0
# Spatial compounding: pictures from a few directions are averaged, which calms the speckle.
LOOKS = 2


@dataclass(frozen=True)
class _Mass:
    """A mass: soft coverage, exact mask, centre and half axes in mm, echo change in dB."""

    share: Field
    mask: NDArray[np.bool_]
    centre: tuple[float, float]
    half: tuple[float, float]
    level: float
    facts: Mapping[str, str]


def breast_ultrasound(
    seed: int, *, kind: Kind, size: tuple[int, int] = (400, 512), person: int | None = None
) -> SimulatedPicture:
    """Simulate one B-mode picture of a breast.

    Parameters
    ----------
    seed : int
    kind : {"benign", "malignant", "normal"}
        Benign: oval, parallel to the skin, circumscribed, enhancement behind it. Malignant: irregular,
        often taller than wide, spiculated, shadow behind it. The signs overlap, as they do in patients.
    size : (int, int)
        Rows and columns, each 128..1024; the rows cover 40 mm.
    person : int, optional
        Number of the simulated person; the seed when left out.

    Returns
    -------
    SimulatedPicture
        ``facts`` holds the descriptors and the measured width and height of the mass.
    """
    if kind not in ("benign", "malignant", "normal"):
        raise ValueError(f"A breast is benign, malignant or normal, got {kind!r}.")
    if not all(128 <= n <= 1024 for n in size):
        raise ValueError(f"Choose rows and columns of 128..1024, got {size}.")
    pixel = DEPTH_MM / size[0]
    y = (((np.arange(size[0]) + 0.5) * pixel).astype(np.float32))[:, None]
    x = (((np.arange(size[1]) + 0.5) - size[1] / 2.0) * pixel).astype(np.float32)[None, :]
    echo, ribs = _layers(generator(seed, "layers"), x, y, pixel)
    loss = ribs
    facts: Mapping[str, str] = {"kind": "none"}
    regions: tuple[SampleRegion, ...] = ()
    if kind != "normal":
        draw = _benign if kind == "benign" else _malignant
        mass, loss_behind = draw(generator(seed, "mass"), x, y, echo, pixel)
        loss = loss + loss_behind
        facts = mass.facts
        regions = tuple(SampleRegion(0, "polygon", p, f"{kind} mass") for p in outline(mass.mask)[:1])
    pixels = _scanned(echo + loss, generator(seed, "scan"), y, pixel)
    cv2.putText(pixels, "SIM", (6, size[0] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.36, 150, 1, cv2.LINE_AA)
    pixels.flags.writeable = False
    person = seed if person is None else person
    return SimulatedPicture(
        pixels=pixels, label=kind, regions=regions, patient=f"SIM-BUS-{person:05d}",
        spacing_mm=(pixel, pixel), seed=seed, facts=facts,
    )  # fmt: skip


def _wave(rng: np.random.Generator, columns: int, grain: float, height: float) -> Field:
    """A smooth random line across the picture with standard deviation `height`."""
    return height * smooth_noise(rng, (3, columns), grain)[:1]


def _layers(rng: np.random.Generator, x: Field, y: Field, pixel: float) -> tuple[Field, Field]:
    """Echo strength in dB of skin, fat, gland, muscle and chest wall; and the shadow of the ribs in dB."""
    shape = (y.shape[0], x.shape[1])
    columns = shape[1]
    skin = 1.9 + _wave(rng, columns, 14.0 / pixel, 0.15)
    gland = float(rng.uniform(7.5, 11.0)) + _wave(rng, columns, 12.0 / pixel, 0.8)
    behind = float(rng.uniform(22.0, 25.0)) + _wave(rng, columns, 18.0 / pixel, 0.5)
    fascia = behind + float(rng.uniform(1.2, 2.6)) + _wave(rng, columns, 26.0 / pixel, 0.25)
    wall = fascia + float(rng.uniform(6.5, 8.5)) + _wave(rng, columns, 30.0 / pixel, 0.3)
    cloud = cv2.resize(smooth_noise(rng, (shape[0], shape[1] // 2), 2.2 / pixel), shape[::-1])
    fine = smooth_noise(rng, shape, 1.0 / pixel)

    fat = -17.0 + 2.2 * cloud
    # Septa: thin bright sheets where a slow random field crosses zero.
    sheet = cv2.resize(smooth_noise(rng, (shape[0], shape[1] // 2), 4.2 / pixel), shape[::-1])
    fat = fat + 9.0 * np.exp(-((sheet / 0.10) ** 2)) * smooth_step(fine + 0.9, -0.4, 0.9)
    lobules: Field = np.asarray(
        cv2.resize(smooth_noise(rng, (shape[0], int(shape[1] / 2.6)), 2.4 / pixel), shape[::-1]),
        dtype=np.float32,
    )
    tissue = -4.0 + 2.4 * cloud + 1.4 * fine - 9.0 * smooth_step(lobules, 0.75, 1.5)
    strands = smooth_noise(rng, (shape[0], max(16, shape[1] // 14)), 0.75 / pixel)
    muscle = -14.0 + 5.5 * cv2.resize(strands, shape[::-1], interpolation=cv2.INTER_CUBIC) + 1.0 * cloud
    echo = np.broadcast_to(fat, shape).astype(np.float32).copy()
    for depth, value, blur in ((gland, tissue, 0.5), (behind, fat + 1.0, 0.5), (fascia, muscle, 0.25)):
        share = smooth_step(y - depth, -blur, blur)
        echo += share * (value - echo)
    chest = smooth_step(y - wall, -0.2, 0.3)
    echo += chest * (-30.0 - echo)
    for depth, level, thick in (
        (skin - 1.75, 2.0, 0.30),
        (skin, 1.0, 0.22),
        (fascia, 2.0, 0.25),
        (wall, 7.0, 0.35),
    ):
        line = np.exp(-(((y - depth) / thick) ** 2))
        echo = np.maximum(echo, level + 8.0 * np.log(np.maximum(line, 1e-6)))
    dermis = smooth_step(skin - y, 0.0, 0.3) * smooth_step(y - skin + 1.7, 0.0, 0.3)
    echo += dermis * (-6.0 + fine - echo)
    loss = np.zeros(shape, dtype=np.float32)
    start = float(rng.uniform(-24.0, -6.0))
    for centre in (start, start + 22.0):
        across = smooth_step(5.0 - np.abs(x - centre), 0.0, 1.6)
        loss -= 20.0 * across * smooth_step(y - wall, 0.0, 1.2)
    return np.asarray(echo, dtype=np.float32), loss


def _polar(x: Field, y: Field, centre: tuple[float, float]) -> tuple[Field, Field]:
    return np.hypot(x - centre[0], y - centre[1]), np.arctan2(y - centre[1], x - centre[0])


def _ellipse_reach(angle: Field, half: tuple[float, float], tilt: float) -> Field:
    turned = angle - tilt
    inverse = np.sqrt((np.cos(turned) / half[0]) ** 2 + (np.sin(turned) / half[1]) ** 2)
    return np.asarray(1.0 / inverse, dtype=np.float32)


def _measured(mask: NDArray[np.bool_], pixel: float) -> tuple[float, float]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (columns[-1] - columns[0] + 1) * pixel, (rows[-1] - rows[0] + 1) * pixel


def _column_profile(mask: NDArray[np.bool_], pixel: float, soft: float) -> tuple[Field, Field]:
    """For each column how much of the mass the beam crosses (0..1) and how deep its lower edge lies (mm)."""
    crossed = mask.sum(axis=0).astype(np.float32)
    profile = cv2.GaussianBlur((crossed / max(float(crossed.max()), 1.0))[None, :], (0, 0), soft / pixel)
    rows = np.arange(mask.shape[0], dtype=np.float32)[:, None]
    lower = np.where(crossed > 0, (mask * rows).max(axis=0), float(mask.nonzero()[0].mean())).astype(
        np.float32
    )
    return profile, cv2.GaussianBlur(lower[None, :], (0, 0), 1.0 / pixel) * pixel


def _benign(rng: np.random.Generator, x: Field, y: Field, echo: Field, pixel: float) -> tuple[_Mass, Field]:
    """A fibroadenoma-like mass; changes `echo` in place and returns the gain behind it in dB."""
    width = float(rng.uniform(4.5, 9.0))
    half = (width, width * float(rng.uniform(0.48, 0.82)))
    centre = (float(rng.uniform(-9.0, 9.0)), float(rng.uniform(13.0, 18.0)))
    radius, angle = _polar(x, y, centre)
    lobes = sum(
        float(rng.normal(0.0, 0.028)) * np.cos(k * angle + float(rng.uniform(0, 6.28))) for k in (2, 3, 4)
    )
    reach = _ellipse_reach(angle, half, float(rng.normal(0.0, 0.12))) * (1.0 + lobes)
    edge = np.asarray(radius - reach, dtype=np.float32)
    level = float(rng.uniform(-24.0, -17.0))
    soft = float(rng.uniform(0.12, 0.35))
    share = smooth_step(-edge, -soft, soft)
    inner = level + 1.3 * smooth_noise(rng, (y.shape[0], x.shape[1]), 1.8 / pixel)
    echo += share * (inner - echo)
    capsule = np.exp(-((edge / 0.32) ** 2)) * (0.35 + 0.65 * np.abs(np.sin(angle)) ** 2)
    echo += 5.5 * capsule
    mask = edge < 0.0
    profile, lower = _column_profile(mask, pixel, 0.8)
    gain = float(rng.uniform(1.0, 8.5))
    behind = smooth_step(y - lower, -0.4, 0.8)
    loss = gain * profile * behind * np.exp(-np.clip(y - lower, 0.0, None) / 16.0)
    # Refraction at the curved sides throws two narrow shadows.
    for side in (-1.0, 1.0):
        loss -= (
            3.0
            * np.exp(-(((x - centre[0] - side * half[0]) / 0.9) ** 2))
            * smooth_step(y - centre[1], 0.0, 3.0)
        )
    wide, tall = _measured(mask, pixel)
    facts = {
        "kind": "benign", "shape": "oval", "orientation": "parallel", "margin": "circumscribed",
        "posterior": "enhancement" if gain > 3.0 else "no change",
        "width_mm": f"{wide:.0f}", "height_mm": f"{tall:.0f}", "depth_mm": f"{centre[1]:.0f}",
    }  # fmt: skip
    return _Mass(share, mask, centre, half, level, facts), np.asarray(loss, dtype=np.float32)


def _malignant(
    rng: np.random.Generator, x: Field, y: Field, echo: Field, pixel: float
) -> tuple[_Mass, Field]:
    """A carcinoma-like mass; changes `echo` in place and returns the (negative) gain behind it in dB."""
    tall = float(rng.uniform(4.0, 6.8))
    half = (tall * float(rng.uniform(0.58, 1.05)), tall)
    centre = (float(rng.uniform(-9.0, 9.0)), float(rng.uniform(13.5, 17.5)))
    radius, angle = _polar(x, y, centre)
    ragged = sum(
        float(rng.normal(0.0, 0.42 / k)) * np.cos(k * angle + float(rng.uniform(0, 6.28)))
        for k in (3, 4, 5, 7, 9, 12, 15)
    )
    reach = _ellipse_reach(angle, half, float(rng.normal(0.0, 0.25))) * np.clip(1.0 + 0.8 * ragged, 0.55, 1.5)
    edge = np.asarray(radius - reach, dtype=np.float32)
    level = float(rng.uniform(-30.0, -21.0))
    shape = (y.shape[0], x.shape[1])
    halo = np.exp(-((np.clip(edge, 0.0, None) / 2.0) ** 2)) * (edge > -0.3)
    echo += float(rng.uniform(4.0, 8.0)) * halo
    share = smooth_step(-edge, -0.55, 0.45)
    inner = level + 3.0 * smooth_noise(rng, shape, 1.1 / pixel)
    echo += share * (inner - echo)
    # Dark spicules run from the mass into the bright halo.
    count = int(rng.integers(5, 12))
    for start in rng.uniform(-np.pi, np.pi, count):
        off = np.abs(np.angle(np.exp(1j * (angle - start)))).astype(np.float32)
        length = float(rng.uniform(1.4, 4.0))
        ray = smooth_step(0.46 - off * radius * (1.0 + np.clip(edge, 0.0, None) / length), 0.0, 0.45)
        echo -= 12.0 * ray * smooth_step(length - edge, 0.0, 1.2) * (edge > -0.2)
    mask = edge < 0.0
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(3, 8))):
            px, py = centre[0] + rng.normal(0, 0.35) * half[0], centre[1] + rng.normal(0, 0.35) * half[1]
            echo += 17.0 * np.exp(-(((x - px) / 0.22) ** 2) - ((y - py) / 0.16) ** 2)
    profile, lower = _column_profile(mask, pixel, 1.0)
    drop = float(rng.uniform(2.0, 30.0))
    loss = -drop * profile * smooth_step(y - lower, -2.0, 2.5)
    wide, high = _measured(mask, pixel)
    facts = {
        "kind": "malignant", "shape": "irregular",
        "orientation": "not parallel" if high > wide else "parallel", "margin": "spiculated",
        "posterior": "shadowing" if drop > 6.0 else "no change",
        "width_mm": f"{wide:.0f}", "height_mm": f"{high:.0f}", "depth_mm": f"{centre[1]:.0f}",
    }  # fmt: skip
    return _Mass(share, mask, centre, half, level, facts), np.asarray(loss, dtype=np.float32)


def _scanned(echo: Field, rng: np.random.Generator, y: Field, pixel: float) -> NDArray[np.uint8]:
    """Speckle, depth gain and log compression of an echo map in dB."""
    shape = echo.shape
    amplitude = np.power(np.float32(10.0), echo / np.float32(20.0))
    depth = np.broadcast_to(y / np.float32(DEPTH_MM), shape)
    near = np.clip(1.0 - depth / 0.45, 0.0, 1.0)
    far = np.clip((depth - 0.45) / 0.55, 0.0, 1.0)
    envelope = np.zeros(shape, dtype=np.float32)
    axial = 0.10 / pixel
    for _ in range(LOOKS):
        real = rng.standard_normal(shape, dtype=np.float32) * amplitude
        imaginary = rng.standard_normal(shape, dtype=np.float32) * amplitude
        for weight, lateral in ((near, 0.20), (1.0 - near - far, 0.15), (far, 0.30)):
            # The factor keeps the strength of the echo whatever the width of the point spread.
            scale = np.float32(2.0 * np.sqrt(np.pi * axial * lateral / pixel) / LOOKS)
            across, along = (
                cv2.GaussianBlur(part, (0, 0), sigmaX=lateral / pixel, sigmaY=axial)
                for part in (real, imaginary)
            )
            envelope += cv2.magnitude(across, along) * (scale * weight)
    gain = -float(rng.uniform(1.0, 7.0)) * np.abs(depth - float(rng.uniform(0.3, 0.5))) ** 1.5
    level = 20.0 * np.log10(np.maximum(envelope, 1e-5)) + gain + float(rng.uniform(-1.5, 1.5))
    wanted = float(rng.uniform(52.0, 60.0))
    grey = np.clip((level + 0.80 * wanted) / wanted, 0.0, 1.0) ** np.float32(1.45)
    floor = 3.0 * np.abs(rng.standard_normal(shape, dtype=np.float32))
    return np.clip(np.rint(250.0 * grey + floor), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class PlannedUltrasound:
    """What a member of the set will show, known before it is drawn."""

    number: int
    seed: int
    kind: Kind
    split: Split

    def draw(self, size: tuple[int, int] = (400, 512)) -> SimulatedPicture:
        """Draw the picture."""
        picture = breast_ultrasound(self.seed, kind=self.kind, size=size)
        return SimulatedPicture(
            picture.pixels, picture.label, picture.regions, picture.patient, picture.spacing_mm,
            picture.seed, picture.facts, self.split,
        )  # fmt: skip


def plan_ultrasound(n: int = 60, *, seed: int = 11, test: float = 0.25) -> list[PlannedUltrasound]:
    """Plan a set of one picture per person: half benign, a third malignant, the rest normal.

    Parameters
    ----------
    n : int
        Number of pictures, at least 6.
    seed : int
    test : float
        Share in the test part, 0..1, kept within each kind.
    """
    if n < 6 or not 0.0 <= test <= 1.0:
        raise ValueError(f"Need n >= 6 and a test share within 0..1, got n={n}, test={test}.")
    rng = generator(seed, "ultrasound set")
    counts: dict[Kind, int] = {"malignant": round(n / 3), "normal": round(n / 6)}
    counts["benign"] = n - sum(counts.values())
    drafts: list[tuple[Kind, Split]] = []
    for kind, count in counts.items():
        hidden = round(test * count)
        drafts += [(kind, "test" if place < hidden else "train") for place in range(count)]
    return [
        PlannedUltrasound(place + 1, 1000 * (seed + 1) + int(which), *drafts[which])
        for place, which in enumerate(rng.permutation(len(drafts)))
    ]


def ultrasound_set(n: int = 60, *, seed: int = 11) -> Iterator[SimulatedPicture]:
    """Draw the planned set one picture at a time; see `plan_ultrasound` for its structure."""
    for planned in plan_ultrasound(n, seed=seed):
        yield planned.draw()
