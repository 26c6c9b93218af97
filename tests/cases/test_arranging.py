"""A collection in the order of its owner, and read by a link."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from cases.models import Case, Collection, CollectionItem, ShareLink
from cases.services import arranging, collections, sharing
from medweb.accounts.models import Role
from medweb.audit.models import AuditEvent
from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(author):
    return rows.club(author, cases=tuple(rows.bare(author, title=f"Case {n}") for n in range(4)))


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def titles(user, collection):
    return [case.title for case in signed_in(user).get(f"/collections/{collection.pk}/").context["page"].rows]


def item(club, title):
    return CollectionItem.objects.get(collection=club, case__title=title)


def test_cases_move_up_and_down_and_stop_at_the_ends(author, club):
    assert titles(author, club) == ["Case 0", "Case 1", "Case 2", "Case 3"]
    arranging.move(item=item(club, "Case 2"), step="up", by=author)
    assert titles(author, club) == ["Case 0", "Case 2", "Case 1", "Case 3"]
    arranging.move(item=item(club, "Case 0"), step="up", by=author)
    arranging.move(item=item(club, "Case 3"), step="down", by=author)
    assert titles(author, club) == ["Case 0", "Case 2", "Case 1", "Case 3"]
    arranging.move(item=item(club, "Case 3"), step="first", by=author)
    arranging.move(item=item(club, "Case 0"), step="last", by=author)
    assert titles(author, club) == ["Case 3", "Case 2", "Case 1", "Case 0"]
    with pytest.raises(ValidationError):
        arranging.move(item=item(club, "Case 0"), step="sideways", by=author)


def test_places_that_were_the_same_are_told_apart(author, club):
    CollectionItem.objects.filter(collection=club).update(position=0)
    before = titles(author, club)
    arranging.move(item=item(club, before[1]), step="up", by=author)
    assert titles(author, club) == [before[1], before[0], *before[2:]]


def test_sections_head_their_cases(author, club):
    second = arranging.add_section(collection=club, title="  Second ", by=author)
    first = arranging.add_section(collection=club, title="First", by=author)
    arranging.put_under(item=item(club, "Case 0"), section=second, by=author)
    arranging.put_under(item=item(club, "Case 1"), section=first, by=author)
    assert titles(author, club) == ["Case 2", "Case 3", "Case 0", "Case 1"]
    arranging.move_section(section=first, step="up", by=author)
    content = signed_in(author).get(f"/collections/{club.pk}/").content.decode()
    places = [content.index(word) for word in ("Case 2", "First</h3>", "Case 1", "Second</h3>", "Case 0")]
    assert places == sorted(places)
    arranging.rename_section(section=first, title="Begin", by=author)
    arranging.delete_section(section=second, by=author)
    assert titles(author, club) == ["Case 2", "Case 3", "Case 0", "Case 1"]
    other = collections.create(title="Other", by=author)
    foreign = arranging.add_section(collection=other, title="There", by=author)
    with pytest.raises(ValidationError):
        arranging.put_under(item=item(club, "Case 0"), section=foreign, by=author)
    with pytest.raises(ValidationError):
        arranging.add_section(collection=club, title=" ", by=author)


def test_only_the_owner_arranges(club):
    student = rows.person()
    club.members.add(student)
    with pytest.raises(PermissionDenied):
        arranging.move(item=item(club, "Case 0"), step="down", by=student)
    with pytest.raises(PermissionDenied):
        sharing.share(collection=club, days=7, by=student)


def test_pages_of_a_collection_follow_one_another(author, club):
    for number in range(4, 60):
        collections.put(collection=club, case=rows.bare(author, title=f"Case {number}"), by=author)
    client, seen, address = signed_in(author), [], f"/collections/{club.pk}/"
    while address:
        page = client.get(address).context["page"]
        seen += [case.title for case in page.rows]
        address, last = page.next_url, page
    assert seen == [f"Case {n}" for n in range(60)]
    back = client.get(last.previous_url).context["page"]
    assert [case.title for case in back.rows] == seen[24:48]


def test_the_page_for_arranging_moves_what_it_shows(author, club):
    client = signed_in(author)
    case = Case.objects.get(title="Case 3")
    address = f"/collections/{club.pk}/cases/{case.pk}/move/"
    assert client.post(address, {"step": "up"}).url == f"/collections/{club.pk}/arrange/#item-{case.pk}"
    client.post(f"/collections/{club.pk}/sections/", {"title": "Late"})
    section = club.sections.get()
    client.post(address, {"section": section.pk})
    assert titles(author, club) == ["Case 0", "Case 1", "Case 2", "Case 3"]
    assert "Late" in client.get(f"/collections/{club.pk}/arrange/").content.decode()
    client.post(f"/collections/{club.pk}/sections/{section.pk}/", {"step": "delete"})
    assert not club.sections.exists()


def test_a_link_lets_in_who_was_not_invited_and_ends(author, club):
    guest, stranger = rows.person(), rows.person()
    link = sharing.share(collection=club, days=7, by=author)
    address = f"/shared/{sharing.token_of(link)}/"
    client = signed_in(guest)
    assert Case.objects.visible_to(guest).count() == 0
    page = client.get(address)
    assert "Open the collection" in page.content.decode()
    assert Case.objects.visible_to(guest).count() == 0
    assert client.post(address).url == f"/collections/{club.pk}/"
    assert titles(guest, club) == ["Case 0", "Case 1", "Case 2", "Case 3"]
    assert client.get(f"/cases/{Case.objects.first().pk}/").status_code == 200
    assert client.get(f"/collections/{club.pk}/arrange/").status_code == 403
    assert Case.objects.visible_to(stranger).count() == 0
    assert AuditEvent.objects.filter(verb="collection.open-link").count() == 1
    sharing.revoke(link=link, by=author)
    assert client.get(f"/collections/{club.pk}/").status_code == 404
    assert client.get(f"/cases/{Case.objects.first().pk}/").status_code == 404
    gone = client.get(address)
    assert gone.status_code == 404
    assert "does not work any more" in gone.content.decode()
    assert client.post(address).status_code == 404


def test_a_link_that_has_ended_lets_nobody_in_or_on(author, club):
    guest = rows.person()
    link = sharing.share(collection=club, days=1, by=author)
    sharing.come_in(link=link, by=guest)
    assert Collection.objects.visible_to(guest).count() == 1
    past = timezone.now() - timedelta(minutes=1)
    ShareLink.objects.update(created_at=past - timedelta(days=1), expires_at=past)
    assert Collection.objects.visible_to(guest).count() == 0
    assert signed_in(guest).get(f"/cases/{Case.objects.first().pk}/").status_code == 404
    assert sharing.link_of(sharing.token_of(link)) is None


def test_made_up_addresses_and_numbers_open_nothing(author, club):
    link = sharing.share(collection=club, days=7, by=author)
    token = sharing.token_of(link)
    for made_up in (token[:-1], f"{link.pk}", f"{link.pk + 1}:{token.partition(':')[2]}", "x:y", "a"):
        assert sharing.link_of(made_up) is None
    with pytest.raises(ValidationError):
        sharing.share(collection=club, days=10_000, by=author)


def test_cases_of_others_are_not_shared_for_them(author, club):
    other = rows.instructor("bob")
    administrator = rows.person(Role.ADMINISTRATOR)
    collections.put(collection=club, case=rows.bare(other, title="Of Bob"), by=administrator)
    with pytest.raises(ValidationError, match="other authors"):
        sharing.share(collection=club, days=7, by=author)
    assert sharing.share(collection=club, days=7, by=administrator).is_open


def test_the_address_is_shown_to_its_owner_alone(author, club):
    sharing.share(collection=club, days=7, by=author)
    assert "/shared/" in signed_in(author).get(f"/collections/{club.pk}/arrange/").content.decode()
    assert "/shared/" not in signed_in(author).get(f"/collections/{club.pk}/").content.decode()
