"""Pixels that lie in the file as they are: most slices, which need no decoder at all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from .elements import plain_text
from .reader import whole_number

_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_GREY = ("MONOCHROME1", "MONOCHROME2")
_PIXEL_DATA = 0x7FE00010


def plain_values(ds: Dataset) -> NDArray[Any] | None:
    """The stored values of grey pixels of 8 or 16 bits without compression.

    pydicom comes to the same values after a dozen questions and two copies.

    Parameters
    ----------
    ds : pydicom.Dataset
        Its limits were checked by `reader.read_limits_hold`.

    Returns
    -------
    ndarray or None
        ``(H, W)`` or ``(N, H, W)``, uint8, int8, uint16 or int16, a copy; ``None`` for pictures of another
        kind, which `decoders.stored_values` decodes.
    """
    if ds.file_meta.TransferSyntaxUID not in _SYNTAXES:
        return None
    if (
        plain_text(ds, "PhotometricInterpretation") not in _GREY
        or whole_number(ds, "SamplesPerPixel", 0) != 1
    ):
        return None
    bits, signed = whole_number(ds, "BitsAllocated", 0), whole_number(ds, "PixelRepresentation", -1)
    if bits not in (8, 16) or signed not in (0, 1):
        return None
    shape = (whole_number(ds, "Rows", 0), whole_number(ds, "Columns", 0))
    frames = whole_number(ds, "NumberOfFrames", 1)
    element = ds.get_item(_PIXEL_DATA)
    data = None if element is None else element.value
    size = frames * shape[0] * shape[1] * bits // 8
    # What is longer holds a surplus that pydicom warns of or takes for a picture of another kind.
    if not isinstance(data, bytes) or size <= 0 or len(data) != size + size % 2:
        return None
    values = np.frombuffer(data, f"<{'i' if signed else 'u'}{bits // 8}", size * 8 // bits)
    return values.reshape(shape if frames == 1 else (frames, *shape)).astype(values.dtype.newbyteorder("="))
