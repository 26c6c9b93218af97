"""Blinded double reading: no path shows another reader too early, and none says who drew what."""

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from analysis.loading import drawn_regions
from analysis.models import Analysis
from cases.models import Annotation, Comment, Reader
from cases.names import author_shown, letters
from cases.services import annotations, collections, comments, presence, readings, reviews
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def author():
    return rows.instructor("ann-author")


@pytest.fixture
def case(author):
    made = rows.published(author)
    collection = collections.create(title="Double reading", blinded=True, by=author)
    collections.put(collection=collection, case=made, by=author)
    return made


@pytest.fixture
def collection(case):
    return case.collections.get()


@pytest.fixture
def series(case):
    return case.series.get()


@pytest.fixture
def reference(series, author):
    layer = annotations.start(series=series, shapes=[rows.shape(label="the truth")], by=author)
    return annotations.submit(annotation=layer, revision=1, by=author)


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def draws(series, user, label):
    return annotations.start(series=series, shapes=[rows.shape(label=label)], by=user)


def hands_in(series, user, label):
    return annotations.submit(annotation=draws(series, user, label), revision=1, by=user)


@pytest.fixture
def kim():
    return rows.person(name="kim-reader")


@pytest.fixture
def lee():
    return rows.person(name="lee-reader")


def everything(user, case, series, *layers):
    """What a person can get hold of, on every path, as one text."""
    client = signed_in(user)
    paths = [
        f"/cases/{case.pk}/", f"/cases/{case.pk}/analysis/", f"/cases/{case.pk}/layers/",
        f"/cases/{case.pk}/agreement/", f"/cases/{case.pk}/agreement.csv",
        f"/cases/{case.pk}/agreement.csv?table=findings", "/reviews/",
        f"/series/{series.pk}/drawings/", f"/series/{series.pk}/drawings/csv/",
        f"/series/{series.pk}/drawings/coco/", f"/series/{series.pk}/drawings/web/",
        f"/api/series/{series.pk}/", f"/api/series/{series.pk}/drawings/csv/",
        f"/api/annotations/?series={series.pk}", f"/api/comments/?series={series.pk}",
        f"/api/cases/{case.pk}/analyses/",
    ]  # fmt: skip
    for layer in layers:
        paths += [
            f"/layers/{layer.pk}/review/", f"/layers/{layer.pk}/history/", f"/api/annotations/{layer.pk}/",
            f"/series/{series.pk}/drawings/csv/?layer={layer.pk}", f"/api/comments/?annotation={layer.pk}",
        ]  # fmt: skip
    found = []
    for path in paths:
        answer = client.get(path)
        assert answer.status_code < 500, path
        # One's own name stands in the menu of every page.
        found.append(answer.content.decode() if answer.status_code == 200 else "")
    return "\n".join(found)


def test_nothing_of_others_before_one_has_handed_in(case, series, reference, author, kim, lee):
    theirs = hands_in(series, lee, "a guess of lee")
    comments.write(annotation=theirs, text="a word about lee", by=author)
    Analysis.objects.create(case=case, job_id=1, requested_by=author, settings_digest="0" * 64, pictures=[])
    assert drawn_regions(case)
    mine = draws(series, kim, "my own")
    seen = everything(kim, case, series, reference, theirs, mine)
    for secret in ("the truth", "a guess of lee", "a word about lee", "lee-reader", '"settings_digest"'):
        assert secret not in seen, secret
    assert "my own" in seen
    assert list(Annotation.objects.visible_to(kim)) == [mine]
    assert not Analysis.objects.visible_to(kim).exists()
    assert Analysis.objects.visible_to(author).exists()

    annotations.submit(annotation=mine, revision=1, by=kim)
    after = everything(kim, case, series, reference, theirs, mine)
    # The reference from now on; other readers are for the author only, blinded or not.
    assert "the truth" in after
    for secret in ("a guess of lee", "a word about lee", "lee-reader"):
        assert secret not in after, secret
    assert Analysis.objects.visible_to(kim).exists()


def test_handing_in_on_one_series_opens_no_other(case, series, reference, author, kim):
    other = rows.add_series(case, first=30)
    layer = annotations.start(series=other, shapes=[rows.shape(label="the other truth")], by=author)
    annotations.submit(annotation=layer, revision=1, by=author)
    hands_in(series, kim, "my own")
    seen = everything(kim, case, other, layer) + everything(kim, case, series, reference)
    assert "the truth" in seen
    assert "the other truth" not in seen


def test_what_was_handed_in_is_closed_until_it_is_returned(series, author, kim, case):
    layer = hands_in(series, kim, "my own")
    client = signed_in(kim)
    address = f"/api/annotations/{layer.pk}/"
    assert client.get(address).json()["can_edit"] is False
    answer = client.put(address, {"revision": 2, "shapes": []}, content_type="application/json")
    assert (answer.status_code, "blinded" in answer.json()["detail"]) == (400, True)
    with pytest.raises(ValidationError, match="blinded"):
        annotations.restore(annotation=layer, revision=2, number=1, by=kim)
    sent = json.dumps({"images": [], "annotations": [], "categories": []}).encode()
    client.post(f"/api/series/{series.pk}/drawings/coco/", sent, content_type="application/octet-stream")
    layer.refresh_from_db()
    assert (layer.status, layer.revision) == ("submitted", 2)
    reviews.accept(annotation=layer, revision=2, by=author)
    with pytest.raises(ValidationError, match="blinded"):
        annotations.save(annotation=layer, revision=2, shapes=[], by=kim)
    reviews.send_back(annotation=layer, revision=2, text="Look again.", by=author)
    assert client.get(address).json()["can_edit"] is True
    assert annotations.save(annotation=layer, revision=2, shapes=[], by=kim).status == "draft"


def test_readers_are_letters_to_their_reviewer_on_every_path(case, series, reference, author, kim, lee):
    layers = [hands_in(series, kim, "one"), hands_in(series, lee, "two")]
    first = comments.write(annotation=layers[0], text="Sure?", by=author)
    comments.write(annotation=layers[0], text="Quite sure.", answer_to=first, by=kim)
    seen = everything(author, case, series, *layers)
    assert "kim-reader" not in seen
    assert "lee-reader" not in seen
    names = {author_shown(layer, author) for layer in layers}
    assert len(names) == 2
    assert all(name in seen for name in names)
    # Who was it? Administrators know.
    told = everything(rows.person("administrator"), case, series, *layers)
    assert "kim-reader" in told
    assert "lee-reader" in told


def test_a_letter_is_the_same_on_all_series_of_a_case_and_another_one_elsewhere(author, case, series, kim):
    other = rows.add_series(case, first=30)
    names = {author_shown(hands_in(one, kim, "x"), author) for one in (series, other)}
    assert len(names) == 1
    drawn = set()
    collection = case.collections.get()
    for _n in range(12):
        another = rows.published(author)
        collections.put(collection=collection, case=another, by=author)
        drawn.add(author_shown(hands_in(another.series.get(), kim, "x"), author))
    # By chance: a letter that were the same everywhere would be a name.
    assert len(drawn) > 1
    assert [letters(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_layers_from_before_the_blinding_get_letters(author, kim):
    case = rows.published(author)
    layer = hands_in(case.series.get(), kim, "early")
    assert author_shown(layer, author) == "kim-reader"
    collection = collections.create(title="Later", by=author)
    collections.put(collection=collection, case=case, by=author)
    collections.update(collection=collection, fields={"blinded": True}, by=author)
    assert author_shown(Annotation.objects.get(), author).startswith("Reader ")
    assert Reader.objects.count() == 1


def test_opening_the_reading(case, collection, series, reference, author, kim):
    layer = hands_in(series, kim, "one")
    with pytest.raises(PermissionDenied):
        readings.open_reading(collection=collection, by=kim)
    page = signed_in(author).get(f"/collections/{collection.pk}/")
    assert b"Open the reading" in page.content
    signed_in(author).post(f"/collections/{collection.pk}/open-reading/")
    event = AuditEvent.objects.get(verb="collection.open-reading")
    assert (event.actor_id, event.subject_id) == (author.pk, str(collection.pk))
    assert author_shown(Annotation.objects.get(pk=layer.pk), author) == "kim-reader"
    assert reference in Annotation.objects.visible_to(rows.person())
    collection.refresh_from_db()
    with pytest.raises(ValidationError, match="open already"):
        readings.open_reading(collection=collection, by=author)
    # Drawing is free again.
    assert annotations.save(annotation=layer, revision=2, shapes=[], by=kim).status == "draft"


def test_nobody_opens_a_reading_by_a_side_door(case, collection, series, reference, kim, author):
    """Another collection that holds the case opens nothing; and nobody blinds a case of somebody else."""
    opened = collections.create(title="Open", by=author)
    collections.put(collection=opened, case=case, by=author)
    assert reference not in Annotation.objects.visible_to(kim)
    stranger = rows.instructor()
    theirs = collections.create(title="Theirs", blinded=True, by=stranger)
    with pytest.raises(PermissionDenied):
        collections.put(collection=theirs, case=case, by=stranger)
    plain = collections.create(title="Plain", by=stranger)
    collections.put(collection=plain, case=case, by=stranger)
    with pytest.raises(ValidationError):
        collections.update(collection=plain, fields={"blinded": True}, by=stranger)


def test_the_stream_says_nothing_to_other_readers(case, series, kim, author, monkeypatch):
    said = []
    monkeypatch.setattr(annotations, "publish", lambda topic, event, **ids: said.append(topic))
    layer = hands_in(series, kim, "one")
    reviews.accept(annotation=layer, revision=2, by=author)
    assert set(said) == {f"user:{author.pk}", f"user:{kim.pk}"}


@pytest.mark.broker
def test_presence_names_nobody_but_to_administrators(case, author, kim, lee, clean_broker):
    for number, user in enumerate((kim, lee, author)):
        presence.beat(case=case, reader=user, window=f"{number:08x}")
    for reader in (kim, author):
        assert presence.beat(case=case, reader=reader, window="0000000a").people == ()
    admin = rows.person("administrator")
    seen = presence.beat(case=case, reader=admin, window="0000000b").people
    assert set(seen) == {kim, lee, author}


def test_lists_of_a_blinded_case_ask_a_fixed_number_of_questions(
    case, series, author, django_assert_max_num_queries
):
    for n in range(6):
        layer = hands_in(series, rows.person(name=f"someone-{n}"), "x")
        first = comments.write(annotation=layer, text="Sure?", by=author)
        comments.write(annotation=layer, text="Yes.", answer_to=first, by=layer.author)
    client = signed_in(author)
    assert Comment.objects.count() == 12
    for path in (
        f"/cases/{case.pk}/layers/", f"/api/annotations/?series={series.pk}",
        f"/api/comments/?series={series.pk}", "/reviews/",
    ):  # fmt: skip
        with django_assert_max_num_queries(15):
            client.get(path)
