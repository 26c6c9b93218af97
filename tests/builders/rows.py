"""Rows through the real services, as short as tests want to say it."""

import itertools
import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from cases.enums import CaseStatus
from cases.models import Case, Collection, Series, Slide, Upload
from cases.services import cases, collections, intake, receiving, uploads
from medweb.accounts.models import Role, User
from medweb.accounts.services import create_user
from medweb.jobs.models import Job
from tests.builders import pictures
from tests.pure.imaging import slide_files

PASSWORD = "the reading room is dark"
TEXT = {"title": "A nodule", "history": "Cough for three weeks.", "findings": "One nodule, 8 mm."}
_numbers = itertools.count(1)


def person(*roles: str, name: str = "") -> User:
    """Somebody with ``roles``; a student when none is named."""
    return create_user(
        username=name or f"person-{next(_numbers)}",
        password=PASSWORD,
        roles=list(roles) or [Role.STUDENT],
        by=None,
    )


def instructor(name: str = "") -> User:
    """Somebody who writes cases."""
    return person(Role.INSTRUCTOR, name=name)


def draft(by: User, *, images: int = 1, **fields: Any) -> Case:
    """A draft with ``images`` CT slices of one series; 0 for a case without pictures."""
    case = cases.create(fields={**TEXT, **fields}, by=by)
    if images:
        add_series(case, images=images)
        case.refresh_from_db()
    return case


def add_series(case: Case, *, images: int = 1, first: int = 1) -> Series:
    """Slices of a series of its own, cleaned and attached by the normal intake."""
    uid = f"1.2.3.{uuid.uuid4().int % 10**12}"
    prepared = [intake.prepare(pictures.ct(first + n, series=uid)) for n in range(images)]
    with transaction.atomic():
        outcome = intake.attach(case, prepared)
    return Series.objects.get(pk=outcome.series.pop())


def add_slide(case: Case, *, width: int = 700, height: int = 300, series: str = "") -> Slide:
    """A whole slide of two levels in a series of its own, cleaned and attached by the normal intake."""
    uid = series or f"1.2.3.{uuid.uuid4().int % 10**12}"
    data = slide_files.dicom([slide_files.tissue(width, height)], series=uid, tile=(256, 256))
    outcome = intake.attach(case, [intake.prepare(data)], trusted=True)
    return Slide.objects.get(instance__series=outcome.series.pop())


def published(by: User, *, images: int = 1, **fields: Any) -> Case:
    """A published case."""
    return cases.publish_case(case=draft(by, images=images, **fields), by=by)


def bare(by: User, **fields: Any) -> Case:
    """A published case without pictures, written past the services: for searches and long lists."""
    values = {**TEXT, **fields}
    return Case.objects.create(author=by, status=CaseStatus.PUBLISHED, published_at=timezone.now(), **values)


def club(by: User, *members: User, cases: tuple[Case, ...] = (), title: str = "Club") -> Collection:
    """A collection for invited members only."""
    collection = collections.create(title=title, visibility="members", by=by)
    collections.update(collection=collection, fields={}, members=list(members), by=by)
    for case in cases:
        collections.put(collection=collection, case=case, by=by)
    return collection


def upload(case: Case, data: bytes, *, by: User) -> Upload:
    """A file received and waiting in quarantine."""
    return receiving.receive(case=case, chunks=[data], by=by)


def job_of(row: Upload) -> Job:
    """The job that judges the uploads of its case."""
    return Job.objects.filter(key=uploads.key_of(row.case_id)).latest("pk")


def shape(kind: str = "box", *, label: str = "nodule", **fields: Any) -> dict[str, Any]:
    """A small valid shape on frame 0."""
    points = {
        "box": [[2, 3], [10, 12]],
        "point": [[4, 5]],
        "polygon": [[2, 2], [12, 2], [12, 12]],
        "length": [[1, 1], [9, 9]],
    }[kind]
    return {"id": str(uuid.uuid4()), "kind": kind, "frame": 0, "points": points, "label": label, **fields}
