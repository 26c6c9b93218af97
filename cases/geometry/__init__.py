"""Shapes on images: what they are, which are accepted, what they cover and how much two of them agree.

Pure functions and frozen values. Coordinates are pixels, ``(x, y)``, with ``(0, 0)`` at the top-left corner
of the top-left pixel; arrays are ``(rows, columns)``; spacing is ``(between rows, between columns)`` in
millimetres, as DICOM's Pixel Spacing (0028,0030) has it.
"""

from cases.geometry.errors import GeometryError
from cases.geometry.measure import area, axes, degrees, length, perimeter
from cases.geometry.overlap import dice, hausdorff95, iou
from cases.geometry.rasterise import mask
from cases.geometry.schema import parse_shapes, read_json, to_payload
from cases.geometry.shapes import KINDS, Kind, Shape

__all__ = [
    "KINDS",
    "GeometryError",
    "Kind",
    "Shape",
    "area",
    "axes",
    "degrees",
    "dice",
    "hausdorff95",
    "iou",
    "length",
    "mask",
    "parse_shapes",
    "perimeter",
    "read_json",
    "to_payload",
]
