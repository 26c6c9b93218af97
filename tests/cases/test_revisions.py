"""The history of a layer: what each save changed, and the way back."""

import pytest
from django.urls import reverse

from cases.services import annotations
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def series(author):
    return rows.published(author, images=3).series.get()


@pytest.fixture
def layer(series, student):
    """Three saves: a box; the box moved and a point on another image; the box gone."""
    box, point = rows.shape(), rows.shape("point", frame=2)
    moved = {**box, "points": [[3, 3], [11, 13]]}
    made = annotations.start(series=series, shapes=[box], by=student)
    annotations.save(annotation=made, revision=1, shapes=[moved, point], by=student)
    return annotations.save(annotation=made, revision=2, shapes=[point], by=student)


@pytest.fixture
def reader(client, student):
    client.force_login(student)
    return client


def history(reader, layer):
    answer = reader.get(reverse("cases:revisions", args=[layer.pk]))
    assert answer.status_code == 200
    return answer


def restore(reader, layer, number, revision):
    where = reverse("cases:revision-restore", args=[layer.pk, number])
    answer = reader.post(where, {"revision": revision}, follow=True)
    layer.refresh_from_db()
    return [str(message) for message in answer.context["messages"]]


def test_each_save_tells_what_it_changed(reader, layer):
    found = history(reader, layer).context["rows"]
    told = [
        (
            row["revision"].number,
            len(row["changes"].added),
            len(row["changes"].changed),
            len(row["changes"].removed),
        )
        for row in found
    ]
    assert told == [(3, 0, 0, 1), (2, 1, 1, 0), (1, 1, 0, 0)]
    assert [row["current"] for row in found] == [True, False, False]
    # The box was moved on the first image: where it was, where it is.
    second = found[1]
    assert second["frame"].index == 0
    assert second["others"] == 1
    assert {stroke.fate for stroke in second["strokes"]} == {"removed", "added"}
    assert "M3 3L11 3L11 13L3 13Z" in {stroke.d for stroke in second["strokes"]}


def test_an_earlier_save_comes_back_as_a_new_one(reader, layer):
    first = layer.revisions.get(number=1).shapes
    assert restore(reader, layer, 1, 3) == ["The shapes of save 1 are back, as save 4."]
    assert layer.revision == 4
    assert layer.shapes == first
    assert layer.revisions.count() == 4
    assert AuditEvent.objects.get(verb="annotation.restore").details == {"number": 1}


def test_a_save_meanwhile_is_not_overwritten(reader, layer, student):
    annotations.save(annotation=layer, revision=3, shapes=[rows.shape(label="new")], by=student)
    (told,) = restore(reader, layer, 1, 3)
    assert "saved meanwhile" in told
    assert layer.shapes[0]["label"] == "new"


@pytest.mark.parametrize(("number", "revision"), [(9, "3"), (1, ""), (1, "x"), (1, "9" * 40)])
def test_what_is_not_there_changes_nothing(reader, layer, number, revision):
    assert restore(reader, layer, number, revision)
    assert layer.revision == 3


def test_shapes_of_images_that_are_gone_are_told_so(reader, layer, series):
    series.frames.filter(index=2).delete()
    page = history(reader, layer)
    assert b"cannot be shown" in page.content
    (told,) = restore(reader, layer, 2, 3)
    assert "other images now" in told
    assert layer.revision == 3


def test_who_reviews_a_layer_reads_its_history_and_nobody_brings_anything_back(client, layer, author):
    history = reverse("cases:revisions", args=[layer.pk])
    client.force_login(author)
    assert client.get(history).status_code == 404
    annotations.submit(annotation=layer, revision=3, by=layer.author)
    assert client.get(history).status_code == 200
    client.force_login(rows.person(name="another"))
    assert client.get(history).status_code == 404
    client.force_login(author)
    where = reverse("cases:revision-restore", args=[layer.pk, 1])
    assert client.post(where, {"revision": 4}).status_code == 404


def test_a_long_history_has_pages(reader, layer, student):
    for number in range(3, 20):
        annotations.save(annotation=layer, revision=number, shapes=[rows.shape()], by=student)
    first = history(reader, layer)
    assert [row["revision"].number for row in first.context["rows"]][:2] == [20, 19]
    second = reader.get(first.context["page"].next_url)
    assert second.context["rows"][-1]["revision"].number == 1
    assert len(second.context["rows"]) == 8
