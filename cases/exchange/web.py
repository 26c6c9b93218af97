"""W3C Web Annotation as JSON-LD (https://www.w3.org/TR/annotation-model/), selectors as SVG or fragments."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from cases.exchange import codes
from cases.exchange.layers import (
    Layer,
    Losses,
    Picture,
    Read,
    Unreadable,
    Written,
    new_shape,
    place_of,
    plain,
    seal,
    taken,
    unsealed,
)
from cases.exchange.outlines import outlines_of
from cases.exchange.paths import line, number
from cases.geometry.schema import read_json
from cases.geometry.shapes import PLACES, ROUND, Shape

OWN = "medweb"
_CONTEXT = "http://www.w3.org/ns/anno.jsonld"
_MEDIA = "http://www.w3.org/TR/media-frags/"
_SVG = "http://www.w3.org/2000/svg"
_BOX = re.compile(r"xywh=(?:pixel:)?([\d.]+),([\d.]+),([\d.]+),([\d.]+)")
_PATH = re.compile(r"[MLZ]|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def write(layers: Sequence[Layer]) -> Written:
    """One annotation for each shape; masks and pairs of lines as paths.

    The key ``medweb`` keeps each shape as it is, so that reading it back here loses nothing.
    """
    losses = Losses()
    items = [_item(shape, layer, losses) for layer in layers for shape in layer.shapes]
    page = {"@context": _CONTEXT, "type": "AnnotationPage", "items": items}
    data = json.dumps(page, ensure_ascii=False).encode()
    return Written(data, "application/ld+json", ".annotations.jsonld", losses.told())


def _item(shape: Shape, layer: Layer, losses: Losses) -> dict[str, Any]:
    bodies = []
    if shape.is_turned:
        losses.add("Other programs see turned ellipses as outlines of 64 corners.")
    if shape.label:
        bodies.append({"type": "TextualBody", "purpose": "tagging", "value": shape.label})
    if address := codes.address_of(shape.code):
        bodies.append({"type": "SpecificResource", "purpose": "classifying", "source": address})
    if shape.note:
        bodies.append({"type": "TextualBody", "purpose": "describing", "value": shape.note})
    if shape.attributes:
        losses.add("Other programs do not show attributes.")
    selector = _selector(shape)
    return {
        "id": f"urn:uuid:{shape.id}",
        "type": "Annotation",
        "motivation": "assessing" if layer.reference else "identifying",
        "creator": {"type": "Person", "nickname": layer.author},
        "body": bodies,
        "target": {"source": f"{layer.pictures[shape.frame].name}.png", "selector": selector},
        OWN: seal(shape, selector["value"]),
    }


def _selector(shape: Shape) -> dict[str, str]:
    x0, y0, x1, y1 = shape.bounds
    if shape.kind == "box":
        value = f"xywh=pixel:{number(x0)},{number(y0)},{number(x1 - x0)},{number(y1 - y0)}"
        return {"type": "FragmentSelector", "conformsTo": _MEDIA, "value": value}
    return {"type": "SvgSelector", "value": f'<svg xmlns="{_SVG}">{_drawn(shape)}</svg>'}


def _drawn(shape: Shape) -> str:
    x0, y0, x1, y1 = shape.bounds
    if shape.kind in PLACES:
        return f'<circle cx="{number(x0)}" cy="{number(y0)}" r="0"/>'
    if shape.is_turned:
        return f'<polygon points="{_points(outlines_of(shape)[0])}"/>'
    if shape.kind in ROUND:
        centre = f'cx="{number((x0 + x1) / 2)}" cy="{number((y0 + y1) / 2)}"'
        return f'<ellipse {centre} rx="{number((x1 - x0) / 2)}" ry="{number((y1 - y0) / 2)}"/>'
    if shape.kind == "mask":
        return f'<path d="{"".join(line(ring) + "Z" for ring in outlines_of(shape))}"/>'
    if shape.is_closed:
        return f'<polygon points="{_points(shape.points)}"/>'
    if shape.kind in ("bidirectional", "cobb"):
        return f'<path d="{line(shape.points[:2])}{line(shape.points[2:])}"/>'
    return f'<polyline points="{_points(shape.points)}"/>'


def _points(points: Sequence[Sequence[float]]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)


def read(data: bytes, pictures: Sequence[Picture]) -> Read:
    """Read a page, a collection's page, a list or a single annotation onto the pictures of a series.

    Raises
    ------
    Unreadable
        It holds no Web Annotations, or speaks of none of these pictures.
    """
    whole = read_json(data)
    found = whole.get("items") or whole.get("first", {}).get("items") if isinstance(whole, dict) else whole
    if isinstance(whole, dict) and whole.get("type") == "Annotation":
        found = [whole]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unreadable("These are no Web Annotations: an AnnotationPage with items is needed.")
    losses, shapes, elsewhere = Losses(), [], 0
    for item in found:
        target = item.get("target")
        target = target[0] if isinstance(target, list) and target else target
        source = target.get("source") if isinstance(target, dict) else None
        place = place_of(source.get("id") if isinstance(source, dict) else source, pictures)
        if not isinstance(target, dict) or place is None:
            elsewhere += 1
            losses.add("Annotations on other pictures were left out.")
            continue
        shapes += _shapes(item, target, place, pictures[place], losses)
    if found and elsewhere == len(found):
        raise Unreadable(
            "None of the annotations belongs to this series. Name the pictures as the download does "
            f'("{pictures[0].name}.png").'
        )
    return Read(tuple(shapes), losses.told())


def _shapes(
    item: dict[str, Any], target: dict[str, Any], frame: int, picture: Picture, losses: Losses
) -> list[Shape]:
    selector = target.get("selector")
    selector = selector[0] if isinstance(selector, list) and selector else selector
    value = selector.get("value") if isinstance(selector, dict) else None
    if not isinstance(value, str):
        losses.add("Annotations of whole pictures were left out.")
        return []
    own = unsealed(item.get(OWN), value, frame, picture)
    if own is not None:
        return [own]
    label, note, code = _words(item.get("body"))
    where: dict[str, Any] = {"frame": frame, "picture": picture, "label": label, "note": note, "code": code}
    box = _BOX.fullmatch(value.removeprefix("#"))
    if box:
        x, y, width, height = (float(number) for number in box.groups())
        return taken(losses, lambda: new_shape("box", [(x, y), (x + width, y + height)], **where))
    try:
        tree = fromstring(value, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError):
        losses.add("Annotations with selectors other than SVG and pixel boxes were left out.")
        return []
    made = []
    for element in tree.iter():
        for kind, points in _figures(element, losses):
            made += taken(losses, lambda kind=kind, points=points: new_shape(kind, points, **where))  # type: ignore[misc]
    return made


def _words(body: object) -> tuple[str, str, str]:
    """Label, note and code of an annotation."""
    bodies = body if isinstance(body, list) else [body]
    label = note = code = ""
    for one in bodies:
        if isinstance(one, str):
            note = note or plain(one, lines=True)
        elif isinstance(one, dict) and one.get("purpose") in ("tagging", "classifying", "identifying"):
            label = label or plain(one.get("value"))
            code = code or codes.from_address(one.get("source") or one.get("id"))
        elif isinstance(one, dict):
            note = note or plain(one.get("value"), lines=True)
    return label, note, code


def _figures(element: ET.Element, losses: Losses) -> list[tuple[str, list[tuple[float, float]]]]:
    name = element.tag.rsplit("}", 1)[-1]
    try:
        return _figure(name, element)
    except ValueError:
        losses.add("Figures whose numbers could not be read were left out.")
        return []


def _figure(name: str, element: ET.Element) -> list[tuple[str, list[tuple[float, float]]]]:
    def number(key: str) -> float:
        return float(element.get(key) or 0)

    if name == "rect":
        x, y = number("x"), number("y")
        return [("box", [(x, y), (x + number("width"), y + number("height"))])]
    if name in ("circle", "ellipse"):
        x, y = number("cx"), number("cy")
        rx, ry = (number("r"), number("r")) if name == "circle" else (number("rx"), number("ry"))
        if rx == 0 and ry == 0:
            return [("point", [(x, y)])]
        return [("ellipse", [(x - rx, y - ry), (x + rx, y + ry)])]
    if name == "line":
        return [("polyline", [(number("x1"), number("y1")), (number("x2"), number("y2"))])]
    if name in ("polygon", "polyline"):
        numbers = [float(one) for one in re.split(r"[\s,]+", (element.get("points") or "").strip()) if one]
        return [(name, list(zip(numbers[0::2], numbers[1::2], strict=True)))]
    return _paths(element.get("d") or "") if name == "path" else []


def _paths(text: str) -> list[tuple[str, list[tuple[float, float]]]]:
    """Straight absolute paths only; a curve is an error."""
    if _PATH.sub("", text).replace(",", "").strip():
        raise ValueError("only M, L and Z are read")
    found: list[tuple[str, list[tuple[float, float]]]] = []
    for part in re.findall(r"M[^M]*", text):
        numbers = [float(one) for one in _PATH.findall(part) if one not in "MLZ"]
        kind = "polygon" if part.rstrip().endswith("Z") else "polyline"
        found.append((kind, list(zip(numbers[0::2], numbers[1::2], strict=True))))
    return found
