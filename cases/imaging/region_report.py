"""What of a structure set or segmentation is read, and what is left, by name of the attribute."""

from __future__ import annotations

from collections import Counter

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

from .errors import UNREADABLE

_NAMES = frozenset({"ROIName", "SegmentLabel"})
_DESCENDED = frozenset(
    {
        "StructureSetROISequence", "ROIContourSequence", "ContourSequence", "ContourImageSequence",
        "ReferencedFrameOfReferenceSequence", "RTReferencedStudySequence", "RTReferencedSeriesSequence",
        "SegmentSequence", "ReferencedSeriesSequence", "SharedFunctionalGroupsSequence",
        "PerFrameFunctionalGroupsSequence", "DerivationImageSequence", "SourceImageSequence",
        "PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence",
        "SegmentIdentificationSequence",
    }
)  # fmt: skip
_TAKEN = {
    **dict.fromkeys(
        (
            "ContourData", "ContourGeometricType", "ROINumber", "ReferencedROINumber", "SegmentNumber",
            "ReferencedFrameNumber", "ReferencedSegmentNumber", "SegmentationType", "Rows",
            "Columns", "NumberOfFrames", "BitsAllocated", "ImagePositionPatient", "ImageOrientationPatient",
            "MaximumFractionalValue",
            "PixelSpacing", "SOPClassUID",
        ),
        ("keep", "number"),
    ),
    **dict.fromkeys(
        (
            "ReferencedSOPInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID",
            "ReferencedFrameOfReferenceUID",
        ),
        ("uid", "uid"),
    ),
    "PixelData": ("keep", "pixels"),
    "SegmentedPropertyTypeCodeSequence": ("keep", "technique"),
    "PatientID": ("pseudonym", "profile"),
}  # fmt: skip


def counted(ds: Dataset) -> Counter[tuple[str, str, str]]:
    """Count what becomes of each attribute; the names of regions are counted where they are cleaned.

    Parameters
    ----------
    ds : pydicom.Dataset
        A structure set or segmentation, checked for its depth.

    Returns
    -------
    Counter
        (name, action, reason) -> how often; see `report.of_object`.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    for tag in list(ds.keys()):
        name = keyword_for_tag(tag)
        if tag.is_private:
            counts["PrivateBlock", "remove", "private"] += 1
        elif not name:
            counts["UnknownAttribute", "remove", "unknown"] += 1
        elif name in _DESCENDED:
            try:
                items = list(ds.get(name) or [])
            except UNREADABLE:
                items = []
            for item in items:
                if isinstance(item, Dataset):
                    counts += counted(item)
        elif name in _TAKEN:
            action, reason = _TAKEN[name]
            counts[name, action, reason] += 1
        elif name not in _NAMES:
            counts[name, "remove", "regions"] += 1
    return counts
