"""The case page opens with the series that its hanging names, and says how old the others are."""

import json
import re
from html import unescape

import pytest

from cases import hangings
from cases.enums import Clearance
from cases.hangings import words_of
from cases.services import intake
from tests.builders import pictures, rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(author):
    return rows.draft(author, images=0)


def add(case, series, number=1, **attributes):
    prepared = intake.prepare(pictures.ct(number, series=f"1.2.3.{series}", **attributes))
    return intake.attach(case, [prepared], trusted=True).series.pop()


def told(client, case, query=""):
    page = client.get(f"/cases/{case.pk}/{query}").content.decode()
    found = re.search(r'data-hanging="([^"]*)"', page)
    assert found
    return json.loads(unescape(found[1])), page


def test_mammograms_hang_by_side_and_view(client, case, author):
    keys = {
        (side, view): add(
            case,
            f"{side}{at}".translate(str.maketrans("RL", "12")),
            Modality="MG",
            ImageLaterality=side,
            ViewPosition=view,
            PatientOrientation=["A", "F"],
        )
        for at, (side, view) in enumerate([("L", "MLO"), ("L", "CC"), ("R", "MLO"), ("R", "CC")])
    }
    client.force_login(author)
    found, page = told(client, case)
    wanted = [keys[one] for one in (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))]
    assert (found["layout"], [place["series"] for place in found["places"]]) == ("2x2", wanted)
    # Recorded with rows to the front: the right ones are turned over, or mirrored to keep the feet below.
    poses = [(place["turn"], place["mirror"]) for place in found["places"]]
    assert poses == [(2, False), (0, False), (0, True), (0, False)]
    assert found["auto"]
    assert f'data-series-url="/api/series/{wanted[0]}/"' in page


def test_an_earlier_examination_hangs_beside_and_says_its_age(client, case, author):
    old = add(case, "1", 1, StudyDate="20230701")
    new = add(case, "2", 2, StudyDate="20240301")
    client.force_login(author)
    found, page = told(client, case)
    assert (found["layout"], [place["series"] for place in found["places"]]) == ("1x2", [new, old])
    assert found["ages"] == {str(old): "8 months earlier"}
    assert "8 months earlier" in page
    # Shifted days are nobody's business.
    assert "study_date" not in client.get(f"/api/series/{new}/").content.decode()


def test_who_asks_for_a_series_gets_it_alone(client, case, author):
    old = add(case, "1", 1, StudyDate="20230701")
    add(case, "2", 2, StudyDate="20240301")
    client.force_login(author)
    found, page = told(client, case, f"?series={old}")
    assert not found["auto"]
    assert f'data-series-url="/api/series/{old}/"' in page


def test_a_held_series_hangs_nowhere(client, case, author):
    old = add(case, "1", 1, StudyDate="20230701")
    new = add(case, "2", 2, StudyDate="20240301")
    case.series.filter(pk=new).update(clearance=Clearance.HELD)
    client.force_login(author)
    found, _page = told(client, case)
    assert [place["series"] for place in found["places"]] == [old]
    assert found["ages"] == {}
    assert str(new) not in json.dumps(found)


def test_one_question_for_the_views_of_all_series(case, django_assert_num_queries):
    for number in range(4):
        add(case, f"8{number}", number + 11, Modality="DX", ViewPosition="LL")
    found = list(case.series.all())
    with django_assert_num_queries(1):
        hangings.hung(found, chosen=False)


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "1 day earlier"), (13, "13 days earlier"), (14, "2 weeks earlier"), (61, "2 months earlier"),
     (244, "8 months earlier"), (729, "2 years earlier"), (1900, "5 years earlier")],
)  # fmt: skip
def test_ages_are_told_as_people_do(days, words):
    assert words_of(days) == words
