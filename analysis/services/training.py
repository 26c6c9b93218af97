"""Training classifiers on a collection: from labelled cases to candidate models."""

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

import medweb
from analysis.core.features.registry import feature_names
from analysis.enums import Algorithm, FeatureSet, Imbalance, LabelSource
from analysis.loading import PixelsMissing, representative_frame
from analysis.models import FeatureVector, ModelVersion, TrainingRun
from analysis.permissions import check_user_can_train
from analysis.policies import check_collection_is_trainable
from analysis.services import features
from cases import blobs
from cases.models import Case, Collection, CollectionItem
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.jobs.models import Job
from medweb.jobs.run import JobFailed, Run
from medweb.jobs.services import enqueue
from medweb.live.publish import publish

if TYPE_CHECKING:
    from analysis.core.learn.evaluate import Evaluation
    from analysis.core.learn.train import Trained

KIND = "analysis.train"
SEED = 20_240_101
FOLDS = 5
KEPT_IMPORTANCES = 60
LIBRARIES = ("numpy", "scipy", "scikit-learn", "skops", "opencv-python-headless", "pydicom")
# Share of the bar that measuring the pictures takes.
_MEASURING = 0.4


def key(collection: Collection) -> str:
    """Job key: at most one active training of a collection."""
    return f"train:{collection.pk}"


def topic(collection_id: int) -> str:
    return f"training:{collection_id}"


@transaction.atomic
def request(
    *,
    collection: Collection,
    label_source: str = LabelSource.LABEL,
    algorithms: Sequence[str] = (Algorithm.SVM, Algorithm.FOREST),
    imbalance: str = Imbalance.BALANCED,
    feature_set: str = FeatureSet.PICTURE,
    seed: int = SEED,
    by: User,
) -> tuple[TrainingRun, Job]:
    """Queue a training; while one of the collection waits or runs, that one is given back.

    Raises
    ------
    PermissionDenied
    ValidationError
        With the field named for an unknown choice, or one sentence when the labels do not suffice.
    """
    check_user_can_train(by, collection)
    _check_choices(label_source, algorithms, imbalance, feature_set)
    check_collection_is_trainable(collection, label_source, by)
    active = Job.objects.active().filter(key=key(collection)).first()
    if active is not None:
        return TrainingRun.objects.get(pk=active.params["run_id"]), active
    chosen = [name for name in Algorithm.values if name in set(algorithms)]
    training = TrainingRun.objects.create(
        collection=collection,
        label_source=label_source,
        algorithms=chosen,
        imbalance=imbalance,
        feature_set=feature_set,
        seed=seed,
        requested_by=by,
    )
    job = enqueue(
        KIND,
        params={"run_id": training.pk},
        key=key(collection),
        topics=[topic(collection.pk)],
        by=by,
    )
    if job.params["run_id"] != training.pk:
        # Someone else asked between the look and the insert: theirs runs.
        training.delete()
        return TrainingRun.objects.get(pk=job.params["run_id"]), job
    training.job_id = job.pk
    training.save(update_fields=["job_id"])
    record("model.train", training, by=by, collection=collection.pk, algorithms=chosen)
    return training, job


def _check_choices(label_source: str, algorithms: Sequence[str], imbalance: str, feature_set: str) -> None:
    wrong = {}
    if label_source not in LabelSource.values:
        wrong["label_source"] = _("Choose where the labels come from.")
    if not algorithms or set(algorithms) - set(Algorithm.values):
        wrong["algorithms"] = _("Choose at least one of the algorithms on offer.")
    if imbalance not in Imbalance.values:
        wrong["imbalance"] = _("Choose how classes of unequal size are treated.")
    if feature_set not in FeatureSet.values:
        wrong["feature_set"] = _("Choose one of the feature sets on offer.")
    if wrong:
        raise ValidationError(wrong)


def compute(run: Run, *, run_id: int) -> None:
    """Do the work of one attempt; rows are written in ``finish`` only."""
    training = TrainingRun.objects.filter(pk=run_id).select_related("collection", "requested_by").first()
    if training is None:
        raise JobFailed(_("The collection was deleted meanwhile; there is nothing to train."))
    rows, vectors, left_out = _table(run, training)
    manifest_digest = hashlib.sha256(_canonical(rows).encode()).hexdigest()
    names = feature_names(features.settings_of(training.feature_set))
    table = np.array(
        [[features.from_json(v.values)[name] for name in names] for v in vectors], dtype=np.float64
    ).reshape(len(vectors), len(names))
    made = [
        _candidate(run, training, rows, table, names, algorithm, place)
        for place, algorithm in enumerate(training.algorithms)
    ]
    with run.finish() as result:
        # Two collections never wait for each other; numbers within one are given under its lock.
        collection = Collection.objects.select_for_update().get(pk=training.collection_id)
        last = collection.models.aggregate(Max("number"))["number__max"] or 0
        TrainingRun.objects.filter(pk=training.pk).update(
            manifest=rows,
            manifest_digest=manifest_digest,
            left_out=left_out,
            code_version=code_version(),
            environment=environment(),
        )
        stored = [
            ModelVersion.objects.create(
                training_run=training,
                collection=collection,
                number=last + place,
                feature_set=training.feature_set,
                settings_digest=features.settings_of(training.feature_set).digest(),
                feature_names=list(names),
                **values,
            )
            for place, values in enumerate(made, start=1)
        ]
        result["models"] = [model.pk for model in stored]
        publish(topic(collection.pk), "models-changed", collection=collection.pk)


def _table(
    run: Run, training: TrainingRun
) -> tuple[list[dict[str, Any]], list[FeatureVector], dict[str, int]]:
    """Rows of the manifest, their features, and how many cases were left out for which reason."""
    if training.requested_by is None:
        raise JobFailed(_("The person who asked for this training is gone. Ask for it again."))
    settings = features.settings_of(training.feature_set)
    visible = Case.objects.visible_to(training.requested_by)
    items = list(
        CollectionItem.objects.filter(collection=training.collection, case__in=visible)
        .select_related("case__diagnosis")
        .order_by("case_id")
    )
    rows: list[dict[str, Any]] = []
    vectors: list[FeatureVector] = []
    left_out: Counter[str] = Counter()
    for number, item in enumerate(items):
        run.progress(
            _MEASURING * number / len(items),
            _("Measuring case %(n)d of %(all)d") % {"n": number + 1, "all": len(items)},
        )
        label = _label(item, training.label_source)
        frame = representative_frame(item.case) if label else None
        if frame is None:
            left_out["no-picture" if label else "no-label"] += 1
            continue
        try:
            vector = features.measure_frame(frame, settings)
        except (PixelsMissing, ValueError):
            left_out["unreadable"] += 1
            continue
        vectors.append(vector)
        rows.append(
            {
                "case": item.case_id,
                "frame": frame.digest,
                "image": vector.image_digest,
                "region": vector.region_digest,
                "label": label,
                "group": item.case.patient_key or f"case-{item.case_id}",
                "split": item.split or "train",
            }
        )
    return rows, vectors, dict(left_out)


def _label(item: CollectionItem, source: str) -> str:
    if source == LabelSource.LABEL:
        return item.label
    return item.case.diagnosis.display if item.case.diagnosis else ""


def _candidate(
    run: Run,
    training: TrainingRun,
    rows: list[dict[str, Any]],
    table: "np.ndarray[Any, np.dtype[np.float64]]",
    names: Sequence[str],
    algorithm: str,
    place: int,
) -> dict[str, Any]:
    """Train one algorithm; returns the values of its row."""
    from analysis.core.learn.persist import dump
    from analysis.core.learn.train import train

    share = (1.0 - _MEASURING) / len(training.algorithms)
    begin = _MEASURING + place * share
    title = str(Algorithm(algorithm).label)

    def tell(done: float, sentence: str) -> None:
        run.progress(begin + 0.9 * share * done, f"{title}: {sentence}")

    fixed = any(row["split"] == "test" for row in rows)
    try:
        trained = train(
            table,
            [row["label"] for row in rows],
            [row["group"] for row in rows],
            [row["split"] for row in rows] if fixed else None,
            algorithm=algorithm,  # type: ignore[arg-type]
            feature_names=names,
            seed=training.seed,
            imbalance=training.imbalance,  # type: ignore[arg-type]
            folds=_folds(rows),
            on_progress=tell,
        )
    except ValueError as error:
        # The core's sentences are written for people.
        raise JobFailed(str(error)) from None
    run.progress(begin + 0.92 * share, _("%(title)s: drawing charts") % {"title": title})
    held_out = trained.held_out.to_json() if trained.held_out is not None else None
    return {
        "algorithm": algorithm,
        "labels": list(trained.cross_validated.labels),
        "metrics": {"cross_validated": trained.cross_validated.to_json(), "held_out": held_out},
        "importance": [[name, value] for name, value in trained.feature_importance[:KEPT_IMPORTANCES]],
        "charts": _charts(trained, rows),
        "file_digest": blobs.put(dump(trained.pipeline, key=django_settings.MODEL_KEY)),
    }


def _folds(rows: Sequence[dict[str, Any]]) -> int:
    """As many folds as the rarest class has patients in development, at most five."""
    from analysis.core.learn.splits import groups_per_class

    development = [row for row in rows if row["split"] != "test"]
    counts = groups_per_class([r["label"] for r in development], [r["group"] for r in development])
    return max(2, min([FOLDS, *counts.values()]))


def _charts(trained: "Trained", rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Draw and store every chart in both themes: name -> theme -> digest."""
    from analysis import charts

    counts = Counter(row["label"] for row in rows)
    drawn: dict[str, Callable[[Any], str]] = {
        "importance": lambda theme: charts.importance(trained.feature_importance, theme=theme),
        "class-balance": lambda theme: charts.class_balance(dict(sorted(counts.items())), theme=theme),
    }

    def of(evaluation: "Evaluation", prefix: str) -> None:
        drawn[f"{prefix}roc"] = lambda theme: charts.roc(evaluation, theme=theme)
        drawn[f"{prefix}precision-recall"] = lambda theme: charts.precision_recall(evaluation, theme=theme)
        drawn[f"{prefix}confusion"] = lambda theme: charts.confusion(evaluation, theme=theme)

    of(trained.cross_validated, "")
    if trained.held_out is not None:
        of(trained.held_out, "held-out-")
    return {
        name: {theme: blobs.put(draw(theme).encode()) for theme in ("light", "dark")}
        for name, draw in drawn.items()
    }


def _canonical(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps(rows, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def manifest_is_intact(training: TrainingRun) -> bool:
    """Whether the frozen rows still have the digest they were stored with."""
    return hashlib.sha256(_canonical(training.manifest).encode()).hexdigest() == training.manifest_digest


@cache
def code_version() -> str:
    """Version of this program and digest of the code that measures and learns."""
    digest = hashlib.sha256()
    folder = Path(__file__).resolve().parent.parent / "core"
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{medweb.__version__}+{digest.hexdigest()[:12]}"


@cache
def environment() -> dict[str, str]:
    """Versions of Python and of the libraries numbers depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
