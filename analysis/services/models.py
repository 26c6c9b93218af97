"""Putting models into use and taking them out."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from analysis.enums import ModelState
from analysis.models import ModelVersion
from analysis.permissions import check_user_can_promote
from analysis.policies import check_model_move
from analysis.services.predictions import ModelUnusable, check_model
from analysis.services.training import topic
from cases.models import Case, Collection
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.jobs.models import Job
from medweb.jobs.services import enqueue
from medweb.live.publish import publish

PREDICT = "analysis.predict-collection"


@transaction.atomic
def promote(*, model: ModelVersion, by: User) -> Job:
    """Put a model into use; the one before is retired, and every case of the collection is asked anew.

    Raises
    ------
    PermissionDenied, ValidationError
    """
    check_user_can_promote(by, model)
    # The collection's row is the lock: of two people who promote at once, the second sees the first one's.
    Collection.objects.select_for_update().get(pk=model.collection_id)
    model.refresh_from_db()
    check_model_move(model, ModelState.PROMOTED)
    try:
        # Before the one in use is retired: a model that cannot be asked would leave the cases without any.
        check_model(model)
    except ModelUnusable as error:
        raise ValidationError(str(error)) from None
    for earlier in ModelVersion.objects.promoted().filter(collection_id=model.collection_id):
        _move(earlier, ModelState.RETIRED)
        record("model.retire", earlier, by=by, replaced_by=model.pk)
    model.promoted_at, model.promoted_by = timezone.now(), by
    _move(model, ModelState.PROMOTED)
    record("model.promote", model, by=by, collection=model.collection_id)
    publish(topic(model.collection_id), "models-changed", collection=model.collection_id)
    return enqueue(
        PREDICT,
        params={"model_id": model.pk},
        key=f"predict:{model.pk}",
        topics=[topic(model.collection_id)],
        by=by,
    )


@transaction.atomic
def retire(*, model: ModelVersion, by: User) -> None:
    """Take a model out of use; its predictions leave the case pages."""
    check_user_can_promote(by, model)
    Collection.objects.select_for_update().get(pk=model.collection_id)
    model.refresh_from_db()
    check_model_move(model, ModelState.RETIRED)
    was_in_use = model.state == ModelState.PROMOTED
    _move(model, ModelState.RETIRED)
    record("model.retire", model, by=by, collection=model.collection_id)
    publish(topic(model.collection_id), "models-changed", collection=model.collection_id)
    if was_in_use:
        for case_id in Case.objects.filter(predictions__model=model).values_list("pk", flat=True):
            publish(f"case:{case_id}", "analysis-changed", case=case_id)


def _move(model: ModelVersion, to: ModelState) -> None:
    model.state = to
    model.save(update_fields=["state", "promoted_at", "promoted_by"])
