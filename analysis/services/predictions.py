"""What the models in use say about cases."""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings as django_settings
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.loading import PixelsMissing, representative_frame
from analysis.models import ModelVersion, Prediction
from analysis.services import features, overlays
from cases import blobs
from cases.models import Case, Frame
from medweb.jobs.run import JobFailed, Run
from medweb.live.publish import publish

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from analysis.core.learn.occlude import HeatMap

log = logging.getLogger("analysis")
TOP_FEATURES = 8
# Explaining asks the model once for each feature, up to half a second a case: larger collections get their
# predictions at once, and the explanation of a case with its next analysis.
EXPLAINED_AT_ONCE = 100
ROWS_AT_ONCE = 32
T = TypeVar("T")
_loaded: dict[str, "Pipeline"] = {}
_KEEP_LOADED = 4


@dataclass(frozen=True)
class Answer:
    """A prediction before it is stored."""

    case_id: int
    model_id: int
    label: str
    probabilities: dict[str, float]
    explanation: list[dict[str, Any]]
    frame_id: int | None = None
    heat: "HeatMap | None" = None


class ModelUnusable(Exception):
    """The stored model cannot be used; the message is a sentence for people."""


def check_model(model: ModelVersion) -> None:
    """Raise ModelUnusable when a model plainly cannot be asked; cheap, for pages: no learner is loaded."""
    if model.settings_digest != features.settings_of(model.feature_set).digest():
        raise ModelUnusable(
            _("%(model)s was trained with an earlier version of its features. Retrain the collection.")
            % {"model": model}
        )
    if not blobs.exists(model.file_digest):
        raise ModelUnusable(_("The file of %(model)s is missing. Retrain the collection.") % {"model": model})
    if hashlib.sha256(blobs.get(model.file_digest)).hexdigest() != model.file_digest:
        raise _refused(model)


def _refused(model: ModelVersion) -> ModelUnusable:
    return ModelUnusable(
        _("The file of %(model)s was refused: it is not as this server stored it. Retrain the collection.")
        % {"model": model}
    )


def load_model(model: ModelVersion) -> "Pipeline":
    """The classifier of ``model``, its signature checked on the first load of each process.

    Raises
    ------
    ModelUnusable
        When the file is missing, was changed, or belongs to other feature settings than this program has.
    """
    from analysis.core.learn.persist import Untrusted, load

    check_model(model)
    if model.file_digest in _loaded:
        return _loaded[model.file_digest]
    try:
        pipeline = load(blobs.get(model.file_digest), key=django_settings.MODEL_KEY)
    except Untrusted as error:
        log.warning("Model %s refused: %s", model.pk, error)
        raise _refused(model) from None
    while len(_loaded) >= _KEEP_LOADED:
        _loaded.pop(next(iter(_loaded)))
    _loaded[model.file_digest] = pipeline
    return pipeline


def answer(model: ModelVersion, case: Case, frame: Frame) -> Answer:
    """Ask one model about one case.

    Raises
    ------
    ModelUnusable, analysis.loading.PixelsMissing, ValueError
    """
    from analysis.core.learn.predict import predict

    pipeline = load_model(model)
    vector = features.measure_frame(frame, features.settings_of(model.feature_set))
    values = features.from_json(vector.values)
    probabilities = predict(pipeline, values, model.feature_names)
    moved = _explain(pipeline, values, model.feature_names)
    label = next(iter(probabilities))
    heat = overlays.heat_of(pipeline, model, frame, label)
    return Answer(case.pk, model.pk, label, probabilities, moved, frame.pk, heat)


def _explain(pipeline: "Pipeline", values: dict[str, float], names: list[str]) -> list[dict[str, Any]]:
    from analysis.core.learn.explain import contributions

    return [
        {"name": c.name, **features.to_json({"value": c.value, "usual": c.usual, "effect": c.effect})}
        for c in contributions(pipeline, values, names, top=TOP_FEATURES)
    ]


def answers(case: Case, frame: Frame, run: Run) -> list[Answer]:
    """Ask the models in use in the collections of a case; one that cannot be used is left out and logged.

    An analysis is worth having without a prediction, so a broken model file must not take it away. The
    model's page tells why.
    """
    found = []
    models = ModelVersion.objects.promoted().filter(collection__items__case=case)
    for model in models.order_by("collection_id"):
        # Whoever sees the case reads this stage, and need not see the collection: its title stays out.
        run.progress(0.88, _("Asking the models in use"))
        try:
            found.append(answer(model, case, frame))
        except (ModelUnusable, ValueError) as error:
            log.warning("No prediction of case %s by model %s: %s", case.pk, model.pk, error)
    return found


def store(found: list[Answer]) -> int:
    """Write answers of models still in use, inside ``finish``; returns how many were written."""
    still = set(
        ModelVersion.objects.promoted()
        .filter(pk__in={a.model_id for a in found})
        .values_list("pk", flat=True)
    )
    rows = [
        Prediction(
            case_id=a.case_id,
            model_id=a.model_id,
            label=a.label,
            probabilities=a.probabilities,
            explanation=a.explanation,
            created_at=timezone.now(),
        )
        for a in found
        if a.model_id in still
    ]
    Prediction.objects.bulk_create(
        rows,
        batch_size=200,
        update_conflicts=True,
        unique_fields=["case", "model"],
        update_fields=["label", "probabilities", "explanation", "created_at"],
    )
    # The map of an earlier answer would explain what is no longer said.
    overlays.keep(a for a in found if a.model_id in still)
    return len(rows)


def compute_collection(run: Run, *, model_id: int) -> None:
    """Ask a promoted model about every case of its collection, and tell their pages."""
    model = ModelVersion.objects.promoted().filter(pk=model_id).select_related("collection").first()
    if model is None:
        raise JobFailed(_("This model is no longer in use, so it was not asked."))
    run.progress(0.01, _("Reading the model"))
    try:
        pipeline = load_model(model)
    except ModelUnusable as error:
        raise JobFailed(str(error)) from None
    cases = list(Case.objects.filter(items__collection=model.collection_id).order_by("pk"))
    measured, skipped = _measure_all(run, model, cases)
    found = _answer_all(run, model, pipeline, measured)
    with run.finish() as result:
        # Locked, or a case deleted before this commits would take the whole collection's answers along.
        rows = Case.objects.select_for_update().order_by("pk").filter(pk__in=list(measured))
        alive = set(rows.values_list("pk", flat=True))
        result["predicted"] = store([a for a in found if a.case_id in alive])
        result["skipped"] = skipped
        for case_id in sorted(alive):
            publish(f"case:{case_id}", "analysis-changed", case=case_id)
        publish(f"training:{model.collection_id}", "models-changed", collection=model.collection_id)


def _measure_all(run: Run, model: ModelVersion, cases: list[Case]) -> tuple[dict[int, dict[str, float]], int]:
    """Features of each case by its number, and how many cases have no picture that can be measured."""
    settings = features.settings_of(model.feature_set)
    measured: dict[int, dict[str, float]] = {}
    for number, case in enumerate(cases):
        run.progress(
            0.5 * number / len(cases),
            _("Measuring case %(n)d of %(all)d") % {"n": number + 1, "all": len(cases)},
        )
        frame = representative_frame(case)
        if frame is None:
            continue
        try:
            measured[case.pk] = features.from_json(features.measure_frame(frame, settings).values)
        except (PixelsMissing, ValueError) as error:
            log.warning("No prediction of case %s by model %s: %s", case.pk, model.pk, error)
    return measured, len(cases) - len(measured)


def _answer_all(
    run: Run, model: ModelVersion, pipeline: "Pipeline", measured: dict[int, dict[str, float]]
) -> list[Answer]:
    """Answers for many cases: a forest asked row by row takes most of its time to get going."""
    import numpy as np

    from analysis.core.learn.predict import as_row

    labels = [str(label) for label in pipeline.classes_]
    explain = len(measured) <= EXPLAINED_AT_ONCE
    found: list[Answer] = []
    for chunk in batched(measured.items(), ROWS_AT_ONCE):
        run.progress(
            0.5 + 0.5 * len(found) / len(measured),
            _("Predicting case %(n)d of %(all)d") % {"n": len(found) + 1, "all": len(measured)},
        )
        table = np.vstack([as_row(values, model.feature_names) for _pk, values in chunk])
        for (case_id, values), row in zip(chunk, pipeline.predict_proba(table), strict=True):
            ranked = sorted(zip(labels, map(float, row), strict=True), key=lambda pair: (-pair[1], pair[0]))
            moved = _explain(pipeline, values, model.feature_names) if explain else []
            found.append(Answer(case_id, model.pk, ranked[0][0], dict(ranked), moved))
    return found


def batched(rows: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """``rows`` in tuples of at most ``size`` (``itertools.batched`` comes with Python 3.12).

    Examples
    --------
    >>> list(batched([1, 2, 3], 2))
    [(1, 2), (3,)]
    """
    left = iter(rows)
    while chunk := tuple(islice(left, size)):
        yield chunk
