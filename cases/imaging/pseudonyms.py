"""Keyed-hash pseudonyms: the same secret and original always give the same answer.

A plain hash of a patient number can be undone by hashing every possible number;
an HMAC cannot without the secret. Nothing is stored, so there is no table to steal.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import date, timedelta
from functools import lru_cache

SHORTEST_SHIFT = 365
LONGEST_SHIFT = 3650
_MINIMUM_SECRET = 16
_DATETIME = re.compile(
    r"(?P<date>[0-9]{4}([0-9]{2}){0,2})(?P<rest>(?:(?<=[0-9]{8})([0-9]{2}){0,3}(\.[0-9]{1,6})?)?([+-][0-9]{4})?)",
    re.ASCII,
)
_RANGE = re.compile(r"(?P<start>[0-9.]*)-(?P<end>[0-9.]*)", re.ASCII)
# A range of date-times; four digits behind a minus are a zone.
_DATETIME_RANGE = re.compile(r"(?P<start>[0-9.+]{4,26}(?:-[0-9]{4})?)?-(?P<end>[0-9]{6}[0-9.+-]*)?", re.ASCII)


def _digest(secret: bytes, purpose: str, original: str) -> bytes:
    if len(secret) < _MINIMUM_SECRET:
        raise ValueError(f"the pseudonym secret needs at least {_MINIMUM_SECRET} bytes; set a longer one")
    return hmac.digest(secret, f"{purpose}\x00{original}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def uid(secret: bytes, original: str) -> str:
    """Replace a DICOM UID by a keyed one below the UUID root.

    Parameters
    ----------
    secret : bytes
        Key of at least 16 bytes.
    original : str
        The UID in the file; surrounding blanks and NUL padding are ignored.

    Returns
    -------
    str
        ``"2.25."`` and the decimal form of a version 8 UUID, at most 44 characters
        (DICOM PS3.5 B.2; RFC 9562 section 5.8).

    Examples
    --------
    >>> uid(b"0123456789abcdef", "1.2.3") == uid(b"0123456789abcdef", "1.2.3\\0")
    True
    """
    value = int.from_bytes(_digest(secret, "uid", original.strip(" \x00"))[:16], "big")
    value = value & ~(0xF << 76) | (0x8 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return f"2.25.{value}"


def patient_key(secret: bytes, patient_id: str, issuer: str = "") -> str:
    """Name a patient by 16 hexadecimal characters.

    Parameters
    ----------
    secret : bytes
        Key of at least 16 bytes.
    patient_id, issuer : str
        Patient ID and its issuer; surrounding blanks are ignored.

    Returns
    -------
    str
        16 lower-case hexadecimal characters.
    """
    original = "\x00".join((issuer.strip(" \x00"), patient_id.strip(" \x00")))
    return _digest(secret, "patient", original).hex()[:16]


def date_shift(secret: bytes, patient_key: str) -> int:
    """Days by which all dates of one patient move, so that intervals survive.

    Returns
    -------
    int
        Between -3650 and -365, both included: always into the past, and by at
        least a year so that the year itself says nothing.
    """
    span = LONGEST_SHIFT - SHORTEST_SHIFT + 1
    return -(SHORTEST_SHIFT + int.from_bytes(_digest(secret, "dates", patient_key)[:8], "big") % span)


@lru_cache(maxsize=4096)
def shift_date(value: str, days: int) -> str:
    """Move a DICOM date, or both ends of a range of dates, by whole days.

    Parameters
    ----------
    value : str
        ``YYYYMMDD``, the ACR-NEMA form ``YYYY.MM.DD``, or two of them with ``-`` between, before or behind.
    days : int
        Signed number of days.

    Returns
    -------
    str
        ``YYYYMMDD``, or a range of them.

    Raises
    ------
    ValueError
        When the value is no calendar date or the result leaves the calendar.

    Examples
    --------
    >>> shift_date("20240229", -365), shift_date("20240229-", -365)
    ('20230301', '20230301-')
    """
    text = value.strip(" \x00")
    span = _RANGE.fullmatch(text)
    if span and (span["start"] or span["end"]):
        return "-".join(_shifted(end, days) if end else "" for end in (span["start"], span["end"]))
    return _shifted(text, days)


def _shifted(text: str, days: int) -> str:
    digits = text.replace(".", "")
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        raise ValueError("a date is eight digits, YYYYMMDD")
    try:
        moved = date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) + timedelta(days=days)
    except OverflowError as error:
        raise ValueError("the shifted date leaves the calendar") from error
    return f"{moved.year:04d}{moved.month:02d}{moved.day:02d}"


@lru_cache(maxsize=4096)
def shift_datetime(value: str, days: int) -> str:
    """Move the date part of a DICOM date-time, or of both ends of a range; time of day and zone stay.

    A year or month alone is moved as its first day, and written with the precision it had: the
    interval between two such values is kept to that precision.

    Parameters
    ----------
    value : str
        ``YYYY[MM[DD[HH[MM[SS[.FFFFFF]]]]]][&ZZXX]`` (PS3.5 section 6.2), or a range of two.
    days : int
        Signed number of days.

    Raises
    ------
    ValueError
        When the value is no date-time or the result leaves the calendar.

    Examples
    --------
    >>> shift_datetime("202402", -365), shift_datetime("2024022912-0500", -1)
    ('202302', '2024022812-0500')
    """
    text = value.strip(" \x00")
    match = _DATETIME.fullmatch(text)
    if match is None:
        span = _DATETIME_RANGE.fullmatch(text)
        if span is None or not (span["start"] or span["end"]):
            raise ValueError("a date-time is YYYYMMDDHHMMSS, a fraction and a zone, or the beginning of that")
        return "-".join(shift_datetime(end, days) if end else "" for end in (span["start"], span["end"]))
    day = match["date"]
    moved = _shifted(day + "0101"[len(day) - 4 :] if len(day) < 8 else day, days)
    return moved[: len(day)] + match["rest"]
