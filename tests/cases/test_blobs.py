"""Stored bytes go when nobody names them any more, and not a moment before somebody does."""

import os
import time
from pathlib import Path

import pytest
from django.db import transaction

from cases import blobs
from cases.models import Frame
from cases.services import cases, intake
from tests.builders import pictures, rows, traces

pytestmark = pytest.mark.django_db(transaction=True)

GRACE = blobs.GRACE.total_seconds()


def age(digest: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(blobs._path(digest), (then, then))


def test_who_names_blobs():
    assert {f"{function.__module__}.{function.__name__}" for function in blobs.naming()} == {
        "cases.services.cases.named_digests",
        "analysis.signals.named_digests",
    }


def test_what_nobody_names_goes_after_the_grace(stores):
    old, young = blobs.put(b"old"), blobs.put(b"young")
    age(old, GRACE + 60)
    age(young, GRACE - 60)
    draft = blobs._path(old).with_name(".draft-of-a-killed-process")
    draft.write_bytes(b"half")
    os.utime(draft, (0, 0))
    assert blobs.delete_unnamed() == 2
    assert [path.name for path in traces.files(stores)] == [young]


def test_storing_again_what_nobody_names_starts_the_grace_anew(stores):
    digest = blobs.put(b"again")
    age(digest, GRACE + 60)
    assert blobs.put(b"again") == digest
    assert blobs.delete_unnamed() == 0
    assert blobs.get(digest) == b"again"


def test_bytes_that_an_upload_has_just_met_outlive_their_case(stores):
    """Another process cleans the same file while the only case that has it is deleted."""
    ann, data = rows.instructor("ann"), pictures.png(1)
    one, two = rows.draft(ann, images=0), rows.draft(ann, images=0)
    with transaction.atomic():
        intake.attach(one, [intake.prepare(data)])
    for path in traces.files(stores / "blobs"):
        age(path.name, GRACE + 60)
    prepared = intake.prepare(data)
    cases.delete(case=one, by=ann)
    blobs.delete_unnamed()
    with transaction.atomic():
        intake.attach(two, [prepared])
    frame = Frame.objects.get(series__case=two)
    assert all(map(blobs.exists, (frame.digest, frame.preview_digest, frame.instance.digest)))


def test_a_put_at_the_very_last_moment_keeps_the_file(stores, monkeypatch):
    digest = blobs.put(b"wanted")
    age(digest, GRACE + 60)
    move = Path.replace

    def put_just_before(path: Path, target: Path) -> Path:
        if path.name == digest:
            blobs.put(b"wanted")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", put_just_before)
    assert blobs.delete_unnamed() == 0
    assert blobs.get(digest) == b"wanted"


def test_a_chore_killed_half_way_loses_nothing(stores, monkeypatch):
    digest = blobs.put(b"in between")
    path = blobs._path(digest)
    path.rename(path.with_name(f".aside-{digest}"))
    os.utime(path.with_name(f".aside-{digest}"), (0, 0))
    assert blobs.delete_unnamed() == 0
    assert blobs.get(digest) == b"in between"
    assert blobs.delete_unnamed() == 1
    assert traces.files(stores) == []


def test_without_names_nothing_is_deleted(stores, monkeypatch):
    digest = blobs.put(b"kept")
    monkeypatch.setattr(blobs, "_naming", [])
    with pytest.raises(RuntimeError, match="names_blobs"):
        blobs.delete_unnamed(now=time.time() + 10 * GRACE)
    assert blobs.exists(digest)
