"""DICOM Segmentation (PS3.3 A.51): areas as masks on the images they were drawn on, one segment a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.sr.coding import Code

from cases.exchange import dicom
from cases.exchange.layers import UNLABELLED, Layer, Losses, Picture, Unreadable, Written
from cases.geometry.rasterise import mask
from cases.geometry.shapes import Shape

# Neither a tissue nor an organ nor a lesion is known of a label: the widest word of CID 7150.
_CATEGORY = Code("309825002", "SCT", "Spatial and Relational Concept")
MOST_BYTES = 1 << 28
Masks = dict[int, NDArray[np.bool_]]
Named = tuple[str, str]
"""What a segment shows: label and code."""


def losses(layers: Sequence[Layer]) -> tuple[str, ...]:
    """What the format leaves out of `layers`, without writing it.

    Raises
    ------
    Unreadable
        The pictures cannot carry a segmentation.
    """
    told = Losses()
    _masks(layers, told)
    return told.told()


def write(layers: Sequence[Layer]) -> Written:
    """One object with a segment for each label; segments may overlap.

    Raises
    ------
    Unreadable
        The pictures cannot carry a segmentation.
    """
    from highdicom.seg import Segmentation, SegmentDescription

    told = Losses()
    names, masks = _masks(layers, told)
    pictures = layers[0].pictures
    places = sorted(masks)
    with dicom.headers_suffice():
        sources = {pictures[place].source for place in places}
        headers = [dicom.header_of(layers, pictures[place].source) for place in places]
        if int(headers[0].get("NumberOfFrames") or 1) > 1:
            if len(sources) > 1:
                raise Unreadable(
                    "The drawings lie on several files of many frames, and one segmentation holds one only."
                )
            frames = int(headers[0].NumberOfFrames)
            if frames * masks[places[0]].size > MOST_BYTES:
                raise _too_many()
            pixels = np.zeros((frames, *masks[places[0]].shape), np.uint8)
            for place in places:
                pixels[pictures[place].number] = masks[place]
            headers = headers[:1]
        else:
            pixels = np.stack([masks[place] for place in places]).astype(np.uint8)
        made: Any = Segmentation(
            source_images=headers,
            pixel_array=pixels,
            segmentation_type="BINARY",
            segment_descriptions=[
                SegmentDescription(
                    segment_number=number,
                    segment_label=dicom.text(name),
                    segmented_property_category=_CATEGORY,
                    segmented_property_type=dicom.code_of(name, code),
                    algorithm_type="MANUAL",
                    tracking_uid=dicom.new_uid(),
                    tracking_id=dicom.text(name),
                )
                for number, (name, code) in enumerate(names, 1)
            ],
            series_instance_uid=dicom.new_uid(),
            series_number=9001,
            sop_instance_uid=dicom.new_uid(),
            instance_number=1,
            manufacturer=dicom.MAKER,
            manufacturer_model_name=dicom.MAKER,
            software_versions=dicom.EDITION,
            device_serial_number=dicom.MAKER,
            content_label="DRAWINGS",
            content_description="Areas drawn by readers",
            series_description="Drawings",
            specific_character_set="ISO_IR 192",
        )
        # Type 2 of PS3.3 C.8.20.2, left out by the library: nobody is named.
        made.ContentCreatorName = None
        return Written(dicom.saved(made), dicom.CONTENT_TYPE, ".seg.dcm", told.told())


def _masks(layers: Sequence[Layer], told: Losses) -> tuple[list[Named], Masks]:
    """Names of the segments, and ``(rows, columns, segments)`` of every picture with one of them."""
    pictures = dicom.sources_hold(layers)
    closed = [shape for layer in layers for shape in layer.shapes if shape.is_closed]
    if not closed:
        raise Unreadable("A segmentation holds areas, and no area is drawn here.")
    names = sorted({_name_of(shape) for shape in closed})
    places = {shape.frame for shape in closed}
    _drawable([pictures[place] for place in places], len(names))
    for layer in layers:
        for shape in layer.shapes:
            if not shape.is_closed:
                told.add("Points, lines, arrows and angles were left out: segmentations know areas only.")
            elif shape.note or shape.attributes:
                told.add("Notes and attributes were left out.")
    found: Masks = {}
    for shape in closed:
        picture = pictures[shape.frame]
        here = found.setdefault(shape.frame, np.zeros((picture.rows, picture.columns, len(names)), bool))
        segment = here[:, :, names.index(_name_of(shape))]
        inside = mask(shape, picture.rows, picture.columns)
        if (segment & inside).any():
            told.add("Shapes of one label that overlap became one region.")
        segment |= inside
    return names, {place: masks for place, masks in found.items() if masks.any()}


def _name_of(shape: Shape) -> Named:
    return shape.label or UNLABELLED, shape.code


def _drawable(pictures: Sequence[Picture], segments: int) -> None:
    if any(not (one.position and one.orientation and one.spacing) for one in pictures):
        raise Unreadable("The files do not say where these images lie in the patient; a segmentation must.")
    first = pictures[0]
    if any((one.rows, one.columns) != (first.rows, first.columns) for one in pictures):
        raise Unreadable("The images differ in size, and a segmentation knows one size only.")
    if len(pictures) * first.rows * first.columns * segments > MOST_BYTES:
        raise _too_many()


def _too_many() -> Unreadable:
    return Unreadable("These drawings are too many for one segmentation. Download single layers.")
