"""Analysing a case, from the request to the rows."""

import time
import uuid

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from analysis.loading import drawn_regions, picture, representative_frame
from analysis.models import Analysis, FeatureVector
from analysis.services import analyses
from cases import blobs
from cases.models import Annotation, Case
from cases.services import annotations, cases
from medweb.jobs.models import Job
from medweb.jobs.run import LostClaim, claim, work
from medweb.jobs.services import cancel
from tests.analysis.building import a_case, add_series, box, layer, person, speckle

pytestmark = pytest.mark.django_db(transaction=True)


def analysed(case, by):
    job = analyses.request(case=case, by=by)
    assert work(job.pk) == "done", Job.objects.get(pk=job.pk).error
    return Analysis.objects.get(job_id=job.pk)


def test_an_analysis_measures_the_picture_and_each_submitted_region():
    author, staff = person("ann", "instructor"), person("sam", "staff")
    case = a_case(author)
    pixels = np.full((40, 50), 100, np.uint8)
    pixels[10:20, 20:30] = 200
    series = add_series(case, [pixels], slope=2.0, intercept=-50.0)
    layer(series, author, [box(20, 10, 30, 20), box(0, 0, 5, 5, label="background")])
    analysis = analysed(case, staff)
    image, nodule, background = analysis.regions.select_related("features")
    assert [image.source, nodule.label, background.label] == ["image", "nodule", "background"]
    assert image.features.values["intensity.max"] == 2 * 200 - 50
    assert nodule.features.values["intensity.mean"] == 350.0
    assert background.features.values["intensity.mean"] == 150.0
    # 10 x 10 pixels of half a millimetre.
    assert nodule.features.values["shape.area"] == pytest.approx(25.0)
    assert image.features.values["shape.area"] is None
    assert [p["name"] for p in analysis.pictures] == ["before", "grey", "denoised", "normalised"]
    assert all(blobs.get(p["digest"]).startswith(b"\x89PNG") for p in analysis.pictures)
    assert analysis.requested_by == staff


def test_drafts_and_layers_of_others_are_not_measured():
    author, student = person("ann", "instructor"), person("stu", "student")
    case = a_case(author)
    series = add_series(case, [speckle(1)])
    layer(series, author, [box(1, 1, 9, 9)], submitted=False)
    layer(series, student, [box(1, 1, 9, 9)])
    assert drawn_regions(case) == []


def test_masks_and_turned_boxes_are_regions_lines_are_not():
    author = person("ann", "instructor")
    case = a_case(author)
    series = add_series(case, [speckle(1)])
    shape = box(4, 4, 8, 8)
    mask = shape | {"id": str(uuid.uuid4()), "kind": "mask", "points": [[2, 1], [5, 3]], "counts": [1, 5]}
    turned = shape | {
        "id": str(uuid.uuid4()),
        "kind": "rotated-box",
        "points": [[8, 4], [12, 8], [8, 12], [4, 8]],
    }
    arrow = shape | {"id": str(uuid.uuid4()), "kind": "arrow"}
    layer(series, author, [mask, turned, arrow])
    found = drawn_regions(case)
    assert [(region.kind, int(region.mask.sum())) for region in found] == [("mask", 5), ("rotated-box", 32)]
    analysis = analysed(case, author)
    assert {row.kind for row in analysis.regions.all()} == {"", "mask", "rotated-box"}


def test_equal_pictures_and_settings_meet_one_row():
    author = person("ann", "instructor")
    case = a_case(author)
    series = add_series(case, [speckle(1)])
    layer(series, author, [box(5, 5, 20, 20)])
    first, second = analysed(case, author), analysed(case, author)
    assert FeatureVector.objects.count() == 2
    rows = [list(a.regions.values_list("features", flat=True)) for a in (first, second)]
    assert rows[0] == rows[1]


def test_another_slope_is_another_measurement():
    author = person("ann", "instructor")
    case = a_case(author)
    one = add_series(case, [speckle(1)]).frames.get()
    two = add_series(case, [speckle(1)], slope=2.0).frames.get()
    assert one.digest == two.digest
    assert picture(one).digest != picture(two).digest


def test_the_representative_frame_is_the_middle_of_the_largest_series_without_localisers():
    author = person("ann", "instructor")
    case = a_case(author)
    localiser = add_series(case, [speckle(n) for n in range(9)])
    localiser.is_localiser = True
    localiser.save()
    add_series(case, [speckle(1)])
    largest = add_series(case, [speckle(n) for n in range(5)])
    frame = representative_frame(case)
    assert frame is not None
    assert (frame.series_id, frame.index) == (largest.pk, 2)


@pytest.mark.parametrize(
    ("name", "roles", "own", "may"),
    [
        ("staff", ("staff",), False, True),
        ("administrator", ("administrator",), False, True),
        ("own", ("instructor",), True, True),
        ("other", ("instructor",), False, False),
        ("student", ("student",), False, False),
    ],
)
def test_who_may_analyse(name, roles, own, may):
    user = person(name, *roles)
    case = a_case(user if own else person("ann", "instructor"))
    add_series(case, [speckle(1)])
    if may:
        assert analyses.request(case=case, by=user).state == "queued"
    else:
        with pytest.raises(PermissionDenied):
            analyses.request(case=case, by=user)


def test_staff_cannot_analyse_what_they_cannot_see():
    case = a_case(person("ann", "instructor"), published=False)
    add_series(case, [speckle(1)])
    with pytest.raises(PermissionDenied, match="cannot see"):
        analyses.request(case=case, by=person("sam", "staff"))


def test_a_case_without_pictures_says_so():
    author = person("ann", "instructor")
    with pytest.raises(ValidationError, match="no pictures"):
        analyses.request(case=a_case(author), by=author)


def test_asking_twice_is_one_job():
    author = person("ann", "instructor")
    case = a_case(author)
    add_series(case, [speckle(1)])
    assert analyses.request(case=case, by=author) == analyses.request(case=case, by=author)


def test_a_worker_that_lost_its_claim_writes_nothing():
    """Two workers hold the same job: the first was thought dead, the second finished."""
    author = person("ann", "instructor")
    case = a_case(author)
    add_series(case, [speckle(1)])
    job = analyses.request(case=case, by=author)
    stale = claim(job.pk)
    assert stale is not None
    Job.objects.filter(pk=job.pk).update(state="queued", lease_until=None)
    assert work(job.pk) == "done"
    with pytest.raises(LostClaim):
        analyses.compute(stale, case_id=case.pk)
    assert Analysis.objects.count() == 1


def test_a_stale_worker_is_stopped_at_the_very_end_too(monkeypatch):
    author = person("ann", "instructor")
    case = a_case(author)
    add_series(case, [speckle(1)])
    job = analyses.request(case=case, by=author)
    stale = claim(job.pk)
    assert stale is not None

    def overtaken(*_args, **_kwargs):
        Job.objects.filter(pk=job.pk).update(attempt=99)
        return []

    monkeypatch.setattr(analyses.predictions, "answers", overtaken)
    with pytest.raises(LostClaim):
        analyses.compute(stale, case_id=case.pk)
    assert not Analysis.objects.exists()


def test_a_cancelled_analysis_leaves_no_result():
    author = person("ann", "instructor")
    case = a_case(author)
    add_series(case, [speckle(1)])
    job = analyses.request(case=case, by=author)
    cancel(job=job, by=author)
    assert work(job.pk) == "not-mine"
    assert not Analysis.objects.exists()


@pytest.mark.parametrize("by_service", [True, False], ids=["as people do", "past the service"])
def test_a_case_deleted_during_its_analysis_is_said_so(monkeypatch, by_service):
    author = person("ann", "instructor")
    case = a_case(author)
    add_series(case, [speckle(1)])
    job = analyses.request(case=case, by=author)

    def deleted_meanwhile(*_args, **_kwargs):
        if by_service:
            cases.delete(case=Case.objects.get(pk=case.pk), by=author)
        else:
            Case.objects.get(pk=case.pk).delete()
        return []

    monkeypatch.setattr(analyses.predictions, "answers", deleted_meanwhile)
    assert work(job.pk) == ("lost" if by_service else "failed")
    job.refresh_from_db()
    assert (job.state, job.error) == ("cancelled" if by_service else "failed", "The case was deleted.")
    assert not Analysis.objects.exists()


def test_missing_pixels_are_a_sentence():
    author = person("ann", "instructor")
    case = a_case(author)
    frame = add_series(case, [speckle(1)]).frames.get()
    blobs.delete(frame.digest)
    job = analyses.request(case=case, by=author)
    assert work(job.pk) == "failed"
    job.refresh_from_db()
    assert "Upload the picture again" in job.error


def test_submitting_a_drawing_analyses_a_case_that_has_results_anew():
    author = person("ann", "instructor")
    case = a_case(author)
    series = add_series(case, [speckle(1)])

    def draw(by) -> Annotation:
        drawn = annotations.start(series=series, shapes=[box(2, 2, 20, 20)], by=by)
        return annotations.submit(annotation=drawn, revision=drawn.revision, by=by)

    draw(person("stu", "student"))
    assert not Job.objects.exists()
    analysed(case, author)
    draw(author)
    job = Job.objects.active().get(key=analyses.key(case))
    assert job.asked_by == author
    assert work(job.pk) == "done"
    assert Analysis.objects.get(job_id=job.pk).regions.count() == 2


def test_a_first_drawing_starts_nothing():
    author = person("ann", "instructor")
    series = add_series(a_case(author), [speckle(1)])
    drawn = annotations.start(series=series, shapes=[box(2, 2, 20, 20)], by=author)
    annotations.submit(annotation=drawn, revision=drawn.revision, by=author)
    assert not Job.objects.exists()


def test_deleting_the_case_deletes_its_pictures_but_not_shared_ones():
    author = person("ann", "instructor")
    one, two = a_case(author), a_case(author)
    for case in (one, two):
        add_series(case, [speckle(1)])
    digests = [p["digest"] for p in analysed(one, author).pictures]
    assert digests == [p["digest"] for p in analysed(two, author).pictures]
    later = time.time() + blobs.GRACE.total_seconds() + 60
    one.delete()
    blobs.delete_unnamed(now=later)
    assert all(blobs.exists(digest) for digest in digests)
    assert FeatureVector.objects.count() == 1
    two.delete()
    assert not FeatureVector.objects.exists()
    blobs.delete_unnamed(now=later)
    assert not any(blobs.exists(digest) for digest in digests)


def test_inverted_pictures_are_turned_for_classifiers_only():
    author = person("ann", "instructor")
    frame = add_series(a_case(author), [speckle(1)], invert=True).frames.get()
    assert (picture(frame).slope, picture(frame, as_seen=True).slope) == (1.0, -1.0)


def test_colour_pictures_are_analysed():
    author = person("ann", "instructor")
    case = a_case(author)
    grey = speckle(1)
    add_series(case, [np.dstack([grey, grey // 2, grey // 3])])
    assert analysed(case, author).regions.count() == 1
