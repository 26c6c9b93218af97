"""JPEG streams: true colours, true depth, and a process that outlives damaged ones."""

import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, JPEGLosslessSV1

from cases.imaging.clean import clean
from cases.imaging.decoders import stored_values
from cases.imaging.errors import Refused
from cases.imaging.jpegs import read_head

from .build import SECRET, to_file
from .jpeg_files import COLOUR, GREY, SMOOTH, jpeg_object, kinds

_ADOBE = b"\xff\xee\x00\x0eAdobe\x00d\x00\x00\x00\x00"


@pytest.mark.parametrize("kind", kinds())
def test_each_kind_gives_its_values(kind: str) -> None:
    stream, values, syntax = kinds()[kind]
    found = stored_values(jpeg_object(stream, values, syntax))
    assert found.shape == values.shape
    assert found.dtype == values.dtype
    if kind.startswith("lossless"):
        assert np.array_equal(found, values)
    else:
        assert np.abs(found.astype(int) - values).max() <= (24 if kind == "extended" else 6)


def test_eight_bits_in_words_of_sixteen() -> None:
    stream = imagecodecs.jpeg8_encode(SMOOTH, lossless=True)
    found = stored_values(
        jpeg_object(stream, SMOOTH.astype(np.uint16), JPEGLosslessSV1, BitsStored=8, HighBit=7)
    )
    assert np.array_equal(found, SMOOTH)


def test_signed_values_of_twelve_bits_keep_their_sign() -> None:
    signed = GREY.astype(np.int16) - 2048
    stream = imagecodecs.jpeg8_encode(signed.astype(np.uint16) & 0x0FFF, lossless=True, bitspersample=12)
    found = stored_values(jpeg_object(stream, signed, JPEGLosslessSV1, BitsStored=12, HighBit=11))
    assert np.array_equal(found, signed)


def _without_segments(stream: bytes) -> bytes:
    """A stream without the marks of JFIF and Adobe, which say how colours are stored."""
    parts, place = [stream[:2]], 2
    while stream[place + 1] != 0xDA:
        end = place + 2 + int.from_bytes(stream[place + 2 : place + 4], "big")
        if stream[place + 1] not in (0xE0, 0xEE):
            parts.append(stream[place:end])
        place = end
    return b"".join((*parts, stream[place:]))


@pytest.mark.parametrize("interpretation", ["RGB", "YBR_FULL_422", "YBR_FULL"])
def test_colours_are_what_the_stream_says(interpretation: str) -> None:
    plain = _without_segments(imagecodecs.jpeg8_encode(COLOUR, level=95))
    stream = plain[:2] + _ADOBE + b"\x01" + plain[2:]
    found = stored_values(
        jpeg_object(stream, COLOUR, JPEGBaseline8Bit, PhotometricInterpretation=interpretation)
    )
    assert np.abs(found.astype(int) - COLOUR).max() <= 6


def test_colours_are_what_the_header_says_where_the_stream_is_silent() -> None:
    # Samples that nobody transformed, and a header that knows it.
    stream = _without_segments(
        imagecodecs.jpeg8_encode(COLOUR, level=95, colorspace="RGB", outcolorspace="RGB")
    )
    found = stored_values(jpeg_object(stream, COLOUR, JPEGBaseline8Bit, PhotometricInterpretation="RGB"))
    assert np.abs(found.astype(int) - COLOUR).max() <= 6


def test_a_stream_of_another_size_is_refused_before_it_is_decoded() -> None:
    stream = bytearray(imagecodecs.jpeg8_encode(GREY, lossless=True))
    place = stream.index(b"\xff\xc3") + 5
    stream[place : place + 4] = b"\xff\xff\xff\xff"
    ds = jpeg_object(bytes(stream), GREY, JPEGLosslessSV1)
    with pytest.raises(Refused) as refused:
        stored_values(ds)
    assert refused.value.code == "broken-pixels"


def test_a_head_without_a_frame() -> None:
    with pytest.raises(ValueError, match="no frame"):
        read_head(b"\xff\xd8\xff\xda\x00\x02")
    head = read_head(b"\xff\xd8" + _ADOBE + b"\x01\xff\xff\xc0\x00\x08\x08\x00\x02\x00\x03\x03")
    assert (head.lossless, head.bits, head.rows, head.columns, head.samples, head.adobe) == (
        False, 8, 2, 3, 3, 1,
    )  # fmt: skip


def test_a_picture_in_several_frames() -> None:
    streams = [imagecodecs.jpeg8_encode(GREY + np.uint16(n), lossless=True) for n in range(3)]
    ds = jpeg_object(streams[0], GREY, JPEGLosslessSV1)
    ds.NumberOfFrames, ds.PixelData = 3, encapsulate(streams)
    frames = clean(to_file(ds, syntax=JPEGLosslessSV1), secret=SECRET).frames
    assert [int(frame.pixels[0, 0]) for frame in frames] == [0, 1, 2]


def test_damaged_streams_end_no_process() -> None:
    """GDCM aborted or crashed within seconds on such streams."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.pure.imaging.jpeg_files", "250"],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    assert "broken-pixels" in done.stdout
