"""What pages need to know, read in few queries."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db.models import Count, Max, Q, QuerySet

from analysis.enums import ModelState
from analysis.models import Analysis, ModelVersion, Overlay, Prediction
from analysis.services import analyses, training
from cases.models import Case, Collection, CollectionItem
from cases.querysets import case_is_visible
from medweb.accounts.models import User
from medweb.jobs.models import Job, State


def latest_analysis(case: Case, user: User) -> Analysis | None:
    return Analysis.objects.visible_to(user).filter(case=case).order_by("-id").first()


def current_predictions(case: Case, user: User) -> list[Prediction]:
    """Answers of the models in use, those of collections the person may see."""
    rows = Prediction.objects.visible_to(user).current().filter(case=case)
    return list(rows.select_related("model__collection").order_by("model__collection__title", "pk"))


def overlaid(predictions: Iterable[Prediction], user: User) -> set[int]:
    """Keys of those predictions that have a heat map which ``user`` may see."""
    rows = Overlay.objects.visible_to(user).filter(prediction__in=list(predictions))
    return set(rows.values_list("prediction_id", flat=True))


def case_job(case: Case) -> Job | None:
    """The last analysis job of a case; who sees the case sees its progress, whoever asked."""
    return Job.objects.filter(kind=analyses.KIND, key=analyses.key(case)).order_by("-id").first()


def training_jobs(collection: Collection) -> list[Job]:
    """Active jobs of a collection's models, and the last training when it failed or was cancelled."""
    predicting = [
        f"predict:{pk}"
        for pk in collection.models.filter(state=ModelState.PROMOTED).values_list("pk", flat=True)
    ]
    active = list(
        Job.objects.active().filter(Q(key=training.key(collection)) | Q(key__in=predicting)).order_by("id")
    )
    last = Job.objects.filter(key=training.key(collection)).order_by("-id").first()
    if last is not None and last.state in (State.FAILED, State.CANCELLED):
        active.append(last)
    return active


def stamp(analysis: Analysis | None, predictions: Iterable[Prediction]) -> str:
    """Names a state of the results of a case: a page that asks with another stamp has news."""
    newest = max((p.created_at for p in predictions), default=None)
    return f"{analysis.pk if analysis else 0}-{int(newest.timestamp() * 1000) if newest else 0}"


def with_model_counts(collections: "QuerySet[Collection]") -> "QuerySet[Collection]":
    return collections.annotate(
        model_count=Count("models", distinct=True), trained_at=Max("models__created_at")
    ).select_related("owner")


def label_tables(collections: Iterable[Collection], user: User) -> dict[int, list[tuple[str, int]]]:
    """Class labels with their numbers of visible cases, largest first: several collections in one query."""
    rows = (
        CollectionItem.objects.filter(case_is_visible(user, "case"), collection__in=list(collections))
        .exclude(label="")
        .order_by()
        .values_list("collection_id", "label")
        .annotate(n=Count("pk"))
    )
    tables: dict[int, Counter[str]] = defaultdict(Counter)
    for collection_id, label, n in rows:
        tables[collection_id][label] = n
    return {pk: counts.most_common() for pk, counts in tables.items()}


def promoted_models(collections: Iterable[Collection]) -> dict[int, ModelVersion]:
    rows = ModelVersion.objects.promoted().filter(collection__in=list(collections))
    return {model.collection_id: model for model in rows}
