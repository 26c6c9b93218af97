"""What this app hears of others: new drawings; and what it tidies up: numbers of pictures that are gone."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db import transaction
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


@blobs.names_blobs
def named_digests() -> Iterator[str]:
    """Pictures of analyses, charts and files of models: the case store deletes what nobody names."""
    for pictures in Analysis.objects.order_by().values_list("pictures", flat=True).iterator():
        yield from (picture["digest"] for picture in pictures)
    for charts, file_digest in (
        ModelVersion.objects.order_by().values_list("charts", "file_digest").iterator()
    ):
        yield file_digest
        yield from chain.from_iterable(themes.values() for themes in charts.values())
