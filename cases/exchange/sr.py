"""DICOM Structured Report after TID 1500: every shape where it lies, with what was measured of it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from cases.exchange import dicom
from cases.exchange.layers import Layer, Losses, Picture, Unreadable, Written
from cases.exchange.outlines import outlines_of
from cases.geometry.measure import area, axes, degrees, perimeter
from cases.geometry.shapes import ROUND, Shape

_READER_UID: Final = f"2.25.{uuid.UUID('6c1f4b7e-7f3b-5f3c-9a55-6a0a4b0d2a11').int}"
_PROCEDURE: Final = Code("363679005", "SCT", "Imaging")
_AREA: Final = Code("42798000", "SCT", "Area")
_LENGTH: Final = Code("410668003", "SCT", "Length")
_LONG: Final = Code("103339001", "SCT", "Long axis")
_SHORT: Final = Code("103340004", "SCT", "Short axis")
_ANGLE: Final = Code("1483009", "SCT", "Angle")
_COBB: Final = Code("285285000", "SCT", "Cobb angle")
_MM: Final = Code("mm", "UCUM", "millimeter")
_MM2: Final = Code("mm2", "UCUM", "square millimeter")
_DEGREES: Final = Code("deg", "UCUM", "degree")
MOST_SHAPES: Final = 2_000
_LINES: Final = frozenset({"length", "polyline", "bidirectional", "angle", "cobb"})
_WORDLESS: Final = frozenset({"text", "arrow"})


def losses(layers: Sequence[Layer]) -> tuple[str, ...]:
    """What the format leaves out of `layers`, without writing it.

    Raises
    ------
    Unreadable
        The pictures cannot carry a report.
    """
    told = Losses()
    _told_of(layers, told)
    return told.told()


def write(layers: Sequence[Layer]) -> Written:
    """A Comprehensive SR with a Measurement Report: regions with areas, lines with lengths and angles.

    Raises
    ------
    Unreadable
        The pictures cannot carry a report.
    """
    from highdicom.sr import (
        ComprehensiveSR,
        DeviceObserverIdentifyingAttributes,
        MeasurementReport,
        ObservationContext,
        ObserverContext,
    )
    from pydicom.sr.codedict import codes

    told = Losses()
    drawn = _told_of(layers, told)
    with dicom.headers_suffice():
        headers: dict[str, Dataset] = {}
        groups = []
        for shape, picture in drawn:
            if picture.source not in headers:
                headers[picture.source] = dicom.header_of(layers, picture.source)
            groups += _groups(shape, picture, headers[picture.source])
        reader = DeviceObserverIdentifyingAttributes(
            uid=_READER_UID, name="MedWeb reader", manufacturer_name=dicom.MAKER, model_name=dicom.MAKER
        )
        report = MeasurementReport(
            observation_context=ObservationContext(
                observer_device_context=ObserverContext(codes.DCM.Device, reader)
            ),
            procedure_reported=_PROCEDURE,
            imaging_measurements=groups,
        )
        made: Any = ComprehensiveSR(
            evidence=list(headers.values()),
            content=report[0],
            series_instance_uid=dicom.new_uid(),
            series_number=9002,
            sop_instance_uid=dicom.new_uid(),
            instance_number=1,
            manufacturer=dicom.MAKER,
            series_description="Measurements",
            specific_character_set="ISO_IR 192",
        )
        return Written(dicom.saved(made), dicom.CONTENT_TYPE, ".sr.dcm", told.told())


def _told_of(layers: Sequence[Layer], told: Losses) -> list[tuple[Shape, Picture]]:
    """What goes into the report."""
    pictures = dicom.sources_hold(layers)
    found = []
    for layer in layers:
        for shape in layer.shapes:
            picture = pictures[shape.frame]
            if shape.kind in _WORDLESS:
                told.add("Texts and arrows were left out: reports know what can be measured.")
                continue
            if picture.spacing is None and shape.kind in _LINES - {"angle", "cobb"}:
                told.add("Lengths were left out: the files do not say how large a pixel is.")
                continue
            if picture.spacing is None and shape.is_closed:
                told.add("Areas have no size: the files do not say how large a pixel is.")
            if shape.kind == "mask":
                told.add("Of masks the outlines were written, each part as a region of its own.")
            if shape.note or shape.attributes:
                told.add("Notes and attributes were left out.")
            found.append((shape, picture))
    if not found:
        raise Unreadable("A report holds measurements, and nothing that can be measured is drawn here.")
    if len(found) > MOST_SHAPES:
        raise Unreadable(f"A report holds {MOST_SHAPES} shapes at most. Download single layers.")
    return found


def _groups(shape: Shape, picture: Picture, header: Dataset) -> list[Any]:
    """Measurement groups of one shape: one, or one for each part of a mask."""
    from highdicom.sr import (
        CoordinatesForMeasurement,
        ImageRegion,
        Measurement,
        MeasurementsAndQualitativeEvaluations,
        PlanarROIMeasurementsAndQualitativeEvaluations,
        SourceImageForRegion,
        TrackingIdentifier,
    )

    many = int(header.get("NumberOfFrames") or 1) > 1
    image = SourceImageForRegion(
        header.SOPClassUID, header.SOPInstanceUID, [picture.number + 1] if many else None
    )
    label = dicom.code_of(shape.label, shape.code)
    if shape.kind in _LINES:
        measured = [
            Measurement(
                name=name,
                value=round(value, 6),
                unit=unit,
                referenced_coordinates=[
                    CoordinatesForMeasurement("POLYLINE", _array(line), image) for line in lines
                ],
            )
            for name, value, unit, lines in _measures(shape, picture)
        ]
        tracking = TrackingIdentifier(dicom.uid_of_shape(shape.id), shape.id)
        return [MeasurementsAndQualitativeEvaluations(tracking, finding_type=label, measurements=measured)]
    groups = []
    for part, (graphic, points, size) in enumerate(_regions(shape, picture)):
        # Parts of a mask are told apart: one tracking UID names one region on an image.
        own = shape.id if part == 0 else str(uuid.uuid5(uuid.UUID(shape.id), str(part)))
        sizes = [] if size is None else [Measurement(name=_AREA, value=round(size, 6), unit=_MM2)]
        groups.append(
            PlanarROIMeasurementsAndQualitativeEvaluations(
                TrackingIdentifier(dicom.uid_of_shape(own), own),
                referenced_region=ImageRegion(graphic, points, image),
                finding_type=label,
                measurements=sizes or None,
            )
        )
    return groups


def _array(points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    return np.array(points, float)


def _measures(
    shape: Shape, picture: Picture
) -> list[tuple[Code, float, Code, list[Sequence[tuple[float, float]]]]]:
    """Name, value, unit and lines of what is measured along lines."""
    points, spacing = shape.points, picture.spacing
    if shape.kind == "angle":
        return [(_ANGLE, degrees(shape, spacing), _DEGREES, [points])]
    if shape.kind == "cobb":
        return [(_COBB, degrees(shape, spacing), _DEGREES, [points[:2], points[2:]])]
    if shape.kind == "bidirectional":
        long, short = axes(shape, spacing)
        first = perimeter(replace(shape, kind="length", points=points[:2]), spacing)
        # The axis drawn first may be the shorter one.
        lines = [points[:2], points[2:]] if first >= long - 1e-9 else [points[2:], points[:2]]
        return [(_LONG, long, _MM, [lines[0]]), (_SHORT, short, _MM, [lines[1]])]
    return [(_LENGTH, perimeter(shape, spacing), _MM, [points])]


def _regions(shape: Shape, picture: Picture) -> list[tuple[str, NDArray[np.float64], float | None]]:
    """Graphic type, coordinates and square millimetres of each region of a shape."""
    spacing = picture.spacing
    if not shape.is_closed:
        return [("POINT", _array(shape.points), None)]
    size = area(shape, spacing) if spacing else None
    if shape.kind in ROUND:
        (x, y), (ux, uy), (vx, vy) = shape.half_axes
        across, down = [(x - ux, y - uy), (x + ux, y + uy)], [(x - vx, y - vy), (x + vx, y + vy)]
        # Ends of the longer axis come first (PS3.3 C.10.5.1.2).
        first = math.hypot(ux, uy) >= math.hypot(vx, vy)
        return [("ELLIPSE", _array(across + down if first else down + across), size)]
    found = []
    for ring in outlines_of(shape):
        if shape.kind == "mask":
            one = replace(shape, kind="polygon", points=ring, counts=())
            size = area(one, spacing) if spacing else None
        found.append(("POLYLINE", _array([*ring, ring[0]]), size))
    return found
