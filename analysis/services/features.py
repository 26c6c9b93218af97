"""Measured numbers: looked up by digests, measured when new."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.core import regions
from analysis.core.features.registry import FEATURE_SETS, FeatureSettings, extract
from analysis.loading import Picture, digest_of, picture
from analysis.models import FeatureVector
from cases.models import Frame

MEASURED = "standard"
"""Feature set shown on case pages: values in the unit of the picture."""


def settings_of(name: str) -> FeatureSettings:
    return FEATURE_SETS[name]


def wants_appearance(settings: FeatureSettings) -> bool:
    """Whether a set compares appearances (normalised) instead of measuring values."""
    return settings.preprocess.normalise != "none"


def measure(
    subject: Picture, settings: FeatureSettings, *, mask: NDArray[np.bool_] | None = None
) -> FeatureVector:
    """Features of a picture or a region of it; the same three digests meet the same row.

    The row depends on nothing but its digests, so it is written outside of any job's fence: an attempt that
    lost its claim leaves a row that the next attempt uses.

    Raises
    ------
    ValueError
        As :func:`analysis.core.features.registry.extract`.
    """
    keys = {
        "image_digest": subject.digest,
        "region_digest": "" if mask is None else regions.digest(mask),
        "settings_digest": settings.digest(),
    }
    known = FeatureVector.objects.filter(**keys).first()
    if known is not None:
        return known
    values = extract(
        subject.pixels,
        mask=mask,
        spacing=subject.spacing,
        settings=settings,
        slope=subject.slope,
        intercept=subject.intercept,
    )
    FeatureVector.objects.bulk_create([FeatureVector(**keys, values=to_json(values))], ignore_conflicts=True)
    return FeatureVector.objects.get(**keys)


def measure_frame(frame: Frame, settings: FeatureSettings) -> FeatureVector:
    """Features of a whole frame; its pixels are read only when they were never measured.

    Raises
    ------
    analysis.loading.PixelsMissing
    ValueError
    """
    as_seen = wants_appearance(settings)
    known = FeatureVector.objects.filter(
        image_digest=digest_of(frame, as_seen=as_seen), region_digest="", settings_digest=settings.digest()
    ).first()
    return known or measure(picture(frame, as_seen=as_seen), settings)


def to_json(values: Mapping[str, float]) -> dict[str, float | None]:
    """Numbers for a JSON column: nan (undefined) becomes ``None``."""
    return {name: float(value) if math.isfinite(value) else None for name, value in values.items()}


def from_json(values: Mapping[str, Any]) -> dict[str, float]:
    """Undo :func:`to_json`."""
    return {name: math.nan if value is None else float(value) for name, value in values.items()}
