"""Collections: labels and splits, and that members-only hides its cases on every path."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from cases.models import Case, Collection, CollectionItem
from cases.services import annotations, collections
from medweb.live.topics import allowed
from tests.builders import rows

pytestmark = pytest.mark.django_db


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_slugs_are_unique_and_titles_need_not_be(author):
    made = [collections.create(title="Lung nodules", by=author) for _ in range(3)]
    assert [row.slug for row in made] == ["lung-nodules", "lung-nodules-2", "lung-nodules-3"]
    assert collections.create(title="肺", by=author).slug == "collection"


def test_putting_a_case_twice_changes_its_label(author):
    collection = collections.create(title="Set", by=author)
    case = rows.bare(author)
    collections.put(collection=collection, case=case, label="sick", split="train", by=author)
    collections.put(collection=collection, case=case, label="well", split="test", by=author)
    item = CollectionItem.objects.get()
    assert (item.label, item.split, item.position) == ("well", "test", 1)


def test_an_unknown_split_is_refused(author):
    collection = collections.create(title="Set", by=author)
    with pytest.raises(ValidationError, match="train, val, test"):
        collections.put(collection=collection, case=rows.bare(author), split="later", by=author)


def test_fields_that_are_nobodys_to_set(author):
    collection = collections.create(title="Set", by=author)
    with pytest.raises(ValidationError, match="cannot be set"):
        collections.update(collection=collection, fields={"owner": rows.instructor()}, by=author)
    body = {"title": "New", "owner": "someone", "slug": "mine", "id": 77, "members": [1]}
    made = signed_in(author).post("/api/collections/", body, content_type="application/json").json()
    assert (made["owner"], made["slug"]) == ("ann", "new")


def test_deleting_a_collection_keeps_its_cases(author):
    case = rows.bare(author)
    collection = rows.club(author, cases=(case,))
    collections.delete(collection=collection, by=author)
    assert list(Case.objects.all()) == [case]


def test_nobody_hides_the_case_of_another(author):
    case = rows.bare(author)
    thief = rows.instructor()
    own = rows.club(thief)
    with pytest.raises(PermissionDenied):
        collections.put(collection=own, case=case, by=thief)
    everyone = collections.create(title="Open", by=thief)
    collections.put(collection=everyone, case=case, by=thief)
    # ... nor by closing the collection afterwards.
    with pytest.raises(ValidationError, match="other authors"):
        collections.update(collection=everyone, fields={"visibility": "members"}, by=thief)
    everyone.refresh_from_db()
    assert everyone.visibility == "everyone"
    body = {"visibility": "members"}
    address = f"/api/collections/{everyone.pk}/"
    assert signed_in(thief).patch(address, body, content_type="application/json").status_code == 400
    assert Case.objects.visible_to(rows.person()).filter(pk=case.pk).exists()


def test_a_closed_collection_restricts_also_what_lies_in_an_open_one(author):
    case = rows.bare(author)
    rows.club(author, cases=(case,))
    student = rows.person()
    assert not Case.objects.visible_to(student).exists()
    collections.put(collection=collections.create(title="Open", by=author), case=case, by=author)
    assert case not in Case.objects.visible_to(student)


def test_members_only_hides_the_case_on_every_path(author):
    case = rows.published(
        author, title="Xylophone", history="Zebra stripes.", modality="MR", body_region="spine",
        keywords="quokka",
    )  # fmt: skip
    series = case.series.get()
    frame = series.frames.get()
    layer = annotations.start(series=series, shapes=[rows.shape(label="wombat")], by=author)
    annotations.submit(annotation=layer, revision=1, by=author)
    member, stranger, staff = rows.person(), rows.person(), rows.person("staff")
    collection = rows.club(author, member, cases=(case,), title="Xenon club")
    rows.bare(author, title="Open case", modality="CT", body_region="chest")
    addresses = [
        f"/cases/{case.pk}/",
        f"/cases/{case.pk}/text/",
        f"/cases/{case.pk}/analysis/",
        f"/cases/{case.pk}/analysis/status/",
        f"/collections/{collection.pk}/",
        f"/frames/{frame.pk}/{frame.digest[:16]}/pixels",
        f"/frames/{frame.pk}/{frame.preview_digest[:16]}/preview.jpg",
        f"/frames/{frame.pk}/thumbnail.jpg",
        f"/api/cases/{case.pk}/",
        f"/api/cases/{case.pk}/series/",
        f"/api/cases/{case.pk}/analyses/",
        f"/api/cases/{case.pk}/predictions/",
        f"/api/series/{series.pk}/",
        f"/api/annotations/{layer.pk}/",
        f"/api/collections/{collection.pk}/",
    ]
    lists = [
        "/", "/?q=zebra", "/?q=quokka", "/?modality=MR", f"/?collection={collection.pk}", "/collections/",
        "/api/cases/", "/api/cases/?q=zebra", "/api/cases/?modality=MR", "/api/collections/",
        "/api/annotations/", f"/api/annotations/?series={series.pk}",
    ]  # fmt: skip
    words = (b"Xylophone", b"Xenon", b"wombat", b"modality=MR")
    for who in (stranger, staff):
        client = signed_in(who)
        answers = {address: client.get(address).status_code for address in addresses}
        assert answers == dict.fromkeys(addresses, 404)
        for address in lists:
            content = client.get(address).content
            shown = [word for word in words if word in content and word.decode() not in address]
            assert shown == [], address
        assert allowed(who, [f"case:{case.pk}"]) == []
        assert client.get("/api/cases/").json()["results"][0]["title"] == "Open case"
    client = signed_in(member)
    assert {client.get(address).status_code for address in addresses} == {200}
    assert b"Xylophone" in client.get("/?q=zebra").content
    assert allowed(member, [f"case:{case.pk}"]) == [f"case:{case.pk}"]


def test_the_facets_count_only_what_one_may_see(author):
    hidden = [rows.bare(author, title=f"Hidden {n}", modality="MR") for n in range(5)]
    for number in range(2):
        rows.bare(author, title=f"Open {number}", modality="MR")
    rows.bare(author, title="CT", modality="CT")
    rows.club(author, cases=tuple(hidden))

    def counts(user):
        response = signed_in(user).get("/")
        (facet,) = (f for f in response.context["facets"] if f.name == "modality")
        return {value.value: value.count for value in facet.values}

    assert counts(rows.person()) == {"MR": 2, "CT": 1}
    assert counts(author) == {"MR": 7, "CT": 1}


def test_who_is_taken_off_the_list_sees_it_no_longer(author):
    member = rows.person()
    case = rows.bare(author)
    collection = rows.club(author, member, cases=(case,))
    assert case in Case.objects.visible_to(member)
    collections.update(collection=collection, fields={}, members=[], by=author)
    assert case not in Case.objects.visible_to(member)
    assert collection not in Collection.objects.visible_to(member)
