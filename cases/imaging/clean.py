"""From uploaded bytes to what may be stored: the door of this package."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import report
from .burned import SURE_OF_SLICES, detect
from .clean_slide import clean_slide
from .deidentify import deidentify, say_pixels_are_clean, to_bytes
from .discs import CleanIndex, read_index
from .errors import Refused
from .frames import DecodedFrame, decode, to_browser
from .instance import CleanInstance, bounded, described, of_nobody
from .metadata import metadata_of
from .pictures import read_picture, write_lossless
from .projections import day_of, frame_rate_of
from .reader import HEAD, Kind, handled, read_dicom, sniff
from .regions import CLASSES, CleanRegions, read_regions
from .render import auto_window
from .suspicion import scans_of, sureness_for, suspicion_of
from .suv import uptake_of
from .volumes import VOLUMES, read_volume, slices, write_volume

__all__ = ["CleanInstance", "clean", "clean_any", "clean_slide", "picture_frame", "written_values"]

_ARCHIVES = {Kind.ZIP, Kind.TAR, Kind.GZIP}
# A note to readers: something lay over the picture, and is not shown.
OVERLAYS = "overlays"


def clean(data: bytes, *, secret: bytes, keep_characteristics: bool = True) -> CleanInstance:
    """Read, check, de-identify and decode one uploaded image.

    As `clean_any`, for callers that have no images to lay regions onto or to hold an index against: those
    are refused.
    """
    found = clean_any(data, secret=secret, keep_characteristics=keep_characteristics)
    if isinstance(found, CleanIndex):
        raise found.refused()
    if isinstance(found, CleanRegions):
        raise Refused(
            "regions-alone", "These are regions drawn on images. Upload them together with those images."
        )
    return found


def clean_any(
    data: bytes, *, secret: bytes, keep_characteristics: bool = True
) -> CleanInstance | CleanRegions | CleanIndex:
    """Read, check, de-identify and decode one uploaded file: an image, regions on images, a disc's index.

    Parameters
    ----------
    data : bytes
        The whole file. Archives are opened before, by `archive.members`.
    secret : bytes
        Key of the pseudonyms, at least 16 bytes.
    keep_characteristics : bool
        Retain the sex, age, size and weight of DICOM headers.

    Returns
    -------
    CleanInstance, CleanRegions or CleanIndex
        The same bytes and secret always give the same `clean_bytes`.

    Raises
    ------
    Refused
        With a sentence for the person who uploaded the file.
    """
    if not data:
        raise Refused("empty", "The file is empty. Copy it again, then upload.")
    buffer = BytesIO()
    slide = clean_slide(data, secret=secret, target=buffer, keep_characteristics=keep_characteristics)
    if slide is not None:
        return replace(slide, clean_bytes=buffer.getvalue())
    kind = sniff(data[:HEAD])
    if kind is Kind.DICOM:
        return _clean_dicom(data, secret, keep_characteristics)
    if kind is Kind.DICOMDIR:
        return read_index(data, secret=secret)
    if kind in _ARCHIVES:
        raise Refused("archive", "An archive cannot be opened at this place. Upload the images it contains.")
    if kind in VOLUMES:
        return _clean_volume(data, kind, secret)
    return _clean_picture(data, secret)


def _clean_dicom(data: bytes, secret: bytes, keep: bool) -> CleanInstance | CleanRegions:
    read = read_dicom(data, also=CLASSES)
    if read.get("SOPClassUID") in CLASSES:
        return read_regions(read, secret=secret)
    result = deidentify(read, secret=secret, keep_characteristics=keep)
    ds = result.dataset
    # Decoded from the clean object: what is shown is what is stored, and nothing more.
    # Weight, dose and maker's factors are read where they still stand.
    uptake = uptake_of(read)
    frames = tuple(replace(frame, uptake_factor=uptake.factor) for frame in decode(ds))
    boxes = detect(frames, scans=scans_of(read), sure=sureness_for(read))
    suspicion = suspicion_of(read, boxes)
    if not suspicion:
        # What is suspected is not clean before a person has looked.
        say_pixels_are_clean(ds, characteristics=keep)
    with handled():
        stored = to_bytes(ds)
        return CleanInstance(
            **described(ds),
            kind="dicom",
            instance_number=bounded(frames[0].instance_number),
            clean_bytes=stored,
            digest=hashlib.sha256(stored).hexdigest(),
            frames=frames,
            removed=result.removed,
            report=report.with_pixels(result.report, suspicion=suspicion, boxes=len(boxes)),
            notes=(OVERLAYS,) if report.overlay_planes(result.report) else (),
            suspicion=suspicion,
            boxes=boxes,
            frame_rate=frame_rate_of(ds) if len(frames) > 1 else None,
            study_date=day_of(ds),
            uptake_problem=uptake.problem,
        )


def picture_frame(page: NDArray[Any], number: int) -> DecodedFrame:
    """One page of a picture, ``(H, W)`` or ``(H, W, 3)``, as a frame; ``number`` counts from 1."""
    slope, intercept, center, width = 1.0, 0.0, 127.5, 256.0
    pixels = page
    if page.ndim == 2 and page.dtype != np.uint8:
        finite = page[np.isfinite(page)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        pixels, slope, intercept = to_browser(page, low, high)
        middle, span = auto_window(pixels)
        center, width = middle * slope + intercept, span * slope
    return DecodedFrame(
        pixels=np.ascontiguousarray(pixels),
        slope=slope,
        intercept=intercept,
        window_center=center,
        window_width=width,
        invert=False,
        pixel_spacing=None,
        position=None,
        orientation=None,
        slice_location=None,
        thickness=None,
        unit="",
        frame_number=number,
    )


def _clean_picture(data: bytes, secret: bytes) -> CleanInstance:
    frames = tuple(picture_frame(page, number) for number, page in enumerate(read_picture(data), start=1))
    told = report.of_metadata("picture", metadata_of(data, sniff(data[:HEAD])))
    stored = write_lossless([written_values(frame.pixels) for frame in frames])
    return of_nobody(
        "picture",
        secret=secret,
        digest=hashlib.sha256(stored).hexdigest(),
        stored=stored,
        frames=frames,
        dropped=told,
        boxes=detect(frames),
    )


def _clean_volume(data: bytes, kind: Kind, secret: bytes) -> CleanInstance:
    grid = read_volume(data, kind)
    stored = write_volume(grid)
    frames = tuple(slices(grid))
    return of_nobody(
        "volume",
        secret=secret,
        digest=hashlib.sha256(stored).hexdigest(),
        stored=stored,
        frames=frames,
        dropped=report.of_metadata("volume", grid.dropped),
        boxes=detect(frames, sure=SURE_OF_SLICES),
        notes=grid.notes,
    )


def written_values(pixels: NDArray[Any]) -> NDArray[Any]:
    """Shift signed pixels, which PNG cannot hold, by 32768; a picture's values have no unit."""
    if pixels.dtype == np.int16:
        return (pixels.astype(np.int32) + 32768).astype(np.uint16)
    return pixels
