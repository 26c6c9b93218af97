"""Lists of the desk, and how the API answers what came too late."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases.models import Case, Series
from cases.services import desk, imports
from medweb.accounts.models import Role
from medweb.audit.models import AuditEvent
from tests.builders import held, pictures, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(author, stores) -> Case:
    return rows.draft(author, images=0)


@pytest.fixture
def client(author) -> Client:
    client = Client()
    client.force_login(author)
    return client


@pytest.mark.parametrize("name", ["api-desk", "cases:desk"])
def test_a_list_asks_as_often_for_one_series_as_for_many(client, case, name):
    held.held(case, seed=1)
    client.get(reverse(name))

    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(name)).status_code == 200
        return [query["sql"] for query in queries]

    one = asked()
    for seed in range(2, 7):
        held.held(case, seed=seed)
    many = asked()
    assert len(many) == len(one), many


def test_reasons_of_many_series_are_those_of_each(case):
    one, other = held.held(case, seed=1), held.held(case, seed=2, pages=2)
    other.instances.update(suspicion=["text", "kind"])
    assert desk.reasons_of([one, other]) == {one.pk: ["text"], other.pk: ["kind", "text"]}
    assert desk.reasons_of([]) == {}
    for series in (one, other):
        assert desk.standing(series).reasons == desk.reasons_of([series])[series.pk]


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("put", "api-desk-series"),
        ("post", "api-desk-approve"),
        ("post", "api-desk-confirm"),
        ("post", "api-desk-withdraw"),
    ],
)
def test_an_old_revision_is_told_what_is_stored(case, author, method, name):
    series = held.held(case)
    desk.save_boxes(series=series, revision=0, boxes=[], by=author)
    client = Client()
    client.force_login(rows.person(Role.ADMINISTRATOR))
    answer = getattr(client, method)(
        reverse(name, args=[series.pk]), {"revision": 0, "boxes": []}, content_type="application/json"
    )
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["code"], problem["current"]) == ("stale-revision", {"revision": 1, "state": "open"})


def test_every_import_whose_pixels_somebody_vouched_for_is_in_the_trail(author, stores, tmp_path):
    def bring(*numbers: int, checked: bool = True) -> int:
        stick = tmp_path / f"stick {numbers} {checked}"
        stick.mkdir(exist_ok=True)
        for number in numbers:
            (stick / f"{number}.dcm").write_bytes(pictures.ct(number))
        imports.import_images(
            paths=[stick],
            collection=None,
            progress=lambda done, every: None,
            pixels_checked=checked,
            by=author,
        )
        case = Case.objects.get()
        return AuditEvent.objects.filter(verb="case.pixels-checked", subject_id=str(case.pk)).count()

    assert bring(1, checked=False) == 0
    # The case is there; two further images came past the desk on somebody's word, in one run.
    assert bring(2, 3) == 1
    assert bring(4) == 2
    # Nothing new came in.
    assert bring(4) == 2
    assert Series.objects.get().frame_count == 4
