"""Bytes that must go at once, while another process is about to name the same bytes."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.db.utils import OperationalError

from cases import blobs
from cases.models import Case
from cases.services import desk, erasing, intake
from tests.builders import held, rows

pytestmark = pytest.mark.django_db(transaction=True)
LONG = 30.0


@pytest.fixture
def series(stores):
    return held.held(rows.draft(rows.instructor("ann"), images=0))


def in_thread(act):
    """A thread that does ``act`` on a connection of its own; the test fails when it raises."""

    def run():
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone()[0] > 0


def test_bytes_that_an_open_transaction_is_about_to_name_stay(series):
    """Refused in one case while the same picture is being taken in another, by another process."""
    author, item = series.case.author, intake.prepare(held.picture_with_text())
    other = rows.draft(author, images=0)
    met, commit = threading.Event(), threading.Event()

    def take():
        with transaction.atomic():
            intake.attach(Case.objects.get(pk=other.pk), [item])
            met.set()
            assert commit.wait(LONG)

    taking = in_thread(take)
    assert met.wait(LONG)
    # SQLite has one writer: there the refusal begins when the other transaction is over.
    refusing = in_thread(lambda: desk.refuse(series=series, by=author))
    end = time.monotonic() + LONG
    while connection.vendor == "postgresql" and refusing.is_alive() and not waits_for_a_lock():
        assert time.monotonic() < end
    commit.set()
    for thread in (taking, refusing):
        thread.join(LONG)
        assert not thread.is_alive()
    kept = erasing.digests_of(other.series.get())
    assert kept == item.digests()
    assert all(map(blobs.exists, kept))


def test_bytes_that_are_gone_when_they_are_named_are_asked_for_once_more(series):
    author, item = series.case.author, intake.prepare(held.picture_with_text())
    other = rows.draft(author, images=0)
    desk.refuse(series=series, by=author)
    assert not any(map(blobs.exists, item.digests()))
    with pytest.raises(blobs.Gone, match="once more"):
        intake.attach(other, [item])
    assert not other.series.exists()
    intake.attach(other, [intake.prepare(held.picture_with_text())])
    assert all(map(blobs.exists, item.digests()))


def test_when_the_database_does_not_answer_the_chore_erases(series, monkeypatch, caplog):
    def fail():
        raise OperationalError("canceling statement due to lock timeout")

    old = erasing.digests_of(series)
    monkeypatch.setattr(blobs, "_wait_for_holders", fail)
    desk.refuse(series=series, by=series.case.author)
    assert all(map(blobs.exists, old))
    assert "the chore deletes them" in caplog.text
    blobs.delete_unnamed(now=time.time() + blobs.GRACE.total_seconds() + 60)
    assert not any(map(blobs.exists, old))
