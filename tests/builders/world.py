"""A world: four people, their cases, drawings, jobs, tokens and results. Tests of access make two of them."""

import gzip
import struct
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from analysis.core.learn.evaluate import evaluate
from analysis.enums import ModelState
from analysis.models import (
    Analysis,
    AnalysisRegion,
    FeatureVector,
    ModelVersion,
    Overlay,
    Prediction,
    TrainingRun,
)
from analysis.services.features import settings_of
from cases import blobs
from cases.models import Annotation, Case, CaseReview, Collection, Frame, Series, Slide, Upload, UploadBatch
from cases.services import annotations, case_reviews, collections, receiving
from medweb.accounts.models import ApiToken, Role, User
from medweb.accounts.services import create_token
from medweb.jobs.models import Job, State
from tests.builders import held, rows

ROLES = (Role.STUDENT, Role.INSTRUCTOR, Role.STAFF, Role.ADMINISTRATOR)
CHART = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


@dataclass(frozen=True)
class World:
    """What one school sees. ``hidden`` is published, in a members-only collection of the world's people."""

    people: dict[str, User]
    keys: dict[str, str]
    token: ApiToken
    draft: Case
    hidden: Case
    series: Series
    spare_series: Series
    draft_frame: Frame
    frame: Frame
    slide: Slide
    draft_slide: Slide
    waiting: Series
    club: Collection
    upload: Upload
    batch: UploadBatch
    arriving: Upload
    student_layer: Annotation
    reference: Annotation
    handed_in: Annotation
    under_review: CaseReview
    job: Job
    failed_job: Job
    analysis: Analysis
    model: ModelVersion
    overlay: Overlay


def build(name: str) -> World:
    """Make the world called ``name``; its rows are reached through the fields."""
    people = {role: rows.person(role, name=f"{name}-{role}") for role in ROLES}
    student, author = people[Role.STUDENT], people[Role.INSTRUCTOR]
    keys = {role: create_token(name=f"{name} script", days=30, by=user)[1] for role, user in people.items()}
    draft = rows.draft(author, title=f"{name} draft")
    hidden = rows.published(author, title=f"{name} hidden")
    series = hidden.series.get()
    spare = rows.add_series(hidden, first=40)
    draft_frame = Frame.objects.get(series__case=draft)
    slide, draft_slide = rows.add_slide(hidden), rows.add_slide(draft)
    club = rows.club(author, student, people[Role.STAFF], cases=(hidden,), title=f"{name} club")
    layer = annotations.start(series=series, shapes=[rows.shape(label=f"{name} guess")], by=student)
    reference = annotations.start(series=series, shapes=[rows.shape(label=f"{name} truth")], by=author)
    annotations.submit(annotation=reference, revision=1, by=author)
    staff = people[Role.STAFF]
    handed_in = annotations.start(series=series, shapes=[rows.shape(label=f"{name} reading")], by=staff)
    annotations.submit(annotation=handed_in, revision=1, by=staff)
    waiting = held.held(rows.draft(author, images=0, title=f"{name} unseen"))
    batch = receiving.open_batch(case=hidden, by=author)
    upload = rows.upload(hidden, b"not judged yet", by=author)
    _make_trainable(club, author)
    return World(
        people=people,
        keys=keys,
        token=ApiToken.objects.get(user=author),
        draft=draft,
        hidden=hidden,
        series=series,
        spare_series=spare,
        draft_frame=draft_frame,
        frame=series.frames.get(),
        slide=slide,
        draft_slide=draft_slide,
        waiting=waiting,
        club=club,
        upload=upload,
        batch=batch,
        arriving=receiving.begin(case=hidden, batch=batch, byte_count=100, by=author),
        student_layer=layer,
        reference=reference,
        handed_in=handed_in,
        under_review=_under_review(author, name),
        job=rows.job_of(upload),
        failed_job=_failed_job(hidden, author),
        analysis=_analysis(hidden, author),
        model=_model(club, hidden, people[Role.STAFF]),
        overlay=overlay_of(club, hidden, people[Role.STAFF]),
    )


def _under_review(author: User, name: str) -> CaseReview:
    """A case that waits for somebody else's eyes, with one note beside its title."""
    review = case_reviews.submit(case=rows.draft(author, title=f"{name} under review"), by=author)
    case_reviews.note(case=review.case, section="title", text="Too long.", by=author)
    return review


def _make_trainable(collection: Collection, author: User) -> None:
    """Two classes of four cases each, which is the least a training takes."""
    for number in range(8):
        case = rows.bare(author, title=f"{collection.title} {number}")
        collections.put(collection=collection, case=case, label=("sick", "well")[number % 2], by=author)


def _failed_job(case: Case, by: User) -> Job:
    return Job.objects.create(
        kind="analysis.analyse-case",
        queue="analysis",
        params={"case_id": case.pk},
        asked_by=by,
        state=State.FAILED,
        error="It did not work.",
        finished_at=timezone.now(),
    )


def _analysis(case: Case, by: User) -> Analysis:
    """Rows as a finished job writes them; ``job_id`` is unique and names no job of these tests."""
    picture = {"name": "before", "caption": "Before", "rows": 4, "columns": 4}
    analysis = Analysis.objects.create(
        case=case,
        job_id=10**9 + case.pk,
        requested_by=by,
        settings_digest="0" * 64,
        pictures=[{**picture, "digest": blobs.put(b"a picture")}],
    )
    AnalysisRegion.objects.create(
        analysis=analysis,
        source="image",
        features=FeatureVector.objects.create(
            image_digest=f"{case.pk:064d}", settings_digest="0" * 64, values={"intensity.mean": 4.0}
        ),
    )
    return analysis


def _metrics() -> dict[str, Any]:
    found = evaluate(
        ["sick", "well"] * 4, [[0.9, 0.1], [0.2, 0.8]] * 4, ["sick", "well"], bootstraps=0
    )  # fmt: skip
    return {"cross_validated": found.to_json(), "held_out": None}


def overlay_of(collection: Collection, case: Case, by: User) -> Overlay:
    """A heat map of the model in use, which is not the one that rows of the table promote."""
    model = _model(collection, case, by, number=2, job=2 * 10**9)
    model.state, model.promoted_at, model.promoted_by = ModelState.PROMOTED, timezone.now(), by
    model.save()
    return Overlay.objects.create(
        prediction=model.predictions.get(),
        frame=Frame.objects.filter(series__case=case, series__clearance="cleared").order_by(
            "series", "index"
        )[0],
        label="sick",
        rows=1,
        columns=2,
        low=-1.0,
        high=4.0,
        digest=blobs.put(gzip.compress(struct.pack("<2f", -1.0, 4.0), mtime=0)),
    )


def _model(
    collection: Collection, case: Case, by: User, *, number: int = 1, job: int = 10**9
) -> ModelVersion:
    run = TrainingRun.objects.create(
        collection=collection, algorithms=["svm"], job_id=job + case.pk, requested_by=by
    )
    model = ModelVersion.objects.create(
        training_run=run,
        collection=collection,
        number=number,
        algorithm="svm",
        feature_set="picture",
        settings_digest=settings_of("picture").digest(),
        feature_names=["intensity.mean"],
        labels=["sick", "well"],
        metrics=_metrics(),
        charts={"roc": {"light": blobs.put(CHART), "dark": blobs.put(CHART)}},
        importance=[["intensity.mean", 1.0]],
        file_digest=blobs.put(b"a model"),
    )
    Prediction.objects.create(
        case=case, model=model, label="sick", probabilities={"sick": 0.75, "well": 0.25}
    )
    return model
