"""From an uploaded whole slide to what may be stored."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset

from . import pseudonyms, report, slide_bytes, slide_dicom, slide_tiff, slides
from .burned import detect
from .deidentify import deidentify
from .errors import Refused
from .instance import CleanInstance, described, of_nobody, text_of
from .suspicion import suspicion_of


def clean_slide(
    source: Path | bytes, *, secret: bytes, target: BinaryIO, keep_characteristics: bool = True
) -> CleanInstance | None:
    """De-identify a whole slide without ever holding all of it.

    Parameters
    ----------
    source : path or bytes
        The whole file; of a slide that is large, its path.
    secret : bytes
        Key of the pseudonyms, at least 16 bytes.
    target : binary file
        Takes the tiles, see `slide_store`.

    Returns
    -------
    CleanInstance or None
        Its `clean_bytes` are empty, its `digest` is that of what was written into `target`, and its only
        frame is the overview. ``None`` when the file is no slide; nothing was written then.

    Raises
    ------
    Refused
        With a sentence for the person who uploaded the file.
    """
    found = slides.likeness(source)
    if found is slides.Likeness.NONE:
        return None
    if found is slides.Likeness.DICOM:
        with slides.as_file(source) as file, slide_bytes.damage_refused():
            ds, level = slide_dicom.opened(file)
            return _of_dicom_slide(ds, level, secret, target, keep_characteristics)
    with ExitStack() as stack:
        try:
            slide = stack.enter_context(slide_tiff.opened(source))
        except Refused as refusal:
            if found is slides.Likeness.PICTURE_TOO and refusal.code in slide_tiff.NO_READER:
                return None
            raise
        written, facts = slides.store(slide, target)
        frame = slides.overview(written)
        return of_nobody(
            "slide",
            secret=secret,
            digest=written.digest,
            stored=b"",
            frames=(frame,),
            dropped=report.of_metadata("slide", slide.dropped),
            boxes=slides.writing_beside(frame, detect((frame,))),
            modality="SM",
            slide=facts,
        )


def _of_dicom_slide(
    header: Dataset, level: slide_dicom.DicomSlide, secret: bytes, target: BinaryIO, keep: bool
) -> CleanInstance:
    written, facts = slides.store(level, target)
    # One slide, whatever number of its levels comes: told by series, glass and optical paths.
    own = "/".join(
        [
            str(header.get("SeriesInstanceUID", "")) or written.digest,
            str(header.get("FrameOfReferenceUID", "")),
            *(str(path.get("OpticalPathIdentifier", "")) for path in header.get("OpticalPathSequence") or []),
        ]
    )
    label = [text_of(header, name).upper() for name in ("SpecimenLabelInImage", "BurnedInAnnotation")]
    frame = slides.overview(written)
    boxes = slides.writing_beside(frame, detect((frame,)))
    suspicion = (*(("burned-in-flag",) if "YES" in label else ()), *suspicion_of(None, boxes))
    result = deidentify(header, secret=secret, keep_characteristics=keep)
    about = described(result.dataset)
    about["modality"], about["sop_uid"] = "SM", pseudonyms.uid(secret, f"slide/{own}")
    return CleanInstance(
        **about,
        kind="slide",
        instance_number=None,
        clean_bytes=b"",
        digest=written.digest,
        frames=(frame,),
        removed=result.removed,
        report=report.with_pixels(result.report, suspicion=suspicion, boxes=len(boxes)),
        suspicion=suspicion,
        boxes=boxes,
        slide=facts,
    )
