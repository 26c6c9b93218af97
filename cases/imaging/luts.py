"""Lookup tables stored in a DICOM object (PS3.3 C.11.1 and C.11.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from .errors import UNREADABLE


def _table(item: Dataset) -> tuple[NDArray[np.int64], int] | None:
    """Entries of a table and the first stored value it maps; ``None`` when damaged."""
    try:
        return _read_table(item)
    except UNREADABLE:
        return None


def _read_table(item: Dataset) -> tuple[NDArray[np.int64], int] | None:
    length, first, bits = (int(one) for one in item["LUTDescriptor"].value)
    data = item["LUTData"].value
    length = length or 65536  # 0 stands for 2**16, which does not fit the field
    if isinstance(data, bytes):
        # An even number of bytes holding 8-bit entries is padded; 16-bit ones are words.
        entries = np.frombuffer(data, "u1" if len(data) < 2 * length else "<u2")
    else:
        entries = np.atleast_1d(np.asarray(data))
    if length < 1 or entries.size < length or not 1 <= bits <= 16:
        return None
    return entries[:length].astype(np.int64), first


def modality_lut(sequence: Any, values: NDArray[Any]) -> tuple[NDArray[np.uint16], str] | None:
    """Apply a modality table.

    Parameters
    ----------
    sequence : sequence of Dataset or None
        Modality LUT Sequence.
    values : ndarray of int
        Stored values.

    Returns
    -------
    tuple or None
        Mapped values as uint16 and their unit; ``None`` without a usable table.
    """
    if not sequence or not np.issubdtype(values.dtype, np.integer):
        return None
    table = _table(sequence[0])
    if table is None:
        return None
    entries, first = table
    places = np.clip(values.astype(np.int64) - first, 0, len(entries) - 1)
    kind = str(sequence[0].get("ModalityLUTType", "") or "")
    return entries.astype(np.uint16)[places], "" if kind == "US" else kind


def voi_lut_window(sequence: Any) -> tuple[float, float] | None:
    """Window that covers the part of a VOI table in which its output changes.

    Returns
    -------
    tuple or None
        Centre and width in input values; ``None`` without a usable table.
    """
    table = _table(sequence[0]) if sequence else None
    if table is None:
        return None
    entries, first = table
    low, high = int(entries.min()), int(entries.max())
    if low == high:
        return None
    # 2 % at both ends: the flat feet of an S-shaped table would widen the window to nothing.
    margin = 0.02 * (high - low)
    inside = np.flatnonzero((entries > low + margin) & (entries < high - margin))
    start, stop = (int(inside[0]), int(inside[-1]) + 1) if inside.size else (0, len(entries))
    width = max(stop - start, 1)
    return first + start + width / 2, float(width)
