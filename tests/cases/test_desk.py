"""The de-identification desk: who decides, what is burned, and that nothing is left."""

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse

from cases import blobs
from cases.enums import Clearance, ReviewState
from cases.errors import StaleRevision
from cases.imaging.frames import unpack
from cases.models import Annotation, Case, ClearanceReview, Frame, Series
from cases.services import annotations, desk, erasing, intake
from medweb.accounts.models import Role, User
from medweb.audit.models import AuditEvent
from medweb.jobs.models import Job, State
from medweb.jobs.run import work
from tests.builders import held, pictures, rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.broker]
BOX = {"frames": None, "x": 4, "y": 6, "width": 200, "height": 24, "score": None}


@pytest.fixture
def author() -> User:
    return rows.instructor("ann")


@pytest.fixture
def case(author: User, stores) -> Case:
    return rows.draft(author, images=0)


@pytest.fixture
def series(case: Case) -> Series:
    return held.held(case)


def done(series: Series) -> Job:
    """Do the black-out that waits; its row afterwards."""
    job = Job.objects.get(key=desk.key(series.pk), state=State.QUEUED)
    work(job.pk)
    job.refresh_from_db()
    return job


def test_text_is_proposed_and_holds_the_series(series: Series) -> None:
    standing = desk.standing(series)
    assert standing.reasons == ["text"]
    assert standing.state == ReviewState.OPEN
    (box,) = standing.boxes
    assert box["frames"] is None or box["frames"] == [series.frames.get().pk]
    assert max(box["x"], box["y"]) <= 14
    assert box["x"] + box["width"] >= 150


def test_a_black_out_leaves_nothing(series: Series, author: User) -> None:
    frame = series.frames.get()
    before = unpack(blobs.get(frame.digest), frame.dtype, frame.shape)
    old = erasing.digests_of(series)
    desk.approve(series=series, revision=0, boxes=[BOX], by=author)
    assert done(series).state == State.DONE
    series.refresh_from_db()
    after = series.frames.get()
    pixels = unpack(blobs.get(after.digest), after.dtype, after.shape)
    assert series.clearance == Clearance.CLEARED
    assert after.pk == frame.pk
    assert (after.window_center, after.window_width) == (frame.window_center, frame.window_width)
    assert np.all(pixels[6:30, 4:204] == 0)
    np.testing.assert_array_equal(pixels[30:], before[30:])
    assert not any(blobs.exists(digest) for digest in old)
    assert all(blobs.exists(digest) for digest in erasing.digests_of(series))
    assert desk.standing(series).boxes == []
    assert {"series.approve-clearance", "series.clear"} <= set(
        AuditEvent.objects.values_list("verb", flat=True)
    )


def test_bytes_that_another_row_names_stay(series: Series, author: User) -> None:
    other = held.held(rows.draft(author, images=0))
    old = erasing.digests_of(series)
    desk.approve(series=series, revision=0, boxes=[BOX], by=author)
    done(series)
    assert erasing.digests_of(other) == old
    assert all(blobs.exists(digest) for digest in old)


def test_drawings_stay_on_their_frames(case: Case, author: User, series: Series) -> None:
    Series.objects.filter(pk=series.pk).update(clearance=Clearance.CLEARED)
    series.refresh_from_db()
    layer = annotations.start(series=series, shapes=[rows.shape()], by=author)
    Series.objects.filter(pk=series.pk).update(clearance=Clearance.HELD)
    series.refresh_from_db()
    assert not Annotation.objects.visible_to(author).exists()
    desk.approve(series=series, revision=0, boxes=[], by=author)
    done(series)
    assert Annotation.objects.visible_to(author).get() == layer


def test_the_same_file_again_is_known_and_stays_black(case: Case, series: Series, author: User) -> None:
    desk.approve(series=series, revision=0, boxes=[BOX], by=author)
    done(series)
    digest = series.instances.get().digest
    outcome = intake.attach(case, [intake.prepare(held.picture_with_text())])
    assert outcome.doubled == 1
    assert series.instances.get().digest == digest
    series.refresh_from_db()
    assert not series.is_held


def test_refusing_deletes_rows_and_bytes(series: Series, author: User) -> None:
    old = erasing.digests_of(series)
    desk.refuse(series=series, by=author)
    assert not Series.objects.filter(pk=series.pk).exists()
    assert not any(blobs.exists(digest) for digest in old)


def test_boxes_are_kept_with_a_revision(series: Series, author: User) -> None:
    review = desk.save_boxes(series=series, revision=0, boxes=[BOX, BOX], by=author)
    assert (review.revision, len(desk.standing(series).boxes)) == (1, 2)
    with pytest.raises(StaleRevision):
        desk.save_boxes(series=series, revision=0, boxes=[], by=author)
    with pytest.raises(StaleRevision):
        desk.approve(series=series, revision=0, boxes=[], by=author)


@pytest.mark.parametrize(
    "boxes",
    [
        None, "x", [1], [{**BOX, "width": 0}], [{**BOX, "x": -1}], [{**BOX, "x": 240}], [{**BOX, "x": 1.5}],
        [{**BOX, "frames": []}], [{**BOX, "frames": [0]}], [{**BOX, "frames": ["1"]}],
        [{**BOX, "frames": [[1]]}], [{**BOX, "x": True}],
    ],
)  # fmt: skip
def test_boxes_are_checked(series: Series, author: User, boxes: object) -> None:
    with pytest.raises(ValidationError):
        desk.save_boxes(series=series, revision=0, boxes=boxes, by=author)
    assert not ClearanceReview.objects.filter(revision__gt=0).exists()


def test_images_that_come_after_the_approval_are_looked_at(series: Series, author: User) -> None:
    desk.approve(series=series, revision=0, boxes=[BOX], by=author)
    late = series.instances.get()
    late.pk, late.sop_uid = None, "2.25.99"
    late.save()
    job = done(series)
    assert job.state == State.FAILED
    series.refresh_from_db()
    assert series.is_held
    standing = desk.standing(series)
    assert standing.state == ReviewState.OPEN
    assert not standing.first_by


def ultrasound(number: int) -> bytes:
    return pictures.ct(number, Modality="US")


def arrive(case: Case, *files: bytes) -> Series:
    with transaction.atomic():
        intake.attach(case, [intake.prepare(data) for data in files])
    return case.series.get()


def test_what_was_opened_before_an_image_came_approves_nothing(case: Case, author: User) -> None:
    series = arrive(case, ultrasound(1))
    opened = desk.standing(series).revision
    arrive(case, ultrasound(2))
    for act in (desk.save_boxes, desk.approve):
        with pytest.raises(StaleRevision):
            act(series=series, revision=opened, boxes=[], by=author)
    desk.approve(series=series, revision=desk.standing(series).revision, boxes=[], by=author)
    assert done(series).state == State.DONE
    series.refresh_from_db()
    assert not series.is_held


def test_an_image_that_comes_while_the_black_out_waits_holds_the_series(case: Case, author: User) -> None:
    series = arrive(case, ultrasound(1))
    desk.approve(series=series, revision=0, boxes=[], by=author)
    arrive(case, ultrasound(2))
    assert done(series).state == State.FAILED
    series.refresh_from_db()
    assert series.is_held
    assert desk.standing(series).state == ReviewState.OPEN


def test_an_image_voids_the_first_of_two_approvals(case: Case, author: User, settings) -> None:
    settings.DESK_TWO_STEP = True
    series = arrive(case, ultrasound(1))
    review = desk.approve(series=series, revision=0, boxes=[BOX | {"width": 9, "height": 9}], by=author)
    arrive(case, ultrasound(2))
    with pytest.raises(StaleRevision):
        desk.confirm(series=series, revision=review.revision, by=rows.person(Role.ADMINISTRATOR))
    standing = desk.standing(series)
    assert (standing.state, standing.first_by, len(standing.boxes)) == (ReviewState.OPEN, None, 1)


def test_a_cancelled_black_out_opens_the_review_again(series: Series, author: User) -> None:
    from medweb.jobs import services as jobs

    desk.approve(series=series, revision=0, boxes=[BOX], by=author)
    jobs.cancel(job=Job.objects.get(key=desk.key(series.pk)), by=author)
    assert desk.standing(series).state == ReviewState.OPEN
    desk.approve(series=series, revision=1, boxes=[BOX], by=author)
    assert done(series).state == State.DONE


def test_two_steps_take_two_persons(series: Series, author: User, settings) -> None:
    settings.DESK_TWO_STEP = True
    ada, bob = rows.person(Role.ADMINISTRATOR), rows.person(Role.ADMINISTRATOR)
    desk.approve(series=series, revision=0, boxes=[BOX], by=ada)
    assert desk.standing(series).state == ReviewState.PROPOSED
    assert not Job.objects.filter(key=desk.key(series.pk)).exists()
    for other in (ada, author):
        with pytest.raises(PermissionDenied):
            desk.confirm(series=series, revision=1, by=other)
    desk.withdraw(series=series, revision=1, by=author)
    with pytest.raises(ValidationError):
        desk.confirm(series=series, revision=2, by=bob)
    desk.approve(series=series, revision=2, boxes=[BOX], by=ada)
    desk.confirm(series=series, revision=3, by=bob)
    assert done(series).state == State.DONE
    series.refresh_from_db()
    assert not series.is_held


def test_changing_boxes_voids_the_first_approval(series: Series, author: User, settings) -> None:
    settings.DESK_TWO_STEP = True
    desk.approve(series=series, revision=0, boxes=[BOX], by=author)
    desk.save_boxes(series=series, revision=1, boxes=[], by=rows.person(Role.ADMINISTRATOR))
    standing = desk.standing(series)
    assert (standing.state, standing.first_by) == (ReviewState.OPEN, None)


def test_only_editors_decide(series: Series) -> None:
    for user in (rows.person(Role.STUDENT), rows.instructor(), rows.person(Role.STAFF)):
        for act in (
            lambda: desk.approve(series=series, revision=0, boxes=[], by=user),  # noqa: B023
            lambda: desk.save_boxes(series=series, revision=0, boxes=[], by=user),  # noqa: B023
            lambda: desk.refuse(series=series, by=user),  # noqa: B023
        ):
            with pytest.raises(PermissionDenied):
                act()
        assert not desk.waiting(user).exists()


def test_pages_of_the_desk(series: Series, author: User, client) -> None:
    client.force_login(author)
    queue = client.get(reverse("cases:desk"))
    assert reverse("cases:desk-series", args=[series.pk]) in queue.content.decode()
    for sort in ("newest", "case", "modality", "images", "nonsense"):
        assert client.get(reverse("cases:desk"), {"sort": sort}).status_code == 200
    page = client.get(reverse("cases:desk-series", args=[series.pk]))
    assert page.status_code == 200
    frame = series.frames.get()
    pixels = client.get(reverse("cases:desk-pixels", args=[frame.pk]))
    assert (pixels.status_code, pixels["Cache-Control"]) == (200, "no-store")
    desk.approve(series=series, revision=0, boxes=[BOX], by=author)
    assert "Being blacked out" in client.get(reverse("cases:desk-series", args=[series.pk])).content.decode()
    done(series)
    assert client.get(reverse("cases:desk-series", args=[series.pk])).status_code == 302
    assert client.get(reverse("cases:desk-pixels", args=[frame.pk])).status_code == 404


def test_the_desk_in_the_api(series: Series, author: User, client) -> None:
    client.force_login(author)
    address = reverse("api-desk-series", args=[series.pk])
    found = client.get(address).json()
    assert found["reasons"] == ["text"]
    assert found["frames"][0]["pixels_url"].startswith("/desk/frames/")
    sent = {"revision": 0, "boxes": [BOX]}
    saved = client.put(address, sent, content_type="application/json")
    assert (saved.status_code, saved.json()["revision"]) == (200, 1)
    assert client.put(address, sent, content_type="application/json").status_code == 409
    assert client.put(address, [], content_type="application/json").status_code == 400
    bad = client.put(address, {"revision": 1, "boxes": [{}]}, content_type="application/json")
    assert bad.status_code == 400
    approve = reverse("api-desk-approve", args=[series.pk])
    answer = client.post(approve, {"revision": 1, "boxes": [BOX]}, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (202, "approved")
    assert Frame.objects.get(series=series).pk == found["frames"][0]["id"]
