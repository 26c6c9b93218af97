"""Structure sets and segmentations: outlines by hand, names cleaned, references that match the images."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from cases.geometry import Shape, area, mask
from cases.imaging import pseudonyms, regions
from cases.imaging.clean import clean, clean_any
from cases.imaging.errors import Refused
from cases.imaging.outlines import Plane
from cases.imaging.reader import read_dicom
from cases.imaging.regions import CLASSES, LABEL_MAP, CleanRegions, Outline, read_regions
from tests.support import shared

from .build import PLANTED, SECRET, image, item, sequence, to_file
from .region_files import contour, segmentation, structures

SQUARE = [(10, 20, 5), (12, 20, 5), (12, 23, 5), (10, 23, 5)]


def _read(data: bytes) -> CleanRegions:
    found = clean_any(data, secret=SECRET)
    assert isinstance(found, CleanRegions)
    return found


def _covered(outlines: list[Outline], rows: int, columns: int) -> np.ndarray:
    """How many outlines cover each pixel."""
    shapes = [Shape("x", "polygon", 0, tuple((x, y) for x, y in one.points)) for one in outlines]
    return sum((mask(shape, rows, columns).astype(int) for shape in shapes), np.zeros((rows, columns), int))


def test_contours_keep_their_places_and_name_the_cleaned_image() -> None:
    found = _read(structures({"Tumour": [contour(SQUARE)]}))
    (region,) = found.regions
    (outline,) = region.outlines
    cleaned = clean(to_file(image()), secret=SECRET)
    assert (found.kind, region.name) == ("structures", "Tumour")
    assert outline.points == tuple(tuple(float(x) for x in place) for place in SQUARE)
    assert outline.sop_uid == cleaned.sop_uid
    assert outline.series_uid == cleaned.series_uid
    assert outline.frame_of_reference == cleaned.frame_of_reference
    assert found.patient_key == cleaned.patient_key
    assert outline.frame is None


def test_nobody_is_named() -> None:
    names = {
        f"GTV {PLANTED}": [contour(SQUARE)],
        "Bea Ozbrygcz 2": [contour(SQUARE)],
        "Liver": [contour(SQUARE)],
    }
    found = _read(structures(names))
    told = json.dumps(asdict(found))
    for word in (PLANTED, "Ozbrygcz", "ID-4711", "1.2.3.4", "19610102"):
        assert word not in told
    assert found.regions[0].name.startswith("GTV")
    assert found.regions[2].name == "Liver"
    assert found.report["ROIName"] == {"keep/descriptor": 1, "text/clean-descriptors": 2}
    assert found.report["PatientName"] == {"remove/regions": 1}
    assert found.report["@objects"] == {"regions": 1}
    assert found.removed["text"] == 2


def test_names_are_short_and_printable_and_never_empty() -> None:
    found = _read(structures({"A" * 64: [contour(SQUARE)], "": [contour(SQUARE)], "a\tb": [contour(SQUARE)]}))
    assert [region.name for region in found.regions][:2] == ["A" * 64, "2"]
    assert all(region.name.isprintable() for region in found.regions)


def test_lines_are_left_out_and_points_stay() -> None:
    drawn = [contour(SQUARE[:1], kind="POINT"), contour(SQUARE, kind="OPEN_PLANAR"), contour(SQUARE[:2])]
    found = _read(structures({"x": drawn}))
    assert [len(one.points) for one in found.regions[0].outlines] == [1]
    assert found.notes == ("open-contours",)
    with pytest.raises(Refused) as refused:
        _read(structures({"x": drawn[1:]}))
    assert refused.value.code == "no-regions"


def test_contours_that_exclude_one_another_become_one_with_a_hole() -> None:
    inner = [(10.5, 21, 5), (11.5, 21, 5), (11.5, 22, 5), (10.5, 22, 5)]
    kind = "CLOSEDPLANAR_XOR"
    found = _read(structures({"ring": [contour(SQUARE, kind=kind), contour(inner, kind=kind)]}))
    (outline,) = found.regions[0].outlines
    plane = Plane((0, 0, 5), (1, 0, 0, 0, 1, 0), (1.0, 1.0))
    xy, off = plane.to_pixels(np.array(outline.points))
    assert np.abs(off).max() < 1e-3
    shape = Shape("x", "polygon", 0, tuple(map(tuple, xy.tolist())))
    assert area(shape) == pytest.approx(6 - 1, abs=1e-3)


def test_without_an_image_the_series_and_the_space_are_named() -> None:
    outline = _read(structures({"x": [contour(SQUARE, image=None)]})).regions[0].outlines[0]
    assert outline.sop_uid == ""
    assert outline.series_uid == pseudonyms.uid(SECRET, "1.2.3.4")
    outline = _read(structures({"x": [contour(SQUARE, None)]}, series=None)).regions[0].outlines[0]
    assert (outline.series_uid, outline.frame_of_reference) == ("", pseudonyms.uid(SECRET, "1.2.3.9"))
    assert _read(structures({"x": [contour(SQUARE, frame=3)]})).regions[0].outlines[0].frame == 3


def test_a_segmentation_covers_exactly_its_pixels() -> None:
    rng = np.random.default_rng(5)
    masks = [rng.random((9, 13)) < 0.6 for _ in range(3)]
    data = segmentation(masks, [1, 2, 1], ["1.2.3.4.1", "1.2.3.4.1", "1.2.3.4.2"], {1: "Lung", 2: "Node"})
    found = _read(data)
    assert [region.name for region in found.regions] == ["Lung", "Node"]
    by_name = {region.name: list(region.outlines) for region in found.regions}
    first = pseudonyms.uid(SECRET, "1.2.3.4.1")
    assert np.array_equal(_covered([o for o in by_name["Lung"] if o.sop_uid == first], 9, 13), masks[0])
    assert np.array_equal(_covered([o for o in by_name["Lung"] if o.sop_uid != first], 9, 13), masks[2])
    assert np.array_equal(_covered(by_name["Node"], 9, 13), masks[1])
    outline = by_name["Node"][0]
    assert outline.plane == Plane((10, 20, 2), (1, 0, 0, 0, 1, 0), (0.5, 0.25))
    assert (outline.rows, outline.columns) == (9, 13)


def test_label_maps_and_degrees() -> None:
    values = np.zeros((6, 6), np.uint8)
    values[1:3, 1:4], values[4, 4] = 1, 2
    data = segmentation([values], [1], ["1.2.3.4.1"], {0: "Background", 1: "Liver", 2: "Spleen"},
                        kind="LABELMAP", sop_class=LABEL_MAP)  # fmt: skip
    found = _read(data)
    assert {r.name: _covered(list(r.outlines), 6, 6).sum() for r in found.regions} == {
        "Liver": 6,
        "Spleen": 1,
    }
    degrees = np.array([[0, 100, 128], [255, 127, 200]], np.uint8)
    found = _read(segmentation([degrees], [1], [""], {1: "x"}, kind="FRACTIONAL"))
    assert np.array_equal(_covered(list(found.regions[0].outlines), 2, 3), degrees * 2.0 > 255)
    assert found.notes == ("fractional",)


def test_what_is_refused() -> None:
    empty = segmentation([np.zeros((4, 4))], [1], [""], {1: "x"})
    tiled = segmentation([np.ones((4, 4))], [1], [""], {1: "x"}, DimensionOrganizationType="TILED_FULL")
    short = segmentation([np.ones((4, 4))], [1], [""], {1: "x"}, NumberOfFrames=2)
    for data, code in ((empty, "no-regions"), (tiled, "tiled-segmentation"), (short, "truncated")):
        with pytest.raises(Refused) as refused:
            _read(data)
        assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        clean(structures({"x": [contour(SQUARE)]}), secret=SECRET)
    assert refused.value.code == "regions-alone"


def test_too_many_points_are_refused_before_they_cost_time(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1).random((1024, 1024)) < 0.5
    with pytest.raises(Refused) as refused:
        _read(segmentation([noise], [1], [""], {1: "x"}))
    assert refused.value.code == "too-many-regions"
    monkeypatch.setattr(regions, "MOST_POINTS", 7)
    with pytest.raises(Refused):
        _read(structures({"x": [contour(SQUARE), contour(SQUARE)]}))


def test_damaged_contours_do_not_hide_good_ones() -> None:
    ds = read_dicom(structures({"x": [contour(SQUARE), contour(SQUARE)]}), also=CLASSES)
    ds.ROIContourSequence[0].ContourSequence[0].ContourData = ["1", "2"]
    found = read_regions(ds, secret=SECRET)
    assert len(found.regions[0].outlines) == 1
    ds.ROIContourSequence = sequence(item(ReferencedROINumber=5))
    with pytest.raises(Refused):
        read_regions(ds, secret=SECRET)


def test_equal_regions_have_equal_digests() -> None:
    one, same = (_read(structures({"x": [contour(SQUARE)]})) for _ in range(2))
    moved = _read(structures({"x": [contour([(x + 1, y, z) for x, y, z in SQUARE])]}))
    assert one == same
    assert one.digest != moved.digest
    assert replace(one, digest="") != one


@pytest.mark.shared
def test_contours_of_a_planning_system_meet_the_reference_within_a_hundredth_of_a_pixel() -> None:
    folder = shared("data/05_dicom_mr_series")
    truth = json.loads((folder / "rtstruct/contours_pixel_xy.json").read_text(encoding="utf-8"))
    planes = {}
    for name in {entry["image"] for entry in truth}:
        ds = read_dicom((folder / name).read_bytes())
        uid = pseudonyms.uid(SECRET, str(ds.SOPInstanceUID))
        place, turn, size = ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing
        planes[uid] = (
            name,
            Plane(tuple(map(float, place)), tuple(map(float, turn)), tuple(map(float, size))),
        )
    found = _read((folder / "rtstruct/RS_MR_T2.dcm").read_bytes())
    drawn = {}
    for region in found.regions:
        for outline in region.outlines:
            name, plane = planes[outline.sop_uid]
            xy, off = plane.to_pixels(np.array(outline.points))
            assert np.abs(off).max() < 0.01
            drawn.setdefault((name, region.name), []).append(xy)
    assert sum(map(len, drawn.values())) == len(truth) == 52
    for entry in truth:
        # The reference counts from the centre of the first pixel, shapes from its corner.
        wanted = np.array(entry["polygon_xy"]) + 0.5
        same = [xy for xy in drawn[entry["image"], entry["roi"]] if len(xy) == len(wanted)]
        assert min(float(np.abs(xy - wanted).max()) for xy in same) <= 0.01


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "pixels"),
    [("liver.dcm", None), ("liver_deflate.dcm", None), ("liver_nonbyte_aligned.dcm", None),
     ("highdicom_seg_image_ct_binary_overlap.dcm", None)],
)  # fmt: skip
def test_segmentations_of_other_programs_cover_their_pixels(name: str, pixels: None) -> None:
    data = (shared("data/08_dicom_odd_cases") / name).read_bytes()
    source = "liver.dcm" if name == "liver_deflate.dcm" else name
    ds = read_dicom((shared("data/08_dicom_odd_cases") / source).read_bytes(), also=CLASSES)
    wanted = int(np.unpackbits(np.frombuffer(ds.PixelData, np.uint8)).sum())
    shapes = [
        Shape("x", "polygon", 0, tuple((x, y) for x, y in outline.points))
        for region in _read(data).regions
        for outline in region.outlines
    ]
    assert sum(area(shape) for shape in shapes) == pytest.approx(wanted)
