"""From clean instances to rows: nothing doubled, slices in the order of the body."""

import threading

import pytest
from django.db import connection, transaction

from cases.models import Frame, Instance, Series
from cases.services import intake
from tests.builders import pictures, rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case():
    return rows.draft(rows.instructor(), images=0)


def attach(case, *files):
    prepared = [intake.prepare(data) for data in files]
    with transaction.atomic():
        return intake.attach(case, prepared)


def places(series):
    return [position[2] for position in series.frames.order_by("index").values_list("position", flat=True)]


def test_the_same_file_twice_is_doubled_and_adds_no_row(case):
    assert attach(case, pictures.ct(1)).taken == 1
    again = attach(case, pictures.ct(1))
    assert (again.taken, again.doubled) == (0, 1)
    assert (Series.objects.count(), Instance.objects.count(), Frame.objects.count()) == (1, 1, 1)
    twice = attach(case, pictures.ct(2), pictures.ct(2))
    assert (twice.taken, twice.doubled) == (1, 1)


def test_two_cases_may_hold_the_same_file_and_share_its_bytes(case):
    other = rows.draft(case.author, images=0)
    attach(case, pictures.ct(1))
    assert attach(other, pictures.ct(1)).taken == 1
    assert len(set(Instance.objects.values_list("digest", flat=True))) == 1


def test_slices_are_ordered_by_place_not_by_number_or_arrival(case):
    attach(case, pictures.ct(1, z=30), pictures.ct(2, z=10), pictures.ct(3, z=20))
    series = case.series.get()
    assert places(series) == [10, 20, 30]
    assert list(series.frames.order_by("index").values_list("index", flat=True)) == [0, 1, 2]
    assert series.frame_count == 3


def test_a_later_slice_of_a_known_series_is_sorted_in(case):
    attach(case, pictures.ct(1, z=10), pictures.ct(3, z=30))
    attach(case, pictures.ct(2, z=20))
    series = case.series.get()
    assert places(series) == [10, 20, 30]
    assert series.frame_count == 3
    attach(case, pictures.ct(9, z=-5))
    assert places(series) == [-5, 10, 20, 30]


def test_series_are_kept_apart_and_numbered(case):
    attach(case, pictures.ct(1, series="1.2.3.4"), pictures.ct(1, series="1.2.3.5"), pictures.png())
    assert list(case.series.values_list("number", "frame_count")) == [(1, 1), (2, 1), (3, 1)]


def test_what_the_case_knows_already_is_not_overwritten(case):
    case.modality = "MR"
    case.save()
    attach(case, pictures.ct(1))
    case.refresh_from_db()
    assert case.modality == "MR"
    assert len(case.patient_key) == 16


def test_the_same_patient_gets_the_same_key(case):
    other = rows.draft(case.author, images=0)
    attach(case, pictures.ct(1, study="1.2.3"))
    attach(other, pictures.ct(1, study="1.2.4", series="1.2.4.4"))
    case.refresh_from_db()
    other.refresh_from_db()
    assert case.patient_key == other.patient_key != ""


def test_two_writers_at_once_number_every_frame_once(case):
    """Two uploads of halves of one series: all frames, one numbering."""
    halves = [
        [intake.prepare(pictures.ct(n, z=n)) for n in range(1, 9, 2)],
        [intake.prepare(pictures.ct(n, z=n)) for n in range(2, 9, 2)],
    ]
    ready, troubles = threading.Barrier(2), []

    def write(prepared):
        try:
            ready.wait()
            with transaction.atomic():
                intake.attach(case, prepared)
        except Exception as error:  # noqa: BLE001  shown by the assertion below
            troubles.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(half,)) for half in halves]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert troubles == []
    series = case.series.get()
    assert list(series.frames.order_by("index").values_list("index", flat=True)) == list(range(8))
    assert places(series) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert series.frame_count == 8


def test_only_a_file_without_header_takes_the_modality_of_its_case(case):
    attach(case, pictures.ct(1))
    case.refresh_from_db()
    attach(
        case, pictures.ct(2, series="1.2.9", Modality="OPT"), pictures.ct(3, series="1.2.8", Modality="OT")
    )
    attach(case, pictures.png())
    found = list(case.series.order_by("pk").values_list("modality", flat=True))
    assert found == ["CT", "OP", "OT", "CT"]
