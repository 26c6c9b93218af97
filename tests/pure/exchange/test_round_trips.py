"""What is written is what is read, where a format can hold it; where not, it says so."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.exchange import coco, masks, table, voc, web, yolo
from cases.exchange.archives import members
from cases.exchange.layers import Unreadable
from cases.exchange.outlines import column_runs, from_column_runs, outlines_of
from cases.geometry.rasterise import mask
from tests.pure.exchange.shapes import COLUMNS, PICTURES, ROWS, layer, masked, shape, shapes

LISTS = st.lists(shapes(), min_size=1, max_size=5, unique_by=lambda one: one.id)


@settings(max_examples=80, deadline=None)
@given(drawn=LISTS)
@pytest.mark.parametrize("form", [coco, web])
def test_formats_with_room_lose_nothing(form, drawn):
    written = form.write([layer(*drawn)])
    found = form.read(written.data, PICTURES)
    assert list(found.shapes) == drawn
    assert found.losses == ()


@settings(max_examples=60, deadline=None)
@given(drawn=st.lists(shapes(("box",), whole=True), min_size=1, max_size=4))
def test_boxes_of_whole_pixels_survive_voc(drawn):
    written = voc.write([layer(*drawn)])
    found = voc.read(written.data, PICTURES)
    expected = sorted((one.frame, one.bounds, one.label) for one in drawn)
    assert sorted((one.frame, one.bounds, one.label) for one in found.shapes) == expected


@settings(max_examples=60, deadline=None)
@given(drawn=shapes(("mask",)))
def test_a_mask_survives_label_maps(drawn):
    written = masks.write([layer(drawn)])
    (found,) = masks.read(written.data, PICTURES).shapes
    assert (found.points, found.counts, found.frame, found.label) == (
        drawn.points, drawn.counts, drawn.frame, drawn.label,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(drawn=shapes(("mask", "box", "polygon", "ellipse")))
def test_runs_down_the_columns_are_the_mask(drawn):
    runs = column_runs(drawn, ROWS, COLUMNS)
    expected = mask(drawn, ROWS, COLUMNS)
    assert (from_column_runs(runs, ROWS, COLUMNS) == expected).all()
    # As the format's own tools count: the first run is outside, none but it is empty.
    flat = np.concatenate([np.full(n, turn % 2) for turn, n in enumerate(runs)])
    assert (flat == expected.ravel(order="F")).all()
    assert all(runs[1:])


def test_another_program_that_moves_a_shape_is_believed():
    written = json.loads(coco.write([layer(shape("ellipse", [(4, 4), (10, 12)]))]).data)
    item = written["annotations"][0]
    item["segmentation"] = [[2, 2, 8, 2, 8, 9]]
    item["bbox"] = [2, 2, 6, 7]
    (found,) = coco.read(json.dumps(written).encode(), PICTURES).shapes
    assert (found.kind, found.points) == ("polygon", ((2, 2), (8, 2), (8, 9)))
    assert found.label == "Cyst"
    # Written anew without a change, with whole numbers where there were fractions, it is still the ellipse.
    same = json.loads(coco.write([layer(shape("ellipse", [(4, 4), (10, 12)]))]).data)
    same["annotations"][0]["bbox"] = [int(n) for n in same["annotations"][0]["bbox"]]
    assert coco.read(json.dumps(same).encode(), PICTURES).shapes[0].kind == "ellipse"


def test_coco_of_other_programs():
    whole = {
        "images": [{"id": 5, "file_name": "data/series-7-0002.png", "width": COLUMNS, "height": ROWS}],
        "categories": [{"id": 3, "name": "Nodule"}],
        "annotations": [
            {"id": 1, "image_id": 5, "category_id": 3, "bbox": [1, 2, 3, 4], "segmentation": []},
            {"id": 2, "image_id": 5, "category_id": 3, "keypoints": [5, 6, 2], "bbox": [5, 6, 0, 0]},
            {"id": 3, "image_id": 9, "category_id": 3, "bbox": [1, 2, 3, 4]},
            {"id": 4, "image_id": 5, "category_id": 3, "bbox": [1, 2, 300, 4]},
            {"id": 5, "image_id": 5, "segmentation": {"size": [ROWS, COLUMNS], "counts": "bQ1"}},
        ],
    }
    found = coco.read(json.dumps(whole).encode(), PICTURES)
    assert [(one.kind, one.frame, one.label) for one in found.shapes] == [
        ("box", 1, "Nodule"),
        ("point", 1, "Nodule"),
    ]
    assert len(found.losses) == 3
    assert any("other series" in sentence for sentence in found.losses)
    assert any("outside of the image" in sentence for sentence in found.losses)


def test_an_svg_of_another_program():
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><g><path d="M1 1 L5 1 L5 6 Z M8 8 L9 9"/></g></svg>'
    items = [
        {
            "type": "Annotation",
            "body": "seen",
            "target": {"source": "series-7-0003.png", "selector": selector},
        }
        for selector in (
            {"type": "SvgSelector", "value": svg},
            {"type": "FragmentSelector", "value": "xywh=2,3,4,5"},
            {"type": "SvgSelector", "value": '<svg><circle cx="9" cy="9" r="2"/></svg>'},
            {"type": "SvgSelector", "value": '<svg><path d="M1 1 C2 2 3 3 4 4"/></svg>'},
        )
    ]
    found = web.read(json.dumps(items).encode(), PICTURES)
    assert [one.kind for one in found.shapes] == ["polygon", "polyline", "box", "ellipse"]
    assert {one.note for one in found.shapes} == {"seen"}
    assert found.losses == ("Figures whose numbers could not be read were left out. (1)",)


def test_losses_are_told():
    drawn = layer(
        shape("circle", [(2, 2), (8, 8)], note="round"),
        shape("length", [(1, 1), (5, 5)]),
        shape("point", [(3, 3)]),
    )
    assert any("64 corners" in one for one in coco.write([drawn]).losses)
    assert any("Lines" in one for one in voc.write([drawn]).losses)
    assert any("areas only" in one and one.endswith("(2)") for one in yolo.write([drawn]).losses)
    assert any("Notes" in one for one in masks.write([drawn]).losses)
    both = layer(shape("box", [(1, 1), (6, 6)]), shape("box", [(4, 4), (9, 9)], label="Stone"))
    assert any("later one remains" in one for one in masks.write([both]).losses)


def test_yolo_holds_shares_of_the_picture():
    hole = masked([[1, 1, 1], [1, 0, 1], [1, 1, 1]], x=4, y=4, label='Say "ah": 1')
    found = dict(members(yolo.write([layer(shape("box", [(8, 6), (16, 18)]), hole)]).data, (".txt", ".yaml")))
    assert found["data.yaml"].decode() == 'nc: 2\nnames:\n  0: "Cyst"\n  1: "Say \\"ah\\": 1"\n'
    box = [float(n) for n in found["detect/series-7-0001.txt"].decode().splitlines()[0].split()]
    assert box == pytest.approx([0, 12 / COLUMNS, 12 / ROWS, 8 / COLUMNS, 12 / ROWS])
    assert len(found["segment/series-7-0001.txt"].splitlines()) == 2


def test_a_table_is_safe_in_spreadsheets():
    drawn = shape("box", [(8, 6), (16, 18)], label="=1+1", note="+49")
    data = table.write([layer(drawn, author="@ann")]).data.decode("utf-8-sig")
    row = data.splitlines()[1]
    assert "'=1+1" in row
    assert "'+49" in row
    assert "'@ann" in row
    assert ",96,12.0," in row or ",96.0,12.0," in row


@pytest.mark.parametrize("form", [coco, web, voc, masks])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1]",
        b"PK\x03\x04rubbish",
        b"<annotation/>",
        b"\xff\xfe",
        b'{"images": [], "annotations": 3}',
    ],
)
def test_what_is_something_else_is_refused_in_words(form, data):
    from cases.geometry.errors import GeometryError

    with pytest.raises((Unreadable, GeometryError)) as caught:
        form.read(data, PICTURES)
    assert len(str(caught.value)) > 10


def test_entities_are_not_expanded():
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><annotation><filename>&b;</filename></annotation>'
    with pytest.raises(Unreadable, match="document type"):
        voc.read(bomb, PICTURES)


@settings(max_examples=60, deadline=None)
@given(drawn=shapes(("mask", "box", "polygon", "freehand", "rotated-box", "ellipse", "circle")))
def test_outlines_enclose_what_the_shape_covers(drawn):
    covered = np.zeros((ROWS, COLUMNS), bool)
    for ring in outlines_of(drawn):
        covered ^= mask(shape("polygon", ring), ROWS, COLUMNS) if len(ring) >= 3 else False
    allowed = 0.12 if drawn.kind in ("ellipse", "circle") else 0.0
    whole = mask(drawn, ROWS, COLUMNS)
    assert (covered != whole).sum() <= allowed * max(whole.sum(), 20)
