"""Labelled sets and plain files from disk: everything intact, nothing doubled, bad rows named."""

import csv
import json
import shutil
from io import StringIO

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from cases.geometry import mask as mask_of
from cases.geometry.schema import parse_shapes
from cases.models import Annotation, Case, Collection, CollectionItem, Instance
from tests.builders import pictures, rows, traces

pytestmark = pytest.mark.django_db


def run(command, *arguments, **options):
    """The command's report as JSON."""
    out = StringIO()
    call_command(command, *arguments, json=True, by="ann", stdout=out, stderr=StringIO(), **options)
    return json.loads(out.getvalue())


def manifest(folder, header, *lines):
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *lines])


def part_of(source, folder, lines):
    """Copy ``lines`` of a set's manifest and the files they name."""
    with (source / "manifest.csv").open(newline="") as file:
        reader = csv.DictReader(file)
        chosen = [row for number, row in enumerate(reader) if number in lines]
        header = list(reader.fieldnames)
    for row in chosen:
        for column in ("filename", "mask", "polygons", "box"):
            if row.get(column):
                target = folder / row[column]
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / row[column], target)
    manifest(folder, header, *([row[name] for name in header] for row in chosen))
    return chosen


def items(collection):
    return list(
        CollectionItem.objects.filter(collection=collection).order_by("position").select_related("case")
    )


# --- sets made here ---------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(pictures.png(number, rows=40, columns=50))
    return tmp_path


def test_labels_splits_and_patients_survive(folder, author):
    manifest(
        folder,
        ["filename", "label", "split", "patient_group"],
        ["0.png", "sick", "train", "zanzibar-1"],
        ["1.png", "well", "val", "zanzibar-1"],
        ["2.png", "sick", "test", "zanzibar-2"],
        ["3.png", "", "", ""],
    )
    report = run("import_dataset", folder, collection="Set", modality="DX", body_region="chest")
    assert (report["taken"], report["refused"]) == (4, 0)
    found = items(Collection.objects.get())
    assert [(i.label, i.split) for i in found] == [
        ("sick", "train"),
        ("well", "val"),
        ("sick", "test"),
        ("", ""),
    ]
    keys = [i.case.patient_key for i in found]
    assert keys[0] == keys[1] != keys[2]
    assert keys[3] == ""
    assert {i.case.modality for i in found} == {"DX"}
    assert "zanzibar" not in traces.database()


def test_twice_doubles_nothing(folder, author):
    manifest(folder, ["filename", "label"], ["0.png", "a"], ["1.png", "b"])
    first = run("import_dataset", folder, collection="Set")
    counts = [m.objects.count() for m in (Case, Collection, CollectionItem, Instance)]
    again = run("import_dataset", folder, collection="Set")
    assert (again["taken"], again["known"]) == (0, 2)
    assert [row["case"] for row in again["rows"]] == [row["case"] for row in first["rows"]]
    assert [m.objects.count() for m in (Case, Collection, CollectionItem, Instance)] == counts


def test_bad_rows_are_named_and_the_next_ones_go_on(folder, author):
    (folder / "broken.png").write_bytes(pictures.png()[:80])
    (folder / "text.png").write_text("not an image")
    (folder.parent / "secret.png").write_bytes(pictures.png())
    (folder / "small.png").write_bytes(pictures.png(rows=5, columns=5))
    manifest(
        folder,
        ["filename", "label", "split", "mask"],
        ["0.png", "a", "train", ""],
        ["broken.png", "a", "train", ""],
        ["text.png", "a", "train", ""],
        ["missing.png", "a", "train", ""],
        ["../secret.png", "a", "train", ""],
        [str(folder.parent / "secret.png"), "a", "train", ""],
        ["1.png", "a", "later", ""],
        ["2.png", "a", "train", "small.png"],
        ["3.png", "a", "train", ""],
    )
    report = run("import_dataset", folder, collection="Set")
    assert [row["outcome"] for row in report["rows"]] == ["taken", *["refused"] * 7, "taken"]
    reasons = [row["reason"] for row in report["rows"][1:8]]
    assert "missing" in reasons[2]
    assert "outside" in reasons[3]
    assert "outside" in reasons[4]
    assert "later" in reasons[5]
    assert "another size" in reasons[6]
    assert all(reasons)
    assert Case.objects.count() == 2


@pytest.mark.parametrize(
    ("column", "content"),
    [
        ("polygons", b"{not json"),
        ("polygons", b"[1, 2]"),
        ("polygons", b'{"objects": [{"polygons": [[["x", 1]]]}]}'),
        ("polygons", b'{"objects": [{"polygons": [[[1' + b"0" * 400 + b", 1], [2, 2], [3, 1]]]}]}"),
        ("polygons", b"\xff\xfe{}"),
        ("box", b"<annotation><object>"),
        ("box", b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'),
        ("mask", b""),
        ("mask", b"not a picture"),
    ],
)
def test_a_damaged_drawing_refuses_its_row_only(folder, author, column, content):
    (folder / "drawing").write_bytes(content)
    manifest(folder, ["filename", "label", column], ["0.png", "a", "drawing"], ["1.png", "a", ""])
    report = run("import_dataset", folder, collection="Set")
    assert [row["outcome"] for row in report["rows"]] == ["refused", "taken"]
    assert column in report["rows"][0]["reason"]
    assert Case.objects.count() == 1


def test_a_link_out_of_the_folder_is_refused(folder, author):
    (folder.parent / "elsewhere.png").write_bytes(pictures.png())
    (folder / "link.png").symlink_to(folder.parent / "elsewhere.png")
    manifest(folder, ["filename", "label"], ["link.png", "a"])
    assert "outside" in run("import_dataset", folder, collection="Set")["rows"][0]["reason"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "no manifest.csv"),
        ("filename,label\n0.png,\udcff\n", "not a table in UTF-8"),
        ("filename\n0.png\n", "lacks the columns label"),
        ("filename,label\n", "no rows"),
    ],
)
def test_a_set_without_a_proper_manifest_is_refused_before_anything_is_made(folder, author, text, sentence):
    if text is not None:
        (folder / "manifest.csv").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CommandError, match=sentence):
        run("import_dataset", folder, collection="Set")
    assert not Collection.objects.exists()


def test_a_mask_becomes_regions_that_cover_it(folder, author):
    mask = np.zeros((40, 50), np.uint8)
    mask[5:15, 10:30], mask[0, 0], mask[30, 40:43] = 1, 2, 3
    cv2.circle(mask, (12, 29), 8, 4, -1)
    cv2.imwrite(str(folder / "mask.png"), mask)
    manifest(folder, ["filename", "label", "mask"], ["0.png", "lesion", "mask.png"])
    assert run("import_dataset", folder, collection="Set")["regions"] == 4
    layer = Annotation.objects.get()
    assert (layer.status, layer.is_reference, layer.author) == ("submitted", True, author)
    shapes = parse_shapes(layer.shapes, frames=[(40, 50)])
    for number, shape in enumerate(shapes, start=1):
        assert shape.label == "lesion"
        np.testing.assert_array_equal(mask_of(shape, 40, 50), mask == number)


def test_the_table_and_the_bar_are_for_people(folder, author):
    manifest(folder, ["filename", "label"], ["0.png", "a"], ["nowhere.png", "b"])
    out, err = StringIO(), StringIO()
    call_command("import_dataset", folder, collection="Set", by="ann", stdout=out, stderr=err)
    assert "taken          1" in out.getvalue()
    assert "1 x The file named by the manifest is missing." in out.getvalue()
    assert "2/2" in err.getvalue()


def test_it_needs_an_instructor(folder):
    rows.person(name="sam")
    with pytest.raises(CommandError, match="no instructor"):
        call_command("import_dataset", folder, collection="Set", by="sam")


# --- real sets --------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_nuclei_keep_every_polygon(shared, tmp_path, author):
    source = shared("data/03_nuclei_masks")
    chosen = part_of(source, tmp_path, set(range(5)))
    report = run("import_dataset", tmp_path, collection="Nuclei", modality="GM", body_region="cells")
    assert report["taken"] == 5
    for row, item in zip(chosen, items(Collection.objects.get()), strict=True):
        assert (item.label, item.split) == (row["label"], row["split"])
        shapes = Annotation.objects.get(series__case=item.case).shapes
        objects = json.loads((source / row["polygons"]).read_text())["objects"]
        outlines = [polygon for one in objects for polygon in one["polygons"]]
        assert len(shapes) == len(outlines) >= int(row["n_nuclei"])
        for shape, outline in zip(shapes, outlines, strict=True):
            assert shape["label"] == "nucleus"
            moved = [[x + 0.5, y + 0.5] for x, y in outline]
            assert shape["points"] == (moved if shape["kind"] == "polygon" else moved[:1])
    assert run("import_dataset", tmp_path, collection="Nuclei")["known"] == 5


@pytest.mark.shared
def test_blood_cells_keep_every_box(shared, tmp_path, author):
    source = shared("data/02_bccd_blood_cells_boxes")
    chosen = part_of(source, tmp_path, set(range(5)))
    with (source / "boxes.csv").open(newline="") as file:
        boxes = [row for row in csv.DictReader(file) if row["valid"] == "1"]
    report = run("import_dataset", tmp_path, collection="Blood", modality="GM", body_region="blood")
    assert report["taken"] == 5
    for row, item in zip(chosen, items(Collection.objects.get()), strict=True):
        assert (item.label, item.split) == (row["label"], row["split"])
        shapes = Annotation.objects.get(series__case=item.case).shapes
        expected = sorted(
            (b["class"], *(float(b[side]) for side in ("xmin", "ymin", "xmax", "ymax")))
            for b in boxes
            if b["filename"] == row["filename"]
        )
        assert sorted((s["label"], *s["points"][0], *s["points"][1]) for s in shapes) == expected


@pytest.mark.shared
def test_radiographs_keep_their_patients(shared, tmp_path, author):
    source = shared("data/01_cxr_pneumonia_2class")
    with (source / "manifest.csv").open(newline="") as file:
        groups = [row["patient_group"] for row in csv.DictReader(file)]
    several = next(group for group in groups if groups.count(group) == 3)
    lines = {number for number, group in enumerate(groups) if group == several} | {0, 1, len(groups) - 1}
    chosen = part_of(source, tmp_path, lines)
    assert run("import_dataset", tmp_path, collection="Chest", modality="DX")["taken"] == len(chosen)
    by_group = {}
    for row, item in zip(chosen, items(Collection.objects.get()), strict=True):
        assert (item.label, item.split) == (row["label"], row["split"])
        by_group.setdefault(row["patient_group"], set()).add(item.case.patient_key)
    assert all(len(keys) == 1 for keys in by_group.values())
    assert len({key for keys in by_group.values() for key in keys}) == len(by_group)
    assert several not in traces.database()


@pytest.mark.shared
def test_a_ct_series_becomes_one_draft_and_twice_changes_nothing(shared, tmp_path, author):
    files = sorted(shared("data/04_dicom_ct_series/series").glob("*.dcm"))[:8]
    for path in reversed(files):
        shutil.copy(path, tmp_path / path.name)
    (tmp_path / "notes.txt").write_text("not an image")
    report = run("import_images", tmp_path)
    assert (report["taken"], report["refused"]) == (8, 1)
    case = Case.objects.get()
    assert (case.status, case.modality, case.author) == ("draft", "CT", author)
    series = case.series.get()
    heights = [p[2] for p in series.frames.order_by("index").values_list("position", flat=True)]
    assert heights == sorted(heights)
    assert series.frame_count == 8
    again = run("import_images", tmp_path)
    assert (again["taken"], again["known"], again["refused"]) == (0, 8, 1)
    assert (Case.objects.count(), Instance.objects.count()) == (1, 8)


def test_files_folders_and_archives_together(tmp_path, author):
    (tmp_path / "loose.png").write_bytes(pictures.png())
    inner = tmp_path / "study"
    inner.mkdir()
    (inner / "no-extension").write_bytes(pictures.ct(1))
    (inner / ".hidden").write_bytes(pictures.ct(2))
    (tmp_path / "more.zip").write_bytes(
        pictures.archive({"x/3.dcm": pictures.ct(3), "x/4.dcm": pictures.ct(4)})
    )
    report = run("import_images", tmp_path, collection="Brought in")
    assert (report["taken"], report["refused"]) == (4, 0)
    # One study, in two places, is one case.
    assert sorted(case.series.get().frame_count for case in Case.objects.all()) == [1, 3]
    assert Collection.objects.get().items.count() == 2
    with pytest.raises(CommandError, match="no file or folder"):
        run("import_images", tmp_path / "nowhere")


def test_of_a_refused_archive_nothing_is_kept(tmp_path, author):
    """Two good members come first; what follows them is an archive in an archive in an archive."""
    nested = pictures.archive({"inner.zip": pictures.archive({"b": b"b"})})
    slices = {f"{n}.dcm": pictures.ct(n) for n in (1, 2)}
    (tmp_path / "study.zip").write_bytes(pictures.archive({**slices, "outer.zip": nested}))
    report = run("import_images", tmp_path, collection="Brought in")
    assert [row["outcome"] for row in report["rows"]] == ["refused"]
    assert not Case.objects.exists()
    assert not Instance.objects.exists()
