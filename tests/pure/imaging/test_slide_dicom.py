"""Whole slides in DICOM: tiles, levels, planes and stains, and what is refused."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from pydicom.dataset import Dataset

from cases.imaging import slide_dicom, slide_store, slides
from cases.imaging.clean import clean_slide
from cases.imaging.errors import Refused
from tests.pure.imaging import slide_files
from tests.pure.imaging.slide_files import NAME, tissue
from tests.pure.imaging.slide_reading import CLOSE, SECRET, difference, level, read, refused
from tests.support import shared


@pytest.mark.parametrize("jpeg", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_dicom_colour(jpeg: bool, sparse: bool) -> None:
    pixels = tissue(300, 170)
    found, tiles = read(slide_files.dicom([pixels], jpeg=jpeg, sparse=sparse))
    assert found.slide is not None
    assert (found.slide.microns_x, found.slide.microns_y, found.slide.magnification) == (2.0, 2.0, 20.0)
    assert found.frames[0].pixel_spacing == pytest.approx((0.002, 0.002))
    assert difference(level(tiles, 0), pixels) < 2 * CLOSE
    assert found.patient_key not in ("", "4711")
    assert NAME not in repr(found)
    assert NAME.encode() not in tiles


def test_dicom_fragments_without_a_table_of_offsets() -> None:
    pixels = tissue(150, 100)
    _, tiles = read(slide_files.dicom([pixels], jpeg=True, offsets=False))
    assert difference(level(tiles, 0), pixels) < 2 * CLOSE


def test_dicom_tiles_that_were_not_taken_are_white() -> None:
    pixels = np.full((128, 192, 3), 90, np.uint8)
    _, tiles = read(slide_files.dicom([pixels], sparse=True, leave_out=[(1, 0)]))
    shown = level(tiles, 0)
    assert shown[8:56, 72:120].min() > 245
    assert abs(int(shown[30, 30, 0]) - 90) < 4
    assert abs(int(shown[100, 100, 0]) - 90) < 4


def test_dicom_middle_focal_plane() -> None:
    planes = [np.full((64, 64, 3), value, np.uint8) for value in (10, 120, 240)]
    for sparse in (False, True):
        _, tiles = read(slide_files.dicom(planes, planes=3, sparse=sparse))
        assert abs(int(level(tiles, 0)[20, 20, 0]) - 120) < 3


@pytest.mark.parametrize("sparse", [False, True])
def test_dicom_fluorescence_is_added_up_as_light(sparse: bool) -> None:
    one, two = np.zeros((70, 100), np.uint8), np.zeros((70, 100), np.uint8)
    one[:, :50], two[:35] = 255, 255
    _, tiles = read(slide_files.dicom([one, two], sparse=sparse))
    shown = level(tiles, 0).astype(int)
    green, blue = shown[60, 10], shown[10, 90]
    assert green[1] > 240
    assert green[0] < 15
    assert blue[2] > 240
    assert shown[10, 10, 1] > 240
    assert shown[10, 10, 2] > 240
    assert shown[60, 90].max() < 15


def test_dicom_one_grey_path_is_grey_and_16_bits_fill_the_range() -> None:
    ramp = np.tile(np.linspace(1000, 5000, 200), (100, 1)).astype(np.uint16)
    _, tiles = read(slide_files.dicom([ramp]))
    shown = level(tiles, 0).astype(int)
    assert shown[50, 3].max() < 12
    assert shown[50, 196].min() > 240
    assert np.ptp(shown[50], axis=1).max() < 6


def test_the_levels_of_a_dicom_slide_are_one_slide() -> None:
    pixels = tissue(400, 300)
    fine, _ = read(slide_files.dicom([pixels], number=1))
    coarse, _ = read(slide_files.dicom([slide_store.halved(pixels)], number=2))
    other, _ = read(slide_files.dicom([pixels], series="1.2.3.78"))
    assert fine.sop_uid == coarse.sop_uid != other.sop_uid
    assert fine.series_uid == coarse.series_uid != other.series_uid
    assert fine.digest != coarse.digest


def test_an_object_that_only_names_a_slide_is_none() -> None:
    data = slide_files.dicom([tissue(100, 80)])
    assert slides.likeness(data) is slides.Likeness.DICOM
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = slide_dicom.WHOLE_SLIDE, "1.2.3"
    other = slide_files.dicom(
        [tissue(100, 80)], SOPClassUID="1.2.840.10008.5.1.4.1.1.7", SourceImageSequence=[reference]
    )
    assert slide_dicom.WHOLE_SLIDE.encode() in other[:4096]
    assert slides.likeness(other) is slides.Likeness.NONE


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"flavour": "LABEL"}, "slide-label"),
        ({"flavour": "OVERVIEW"}, "slide-label"),
        ({"flavour": "LOCALIZER"}, "slide-beside"),
        ({"flavour": ""}, "slide-beside"),
        ({"InConcatenationTotalNumber": 2}, "slide-in-parts"),
        ({"NumberOfFrames": 2}, "bad-header"),
        (
            {"NumberOfFrames": 900, "TotalPixelMatrixColumns": 1920, "TotalPixelMatrixRows": 1920},
            "broken-slide",
        ),
        ({"TotalPixelMatrixColumns": 0}, "bad-header"),
        ({"Rows": 60000, "Columns": 60000}, "too-large"),
        ({"BitsAllocated": 32}, "bad-header"),
    ],
)
def test_dicom_that_is_refused(options: dict[str, object], code: str) -> None:
    assert refused(slide_files.dicom([tissue(130, 100)], **options)) == code  # type: ignore[arg-type]


@pytest.mark.parametrize("jpeg", [False, True])
def test_a_dicom_slide_that_was_cut_off_is_refused(jpeg: bool) -> None:
    data = slide_files.dicom([tissue(300, 200)], jpeg=jpeg)
    for part in (0.3, 0.9):
        assert refused(data[: int(len(data) * part)]) in ("broken-slide", "broken-pixels", "bad-header")


@pytest.mark.parametrize(
    ("healthy", "damaged"),
    [
        # Found by changing bytes at random: a transfer syntax that is none, and a kind of value that is none.
        (b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.9.9.9\0"),
        (b"\x20\x00\x52\x00UI", b"\x20\x00\x52\x00U\xff"),
    ],
)
def test_damaged_headers_are_refused(healthy: bytes, damaged: bytes) -> None:
    data = slide_files.dicom([tissue(100, 80)])
    assert data.count(healthy) == 1
    assert refused(data.replace(healthy, damaged)) in ("broken-slide", "unknown-syntax")


def test_a_label_in_the_picture_is_for_a_person_to_judge() -> None:
    found, _ = read(slide_files.dicom([tissue(100, 80)], SpecimenLabelInImage="YES"))
    assert "burned-in-flag" in found.suspicion
    found, _ = read(slide_files.dicom([tissue(100, 80)], SpecimenLabelInImage="NO"))
    assert "burned-in-flag" not in found.suspicion


def test_the_reference_dicom_slide_without_its_finest_levels() -> None:
    folder = shared("data/09_wsi_small") / "dicom_wsi_BPAEC"
    sizes, codes, names = {}, {}, set()
    for path in sorted(p for p in folder.iterdir() if not p.suffix):
        try:
            found = clean_slide(path, secret=SECRET, target=BytesIO())
        except Refused as refusal:
            codes[path.name] = refusal.code
            continue
        assert found is not None
        assert found.slide is not None
        sizes[path.name] = found.slide.width
        names.add(found.sop_uid)
        assert found.slide.microns_x == pytest.approx(1.29 * 3072 / found.slide.width, rel=0.01)
        if path.name == "6_0":
            light = found.frames[0].pixels.reshape(-1, 3)
            # Three stains in three colours on black.
            assert np.median(light) < 30
            assert all(light[:, channel].max() > 200 for channel in range(3))
    assert sizes == {f"{n}_0": 3072 >> (n - 5) for n in range(5, 13)}
    assert codes == {"1_Map": "slide-beside", "2": "slide-label"}
    assert len(names) == 1
