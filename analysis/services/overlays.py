"""Heat maps of predictions: computed with an analysis, shown in the viewer."""

import gzip
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from analysis.loading import picture
from analysis.models import ModelVersion, Overlay, Prediction
from analysis.services import features
from cases import blobs
from cases.models import Frame

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from analysis.core.learn.occlude import HeatMap
    from analysis.services.predictions import Answer

log = logging.getLogger("analysis")


def heat_of(pipeline: "Pipeline", model: ModelVersion, frame: Frame, label: str) -> "HeatMap | None":
    """The map of one answer; ``None`` when there is none, which takes nothing from the answer.

    Raises
    ------
    analysis.loading.PixelsMissing
    """
    from analysis.core.learn.occlude import occlusion

    settings = features.settings_of(model.feature_set)
    subject = picture(frame, as_seen=features.wants_appearance(settings))
    try:
        return occlusion(
            pipeline,
            subject.pixels,
            model.feature_names,
            settings=settings,
            label=label,
            slope=subject.slope,
            intercept=subject.intercept,
            spacing=subject.spacing,
        )
    except ValueError as error:
        log.warning("No heat map of frame %s by model %s: %s", frame.pk, model.pk, error)
        return None


def keep(answers: "Iterable[Answer]") -> int:
    """Replace the maps of answers that were just stored, inside ``finish``; returns how many there are."""
    found = {(one.case_id, one.model_id): one for one in answers}
    cases, models = {case for case, _model in found}, {model for _case, model in found}
    rows = [
        row
        for row in Prediction.objects.filter(case__in=cases, model__in=models)
        if (row.case_id, row.model_id) in found
    ]
    Overlay.objects.filter(prediction__in=rows).delete()
    made = []
    for row in rows:
        answer = found[row.case_id, row.model_id]
        if answer.heat is None or answer.frame_id is None:
            continue
        values = answer.heat.values
        made.append(
            Overlay(
                prediction=row,
                frame_id=answer.frame_id,
                label=answer.heat.label[:200],
                rows=values.shape[0],
                columns=values.shape[1],
                low=float(values.min()),
                high=float(values.max()),
                outlines=answer.heat.outlines,
                # No time stamp: equal maps are one blob.
                digest=blobs.put(gzip.compress(values.astype("<f4").tobytes(), 6, mtime=0)),
            )
        )
    Overlay.objects.bulk_create(made)
    return len(made)
