"""One de-identified image, and what names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from . import pseudonyms, report, slides
from .burned import TextBox
from .elements import plain_text
from .frames import DecodedFrame
from .suspicion import suspicion_of

MODALITIES = ("CT", "MR", "CR", "DX", "US", "XA", "MG", "NM", "PT", "SM", "GM", "XC", "OP", "ES", "OT")
_RELATED = {
    "RF": "XA", "DSA": "XA", "RG": "CR", "PX": "DX", "IO": "DX", "DR": "DX", "IVUS": "US",
    "OPT": "OP", "DMS": "XC", "ST": "NM",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class CleanInstance:
    """One de-identified image, ready to be stored.

    Attributes
    ----------
    kind : str
        ``"dicom"``, ``"picture"``, ``"volume"`` or ``"slide"``.
    modality : str
        One of `MODALITIES`.
    sop_uid, series_uid, study_uid : str
        Pseudonyms; of a picture derived from its content.
    patient_key : str
        16 hexadecimal characters; empty for pictures, which name nobody.
    series_description, body_part, manufacturer_model : str
        Cleaned text; may be empty.
    instance_number : int or None
        Number in the series, within 32 bits: headers hold larger ones, columns of databases do not.
    patient_sex, patient_age : str
        ``"F"``, ``"M"``, ``"O"`` or empty; ``"045Y"`` or empty, at most ``"090Y"``.
    clean_bytes : bytes
        De-identified DICOM file, PNG (TIFF when there are several pages), NIfTI in gzip, or the tiles of a
        slide (see `slide_store`).
    digest : str
        SHA-256 of `clean_bytes`, hexadecimal.
    frames : tuple of DecodedFrame
        At least one.
    removed : dict of str to int
        How often each action was taken.
    report : dict of str to dict of str to int
        What was done to each attribute, by keyword and never by value:
        ``{"PatientName": {"pseudonym/profile": 1}}``.
    suspicion : tuple of str
        Why a person should look at the pixels, as codes; empty when nobody needs to.
    boxes : tuple of TextBox
        Places that look like burned-in text.
    notes : tuple of str
        What readers should know, as codes; for example ``"face"``.
    frame_of_reference : str
        Pseudonym of the coordinate system; empty when unknown.
    slide : SlideFacts or None
        Size and scale of a whole slide.
    frame_rate : float or None
        Images a second, of a picture that moves.
    study_date : str
        ``"YYYY-MM-DD"``, shifted as all dates of the patient; empty when not known.
    uptake_problem : str
        Why an image of PET has no factor of uptake, as a code of `suv.Uptake`.
    """

    kind: str
    modality: str
    sop_uid: str
    series_uid: str
    study_uid: str
    patient_key: str
    series_description: str
    body_part: str
    instance_number: int | None
    manufacturer_model: str
    patient_sex: str
    patient_age: str
    clean_bytes: bytes
    digest: str
    frames: tuple[DecodedFrame, ...]
    removed: dict[str, int]
    report: dict[str, dict[str, int]] = field(default_factory=dict)
    suspicion: tuple[str, ...] = ()
    boxes: tuple[TextBox, ...] = ()
    notes: tuple[str, ...] = ()
    frame_of_reference: str = ""
    slide: slides.SlideFacts | None = None
    frame_rate: float | None = None
    study_date: str = ""
    uptake_problem: str = ""


class Described(TypedDict):
    """What a clean header says of the patient, the study and the device, by attribute of `CleanInstance`."""

    modality: str
    sop_uid: str
    series_uid: str
    study_uid: str
    frame_of_reference: str
    patient_key: str
    series_description: str
    body_part: str
    manufacturer_model: str
    patient_sex: str
    patient_age: str


def text_of(ds: Dataset, keyword: str) -> str:
    """First value of an attribute as text, without blanks around it; empty when absent."""
    plain = plain_text(ds, keyword)
    if plain is not None:
        return plain
    value = ds.get(keyword)
    if isinstance(value, (MultiValue, list)):
        value = value[0] if value else ""
    return str(value or "").strip()


def _modality(ds: Dataset) -> str:
    found = text_of(ds, "Modality").upper()
    return found if found in MODALITIES else _RELATED.get(found, "OT")


def bounded(number: int | None) -> int | None:
    """A number of a header within the 32 bits of a database's column."""
    return None if number is None else max(-(2**31), min(number, 2**31 - 1))


def described(ds: Dataset) -> Described:
    """Read a clean header."""
    sex = text_of(ds, "PatientSex").upper()
    return {
        "modality": _modality(ds),
        "sop_uid": text_of(ds, "SOPInstanceUID"),
        "series_uid": text_of(ds, "SeriesInstanceUID"),
        "study_uid": text_of(ds, "StudyInstanceUID"),
        "frame_of_reference": text_of(ds, "FrameOfReferenceUID"),
        "patient_key": text_of(ds, "PatientID"),
        "series_description": text_of(ds, "SeriesDescription"),
        "body_part": text_of(ds, "BodyPartExamined"),
        "manufacturer_model": text_of(ds, "ManufacturerModelName"),
        "patient_sex": sex if sex in ("F", "M", "O") else "",
        "patient_age": text_of(ds, "PatientAge"),
    }


def of_nobody(
    kind: str,
    *,
    secret: bytes,
    digest: str,
    stored: bytes,
    frames: tuple[DecodedFrame, ...],
    dropped: dict[str, dict[str, int]],
    boxes: Sequence[TextBox],
    modality: str = "OT",
    notes: tuple[str, ...] = (),
    slide: slides.SlideFacts | None = None,
) -> CleanInstance:
    """An image whose file names nobody: its identifiers come from its content.

    Parameters
    ----------
    kind : str
        ``"picture"``, ``"volume"`` or ``"slide"``.
    secret : bytes
        Key of the pseudonyms.
    digest : str
        SHA-256 of what is stored.
    stored : bytes
        What is stored; empty for slides, which are written elsewhere.
    frames, boxes, modality, notes, slide
        As in `CleanInstance`.
    dropped : dict of str to dict of str to int
        Report of what was left out, from `report.of_metadata`.
    """
    suspicion = suspicion_of(None, boxes)
    return CleanInstance(
        kind=kind,
        modality=modality,
        sop_uid=pseudonyms.uid(secret, f"{kind}/{digest}"),
        series_uid=pseudonyms.uid(secret, f"{kind}-series/{digest}"),
        study_uid=pseudonyms.uid(secret, f"{kind}-study/{digest}"),
        patient_key="",
        series_description="",
        body_part="",
        instance_number=None,
        manufacturer_model="",
        patient_sex="",
        patient_age="",
        clean_bytes=stored,
        digest=digest,
        frames=frames,
        removed=report.summed(dropped),
        report=report.with_pixels(dropped, suspicion=suspicion, boxes=len(boxes)),
        suspicion=suspicion,
        boxes=tuple(boxes),
        notes=notes,
        slide=slide,
    )
