"""The only bridge from rows of cases to arrays."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases import blobs
from cases.enums import HANDED_IN, Clearance
from cases.geometry.rasterise import mask
from cases.geometry.schema import parse_shapes
from cases.imaging.frames import unpack
from cases.models import Annotation, Case, Frame, Series


@dataclass(frozen=True)
class Picture:
    """Stored pixels of a frame with what is needed to measure them.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        uint8, int16 or uint16 as stored.
    slope, intercept : float
        value = stored * slope + intercept.
    spacing : (float, float) or None
        Millimetres between rows and between columns.
    digest : str
        SHA-256 of everything above: equal digests mean equal measurements.
    """

    pixels: NDArray[Any]
    slope: float
    intercept: float
    spacing: tuple[float, float] | None
    digest: str


@dataclass(frozen=True)
class DrawnRegion:
    """One drawn area: the frame it lies on and its mask, shape (H, W), True inside."""

    frame: Frame
    shape_id: str
    kind: str
    label: str
    mask: NDArray[np.bool_]


class PixelsMissing(Exception):
    """The bytes of a frame are gone from the store, or are not what the row says."""


def picture(frame: Frame, *, as_seen: bool = False) -> Picture:
    """Load a frame.

    Parameters
    ----------
    frame : Frame
    as_seen : bool
        Turn pictures that are stored inverted (MONOCHROME1) the way a reader sees them. Classifiers compare
        appearances and want this; measured values keep their unit.

    Raises
    ------
    PixelsMissing
    """
    try:
        pixels = unpack(blobs.get(frame.digest), frame.dtype, frame.shape)
    except (OSError, ValueError, EOFError) as error:
        raise PixelsMissing(f"frame {frame.pk}: {error}") from error
    sign = -1.0 if as_seen and frame.invert and frame.samples == 1 else 1.0
    slope, intercept = sign * frame.slope, sign * frame.intercept
    spacing = _spacing(frame)
    return Picture(pixels, slope, intercept, spacing, digest_of(frame, as_seen=as_seen))


def digest_of(frame: Frame, *, as_seen: bool = False) -> str:
    """The digest :func:`picture` gives, without reading the pixels."""
    sign = -1.0 if as_seen and frame.invert and frame.samples == 1 else 1.0
    facts = [
        frame.digest,
        frame.dtype,
        list(frame.shape),
        sign * frame.slope,
        sign * frame.intercept,
        _spacing(frame),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _spacing(frame: Frame) -> tuple[float, float] | None:
    if not frame.pixel_spacing:
        return None
    rows, columns = (float(step) for step in frame.pixel_spacing)
    return (rows, columns) if rows > 0 and columns > 0 else None


def representative_frame(case: Case) -> Frame | None:
    """Middle frame of the largest cleared series that is no localiser; ``None`` for a case without pictures.

    Never chosen by drawings: at prediction time nobody has drawn yet, and a model trained on frames that
    somebody pointed at would look better than it is.
    """
    series = (
        Series.objects.cleared()
        .filter(case=case, frame_count__gt=0)
        .order_by("is_localiser", "-frame_count", "number", "pk")
        .first()
    )
    if series is None:
        return None
    frames = Frame.objects.filter(series=series).order_by("index", "pk")
    return frames[(series.frame_count - 1) // 2 : (series.frame_count - 1) // 2 + 1].first() or frames.first()


def drawn_regions(case: Case) -> list[DrawnRegion]:
    """Areas of the submitted layers that teach: references and the author's own, by series and frame.

    Drafts are left out: results are shown to everyone who sees the case, a draft only to who draws it.
    So are layers on a series that waits at the desk.
    """
    layers = Annotation.objects.filter(
        series__case=case, series__clearance=Clearance.CLEARED, status__in=HANDED_IN
    ).select_related("series")
    found: list[DrawnRegion] = []
    for layer in layers.order_by("series__number", "series_id", "pk"):
        if not layer.is_reference and layer.author_id != case.author_id:
            continue
        frames = list(layer.series.frames.order_by("index", "pk"))
        shapes = parse_shapes(layer.shapes, frames=[(f.rows, f.columns) for f in frames])
        for shape in sorted(shapes, key=lambda s: s.frame):
            # A point or a line has no inside to measure.
            if not shape.is_closed:
                continue
            frame = frames[shape.frame]
            inside = mask(shape, frame.rows, frame.columns)
            # A shape thinner than a pixel may hold no pixel centre: nothing to measure.
            if inside.any():
                found.append(DrawnRegion(frame, str(shape.id), shape.kind, shape.label, inside))
    return found
