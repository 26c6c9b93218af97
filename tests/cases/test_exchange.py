"""Drawings out and in, by the page and by the API."""

import io
import json

import highdicom as hd
import numpy as np
import pydicom
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from cases import blobs
from cases.exchange import coco
from cases.geometry.rasterise import mask
from cases.models import Annotation, Series
from cases.services import annotations, cases, exchange, intake
from medweb.audit.models import AuditEvent
from tests.builders import pictures, rows
from tests.pure.imaging import region_files

pytestmark = pytest.mark.django_db


@pytest.fixture
def series(author):
    return rows.published(author, images=3).series.get()


@pytest.fixture
def reference(series, author):
    layer = annotations.start(series=series, shapes=[rows.shape(), rows.shape("point", frame=2)], by=author)
    return annotations.submit(annotation=layer, revision=1, by=author)


@pytest.fixture
def reader(client, student):
    client.force_login(student)
    return client


def add(reader, series, data, form="coco", name="drawings.json"):
    sent = {"form": form, "file": SimpleUploadedFile(name, data)}
    answer = reader.post(reverse("cases:drawings-add", args=[series.pk]), sent, follow=True)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


@pytest.mark.parametrize("form", ["coco", "web"])
def test_what_one_downloads_another_adds(series, reference, reader, student, form):
    got = reader.get(reverse("cases:drawings-file", args=[series.pk, form]))
    assert got.status_code == 200
    assert got["Content-Disposition"].startswith(f'attachment; filename="medweb-series-{series.pk}.')
    (told,) = add(reader, series, got.content, form)
    assert told == "2 shapes were added to your layer."
    mine = Annotation.objects.get(series=series, author=student)
    assert mine.shapes == reference.shapes
    assert not mine.is_reference
    # A second time nothing is doubled, and no revision is made of nothing.
    assert add(reader, series, got.content, form) == ["All shapes of the file are in your layer already."]
    mine.refresh_from_db()
    assert (mine.revision, len(mine.shapes)) == (1, 2)


def test_a_changed_shape_comes_beside_the_one_that_is_there(series, reference, reader, student):
    got = reader.get(reverse("cases:drawings-file", args=[series.pk, "coco"])).content
    add(reader, series, got)
    mine = Annotation.objects.get(series=series, author=student)
    moved = [{**mine.shapes[0], "points": [[1.0, 1.0], [5.0, 5.0]]}, mine.shapes[1]]
    annotations.save(annotation=mine, revision=1, shapes=moved, by=student)
    add(reader, series, got)
    mine.refresh_from_db()
    assert len(mine.shapes) == 3
    assert len({shape["id"] for shape in mine.shapes}) == 3
    assert mine.revision == 3
    assert mine.revisions.count() == 3


def test_only_layers_one_may_see_leave(series, author, reader, student):
    draft = annotations.start(series=series, shapes=[rows.shape(label="secret")], by=author)
    where = reverse("cases:drawings-file", args=[series.pk, "coco"])
    assert reader.get(where).status_code == 404
    assert reader.get(where, {"layer": draft.pk}).status_code == 404
    own = annotations.start(series=series, shapes=[rows.shape(label="mine")], by=student)
    got = reader.get(where)
    assert b"mine" in got.content
    assert b"secret" not in got.content
    assert reader.get(where, {"layer": [draft.pk]}).status_code == 404
    assert reader.get(where, {"layer": own.pk}).status_code == 200
    assert b"secret" not in reader.get(reverse("cases:drawings", args=[series.pk])).content


def test_files_carry_no_name_of_patient_or_file(series, reference, author):
    forms = [form for form in exchange.FORMATS.values() if form.writes]
    for form in forms:
        written = exchange.take_out(series=series, rows=[reference], form=form, by=author)
        assert pictures.PLANTED.encode() not in written.data
        # A DICOM object has to name its images; it does so by the pseudonyms that this server gave them.
        named = series.series_uid.encode() in written.data
        assert named == (form.code in ("seg", "sr"))
        assert reference.author.username.encode() not in written.data or form.code not in ("seg", "sr")
    assert AuditEvent.objects.filter(verb="annotation.take-out").count() == len(forms)
    told = [event.details for event in AuditEvent.objects.filter(verb="annotation.take-out")]
    assert {"form": "coco", "layers": 1} in told


@pytest.mark.parametrize(
    ("data", "form", "sentence"),
    [
        (b"{}", "coco", "not COCO JSON"),
        (b"\x00\x01", "web", "JSON"),
        (b"PK\x03\x04", "voc", "cannot be opened"),
        (b"x" * 8_000_001, "coco", "larger than 8 MB"),
        (b"a,b", "csv", "only be written"),
        (b'{"images": [], "annotations": []}', "coco", "no shapes in the file"),
    ],
)
def test_a_wrong_file_changes_nothing_and_says_why(series, reader, data, form, sentence):
    (told,) = add(reader, series, data, form)
    assert sentence in told
    assert not Annotation.objects.exists()


def test_a_layer_that_would_be_too_large_is_refused_whole(series, reader, student, monkeypatch):
    monkeypatch.setattr("cases.geometry.schema.MAX_SHAPES", 2)
    annotations.start(series=series, shapes=[rows.shape()], by=student)
    data = coco.write(
        exchange.as_layers(
            series, [Annotation(series=series, author=student, shapes=[rows.shape(), rows.shape()])], student
        )
    ).data
    (told,) = add(reader, series, data)
    assert "at most 2" in told
    assert len(Annotation.objects.get().shapes) == 1


def test_the_page_says_what_formats_leave_out(series, author, reader):
    shapes = [rows.shape(), {**rows.shape("length"), "label": "width"}]
    layer = annotations.start(series=series, shapes=shapes, by=author)
    annotations.submit(annotation=layer, revision=1, by=author)
    page = reader.get(reverse("cases:drawings", args=[series.pk])).content.decode()
    assert "VOC knows boxes only" in page
    assert "YOLO knows areas only" in page


def test_the_api_answers_with_the_layer_and_what_was_lost(series, reference, reader):
    got = reader.get(reverse("api-series-drawings", args=[series.pk, "voc"]))
    assert got["Content-Type"] == "application/zip"
    whole = json.loads(reader.get(reverse("api-series-drawings", args=[series.pk, "coco"])).content)
    whole["annotations"].append({"id": 99, "image_id": 12345})
    answer = reader.post(
        reverse("api-series-drawings", args=[series.pk, "coco"]),
        json.dumps(whole),
        content_type="application/json",
    )
    assert answer.status_code == 201
    assert answer.json()["added"] == 2
    assert answer.json()["losses"] == ["Annotations on pictures of other series were left out. (1)"]
    assert len(answer.json()["annotation"]["shapes"]) == 2
    refused = reader.post(
        reverse("api-series-drawings", args=[series.pk, "coco"]), b"{}", content_type="application/json"
    )
    assert refused.status_code == 400
    assert refused.json()["code"] == "unreadable"


def test_areas_leave_as_a_segmentation_of_the_stored_images(series, author, reader):
    shapes = [rows.shape(frame=1), rows.shape("polygon", frame=2, label="Mass")]
    layer = annotations.start(series=series, shapes=shapes, by=author)
    annotations.submit(annotation=layer, revision=1, by=author)
    got = reader.get(reverse("api-series-drawings", args=[series.pk, "seg"]))
    assert got["Content-Type"] == "application/dicom"
    assert got["Content-Disposition"].endswith('.seg.dcm"')
    found = hd.seg.segread(io.BytesIO(got.content))
    frames = list(series.frames.order_by("index").select_related("instance"))
    pixels = found.get_pixels_by_source_instance([frames[1].instance.sop_uid, frames[2].instance.sop_uid])
    drawn = exchange.as_layers(series, [layer], layer.author)[0].shapes
    sizes = [(one.rows, one.columns) for one in frames]
    assert np.array_equal(pixels[0, :, :, 1] > 0, mask(drawn[0], *sizes[1]))
    assert np.array_equal(pixels[1, :, :, 0] > 0, mask(drawn[1], *sizes[2]))
    assert not pixels[0, :, :, 0].any()
    assert pydicom.dcmread(io.BytesIO(got.content)).PatientID == _stored(frames[1]).PatientID


def _stored(frame):
    return pydicom.dcmread(io.BytesIO(blobs.get(frame.instance.digest)), stop_before_pixels=True)


def test_measures_leave_as_a_report(series, author, reader):
    layer = annotations.start(series=series, shapes=[rows.shape(), rows.shape("length")], by=author)
    annotations.submit(annotation=layer, revision=1, by=author)
    got = reader.get(reverse("cases:drawings-file", args=[series.pk, "sr"]))
    report = hd.sr.srread(io.BytesIO(got.content)).content
    (box,) = report.get_planar_roi_measurement_groups()
    (area,) = box.get_measurements()
    # 8 by 9 pixels of half a millimetre.
    assert (round(area.value, 3), area.unit.value) == (18.0, "mm2")
    (line,) = report.get_image_measurement_groups()
    assert round(line.get_measurements()[0].value, 3) == round(8 * 2**0.5 / 2, 3)


def test_pictures_that_are_no_dicom_say_so(author, reader):
    case = rows.draft(author, images=0)
    with transaction.atomic():
        outcome = intake.attach(case, [intake.prepare(pictures.png())])
    cases.publish_case(case=case, by=author)
    series = Series.objects.get(pk=outcome.series.pop())
    layer = annotations.start(series=series, shapes=[rows.shape()], by=author)
    annotations.submit(annotation=layer, revision=1, by=author)
    page = reader.get(reverse("cases:drawings", args=[series.pk])).content.decode()
    assert page.count("did not come as DICOM") == 2
    assert "NIfTI holds volumes only" in page
    for form in ("seg", "sr", "nifti"):
        assert reader.get(reverse("api-series-drawings", args=[series.pk, form])).status_code == 409
        assert reverse("cases:drawings-file", args=[series.pk, form]) not in page


def test_a_segmentation_that_leaves_comes_to_another_reader(series, author, reader, student):
    layer = annotations.start(series=series, shapes=[rows.shape(frame=1, label="Mass")], by=author)
    annotations.submit(annotation=layer, revision=1, by=author)
    data = reader.get(reverse("api-series-drawings", args=[series.pk, "seg"])).content
    assert add(reader, series, data, "seg", "one.dcm") == ["1 shape was added to your layer."]
    mine = Annotation.objects.get(series=series, author=student)
    (drawn,), (found,) = (one.shapes for one in exchange.as_layers(series, [layer, mine], student))
    sizes = [(one.rows, one.columns) for one in series.frames.order_by("index")]
    assert (found.label, found.frame) == ("Mass", 1)
    assert np.array_equal(mask(found, *sizes[1]), mask(drawn, *sizes[1]))
    assert add(reader, series, data, "seg", "one.dcm") == [
        "All shapes of the file are in your layer already."
    ]


def test_a_structure_set_of_the_scanner_lands_by_its_own_names(author, reader, student):
    case = rows.draft(author, images=0)
    with transaction.atomic():
        outcome = intake.attach(case, [intake.prepare(pictures.ct(n, z=5 * n)) for n in (1, 2, 3)])
    cases.publish_case(case=case, by=author)
    series = Series.objects.get(pk=outcome.series.pop())
    square = [(2, 3, 10), (4, 3, 10), (4, 6, 10), (2, 6, 10)]
    data = region_files.structures({"Node": [region_files.contour(square, image="1.2.3.4.2")]})
    assert add(reader, series, data, "rtstruct", "plan.dcm") == ["1 shape was added to your layer."]
    (shape,) = Annotation.objects.get(series=series, author=student).shapes
    assert (shape["frame"], shape["kind"], shape["label"]) == (1, "polygon", "Node")
    elsewhere = region_files.structures(
        {"Node": [region_files.contour([(x, y, 900) for x, y, _z in square], image="9.9")]}
    )
    (told,) = add(reader, series, elsewhere, "rtstruct", "plan.dcm")
    assert "None of the regions lies on the images of this series" in told
    (told,) = add(reader, series, data, "seg", "plan.dcm")
    assert "This is no DICOM segmentation" in told
    assert reader.get(reverse("api-series-drawings", args=[series.pk, "rtstruct"])).status_code == 409
    page = reader.get(reverse("cases:drawings", args=[series.pk])).content.decode()
    assert reverse("cases:drawings-file", args=[series.pk, "rtstruct"]) not in page
    assert "DICOM RTSTRUCT" in page
