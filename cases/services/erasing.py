"""Bytes that must be gone at once, not when a chore finds them unnamed."""

from collections.abc import Iterable
from itertools import chain

from django.db import transaction

from cases import blobs
from cases.models import Series


def digests_of(series: Series) -> set[str]:
    """Names of everything stored for a series."""
    frames = series.frames.order_by().values_list("digest", "preview_digest")
    return {*series.instances.order_by().values_list("digest", flat=True), *chain.from_iterable(frames)}


def marks_of(series: Series, *, keep: Iterable[str] = ()) -> dict[str, int]:
    """When each blob of ``series`` was last put, for :func:`erase_on_commit`; those of ``keep`` left out."""
    marks = {digest: blobs.mark_of(digest) for digest in digests_of(series) - set(keep)}
    return {digest: mark for digest, mark in marks.items() if mark is not None}


def erase_on_commit(marks: dict[str, int]) -> None:
    """Delete these blobs when the transaction commits, but none that a row names or that was put again.

    Transactions that are about to name one of them are waited for; see :func:`cases.blobs.hold`.
    """
    transaction.on_commit(lambda: blobs.take_back(marks))
