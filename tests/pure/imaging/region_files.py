"""Hand-made RT structure sets and segmentations with known truth."""

from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from cases.imaging.regions import RT_STRUCTURES, SEGMENTATION

from .build import PLANTED, item, sequence, to_file

AXIAL = [1, 0, 0, 0, 1, 0]


def _object(sop_class: str, uid: str, modality: str) -> Dataset:
    return item(
        SOPClassUID=sop_class, SOPInstanceUID=uid, StudyInstanceUID="1.2.3", SeriesInstanceUID=uid + ".1",
        FrameOfReferenceUID="1.2.3.9", Modality=modality, PatientName=f"{PLANTED}^Ann",
        PatientID="ID-4711-77", PatientBirthDate="19610102", ReviewerName="Ozbrygcz^Bea",
    )  # fmt: skip


def contour(
    places: Any, image: str | None = "1.2.3.4.5", kind: str = "CLOSED_PLANAR", frame: int = 0
) -> Dataset:
    """One contour; places are ``(x, y, z)`` in millimetres."""
    ds = item(ContourGeometricType=kind, NumberOfContourPoints=len(places))
    ds.ContourData = [f"{value:.6g}" for place in places for value in place]
    if image:
        reference = item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID=image)
        if frame:
            reference.ReferencedFrameNumber = frame
        ds.ContourImageSequence = sequence(reference)
    return ds


def structures(rois: dict[str, list[Dataset]], *, series: str | None = "1.2.3.4") -> bytes:
    """A structure set: contours by name of the region."""
    ds = _object(RT_STRUCTURES, "1.2.3.77", "RTSTRUCT")
    named, drawn = [], []
    for number, (name, contours) in enumerate(rois.items(), start=1):
        named.append(item(ROINumber=number, ROIName=name, ReferencedFrameOfReferenceUID="1.2.3.9"))
        drawn.append(item(ReferencedROINumber=number, ContourSequence=Sequence(contours)))
    ds.StructureSetROISequence, ds.ROIContourSequence = Sequence(named), Sequence(drawn)
    if series:
        study = item(RTReferencedSeriesSequence=sequence(item(SeriesInstanceUID=series)))
        ds.ReferencedFrameOfReferenceSequence = sequence(
            item(FrameOfReferenceUID="1.2.3.9", RTReferencedStudySequence=sequence(study))
        )
    return to_file(ds)


def segmentation(
    masks: list[np.ndarray], segments: list[int], images: list[str], names: dict[int, str], **attributes: Any
) -> bytes:
    """A binary segmentation: frame n shows segment n on image n, 2 mm apart, pixels of 0.5 x 0.25 mm."""
    ds = _object(attributes.pop("sop_class", SEGMENTATION), "1.2.3.88", "SEG")
    stack = np.stack(masks)
    ds.NumberOfFrames, ds.Rows, ds.Columns = stack.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.SegmentationType = attributes.pop("kind", "BINARY")
    bits = 1 if ds.SegmentationType == "BINARY" else 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.MaximumFractionalValue = 255
    flat = np.packbits(stack.astype(bool).ravel(), bitorder="little") if bits == 1 else stack.astype(np.uint8)
    data = flat.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB"
    ds.SegmentSequence = Sequence(item(SegmentNumber=n, SegmentLabel=name) for n, name in names.items())
    place = attributes.pop("place", True)
    groups = []
    for number, (segment, image) in enumerate(zip(segments, images, strict=True)):
        group = item(SegmentIdentificationSequence=sequence(item(ReferencedSegmentNumber=segment)))
        if image:
            source = item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID=image)
            group.DerivationImageSequence = sequence(item(SourceImageSequence=sequence(source)))
        if place:
            group.PlanePositionSequence = sequence(item(ImagePositionPatient=[10, 20, 2 * number]))
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    if place:
        ds.SharedFunctionalGroupsSequence = sequence(
            item(
                PlaneOrientationSequence=sequence(item(ImageOrientationPatient=AXIAL)),
                PixelMeasuresSequence=sequence(item(PixelSpacing=[0.5, 0.25], SliceThickness=2)),
            )
        )
    ds.ReferencedSeriesSequence = sequence(item(SeriesInstanceUID="1.2.3.4"))
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    with pydicom.config.disable_value_validation():
        return to_file(ds, syntax=ExplicitVRLittleEndian)
