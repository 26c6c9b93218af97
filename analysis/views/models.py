"""Pages of models: all collections, one collection, one model."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from analysis.enums import LabelSource, ModelState
from analysis.forms import TrainForm
from analysis.models import ModelVersion
from analysis.permissions import check_user_can_promote, check_user_can_see_models, check_user_can_train
from analysis.policies import collection_is_trainable, label_counts, model_can_move
from analysis.presentation import family_title, feature_words
from analysis.querysets import collections_with_models_for
from analysis.services import models as services
from analysis.services import predictions, queries, training
from analysis.views.analysis import IMMUTABLE
from cases import blobs
from cases.enums import CaseStatus
from cases.models import Case, Collection
from medweb.accounts.models import User
from medweb.jobs.services import check_user_can_stop
from medweb.navigation import live_url
from medweb.paging import page_of

CHARTS = ("confusion", "roc", "precision-recall", "importance", "class-balance")
TOP_IMPORTANCES = 12


def _reason(check: Any, *args: Any) -> str:
    """Empty when ``check`` passes, else its sentence."""
    try:
        check(*args)
    except PermissionDenied as error:
        return str(error)
    return ""


def _visible_collection(request: HttpRequest, collection_id: int) -> Collection:
    user: User = request.user  # type: ignore[assignment]
    check_user_can_see_models(user)
    return get_object_or_404(collections_with_models_for(user).select_related("owner"), pk=collection_id)


def _visible_model(request: HttpRequest, pk: int) -> ModelVersion:
    user: User = request.user  # type: ignore[assignment]
    check_user_can_see_models(user)
    rows = ModelVersion.objects.visible_to(user).select_related("collection", "training_run", "promoted_by")
    return get_object_or_404(rows, pk=pk)


@require_GET
def models(request: HttpRequest) -> HttpResponse:
    """Collections with their labels and the model in use."""
    user: User = request.user  # type: ignore[assignment]
    check_user_can_see_models(user)
    page = page_of(request, queries.with_model_counts(collections_with_models_for(user)), size=20)
    labels = queries.label_tables(page.rows, user)
    in_use = queries.promoted_models(page.rows)
    rows = [
        {
            "collection": collection,
            "labels": labels.get(collection.pk, []),
            "case_count": sum(n for _label, n in labels.get(collection.pk, [])),
            "model": in_use.get(collection.pk),
        }
        for collection in page.rows
    ]
    topics = [training.topic(collection.pk) for collection in page.rows[:10]]
    context = {"page": page, "rows": rows, "live_url": live_url(*topics, f"user:{user.pk}")}
    fragment = request.headers.get("HX-Target") == "model-collections"
    return render(
        request, "analysis/_model_collections.html" if fragment else "analysis/models.html", context
    )


def _list_context(request: HttpRequest, collection: Collection) -> dict[str, Any]:
    rows = collection.models.select_related("training_run").order_by("-number")
    return {
        "collection": collection,
        "page": page_of(request, rows, size=12, ordering=("-number",)),
        "in_use": rows.filter(state=ModelState.PROMOTED).first(),
    }


def _training_context(request: HttpRequest, collection: Collection) -> dict[str, Any]:
    user: User = request.user  # type: ignore[assignment]
    return {
        "collection": collection,
        "jobs": [
            {"row": job, "can_stop": job.is_active and not _reason(check_user_can_stop, user, job)}
            for job in queries.training_jobs(collection)
        ],
    }


def _collection_page(
    request: HttpRequest, collection: Collection, form: TrainForm, status: int = 200
) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    blocked = _reason(check_user_can_train, user, collection)
    trainable = any(collection_is_trainable(collection, source, user)[0] for source in LabelSource.values)
    if not blocked and not trainable:
        blocked = collection_is_trainable(collection, LabelSource.LABEL, user)[1]
    counts = label_counts(collection, LabelSource.LABEL, user)
    context = {
        **_list_context(request, collection),
        **_training_context(request, collection),
        "form": form,
        "blocked": blocked,
        "labels": list(counts.items()),
        "labelled": sum(counts.values()),
        "live_url": live_url(training.topic(collection.pk), f"user:{user.pk}"),
    }
    return render(request, "analysis/collection_models.html", context, status=status)


@require_GET
def collection_models(request: HttpRequest, collection_id: int) -> HttpResponse:
    """Models of a collection, and the form to train new ones."""
    collection = _visible_collection(request, collection_id)
    if request.headers.get("HX-Target") == "model-list":
        return render(request, "analysis/_model_list.html", _list_context(request, collection))
    return _collection_page(request, collection, TrainForm(initial=TrainForm.DEFAULTS))


@require_GET
def collection_training(request: HttpRequest, collection_id: int) -> HttpResponse:
    """Fragment: what is being trained and predicted now."""
    collection = _visible_collection(request, collection_id)
    return render(request, "analysis/_training_status.html", _training_context(request, collection))


@require_POST
def train(request: HttpRequest, collection_id: int) -> HttpResponse:
    """Ask for a training."""
    user: User = request.user  # type: ignore[assignment]
    collection = _visible_collection(request, collection_id)
    check_user_can_train(user, collection)
    form = TrainForm(request.POST)
    if form.is_valid():
        try:
            training.request(collection=collection, by=user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, ValidationError(error.messages))
        else:
            messages.success(request, _("The training is queued. Candidates appear here when it is done."))
            return redirect("analysis:collection-models", collection.pk)
    return _collection_page(request, collection, form, status=422)


def _evaluation_view(
    title: str, note: str, metrics: dict[str, Any] | None, prefix: str
) -> dict[str, Any] | None:
    if metrics is None:
        return None
    largest = max((max(row) for row in metrics["confusion"]), default=0) or 1
    return {
        "title": title,
        "note": note,
        "prefix": prefix,
        "metrics": metrics,
        "f1_interval": metrics["intervals"].get("macro_f1"),
        "auc_interval": metrics["intervals"].get("macro_auc"),
        "confusion": [
            (label, [(n, round(10 * n / largest)) for n in row])
            for label, row in zip(metrics["labels"], metrics["confusion"], strict=True)
        ],
        "per_class": [
            {**row, "auc": curve["area"], "average_precision": pr["area"]}
            for row, curve, pr in zip(
                metrics["per_class"], metrics["roc"], metrics["precision_recall"], strict=True
            )
        ],
    }


def _model_context(request: HttpRequest, model: ModelVersion) -> dict[str, Any]:
    user: User = request.user  # type: ignore[assignment]
    can_promote, reason = model_can_move(model, ModelState.PROMOTED)
    forbidden = _reason(check_user_can_promote, user, model)
    usable = ""
    try:
        predictions.check_model(model)
    except predictions.ModelUnusable as error:
        usable = str(error)
    run = model.training_run
    splits: dict[str, int] = {}
    for row in run.manifest:
        splits[row["split"]] = splits.get(row["split"], 0) + 1
    evaluations = [
        _evaluation_view(
            _("Held-out test"),
            _("Cases of the test split: never fitted, looked at once."),
            model.metrics["held_out"],
            "held-out-",
        ),
        _evaluation_view(
            _("Cross-validation"),
            _("Each case judged by a model that saw no picture of the same patient."),
            model.metrics["cross_validated"],
            "",
        ),
    ]
    return {
        "model": model,
        "run": run,
        "evaluations": [e for e in evaluations if e is not None],
        "splits": sorted(splits.items()),
        "intact": training.manifest_is_intact(run),
        # A row of a training is kept as it was; what was retracted since is told beside it.
        "retracted": Case.objects.filter(
            pk__in={row["case"] for row in run.manifest}, status=CaseStatus.RETRACTED
        ).count(),
        "patients": len({row["group"] for row in run.manifest}),
        "importance": [
            {
                "words": feature_words(name),
                "family": family_title(name.partition(".")[0]),
                "percent": f"{100 * value:.1f}",
            }
            for name, value in model.importance[:TOP_IMPORTANCES]
        ],
        "can_promote": can_promote and not forbidden and not usable,
        "blocked": forbidden or reason or usable,
        "can_retire": not forbidden and model_can_move(model, ModelState.RETIRED)[0],
        "unusable": usable,
        "prediction_count": model.predictions.count(),
        "live_url": live_url(training.topic(model.collection_id), f"user:{user.pk}"),
    }


@require_GET
def model(request: HttpRequest, pk: int) -> HttpResponse:
    """One model: how good it is, from what it was made, and the act of putting it into use."""
    found = _visible_model(request, pk)
    head = request.headers.get("HX-Target") == "model-head"
    template = "analysis/_model_head.html" if head else "analysis/model.html"
    return render(request, template, _model_context(request, found))


def _act(request: HttpRequest, pk: int, act: Any, done: str) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    found = _visible_model(request, pk)
    text, level = done, messages.SUCCESS
    try:
        act(model=found, by=user)
    except ValidationError as error:
        text, level = " ".join(error.messages), messages.ERROR
    if request.headers.get("HX-Request"):
        found.refresh_from_db()
        response = render(request, "analysis/_model_head.html", _model_context(request, found))
        shown = "success" if level == messages.SUCCESS else "danger"
        response["HX-Trigger"] = json.dumps({"medweb:toast": {"text": text, "level": shown}})
        return response
    messages.add_message(request, level, text)
    return redirect("analysis:model", pk)


@require_POST
def model_promote(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a model into use."""
    return _act(request, pk, services.promote, _("The model is in use; the cases are being asked."))


@require_POST
def model_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a model out of use."""
    return _act(request, pk, services.retire, _("The model is retired; its predictions are hidden."))


@require_GET
def model_chart(request: HttpRequest, pk: int, name: str, theme: str) -> HttpResponse:
    """A chart as SVG. The sandbox keeps a stored file from acting as a page of this site."""
    digest = _visible_model(request, pk).charts.get(name, {}).get(theme)
    if digest is None:
        raise Http404
    try:
        data = blobs.get(digest)
    except FileNotFoundError as error:
        raise Http404 from error
    response = HttpResponse(data, content_type="image/svg+xml", headers={"Cache-Control": IMMUTABLE})
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response
