"""Whole slides: their stored form, and what is read of files that scanners write."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest

from cases.imaging import slide_store, slides
from cases.imaging.blackout import black_out
from cases.imaging.burned import TextBox
from cases.imaging.clean import clean, clean_slide
from cases.imaging.errors import Refused
from cases.imaging.slide_store import Pyramid
from tests.pure.imaging import slide_files
from tests.pure.imaging.slide_files import NAME, Page, tissue
from tests.pure.imaging.slide_reading import CLOSE, SECRET, Recorded, difference, level, read, refused, stored
from tests.support import shared

# --- the stored form --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(1, 1), (512, 512), (513, 40), (1500, 1301), (2100, 700)])
def test_every_level_is_the_one_below_at_half_the_size(width: int, height: int) -> None:
    pixels = tissue(width, height)
    data, written = stored(pixels)
    pyramid = slide_store.read_pyramid(BytesIO(data))
    assert pyramid == written.pyramid == Pyramid(width, height)
    assert max(pyramid.sizes[0]) <= pyramid.tile
    assert written.byte_count == len(data)
    expected = pixels
    for number in reversed(range(pyramid.levels)):
        assert difference(level(data, number), expected) < CLOSE
        expected = slide_store.halved(expected)


def test_each_pixel_is_read_once_and_no_piece_is_larger_than_a_tile() -> None:
    source = Recorded(tissue(1500, 1301))
    slide_store.write(source, BytesIO())
    seen = np.zeros((1301, 1500), int)
    for x, y, width, height in source.asked:
        assert max(width, height) <= slide_store.TILE
        seen[y : y + height, x : x + width] += 1
    assert (seen == 1).all()


def test_equal_pixels_give_equal_bytes_and_tiles_hold_nothing_but_pixels() -> None:
    one, first = stored(tissue(700, 600))
    two, second = stored(tissue(700, 600))
    assert one == two
    assert first.digest == second.digest
    tile = slide_store.read_tile(BytesIO(one), 0, 0, 0)
    assert tile.startswith(b"\xff\xd8\xff\xe0")
    assert not any(mark in tile for mark in (b"Exif", b"\xff\xfe", b"ICC_PROFILE"))


def test_empty_glass_is_stored_once() -> None:
    data, _ = stored(np.full((2048, 2048, 3), 245, np.uint8))
    assert len(data) < 30_000
    assert difference(level(data, 2), np.full((2048, 2048, 3), 245, np.uint8)) < 1


def test_the_overview_is_the_finest_level_that_fits() -> None:
    pixels = tissue(2300, 300)
    _, written = stored(pixels)
    assert written.overview_scale == 2
    assert written.overview.shape == (150, 1150, 3)
    assert np.array_equal(written.overview, slide_store.halved(pixels))


@pytest.mark.parametrize(
    ("number", "x", "y"), [(2, 0, 0), (-1, 0, 0), (1, 2, 0), (1, 0, 1), (0, -1, 0), (0, 1, 0)]
)
def test_tiles_that_are_not_there(number: int, x: int, y: int) -> None:
    data, _ = stored(tissue(600, 500))
    with pytest.raises(LookupError):
        slide_store.read_tile(BytesIO(data), number, x, y)


@pytest.mark.parametrize("data", [b"", b"short", b"no slide" * 30])
def test_other_files_are_no_stored_slides(data: bytes) -> None:
    with pytest.raises(ValueError, match="no stored slide"):
        slide_store.read_tile(BytesIO(data), 0, 0, 0)


def test_what_is_made_black_is_black_on_every_level() -> None:
    pixels = np.full((1400, 2300, 3), 200, np.uint8)
    data, _ = stored(pixels)
    target = BytesIO()
    again = slide_store.black_out(BytesIO(data), [(100, 200, 300, 50)], target)
    assert again.pyramid == slide_store.read_pyramid(BytesIO(data))
    assert again.digest != ""
    black = target.getvalue()
    for number, (width, _height) in enumerate(again.pyramid.sizes):
        scale = 1150 / width
        whole = level(black, number)
        left, top, right, bottom = (int(edge / scale) for edge in (104, 204, 396, 246))
        assert whole[top:bottom, left:right].max() < 40
        assert whole[: int(180 / scale)].min() > 150
    assert again.overview[205, 105].max() == 0


def test_black_out_keeps_the_scale_and_takes_boxes_of_the_desk() -> None:
    found, tiles = read(slide_files.dicom([np.full((900, 1200, 3), 200, np.uint8)], tile=(256, 256)))
    made = black_out(tiles, kind="slide", boxes={0: [(10, 20, 100, 50)]})
    assert made.kind == "slide"
    assert made.frames[0].pixel_spacing == found.frames[0].pixel_spacing
    assert made.frames[0].pixels[45, 60].max() == 0
    below = np.asarray(made.frames[0].pixels[200:], np.uint8)
    assert difference(below, np.full((700, 1200, 3), 200, np.uint8)) < 1
    assert level(made.clean_bytes, 0)[12, 15].max() < 30


def test_writing_on_glass_is_for_a_person_and_tissue_is_not() -> None:
    pixels = np.full((700, 900, 3), 240, np.uint8)
    random = np.random.default_rng(5)
    pixels[350:] = random.integers(90, 240, (350, 900, 3), dtype=np.uint8)
    cv2.putText(pixels, "DOE JANE 4711", (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (20, 20, 60), 3)
    found, _ = read(slide_files.dicom([pixels], tile=(256, 256)))
    assert found.suspicion == ("text",)
    assert all(box.y + box.height < 200 for box in found.boxes)
    boxes = (TextBox(1, 300, 450, 120, 40, 0.9), TextBox(1, 300, 200, 120, 40, 0.9))
    assert slides.writing_beside(found.frames[0], boxes) == boxes[1:]


# --- TIFF -------------------------------------------------------------------------------------------------


def test_a_scanner_s_file_is_told_by_content_and_leaves_only_pixels() -> None:
    pytest.importorskip("openslide")
    pixels = tissue(700, 400)
    data = slide_files.aperio(pixels)
    found, tiles = read(data)
    assert (found.modality, found.patient_key, found.series_description) == ("SM", "", "")
    assert found.slide is not None
    assert (found.slide.width, found.slide.height) == (700, 400)
    assert (found.slide.microns_x, found.slide.magnification) == (0.5, 20.0)
    assert found.frames[0].pixel_spacing == pytest.approx((0.0005, 0.0005))
    assert difference(level(tiles, 1), pixels) < CLOSE
    assert difference(np.asarray(found.frames[0].pixels, np.uint8), pixels) < CLOSE
    assert NAME.encode() in data
    assert NAME.encode() not in tiles
    # Of the label's colour, nothing is left anywhere.
    shown = level(tiles, 1).astype(int)
    assert np.abs(shown - (250, 10, 240)).sum(axis=2).min() > 60
    assert found.report["SlideLabel"] == found.report["SlideMacro"] == {"remove/metadata": 1}
    assert NAME not in repr((found.report, found.removed, found.slide))


def test_a_path_and_the_bytes_give_the_same(tmp_path: Path) -> None:
    pytest.importorskip("openslide")
    data = slide_files.aperio(tissue(200, 150))
    path = tmp_path / "no name of a slide"
    path.write_bytes(data)
    target = BytesIO()
    found = clean_slide(path, secret=SECRET, target=target)
    assert found is not None
    assert target.getvalue() == read(data)[1]


PLAIN = tissue(200, 150)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (slide_files.tiff([Page(PLAIN)]), slides.Likeness.NONE),
        (slide_files.tiff([Page(PLAIN, "Aperio in a note on strips")]), slides.Likeness.NONE),
        (slide_files.tiff([Page(PLAIN, tile=64)]), slides.Likeness.NONE),
        (slide_files.tiff([Page(PLAIN, tile=64), Page(PLAIN, tile=64)]), slides.Likeness.NONE),
        (
            slide_files.tiff([Page(PLAIN, tile=64), Page(PLAIN[::2, ::2], tile=64, reduced=1)]),
            slides.Likeness.PICTURE_TOO,
        ),
        (slide_files.tiff([Page(PLAIN, "Aperio Image", tile=64)]), slides.Likeness.TIFF),
        (slide_files.tiff([Page(PLAIN, "Aperio Image", tile=64)])[:5000], slides.Likeness.NONE),
        (b"II*\x00\xff\xff\xff\xff", slides.Likeness.NONE),
        (b"II*\x00", slides.Likeness.NONE),
        (b"\x89PNG\r\n\x1a\n", slides.Likeness.NONE),
        (b"", slides.Likeness.NONE),
    ],
)
def test_likeness(data: bytes, expected: slides.Likeness) -> None:
    assert slides.likeness(data) is expected


def test_without_the_library_the_sentence_says_who_can_add_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openslide", None)
    with pytest.raises(Refused, match="administrator") as caught:
        clean(slide_files.aperio(tissue(100, 80)), secret=SECRET)
    assert caught.value.code == "slide-reader-missing"
    # A TIFF that is a picture as well goes the way of pictures.
    both = slide_files.tiff([Page(PLAIN, tile=64), Page(PLAIN[::2, ::2], tile=64, reduced=1)])
    found = clean(both, secret=SECRET)
    assert (found.kind, len(found.frames)) == ("picture", 1)


def test_damaged_slides_are_refused() -> None:
    pytest.importorskip("openslide")
    data = bytearray(slide_files.tiff([Page(PLAIN, "Aperio Image", tile=64)]))
    at = data.index(bytes((68, 1, 4, 0)))  # the offsets of the tiles
    data[at + 4 : at + 8] = b"\x01\x00\x00\x00"
    assert refused(bytes(data)) in ("broken-slide", "unsupported-slide")


def test_pictures_beside_the_slide_are_not_even_decoded() -> None:
    pytest.importorskip("openslide")
    data = slide_files.aperio(tissue(200, 150))
    # A photometric interpretation that is none, in all pages but the first.
    entry = bytes((6, 1, 3, 0, 1, 0, 0, 0, 2, 0))
    first = data.index(entry) + len(entry)
    broken = data[:first] + data[first:].replace(entry, entry[:8] + b"\x02\x64")
    assert broken != data
    found, _ = read(broken)
    assert found.report["SlideMacro"] == {"remove/metadata": 1}


def test_limits() -> None:
    class Huge(Recorded):
        microns = None
        magnification = None

        @property
        def width(self) -> int:
            return 1 << 18

        height = width  # type: ignore[assignment]

    with pytest.raises(Refused) as caught:
        slides.store(Huge(PLAIN), BytesIO())
    assert caught.value.code == "too-large"


# --- files of scanners ------------------------------------------------------------------------------------


def test_the_reference_svs() -> None:
    pytest.importorskip("openslide")
    path = shared("data/09_wsi_small") / "CMU-1-Small-Region.svs"
    target = BytesIO()
    found = clean_slide(path, secret=SECRET, target=target)
    assert found is not None
    assert found.slide is not None
    assert (found.slide.width, found.slide.height, found.slide.magnification) == (2220, 2967, 20.0)
    assert found.slide.microns_x == pytest.approx(0.499)
    assert found.frames[0].pixels.shape == (1484, 1110, 3)
    assert found.suspicion == ()
    assert {"SlideLabel", "SlideMacro", "SlideProperties", "SlideThumbnail"} <= set(found.report)
    tiles = target.getvalue()
    assert not any(word in tiles for word in (b"CMU-1", b"Aperio", b"CPAPERIOCS", b"12/29/09"))
    import openslide

    with openslide.OpenSlide(path) as slide:
        expected = np.asarray(slide.read_region((512, 1024), 0, (512, 512)))[:, :, :3]
    pyramid = slide_store.read_pyramid(target)
    tile = slide_store.read_tile(target, pyramid.levels - 1, 1, 2)
    shown = cv2.imdecode(np.frombuffer(tile, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert difference(np.asarray(shown, np.uint8), np.asarray(expected, np.uint8)) < 3
