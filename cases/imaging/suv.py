"""The factor that turns the values of a PET image into uptake by body weight (SUVbw, g/ml).

It is computed while the header still says weight, dose and times. What is kept is one number: it says none of
these by itself.

References
----------
QIBA, SUV vendor-neutral pseudo-code (2012), https://qibawiki.rsna.org/index.php/Standardized_Uptake_Value_(SUV);
DICOM PS3.3 C.8.9.1 (units, decay correction) and C.8.9.2 (dose, times).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from .errors import UNREADABLE

LARGEST_WEIGHT = 500.0
# Less is a dose in megabecquerel, where PS3.3 wants becquerel: the values would be a million times too large.
SMALLEST_DOSE = 1e5
# After so many half-lives nothing is left to be measured: one of the times is wrong.
MOST_HALF_LIVES = 10.0
PHILIPS = "Philips PET Private Group"
GE = "GEMS_PETD_01"
_DAY = timedelta(days=1)
_MOMENT = re.compile(r"(\d{8})(\d{2})(\d{2})?(\d{2})?(?:\.(\d{1,6}))?(?:[+-]\d{4})?")


@dataclass(frozen=True)
class Uptake:
    """How values of one image become SUVbw.

    Attributes
    ----------
    factor : float or None
        Grams a millilitre for one of the image's unit; ``None`` when the header does not tell.
    problem : str
        What is missing, as a code: ``"units"``, ``"kind"``, ``"corrections"``, ``"decay"``, ``"counts"``,
        ``"weight"``, ``"dose"``, ``"half-life"``, ``"injection"``, ``"scan"``, ``"times"``; empty with one.
    """

    factor: float | None = None
    problem: str = ""


class _Unknown(Exception):
    """The argument is the code of what is missing."""


def uptake_of(ds: Dataset) -> Uptake:
    """The factor of one image of positron emission tomography.

    Parameters
    ----------
    ds : pydicom.Dataset
        With its header as it was recorded, before de-identification; not changed.

    Returns
    -------
    Uptake
        Without factor and without problem where the image is none of PET.

    Examples
    --------
    >>> ds = Dataset()
    >>> ds.Modality, ds.Units, ds.CorrectedImage, ds.DecayCorrection = "PT", "GML", ["ATTN", "DECY"], "START"
    >>> uptake_of(ds)
    Uptake(factor=1.0, problem='')
    """
    if _text(ds, "Modality").upper() != "PT":
        return Uptake()
    try:
        factor = _factor(ds)
    except _Unknown as unknown:
        return Uptake(problem=str(unknown))
    # Six digits are more than any scanner measures.
    return Uptake(float(f"{factor:.6g}"))


def _factor(ds: Dataset) -> float:
    units = _text(ds, "Units").upper()
    if units not in ("BQML", "CNTS", "GML"):
        raise _Unknown("units")
    if _text(ds, "SUVType").upper() not in ("", "BW"):
        raise _Unknown("kind")
    corrected = {str(one).strip().upper() for one in _several(ds, "CorrectedImage")}
    if "ATTN" not in corrected:
        raise _Unknown("corrections")
    decay = _text(ds, "DecayCorrection").upper()
    if decay not in ("START", "ADMIN", "NONE") or (decay != "NONE" and "DECY" not in corrected):
        raise _Unknown("decay")
    if units == "GML":
        return 1.0
    if units == "CNTS":
        ready = _private(ds, PHILIPS, 0x7053, 0x00)
        if ready is not None and ready > 0:
            return ready
        activity = _private(ds, PHILIPS, 0x7053, 0x09)
        if activity is None or activity <= 0:
            raise _Unknown("counts")
        return activity * _by_weight(ds, decay)
    return _by_weight(ds, decay)


def _by_weight(ds: Dataset, decay: str) -> float:
    """Grams of the patient for each becquerel that is left of the dose."""
    weight = _number(ds, "PatientWeight")
    if weight is None or not 0 < weight <= LARGEST_WEIGHT:
        raise _Unknown("weight")
    items = _several(ds, "RadiopharmaceuticalInformationSequence")
    # Two tracers at once leave open which of them the values are of.
    if len(items) != 1:
        raise _Unknown("dose")
    dose = _number(items[0], "RadionuclideTotalDose")
    if dose is None or dose < SMALLEST_DOSE:
        raise _Unknown("dose")
    if decay == "ADMIN":
        return weight * 1000 / dose
    half_life = _number(items[0], "RadionuclideHalfLife")
    if half_life is None or half_life <= 0:
        raise _Unknown("half-life")
    scan = _scan(ds, decay, half_life)
    elapsed = (scan - _injection(items[0], scan)).total_seconds()
    if not 0 <= elapsed <= MOST_HALF_LIVES * half_life:
        raise _Unknown("times")
    return weight * 1000 / (dose * 2 ** (-elapsed / half_life))


def _scan(ds: Dataset, decay: str, half_life: float) -> datetime:
    """The moment for which the values hold."""
    series = _moment(ds, "SeriesDate", "SeriesTime")
    taken = _moment(ds, "AcquisitionDate", "AcquisitionTime")
    if decay == "NONE":
        if taken is None:
            raise _Unknown("scan")
        # The mean of a frame is the rate at a moment within it.
        return taken + timedelta(seconds=_middle(ds, half_life))
    if series is not None and (taken is None or series <= taken):
        return series
    if taken is None:
        raise _Unknown("scan")
    # Made later from the recorded series: its own time is that of the computation.
    started = _private_moment(ds)
    if started is not None:
        return started
    since = _number(ds, "FrameReferenceTime")
    if since is None:
        raise _Unknown("scan")
    return taken - timedelta(milliseconds=since) + timedelta(seconds=_middle(ds, half_life))


def _middle(ds: Dataset, half_life: float) -> float:
    """Seconds from the start of a frame to the moment of its mean rate."""
    duration = (_number(ds, "ActualFrameDuration") or 0.0) / 1000
    rate = math.log(2) / half_life
    decay = rate * duration
    if decay < 1e-9:
        return duration / 2
    return math.log(decay / (1 - math.exp(-decay))) / rate


def _injection(item: Dataset, scan: datetime) -> datetime:
    found = _parsed(_text(item, "RadiopharmaceuticalStartDateTime"))
    if found is not None:
        return found
    clock = _text(item, "RadiopharmaceuticalStartTime")
    found = _parsed(f"{scan:%Y%m%d}{clock.replace(':', '')}") if clock else None
    if found is None:
        raise _Unknown("injection")
    # A time without a day: a later one than that of the scan was before midnight.
    return found - _DAY if found > scan else found


def _moment(ds: Dataset, day: str, clock: str) -> datetime | None:
    date, time = _text(ds, day).replace(".", ""), _text(ds, clock).replace(":", "")
    return _parsed(date + time) if date and time else None


def _private_moment(ds: Dataset) -> datetime | None:
    try:
        return _parsed(str(ds.private_block(0x0009, GE)[0x0D].value))
    except (KeyError, *UNREADABLE):
        return None


def _parsed(text: str) -> datetime | None:
    """Zones are left aside: both times come from one scanner."""
    found = _MOMENT.fullmatch(text.strip(" \0"))
    if found is None:
        return None
    date, hour, minute, second, part = found.groups(default="0")
    try:
        day = datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC)
        return day.replace(
            hour=int(hour),
            minute=int(minute),
            second=min(int(second), 59),
            microsecond=int(part.ljust(6, "0")),
        )
    except ValueError:
        return None


def _several(ds: Dataset, keyword: str) -> list[Any]:
    try:
        value = ds.get(keyword)
    except UNREADABLE:
        return []
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (MultiValue, list)) or hasattr(value, "append") else [value]


def _text(ds: Dataset, keyword: str) -> str:
    found = _several(ds, keyword)
    return str(found[0]).strip(" \0") if found else ""


def _number(ds: Dataset, keyword: str) -> float | None:
    return _finite(_text(ds, keyword))


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _private(ds: Dataset, creator: str, group: int, element: int) -> float | None:
    try:
        value = ds.private_block(group, creator)[element].value
    except (KeyError, *UNREADABLE):
        return None
    if isinstance(value, (MultiValue, list)):
        value = value[0] if value else ""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return _finite(str(value).strip(" \0"))
