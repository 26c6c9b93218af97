"""JPEG streams of all kinds to bytes, as a decoding plugin of pydicom.

GDCM, which pydicom would ask first, ends the whole process when some streams are damaged, and reads no
12 bits of the extended process. libjpeg-turbo, as imagecodecs has it, raises an error instead, and reads
baseline, extended, progressive and lossless streams of up to 16 bits.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from pydicom.pixels import get_decoder
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1

SYNTAXES = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)
PLUGIN = "libjpeg-turbo"
# Beginnings of a frame, without the arithmetic and hierarchical kinds that nothing here reads.
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3}
_LOSSLESS, _SCAN, _ADOBE = 0xC3, 0xDA, 0xEE
# As Adobe numbers what was done to the colours: 0 nothing, 1 YCbCr.
_YCC = 1


@dataclass(frozen=True, slots=True)
class JPEGHead:
    """What a stream says of its picture.

    Attributes
    ----------
    lossless : bool
        Process 14 of the standard.
    bits : int
        Of one sample.
    rows, columns, samples : int
    adobe : int or None
        Colour transform of the Adobe segment; ``None`` without one.
    """

    lossless: bool
    bits: int
    rows: int
    columns: int
    samples: int
    adobe: int | None


def read_head(stream: bytes) -> JPEGHead:
    """Read a stream up to its first scan.

    Raises
    ------
    ValueError
        When no frame of a kind that can be decoded begins before the scan.

    References
    ----------
    ITU-T T.81 annex B; T.872 section 6.5.3 for the Adobe segment.
    """
    place, adobe, found = 2, None, None
    while place + 4 <= len(stream) and stream[place] == 0xFF:
        marker = stream[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == _SCAN:
            break
        length = int.from_bytes(stream[place + 2 : place + 4], "big")
        segment = stream[place + 4 : place + 2 + length]
        if marker in _FRAMES and len(segment) >= 6:
            found = marker, *struct.unpack(">BHHB", segment[:6])
        elif marker == _ADOBE and len(segment) >= 12 and segment.startswith(b"Adobe"):
            adobe = segment[11]
        place += 2 + max(length, 2)
    if found is None:
        raise ValueError("no frame begins before the scan; export the picture again")
    marker, bits, rows, columns, samples = found
    return JPEGHead(marker == _LOSSLESS, bits, rows, columns, samples, adobe)


def decode_frame(src: bytes, runner: Any) -> bytes:
    """Decode one frame; the colours stay as they are stored, pydicom converts them.

    Parameters
    ----------
    src : bytes
        The whole stream of a frame.
    runner : pydicom.pixels.decoders.base.DecodeRunner
        What the header says; the bits of a sample, and the colours where the stream knows better, are
        corrected in it.

    Returns
    -------
    bytes
        Rows of samples, colour by pixel, 8 or 16 bits each in the order of this machine.

    Raises
    ------
    ValueError
        When the stream holds another picture than the header says: its size is allocated before a
        pixel is read.
    imagecodecs.Jpeg8Error
        When it is damaged.
    """
    head = read_head(src)
    if (head.rows, head.columns, head.samples) != (runner.rows, runner.columns, runner.samples_per_pixel):
        raise ValueError("the stream holds another picture than the header says")
    if head.samples == 1:
        values = imagecodecs.jpeg8_decode(src)
    else:
        # The same space on both sides: nothing is converted. Lossless streams know just one.
        space = "RGB" if head.lossless else "YCBCR"
        values = imagecodecs.jpeg8_decode(src, colorspace=space, outcolorspace=space)
        if head.adobe == _YCC:
            runner.set_option("photometric_interpretation", "YBR_FULL")
        runner.set_option("planar_configuration", 0)
    runner.set_option("bits_allocated", 8 * values.dtype.itemsize)
    return np.ascontiguousarray(values).tobytes()


def is_available(uid: str) -> bool:
    """Whether this plugin reads a transfer syntax."""
    return uid in SYNTAXES


def register() -> None:
    """Make this module known to pydicom under the name `PLUGIN`; once is enough."""
    for syntax in SYNTAXES:
        decoder = get_decoder(syntax)
        if PLUGIN not in decoder.available_plugins:
            decoder.add_plugin(PLUGIN, (__name__, decode_frame.__name__))
