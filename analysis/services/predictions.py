"""What the models in use say about cases."""

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.loading import PixelsMissing, representative_frame
from analysis.models import ModelVersion, Prediction
from analysis.services import features
from cases import blobs
from cases.models import Case, Frame
from medweb.jobs.run import JobFailed, Run
from medweb.live.publish import publish

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

log = logging.getLogger("analysis")
TOP_FEATURES = 8
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
    from analysis.core.learn.explain import contributions
    from analysis.core.learn.predict import predict

    pipeline = load_model(model)
    vector = features.measure_frame(frame, features.settings_of(model.feature_set))
    values = features.from_json(vector.values)
    probabilities = predict(pipeline, values, model.feature_names)
    moved = contributions(pipeline, values, model.feature_names, top=TOP_FEATURES)
    explanation: list[dict[str, Any]] = [
        {"name": c.name, **features.to_json({"value": c.value, "usual": c.usual, "effect": c.effect})}
        for c in moved
    ]
    return Answer(case.pk, model.pk, next(iter(probabilities)), probabilities, explanation)


def answers(case: Case, frame: Frame, run: Run) -> list[Answer]:
    """Ask the models in use in the collections of a case; one that cannot be used is left out and logged.

    An analysis is worth having without a prediction, so a broken model file must not take it away. The
    model's page tells why.
    """
    found = []
    models = ModelVersion.objects.promoted().filter(collection__items__case=case).select_related("collection")
    for model in models.order_by("collection_id"):
        run.progress(0.88, _("Asking the model of “%(collection)s”") % {"collection": model.collection})
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
    return len(rows)


def compute_collection(run: Run, *, model_id: int) -> None:
    """Ask a promoted model about every case of its collection, and tell their pages."""
    model = ModelVersion.objects.promoted().filter(pk=model_id).select_related("collection").first()
    if model is None:
        raise JobFailed(_("This model is no longer in use, so it was not asked."))
    run.progress(0.01, _("Reading the model"))
    try:
        load_model(model)
    except ModelUnusable as error:
        raise JobFailed(str(error)) from None
    cases = list(Case.objects.filter(items__collection=model.collection_id).order_by("pk"))
    found: list[Answer] = []
    skipped = 0
    for number, case in enumerate(cases):
        run.progress(
            number / len(cases),
            _("Predicting case %(n)d of %(all)d") % {"n": number + 1, "all": len(cases)},
        )
        frame = representative_frame(case)
        try:
            if frame is None:
                raise ValueError("no picture")
            found.append(answer(model, case, frame))
        except (PixelsMissing, ValueError) as error:
            skipped += 1
            log.warning("No prediction of case %s by model %s: %s", case.pk, model.pk, error)
    with run.finish() as result:
        alive = set(Case.objects.filter(pk__in=[a.case_id for a in found]).values_list("pk", flat=True))
        result["predicted"] = store([a for a in found if a.case_id in alive])
        result["skipped"] = skipped
        for case_id in sorted(alive):
            publish(f"case:{case_id}", "analysis-changed", case=case_id)
        publish(f"training:{model.collection_id}", "models-changed", collection=model.collection_id)
