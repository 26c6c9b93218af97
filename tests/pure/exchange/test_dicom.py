"""Segmentations and reports, read back by the library that made them and by our own reader."""

import io
from dataclasses import replace

import highdicom as hd
import numpy as np
import pydicom
import pytest
from highdicom import _standard_utils as tables
from pydicom.sr.codedict import codes

from cases.exchange import seg, sr
from cases.exchange.layers import Layer, Unreadable
from cases.geometry.rasterise import mask
from cases.geometry.schema import parse_shapes
from cases.imaging import pseudonyms
from cases.imaging.clean import clean_any
from cases.imaging.regions import CleanRegions
from tests.pure.exchange.shapes import COLUMNS, PICTURES, ROWS, layer, masked, shape
from tests.pure.imaging import build

TURN = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SERIES, STUDY, SPACE = "2.25.11", "2.25.12", "2.25.13"
SECRET = b"0123456789abcdef"


def source(number, **attributes):
    """The header of one CT slice, as this server keeps it."""
    ds = build.image(
        np.zeros((ROWS, COLUMNS), np.int16),
        SOPInstanceUID=f"2.25.10{number}",
        SeriesInstanceUID=SERIES,
        StudyInstanceUID=STUDY,
        FrameOfReferenceUID=SPACE,
        PatientID="0123456789abcdef",
        PatientName="",
        InstanceNumber=number,
        ImagePositionPatient=[0.0, 0.0, 2.0 * number],
        ImageOrientationPatient=list(TURN),
        PixelSpacing=[0.5, 0.25],
        SliceThickness=2.0,
    )
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return pydicom.dcmread(io.BytesIO(build.to_file(ds)), stop_before_pixels=True)


HEADERS = {f"2.25.10{n}": source(n) for n in range(3)}
SLICES = tuple(
    replace(one, position=(0.0, 0.0, 2.0 * n), orientation=TURN, source=f"2.25.10{n}")
    for n, one in enumerate(PICTURES)
)


def on_slices(*shapes, pictures=SLICES, headers=None):
    return Layer(pictures, shapes, header=lambda uid: (headers or HEADERS)[uid])


AREAS = (
    shape("ellipse", [[3, 4], [20, 15]], frame=0, label="Cyst"),
    shape("polygon", [[6, 5], [25, 7], [12, 20]], frame=0, label="Leber, äußerst \\ 肝"),
    masked([[1, 1, 1], [1, 0, 1], [1, 1, 1]], x=7, y=3, frame=2, label="Cyst"),
)


def truth(label, frame):
    found = np.zeros((ROWS, COLUMNS), bool)
    for one in AREAS:
        if (one.label, one.frame) == (label, frame):
            found |= mask(one, ROWS, COLUMNS)
    return found


def test_a_segmentation_read_back_shows_the_masks_that_were_drawn():
    written = seg.write([on_slices(*AREAS, shape("length", [[1, 1], [5, 5]]))])
    assert written.losses == (
        "Points, lines, arrows and angles were left out: segmentations know areas only. (1)",
    )
    found = hd.seg.segread(io.BytesIO(written.data))
    # Overlapping areas of two labels are both whole.
    assert found.number_of_segments == 2
    uids = [f"2.25.10{n}" for n in range(3)]
    kept = [uids[0], uids[2]]
    pixels = found.get_pixels_by_source_instance(kept)
    for number, label in enumerate(sorted({one.label for one in AREAS})):
        for place, frame in enumerate((0, 2)):
            assert np.array_equal(pixels[place, :, :, number] > 0, truth(label, frame)), (label, frame)
    described = found.get_segment_description(1)
    assert described.segment_label == "Cyst"
    assert described.segmented_property_type.scheme_designator == "99MEDWEB"
    assert found.get_segment_description(2).segment_label == "Leber, äußerst / 肝"
    volume = found.get_volume(segment_numbers=[1], allow_missing_positions=True, combine_segments=False)
    assert volume.spacing[1:] == (0.5, 0.25)


def test_our_own_reader_draws_the_same_masks():
    written = seg.write([on_slices(*AREAS)])
    regions = clean_any(written.data, secret=SECRET)
    assert isinstance(regions, CleanRegions)
    assert [region.name for region in regions.regions] == ["Cyst", "Leber, äußerst / 肝"]
    again = np.zeros((ROWS, COLUMNS), bool)
    for outline in regions.regions[0].outlines:
        assert outline.series_uid == pseudonyms.uid(SECRET, SERIES)
        assert outline.frame_of_reference == pseudonyms.uid(SECRET, SPACE)
        if outline.sop_uid == pseudonyms.uid(SECRET, "2.25.100"):
            item = {
                "id": AREAS[0].id, "kind": "polygon", "frame": 0, "points": [list(p) for p in outline.points],
            }  # fmt: skip
            (ring,) = parse_shapes([item], frames=[(ROWS, COLUMNS)])
            again |= mask(ring, ROWS, COLUMNS)
    assert np.array_equal(again, truth("Cyst", 0))


def test_a_segmentation_says_what_the_standard_requires():
    ds = pydicom.dcmread(io.BytesIO(seg.write([on_slices(*AREAS)]).data))
    first = HEADERS["2.25.100"]
    # Types 1 of PS3.3 A.51.3 that dciodvfy asks for, and equal to the images where they must be.
    for keyword in (
        "SOPClassUID", "SOPInstanceUID", "Modality", "SeriesInstanceUID", "SeriesNumber", "Manufacturer",
        "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions", "InstanceNumber", "ContentLabel",
        "ContentDate", "ContentTime", "ImageType", "SamplesPerPixel", "PhotometricInterpretation", "Rows",
        "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "LossyImageCompression",
        "SegmentationType", "SegmentSequence", "NumberOfFrames", "SharedFunctionalGroupsSequence",
        "PerFrameFunctionalGroupsSequence", "DimensionOrganizationSequence", "DimensionIndexSequence",
        "ReferencedSeriesSequence", "FrameOfReferenceUID", "PixelData",
    ):  # fmt: skip
        assert ds.get(keyword) not in (None, ""), keyword
    assert (ds.Modality, ds.BitsAllocated, ds.SegmentationType) == ("SEG", 1, "BINARY")
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID"):
        assert ds[keyword].value == first[keyword].value
    assert "ContentCreatorName" in ds
    assert not ds.ContentCreatorName
    assert len(ds.PerFrameFunctionalGroupsSequence) == ds.NumberOfFrames == 3
    assert ds.SeriesInstanceUID != SERIES
    for uid in (ds.SOPInstanceUID, ds.SeriesInstanceUID):
        assert uid.is_valid


def test_a_file_of_many_frames_is_segmented_by_frame():
    shared, per_frame = pydicom.Dataset(), []
    shared.PlaneOrientationSequence = build.sequence(_with(ImageOrientationPatient=list(TURN)))
    shared.PixelMeasuresSequence = build.sequence(_with(PixelSpacing=[0.5, 0.25], SliceThickness=2.0))
    for n in range(3):
        item = pydicom.Dataset()
        item.PlanePositionSequence = build.sequence(_with(ImagePositionPatient=[0.0, 0.0, 2.0 * n]))
        item.FrameContentSequence = build.sequence(_with(DimensionIndexValues=[n + 1]))
        per_frame.append(item)
    many = source(
        0,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1",
        NumberOfFrames=3,
        SharedFunctionalGroupsSequence=build.sequence(shared),
        PerFrameFunctionalGroupsSequence=pydicom.Sequence(per_frame),
    )
    pictures = tuple(replace(one, source="2.25.100", number=n) for n, one in enumerate(SLICES))
    written = seg.write([on_slices(*AREAS, pictures=pictures, headers={"2.25.100": many})])
    found = hd.seg.segread(io.BytesIO(written.data))
    pixels = found.get_pixels_by_source_frame("2.25.100", [1, 3])
    assert np.array_equal(pixels[0, :, :, 0] > 0, truth("Cyst", 0))
    assert np.array_equal(pixels[1, :, :, 0] > 0, truth("Cyst", 2))
    report = sr.write([on_slices(AREAS[2], pictures=pictures, headers={"2.25.100": many})])
    (group,) = hd.sr.srread(io.BytesIO(report.data)).content.get_planar_roi_measurement_groups()
    assert group.roi.ContentSequence[0].referenced_frame_numbers == [3]


def _with(**attributes):
    ds = pydicom.Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


MEASURED = (
    *AREAS,
    shape("length", [[0, 0], [4, 0]], frame=1, label="Width"),
    shape("bidirectional", [[2, 2], [2, 6], [0, 4], [20, 4]], frame=1, label="Node"),
    shape("angle", [[0, 0], [4, 0], [4, 2]], frame=1, label="Bend"),
    shape("cobb", [[0, 0], [4, 0], [4, 2], [4, 6]], frame=1, label="Curve"),
    shape("polyline", [[0, 0], [4, 0], [4, 2]], frame=1, label="Vessel"),
    shape("point", [[3.5, 4.5]], frame=2, label="Tip"),
    shape("box", [[2, 2], [6, 10]], frame=2, label="Box"),
    shape("text", [[2, 2]], frame=2, label="", note="here"),
)


def values(group):
    return [(one.name.meaning, round(one.value, 3), one.unit.value) for one in group.get_measurements()]


def test_a_report_read_back_says_what_was_measured():
    written = sr.write([on_slices(*MEASURED)])
    assert any("Texts and arrows" in sentence for sentence in written.losses)
    assert any("Of masks" in sentence for sentence in written.losses)
    found = hd.sr.srread(io.BytesIO(written.data))
    report = found.content
    areas = report.get_planar_roi_measurement_groups()
    assert len(areas) == 5
    told = {(group.finding_type.meaning, tuple(values(group))) for group in areas}
    # 4 by 8 pixels of 0.25 by 0.5 mm, and a ring of eight pixels.
    assert ("Box", (("Area", 4.0, "mm2"),)) in told
    assert ("Cyst", (("Area", 1.0, "mm2"),)) in told
    assert ("Tip", ()) in told
    lines = {group.finding_type.meaning: values(group) for group in report.get_image_measurement_groups()}
    assert lines["Width"] == [("Length", 1.0, "mm")]
    assert lines["Node"] == [("Long axis", 5.0, "mm"), ("Short axis", 2.0, "mm")]
    assert lines["Bend"] == [("Angle", 90.0, "deg")]
    assert lines["Curve"] == [("Cobb angle", 90.0, "deg")]
    assert lines["Vessel"] == [("Length", 2.0, "mm")]
    (one,) = report.get_planar_roi_measurement_groups(tracking_uid=f"2.25.{_number(MEASURED[0].id)}")
    assert one.roi.graphic_type == hd.sr.GraphicTypeValues.ELLIPSE
    assert one.roi.value.tolist() == [[3.0, 9.5], [20.0, 9.5], [11.5, 4.0], [11.5, 15.0]]
    image = one.roi.ContentSequence[0]
    assert image.referenced_sop_instance_uid == "2.25.100"


def _number(text):
    return int(text.replace("-", ""), 16)


def test_a_report_says_what_the_standard_requires():
    ds = pydicom.dcmread(io.BytesIO(sr.write([on_slices(*MEASURED)]).data))
    for keyword in (
        "SOPClassUID", "SOPInstanceUID", "Modality", "SeriesInstanceUID", "SeriesNumber", "InstanceNumber",
        "CompletionFlag", "VerificationFlag", "ContentDate", "ContentTime", "ValueType",
        "ConceptNameCodeSequence", "ContinuityOfContent", "ContentTemplateSequence", "ContentSequence",
        "CurrentRequestedProcedureEvidenceSequence",
    ):  # fmt: skip
        assert ds.get(keyword) not in (None, ""), keyword
    assert ds.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert (ds.Modality, ds.VerificationFlag, ds.StudyInstanceUID) == ("SR", "UNVERIFIED", STUDY)
    evidence = ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert sorted(one.ReferencedSOPInstanceUID for one in evidence.ReferencedSOPSequence) == sorted(HEADERS)
    # No reader is named: a device observed.
    assert "PNAME" not in {one.ValueType for one in ds.ContentSequence}
    observers = [one for one in ds.ContentSequence if one.ValueType == "CODE"]
    assert any(one.ConceptCodeSequence[0].CodeValue == codes.DCM.Device.value for one in observers)


# Their attributes depend on others: of functional groups on whether they are shared, of content on its kind.
BY_CASE = {"segmentation-multi-frame-functional-groups", "sr-document-content"}


@pytest.mark.parametrize("form", [seg, sr])
def test_every_mandatory_module_is_whole(form):
    """Types 1 and 2 of PS3.3, out of the tables that the library took from the standard."""
    ds = pydicom.dcmread(io.BytesIO(form.write([on_slices(*MEASURED)]).data))
    modules = tables.get_iod_module_map()[tables.get_sop_class_iod_map()[ds.SOPClassUID]]
    asked, wrong = 0, []
    for module in modules:
        if module["usage"] != "M" or module["key"] in BY_CASE:
            continue
        for one in tables.get_module_attribute_map()[module["key"]]:
            items = [ds]
            for keyword in one["path"]:
                items = [inner for item in items for inner in item.get(keyword) or []]
            for item in items if one["type"] in ("1", "2") else []:
                asked += 1
                missing = one["keyword"] not in item
                if missing or (one["type"] == "1" and item[one["keyword"]].is_empty):
                    wrong.append((module["key"], *one["path"], one["keyword"]))
    assert asked > 30
    assert wrong == []


@pytest.mark.parametrize("form", [seg, sr])
def test_what_cannot_carry_dicom_is_refused_with_a_sentence(form):
    with pytest.raises(Unreadable, match="did not come as DICOM"):
        form.write([layer(*AREAS)])
    with pytest.raises(Unreadable, match=r"no area is drawn|nothing that can be measured"):
        form.losses([on_slices(shape("text", [[2, 2]], note="here"))])
    odd = {uid: pydicom.Dataset() for uid in HEADERS}
    with pytest.raises(Unreadable, match="headers of these images lack"):
        form.write([on_slices(*AREAS, headers=odd)])
    assert form.losses([on_slices(*MEASURED)]) == form.write([on_slices(*MEASURED)]).losses


def test_a_segmentation_needs_places_and_one_size():
    flat = tuple(replace(one, position=None) for one in SLICES)
    with pytest.raises(Unreadable, match="where these images lie"):
        seg.losses([on_slices(*AREAS, pictures=flat)])
    uneven = (*SLICES[:2], replace(SLICES[2], rows=ROWS + 1))
    with pytest.raises(Unreadable, match="differ in size"):
        seg.losses([on_slices(*AREAS, pictures=uneven)])


def test_drawings_beyond_the_memory_set_aside_are_refused(monkeypatch):
    monkeypatch.setattr(seg, "MOST_BYTES", ROWS * COLUMNS)
    with pytest.raises(Unreadable, match="too many for one segmentation"):
        seg.losses([on_slices(*AREAS)])
    many = source(0, NumberOfFrames=3)
    pictures = tuple(replace(one, source="2.25.100", number=n) for n, one in enumerate(SLICES))
    with pytest.raises(Unreadable, match="too many for one segmentation"):
        seg.write([on_slices(AREAS[0], pictures=pictures, headers={"2.25.100": many})])


def test_a_report_without_spacing_has_no_sizes():
    flat = tuple(replace(one, spacing=None) for one in SLICES)
    written = sr.write([on_slices(*MEASURED, pictures=flat)])
    assert any("Lengths were left out" in sentence for sentence in written.losses)
    report = hd.sr.srread(io.BytesIO(written.data)).content
    assert all(not values(group) for group in report.get_planar_roi_measurement_groups())
    lines = {group.finding_type.meaning for group in report.get_image_measurement_groups()}
    assert lines == {"Bend", "Curve"}
