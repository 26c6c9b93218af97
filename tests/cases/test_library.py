"""The library page: as many queries for thirty cases as for three, and addresses that cannot break it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.services import collections
from cases.services.terms import coded_term, local_term
from tests.builders import rows

pytestmark = pytest.mark.django_db


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def full_case(author, number):
    """One with a picture, a diagnosis and a collection, so that every part of a card has work to do."""
    case = rows.published(author, title=f"Case {number}", diagnosis=local_term(f"Diagnosis {number}"))
    collection = collections.create(title=f"Set {number}", by=author)
    collections.put(collection=collection, case=case, label=f"label {number}", by=author)
    return case, collection


def queries_of(client, address):
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_number_of_queries_does_not_grow_with_the_rows(author):
    for number in range(3):
        case, collection = full_case(author, number)
    student = signed_in(rows.person())
    addresses = [
        "/", "/?q=case", "/collections/", f"/collections/{collection.pk}/", f"/cases/{case.pk}/",
        "/api/cases/", "/api/cases/?q=case", "/api/collections/", "/api/annotations/",
    ]  # fmt: skip
    few = {address: queries_of(student, address) for address in addresses}
    for number in range(3, 30):
        other, _own = full_case(author, number)
        collections.put(collection=collection, case=other, label="more", by=author)
        if number == 10:
            rows.add_series(case, images=3)
    many = {address: queries_of(student, address) for address in addresses}
    # A search asks for the next best matches only when the best ones do not fill its page.
    assert few["/?q=case"] - many["/?q=case"] in (0, 2)
    assert {**many, "/?q=case": 0} == {**few, "/?q=case": 0}


def test_pages_follow_one_another_without_a_gap(author):
    titles = {rows.bare(author, title=f"Case {number}").title for number in range(50)}
    client = signed_in(rows.person())
    seen, address = [], "/"
    while address:
        page = client.get(address).context["page"]
        seen += [case.title for case in page.rows]
        address = page.next_url
    assert len(seen) == 50
    assert set(seen) == titles
    seen, address = [], "/api/cases/?page_size=20"
    while address:
        answer = client.get(address).json()
        seen += [row["title"] for row in answer["results"]]
        address = answer["next"]
    assert set(seen) == titles
    assert len(client.get("/api/cases/?page_size=5000").json()["results"]) == 50


@pytest.mark.parametrize(
    "query",
    [
        "cursor=rubbish", "cursor=cD0y", "collection=x", "collection=99999999999999999999999", "diagnosis=-1",
        "diagnosis=99999999999999999999999", "modality=NONSENSE", "level=&level=beginner", "mine=2", "q=%00",
        "modality=%00", "level=%00&level=beginner", "body_region=%00", "status=%00",
        "status=draft%27", "collection=%C2%B2", "diagnosis=%D9%A1",
    ],
)  # fmt: skip
def test_damaged_addresses_are_answered(author, query):
    rows.bare(author)
    client = signed_in(author)
    assert client.get(f"/?{query}").status_code in (200, 404)
    assert client.get(f"/api/cases/?{query}").status_code in (200, 404)


def test_only_values_of_a_facet_reach_the_database(author):
    """PostgreSQL refuses a NUL by an exception; SQLite, which takes it, shows here whether it arrives."""
    rows.bare(author, diagnosis=local_term("Sarcoidosis"))
    client = signed_in(author)
    with CaptureQueriesContext(connection) as captured:
        pages = [
            client.get(f"/?{name}=%00rubbish") for name in ("modality", "level", "body_region", "status")
        ]
        both = client.get("/?level=%00rubbish&level=beginner")
        terms = client.get("/api/terms/?q=sar%00coid").json()["results"]
    assert [page.context["total"] for page in pages] == [0] * 4
    assert both.context["total"] == 1
    assert [row["display"] for row in terms] == ["Sarcoidosis"]
    assert not [query["sql"] for query in captured if "rubbish" in query["sql"]]


def test_wordings_of_cases_one_may_not_see_are_offered_nowhere(author):
    """A diagnosis typed for a draft or a closed case is its answer; codes of terminologies are no secret."""
    other, student = rows.instructor("bob"), rows.person()
    shown = local_term("Sarcoidosis, shown")
    draft, closed = local_term("Sarcoidosis, in a draft"), local_term("Sarcoidosis, in the club")
    rows.bare(author, diagnosis=shown)
    rows.draft(author, images=0, diagnosis=draft)
    rows.club(author, cases=(rows.bare(author, diagnosis=closed),))
    coded_term(system="icd10", code="D86", display="Sarcoidosis, coded")
    secret = [str(term.pk) for term in (draft, closed)]
    for user in (other, student):
        client = signed_in(user)
        offered = {row["display"] for row in client.get("/api/terms/?q=sarcoidosis").json()["results"]}
        assert offered == {"Sarcoidosis, shown", "Sarcoidosis, coded"}
        facet = client.get("/", {"diagnosis": [*secret, str(shown.pk)]}).content.decode()
        assert "Sarcoidosis, shown" in facet
        assert "in a draft" not in facet
        assert "in the club" not in facet
    # The form offers terms while somebody types, by the address that was asked above.
    form = signed_in(other).get("/cases/new/").content.decode()
    assert "in a draft" not in form
    assert "in the club" not in form


def test_facets_narrow_and_the_chosen_one_can_be_taken_back(author):
    rows.bare(author, title="One", modality="CT", level="advanced")
    rows.bare(author, title="Two", modality="CT")
    rows.bare(author, title="Three", modality="MR")
    client = signed_in(rows.person())
    response = client.get("/?modality=CT&level=advanced")
    assert [case.title for case in response.context["page"].rows] == ["One"]
    facets = {facet.name: {v.value: v for v in facet.values} for facet in response.context["facets"]}
    assert facets["modality"]["CT"].chosen
    assert "modality" not in facets["modality"]["CT"].url
    assert "modality=MR" not in response.context["page"].rows[0].title
    assert facets["level"]["beginner"].count == 1
    assert response.context["total"] == 1


def test_the_library_of_a_new_server_says_what_to_do_next(author):
    content = signed_in(author).get("/").content.decode()
    assert "/cases/new/" in content
