"""A table of all shapes with their measures, for spreadsheets and statistics."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from cases.exchange.layers import Layer, Losses, Picture, Written
from cases.geometry.measure import area, axes, degrees, perimeter
from cases.geometry.shapes import Shape

_COLUMNS = (
    "id", "picture", "author", "layer", "kind", "label", "code", "note", "attributes", "area_px2", "area_mm2",
    "perimeter_px", "perimeter_mm", "long_axis_mm", "short_axis_mm", "angle_degrees", "points",
)  # fmt: skip
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(layers: Sequence[Layer]) -> Written:
    """One row for each shape; pixels always, millimetres where the spacing is known."""
    losses = Losses()
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(_COLUMNS)
    for layer in layers:
        for shape in layer.shapes:
            if shape.kind == "mask":
                losses.add("Of masks only the rectangle around them is listed.")
            table.writerow([_safe(cell) for cell in _row(shape, layer, layer.pictures[shape.frame])])
    # Without the mark some spreadsheets take UTF-8 for something older.
    return Written(out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", ".csv", losses.told())


def _row(shape: Shape, layer: Layer, picture: Picture) -> list[object]:
    spacing = picture.spacing
    closed = shape.is_closed
    two = axes(shape, spacing) if shape.kind == "bidirectional" and spacing else None
    return [
        shape.id,
        picture.name,
        layer.author,
        "reference" if layer.reference else "reader",
        shape.kind,
        shape.label,
        shape.code,
        shape.note,
        json.dumps(dict(shape.attributes), ensure_ascii=False) if shape.attributes else "",
        _number(area(shape) if closed else None),
        _number(area(shape, spacing) if closed and spacing else None),
        _number(perimeter(shape)),
        _number(perimeter(shape, spacing) if spacing else None),
        _number(two[0] if two else None),
        _number(two[1] if two else None),
        _number(degrees(shape, spacing) if shape.kind in ("angle", "cobb") else None),
        json.dumps([[x, y] for x, y in shape.points]),
    ]


def _number(value: float | None) -> object:
    return "" if value is None else round(value, 4)


def _safe(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
