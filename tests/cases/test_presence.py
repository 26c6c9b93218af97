"""Who else has a case open: seen and heard of by those who may know, and off where it cannot be."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Case
from cases.permissions import user_can_edit_case
from cases.services import annotations, presence
from medweb.accounts.models import Role, RoleGrant, User
from tests.builders import rows
from tests.support import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.broker]
Heard = Callable[[], list[tuple[str, str]]]
WINDOWS = [f"{number:08x}" for number in range(20)]


@pytest.fixture
def author(clean_broker: str) -> User:
    return rows.instructor("ann")


@pytest.fixture
def case(author: User) -> Case:
    return rows.published(author)


@pytest.fixture
def heard(heard: Callable[[], list[tuple[str, dict[str, Any]]]]) -> Heard:
    """``heard()``: topic and name of everything published since it was last asked."""
    return lambda: [(topic, message["event"]) for topic, message in heard()]


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def ask(user: User, case: Case, window: str = WINDOWS[0]) -> dict[str, Any]:
    address = f"/api/cases/{case.pk}/presence/"
    answer = signed_in(user).post(address, {"window": window}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def names(user: User, case: Case) -> list[str]:
    return [person["name"] for person in ask(user, case)["people"]]


# --- who sees whom ----------------------------------------------------------------------------------------


def test_editors_and_administrators_see_everybody(author: User, case: Case) -> None:
    ada, sue, sid = (
        rows.person(Role.ADMINISTRATOR, name="ada"),
        rows.person(name="sue"),
        rows.person(name="sid"),
    )
    for one in (ada, sue, sid):
        ask(one, case)
    assert names(author, case) == ["ada", "sue", "sid"]
    assert names(ada, case) == ["ann", "sue", "sid"]


def test_students_see_editors_and_not_one_another(author: User, case: Case) -> None:
    ada, sue, sid = (
        rows.person(Role.ADMINISTRATOR, name="ada"),
        rows.person(name="sue"),
        rows.person(name="sid"),
    )
    # An instructor who is not the author is a reader like all others.
    bob = rows.instructor("bob")
    for one in (author, ada, sue, bob):
        ask(one, case)
    assert names(sid, case) == ["ann", "ada"]
    assert names(bob, case) == ["ann", "ada"]


def test_who_lost_the_role_is_an_editor_no_more(author: User, case: Case) -> None:
    """The query of editors says what the permission says."""
    people = [author, rows.instructor("bob"), rows.person(name="sue"), rows.person(Role.ADMINISTRATOR)]
    for person in people:
        assert presence.editors_of(case).contains(person) == user_can_edit_case(person, case)
    RoleGrant.objects.filter(user=author).delete()
    again = User.objects.get(pk=author.pk)
    assert not user_can_edit_case(again, case)
    assert not presence.editors_of(case).contains(again)


def test_ones_own_other_windows_are_counted(case: Case) -> None:
    sue = rows.person(name="sue")
    assert ask(sue, case, WINDOWS[0])["windows"] == 0
    assert ask(sue, case, WINDOWS[1])["windows"] == 1
    assert ask(sue, case, WINDOWS[0])["windows"] == 1
    left = signed_in(sue).delete(f"/api/cases/{case.pk}/presence/?window={WINDOWS[1]}")
    assert left.status_code == 204
    assert ask(sue, case, WINDOWS[0]) == {"people": [], "more": 0, "windows": 0, "beat_seconds": 20}


def test_who_cannot_see_the_case_is_not_there(author: User) -> None:
    hidden = rows.draft(author)
    sue = rows.person(name="sue")
    address = f"/api/cases/{hidden.pk}/presence/"
    answer = signed_in(sue).post(address, {"window": WINDOWS[0]}, content_type="application/json")
    assert answer.status_code == 404
    assert names(author, hidden) == []


def test_a_window_that_fell_silent_is_gone(author: User, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    now = presence.time.time()
    monkeypatch.setattr(presence.time, "time", lambda: now)
    ask(rows.person(name="sue"), case)
    now += presence.STAYS_SECONDS - 1
    assert names(author, case) == ["sue"]
    now += 2
    assert names(author, case) == []


def test_a_crowd_is_one_small_answer(author: User, case: Case) -> None:
    for number in range(300):
        presence.beat(case=case, reader=rows.person(name=f"s{number:03}"), window=WINDOWS[0])
    ask(author, case)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = presence.beat(case=case, reader=author, window=WINDOWS[0])
    assert len(found.people) == 10
    assert found.more == 290
    # Roles of the reader, the named people, their number.
    assert len(queries) <= 3
    assert names(rows.person(name="sid"), case) == ["ann"]


# --- who hears of whom ------------------------------------------------------------------------------------


def test_the_coming_of_a_student_is_heard_by_editors_alone(author: User, case: Case, heard: Heard) -> None:
    ada, sue, sid = (
        rows.person(Role.ADMINISTRATOR, name="ada"),
        rows.person(name="sue"),
        rows.person(name="sid"),
    )
    for one in (author, ada, sue):
        ask(one, case)
    heard()
    ask(sid, case)
    assert sorted(heard()) == sorted(
        [(f"user:{author.pk}", "presence-changed"), (f"user:{ada.pk}", "presence-changed")]
    )
    ask(sid, case)
    assert heard() == [], "a beat is no news"
    presence.leave(case=case, reader=sid, window=WINDOWS[0])
    assert len(heard()) == 2


def test_the_coming_of_an_editor_is_heard_by_all(author: User, case: Case, heard: Heard) -> None:
    ask(rows.person(name="sue"), case)
    heard()
    ask(author, case)
    assert heard() == [(f"case:{case.pk}", "presence-changed")]


def test_another_window_is_heard_by_oneself_alone(author: User, case: Case, heard: Heard) -> None:
    sue = rows.person(name="sue")
    for one in (author, sue):
        ask(one, case)
    heard()
    ask(sue, case, WINDOWS[1])
    presence.leave(case=case, reader=sue, window=WINDOWS[1])
    assert heard() == [(f"user:{sue.pk}", "presence-changed")] * 2


def test_drafts_are_heard_by_their_author_alone(case: Case, heard: Heard) -> None:
    sue, series = rows.person(name="sue"), case.series.get()
    layer = annotations.start(series=series, shapes=[], by=sue)
    annotations.save(annotation=layer, revision=1, shapes=[rows.shape()], by=sue)
    assert heard() == [(f"user:{sue.pk}", "annotations-changed")] * 2
    annotations.submit(annotation=layer, revision=2, by=sue)
    both = {(f"case:{case.pk}", "annotations-changed"), (f"user:{sue.pk}", "annotations-changed")}
    # The author of the case has a notice as well.
    assert set(heard()) == both | {(f"user:{case.author_id}", "notices-changed")}
    # Drawn on, it is a draft again, and those who saw it have to look again.
    annotations.save(annotation=layer, revision=3, shapes=[], by=sue)
    assert set(heard()) == both
    annotations.save(annotation=layer, revision=4, shapes=[rows.shape()], by=sue)
    assert heard() == [(f"user:{sue.pk}", "annotations-changed")]


# --- bounds -----------------------------------------------------------------------------------------------


def test_windows_of_one_person_have_a_bound(author: User, case: Case) -> None:
    sue = rows.person(name="sue")
    for window in WINDOWS:
        found = presence.beat(case=case, reader=sue, window=window)
    assert found.windows == presence.MOST_WINDOWS - 1


def test_too_many_beats_are_refused_with_a_sentence(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "PACE", 2)
    sue = rows.person(name="sue")
    ask(sue, case)
    ask(sue, case)
    address = f"/api/cases/{case.pk}/presence/"
    answer = signed_in(sue).post(address, {"window": WINDOWS[0]}, content_type="application/json")
    assert answer.status_code == 429
    assert "once in 20 seconds" in answer.json()["detail"]


@pytest.mark.parametrize("window", ["", "x", "0123456", "G" * 8, "0" * 33, None, 5, ["a"]])
def test_odd_names_of_windows_are_refused(case: Case, window: Any) -> None:
    sue = rows.person(name="sue")
    address = f"/api/cases/{case.pk}/presence/"
    answer = signed_in(sue).post(address, {"window": window}, content_type="application/json")
    assert answer.status_code == 400
    assert "window" in answer.json()["detail"]


def test_leaving_without_a_name_is_refused(case: Case) -> None:
    answer = signed_in(rows.person(name="sue")).delete(f"/api/cases/{case.pk}/presence/")
    assert answer.status_code == 400


def test_without_a_broker_it_is_off_without_a_word(case: Case, settings: Any, caplog: Any) -> None:
    settings.REDIS_URL = ""
    sue = rows.person(name="sue")
    assert ask(sue, case) == {"people": [], "more": 0, "windows": 0, "beat_seconds": 0}
    presence.leave(case=case, reader=sue, window=WINDOWS[0])
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


def test_a_broker_that_is_down_hides_everybody(
    case: Case, settings: Any, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sue = rows.person(name="sue")
    monkeypatch.setattr("medweb.live.publish._client", None)
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    found = presence.beat(case=case, reader=sue, window=WINDOWS[0])
    assert found == presence.Company(beat_seconds=presence.LATE_SECONDS)
    presence.leave(case=case, reader=sue, window=WINDOWS[0])
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
