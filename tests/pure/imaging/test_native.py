"""Pixels that need no decoder are read without one, and are what pydicom's decoder makes of them."""

from io import BytesIO

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from cases.imaging.decoders import stored_values
from cases.imaging.deidentify import deidentify
from cases.imaging.native import plain_values
from cases.imaging.reader import read_dicom
from tests.pure.imaging import build


def _read(pixels: np.ndarray, **attributes) -> pydicom.Dataset:
    return read_dicom(build.to_file(build.image(pixels, **attributes)))


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int16])
@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 7)])
def test_plain_pixels_are_what_pydicom_decodes(kind, shape):
    pixels = np.random.default_rng(3).integers(np.iinfo(kind).min, np.iinfo(kind).max, shape).astype(kind)
    signed = int(np.issubdtype(kind, np.signedinteger))
    more = {"NumberOfFrames": shape[0]} if len(shape) == 3 else {}
    ds = _read(pixels, PixelRepresentation=signed, **more)
    found = plain_values(ds)
    assert found is not None
    wanted = stored_values(ds)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(found, pixels)
    # It may be written into, as what decoders return: a black-out does.
    found[...] = 0
    np.testing.assert_array_equal(stored_values(ds), pixels)


def test_a_clean_object_that_came_in_another_syntax_is_plain():
    ds = read_dicom(build.to_file(build.image(), syntax=ImplicitVRLittleEndian))
    clean = deidentify(ds, secret=build.SECRET).dataset
    np.testing.assert_array_equal(plain_values(clean), stored_values(ds))


@pytest.mark.parametrize(
    "attributes",
    [
        {"PhotometricInterpretation": "PALETTE COLOR"},
        {"PhotometricInterpretation": "YBR_FULL"},
        {"BitsAllocated": 32, "Rows": 32},
        {"PixelRepresentation": 2},
        {"Rows": 63},
        {"NumberOfFrames": 0},
    ],
)
def test_everything_else_is_left_to_the_decoders(attributes):
    buffer = BytesIO(build.to_file(build.image(**attributes)))
    assert plain_values(pydicom.dcmread(buffer)) is None


def test_big_endian_is_left_to_the_decoders():
    ds = pydicom.dcmread(BytesIO(build.to_file(build.image())))
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    assert plain_values(ds) is None
