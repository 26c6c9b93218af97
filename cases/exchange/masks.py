"""Label maps: a PNG for each picture, every pixel the number of its label."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from cases.exchange import archives
from cases.exchange.layers import (
    UNLABELLED,
    Layer,
    Losses,
    Picture,
    Read,
    Unreadable,
    Written,
    label_of,
    labels_of,
    new_shape,
    place_of,
    taken,
    tell_words_lost,
)
from cases.exchange.outlines import mask_values
from cases.geometry.rasterise import mask
from cases.geometry.schema import read_json
from cases.geometry.shapes import Shape

NAMES = "labels.json"
LabelMap = NDArray[np.uint8]


def label_maps(layers: Sequence[Layer], losses: Losses) -> tuple[list[str], dict[tuple[str, int], LabelMap]]:
    """Names of the labels, from 1 on, and a map for every picture with a closed shape, by name and place."""
    names = labels_of(layers)
    if len(names) > 255:
        raise Unreadable("More than 255 labels do not fit into label maps. Choose another format.")
    maps: dict[tuple[str, int], LabelMap] = {}
    for layer in layers:
        for shape in layer.shapes:
            if not shape.is_closed:
                losses.add("Points, lines, arrows and angles were left out: masks know areas only.")
                continue
            picture = layer.pictures[shape.frame]
            found = maps.setdefault((picture.name, shape.frame), _empty(picture))
            inside = mask(shape, picture.rows, picture.columns)
            number = names.index(shape.label or UNLABELLED) + 1
            covered = found[inside]
            if (covered == number).any():
                losses.add("Shapes of one label that touch or overlap became one region.")
            if ((covered != 0) & (covered != number)).any():
                losses.add("Where shapes of different labels overlap, the later one remains.")
            found[inside] = number
    return names, maps


def _empty(picture: Picture) -> LabelMap:
    return np.zeros((picture.rows, picture.columns), np.uint8)


def write(layers: Sequence[Layer]) -> Written:
    """A ZIP of label maps as 8-bit grey PNG, and ``labels.json`` with the names of the numbers."""
    losses = Losses()
    names, maps = label_maps(layers, losses)
    members = {NAMES: json.dumps(dict(enumerate(names, 1)), ensure_ascii=False).encode()}
    for (name, _place), found in sorted(maps.items()):
        out = io.BytesIO()
        Image.fromarray(found).save(out, "PNG", optimize=False)
        members[f"{name}.png"] = out.getvalue()
    for layer in layers:
        for shape in layer.shapes:
            tell_words_lost(losses, shape)
    return Written(archives.packed(members), "application/zip", ".masks.zip", losses.told())


def read(data: bytes, pictures: Sequence[Picture]) -> Read:
    """Label maps, alone or in a ZIP, become one mask for each label of each picture.

    Raises
    ------
    Unreadable
        There is no PNG, or none that belongs to these pictures.
    """
    losses, shapes, names, own = Losses(), [], {}, 0
    found = list(archives.members(data, (".png", NAMES)))
    for name, content in found:
        if name.rsplit("/", 1)[-1] == NAMES:
            names = _names(content)
    for name, content in found:
        if name.rsplit("/", 1)[-1] == NAMES:
            continue
        place = place_of(name, pictures)
        if place is None:
            losses.add("Masks of other pictures were left out.")
            continue
        own += 1
        shapes += _shapes(_opened(content, pictures[place], losses), place, pictures[place], names, losses)
    if not own:
        raise Unreadable(
            "There is no PNG that belongs to this series. Name it as the download does "
            f'("{pictures[0].name}.png").'
        )
    return Read(tuple(shapes), losses.told())


def _names(content: bytes) -> dict[int, str]:
    given = read_json(content)
    if not isinstance(given, dict):
        raise Unreadable("labels.json must be an object of numbers and names.")
    return {int(key): label_of(name) for key, name in given.items() if key.isascii() and key.isdecimal()}


def _opened(content: bytes, picture: Picture, losses: Losses) -> LabelMap | None:
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if (image.height, image.width) != (picture.rows, picture.columns):
                losses.add("Masks of another size than their picture were left out.")
                return None
            if image.mode not in ("L", "P", "1"):
                losses.add("Masks with more than one value for a pixel were left out.")
                return None
            return np.asarray(image.convert("L") if image.mode == "1" else image).astype(np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        losses.add("Damaged PNG files were left out.")
        return None


def _shapes(
    found: LabelMap | None, place: int, picture: Picture, names: dict[int, str], losses: Losses
) -> list[Shape]:
    if found is None:
        return []
    made: list[Shape] = []
    for number in np.unique(found[found > 0]):
        values: dict[str, Any] = mask_values(found == number)
        label = names.get(int(number), "" if names or number in (1, 255) else f"label {number}")
        made += taken(
            losses,
            lambda values=values, label=label: new_shape(  # type: ignore[misc]
                "mask", **values, frame=place, picture=picture, label=label
            ),
        )
    return made
