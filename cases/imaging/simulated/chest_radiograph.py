"""Simulated frontal chest radiographs with known opacities.

The picture is a projection: attenuation along each ray is summed from body wall, lungs, heart, bones
and opacity, then blurred, made noisy and put through a film-like tone curve. Millimetres on the
detector: ``x`` to the patient's left (picture right), ``y`` downwards, origin in mid chest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np

from .radiograph_opacity import draw_opacity
from .radiograph_parts import (
    Chest,
    clavicles,
    enlarge,
    girdle_and_spine,
    heart_and_vessels,
    lung_fields,
    lung_markings,
    ribs,
    soft_tissue,
)
from .records import SampleRegion, SimulatedPicture, Split
from .shading import Field, generator, outline

Opacity = Literal["lobar", "patchy", "effusion-like"]
FIELD_MM = 410.0


@lru_cache(maxsize=4)
def _grid(size: int) -> tuple[Field, Field]:
    axis = (((np.arange(size) + 0.5) / size - 0.5) * FIELD_MM).astype(np.float32)
    x, y = np.meshgrid(axis, axis)
    x.flags.writeable = y.flags.writeable = False
    return x, y


def chest_radiograph(
    seed: int, *, opacity: Opacity | None, size: int = 384, person: int | None = None
) -> SimulatedPicture:
    """Simulate one frontal chest radiograph.

    Parameters
    ----------
    seed : int
        Decides the exposure, the pose and the opacity.
    opacity : {"lobar", "patchy", "effusion-like"} or None
        None for a radiograph without an opacity.
    size : int
        Rows and columns, 128..1024.
    person : int, optional
        Decides the anatomy; two pictures with the same number show the same person.

    Returns
    -------
    SimulatedPicture
        ``label`` is "opacity" or "normal"; ``facts`` holds kind, side, zone and strength of the opacity.
    """
    if not 128 <= size <= 1024:
        raise ValueError(f"Choose a size of 128..1024, got {size}.")
    if opacity not in (None, "lobar", "patchy", "effusion-like"):
        raise ValueError(f"An opacity is lobar, patchy, effusion-like or None, got {opacity!r}.")
    person = seed if person is None else person
    pixel = FIELD_MM / size
    pose = generator(seed, "pose")
    chest = Chest.drawn(generator(person, "chest"), generator(seed, "breath"))
    turn, zoom = np.float32(pose.normal(0.0, 0.016)), np.float32(pose.uniform(0.96, 1.04))
    shift = pose.normal(0.0, (4.0, 3.5)).astype(np.float32)

    def posed(count: int) -> tuple[Field, Field]:
        x, y = _grid(count)
        return (x + turn * y) * zoom + shift[0], (y - turn * x) * zoom + shift[1]

    # Soft shapes have no detail below 3 mm: a coarser grid draws them in a third of the time.
    coarse = max(128, round(0.55 * size))
    x, y = posed(coarse)
    fields = lung_fields(chest, x, y)
    smooth = soft_tissue(chest, x, y, fields, generator(person, "soft tissue"), FIELD_MM / coarse)
    smooth += heart_and_vessels(chest, x, y, fields)
    smooth += girdle_and_spine(chest, x, y, fields)
    x, y = posed(size)
    fields = fields.resized(size)
    path = enlarge(smooth, size)
    path += lung_markings(chest, x, y, fields, generator(person, "vessels"), pixel)
    path += ribs(chest, x, y, fields)
    path += clavicles(chest, x, y)
    regions: tuple[SampleRegion, ...] = ()
    facts: dict[str, str] = {"kind": "none"}
    if opacity is not None:
        drawn = draw_opacity(opacity, generator(seed, "opacity"), x, y, fields, pixel)
        path += drawn.path
        facts = dict(drawn.facts)
        regions = tuple(
            SampleRegion(0, "polygon", polygon, f"{opacity} opacity")
            for mask in drawn.masks
            for polygon in outline(mask)[:1]
        )
    pixels = _exposed(path, generator(seed, "exposure"))
    _lead_marker(pixels, size)
    pixels.flags.writeable = False
    return SimulatedPicture(
        pixels=pixels,
        label="normal" if opacity is None else "opacity",
        regions=regions,
        patient=f"SIM-CXR-{person:05d}",
        spacing_mm=(pixel, pixel),
        seed=seed,
        facts=facts,
    )


def _exposed(path: Field, rng: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Add scatter, quantum noise and the tone curve of one exposure."""
    quarter = cv2.resize(path, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    scatter = cv2.resize(
        cv2.GaussianBlur(quarter, (0, 0), 4.0), path.shape[::-1], interpolation=cv2.INTER_LINEAR
    )
    # The processing of digital radiographs takes part of the slow changes away.
    image = path - np.float32(rng.uniform(0.28, 0.36)) * (scatter - scatter.mean())
    noise = cv2.GaussianBlur(rng.standard_normal(path.shape, dtype=np.float32), (0, 0), 0.7)
    # Behind dense parts fewer quanta arrive, so the noise of the logarithm grows.
    image += (
        np.float32(rng.uniform(0.012, 0.026)) * noise * np.exp(np.float32(0.45) * (path - np.float32(1.0)))
    )
    middle, steep = np.float32(rng.uniform(0.92, 1.01)), np.float32(rng.uniform(2.3, 2.7))
    tone = 1.0 / (1.0 + np.exp(-steep * (image - middle)))
    return np.asarray(np.clip(np.rint(8.0 + 243.0 * tone), 0, 255), dtype=np.uint8)


def _lead_marker(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], size: int) -> None:
    """Side marker of the technologist: the same place and text on every picture, so it tells no label."""
    scale = size / 384.0
    place = (int(14 * scale), int(30 * scale))
    cv2.putText(
        pixels, "R", place, cv2.FONT_HERSHEY_SIMPLEX, 0.62 * scale, 232, max(1, round(2 * scale)), cv2.LINE_AA
    )
    below = (int(12 * scale), int(42 * scale))
    cv2.putText(pixels, "SIM", below, cv2.FONT_HERSHEY_SIMPLEX, 0.32 * scale, 205, 1, cv2.LINE_AA)


@dataclass(frozen=True)
class PlannedRadiograph:
    """What a member of the set will show, known before it is drawn."""

    number: int
    seed: int
    person: int
    opacity: Opacity | None
    split: Split

    def draw(self, size: int = 384) -> SimulatedPicture:
        """Draw the picture."""
        picture = chest_radiograph(self.seed, opacity=self.opacity, size=size, person=self.person)
        return SimulatedPicture(
            picture.pixels, picture.label, picture.regions, picture.patient, picture.spacing_mm,
            picture.seed, picture.facts, self.split,
        )  # fmt: skip


def plan_radiographs(
    n: int = 320, *, positive: float = 0.25, seed: int = 7, test: float = 0.25
) -> list[PlannedRadiograph]:
    """Plan an imbalanced set in which about every fourth person has two pictures.

    All pictures of a person share their split and whether they show an opacity; splitting is done
    within positives and negatives, so both parts keep the ratio.

    Parameters
    ----------
    n : int
        Number of pictures, at least 8.
    positive : float
        Share of pictures with an opacity, 0..1; met to within one picture.
    seed : int
    test : float
        Share of persons in the test part, 0..1.
    """
    if n < 8 or not 0.0 <= positive <= 1.0 or not 0.0 <= test <= 1.0:
        raise ValueError(f"Need n >= 8 and shares within 0..1, got n={n}, positive={positive}, test={test}.")
    rng = generator(seed, "radiograph set")
    wanted = {True: round(n * positive)}
    wanted[False] = n - wanted[True]
    kinds: tuple[Opacity, ...] = ("lobar", "lobar", "patchy", "patchy", "effusion-like")
    drafts: list[tuple[int, Opacity | None, Split]] = []
    person = 1 + 1000 * seed
    for has_opacity, count in wanted.items():
        persons: list[int] = []
        left = count
        while left > 0:
            pictures = 2 if left > 1 and rng.random() < 0.25 else 1
            persons.append(pictures)
            left -= pictures
        in_test = np.zeros(len(persons), dtype=bool)
        in_test[rng.permutation(len(persons))[: round(test * len(persons))]] = True
        for pictures, hidden in zip(persons, in_test, strict=True):
            kind = kinds[int(rng.integers(len(kinds)))] if has_opacity else None
            drafts += [(person, kind, "test" if hidden else "train")] * pictures
            person += 1
    order = rng.permutation(len(drafts))
    return [
        PlannedRadiograph(place + 1, 100_000 * (seed + 1) + int(which), *drafts[which])
        for place, which in enumerate(order)
    ]


def radiograph_set(
    n: int = 320, *, positive: float = 0.25, seed: int = 7, size: int = 384
) -> Iterator[SimulatedPicture]:
    """Draw the planned set one picture at a time; see `plan_radiographs` for its structure."""
    for planned in plan_radiographs(n, positive=positive, seed=seed):
        yield planned.draw(size)
