"""Scouts beside their stack, whatever the order of arrival; distances between slices that differ."""

import pytest
from django.db import transaction

from cases.models import Annotation, Series
from cases.services import annotations, intake
from tests.builders import pictures, rows

pytestmark = pytest.mark.django_db

SAGITTAL = [0, 1, 0, 0, 0, -1]


@pytest.fixture
def case():
    return rows.draft(rows.instructor(), images=0)


def attach(case, *files):
    with transaction.atomic():
        return intake.attach(case, [intake.prepare(data) for data in files])


def scout(number=99):
    return pictures.ct(number, z=0, ImageOrientationPatient=SAGITTAL)


def stack(*heights):
    return [pictures.ct(n, z=z) for n, z in enumerate(heights, start=1)]


def counts(case):
    return dict(case.series.values_list("is_localiser", "frame_count"))


def heights(series):
    return [position[2] for position in series.frames.order_by("index").values_list("position", flat=True)]


def indices(series):
    return list(series.frames.order_by("index").values_list("index", flat=True))


@pytest.mark.parametrize("first", ["scout", "stack", "half"])
def test_a_scout_lies_in_a_series_of_its_own(case, first):
    slices = stack(30, 10, 20, 40)
    batches = {
        "scout": [[scout()], slices],
        "stack": [slices, [scout()]],
        "half": [slices[:1], [scout()], slices[1:]],
    }[first]
    for batch in batches:
        attach(case, *batch)
    assert counts(case) == {False: 4, True: 1}
    main, beside = case.series.get(is_localiser=False), case.series.get(is_localiser=True)
    assert heights(main) == [10, 20, 30, 40]
    assert (indices(main), indices(beside)) == ([0, 1, 2, 3], [0])
    assert beside.instances.get().frames.get().series == beside


def test_the_same_scout_again_is_known(case):
    attach(case, scout(), *stack(1, 2, 3))
    assert attach(case, scout()).doubled == 1
    assert counts(case) == {False: 3, True: 1}


def test_who_is_the_scout_is_decided_by_the_many(case):
    attach(case, *[pictures.ct(90 + n, z=n, ImageOrientationPatient=SAGITTAL) for n in range(3)], *stack(50))
    assert counts(case) == {False: 3, True: 1}
    attach(case, *stack(50, 60, 70, 80, 90, 100))
    assert counts(case) == {False: 6, True: 3}
    assert heights(case.series.get(is_localiser=False)) == [50, 60, 70, 80, 90, 100]


def test_three_crossing_planes_stay_together(case):
    attach(case, scout(), *stack(5), pictures.ct(7, ImageOrientationPatient=[1, 0, 0, 0, 0, -1]))
    assert counts(case) == {False: 3}


def test_what_is_drawn_on_stays(case):
    attach(case, scout())
    shape = rows.shape("point")
    annotations.start(series=case.series.get(), shapes=[shape], by=case.author)
    attach(case, *stack(1, 2, 3, 4))
    assert counts(case) == {False: 5}
    drawn = Annotation.objects.get()
    frame = case.series.get().frames.get(index=drawn.shapes[0]["frame"])
    assert frame.orientation == SAGITTAL


def test_what_waits_at_the_desk_waits_in_both_series(case):
    attach(case, *stack(1, 2, 3))
    Series.objects.update(clearance="held")
    attach(case, scout())
    assert set(case.series.values_list("clearance", flat=True)) == {"held"}


def test_uneven_slices_are_told_and_even_ones_are_not(case):
    attach(case, *stack(0, 3.19, 6.46, 9.75))
    series = case.series.get()
    assert series.notes == [{"code": "uneven-spacing", "min_mm": 3.19, "max_mm": 3.29}]
    assert series.facts == ["slices 3.19 to 3.29 mm apart"]
    attach(case, pictures.ct(8, z=15))
    assert case.series.get().notes[0]["max_mm"] == 5.25
    other = rows.draft(case.author, images=0)
    attach(other, *stack(0, 5, 15))
    assert other.series.get().notes[0]["max_mm"] == 10
    attach(other, pictures.ct(9, z=10))
    assert other.series.get().notes == []
    assert other.series.get().facts == []


def test_a_gap_that_is_filled_later_is_forgotten_and_other_notes_stay(case):
    attach(case, *stack(0, 2, 6))
    Series.objects.update(notes=["face", *case.series.get().notes])
    attach(case, pictures.ct(9, z=4))
    assert case.series.get().notes == ["face"]


def test_the_page_of_the_case_tells_the_fact(case, client):
    attach(case, *stack(0, 2, 6))
    client.force_login(case.author)
    assert "lices 2 to 4 mm apart" in client.get(f"/cases/{case.pk}/").content.decode()


def test_a_held_scout_that_returns_holds_its_stack(case):
    """Three axial slices and a doubtful scout; then the scouts become the many, and come together again."""
    attach(case, *stack(10, 20, 30))
    attach(case, scout(99))
    case.series.filter(is_localiser=True).update(clearance="held")
    before = set(case.series.filter(is_localiser=True).values_list("instances", flat=True))
    others = [pictures.ct(50 + n, z=n, ImageOrientationPatient=[1, 0, 0, 0, 0, -1]) for n in range(1, 3)]
    attach(case, *others)
    main = case.series.get(is_localiser=False)
    assert before <= set(main.instances.values_list("pk", flat=True))
    assert main.clearance == "held"
    assert not case.series.filter(clearance="cleared", instances__in=before).exists()
