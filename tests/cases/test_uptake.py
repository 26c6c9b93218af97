"""What a series keeps of its headers: the factor of uptake and why there is none, speed, day, sides."""

import pytest

from cases.models import Frame, Series
from tests.builders import pictures, rows

pytestmark = pytest.mark.django_db(transaction=True)
# 70 kg and the half of 370 MBq.
HALF_LEFT = float(f"{70_000 / 185e6:.6g}")


def detail(client, series):
    return client.get(f"/api/series/{series.pk}/").json()


def test_a_series_of_pet_tells_its_factor_and_nothing_it_came_from(client, stores, case, author, judged):
    for number in (1, 3):
        judged(rows.upload(case, pictures.pet(number), by=author))
    client.force_login(author)
    series = case.series.get()
    found = detail(client, series)
    assert [frame["uptake_factor"] for frame in found["frames"]] == [HALF_LEFT] * 2
    assert (found["unit"], found["uptake_problem"]) == ("Bq/ml", "")
    assert found["uptake_presets"][0]["name"] == "SUV 0 to 5"
    assert "370000000" not in client.get(f"/api/series/{series.pk}/").content.decode()
    assert series.instances.first().facts.keys() <= {
        "manufacturer_model",
        "patient_sex",
        "patient_age",
        "body_part",
    }


def test_without_a_weight_the_reason_is_told(client, stores, case, author, judged):
    judged(rows.upload(case, pictures.pet(weight="0"), by=author))
    client.force_login(author)
    found = detail(client, case.series.get())
    assert found["uptake_problem"] == "SUV is not known: the header names no weight of the patient."
    assert (found["uptake_presets"], found["frames"][0]["uptake_factor"]) == ([], None)


def test_other_images_say_nothing_of_uptake(client, stores, author):
    found = rows.draft(author)
    client.force_login(author)
    answer = detail(client, found.series.get())
    assert (answer["uptake_problem"], answer["uptake_presets"], answer["frame_rate"]) == ("", [], None)


def test_side_view_directions_and_day_come_along(stores, case, author, judged):
    data = pictures.ct(
        Modality="MG", ImageLaterality="R", ViewPosition="CC", PatientOrientation=["P", "L"], CineRate=20
    )
    judged(rows.upload(case, data, by=author))
    frame = Frame.objects.get()
    assert (frame.laterality, frame.view, frame.sides) == ("R", "CC", "P\\L")
    series = Series.objects.get()
    # One picture does not move; its day is shifted by at least a year.
    assert series.frame_rate is None
    assert series.study_date is not None
    assert series.study_date.year < 2024
