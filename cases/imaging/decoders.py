"""From a checked object to an array of stored values, whatever the compression."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels import pixel_array
from pydicom.uid import UID

from . import jpegs
from .errors import Refused, let_stops_pass
from .reader import handled, whole_number

Pixels = NDArray[Any]
# Named, so that a decoder that is installed beside them is not asked: GDCM ends the whole process when some
# streams are damaged, and comes first in pydicom's order.
_PLUGINS: dict[str, str] = {
    **{str(syntax): jpegs.PLUGIN for syntax in jpegs.SYNTAXES},
    **{f"1.2.840.10008.1.2.4.{number}": "pylibjpeg" for number in (90, 91, 201, 202, 203)},
    **{f"1.2.840.10008.1.2.4.{number}": "pyjpegls" for number in (80, 81)},
}
jpegs.register()
# Deflated Image Frame Compression.
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"


def _deflated(ds: Dataset, frames: int) -> Pixels:
    """Frames packed one by one, as segmentations have them; pydicom does not know that syntax yet."""
    rows, columns = whole_number(ds, "Rows", 0), whole_number(ds, "Columns", 0)
    bits = whole_number(ds, "BitsAllocated", 1)
    if bits not in (1, 8, 16) or whole_number(ds, "SamplesPerPixel", 1) != 1:
        raise ValueError("deflated frames are read with one sample of 1, 8 or 16 bits")
    size = (rows * columns * bits + 7) // 8
    found = []
    for packed in generate_frames(ds.PixelData, number_of_frames=frames):
        raw = zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(packed, size)
        flat = np.frombuffer(raw, "<u2" if bits == 16 else "u1")
        if bits == 1:
            flat = np.unpackbits(flat, count=rows * columns, bitorder="little")
        found.append(flat.reshape(rows, columns))
    return np.stack(found) if frames > 1 else found[0]


def _broken() -> Refused:
    return Refused(
        "broken-pixels", "The pixels cannot be decoded. Copy or export the image again, then upload."
    )


def stored_values(ds: Dataset) -> Pixels:
    """Decode all frames to one array, colour already RGB and palettes still indices.

    Parameters
    ----------
    ds : pydicom.Dataset
        Checked by `read_dicom`.

    Returns
    -------
    ndarray
        ``(H, W)``, ``(N, H, W)``, ``(H, W, 3)`` or ``(N, H, W, 3)``.

    Raises
    ------
    Refused
        ``broken-pixels`` when no decoder can read the pixels.
    """
    frames = whole_number(ds, "NumberOfFrames", 1)
    with handled():
        try:
            syntax = UID(ds.file_meta.TransferSyntaxUID)
            if syntax == DEFLATED_FRAMES:
                values = _deflated(ds, frames)
            else:
                values = pixel_array(ds, decoding_plugin=_PLUGINS.get(str(syntax), ""))
        except MemoryError as error:
            raise Refused("too-large", "The picture is too large to decode. Upload a smaller one.") from error
        except Exception as error:  # decoders are C libraries with errors of every kind
            let_stops_pass(error)
            raise _broken() from error
        except BaseException as error:
            # The RLE decoder is written in Rust, and its panics are no Exception: one damaged
            # file would end the worker. Interrupts must still pass.
            if type(error).__name__ != "PanicException":
                raise
            raise _broken() from error
    expected = (whole_number(ds, "Rows", 0), whole_number(ds, "Columns", 0))
    start = 1 if frames > 1 else 0
    if values.shape[start : start + 2] != expected or (frames > 1 and values.shape[0] != frames):
        raise Refused(
            "bad-header", "The decoded picture has another size than its header says. Export it again."
        )
    return values
