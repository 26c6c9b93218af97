"""Ordinary pictures: decoded completely, turned upright, stripped."""

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from cases.imaging.clean import clean
from cases.imaging.errors import Refused
from cases.imaging.pictures import PictureLimits, read_picture

from .build import PLANTED, SECRET

GREY = (np.arange(40 * 30).reshape(40, 30) % 251).astype(np.uint8)
COLOUR = np.dstack([GREY, GREY[::-1], 255 - GREY])


def _file(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def _code(data: bytes, **limits: int) -> str:
    with pytest.raises(Refused) as refused:
        read_picture(data, limits=PictureLimits(**limits))
    return refused.value.code


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("TIFF", {}), ("BMP", {}), ("WEBP", {"lossless": True})]
)
def test_lossless_kinds_keep_every_pixel(kind: str, options: dict[str, object]) -> None:
    cleaned = clean(_file(COLOUR, kind, **options), secret=SECRET)
    assert np.array_equal(cleaned.frames[0].pixels, COLOUR)
    assert np.array_equal(np.asarray(Image.open(BytesIO(cleaned.clean_bytes))), COLOUR)
    assert (cleaned.kind, cleaned.modality, cleaned.patient_key) == ("picture", "OT", "")
    assert cleaned.clean_bytes.startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_not_clipped(kind: str) -> None:
    deep = (np.arange(1200).reshape(40, 30) * 50).astype(np.uint16)
    cleaned = clean(_file(deep, kind), secret=SECRET)
    assert cleaned.frames[0].pixels.dtype == np.uint16
    assert np.array_equal(cleaned.frames[0].pixels, deep)
    assert cleaned.frames[0].window_width > 50_000
    assert np.array_equal(np.asarray(Image.open(BytesIO(cleaned.clean_bytes))).astype(np.uint16), deep)


def test_float_tiff_keeps_values_within_a_step() -> None:
    values = np.linspace(-3, 5, 1200).reshape(40, 30).astype(np.float32)
    (frame,) = clean(_file(values, "TIFF"), secret=SECRET).frames
    assert np.abs(frame.pixels * frame.slope + frame.intercept - values).max() <= 8 / 65535


def test_pages_become_frames() -> None:
    buffer = BytesIO()
    first, *rest = [Image.fromarray(GREY + np.uint8(n)) for n in range(4)]
    first.save(buffer, "TIFF", save_all=True, append_images=rest)
    cleaned = clean(buffer.getvalue(), secret=SECRET)
    assert [int(f.pixels[0, 0]) for f in cleaned.frames] == [0, 1, 2, 3]
    assert [f.frame_number for f in cleaned.frames] == [1, 2, 3, 4]
    again = clean(cleaned.clean_bytes, secret=SECRET)
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(again.frames, cleaned.frames, strict=True))
    assert _code(buffer.getvalue(), pages=3) == "too-large"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied_once(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    truth = {
        1: COLOUR, 2: COLOUR[:, ::-1], 3: COLOUR[::-1, ::-1], 4: COLOUR[::-1], 5: COLOUR.transpose(1, 0, 2),
        6: np.rot90(COLOUR, -1), 7: COLOUR[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(COLOUR),
    }[orientation]  # fmt: skip
    (frame,) = clean(_file(COLOUR, "PNG", exif=exif), secret=SECRET).frames
    assert np.array_equal(frame.pixels, truth)


def test_metadata_is_gone() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", PLANTED)
    exif = Image.Exif()
    exif[0x010E] = PLANTED
    data = _file(COLOUR, "PNG", pnginfo=text, exif=exif, icc_profile=PLANTED.encode()) + PLANTED.encode()
    assert data.count(PLANTED.encode()) >= 3
    assert PLANTED.encode() not in clean(data, secret=SECRET).clean_bytes
    jpeg = _file(COLOUR, "JPEG", comment=PLANTED.encode(), exif=exif)
    assert PLANTED.encode() not in clean(jpeg, secret=SECRET).clean_bytes


def test_modes_of_all_kinds() -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "F"):
        buffer = BytesIO()
        Image.fromarray(COLOUR).convert(mode).save(buffer, "TIFF" if mode in ("CMYK", "F", "I") else "PNG")
        (page,) = read_picture(buffer.getvalue())
        assert page.shape == ((40, 30, 3) if mode in ("P", "RGB", "RGBA", "CMYK") else (40, 30)), mode


def test_limits() -> None:
    data = _file(COLOUR, "PNG")
    assert _code(data, side=39) == "too-large"
    assert _code(data, pixels=1199) == "too-large"
    assert _code(data, file_bytes=10) == "too-large"


def test_cut_pictures_are_refused() -> None:
    for kind in ("PNG", "JPEG", "TIFF", "BMP", "WEBP"):
        data = _file(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8), kind)
        for part in (0.2, 0.5, 0.9):
            assert _code(data[: int(len(data) * part)]) in {"broken-picture", "not-an-image"}, (kind, part)


def test_a_loop_of_tiff_pages_is_refused() -> None:
    data = bytearray(_file(GREY, "TIFF"))
    (place,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, place)
    struct.pack_into("<I", data, place + 2 + 12 * entries, place)
    assert _code(bytes(data)) == "broken-picture"


@pytest.mark.parametrize("data", [b"<svg/>", b"GIF89a" + b"\0" * 50, b"%PDF-1.7", b"%!PS-Adobe", b"x" * 500])
def test_other_kinds(data: bytes) -> None:
    assert _code(data) == "not-an-image"


def test_digest_and_uids_follow_the_pixels() -> None:
    one, same, other = (
        clean(_file(p, k), secret=SECRET) for p, k in ((GREY, "PNG"), (GREY, "BMP"), (GREY.T, "PNG"))
    )
    assert (one.digest, one.sop_uid) == (same.digest, same.sop_uid)
    assert one.digest != other.digest
    assert len({one.sop_uid, one.series_uid, one.study_uid}) == 3


def test_big_endian_sixteen_bits_and_tiles() -> None:
    deep = (np.arange(32 * 48).reshape(32, 48) * 40).astype(np.uint16)
    for order in ("<", ">"):
        for tiled in (False, True):
            cleaned = clean(_tiff(deep, order, tiled=tiled), secret=SECRET)
            assert np.array_equal(cleaned.frames[0].pixels, deep), (order, tiled)


def _tiff(values: np.ndarray, order: str, *, tiled: bool) -> bytes:
    """One grey page of 16 bits, in one strip or in tiles of 16 x 16; sides are multiples of 16."""
    rows, columns = values.shape
    parts = [values]
    if tiled:
        parts = [values[y : y + 16, x : x + 16] for y in range(0, rows, 16) for x in range(0, columns, 16)]
    data = [np.ascontiguousarray(part).astype(f"{order}u2").tobytes() for part in parts]
    body = b"".join(data)
    places = [8 + sum(map(len, data[:n])) for n in range(len(data))]
    lists = struct.pack(f"{order}{len(data)}I", *places) + struct.pack(
        f"{order}{len(data)}I", *map(len, data)
    )
    after = 8 + len(body)
    many = len(data) > 1
    where = (after, after + 4 * len(data)) if many else (places[0], len(data[0]))
    tags = [(256, columns), (257, rows), (258, 16), (259, 1), (262, 1), (277, 1), (278, rows)]
    tags += (
        [(322, 16), (323, 16), (324, where[0]), (325, where[1])]
        if tiled
        else [(273, where[0]), (279, where[1])]
    )
    lengths = {324: len(data), 325: len(data)}
    entries = b"".join(
        struct.pack(f"{order}HHII", tag, 4, lengths.get(tag, 1), value) for tag, value in sorted(tags)
    )
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, after + len(lists))
    return head + body + lists + struct.pack(f"{order}H", len(tags)) + entries + b"\0" * 4


def test_a_thumbnail_is_no_page() -> None:
    buffer = BytesIO()
    small = Image.fromarray(GREY[::4, ::4])
    small.encoderinfo = {"tiffinfo": {254: 1}}
    Image.fromarray(GREY).save(buffer, "TIFF", save_all=True, append_images=[small])
    assert [page.shape for page in read_picture(buffer.getvalue())] == [(40, 30)]


def test_a_damaged_exif_does_not_cost_the_picture() -> None:
    data = _file(GREY, "JPEG", quality=95)
    broken = b"Exif\0\0MM\0*\0\0\0\x08\0\x05" + b"\x01\x12\0\x03\xff\xff\xff\xff\0\x06" * 3
    marker = b"\xff\xe1" + struct.pack(">H", len(broken) + 2) + broken
    (page,) = read_picture(data[:2] + marker + data[2:])
    assert page.shape == (40, 30)


def test_cmyk_photographs_keep_their_colours() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 220
    buffer = BytesIO()
    Image.fromarray(red).convert("CMYK").save(buffer, "JPEG", quality=95)
    (page,) = read_picture(buffer.getvalue())
    assert np.abs(page.astype(int) - red).max() < 12


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"\0\0\0\x18ftypheic" + b"\0" * 40, "HEIC"), (b"%PDF-1.7", "PDF"), (b"GIF89a" + b"\0" * 50, "GIF")],
)
def test_kinds_that_people_mean_well_with_are_named(data: bytes, word: str) -> None:
    with pytest.raises(Refused, match=word):
        read_picture(data)
