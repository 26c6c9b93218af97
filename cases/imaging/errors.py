"""The one way this package says no."""

from __future__ import annotations

import struct

from pydicom.errors import BytesLengthException

# What pydicom raises where an attribute cannot be converted. The last is no ValueError, and quotes
# the value: let through, it would carry a patient's number into a log.
UNREADABLE = (
    ValueError, TypeError, AttributeError, LookupError, NotImplementedError, OverflowError, struct.error,
    BytesLengthException,
)  # fmt: skip


class Refused(Exception):
    """An upload that is not taken, with the reason in words.

    Parameters
    ----------
    code : str
        Stable slug for programs and translations, e.g. ``"truncated"``.
    sentence : str
        What a person reads: what is wrong and what to do next. It never
        contains a file name or a header value, because both carry patient
        names and the sentence is stored, logged and shown.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


# The worker ends work that takes too long by raising this inside of it; known by name, because this package
# knows no worker.
_STOPS = frozenset({"SoftTimeLimitExceeded"})


def let_stops_pass(error: Exception) -> None:
    """Raise `error` again when it ends the work instead of judging the file.

    Called first wherever errors of every kind are caught: taken for damage, the time limit would
    refuse a whole file, and the work would go on until the worker is killed.
    """
    if any(kind.__name__ in _STOPS for kind in type(error).__mro__):
        raise error
