"""The one way this package says no."""

from __future__ import annotations


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
