"""Segmentations and structure sets, in: what we write comes back whole, the rest lands or says why."""

import io
import json
from dataclasses import replace

import highdicom as hd
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.exchange import coco, masks, regions, seg, sr, voc, web, yolo
from cases.exchange.layers import Layer, Unreadable
from cases.geometry.rasterise import mask
from cases.imaging import pseudonyms
from tests.pure.exchange.shapes import COLUMNS, PICTURES, ROWS, layer, masked, shape, shapes
from tests.pure.exchange.test_dicom import HEADERS, SECRET, SERIES, SLICES, SPACE
from tests.pure.imaging.region_files import contour, segmentation, structures

OURS = regions.Space(SECRET, SERIES, SPACE)
# Names as readers give them; what free text may say of people is taken out of names that come in a file.
LABELS = st.sampled_from(["", "Cyst", "Lymph node", "Oedème", "肝", "HER2+"])


def written(*drawn):
    return seg.write([Layer(SLICES, drawn, header=lambda uid: HEADERS[uid])])


def covered(drawn):
    """Pixels by label and picture."""
    found = {}
    for one in drawn:
        key = (one.label, one.frame)
        inside = mask(one, ROWS, COLUMNS)
        found[key] = found.get(key, np.zeros_like(inside)) | inside
    return {key: inside for key, inside in found.items() if inside.any()}


def same(first, second):
    return first.keys() == second.keys() and all(np.array_equal(first[key], second[key]) for key in first)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_our_own_segmentation_comes_back_pixel_by_pixel(data):
    kinds = ("mask", "box", "ellipse", "circle", "polygon", "freehand", "rotated-box")
    drawn = data.draw(st.lists(shapes(kinds), min_size=1, max_size=4))
    drawn = [replace(one, label=data.draw(LABELS), code="") for one in drawn]
    truth = covered(drawn)
    if not truth:
        return
    found = regions.read(written(*drawn).data, SLICES, OURS, regions.SEGMENTATIONS)
    assert found.losses == ()
    assert {one.kind for one in found.shapes} == {"mask"}
    assert len(found.shapes) == len(truth)
    assert same(covered(found.shapes), truth)
    # Once more out and in, and the very same shapes come: nothing wears off.
    again = regions.read(written(*found.shapes).data, SLICES, OURS, regions.SEGMENTATIONS)
    assert sorted(again.shapes, key=lambda one: one.id) == sorted(found.shapes, key=lambda one: one.id)


def test_parts_and_holes_of_a_mask_stay_one_mask():
    inside = np.zeros((9, 12), bool)
    inside[1:6, 1:7] = True
    inside[3, 3] = False
    inside[6, 7] = inside[8, 11] = True
    drawn = masked(inside, x=4, y=5, frame=1)
    (found,) = regions.read(written(drawn).data, SLICES, OURS, regions.SEGMENTATIONS).shapes
    assert (found.points, found.counts, found.frame, found.label) == (
        drawn.points, drawn.counts, 1, "Cyst",
    )  # fmt: skip


def named_slices():
    """The slices as they are kept when they came under the UIDs of `region_files`."""
    return tuple(
        replace(one, source=pseudonyms.uid(SECRET, f"1.2.3.4.{n}"), position=(10.0, 20.0, 2.0 * n))
        for n, one in enumerate(SLICES)
    )


THEIRS = regions.Space(SECRET, pseudonyms.uid(SECRET, "1.2.3.4"), pseudonyms.uid(SECRET, "1.2.3.9"))


def square():
    inside = np.zeros((ROWS, COLUMNS), bool)
    inside[3:9, 4:12] = True
    return inside


def test_images_are_known_by_their_pseudonyms():
    data = segmentation([square(), square()], [1, 1], ["1.2.3.4.2", "1.2.3.4.0"], {1: "Node"}, place=False)
    found = regions.read(data, named_slices(), THEIRS, regions.SEGMENTATIONS)
    assert [one.frame for one in found.shapes] == [0, 2]
    assert np.array_equal(mask(found.shapes[0], ROWS, COLUMNS), square())
    assert found.losses == ()


def test_what_names_other_images_is_put_where_it_lies_and_says_so():
    data = segmentation([square(), square()], [1, 1], ["9.9.1", "9.9.2"], {1: "Node"})
    found = regions.read(data, named_slices(), THEIRS, regions.SEGMENTATIONS)
    assert [one.frame for one in found.shapes] == [0, 1]
    assert all(np.array_equal(mask(one, ROWS, COLUMNS), square()) for one in found.shapes)
    assert found.losses == (
        "The file names other images than these: outlines were put where they lie in the patient. "
        "Look whether they fit. (2)",
    )


def test_other_images_without_a_place_are_refused_with_a_sentence():
    data = segmentation([square()], [1], ["9.9.1"], {1: "Node"}, place=False)
    with pytest.raises(Unreadable, match="None of the regions lies on the images of this series"):
        regions.read(data, named_slices(), THEIRS, regions.SEGMENTATIONS)


def test_contours_become_polygons_and_losses_are_named():
    corners = [(11, 22, 2), (13, 22, 2), (13, 25, 2), (11, 25, 2)]
    data = structures(
        {
            "Node": [contour(corners, image="1.2.3.4.1"), contour(corners[:2], kind="OPEN_NONPLANAR")],
            "Far": [contour([(x, y, 90) for x, y, _z in corners], image=None)],
        }
    )
    found = regions.read(data, named_slices(), THEIRS, regions.STRUCTURES)
    (one,) = found.shapes
    # Pixels of a quarter by half a millimetre; (0, 0) is the corner of the first one, not its centre.
    assert one.points == ((4.5, 4.5), (12.5, 4.5), (12.5, 10.5), (4.5, 10.5))
    assert (one.kind, one.frame, one.label) == ("polygon", 1, "Node")
    assert any("Open contours were left out" in sentence for sentence in found.losses)
    assert any("images that this series does not have" in sentence for sentence in found.losses)


def test_names_of_regions_lose_the_patient():
    data = structures(
        {"Ozbrygcz node": [contour([(11, 22, 2), (13, 22, 2), (13, 25, 2)], image="1.2.3.4.1")]}
    )
    (one,) = regions.read(data, named_slices(), THEIRS, regions.STRUCTURES).shapes
    assert "Ozbrygcz" not in one.label


def test_an_object_of_another_kind_says_which_it_is_not():
    with pytest.raises(Unreadable, match="no RT structure set"):
        regions.read(written(shape("box", [[1, 1], [5, 5]])).data, SLICES, OURS, regions.STRUCTURES)
    with pytest.raises(Unreadable):
        regions.read(b"no DICOM at all", SLICES, OURS, regions.SEGMENTATIONS)
    header = io.BytesIO()
    pydicom.dcmwrite(header, HEADERS["2.25.100"], enforce_file_format=True)
    with pytest.raises(Unreadable):
        regions.read(header.getvalue(), SLICES, OURS, regions.SEGMENTATIONS)


def test_codes_of_labels_go_out_and_come_back():
    drawn = [
        shape("box", [[1, 1], [9, 9]], label="Pneumonia", code="radlex:RID5350"),
        shape("ellipse", [[12, 3], [20, 9]], frame=1, label="Nodule", code="snomed:27925004"),
        shape("box", [[1, 12], [9, 20]], frame=1, label="Nodule"),
    ]
    data = written(*drawn).data
    types = [
        (one.SegmentedPropertyTypeCodeSequence[0].CodingSchemeDesignator, one.SegmentLabel)
        for one in pydicom.dcmread(io.BytesIO(data)).SegmentSequence
    ]
    assert types == [("99MEDWEB", "Nodule"), ("SCT", "Nodule"), ("RADLEX", "Pneumonia")]
    found = regions.read(data, SLICES, OURS, regions.SEGMENTATIONS)
    assert sorted((one.label, one.code, one.frame) for one in found.shapes) == [
        ("Nodule", "", 1), ("Nodule", "snomed:27925004", 1), ("Pneumonia", "radlex:RID5350", 0),
    ]  # fmt: skip


def test_what_only_looks_like_a_code_is_left_out():
    """A value of an unknown look may be a name."""
    for scheme, value in (("SCT", "Ann Miller"), ("99OTHER", "1"), ("RADLEX", "RIDdle")):
        ds = pydicom.dcmread(io.BytesIO(written(shape("box", [[1, 1], [9, 9]])).data))
        code = ds.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0]
        code.CodingSchemeDesignator, code.CodeValue = scheme, value
        out = io.BytesIO()
        ds.save_as(out, enforce_file_format=True)
        (one,) = regions.read(out.getvalue(), SLICES, OURS, regions.SEGMENTATIONS).shapes
        assert (one.label, one.code) == ("Cyst", "")


def test_a_report_names_findings_by_their_codes():
    drawn = shape("box", [[1, 1], [9, 9]], label="Pneumonia", code="radlex:RID5350")
    report = sr.write([Layer(SLICES, (drawn,), header=lambda uid: HEADERS[uid])])
    (group,) = hd.sr.srread(io.BytesIO(report.data)).content.get_planar_roi_measurement_groups()
    finding = group.finding_type
    assert (finding.scheme_designator, finding.value, finding.meaning) == ("RADLEX", "RID5350", "Pneumonia")


@pytest.mark.parametrize("form", [coco, web])
def test_codes_are_read_from_the_standard_part_alone(form):
    drawn = shape("box", [[1, 1], [9, 9]], label="Pneumonia", code="radlex:RID5350")
    whole = json.loads(form.write([layer(drawn)]).data)
    for item in whole.get("annotations") or whole.get("items"):
        del item["medweb"]
    (one,) = form.read(json.dumps(whole).encode(), PICTURES).shapes
    assert (one.label, one.code) == ("Pneumonia", "radlex:RID5350")


@pytest.mark.parametrize("form", [masks, voc, yolo])
def test_formats_without_codes_say_so(form):
    drawn = shape("box", [[1, 1], [9, 9]], label="Pneumonia", code="radlex:RID5350")
    assert any("Codes of labels were left out" in told for told in form.write([layer(drawn)]).losses)
