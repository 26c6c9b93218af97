"""COCO object detection JSON (Lin et al., 2014, doi:10.1007/978-3-319-10602-1_48; https://cocodataset.org)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cases.exchange import codes
from cases.exchange.layers import (
    UNLABELLED,
    Layer,
    Losses,
    Picture,
    Read,
    Unreadable,
    Written,
    label_of,
    new_shape,
    place_of,
    seal,
    taken,
    unsealed,
)
from cases.exchange.outlines import column_runs, from_column_runs, mask_values, outlines_of
from cases.geometry.measure import area
from cases.geometry.schema import read_json
from cases.geometry.shapes import PLACES, ROUND, Shape

OWN = "medweb"
"""Key of what this program adds to an annotation: the shape as it is, under a seal."""
_STANDARD = ("bbox", "segmentation", "category_id", "image_id")


def write(layers: Sequence[Layer]) -> Written:
    """Write layers as one COCO data set.

    Ellipses become outlines and open shapes their bounding boxes; the key ``medweb`` keeps each as it is, so
    that reading it back here loses nothing.
    """
    losses = Losses()
    names = sorted({_name_of(shape) for layer in layers for shape in layer.shapes})
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for layer in layers:
        first = len(images) + 1
        images += [
            {"id": first + place, "file_name": f"{one.name}.png", "width": one.columns, "height": one.rows}
            for place, one in enumerate(layer.pictures)
        ]
        for shape in layer.shapes:
            item = _item(shape, layer.pictures[shape.frame], losses)
            item |= {"id": len(annotations) + 1, "image_id": first + shape.frame, "iscrowd": 0}
            item["category_id"] = names.index(_name_of(shape)) + 1
            item["attributes"] = {
                **dict(shape.attributes),
                "layer": "reference" if layer.reference else "reader",
            }
            item[OWN] = seal(shape, [item[key] for key in _STANDARD[:2]])
            annotations.append(item)
    whole = {
        "info": {"description": "Drawings from MedWeb", "version": "1"},
        "images": _without_doubles(images, annotations),
        "annotations": annotations,
        "categories": [
            {"id": n, "name": name, "supercategory": "", **({"code": code} if code else {})}
            for n, (name, code) in enumerate(names, 1)
        ],
    }
    return Written(
        json.dumps(whole, ensure_ascii=False).encode(), "application/json", ".coco.json", losses.told()
    )


def _name_of(shape: Shape) -> tuple[str, str]:
    return shape.label or UNLABELLED, shape.code


def _without_doubles(images: list[dict[str, Any]], annotations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two layers of one series speak of the same pictures."""
    kept: dict[str, dict[str, Any]] = {}
    same: dict[int, int] = {}
    for image in images:
        same[image["id"]] = kept.setdefault(image["file_name"], image)["id"]
    for item in annotations:
        item["image_id"] = same[item["image_id"]]
    return list(kept.values())


def _item(shape: Shape, picture: Picture, losses: Losses) -> dict[str, Any]:
    x0, y0, x1, y1 = shape.bounds
    item: dict[str, Any] = {"bbox": [x0, y0, x1 - x0, y1 - y0], "segmentation": [], "area": 0.0}
    if shape.is_closed:
        item["area"] = area(shape)
        if shape.kind == "mask":
            runs = column_runs(shape, picture.rows, picture.columns)
            item["segmentation"] = {"size": [picture.rows, picture.columns], "counts": runs}
        else:
            item["segmentation"] = [[n for point in ring for n in point] for ring in outlines_of(shape)]
        if shape.kind in ROUND:
            losses.add("Other programs see ellipses and circles as outlines of 64 corners.")
    elif shape.kind in PLACES:
        item |= {"keypoints": [x0, y0, 2], "num_keypoints": 1}
    else:
        losses.add("Other programs see lines, arrows and angles as their bounding boxes.")
    if shape.note:
        losses.add("Other programs do not show notes.")
    return item


def read(data: bytes, pictures: Sequence[Picture]) -> Read:
    """Read a COCO data set onto the pictures of a series.

    Raises
    ------
    Unreadable
        It is no COCO JSON, or speaks of none of these pictures.
    """
    whole = read_json(data)
    if not isinstance(whole, dict) or not all(
        isinstance(whole.get(k), list) for k in ("images", "annotations")
    ):
        raise Unreadable('This is not COCO JSON: it needs the lists "images" and "annotations".')
    losses = Losses()
    places = _places(whole["images"], pictures, losses)
    if whole["images"] and not places:
        raise Unreadable(
            "None of the pictures in this file belongs to this series. Name them as the download does "
            f'("{pictures[0].name}.png"), or choose the series they were drawn on.'
        )
    names = {
        one.get("id"): (label_of(one.get("name")), codes.checked(one.get("code")))
        for one in whole.get("categories") or []
        if isinstance(one, dict) and isinstance(one.get("id"), int)
    }
    shapes: list[Shape] = []
    for item in whole["annotations"]:
        if not isinstance(item, dict) or not isinstance(item.get("image_id"), int):
            losses.add("Annotations without a picture were left out.")
        elif item["image_id"] not in places:
            losses.add("Annotations on pictures of other series were left out.")
        else:
            frame = places[item["image_id"]]
            category = item.get("category_id")
            named = names.get(category, ("", "")) if isinstance(category, int) else ("", "")
            shapes += _shapes(item, frame, pictures[frame], named, losses)
    return Read(tuple(shapes), losses.told())


def _places(images: list[Any], pictures: Sequence[Picture], losses: Losses) -> dict[int, int]:
    found: dict[int, int] = {}
    for image in images:
        if not isinstance(image, dict) or not isinstance(image.get("id"), int):
            continue
        place = place_of(image.get("file_name"), pictures) if len(images) > 1 or len(pictures) > 1 else 0
        if place is None:
            continue
        if (image.get("height"), image.get("width")) != (pictures[place].rows, pictures[place].columns):
            losses.add("Pictures of another size than those of this series were left out.")
            continue
        found[image["id"]] = place
    return found


def _shapes(
    item: dict[str, Any], frame: int, picture: Picture, named: tuple[str, str], losses: Losses
) -> list[Shape]:
    standard = [item.get(key, []) for key in _STANDARD[:2]]
    own = unsealed(item.get(OWN), standard, frame, picture)
    if own is not None:
        return [own]
    box, found = standard
    where: dict[str, Any] = {"frame": frame, "picture": picture, "label": named[0], "code": named[1]}
    if isinstance(found, dict):
        return taken(losses, lambda: new_shape("mask", **_mask(found, picture), **where))
    if isinstance(found, list) and found:
        return [
            shape
            for ring in found
            for shape in taken(losses, lambda ring=ring: new_shape("polygon", _pairs(ring), **where))  # type: ignore[misc]
        ]
    points = item.get("keypoints")
    if isinstance(points, list) and len(points) == 3:
        return taken(losses, lambda: new_shape("point", [points[:2]], **where))
    return taken(losses, lambda: new_shape("box", _corners(box), **where))


def _mask(found: dict[str, Any], picture: Picture) -> dict[str, Any]:
    counts = found.get("counts")
    if not isinstance(counts, list) or found.get("size") != [picture.rows, picture.columns]:
        raise ValueError("only runs as numbers, of the size of the picture, can be read")
    return mask_values(from_column_runs(counts, picture.rows, picture.columns))


def _pairs(ring: object) -> list[tuple[float, float]]:
    if not isinstance(ring, list) or len(ring) % 2:
        raise ValueError("an outline is a list of x and y")
    return list(zip(ring[0::2], ring[1::2], strict=True))


def _corners(box: object) -> list[tuple[float, float]]:
    if not isinstance(box, list) or len(box) != 4:
        raise ValueError("a bounding box has four numbers")
    x, y, width, height = box
    return [(x, y), (x + width, y + height)]
