"""Review of layers: who may, which moves there are, what is said, and what goes into the reference."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from cases.errors import StaleRevision
from cases.models import Annotation, Comment, Frame
from cases.services import annotations, comments, reviews
from cases.services.comments import Place
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def series(author):
    return rows.published(author, images=3).series.get()


@pytest.fixture
def layer(series, student):
    made = annotations.start(series=series, shapes=[rows.shape("box"), rows.shape("point")], by=student)
    return annotations.submit(annotation=made, revision=1, by=student)


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def test_accepting_returning_and_drawing_on(layer, author, student):
    reviews.accept(annotation=layer, revision=2, by=author)
    assert (layer.status, layer.revision) == ("accepted", 2)
    reviews.send_back(annotation=layer, revision=2, text="The border is too wide.", by=author)
    assert layer.status == "returned"
    saved = annotations.save(annotation=layer, revision=2, shapes=[], by=student)
    assert (saved.status, saved.revision) == ("draft", 3)
    # What was handed in stays in the history.
    assert len(layer.revisions.get(number=2).shapes) == 2
    again = annotations.submit(annotation=saved, revision=3, by=student)
    assert again.status == "submitted"
    assert {"annotation.accept", "annotation.return", "comment.write"} <= set(verbs())


def test_who_changes_nothing_hands_the_same_drawing_in_again(layer, author, student):
    reviews.send_back(annotation=layer, revision=2, text="Sure?", by=author)
    first = Comment.objects.get()
    comments.write(annotation=layer, text="Quite sure.", answer_to=first, by=student)
    assert annotations.submit(annotation=layer, revision=2, by=student).status == "submitted"


def test_a_return_needs_words(layer, author):
    with pytest.raises(ValidationError, match="needs words"):
        reviews.send_back(annotation=layer, revision=2, text="  ", by=author)
    layer.refresh_from_db()
    assert (layer.status, Comment.objects.count()) == ("submitted", 0)


def test_a_verdict_about_what_was_changed_meanwhile_is_refused(layer, author, student):
    annotations.save(annotation=Annotation.objects.get(), revision=2, shapes=[], by=student)
    annotations.submit(annotation=Annotation.objects.get(), revision=3, by=student)
    with pytest.raises(StaleRevision):
        reviews.accept(annotation=layer, revision=2, by=author)
    with pytest.raises(StaleRevision):
        reviews.send_back(annotation=layer, revision=2, text="Wider.", by=author)
    assert Annotation.objects.get().status == "submitted"
    assert not Comment.objects.exists()


def test_nobody_reviews_their_own_layer_nor_the_reference(layer, series, author, student):
    other, admin = rows.instructor(), rows.person("administrator")
    with pytest.raises(PermissionDenied):
        reviews.accept(annotation=layer, revision=2, by=other)
    with pytest.raises(PermissionDenied):
        reviews.accept(annotation=layer, revision=2, by=student)
    own = annotations.start(series=series, shapes=[rows.shape()], by=admin)
    annotations.submit(annotation=own, revision=1, by=admin)
    with pytest.raises(PermissionDenied, match="your own"):
        reviews.accept(annotation=own, revision=2, by=admin)
    reference = annotations.start(series=series, shapes=[rows.shape()], by=author)
    annotations.submit(annotation=reference, revision=1, by=author)
    with pytest.raises(PermissionDenied, match="reference"):
        reviews.accept(annotation=reference, revision=2, by=admin)
    assert reviews.accept(annotation=layer, revision=2, by=admin).status == "accepted"


def test_what_is_returned_is_between_author_and_reviewer(layer, series, author, student):
    reviews.send_back(annotation=layer, revision=2, text="Wider.", by=author)
    assert list(Annotation.objects.visible_to(author)) == [layer]
    assert list(Annotation.objects.visible_to(student)) == [layer]
    assert not Annotation.objects.visible_to(rows.person()).exists()
    assert not Annotation.objects.visible_to(rows.instructor()).exists()


def test_chosen_shapes_go_into_the_reference(layer, series, author):
    chosen = layer.shapes[0]["id"]
    _layer, added = reviews.merge(annotation=layer, revision=2, shapes={chosen}, by=author)
    reference = Annotation.objects.get(is_reference=True)
    assert (added, layer.status) == (1, "accepted")
    assert (reference.author, reference.status, reference.shapes) == (author, "submitted", layer.shapes[:1])
    # Once more: what is there is not added again, the rest is.
    assert reviews.merge(annotation=layer, revision=2, by=author)[1] == 1
    reference.refresh_from_db()
    assert reference.shapes == layer.shapes
    event = AuditEvent.objects.filter(verb="annotation.merge").latest("pk")
    assert (event.subject_id, event.details["shapes"], event.details["added"]) == (str(layer.pk), 2, 1)


def test_another_shape_under_the_same_id_gets_one_of_its_own(layer, series, author):
    same = {**layer.shapes[0], "label": "cyst"}
    annotations.start(series=series, shapes=[same], by=author)
    assert reviews.merge(annotation=layer, revision=2, by=author)[1] == 2
    reference = Annotation.objects.get(is_reference=True)
    assert (len(reference.shapes), len({shape["id"] for shape in reference.shapes})) == (3, 3)


def test_a_merge_of_nothing_changes_nothing(layer, author):
    with pytest.raises(ValidationError, match="at least one"):
        reviews.merge(annotation=layer, revision=2, shapes=set(), by=author)
    layer.refresh_from_db()
    assert layer.status == "submitted"
    assert not Annotation.objects.filter(is_reference=True).exists()


def test_a_comment_is_pinned_to_an_image_and_not_to_its_number(layer, author, series):
    made = comments.write(annotation=layer, text="Here.", place=Place(2, 4.0, 5.5), by=author)
    shown = signed_in(author).get(f"/api/comments/?series={series.pk}").json()["results"]
    assert [(one["frame"], one["x"], one["y"], one["author"]) for one in shown] == [(2, 4.0, 5.5, "ann")]
    Frame.objects.filter(pk=made.frame_id).update(index=9)
    assert signed_in(author).get(f"/api/comments/?series={series.pk}").json()["results"][0]["frame"] == 9


@pytest.mark.parametrize(
    "place", [Place(3, 1, 1), Place(0, -1, 1), Place(0, 1, 1e9), Place(0, float("nan"), 1)]
)
def test_a_place_outside_of_the_images_is_refused(layer, author, place):
    with pytest.raises(ValidationError, match="outside"):
        comments.write(annotation=layer, text="Here.", place=place, by=author)


def test_the_author_of_the_layer_answers_and_does_not_begin(layer, author, student):
    client = signed_in(student)
    body = {"annotation": layer.pk, "text": "Why?"}
    assert client.post("/api/comments/", body, content_type="application/json").status_code == 400
    asked = comments.write(annotation=layer, text="Why so wide?", by=author)
    answer = client.post("/api/comments/", {**body, "answer_to": asked.pk}, content_type="application/json")
    assert (answer.status_code, answer.json()["answer_to"]) == (201, asked.pk)
    # An answer to an answer stands in the same thread.
    last = comments.write(annotation=layer, text="I see.", answer_to=Comment.objects.last(), by=author)
    assert last.answer_to == asked


def test_only_author_and_reviewer_read_comments(layer, author, student, series):
    comments.write(annotation=layer, text="Why so wide?", by=author)
    for user, seen in ((author, 1), (student, 1), (rows.person(), 0), (rows.instructor(), 0)):
        found = signed_in(user).get("/api/comments/").json()["results"]
        assert len(found) == seen
        layers = signed_in(user).get(f"/api/annotations/?series={series.pk}").json()["results"]
        assert [one["comments"] for one in layers] == [1] * seen
    annotations.save(annotation=Annotation.objects.get(), revision=2, shapes=[], by=student)
    assert not Comment.objects.visible_to(author).exists()
    with pytest.raises(ValidationError, match="drawing on"):
        comments.write(annotation=Annotation.objects.get(), text="Hm.", by=rows.person("administrator"))


def test_half_a_place_is_refused_with_a_sentence(layer, author):
    body = {"annotation": layer.pk, "text": "Here", "frame": 0}
    answer = signed_in(author).post("/api/comments/", body, content_type="application/json")
    assert answer.status_code == 400
    assert "frame, x and y" in answer.json()["detail"]


def test_the_pages_of_a_reviewer(layer, author, series, django_assert_max_num_queries):
    client = signed_in(author)
    waiting = client.get("/reviews/")
    assert waiting.content.count(b"<tbody>") == 1
    assert b"sam" in waiting.content
    assert b"1 layer waits" in waiting.content
    assert b'class="nav' in waiting.content or b"Review" in waiting.content
    page = client.get(f"/cases/{series.case_id}/layers/")
    assert b"Accept" in page.content
    one = client.get(f"/layers/{layer.pk}/review/")
    assert layer.shapes[0]["id"].encode() in one.content
    history = client.get(f"/layers/{layer.pk}/history/")
    assert b"History of the layer of sam" in history.content
    assert b"Bring back" not in history.content
    back = client.post(f"/layers/{layer.pk}/return/", {"revision": 2, "text": "Too wide."}, follow=True)
    assert b"The layer is back with sam." in back.content
    assert b"Too wide." in back.content
    assert b"Nothing waits" in client.get("/reviews/").content
    for n in range(6):
        made = annotations.start(series=series, shapes=[rows.shape()], by=rows.person(name=f"reader-{n}"))
        annotations.submit(annotation=made, revision=1, by=made.author)
    with django_assert_max_num_queries(14):
        client.get(f"/cases/{series.case_id}/layers/")


def test_an_accepted_layer_counts_like_a_submitted_one(layer, author, series, student):
    """Loading for analysis, cards and exchange read accepted references, and no returned layer of anyone."""
    from analysis.loading import drawn_regions
    from cases.enums import AnnotationStatus

    reviews.merge(annotation=layer, revision=2, by=author)
    Annotation.objects.filter(is_reference=True).update(status=AnnotationStatus.ACCEPTED)
    assert [region.kind for region in drawn_regions(series.case)] == ["box"]
    assert Annotation.objects.visible_to(rows.person()).get().is_reference
    csv = signed_in(rows.person()).get(f"/series/{series.pk}/drawings/csv/")
    assert csv.status_code == 200
