"""Queries that are built once answer as if they were built each time."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, models
from django.utils import timezone

from medweb.accounts.models import ApiToken, RoleGrant, User
from medweb.accounts.services import create_token, create_user
from medweb.prepared import Prepared, Slot


def grants_of() -> tuple[Prepared, list[int]]:
    built: list[int] = []

    def build() -> models.QuerySet[RoleGrant, tuple[str]]:
        built.append(1)
        rows = RoleGrant.objects.filter(user=Slot("user", models.BigIntegerField()))
        return rows.order_by("role").values_list("role")

    return Prepared(build), built


@pytest.fixture
def people(db: None) -> tuple[User, User]:
    ann = create_user(username="ann", password=None, roles=["student", "instructor"], by=None)
    return ann, create_user(username="bob", password=None, roles=["staff"], by=None)


def test_only_the_values_change(people: tuple[User, User]) -> None:
    prepared, built = grants_of()
    for _turn in range(2):
        assert prepared.rows(user=people[0].pk) == [("instructor",), ("student",)]
        assert prepared.rows(user=people[1].pk) == [("staff",)]
        assert prepared.rows(user=0) == []
    assert prepared.first(user=people[0].pk) == ("instructor",)
    assert prepared.first(user=0) is None
    assert len(built) == 1


def test_a_number_that_no_column_holds_finds_nothing(people: tuple[User, User]) -> None:
    prepared, _built = grants_of()
    for number in (10**30, -(10**30), 2**63):
        assert prepared.rows(user=number) == []
        assert prepared.first(user=number) is None


def test_dates_and_truths_come_back_as_django_reads_them(people: tuple[User, User]) -> None:
    """SQLite keeps both as something else."""
    token, _key = create_token(name="x", days=3, by=people[0])
    fields = ("created_at", "expires_at", "revoked_at", "user__is_active", "user__is_staff", "digest")
    prepared = Prepared(
        lambda: ApiToken.objects.filter(digest=Slot("digest", models.CharField())).values_list(*fields)
    )
    (row,) = prepared.rows(digest=token.digest)
    assert row == ApiToken.objects.filter(pk=token.pk).values_list(*fields).get()
    assert row[1] - timezone.now() > timedelta(days=2)
    assert row[3:5] == (True, False)


def test_a_value_is_never_part_of_the_sql(people: tuple[User, User]) -> None:
    prepared = Prepared(
        lambda: User.objects.filter(username=Slot("name", models.CharField())).values_list("pk")
    )
    assert prepared.rows(name="ann' OR '1'='1") == []
    assert prepared.rows(name="%s") == []
    assert prepared.rows(name="ann") == [(people[0].pk,)]


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_by_its_own_connection() -> None:
    user = create_user(username="ann", password=None, roles=["staff"], by=None)
    prepared, built = grants_of()
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(prepared.rows(user=user.pk))
        finally:
            connection.close()

    ask()
    for _turn in range(2):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert found == [[("staff",)]] * 3
    assert len(built) == 3
