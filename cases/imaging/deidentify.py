"""Remove from a DICOM object everything that says who the patient is.

The walker builds a new data set and copies into it what `rules` allows, at any
depth. What it does not copy does not exist: a preamble, a private block or a
trailing element needs no deleting.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from numbers import Number

import pydicom
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from . import pseudonyms, rules
from .bulk import clean_pixels
from .errors import Refused, let_stops_pass
from .identity import Identity
from .reader import LIMITS, handled, pixel_keyword
from .rules import Action

# Below the UUID root, chosen once for this application (DICOM PS3.7 D.3.3.2).
IMPLEMENTATION_UID = "2.25.5853598346115554801191830528999529889"
IMPLEMENTATION_NAME = "MEDWEB_1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# Storage classes younger than pydicom's dictionary are standard too.
_STORAGE_CLASS = re.compile(r"1\.2\.840\.10008\.5\.1\.4\.1\.1\.[0-9.]{1,12}")

_CODE = re.compile(r"[A-Z0-9 _]{0,16}", re.ASCII)
_TIME = re.compile(r"[0-9:]{2,8}(\.[0-9]{1,6})?", re.ASCII)
_AGE = re.compile(r"([0-9]{3})([DWMY])", re.ASCII)
_NUMBER_VRS = frozenset({"US", "SS", "UL", "SL", "FL", "FD", "DS", "IS", "AT", "SV", "UV"})
_OLDEST = 90  # ages above 89 are one group (45 CFR 164.514(b)(2)(i)(C))
_DUMMIES: dict[str, object] = {
    **dict.fromkeys(("LO", "SH", "LT", "ST", "UT", "UC", "CS", "AE", "PN"), "REMOVED"),
    **dict.fromkeys(("IS", "DS"), "0"),
    **dict.fromkeys(("US", "SS", "UL", "SL", "SV", "UV"), 0),
    **dict.fromkeys(("FL", "FD"), 0.0),
    "DA": "19000101",
    "DT": "19000101000000",
    "TM": "000000",
    "AS": "000Y",
}


@dataclass(frozen=True)
class Deidentified:
    """The clean data set, what was done how often, and by which profile.

    `removed` counts by action, removals by reason: ``"remove-private"``, ``"uid"``.
    """

    dataset: Dataset
    removed: dict[str, int]
    profile: str = rules.PROFILE


@dataclass
class _Walk:
    """What the whole walk over one object shares."""

    secret: bytes
    key: str
    days: int
    identity: Identity
    counts: Counter[str] = field(default_factory=Counter)

    def walk(self, source: Dataset, depth: int = 0) -> Dataset:
        if depth > LIMITS.depth:
            raise Refused(
                "too-deep", "The header nests sequences deeper than any image needs. Export it again."
            )
        target = Dataset()
        for tag in sorted(source.keys()):
            rule = rules.rule_for(int(tag))
            if rule.action is Action.REMOVE:
                self.counts[f"remove-{rule.reason}"] += 1
                continue
            element = self._element(source, int(tag), rule.action, depth)
            if element is not None:
                target.add(element)
        return target

    def _element(self, source: Dataset, tag: int, action: Action, depth: int) -> DataElement | None:
        expected = dictionary_VR(tag)
        if action in (Action.EMPTY, Action.DUMMY, Action.PSEUDONYM):
            self.counts[action.value] += 1
            if action is Action.PSEUDONYM:
                return _new(tag, expected, self.key)
            return _new(tag, expected, _DUMMIES.get(expected) if action is Action.DUMMY else None)
        try:
            original = source[tag]
        except RecursionError:
            raise
        except Exception as error:  # noqa: BLE001  what cannot be read cannot be cleaned: it goes, and is counted
            let_stops_pass(error)
            self.counts["remove-unreadable"] += 1
            return None
        if original.VR not in expected.split(" or ") or not _numbers_are_numbers(original):
            # Text under a number's tag would pass unseen.
            self.counts["remove-mismatch"] += 1
            return None
        if action is Action.DESCEND:
            items = [self.walk(item, depth + 1) for item in original.value or []]
            return _new(tag, "SQ", Sequence(items), converted=True)
        if action is Action.KEEP:
            return _new(tag, original.VR, original.value, converted=True)
        values = original.value if isinstance(original.value, (MultiValue, list)) else [original.value]
        cleaned = [self._value(action, "" if value is None else str(value)) for value in values]
        if not cleaned or (len(cleaned) == 1 and not cleaned[0]):
            return _new(tag, original.VR, None)
        return _new(tag, original.VR, cleaned[0] if len(cleaned) == 1 else cleaned)

    def _value(self, action: Action, value: str) -> str:
        """Clean one value; an empty string stands for one that may not stay."""
        text = value.strip(" \x00")
        cleaned = ""
        if action is Action.UID:
            cleaned = text if not text or _is_standard(text) else pseudonyms.uid(self.secret, text)
        elif action is Action.DATE:
            cleaned = self._date(text)
        elif action is Action.TIME:
            cleaned = text if _TIME.fullmatch(text) else ""
        elif action is Action.AGE:
            cleaned = _age(text)
        elif action is Action.CODE:
            cleaned = text if _CODE.fullmatch(text) and self.identity.scrub(text) == text else ""
        elif action is Action.TEXT:
            cleaned = self.identity.scrub(text)
        if cleaned != text:
            self.counts[action.value] += 1
        return cleaned

    def _date(self, text: str) -> str:
        move = pseudonyms.shift_date if len(text) <= 10 else pseudonyms.shift_datetime
        try:
            return move(text, self.days) if text else ""
        except ValueError:
            return ""


def _new(tag: int, vr: str, value: object, *, converted: bool = False) -> DataElement:
    return DataElement(tag, vr, value, already_converted=converted, validation_mode=IGNORE)


def _numbers_are_numbers(element: DataElement) -> bool:
    """Whether an attribute of numbers holds none but numbers: pydicom hands on a name in them as text."""
    if element.VR not in _NUMBER_VRS:
        return True
    value = element.value
    values = value if isinstance(value, (MultiValue, list)) else [value]
    return all(one is None or one == "" or isinstance(one, Number) for one in values)


def _is_standard(uid: str) -> bool:
    """Whether a UID is defined by DICOM and so says nothing of the patient."""
    return UID(uid).name != uid or _STORAGE_CLASS.fullmatch(uid) is not None


def _age(text: str) -> str:
    match = _AGE.fullmatch(text)
    if not match:
        return ""
    return f"{_OLDEST:03d}Y" if match[2] == "Y" and int(match[1]) >= _OLDEST else text


def _first(ds: Dataset, keyword: str) -> str:
    try:
        value = ds.get(keyword, "")
    except (ValueError, TypeError, AttributeError, LookupError, NotImplementedError):
        return ""
    if isinstance(value, (MultiValue, list)):
        value = value[0] if value else ""
    return str(value or "").strip(" \x00")


def patient_of(ds: Dataset, secret: bytes) -> str:
    """Key of the patient; falls back on name and birth date, then on the study.

    Without the fall-back all patients whose number is empty would become one.
    """
    number = _first(ds, "PatientID")
    if number:
        return pseudonyms.patient_key(secret, number, _first(ds, "IssuerOfPatientID"))
    name = _first(ds, "PatientName")
    if name:
        return pseudonyms.patient_key(secret, f"{name}\x00{_first(ds, 'PatientBirthDate')}", "by-name")
    study = _first(ds, "StudyInstanceUID") or _first(ds, "SOPInstanceUID")
    return pseudonyms.patient_key(secret, study, "by-study")


def deidentify(ds: Dataset, *, secret: bytes) -> Deidentified:
    """Build a de-identified copy of an image object.

    Parameters
    ----------
    ds : pydicom.Dataset
        As `read_dicom` returns it; it is not changed.
    secret : bytes
        Key of the pseudonyms, at least 16 bytes.

    Returns
    -------
    Deidentified
        Its data set can be written with ``save_as(..., enforce_file_format=True)``.

    Raises
    ------
    Refused
        ``burned-in`` when the header says that the pixels show the patient's name.

    Notes
    -----
    DICOM PS3.15 Annex E, Basic Profile with the options of `rules.PROFILE`. The pixels
    themselves are not searched for text.
    """
    with handled():
        if _first(ds, "BurnedInAnnotation").upper() == "YES":
            raise Refused(
                "burned-in",
                "The picture itself shows text about the patient. Blank that part of the picture at its "
                "source, then upload it again.",
            )
        key = patient_of(ds, secret)
        walk = _Walk(secret, key, pseudonyms.date_shift(secret, key), Identity.of(ds))
        try:
            target = walk.walk(ds)
        except RecursionError as error:
            raise Refused("too-deep", "The header nests sequences too deep. Export it again.") from error
        _complete(target, ds, walk)
        return Deidentified(target, dict(sorted(walk.counts.items())))


def _complete(target: Dataset, source: Dataset, walk: _Walk) -> None:
    """Add what every clean object says of itself, and its file meta."""
    target.SpecificCharacterSet = "ISO_IR 192"
    for tag in (0x00100010, 0x00100020):
        target.add(_new(tag, dictionary_VR(tag), walk.key))
    keyword = pixel_keyword(source)
    if keyword is not None:
        target.add(clean_pixels(source, keyword))
    own = (
        _first(source, "SOPInstanceUID")
        or hashlib.sha256(source[keyword].value if keyword else b"").hexdigest()
    )
    for missing in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        if not target.get(missing):
            # Objects without a series still need one that no other patient shares.
            setattr(target, missing, pseudonyms.uid(walk.secret, f"{missing}/{own}"))
    if not _is_standard(str(target.get("SOPClassUID", "") or "")):
        target.SOPClassUID = SECONDARY_CAPTURE
    target.PatientIdentityRemoved = "YES"
    target.LongitudinalTemporalInformationModified = "MODIFIED"
    target.add(_new(0x00120063, "LO", ["MedWeb", rules.VERSION]))
    target.DeidentificationMethodCodeSequence = Sequence([_code(*code) for code in rules.METHOD_CODES])
    syntax = UID(source.file_meta.TransferSyntaxUID)
    _write_meta(target, syntax if syntax.is_encapsulated else UID(ExplicitVRLittleEndian))


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def _write_meta(target: Dataset, syntax: UID) -> None:
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = target.SOPClassUID
    meta.MediaStorageSOPInstanceUID = target.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_NAME
    target.file_meta = meta


def to_bytes(ds: Dataset) -> bytes:
    """Write a de-identified data set as a DICOM file; equal data sets give equal bytes."""
    buffer = BytesIO()
    with handled():
        pydicom.dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()
