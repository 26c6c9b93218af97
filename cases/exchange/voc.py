"""Pascal VOC: one XML for each picture (Everingham et al., 2010, doi:10.1007/s11263-009-0275-4).

VOC counts pixels from 1 and means whole pixels: a box from 1 to 1 is one pixel wide.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

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
    new_shape,
    place_of,
    plain,
    taken,
    tell_words_lost,
)
from cases.geometry.shapes import PLACES, Shape

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def write(layers: Sequence[Layer]) -> Written:
    """Bounding boxes of all closed shapes, in a ZIP of one XML for each picture that has any."""
    losses = Losses()
    trees: dict[str, Element] = {}
    for layer in layers:
        for shape in layer.shapes:
            if not shape.is_closed and shape.kind not in PLACES:
                losses.add("Lines, arrows and angles were left out: VOC knows boxes only.")
                continue
            if shape.kind != "box":
                losses.add("Outlines, masks and points became their bounding boxes.")
            elif any(value != round(value) for value in shape.bounds):
                losses.add("Boxes were widened to whole pixels.")
            tell_words_lost(losses, shape)
            picture = layer.pictures[shape.frame]
            tree = trees.setdefault(picture.name, _tree(picture))
            _add(tree, shape, picture)
    members = {f"{name}.xml": ET.tostring(tree, "utf-8") for name, tree in sorted(trees.items())}
    return Written(archives.packed(members), "application/zip", ".voc.zip", losses.told())


def _tree(picture: Picture) -> Element:
    tree = Element("annotation")
    SubElement(tree, "filename").text = f"{picture.name}.png"
    size = SubElement(tree, "size")
    for name, value in (("width", picture.columns), ("height", picture.rows), ("depth", 1)):
        SubElement(size, name).text = str(value)
    SubElement(tree, "segmented").text = "0"
    return tree


def _add(tree: Element, shape: Shape, picture: Picture) -> None:
    item = SubElement(tree, "object")
    # XML has no room for some letters that JSON has.
    SubElement(item, "name").text = plain(shape.label) or UNLABELLED
    for name, value in (("pose", "Unspecified"), ("truncated", "0"), ("difficult", "0")):
        SubElement(item, name).text = value
    x0, y0, x1, y1 = shape.bounds
    first = [min(math.floor(x0), picture.columns - 1) + 1, min(math.floor(y0), picture.rows - 1) + 1]
    last = [max(math.ceil(x1), first[0]), max(math.ceil(y1), first[1])]
    box = SubElement(item, "bndbox")
    for name, number in zip(_CORNERS, first + last, strict=True):
        SubElement(box, name).text = str(number)


def read(data: bytes, pictures: Sequence[Picture]) -> Read:
    """Boxes of one XML, or of a ZIP of many, onto the pictures of a series.

    Raises
    ------
    Unreadable
        There is no VOC XML, or it speaks of none of these pictures.
    """
    losses, shapes = Losses(), []
    seen: defaultdict[bool, int] = defaultdict(int)
    for name, content in archives.members(data, (".xml",)):
        tree = _parsed(content)
        place = place_of(tree.findtext("filename"), pictures)
        place = place_of(name, pictures) if place is None else place
        seen[place is not None] += 1
        if place is None:
            losses.add("Files on pictures of other series were left out.")
            continue
        size = tree.findtext("size/height"), tree.findtext("size/width")
        if all(size) and size != (str(pictures[place].rows), str(pictures[place].columns)):
            losses.add("Files on pictures of another size were left out.")
            continue
        for item in tree.iterfind("object"):
            shapes += _boxes(item, place, pictures[place], losses)
    if not seen[True]:
        what = "speak of none of the pictures of this series" if seen[False] else "are not there"
        raise Unreadable(
            f'The XML files of Pascal VOC {what}. Name them as the download does ("{pictures[0].name}.xml").'
        )
    return Read(tuple(shapes), losses.told())


def _parsed(content: bytes) -> Element:
    try:
        tree = fromstring(content, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Unreadable("A file is no valid XML, or has a document type, which is not read.") from error
    if tree.tag != "annotation":
        raise Unreadable('This XML is not of Pascal VOC: its first element is not "annotation".')
    return tree


def _boxes(item: Element, place: int, picture: Picture, losses: Losses) -> list[Shape]:
    def make() -> Shape:
        x0, y0, x1, y1 = (float(item.findtext(f"bndbox/{name}") or "") for name in _CORNERS)
        label = label_of(item.findtext("name"))
        return new_shape("box", [(x0 - 1, y0 - 1), (x1, y1)], frame=place, picture=picture, label=label)

    return taken(losses, make)
