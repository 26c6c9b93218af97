"""Keyed-hash pseudonyms: the same secret and original always give the same answer.

A plain hash of a patient number can be undone by hashing every possible number;
an HMAC cannot without the secret. Nothing is stored, so there is no table to steal.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import date, timedelta

SHORTEST_SHIFT = 365
LONGEST_SHIFT = 3650
_MINIMUM_SECRET = 16
_REST = re.compile(r"([0-9]{2}){0,3}(\.[0-9]{1,6})?([+-][0-9]{4})?", re.ASCII)


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


def shift_date(value: str, days: int) -> str:
    """Move a DICOM date by whole days.

    Parameters
    ----------
    value : str
        ``YYYYMMDD`` or the ACR-NEMA form ``YYYY.MM.DD``.
    days : int
        Signed number of days.

    Returns
    -------
    str
        ``YYYYMMDD``.

    Raises
    ------
    ValueError
        When the value is no calendar date or the result leaves the calendar.

    Examples
    --------
    >>> shift_date("20240229", -365)
    '20230301'
    """
    digits = value.strip(" \x00").replace(".", "")
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        raise ValueError("a date is eight digits, YYYYMMDD")
    try:
        moved = date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) + timedelta(days=days)
    except OverflowError as error:
        raise ValueError("the shifted date leaves the calendar") from error
    return moved.strftime("%Y%m%d").rjust(8, "0")


def shift_datetime(value: str, days: int) -> str:
    """Move the date part of a DICOM date-time; the time of day and zone stay.

    Raises
    ------
    ValueError
        When the date part is not a full calendar date (year or month alone
        cannot be moved by days).
    """
    text = value.strip(" \x00")
    rest = text[8:]
    if not _REST.fullmatch(rest):
        raise ValueError("after the date stand at most HHMMSS, a fraction and a zone")
    return shift_date(text[:8], days) + rest
