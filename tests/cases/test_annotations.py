"""Drawing: every save a revision, none lost, no layer seen by those it is not meant for."""

import gzip
import json
import threading
import uuid
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client

from cases.errors import StaleRevision
from cases.geometry import KINDS
from cases.models import Annotation, AnnotationRevision
from cases.services import annotations
from medweb.accounts.models import User
from tests import support
from tests.builders import rows

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = Path(__file__).parents[1] / "js" / "fixtures" / "geometry.json"
HOSTILE = "security/hostile/annotation"
# Three of the corpus are plain JSON that says nothing about shapes of ours beyond a list.
EMPTY_LISTS = {"mass_assignment.json", "proto_pollution.json"}


@pytest.fixture
def series(author):
    return rows.published(author).series.get()


def signed_in(user):
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def put(client, annotation, **body):
    return client.put(f"/api/annotations/{annotation.pk}/", body, content_type="application/json")


def test_every_save_is_a_revision(series):
    student = rows.person()
    first, second = [rows.shape("box")], [rows.shape("box"), rows.shape("point")]
    layer = annotations.start(series=series, shapes=first, by=student)
    annotations.save(annotation=layer, revision=1, shapes=second, by=student)
    annotations.save(annotation=layer, revision=2, shapes=[], by=student)
    assert (layer.revision, layer.shapes) == (3, [])
    kept = AnnotationRevision.objects.filter(annotation=layer).order_by("number")
    assert [(row.number, len(row.shapes)) for row in kept] == [(1, 1), (2, 2), (3, 0)]


def test_every_kind_and_its_attributes_come_back_from_the_api(series):
    """What the browser sends is what it gets: the table shared with the browser's tests, and attributes."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    sent = [
        entry["shape"] | {"label": "nodule", "attributes": {"margin": "sharp", "b": "", "a": "1"}}
        for entry in table
        if max(entry["rows"], entry["columns"]) <= 16
    ]
    assert {shape["kind"] for shape in sent} == set(KINDS)
    student = rows.person()
    client = signed_in(student)
    body = {"series": series.pk, "shapes": sent}
    made = client.post("/api/annotations/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["shapes"] == sent
    layer = Annotation.objects.get(series=series, author=student)
    assert client.get(f"/api/annotations/{layer.pk}/").json()["shapes"] == sent
    wrong = sent[0] | {"attributes": {"margin": 5}}
    refused = put(client, layer, revision=1, shapes=[wrong])
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "shapes[0].attributes.margin"


def test_a_stale_revision_is_refused_and_gets_what_is_stored(series):
    student = rows.person()
    layer = annotations.start(series=series, shapes=[], by=student)
    stored = [rows.shape("point")]
    annotations.save(annotation=layer, revision=1, shapes=stored, by=student)
    response = put(signed_in(student), layer, revision=1, shapes=[rows.shape("box")])
    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "stale-revision"
    assert problem["current"]["revision"] == 2
    assert problem["current"]["shapes"][0]["id"] == stored[0]["id"]
    layer.refresh_from_db()
    assert layer.revision == 2
    assert layer.revisions.count() == 2


def test_starting_twice_gives_409_with_the_first_layer(series):
    student = rows.person()
    layer = annotations.start(series=series, shapes=[rows.shape()], by=student)
    body = {"series": series.pk, "shapes": []}
    response = signed_in(student).post("/api/annotations/", body, content_type="application/json")
    assert response.status_code == 409
    assert response.json()["current"]["id"] == layer.pk
    assert Annotation.objects.filter(series=series, author=student).count() == 1


def test_sixteen_writers_at_once_lose_nothing(series):
    student = rows.person()
    layer = annotations.start(series=series, shapes=[], by=student)
    ready, answers = threading.Barrier(16), []

    def write(number):
        try:
            # Every tab has its own person and row objects, as requests have.
            mine = Annotation.objects.select_related("series__case").get(pk=layer.pk)
            me = User.objects.get(pk=student.pk)
            drawn = [rows.shape("point", label=f"writer {number}")]
            ready.wait()
            revision = 1
            for _attempt in range(40):
                try:
                    annotations.save(annotation=mine, revision=revision, shapes=drawn, by=me)
                except StaleRevision as stale:
                    answers.append(409)
                    revision = stale.current["revision"]
                else:
                    answers.append(200)
                    return
            answers.append("never saved")
        except Exception as error:  # noqa: BLE001  shown by the assertion below
            answers.append(repr(error))
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert set(answers) <= {200, 409}
    assert answers.count(200) == 16
    kept = list(layer.revisions.order_by("number").values_list("number", "shapes"))
    assert [number for number, _shapes in kept] == list(range(1, 18))
    assert {shapes[0]["label"] for _n, shapes in kept[1:]} == {f"writer {n}" for n in range(16)}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"points": [[2, 3], [500, 12]]}, "shapes[0].points[1]"),
        ({"points": [[2, 3]]}, "shapes[0].points"),
        ({"points": [[2, 3], [2, 3]]}, "shapes[0].points"),
        ({"points": [["2", 3], [10, 12]]}, "shapes[0].points[0]"),
        ({"frame": 1}, "shapes[0].frame"),
        ({"frame": True}, "shapes[0].frame"),
        ({"kind": "cube"}, "shapes[0].kind"),
        ({"id": "1"}, "shapes[0].id"),
        ({"label": 5}, "shapes[0].label"),
        ({"author": 1}, "shapes[0]"),
    ],
)
def test_bad_geometry_is_400_and_names_the_field(series, change, field):
    student = rows.person()
    layer = annotations.start(series=series, shapes=[], by=student)
    response = put(signed_in(student), layer, revision=1, shapes=[{**rows.shape(), **change}])
    assert response.status_code == 400
    problem = response.json()
    assert problem["code"] == "invalid-geometry"
    assert problem["errors"][0]["field"] == field
    assert layer.revisions.count() == 1


@pytest.mark.shared
def test_hostile_drawings_are_refused_by_name(series):
    """Sent as they are and, where they are JSON objects, with the members our own request has."""
    student = rows.person()
    client = signed_in(student)
    layer = annotations.start(series=series, shapes=[], by=student)
    wrong = []
    for path in sorted(support.shared(HOSTILE).iterdir()):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        bodies = [data]
        stripped = data.lstrip()
        if stripped.startswith(b"{"):
            bodies.append(b'{"revision":1,"series":%d,' % series.pk + stripped[1:])
        for number, body in enumerate(bodies):
            for send, address in (
                (client.put, f"/api/annotations/{layer.pk}/"),
                (client.post, "/api/annotations/"),
            ):
                response = send(address, body, content_type="application/json")
                harmless = number == 1 and path.name.removesuffix(".gz") in EMPTY_LISTS
                if harmless:
                    if response.status_code not in (200, 409):
                        wrong.append(f"{path.name} {address}: {response.status_code}")
                    Annotation.objects.filter(pk=layer.pk).update(revision=1)
                    AnnotationRevision.objects.filter(annotation=layer, number__gt=1).delete()
                    continue
                # 413: over the size limit of a request body, before anything reads it.
                if response.status_code == 413:
                    continue
                if response.status_code != 400 or (number == 1 and not response.json().get("detail")):
                    wrong.append(f"{path.name} {address}: {response.status_code} {response.content[:200]!r}")
    assert not wrong, "\n".join(wrong)
    layer.refresh_from_db()
    assert (layer.author, layer.status, layer.is_reference) == (student, "draft", False)


def test_submitting_makes_it_visible_and_drawing_on_makes_it_a_draft_again(series, author):
    student = rows.person()
    layer = annotations.start(series=series, shapes=[rows.shape()], by=student)
    heard = []

    def hear(annotation_id, **kwargs):
        heard.append(annotation_id)

    annotations.annotation_submitted.connect(hear)
    try:
        annotations.submit(annotation=layer, revision=1, by=student)
    finally:
        annotations.annotation_submitted.disconnect(hear)
    assert heard == [layer.pk]
    assert layer in Annotation.objects.visible_to(author)
    with pytest.raises(ValidationError, match="already"):
        annotations.submit(annotation=layer, revision=1, by=student)
    annotations.save(annotation=layer, revision=2, shapes=[], by=student)
    assert layer.status == "draft"
    assert list(layer.revisions.order_by("number").values_list("number", flat=True)) == [1, 2, 3]
    assert layer not in Annotation.objects.visible_to(author)


def test_a_save_that_arrives_after_submitting_does_not_undo_it(series):
    """It set out before; its answer carries the revision and the shapes that were submitted."""
    student = rows.person()
    shapes = [rows.shape()]
    layer = annotations.start(series=series, shapes=shapes, by=student)
    sent = signed_in(student).post(
        f"/api/annotations/{layer.pk}/submit/", {"revision": 1}, content_type="application/json"
    )
    assert (sent.status_code, sent.json()["revision"]) == (200, 2)
    late = put(signed_in(student), layer, revision=1, shapes=shapes)
    assert late.status_code == 409
    assert (late.json()["current"]["revision"], late.json()["current"]["status"]) == (2, "submitted")
    layer.refresh_from_db()
    assert layer.status == "submitted"


def test_submitting_a_stale_revision_is_refused(series):
    student = rows.person()
    layer = annotations.start(series=series, shapes=[], by=student)
    annotations.save(annotation=layer, revision=1, shapes=[rows.shape()], by=student)
    with pytest.raises(StaleRevision):
        annotations.submit(annotation=layer, revision=1, by=student)
    layer.refresh_from_db()
    assert layer.status == "draft"


def test_a_student_never_sees_the_layer_of_another(series):
    student, other = rows.person(), rows.person()
    layer = annotations.start(series=series, shapes=[rows.shape(label="secret guess")], by=student)
    annotations.submit(annotation=layer, revision=1, by=student)
    client = signed_in(other)
    assert client.get(f"/api/annotations/{layer.pk}/").status_code == 404
    addresses = ["/api/annotations/", f"/api/annotations/?series={series.pk}", f"/api/series/{series.pk}/"]
    for address in [*addresses, f"/cases/{series.case_id}/"]:
        assert b"secret guess" not in client.get(address).content
    with pytest.raises(PermissionDenied):
        annotations.save(annotation=layer, revision=1, shapes=[], by=other)


def test_the_authors_draft_reference_is_not_shown_before_it_is_submitted(series, author):
    student = rows.person()
    layer = annotations.start(series=series, shapes=[rows.shape(label="the answer")], by=author)
    assert layer.is_reference
    assert b"the answer" not in signed_in(student).get(f"/api/series/{series.pk}/").content
    annotations.submit(annotation=layer, revision=1, by=author)
    assert layer in Annotation.objects.visible_to(student)


def test_an_imported_reference_is_written_once(series, author):
    shapes = [rows.shape(label="truth")]
    layer = annotations.put_reference(series=series, shapes=shapes, by=author)
    assert (layer.status, layer.revision, layer.is_reference) == ("submitted", 1, True)
    again = annotations.put_reference(series=series, shapes=json.loads(json.dumps(shapes)), by=author)
    assert (again.pk, again.revision) == (layer.pk, 1)
    changed = annotations.put_reference(series=series, shapes=[rows.shape("point")], by=author)
    assert (changed.pk, changed.revision) == (layer.pk, 2)
    assert list(changed.revisions.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_what_a_request_says_about_itself_is_ignored(series, author):
    student = rows.person()
    body = {
        "series": series.pk, "shapes": [], "author": author.pk, "is_reference": True,
        "status": "submitted", "revision": 99, "id": str(uuid.uuid4()),
    }  # fmt: skip
    response = signed_in(student).post("/api/annotations/", body, content_type="application/json")
    assert response.status_code == 201
    layer = Annotation.objects.get(pk=response.json()["id"])
    assert (layer.author, layer.is_reference, layer.status, layer.revision) == (student, False, "draft", 1)
