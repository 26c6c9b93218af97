"""Rows for tests of this app: people, cases with pictures, collections to train on."""

import uuid
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from analysis.models import ModelVersion
from analysis.services import models, training
from cases import blobs
from cases.enums import AnnotationStatus, CaseStatus
from cases.imaging.frames import pack
from cases.models import Annotation, Case, Collection, CollectionItem, Frame, Instance, Series
from medweb.accounts.models import RoleGrant, User
from medweb.jobs.models import Job
from medweb.jobs.run import work


def person(name: str, *roles: str) -> User:
    user = User.objects.create_user(username=name, password="a long password")
    for role in roles:
        RoleGrant.objects.create(user=user, role=role)
    return user


def a_case(author: User, title: str = "A case", *, published: bool = True, **fields: Any) -> Case:
    status = CaseStatus.PUBLISHED if published else CaseStatus.DRAFT
    return Case.objects.create(
        title=title,
        author=author,
        status=status,
        published_at=timezone.now() if published else None,
        **fields,
    )


def add_series(case: Case, pictures: list[NDArray[Any]], **frame_fields: Any) -> Series:
    series = Series.objects.create(
        case=case, series_uid=f"2.25.{uuid.uuid4().int}", frame_count=len(pictures)
    )
    instance = Instance.objects.create(
        series=series, sop_uid=f"{series.series_uid}.1", digest="0" * 64, byte_count=1, kind="picture"
    )
    for index, pixels in enumerate(pictures):
        values = {
            "digest": blobs.put(pack(pixels)),
            "preview_digest": "0" * 64,
            "rows": pixels.shape[0],
            "columns": pixels.shape[1],
            "samples": 1 if pixels.ndim == 2 else 3,
            "dtype": str(pixels.dtype),
            "window_center": 128.0,
            "window_width": 256.0,
            "pixel_spacing": [0.5, 0.5],
            **frame_fields,
        }
        Frame.objects.create(
            series=series, instance=instance, index=index, number_in_instance=index, **values
        )
    return series


def speckle(seed: int, *, bright: bool = False, size: int = 48) -> NDArray[np.uint8]:
    """Noise; with a bright disc when ``bright``."""
    generator = np.random.default_rng(seed)
    pixels = generator.normal(90, 18, (size, size))
    if bright:
        rows, columns = np.mgrid[:size, :size]
        row, column = generator.integers(size // 3, 2 * size // 3, 2)
        pixels[(rows - row) ** 2 + (columns - column) ** 2 < (size // 5) ** 2] += 80
    return np.clip(pixels, 0, 255).astype(np.uint8)


def box(
    x0: float, y0: float, x1: float, y1: float, *, frame: int = 0, label: str = "nodule"
) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "kind": "box",
        "frame": frame,
        "points": [[x0, y0], [x1, y1]],
        "label": label,
    }


def layer(
    series: Series, author: User, shapes: list[dict[str, Any]], *, submitted: bool = True
) -> Annotation:
    return Annotation.objects.create(
        series=series,
        author=author,
        shapes=shapes,
        is_reference=series.case.author_id == author.pk,
        status=AnnotationStatus.SUBMITTED if submitted else AnnotationStatus.DRAFT,
        submitted_at=timezone.now() if submitted else None,
    )


def a_collection(owner: User, *, count: int = 36, tests: int = 8, title: str = "Opacities") -> Collection:
    """Labelled cases, a third of them with an opacity; the last ``tests`` are test rows."""
    collection = Collection.objects.create(title=title, slug=f"c-{uuid.uuid4().hex[:12]}", owner=owner)
    for number in range(count):
        bright = number % 3 == 0
        case = a_case(owner, f"Case {number}", patient_key=f"patient-{number}")
        add_series(case, [speckle(number, bright=bright)])
        CollectionItem.objects.create(
            collection=collection,
            case=case,
            position=number,
            label="opacity" if bright else "clear",
            split="test" if number >= count - tests else "train",
        )
    return collection


def trained(
    collection: Collection, by: User, *, algorithms: tuple[str, ...] = ("svm",), **choices: Any
) -> Any:
    """Train for real, in this process; returns the models."""
    run, job = training.request(collection=collection, algorithms=algorithms, by=by, **choices)
    assert work(job.pk) == "done", Job.objects.get(pk=job.pk).error
    return list(ModelVersion.objects.filter(training_run=run).order_by("number"))


def promoted(collection: Collection, by: User) -> Any:
    """A model in use whose predictions are on the cases."""
    (model,) = trained(collection, by, feature_set="seed")
    job = models.promote(model=model, by=by)
    assert work(job.pk) == "done", Job.objects.get(pk=job.pk).error
    model.refresh_from_db()
    return model
