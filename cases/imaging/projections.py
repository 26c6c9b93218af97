"""From which side a picture was taken, as its header says it; also speed and day."""

from __future__ import annotations

import math
import re
from datetime import date

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from .elements import is_there, plain_numbers, plain_text
from .errors import UNREADABLE

# View Position (0018,5101), PS3.3 C.8.7.2.1.2 and C.8.11.7.1.1; other words are of the sender.
VIEWS = frozenset(
    {
        "AP", "PA", "LL", "RL", "LAT", "LLD", "RLD", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO",
        "CC", "MLO", "ML", "LM", "LMO", "XCC", "XCCL", "XCCM", "FB", "SIO", "ISO", "CV", "AT",
    }
)  # fmt: skip
# View Code Sequence (0054,0220), PS3.16 CID 4010 and 4014, in SNOMED CT and in the codes from before.
_CODES = {
    "399162004": "CC", "R-10242": "CC", "399368009": "MLO", "R-10226": "MLO",
    "399348003": "AP", "R-10206": "AP", "272479007": "PA", "R-10214": "PA",
    "R-10236": "LL", "R-10228": "RL",
}  # fmt: skip
_DIRECTION = re.compile(r"[LRAPHF]{1,3}")
SLOWEST, FASTEST = 0.1, 240.0


def laterality_of(ds: Dataset) -> str:
    """``"R"``, ``"L"`` or ``"B"``; empty when the header does not tell."""
    found = _text(ds, "ImageLaterality") or _text(ds, "Laterality")
    return found.upper() if found.upper() in ("R", "L", "B") else ""


def view_of(ds: Dataset) -> str:
    """One of `VIEWS`, or empty."""
    found = _text(ds, "ViewPosition").upper()
    if found in VIEWS:
        return found
    try:
        items = ds.get("ViewCodeSequence") or []
        return _CODES.get(_text(items[0], "CodeValue"), "") if items else ""
    except UNREADABLE:
        return ""


def sides_of(ds: Dataset) -> str:
    """Where rows and columns lead, as ``"P\\\\FL"``: letters of (0020,0020); empty when not known."""
    try:
        value = ds.get("PatientOrientation")
    except UNREADABLE:
        return ""
    parts = [str(one).strip().upper() for one in value] if isinstance(value, (MultiValue, list)) else []
    return "\\".join(parts) if len(parts) == 2 and all(map(_DIRECTION.fullmatch, parts)) else ""


def frame_rate_of(ds: Dataset) -> float | None:
    """Images a second at which a multi-frame picture is to be shown.

    The recommended rate (0008,2144) before the cine rate (0018,0040), the time of a frame (0018,1063) and the
    mean of the times between them (0018,1065), as PS3.3 C.7.6.5 lets viewers choose; ``None`` when not told.

    Examples
    --------
    >>> ds = Dataset()
    >>> ds.FrameTime = "40"
    >>> frame_rate_of(ds)
    25.0
    """
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        told = _numbers(ds, keyword)
        if told and SLOWEST <= told[0] <= FASTEST:
            return round(told[0], 3)
    # The first number of the vector is the time before the first image, always 0.
    for times in (_numbers(ds, "FrameTime")[:1], _numbers(ds, "FrameTimeVector")[1:]):
        mean = sum(times) / len(times) if times else 0.0
        if mean > 0 and SLOWEST <= 1000 / mean <= FASTEST:
            return round(1000 / mean, 3)
    return None


def day_of(ds: Dataset) -> str:
    """Day of the examination, ``"YYYY-MM-DD"``, or empty; of a clean header the shifted one."""
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        digits = _text(ds, keyword).replace(".", "")
        if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
            continue
        try:
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
        except ValueError:
            continue
    return ""


def _text(ds: Dataset, keyword: str) -> str:
    plain = plain_text(ds, keyword)
    if plain is not None:
        return plain
    try:
        value = ds.get(keyword)
    except UNREADABLE:
        return ""
    if isinstance(value, (MultiValue, list)):
        value = value[0] if value else ""
    return str(value or "").strip()


def _numbers(ds: Dataset, keyword: str) -> list[float]:
    if not is_there(ds, keyword):
        return []
    plain = plain_numbers(ds, keyword)
    if plain is None:
        try:
            value = ds.get(keyword)
            plain = tuple(
                float(one) for one in (value if isinstance(value, (MultiValue, list)) else [value or ""])
            )
        except (TypeError, ValueError, *UNREADABLE):
            return []
    return list(plain) if all(map(math.isfinite, plain)) else []
