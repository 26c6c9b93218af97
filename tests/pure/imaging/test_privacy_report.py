"""What a report tells: every attribute with what was done and why, never a value."""

import json
from io import BytesIO

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from cases.imaging import report, rules
from cases.imaging.clean import clean
from cases.imaging.deidentify import deidentify, say_pixels_are_clean, to_bytes
from cases.imaging.metadata import metadata_of
from cases.imaging.reader import Kind, read_dicom
from cases.imaging.vocabulary import is_code
from tests.support import shared

from .build import PLANTED, SECRET, image, item, sequence, to_file


def _report(**attributes: object) -> report.Report:
    return deidentify(read_dicom(to_file(image(**attributes))), secret=SECRET).report


def test_each_attribute_is_told_with_what_was_done_and_why() -> None:
    ds = image(
        AccessionNumber="4711", StudyDescription=f"of {PLANTED}", SeriesDescription="T1", ImageComments="x"
    )
    ds.private_block(0x0009, "ACME", create=True).add_new(0x01, "LO", PLANTED)
    ds.add_new(0x60003000, "OW", b"ab")
    told = deidentify(read_dicom(to_file(ds, preamble=b"x" * 128)), secret=SECRET).report
    assert told["PatientName"] == told["PatientID"] == {"pseudonym/profile": 1}
    assert told["PatientBirthDate"] == {"empty/profile": 1}
    assert told["StudyDate"] == {"date/date": 1}
    assert told["StudyInstanceUID"] == {"uid/uid": 1}
    assert told["StudyDescription"] == {"text/descriptor": 1}
    assert told["SeriesDescription"] == {"keep/descriptor": 1}
    assert told["ImageComments"] == {"remove/profile": 1}
    assert told["PrivateBlock"] == {"remove/private": 2}
    assert told["Overlay"] == {"remove/overlay": 1}
    assert told["Rows"] == {"keep/number": 1}
    assert told["PixelData"] == {"keep/pixels": 1}
    assert told["Preamble"] == {"remove/preamble": 1}
    assert told["SourceApplicationEntityTitle"] == {"remove/file-meta": 1}
    assert told["@rules"] == {rules.VERSION: 1}
    assert PLANTED not in json.dumps(told)


def test_names_of_attributes_are_ours_never_the_senders() -> None:
    ds = image()
    ds.private_block(0x0009, PLANTED, create=True).add_new(0x01, "SQ", [item(PatientName=PLANTED)])
    told = deidentify(read_dicom(to_file(ds)), secret=SECRET).report
    known = {entry[4] for entry in pydicom.datadict.DicomDictionary.values()}
    known |= {entry[4] for entry in pydicom.datadict.RepeatersDictionary.values()}
    own = {*rules.NAMELESS.values(), "Preamble"}
    assert {name for name in told if not name.startswith("@")} <= known | own


_COUNTS = st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.sampled_from("xy"), st.integers(1, 9)))


@given(_COUNTS, _COUNTS, _COUNTS)
def test_reports_add_up_in_any_order(a: report.Report, b: report.Report, c: report.Report) -> None:
    once = report.merge([a, b, c])
    assert report.merge([c, report.merge([b, a])]) == once
    assert report.merge([once, {}]) == once


def test_overlay_planes_are_counted_and_told() -> None:
    ds = image()
    for group in (0x6000, 0x6004):
        ds.add(pydicom.DataElement(group << 16 | 0x0010, "US", ds.Rows))
        ds.add(pydicom.DataElement(group << 16 | 0x0011, "US", ds.Columns))
        ds.add(pydicom.DataElement(group << 16 | 0x0022, "LO", PLANTED))
        ds.add(pydicom.DataElement(group << 16 | 0x3000, "OW", b"\xff" * (ds.Rows * ds.Columns // 8)))
    cleaned = clean(to_file(ds), secret=SECRET)
    assert cleaned.report["OverlayPlane"] == {"remove/overlay": 2}
    assert cleaned.report["Overlay"] == {"remove/overlay": 6}
    assert report.overlay_planes(cleaned.report) == 2
    assert report.group_of("OverlayPlane") == report.group_of("Overlay")
    assert cleaned.notes == ("overlays",)
    assert clean(to_file(image()), secret=SECRET).notes == ()


def test_pixel_findings_join_the_report() -> None:
    told = report.with_pixels({"Rows": {"keep/number": 1}}, suspicion=("text",), boxes=3)
    assert told["@pixels"] == {"boxes": 3, "text": 1}
    assert report.with_pixels({"Rows": {"keep/number": 1}}) == {"Rows": {"keep/number": 1}}


def test_method_codes_follow_what_was_applied() -> None:
    kept = deidentify(read_dicom(to_file(image())), secret=SECRET).dataset
    bare = deidentify(read_dicom(to_file(image())), secret=SECRET, keep_characteristics=False).dataset

    def codes(ds: pydicom.Dataset) -> list[str]:
        return [code.CodeValue for code in ds.DeidentificationMethodCodeSequence]

    assert codes(kept) == ["113100", "113105", "113107", "113108"]
    assert codes(bare) == ["113100", "113105", "113107"]
    for ds in (kept, bare):
        before = codes(ds)
        say_pixels_are_clean(ds)
        assert "BurnedInAnnotation" not in ds
        say_pixels_are_clean(ds, by_person=True)
        assert codes(ds) == sorted([*before, "113101"])
        assert ds.BurnedInAnnotation == "NO"
        again = pydicom.dcmread(BytesIO(to_bytes(ds)))
        assert codes(again) == codes(ds)
        assert len(again.DeidentificationMethod) == 2 + len(codes(ds))
    assert "Retain Patient Characteristics Option" not in bare.DeidentificationMethod


def test_without_characteristics_nothing_of_them_stays() -> None:
    ds = image(PatientSize="1.80", PatientWeight="80")
    out = deidentify(read_dicom(to_file(ds)), secret=SECRET, keep_characteristics=False).dataset
    assert not out.get("PatientSex")
    assert not {"PatientAge", "PatientSize", "PatientWeight"} & {element.keyword for element in out}


@pytest.mark.parametrize(
    ("born", "taken", "age"),
    [
        ("19610229", "20240229", ""),  # no such day
        ("19640229", "20240228", "059Y"),
        ("19640229", "20240229", "060Y"),
        ("19200101", "20240229", "090Y"),
        ("20230130", "20240229", "012M"),
        ("20240220", "20240229", "009D"),
        ("20250101", "20240229", ""),
    ],
)
def test_the_age_at_the_examination_survives_the_birth_date(born: str, taken: str, age: str) -> None:
    out = deidentify(
        read_dicom(to_file(image(PatientAge="", PatientBirthDate=born, StudyDate=taken))), secret=SECRET
    ).dataset
    assert out.get("PatientAge", "") in (age, None) or str(out.PatientAge) == age
    assert not out.PatientBirthDate


def test_a_patients_number_leaves_numeric_attributes() -> None:
    out = deidentify(
        read_dicom(to_file(image(PatientID="00471147", SeriesNumber="471147", AcquisitionNumber="12"))),
        secret=SECRET,
    ).dataset
    assert "SeriesNumber" not in out
    assert out.AcquisitionNumber == 12


@pytest.mark.parametrize(
    "value",
    [
        "MONOCHROME2", "YBR_FULL_422", "PALETTE COLOR", "ORIGINAL", "PROJECTION IMAGE", "ISO_15444_1", "HFS",
        "CT_SOM5 SPI", "T2_FLAIR", "35CMX43CM", "LOCALIZER", "CSPINE", "BREAST", "FFDR", "DIS2D", "",
    ],
)  # fmt: skip
def test_terms_of_the_trade_are_codes(value: str) -> None:
    assert is_code(value)


@pytest.mark.parametrize("value", ["MEIER", "SMITH CHEST", "4711471", "doe", "JOHN_DOE", "A" * 17, "AB-1"])
def test_names_and_numbers_are_no_codes(value: str) -> None:
    assert not is_code(value)


def test_codes_of_the_sample_files_survive() -> None:
    """Codes that tell how to decode and read the picture must not be lost to the list of known words."""
    needed = (
        "Modality",
        "PhotometricInterpretation",
        "ImageType",
        "BodyPartExamined",
        "PatientPosition",
        "Laterality",
    )
    lost = set()
    for path in sorted(shared("data/06_dicom_single_images").glob("*.dcm")):
        ds = pydicom.dcmread(path)
        out = deidentify(read_dicom(path.read_bytes()), secret=SECRET).dataset
        for keyword in needed:
            if ds.get(keyword) and str(out.get(keyword)) != str(ds.get(keyword)):
                lost.add((path.name, keyword, str(ds.get(keyword))))
    assert {place[1] for place in lost} <= {"ImageType"}
    assert len(lost) <= 3


def _png() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", PLANTED)
    info.add_itxt("XML:com.adobe.xmp", f"<x>{PLANTED}</x>")
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = PLANTED
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(out, "PNG", pnginfo=info, exif=exif, icc_profile=b"icc")
    return out.getvalue() + PLANTED.encode()


def _jpeg() -> bytes:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = PLANTED
    picture = Image.fromarray(np.zeros((8, 8), np.uint8))
    picture.save(out, "JPEG", exif=exif, comment=PLANTED, icc_profile=b"icc", xmp=PLANTED.encode())
    return out.getvalue() + PLANTED.encode()


def _tiff() -> bytes:
    out = BytesIO()
    tags = {
        270: PLANTED,
        315: PLANTED,
        305: PLANTED,
        700: PLANTED.encode(),
        33723: PLANTED.encode(),
        65000: PLANTED,
    }
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(out, "TIFF", tiffinfo=tags)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (_png(), {"Text", "XMP", "EXIF", "ICC profile", "Bytes behind the picture"}),
        (_jpeg(), {"EXIF", "Comment", "XMP", "ICC profile", "Bytes behind the picture"}),
        (_tiff(), {"Text", "Artist", "Software", "XMP", "IPTC", "Other metadata"}),
    ],
    ids=["png", "jpeg", "tiff"],
)
def test_kinds_of_metadata_are_told_and_their_words_are_gone(data: bytes, kinds: set[str]) -> None:
    assert PLANTED.encode() in data
    cleaned = clean(data, secret=SECRET)
    assert PLANTED.encode() not in cleaned.clean_bytes
    assert {name for name in cleaned.report if not name.startswith("@")} == kinds
    assert all(list(cleaned.report[name]) == ["remove/metadata"] for name in kinds)
    assert PLANTED not in json.dumps(cleaned.report)


@given(st.sampled_from([Kind.PNG, Kind.JPEG, Kind.TIFF, Kind.WEBP, Kind.BMP]), st.binary(max_size=200))
def test_damaged_metadata_are_counted_without_failing(kind: Kind, data: bytes) -> None:
    start = {Kind.TIFF: b"II*\0\x08\0\0\0", Kind.PNG: b"\x89PNG\r\n\x1a\n", Kind.JPEG: b"\xff\xd8"}
    assert all(count > 0 for count in metadata_of(start.get(kind, b"") + data, kind).values())


def test_a_sequence_and_its_items_are_told() -> None:
    told = _report(
        AnatomicRegionSequence=sequence(item(CodeValue="T-1"), item(CodeValue="T-2", PatientID="x"))
    )
    assert told["AnatomicRegionSequence"] == {"keep/sequence": 1}
    assert told["PatientID"] == {"pseudonym/profile": 2}
