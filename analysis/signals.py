"""What this app hears of others: new drawings; and what it tidies up: numbers of pictures that are gone."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from analysis.loading import digest_of
from analysis.models import Analysis, AnalysisRegion, FeatureVector, ModelVersion, Overlay, Prediction
from analysis.permissions import user_can_analyse_case
from analysis.policies import case_is_analysable
from analysis.services import analyses
from cases import blobs
from cases.models import Annotation, Frame
from cases.services.annotations import annotation_submitted
from cases.services.blackouts import pixels_replaced


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


@receiver(pixels_replaced, dispatch_uid="analysis.forget-blacked-out")
def forget_blacked_out(frames: list[Frame], **_kwargs: Any) -> None:
    """What was computed from pixels that a person blacked out goes in the same transaction."""
    regions = AnalysisRegion.objects.filter(frame__in=[frame.pk for frame in frames])
    Analysis.objects.filter(pk__in=regions.values("analysis")).delete()
    Prediction.objects.filter(case__series__in={frame.series_id for frame in frames}).delete()
    measured = {digest_of(frame, as_seen=seen) for frame in frames for seen in (False, True)}
    used = AnalysisRegion.objects.values("features")
    for start in range(0, len(measured), 500):
        some = sorted(measured)[start : start + 500]
        FeatureVector.objects.filter(image_digest__in=some).exclude(pk__in=used).delete()


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
    yield from Overlay.objects.order_by().values_list("digest", flat=True).iterator()
