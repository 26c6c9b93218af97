"""How well burned-in text is found: recall of generated text, and how many clean images are proposed.

    MEDWEB_SHARED=../shared python tests/bench/burned_in.py [--texts 1200] [--half report|tune]

Prints JSON. Texts of many sizes, colours, fonts and places are drawn on radiographs, CT, MR and single
images of the shared data and on simulated ones. Pictures are dealt into two halves by a fixed seed: weights
and threshold were chosen on ``tune``, the figures of ``report`` are those that count. A text counts as found
when proposals cover at least a quarter of its box. Clean are pictures without any text; radiographs with the
single letter of a side marker count as clean, because a letter names nobody.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cases.imaging.burned import find_text
from cases.imaging.clean import clean
from cases.imaging.errors import Refused
from cases.imaging.frames import DecodedFrame
from cases.imaging.simulated.library import flagship_cases

SEED = 20261122
SHARED = Path(os.environ.get("MEDWEB_SHARED", Path(__file__).resolve().parents[2] / ".." / "shared"))
# Looked at one by one: letters or scales are part of these pictures.
HAVE_TEXT = {
    "us_rgb_single.dcm", "us_multiframe_30f_jpeg_ybr.dcm", "us_palette_color.dcm", "us_echo_jpegll_8bit.dcm",
    "mg_mammogram_j2k.dcm",
}  # fmt: skip
# Whole pictures of 15 million pixels add minutes and no kind of picture.
TOO_LARGE = 6_000_000
SIZES = ((8, 12), (12, 20), (20, 40), (40, 81))
HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
)
GIVEN = ("ANNA", "Piet", "Maria", "JOHN", "Wei", "Fatima", "Olu", "Ines", "Karl", "Yuki")
FAMILY = (
    "SCHMIDT",
    "de Vries",
    "Okafor",
    "GARCIA",
    "Nowak",
    "TANAKA",
    "Müller",
    "Rossi",
    "Haddad",
    "LINDQVIST",
)


@dataclass(frozen=True)
class Drawn:
    """A text on a picture: its box in pixels and the height of its letters."""

    x: int
    y: int
    width: int
    height: int
    letters: int
    kind: str


def fonts() -> list[str]:
    """Files of every proportional and fixed font with letters on this machine."""
    found = sorted(Path("/usr/share/fonts").rglob("*.ttf"))
    try:
        import matplotlib

        found += sorted((Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("[SD]*.ttf"))
    except ImportError:
        pass
    without_letters = ("STIXSiz", "Math", "Siz", "NonUni", "Display")
    return [str(path) for path in found if not any(word in path.name for word in without_letters)]


def words(rng: random.Random) -> str:
    """A name, a date, a number or an institution, as machines write them."""
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1930, 2026)
    return rng.choice(
        (
            f"{rng.choice(FAMILY)}, {rng.choice(GIVEN)}",
            f"{rng.choice(FAMILY)}^{rng.choice(GIVEN)}",
            f"{day:02d}.{month:02d}.{year}",
            f"{year}-{month:02d}-{day:02d} {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}",
            f"ID {rng.randint(10000, 99999999)}",
            f"{rng.randint(100000, 9999999)}",
            f"DOB {month:02d}/{day:02d}/{year}",
            f"{rng.choice(('St. Mary', 'City', 'University', 'Charite'))} Hospital",
        )
    )


def _glyphs(rng: random.Random, letters: int, files: list[str]) -> tuple[np.ndarray, str]:
    """Coverage of a text, 0 to 255, cropped to its ink, and the kind of font."""
    text = words(rng)
    if rng.random() < 0.3:
        text = text.encode("ascii", "replace").decode()
        face = rng.choice(HERSHEY)
        scale = letters / cv2.getTextSize("H", face, 1.0, 1)[0][1]
        # A line of one pixel at most sizes, as the oldest machines draw it.
        thick = max(1, round(letters / rng.choice((8, 12, 18))))
        (width, height), below = cv2.getTextSize(text, face, scale, thick)
        canvas = np.zeros((height + below + 2 * thick + 4, width + 2 * thick + 4), np.uint8)
        cv2.putText(
            canvas,
            text,
            (thick, height + thick),
            face,
            scale,
            255,
            thick,
            rng.choice((cv2.LINE_8, cv2.LINE_AA)),
        )
        kind = "hershey"
    else:
        font = ImageFont.truetype(rng.choice(files), max(8, round(letters / 0.73)))
        left, top, right, bottom = font.getbbox(text)
        picture = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
        ImageDraw.Draw(picture).text((2 - left, 2 - top), text, fill=255, font=font)
        canvas, kind = np.asarray(picture), "truetype"
        if rng.random() < 0.3:
            canvas, kind = np.where(canvas > 110, 255, 0).astype(np.uint8), "hard"
    ys, xs = np.nonzero(canvas > 60)
    return canvas[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1], kind


def _levels(frame: DecodedFrame) -> tuple[float, float]:
    """Stored values shown black and white."""
    low = (frame.window_center - frame.window_width / 2 - frame.intercept) / frame.slope
    high = (frame.window_center + frame.window_width / 2 - frame.intercept) / frame.slope
    bounds = np.iinfo(frame.pixels.dtype)
    low, high = (float(np.clip(edge, bounds.min, bounds.max)) for edge in (low, high))
    return (high, low) if frame.invert else (low, high)


def _ink(frame: DecodedFrame, place: np.ndarray, rng: random.Random) -> np.ndarray | None:
    """A colour that a reader could tell from what lies below it; ``None`` when none was hit upon."""
    for _attempt in range(30):
        if frame.pixels.ndim == 3:
            colour = rng.choice(
                ((255, 255, 255), (0, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (255, 160, 0),
                 (255, 80, 80), (200, 200, 200), (120, 170, 255), (40, 40, 40),
                 tuple(rng.randint(0, 255) for _ in range(3)))
            )  # fmt: skip
            ink = np.array(colour, np.float64)
            apart = np.abs(place.reshape(-1, 3).astype(np.float64) - ink).max(axis=1)
            if np.percentile(apart, 10) >= 80:
                return ink
        else:
            black, white = _levels(frame)
            share = rng.choice((1.0, 1.0, 1.0, 0.85, 0.7, 0.0, 0.15))
            value = black + share * (white - black)
            shown = np.clip(place.astype(np.float64), min(black, white), max(black, white))
            apart = np.abs(shown - value) / max(abs(white - black), 1e-9)
            if np.percentile(apart, 10) >= 80 / 255:
                return np.array(value)
    return None


def draw(
    frame: DecodedFrame, span: tuple[int, int], rng: random.Random, files: list[str]
) -> tuple[DecodedFrame, Drawn] | None:
    """``frame`` with one text of letters between ``span`` pixels; ``None`` when it does not fit."""
    letters = rng.randrange(*span)
    ink, kind = _glyphs(rng, letters, files)
    turned = rng.random() < 0.05
    if turned:
        ink, kind = np.ascontiguousarray(np.rot90(ink)), "turned"
    height, width = ink.shape
    rows, columns = frame.pixels.shape[:2]
    if height > rows - 2 or width > columns - 2:
        return None
    corner = rng.random() < 0.5
    x = rng.choice((1, columns - width - 1)) if corner else rng.randint(1, columns - width - 1)
    y = rng.choice((1, rows - height - 1)) if corner else rng.randint(1, rows - height - 1)
    pixels = frame.pixels.copy()
    place = pixels[y : y + height, x : x + width]
    colour = _ink(frame, place, rng)
    if colour is None:
        return None
    share = (ink / 255.0)[..., None] if pixels.ndim == 3 else ink / 255.0
    place[...] = np.rint(place * (1 - share) + colour * share).astype(pixels.dtype)
    return replace(frame, pixels=pixels), Drawn(x, y, width, height, letters, kind)


def pictures() -> Iterator[tuple[str, str, DecodedFrame]]:
    """Kind, name and frame of every clean picture."""
    rng = random.Random(SEED)
    data = SHARED / "data"
    chest = sorted((data / "01_cxr_pneumonia_2class" / "images").rglob("*.*"))
    groups = {
        "radiograph-224": rng.sample(chest, 120),
        "ct": sorted((data / "04_dicom_ct_series" / "series").glob("*"))[::2],
        "mr": sorted((data / "05_dicom_mr_series" / "series").glob("*"))[::2],
        "cells": rng.sample(sorted((data / "02_bccd_blood_cells_boxes" / "images").rglob("*.*")), 24),
        "nuclei": rng.sample(sorted((data / "03_nuclei_masks" / "images").rglob("*.*")), 24),
        "single": sorted((data / "06_dicom_single_images").glob("*.dcm")),
    }
    for kind, paths in groups.items():
        for path in paths:
            if path.name in HAVE_TEXT:
                continue
            try:
                frames = clean(path.read_bytes(), secret=b"bench of burned-in text").frames
            except Refused:
                continue
            if frames[0].pixels.size > TOO_LARGE * (3 if frames[0].pixels.ndim == 3 else 1):
                continue
            yield kind, path.name, frames[len(frames) // 2]
    for sample in flagship_cases():
        loaded = sample.load()
        for data_of_one in loaded[:: max(1, len(loaded) // 3)][:3]:
            frames = clean(data_of_one, secret=b"bench of burned-in text").frames
            if sample.source == "simulated":
                yield "simulated", sample.slug, frames[0]


def halves() -> dict[str, list[tuple[str, str, DecodedFrame]]]:
    """The pictures, dealt into two halves, kind by kind."""
    rng = random.Random(SEED + 1)
    by_kind: dict[str, list[tuple[str, str, DecodedFrame]]] = defaultdict(list)
    for row in pictures():
        by_kind[row[0]].append(row)
    dealt: dict[str, list[tuple[str, str, DecodedFrame]]] = {"tune": [], "report": []}
    for rows in by_kind.values():
        rng.shuffle(rows)
        dealt["tune"] += rows[::2]
        dealt["report"] += rows[1::2]
    return dealt


def touched(text: Drawn, boxes: list[Any]) -> bool:
    """Whether proposals cover at least a quarter of the text's box."""
    inside = np.zeros((text.height, text.width), bool)
    for box in boxes:
        left, top = max(box.x - text.x, 0), max(box.y - text.y, 0)
        inside[top : max(box.y + box.height - text.y, 0), left : max(box.x + box.width - text.x, 0)] = True
    return bool(inside.mean() >= 0.25)


def texts(
    rows: list[tuple[str, str, DecodedFrame]], count: int, seed: int
) -> Iterator[tuple[str, tuple[int, int], DecodedFrame, Drawn]]:
    """``count`` readable texts, kinds of pictures and sizes in turn."""
    rng, files = random.Random(seed), fonts()
    by_kind: dict[str, list[DecodedFrame]] = defaultdict(list)
    for kind, _name, frame in rows:
        by_kind[kind].append(frame)
    kinds = sorted(by_kind)
    made = tried = 0
    while made < count and tried < 20 * count:
        kind, span = kinds[tried % len(kinds)], SIZES[(tried // len(kinds)) % len(SIZES)]
        tried += 1
        drawn = draw(rng.choice(by_kind[kind]), span, rng, files)
        if drawn is not None:
            made += 1
            yield kind, span, *drawn


def share(pairs: list[bool]) -> dict[str, Any]:
    return {"n": len(pairs), "share": round(sum(pairs) / max(len(pairs), 1), 4)}


def measure(half: str, count: int) -> dict[str, Any]:
    """All figures of one half."""
    rows = halves()[half]
    clean_by: dict[str, list[bool]] = defaultdict(list)
    proposed_names, spent = [], defaultdict(list)
    for kind, name, frame in rows:
        start = time.process_time()
        boxes = find_text(frame)
        spent[kind].append(time.process_time() - start)
        clean_by[kind].append(bool(boxes))
        if boxes:
            proposed_names.append(name)
    found: dict[str, list[bool]] = defaultdict(list)
    for kind, span, frame, text in texts(rows, count, SEED + (2 if half == "tune" else 3)):
        hit = touched(text, find_text(frame))
        for name in ("all", f"letters {span[0]}-{span[1] - 1} px", f"on {kind}", f"font {text.kind}"):
            found[name].append(hit)
    return {
        "half": half,
        "seed": SEED,
        "recall": {name: share(hits) for name, hits in sorted(found.items())},
        "clean_proposed": {
            "all": share([one for hits in clean_by.values() for one in hits]),
            **{kind: share(hits) for kind, hits in sorted(clean_by.items())},
        },
        "clean_proposed_names": sorted(proposed_names),
        "milliseconds": {
            kind: round(1000 * float(np.median(times)), 2) for kind, times in sorted(spent.items())
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=1200)
    parser.add_argument("--half", choices=("report", "tune"), default="report")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    print(json.dumps(measure(chosen.half, chosen.texts), indent=1))


if __name__ == "__main__":
    main()
