"""Who the patient is must not survive, at any depth; what the image is must."""

import csv
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement

from cases.imaging import rules
from cases.imaging.clean import clean
from cases.imaging.deidentify import deidentify, to_bytes
from cases.imaging.errors import Refused
from cases.imaging.identity import Identity
from cases.imaging.pseudonyms import date_shift, patient_key
from cases.imaging.reader import read_dicom
from tests.support import ROOT, shared

from .build import PLANTED, SECRET, image, item, raw_element, sequence, to_file


def _clean(ds: pydicom.Dataset) -> pydicom.Dataset:
    return deidentify(read_dicom(to_file(ds)), secret=SECRET).dataset


def _planted_everywhere() -> bytes:
    ds = image()
    ds.ReferringPhysicianName = f"{PLANTED}^Doc"
    ds.InstitutionName = ds.StationName = ds.AccessionNumber = PLANTED
    ds.StudyDescription = f"Chest of {PLANTED}, Parkinson"
    ds.ImageComments = ds.PatientComments = ds.AdditionalPatientHistory = PLANTED
    ds.OperatorsName = [f"{PLANTED}^A", f"{PLANTED}^B"]
    ds.RetrieveURL = f"http://host/{PLANTED}"
    ds.DerivationDescription = PLANTED
    deep = item(PatientName=PLANTED, CodeMeaning=f"of {PLANTED}", PatientComments=PLANTED)
    for _ in range(6):
        deep = item(AnatomicRegionSequence=sequence(deep), PatientID=PLANTED, CodeMeaning=PLANTED)
    ds.AnatomicRegionSequence = sequence(deep)
    ds.RequestAttributesSequence = sequence(item(RequestedProcedureDescription=PLANTED))
    ds.IconImageSequence = sequence(item(Rows=1, Columns=12, BitsAllocated=8, PixelData=PLANTED.encode()))
    ds.SourceImageSequence = sequence(
        item(BitsAllocated=8, PixelData=PLANTED.encode(), ReferencedSOPInstanceUID="1.2.3.4.5")
    )
    block = ds.private_block(0x0009, f"{PLANTED} CREATOR", create=True)
    block.add_new(0x01, "LO", PLANTED)
    block.add_new(0x02, "SQ", [item(PatientName=PLANTED)])
    ds.add(DataElement(0x60003000, "OW", PLANTED.encode()))
    ds.add(DataElement(0x60000022, "LO", PLANTED))
    ds.add(DataElement(0x50003000, "OW", PLANTED.encode()))
    ds.add(DataElement(0x00181411, "DS", "1.5"))
    ds.DataSetTrailingPadding = PLANTED.encode()
    return to_file(ds, preamble=PLANTED.encode().ljust(128, b"\0"))


def test_planted_identity_is_gone_at_every_level() -> None:
    data = _planted_everywhere()
    assert data.count(PLANTED.encode()) > 25
    cleaned = clean(data, secret=SECRET)
    for word in (PLANTED, "ID-4711", "1.2.3.4.5", "19610102", "20240229"):
        assert word.encode() not in cleaned.clean_bytes
    ds = pydicom.dcmread(pydicom.filebase.DicomBytesIO(cleaned.clean_bytes))
    assert ds.StudyDescription == "Chest of [removed], Parkinson"
    assert cleaned.clean_bytes[:128] == b"\0" * 128
    assert cleaned.removed["remove-private"] == 3
    # The icon, and a picture inside a sequence.
    assert cleaned.removed["remove-icon"] == 2


@pytest.mark.parametrize(
    ("tag", "vr"),
    [
        (0x00081999, "LO"),  # unknown even tag
        (0x00091001, "LO"),  # private without a creator
        (0x00100010, "UN"),
        (0x00280010, "LO"),  # a name under the tag of Rows would be copied by its number alone
        (0x00080060, "LO"),
        (0x00181030, "UN"),
        (0x0020000D, "PN"),
    ],
)
def test_planted_under_odd_tags_and_representations(tag: int, vr: str) -> None:
    ds = image()
    ds.pop(tag, None)
    data = to_file(ds)
    element = raw_element(tag, vr, PLANTED.encode())
    body = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data))
    place = _offset_of_first_tag_after(data, tag, body)
    try:
        left = clean(data[:place] + element + data[place:], secret=SECRET).clean_bytes
    except Refused as refused:
        left = str(refused).encode()
    assert PLANTED.encode() not in left


def _offset_of_first_tag_after(data: bytes, tag: int, ds: pydicom.Dataset) -> int:
    places = [int(element.tag) for element in ds if int(element.tag) > tag]
    mark = places[0]
    vr = ds[mark].VR.encode()
    return data.index(bytes([mark >> 16 & 255, mark >> 24, mark & 255, mark >> 8 & 255]) + vr, 132)


def test_file_meta_is_our_own() -> None:
    meta = pydicom.dcmread(
        pydicom.filebase.DicomBytesIO(clean(to_file(image()), secret=SECRET).clean_bytes)
    ).file_meta
    assert meta.ImplementationVersionName == "MEDWEB_1"
    assert "SourceApplicationEntityTitle" not in meta
    assert str(meta.MediaStorageSOPInstanceUID).startswith("2.25.")


def test_trailing_bytes_behind_the_pixels_are_cut() -> None:
    pixels = np.zeros((4, 4), np.uint16)
    ds = image(pixels)
    ds.PixelData = pixels.tobytes() + PLANTED.encode()
    assert PLANTED.encode() not in clean(to_file(ds), secret=SECRET).clean_bytes


def test_bits_outside_the_stored_ones_are_cleared() -> None:
    pixels = np.full((4, 4), 0x0123, np.uint16)
    ds = image(pixels | 0x8000, BitsStored=12, HighBit=11)
    out = _clean(ds)
    assert np.array_equal(np.frombuffer(out.PixelData, "<u2"), pixels.ravel())


def test_signed_values_keep_their_sign() -> None:
    pixels = np.array([[-5, 5], [-2048, 2047]], np.int16)
    out = _clean(image(pixels, BitsStored=12, HighBit=11))
    assert np.array_equal(np.frombuffer(out.PixelData, "<i2"), pixels.ravel())


def test_comments_in_compressed_pixels_are_cut() -> None:
    data = Path(get_testdata_file("SC_rgb_jpeg_dcmtk.dcm")).read_bytes()
    ds = read_dicom(data)
    before = clean(data, secret=SECRET).frames[0].pixels
    stream = bytearray(ds.PixelData)
    start = stream.index(b"\xff\xd8")
    comment = b"\xff\xfe" + (2 + len(PLANTED)).to_bytes(2, "big") + PLANTED.encode()
    length = int.from_bytes(stream[start - 4 : start], "little") + len(comment)
    stream[start - 4 : start] = length.to_bytes(4, "little")
    stream[start + 2 : start + 2] = comment
    ds.PixelData = bytes(stream)
    result = deidentify(ds, secret=SECRET)
    assert PLANTED.encode() not in to_bytes(result.dataset)
    assert np.array_equal(clean(to_bytes(result.dataset), secret=SECRET).frames[0].pixels, before)


def test_uids_are_consistent_across_files_and_levels() -> None:
    first = _clean(image(SourceImageSequence=sequence(item(ReferencedSOPInstanceUID="1.2.3.4.6"))))
    second = _clean(image(SOPInstanceUID="1.2.3.4.6"))
    assert first.StudyInstanceUID == second.StudyInstanceUID
    assert first.SourceImageSequence[0].ReferencedSOPInstanceUID == second.SOPInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.SOPClassUID == second.SOPClassUID == "1.2.840.10008.5.1.4.1.1.2"


def test_a_name_behind_the_standard_root_is_replaced() -> None:
    assert _clean(image(FrameOfReferenceUID="1.2.840.10008.4711")).FrameOfReferenceUID.startswith("2.25.")


def test_intervals_between_dates_survive() -> None:
    ds = _clean(image(AcquisitionDateTime="20240302101112.5+0100"))
    days = date_shift(SECRET, patient_key(SECRET, "ID-4711-77"))
    assert pydicom.valuerep.DA(ds.SeriesDate) - pydicom.valuerep.DA(ds.StudyDate) == pydicom.valuerep.DA(
        "20240301"
    ) - pydicom.valuerep.DA("20240229")
    assert (pydicom.valuerep.DA(ds.StudyDate) - pydicom.valuerep.DA("20240229")).days == days
    assert ds.StudyTime == "101112"
    assert str(ds.AcquisitionDateTime).endswith("101112.5+0100")


def test_garbage_dates_are_emptied() -> None:
    ds = read_dicom(to_file(image()))
    ds.add(DataElement(0x00080020, "DA", "99999999", already_converted=True))
    ds.add(DataElement(0x00080030, "TM", "noon", already_converted=True))
    out = deidentify(ds, secret=SECRET).dataset
    assert not out.StudyDate
    assert not out.StudyTime


@pytest.mark.parametrize(
    ("age", "kept"),
    [("045Y", "045Y"), ("089Y", "089Y"), ("090Y", "090Y"), ("101Y", "090Y"), ("011M", "011M")],
)
def test_age_is_capped(age: str, kept: str) -> None:
    assert _clean(image(PatientAge=age)).PatientAge == kept


def test_sex_and_what_the_profile_says_of_itself() -> None:
    ds = _clean(image())
    assert ds.PatientSex == "F"
    assert ds.PatientIdentityRemoved == "YES"
    assert rules.VERSION in ds.DeidentificationMethod
    assert [code.CodeValue for code in ds.DeidentificationMethodCodeSequence] == [
        "113100",
        "113105",
        "113107",
        "113108",
    ]
    assert ds.PatientID == ds.PatientName == patient_key(SECRET, "ID-4711-77")


def test_burned_in_is_cleaned_and_claims_nothing_about_its_pixels() -> None:
    """Who looks at the pixels says so; the header says only what the header's cleaning did."""
    ds = _clean(image(BurnedInAnnotation="YES"))
    assert ds.BurnedInAnnotation == "YES"
    assert "113101" not in [code.CodeValue for code in ds.DeidentificationMethodCodeSequence]


def test_patients_without_a_number_stay_apart() -> None:
    one = _clean(image(PatientID="", PatientName="One"))
    two = _clean(image(PatientID="", PatientName="Two"))
    nobody = _clean(image(PatientID="", PatientName="", StudyInstanceUID="1.9"))
    assert len({one.PatientID, two.PatientID, nobody.PatientID}) == 3


def test_the_input_is_not_changed() -> None:
    ds = read_dicom(to_file(image(AnatomicRegionSequence=sequence(item(CodeMeaning=PLANTED)))))
    before = ds.to_json()
    deidentify(ds, secret=SECRET)
    assert ds.to_json() == before


def test_the_same_bytes_give_the_same_bytes() -> None:
    data = _planted_everywhere()
    assert clean(data, secret=SECRET).digest == clean(data, secret=SECRET).digest
    assert clean(data, secret=SECRET).digest != clean(data, secret=SECRET[::-1]).digest


def test_cleaning_twice_removes_nothing_more() -> None:
    once = pydicom.dcmread(
        pydicom.filebase.DicomBytesIO(clean(_planted_everywhere(), secret=SECRET).clean_bytes)
    )
    twice = _clean(once)
    assert {element.tag for element in twice} == {element.tag for element in once}


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ({"hodgkin"}, "Hodgkin lymphoma, HODGKIN A.", "Hodgkin lymphoma, [removed] A."),
        ({"crohn"}, "Crohn's disease", "Crohn's disease"),
        ({"park"}, "Parkinson Park", "Parkinson [removed]"),
        ({"muller"}, "Thorax Müller", "Thorax [removed]"),
        ({"li"}, "liver LI", "liver [removed]"),
        (set(), "born 1961-01-02 tel 0301234567", "born [removed] tel [removed]"),
        (set(), "T2 TSE 512x512 5.0mm", "T2 TSE 512x512 5.0mm"),
    ],
)
def test_names_leave_text_and_eponyms_stay(words: set[str], text: str, expected: str) -> None:
    assert Identity(frozenset(words)).scrub(text) == expected


def test_names_of_all_people_are_collected() -> None:
    ds = image(
        ReferringPhysicianName="Brown-Smith^Jo^^Dr", StudyDescription="for Dr Brown, SMITH and Brown-Smith"
    )
    assert _clean(ds).StudyDescription == "for Dr [removed], [removed] and [removed]"


def test_titles_do_not_damage_modalities() -> None:
    ds = image(PatientName="Doe^John^^Mr", SeriesDescription="MR of Doe")
    assert _clean(ds).SeriesDescription == "MR of [removed]"


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40), st.frozensets(st.text(min_size=2, max_size=8), max_size=3))
def test_scrub_never_fails(text: str, words: frozenset[str]) -> None:
    assert isinstance(Identity(words).scrub(text), str)


@pytest.mark.parametrize("vr", ["UN", "SQ"])
def test_a_sequence_of_undefined_length_inside_of_unknown_bytes(vr: str) -> None:
    """PS3.5 section 6.2.2 note 2: such a value is written in implicit little endian."""
    data = to_file(image())
    name = PLANTED.encode()
    texts = b"".join(
        struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(name)) + name for tag in (0x00080104, 0x00100010)
    )
    end = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    item_end = b"\xfe\xff\x0d\xe0\x00\x00\x00\x00"
    value = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + texts + item_end + end
    if vr == "SQ":
        explicit = raw_element(0x00080104, "LO", name) + raw_element(0x00100010, "PN", name)
        value = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + explicit + item_end + end
    head = struct.pack("<HH2sHI", 0x0008, 0x2218, vr.encode(), 0, 0xFFFFFFFF)
    place = data.index(b"\x10\x00\x10\x00PN")
    left = clean(data[:place] + head + value + data[place:], secret=SECRET)
    assert name not in left.clean_bytes
    assert "AnatomicRegionSequence" in left.report


def test_every_worker_gives_the_same_bytes(tmp_path: Path) -> None:
    """Sets have another order in every process; nothing written may depend on it."""
    path = tmp_path / "one.dcm"
    path.write_bytes(_planted_everywhere())
    code = (
        "import sys; from pathlib import Path; from cases.imaging.clean import clean;"
        f"print(clean(Path(sys.argv[1]).read_bytes(), secret={SECRET!r}).digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {clean(path.read_bytes(), secret=SECRET).digest}


def test_overlay_bits_above_and_below_the_stored_ones_are_cleared() -> None:
    pixels = np.full((4, 4), 0x0120, np.uint16)
    out = _clean(image(pixels | 0x8001, BitsStored=12, HighBit=12))
    assert not np.any(np.frombuffer(out.PixelData, "<u2") & 0xE001)


def test_no_value_of_the_odd_files_that_names_a_person_survives() -> None:
    folder = shared("data/07_dicom_transfer_syntaxes")
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        ds = pydicom.dcmread(folder / row["filename"], stop_before_pixels=True, force=True)
        cleaned = clean((folder / row["filename"]).read_bytes(), secret=SECRET).clean_bytes
        head = cleaned[: cleaned.rindex(b"\xe0\x7f\x10\x00")]
        for keyword in ("PatientName", "PatientID", "SOPInstanceUID", "StudyInstanceUID"):
            value = str(ds.get(keyword) or "")
            if len(value) > 5:
                assert value.encode("utf-8") not in head, (row["filename"], keyword)


def test_an_unreadable_patient_number_falls_back_on_the_name() -> None:
    data = to_file(image())
    place = data.index(b"\x10\x00\x20\x00LO") + 4
    cleaned = clean(data[:place] + b"Ld" + data[place + 2 :], secret=SECRET)
    assert cleaned.patient_key == patient_key(SECRET, f"{PLANTED}^Ann\x0019610102", "by-name")
    assert b"ID-4711" not in cleaned.clean_bytes


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "MR_small_implicit.dcm"]
)
def test_damaged_files_are_shown_or_refused(name: str) -> None:
    original = Path(get_testdata_file(name)).read_bytes()
    random = np.random.default_rng(11)
    answers = set()
    for _ in range(40):
        damaged = bytearray(original)
        for place in random.integers(132, len(original), random.integers(1, 30)):
            damaged[place] = random.integers(256)
        try:
            clean(bytes(damaged), secret=SECRET)
        except Refused as refused:
            answers.add(refused.code)
        else:
            answers.add("shown")
    assert len(answers) > 1


def test_a_number_too_large_for_a_column_is_bounded() -> None:
    """PostgreSQL refuses more than 32 bits by an exception; an IS value may have twelve digits."""
    found = [
        clean(to_file(image(InstanceNumber=number)), secret=SECRET).instance_number
        for number in ("99999999999", "-99999999999", "7")
    ]
    assert found == [2**31 - 1, -(2**31), 7]
