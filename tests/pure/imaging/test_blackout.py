"""Black-outs: gone from the object and its frames, whatever the pixels are like."""

from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels import compress
from pydicom.uid import JPEG2000Lossless, RLELossless

from cases.imaging.blackout import black_out
from cases.imaging.clean import clean
from cases.imaging.grids import Grid
from cases.imaging.volumes import write_volume
from tests.pure.imaging import build

SECRET = b"a secret of sixteen bytes"
BOX = (4, 6, 10, 5)
INSIDE = (slice(6, 11), slice(4, 14))


def grey(dtype: type = np.int16, **fields: object) -> bytes:
    values = np.random.default_rng(3).integers(20, 100, (32, 40)).astype(dtype)
    return clean(build.to_file(build.image(values, **fields)), secret=SECRET).clean_bytes


def outside(values: np.ndarray) -> np.ndarray:
    kept = np.ones(values.shape[:2], bool)
    kept[INSIDE] = False
    return values[kept]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_grey_goes_black_and_the_rest_stays(dtype: type) -> None:
    stored = grey(dtype)
    before = pydicom.dcmread(BytesIO(stored)).pixel_array
    found = black_out(stored, kind="dicom", boxes={1: [BOX]})
    after = pydicom.dcmread(BytesIO(found.clean_bytes)).pixel_array
    assert np.all(after[INSIDE] == before.min())
    np.testing.assert_array_equal(outside(after), outside(before))
    np.testing.assert_array_equal(found.frames[0].pixels, after)


def test_monochrome1_gets_its_highest_value() -> None:
    stored = grey(np.uint16, PhotometricInterpretation="MONOCHROME1")
    before = pydicom.dcmread(BytesIO(stored)).pixel_array
    found = black_out(stored, kind="dicom", boxes={0: [BOX]})
    assert np.all(found.frames[0].pixels[INSIDE] == before.max())
    assert found.frames[0].invert


def test_the_header_says_that_the_pixels_are_clean() -> None:
    for boxes in ({}, {1: [BOX]}):
        ds = pydicom.dcmread(BytesIO(black_out(grey(), kind="dicom", boxes=boxes).clean_bytes))
        assert ds.BurnedInAnnotation == "NO"
        assert "113101" in {item.CodeValue for item in ds.DeidentificationMethodCodeSequence}


def test_without_boxes_pixels_stay_bit_for_bit() -> None:
    stored = grey()
    found = black_out(stored, kind="dicom", boxes={})
    assert pydicom.dcmread(BytesIO(found.clean_bytes)).PixelData == pydicom.dcmread(BytesIO(stored)).PixelData


def test_only_the_frame_named_and_equal_bytes_every_time() -> None:
    values = np.random.default_rng(4).integers(20, 100, (3, 32, 40)).astype(np.uint8)
    stored = clean(build.to_file(build.image(values, NumberOfFrames=3)), secret=SECRET).clean_bytes
    found = black_out(stored, kind="dicom", boxes={2: [BOX]})
    np.testing.assert_array_equal(found.frames[0].pixels, values[0])
    assert np.all(found.frames[1].pixels[INSIDE] == values.min())
    np.testing.assert_array_equal(found.frames[2].pixels, values[2])
    assert black_out(stored, kind="dicom", boxes={2: [BOX]}).digest == found.digest


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, RLELossless])
def test_compressed_objects_stay_short_and_exact(syntax: str) -> None:
    values = np.tile(np.arange(40, dtype=np.uint16) // 8, (64, 1)) + 7
    ds = pydicom.dcmread(BytesIO(build.to_file(build.image(values))))
    compress(ds, syntax, generate_instance_uid=False)
    packed = BytesIO()
    ds.save_as(packed)
    stored = clean(packed.getvalue(), secret=SECRET).clean_bytes
    found = black_out(stored, kind="dicom", boxes={1: [BOX]})
    after = pydicom.dcmread(BytesIO(found.clean_bytes))
    assert after.file_meta.TransferSyntaxUID.is_compressed
    assert np.all(after.pixel_array[INSIDE] == 7)
    np.testing.assert_array_equal(outside(after.pixel_array), outside(values))


def test_palettes_become_rgb() -> None:
    values = np.random.default_rng(5).integers(1, 4, (32, 40)).astype(np.uint8)
    ds = build.image(values, PhotometricInterpretation="PALETTE COLOR")
    for name in ("Red", "Green", "Blue"):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        table = (np.arange(256) * 257 // (1 + len(name) % 3)).astype("<u2")
        setattr(ds, f"{name}PaletteColorLookupTableData", table.tobytes())
    stored = clean(build.to_file(ds), secret=SECRET)
    found = black_out(stored.clean_bytes, kind="dicom", boxes={1: [BOX]})
    after = pydicom.dcmread(BytesIO(found.clean_bytes))
    assert after.PhotometricInterpretation == "RGB"
    assert not [element for element in after if "Palette" in element.keyword]
    assert np.all(found.frames[0].pixels[INSIDE] == 0)
    np.testing.assert_array_equal(outside(found.frames[0].pixels), outside(stored.frames[0].pixels))


def test_pictures_of_every_kind() -> None:
    for values in (
        np.random.default_rng(6).integers(20, 200, (32, 40, 3)).astype(np.uint8),
        np.random.default_rng(6).integers(2000, 20000, (32, 40)).astype(np.uint16),
    ):
        packed = BytesIO()
        Image.fromarray(values).save(packed, "PNG")
        stored = clean(packed.getvalue(), secret=SECRET)
        found = black_out(stored.clean_bytes, kind="picture", boxes={1: [BOX]})
        pixels = np.asarray(Image.open(BytesIO(found.clean_bytes)))
        assert np.all(pixels[INSIDE] == (0 if values.ndim == 3 else values.min()))
        np.testing.assert_array_equal(outside(pixels), outside(values))


def test_volumes_lose_the_slices_that_are_named() -> None:
    values = np.random.default_rng(8).integers(20, 100, (3, 32, 40)).astype(np.int16)
    stored = write_volume(Grid(values, axes=np.eye(3), origin=np.zeros(3), spacing=(1.0, 1.0, 1.0)))
    before = black_out(stored, kind="volume", boxes={})
    found = black_out(stored, kind="volume", boxes={2: [BOX]})
    again = black_out(found.clean_bytes, kind="volume", boxes={})
    old, new = ([frame.pixels for frame in one.frames] for one in (before, again))
    assert np.all(new[1][INSIDE] == values.min())
    np.testing.assert_array_equal(new[0], old[0])
    np.testing.assert_array_equal(new[2], old[2])
    np.testing.assert_array_equal(outside(new[1]), outside(old[1]))


def test_boxes_are_cut_to_the_picture_and_must_have_an_area() -> None:
    stored = grey()
    found = black_out(stored, kind="dicom", boxes={1: [(-5, -5, 1000, 1000)]})
    assert len(np.unique(found.frames[0].pixels)) == 1
    with pytest.raises(ValueError, match="at least one pixel"):
        black_out(stored, kind="dicom", boxes={1: [(0, 0, 0, 4)]})
    with pytest.raises(ValueError, match="sculpture"):
        black_out(b"", kind="sculpture", boxes={})
