"""Nothing of a name stays in compressed pixels, wherever it was put, and the picture stays the same."""

import struct
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom.pixels.encoders.native import _encode_segment

from cases.imaging.errors import Refused
from cases.imaging.streams import Declared, clean_jpeg, clean_jpeg2000, clean_rle

NAME = b"DOE^JANE 19500101"
ROWS, COLUMNS = 48, 64
SIZE = Declared(ROWS, COLUMNS, 1)


@pytest.fixture
def picture() -> np.ndarray:
    y, x = np.mgrid[:ROWS, :COLUMNS]
    noise = np.random.default_rng(7).integers(0, 20, (ROWS, COLUMNS))
    return (2 * x + y + noise).astype(np.uint8)


def jpeg(picture: np.ndarray, **options: object) -> bytes:
    out = BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def pixels(stream: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(stream)))


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


@pytest.mark.parametrize("marker", [0xFE, 0xE0, 0xE1, 0xE8, 0xED, 0xEE])
@pytest.mark.parametrize("progressive", [False, True])
def test_segments_with_a_name_go(picture: np.ndarray, marker: int, progressive: bool) -> None:
    stream = jpeg(picture, progressive=progressive)
    hidden = stream[:2] + segment(marker, NAME) + stream[2:]
    cleaned = clean_jpeg(hidden, SIZE)
    assert NAME not in cleaned
    assert np.array_equal(pixels(cleaned), pixels(stream))


def test_a_comment_between_two_scans_goes(picture: np.ndarray) -> None:
    stream = jpeg(picture, progressive=True)
    place = stream.rfind(b"\xff\xda")
    hidden = stream[:place] + segment(0xFE, NAME) + stream[place:]
    assert stream.count(b"\xff\xda") > 1
    cleaned = clean_jpeg(hidden, SIZE)
    assert NAME not in cleaned
    assert np.array_equal(pixels(cleaned), pixels(stream))


@pytest.mark.parametrize("behind", [NAME, NAME + b"\xff\xd9", b"\xff\xd9" + NAME + b"\xff\xd9"])
def test_nothing_stays_behind_the_end(picture: np.ndarray, behind: bytes) -> None:
    stream = jpeg(picture)
    assert clean_jpeg(stream + behind, SIZE) == clean_jpeg(stream, SIZE)
    lossless = imagecodecs.jpegls_encode(picture)
    cleaned = clean_jpeg(lossless + behind, SIZE)
    assert NAME not in cleaned
    assert np.array_equal(imagecodecs.jpegls_decode(cleaned), picture)
    code = imagecodecs.jpeg2k_encode(picture, level=0, codecformat="j2k")
    cleaned = clean_jpeg2000(code + behind, SIZE)
    assert NAME not in cleaned
    assert np.array_equal(imagecodecs.jpeg2k_decode(cleaned), picture)


def test_restart_markers_are_part_of_the_picture(picture: np.ndarray) -> None:
    stream = jpeg(picture, restart_marker_blocks=2)
    assert b"\xff\xd0" in stream
    assert np.array_equal(pixels(clean_jpeg(stream, SIZE)), pixels(stream))


def test_a_comment_in_the_header_of_a_tile_is_blanked(picture: np.ndarray) -> None:
    code = imagecodecs.jpeg2k_encode(picture, level=0, codecformat="j2k")
    place = code.find(b"\xff\x90")
    length = int.from_bytes(code[place + 6 : place + 10], "big")
    note = b"\xff\x64" + struct.pack(">HH", len(NAME) + 4, 1) + NAME
    longer = struct.pack(">I", length + len(note))
    hidden = code[: place + 6] + longer + code[place + 10 : place + 12] + note + code[place + 12 :]
    cleaned = clean_jpeg2000(hidden, SIZE)
    assert NAME not in cleaned
    assert np.array_equal(imagecodecs.jpeg2k_decode(cleaned), picture)


def test_a_frame_in_rle_ends_with_its_pixels(picture: np.ndarray) -> None:
    packed = bytes(_encode_segment(picture.tobytes(), COLUMNS))
    header = struct.pack("<16I", 1, 64, *[0] * 14)
    assert clean_rle(header + packed, SIZE) == header + packed
    assert clean_rle(header + packed + NAME, SIZE) == header + packed
    two = struct.pack("<16I", 2, 64, 64 + len(packed) + len(NAME), *[0] * 13)
    cleaned = clean_rle(two + packed + NAME + packed + NAME, SIZE)
    assert cleaned == struct.pack("<16I", 2, 64, 64 + len(packed), *[0] * 13) + packed + packed


@pytest.mark.parametrize("clean", [clean_jpeg, clean_jpeg2000, clean_rle])
@pytest.mark.parametrize("stream", [b"", b"\xff\xd8\xff", bytes(64), b"\xff\x4f\xff\x51\x00\x04", b"x" * 80])
def test_damage_is_refused(clean, stream: bytes) -> None:
    with pytest.raises(Refused):
        clean(stream, SIZE)
