"""The page about agreement: numbers of chosen readers, consensus into the reference, and time."""

import csv
import uuid

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from cases.models import Annotation, Frame
from cases.services import agreement, annotations
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def series(author):
    return rows.published(author, images=2).series.get()


def box(x0, y0, x1, y1, *, frame=0, label="nodule"):
    points = [[x0, y0], [x1, y1]]
    return {"id": str(uuid.uuid4()), "kind": "box", "frame": frame, "points": points, "label": label}


def reads(series, name, *shapes):
    layer = annotations.start(series=series, shapes=list(shapes), by=rows.person(name=name))
    return annotations.submit(annotation=layer, revision=1, by=layer.author)


@pytest.fixture
def three(series):
    return [
        reads(series, "kim", box(2, 2, 12, 12), box(2, 2, 6, 6, frame=1)),
        reads(series, "lee", box(2, 2, 12, 12)),
        reads(series, "max", box(4, 2, 14, 12, label="cyst"), rows.shape("point")),
    ]


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_numbers_of_three_readers(series, three):
    made = agreement.compare(series, three)
    first, second, third = made.pairs
    assert (first.matched, first.only_first, first.only_second, first.iou) == (1, 1, 0, 1.0)
    assert (second.matched, second.iou) == (1, pytest.approx(80 / 120))
    assert third.dice == pytest.approx(160 / 200)
    assert first.dice == pytest.approx(2 * 100 / (116 + 100))
    # Named alike once, and once drawn by one alone.
    assert (len(made.found), made.left_out) == (2, 1)
    assert third.label_kappa == 0
    assert 0.5 < third.pixel_kappa < 1
    assert made.consensus.converged
    assert [shape.frame for shape in made.shapes] == [0]
    assert (made.shapes[0].points, made.shapes[0].label) == (((2.0, 2.0), (12.0, 12.0)), "nodule")


def test_the_consensus_goes_into_the_reference_once(series, three, author):
    assert agreement.add_consensus(series=series, layers=three, by=author) == 1
    assert agreement.add_consensus(series=series, layers=three, by=author) == 0
    (shape,) = Annotation.objects.get(is_reference=True).shapes
    assert (shape["kind"], shape["label"]) == ("mask", "nodule")
    event = AuditEvent.objects.filter(verb="annotation.consensus").earliest("pk")
    assert event.details == {"layers": [one.pk for one in three], "added": 1}
    with pytest.raises(PermissionDenied):
        agreement.add_consensus(series=series, layers=three, by=rows.instructor())


def test_what_cannot_be_compared_is_said(series, three, author):
    with pytest.raises(ValidationError, match="two readers"):
        agreement.compare(series, three[:1])
    with pytest.raises(ValidationError, match="At most 8"):
        agreement.compare(series, three * 3)
    page = signed_in(author).get(f"/cases/{series.case_id}/agreement/?reader={three[0].pk}")
    assert b"Choose two readers or more." in page.content
    nothing = signed_in(author).get(f"/cases/{rows.published(author).pk}/agreement/")
    assert b"Choose two readers or more." in nothing.content
    assert signed_in(author).get(f"/cases/{series.case_id}/agreement/?series=999999").status_code == 404


def test_too_much_is_refused_before_it_is_computed(series, three, monkeypatch):
    monkeypatch.setattr(agreement, "MOST_PIXELS", 100)
    with pytest.raises(ValidationError, match="megapixels"):
        agreement.compare(series, three)


def test_drafts_and_returned_layers_are_not_compared(series, three, author):
    Annotation.objects.filter(pk=three[0].pk).update(status="returned")
    Annotation.objects.filter(pk=three[1].pk).update(status="draft")
    assert agreement.layers_of(series, author) == [three[2]]


def test_the_page_and_its_buttons(series, three, author, django_assert_max_num_queries):
    client = signed_in(author)
    address = f"/cases/{series.case_id}/agreement/"
    with django_assert_max_num_queries(22):
        page = client.get(address)
    text = page.content.decode()
    assert [name in text for name in ("kim", "lee", "max")] == [True] * 3
    assert "0.80" in text
    assert "Settled after" in text
    pairs = client.get(f"/cases/{series.case_id}/agreement.csv")
    table = list(csv.DictReader(pairs.content.decode().splitlines()))
    assert [(row["first"], row["second"], row["matched"]) for row in table] == [
        ("kim", "lee", "1"), ("kim", "max", "1"), ("lee", "max", "1"),
    ]  # fmt: skip
    found = client.get(f"/cases/{series.case_id}/agreement.csv?table=findings").content.decode()
    assert found.splitlines()[1] == "1,nodule,nodule,cyst,3"
    chosen = {"series": series.pk, "reader": [three[0].pk, three[1].pk], "threshold": "0.5"}
    done = client.post(f"{address}consensus/", chosen, follow=True)
    assert b"added to the reference." in done.content
    assert Annotation.objects.filter(is_reference=True).exists()


def test_a_label_does_not_become_a_formula(series, author):
    layers = [reads(series, name, box(2, 2, 12, 12, label="=1+1")) for name in ("kim", "lee")]
    client = signed_in(author)
    found = client.get(f"/cases/{series.case_id}/agreement.csv?table=findings").content.decode()
    assert "'=1+1" in found
    assert layers


def test_five_readers_of_a_stack(author):
    """Forty-one slices of 512 x 512, five readers with a contour on each."""
    case = rows.published(author, images=1)
    series = case.series.get()
    frame = series.frames.get()
    Frame.objects.filter(pk=frame.pk).update(rows=512, columns=512)
    copies = []
    for index in range(1, 41):
        copy = Frame.objects.get(pk=frame.pk)
        copy.pk, copy.index, copy.number_in_instance = None, index, index
        copies.append(copy)
    Frame.objects.bulk_create(copies)
    layers = []
    for n in range(5):
        ring = [[100 + n + 3 * (k % 7), 100 + 5 * k] for k in range(60)] + [
            [400 - n - 2 * (k % 5), 395 - 5 * k] for k in range(60)
        ]
        shapes = [
            {"id": str(uuid.uuid4()), "kind": "freehand", "frame": index, "points": ring, "label": "liver"}
            for index in range(41)
        ]
        layers.append(reads(series, f"reader-{n}", *shapes))
    made = agreement.compare(series, layers)
    assert len(made.pairs) == 10
    assert made.fleiss[1] > 0.9
    assert len(made.shapes) == 41
