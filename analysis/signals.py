"""What this app hears of others: new drawings; and what it tidies up: bytes nobody names any more."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.db.models.signals import post_delete
from django.dispatch import receiver

from analysis.loading import digest_of
from analysis.models import Analysis, AnalysisRegion, FeatureVector, ModelVersion
from analysis.permissions import user_can_analyse_case
from analysis.policies import case_is_analysable
from analysis.services import analyses
from cases import blobs
from cases.models import Annotation, Frame
from cases.services.annotations import annotation_submitted


@receiver(annotation_submitted, dispatch_uid="analysis.measure-new-drawing")
def measure_new_drawing(annotation_id: int, **_kwargs: Any) -> None:
    """Analyse anew when the author hands in a drawing on a case that has results already."""
    annotation = Annotation.objects.filter(pk=annotation_id).select_related("series__case", "author").first()
    if annotation is None:
        return
    case, author = annotation.series.case, annotation.author
    if annotation.author_id != case.author_id or not user_can_analyse_case(author, case):
        return
    has_results = (
        case.analyses.exists()
        or ModelVersion.objects.promoted().filter(collection__items__case=case).exists()
    )
    if has_results and case_is_analysable(case)[0]:
        analyses.request(case=case, by=author)


@receiver(post_delete, sender=Analysis, dispatch_uid="analysis.forget-pictures")
def forget_pictures(instance: Analysis, **_kwargs: Any) -> None:
    """Pictures of deleted analyses show a patient's body: they go with the last row that names them."""
    digests = {entry["digest"] for entry in instance.pictures}
    transaction.on_commit(lambda: _delete_unnamed(Analysis.objects.filter(), "pictures", digests))


@receiver(post_delete, sender=Frame, dispatch_uid="analysis.forget-features")
def forget_features(instance: Frame, **_kwargs: Any) -> None:
    """Features go with the last frame that has these pixels: one family is a small picture of its own."""
    pixels = instance.digest
    measured = {digest_of(instance), digest_of(instance, as_seen=True)}

    def tidy() -> None:
        if not Frame.objects.filter(digest=pixels).exists():
            used = AnalysisRegion.objects.values("features")
            FeatureVector.objects.filter(image_digest__in=measured).exclude(pk__in=used).delete()

    # Robust: an analysis that starts to use a row at this very moment must not fail the deletion.
    transaction.on_commit(tidy, robust=True)


@receiver(post_delete, sender=ModelVersion, dispatch_uid="analysis.forget-model-file")
def forget_model_file(instance: ModelVersion, **_kwargs: Any) -> None:
    charts = {digest for themes in instance.charts.values() for digest in themes.values()}
    file_digest = instance.file_digest

    def tidy() -> None:
        _delete_unnamed(ModelVersion.objects.filter(), "charts", charts)
        if not ModelVersion.objects.filter(file_digest=file_digest).exists():
            blobs.delete(file_digest)

    transaction.on_commit(tidy)


def _delete_unnamed(rows: "QuerySet[Any]", column: str, digests: set[str]) -> None:
    # Searching JSON as text works alike on SQLite and PostgreSQL.
    stored = rows.annotate(named=Cast(column, TextField()))
    for digest in digests:
        if not stored.filter(named__contains=digest).exists():
            blobs.delete(digest)
