"""Pixels and geometry against hand-made truth."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_voi_lut
from pydicom.uid import ExplicitVRBigEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from cases.imaging.clean import clean
from cases.imaging.deidentify import deidentify
from cases.imaging.errors import Refused
from cases.imaging.frames import decode, pack, unpack
from cases.imaging.reader import read_dicom
from cases.imaging.render import preview

from .build import SECRET, image, item, sequence, to_file

PIXELS = (np.arange(64 * 48).reshape(64, 48) * 11 % 3000 - 1000).astype(np.int16)


def _decode(ds: pydicom.Dataset) -> list:
    return decode(read_dicom(to_file(ds)))


def _sample(name: str) -> bytes:
    return Path(str(get_testdata_file(name))).read_bytes()


def test_a_plain_slice() -> None:
    position, direction = [-10.5, 2.0, 33.25], [1, 0, 0, 0, 1, 0]
    ds = image(PIXELS, ImagePositionPatient=position, ImageOrientationPatient=direction)
    ds.PixelSpacing, ds.SliceThickness, ds.SliceLocation = [0.5, 0.25], 3, 33.25
    ds.WindowCenter, ds.WindowWidth = [40, 300], [400, 1500]
    (frame,) = _decode(ds)
    assert np.array_equal(frame.pixels, PIXELS)
    assert frame.pixels.dtype == np.int16
    assert (frame.slope, frame.intercept, frame.unit) == (2.0, -1000.0, "HU")
    assert (frame.window_center, frame.window_width, frame.invert) == (40.0, 400.0, False)
    assert frame.position == tuple(position)
    assert frame.orientation == (1, 0, 0, 0, 1, 0)
    assert frame.pixel_spacing == (0.5, 0.25)
    assert (frame.thickness, frame.slice_location, frame.instance_number) == (3.0, 33.25, 7)


def test_all_compressions_of_one_picture_give_one_array() -> None:
    # pydicom 3 compresses RLE, JPEG-LS and JPEG 2000 itself, so the truth stays our own array.
    for syntax in (RLELossless, JPEGLSLossless, JPEG2000Lossless):
        ds = image(PIXELS.astype(np.uint16) & 0x0FFF, BitsStored=12, HighBit=11, PixelRepresentation=0)
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        ds.compress(syntax, generate_instance_uid=False)
        cleaned = clean(to_file(ds, syntax=syntax), secret=SECRET)
        assert np.array_equal(cleaned.frames[0].pixels, PIXELS.astype(np.uint16) & 0x0FFF), syntax.name


def test_big_endian_becomes_little() -> None:
    data = _sample("MR_small_bigendian.dcm")
    cleaned = clean(data, secret=SECRET)
    assert read_dicom(data).file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    assert np.array_equal(
        cleaned.frames[0].pixels, clean(_sample("MR_small.dcm"), secret=SECRET).frames[0].pixels
    )


def test_monochrome1_and_missing_window() -> None:
    (frame,) = _decode(image(PIXELS, PhotometricInterpretation="MONOCHROME1"))
    assert frame.invert
    low, high = np.percentile(PIXELS, (1, 99)) * 2.0 - 1000
    assert frame.window_width == pytest.approx(high - low, rel=0.02)
    assert frame.window_center == pytest.approx((low + high) / 2, rel=0.02)


def test_padding_does_not_widen_the_automatic_window() -> None:
    padded = np.clip(PIXELS, 0, 500)
    padded[:20] = -2000
    (frame,) = _decode(image(padded, PixelPaddingValue=-2000, RescaleSlope=1, RescaleIntercept=0))
    assert frame.window_width <= 500


@pytest.mark.parametrize("width", [0, -5])
def test_impossible_windows_are_replaced(width: int) -> None:
    (frame,) = _decode(image(PIXELS, WindowCenter=40, WindowWidth=width))
    assert frame.window_width > 100


@pytest.mark.parametrize("spacing", [[0, -1], [0.5], [1e400, 1]])
def test_impossible_spacing_is_unknown(spacing: list[float]) -> None:
    ds = image(PIXELS)
    ds.add(pydicom.DataElement(0x00280030, "DS", [str(s) for s in spacing], validation_mode=0))
    assert _decode(ds)[0].pixel_spacing is None


def test_spacing_falls_back_on_the_detector_and_the_ultrasound_region() -> None:
    assert _decode(image(PIXELS, ImagerPixelSpacing=[0.1, 0.2]))[0].pixel_spacing == (0.1, 0.2)
    region = item(
        PhysicalUnitsXDirection=3, PhysicalUnitsYDirection=3, PhysicalDeltaX=0.01, PhysicalDeltaY=0.02
    )
    assert _decode(image(PIXELS, SequenceOfUltrasoundRegions=sequence(region)))[
        0
    ].pixel_spacing == pytest.approx((0.2, 0.1))


@pytest.mark.parametrize("dtype", [np.uint32, np.int32])
def test_wide_integers_keep_their_values(dtype: type) -> None:
    wide = (np.arange(64 * 48).reshape(64, 48) + 100_000).astype(dtype)
    (frame,) = _decode(image(wide, RescaleSlope=2, RescaleIntercept=10))
    assert frame.pixels.dtype == np.uint16
    assert np.array_equal(frame.pixels * frame.slope + frame.intercept, wide * 2.0 + 10)


@pytest.mark.parametrize(
    ("keyword", "dtype"), [("FloatPixelData", np.float32), ("DoubleFloatPixelData", np.float64)]
)
def test_floats_keep_their_values_within_a_step(keyword: str, dtype: type) -> None:
    values = np.linspace(-1.5, 2.5, 64 * 48).reshape(64, 48).astype(dtype)
    values[0, 0] = np.nan
    ds = image(
        PIXELS, PixelData=None, RescaleSlope=None, RescaleIntercept=None, BitsStored=None, HighBit=None
    )
    ds.BitsAllocated = values.dtype.itemsize * 8
    del ds.PixelRepresentation
    setattr(ds, keyword, values.tobytes())
    for frame in (_decode(ds)[0], clean(to_file(ds), secret=SECRET).frames[0]):
        back = frame.pixels * frame.slope + frame.intercept
        assert np.nanmax(np.abs(back - values)) <= 4 / 65535
        assert frame.window_width == pytest.approx(4 * 0.98, rel=0.02)


def test_enhanced_objects_describe_each_frame() -> None:
    stack = np.stack([PIXELS, PIXELS + 1, PIXELS + 2])
    ds = image(stack, NumberOfFrames=3, RescaleSlope=None, RescaleIntercept=None)
    ds.SharedFunctionalGroupsSequence = sequence(
        item(
            PixelMeasuresSequence=sequence(item(PixelSpacing=[0.7, 0.8], SliceThickness=2)),
            PlaneOrientationSequence=sequence(item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])),
        )
    )
    ds.PerFrameFunctionalGroupsSequence = sequence(
        *(
            item(
                PlanePositionSequence=sequence(item(ImagePositionPatient=[0, 0, 5 * n])),
                PixelValueTransformationSequence=sequence(item(RescaleSlope=n + 1, RescaleIntercept=n)),
                FrameVOILUTSequence=sequence(item(WindowCenter=10 * n, WindowWidth=100)),
            )
            for n in range(3)
        )
    )
    frames = clean(to_file(ds), secret=SECRET).frames
    assert [f.position for f in frames] == [(0, 0, 0), (0, 0, 5), (0, 0, 10)]
    assert [(f.slope, f.intercept, f.window_center) for f in frames] == [(1, 0, 0), (2, 1, 10), (3, 2, 20)]
    assert all(f.pixel_spacing == (0.7, 0.8) and f.thickness == 2 and f.orientation for f in frames)
    assert np.array_equal(frames[2].pixels, PIXELS + 2)
    assert [f.frame_number for f in frames] == [1, 2, 3]


def test_modality_table_is_applied_and_voi_table_becomes_a_window() -> None:
    small = (np.arange(64).reshape(8, 8) % 4).astype(np.uint16)
    ds = image(small, RescaleSlope=None, RescaleIntercept=None)
    table = item(
        LUTDescriptor=[4, 0, 16], ModalityLUTType="OD", LUTData=np.array([0, 10, 200, 3000], "<u2").tobytes()
    )
    ds.ModalityLUTSequence = sequence(table)
    ds.VOILUTSequence = sequence(
        item(
            LUTDescriptor=[1000, 100, 8],
            LUTData=np.clip(np.arange(1000) - 300, 0, 255).astype("<u2").tobytes(),
        )
    )
    (frame,) = clean(to_file(ds), secret=SECRET).frames
    assert np.array_equal(frame.pixels, np.array([0, 10, 200, 3000])[small])
    assert frame.unit == "OD"
    assert frame.window_center == pytest.approx(100 + 300 + 127, abs=3)
    assert frame.window_width == pytest.approx(245, abs=5)


def test_palette_becomes_rgb() -> None:
    (frame,) = clean(_sample("examples_palette.dcm"), secret=SECRET).frames
    ds = pydicom.dcmread(str(get_testdata_file("examples_palette.dcm")))
    truth = pydicom.pixels.apply_color_lut(ds.pixel_array, ds)
    assert np.array_equal(frame.pixels, truth >> (8 * (truth.dtype.itemsize - 1)))


def test_colour_cine() -> None:
    cleaned = clean(_sample("examples_ybr_color.dcm"), secret=SECRET)
    assert cleaned.modality == "US"
    assert len(cleaned.frames) == 30
    assert all(f.pixels.shape == (240, 320, 3) and f.pixels.dtype == np.uint8 for f in cleaned.frames)


def test_twelve_bit_jpeg() -> None:
    (frame,) = clean(_sample("JPEG-lossy.dcm"), secret=SECRET).frames
    assert frame.pixels.shape == (1024, 256)
    assert frame.pixels.max() > 255


def test_a_code_stream_larger_than_its_header_is_refused() -> None:
    ds = read_dicom(_sample("JPEG2000.dcm"))
    stream = bytearray(ds.PixelData)
    place = stream.index(b"\xff\x51") + 6
    stream[place : place + 8] = b"\x00\x00\xff\xff" * 2
    ds.PixelData = bytes(stream)
    with pytest.raises(Refused, match="larger than its header"):
        deidentify(ds, secret=SECRET)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", ">i2"])
def test_pack_and_back(dtype: str) -> None:
    values = (np.arange(60).reshape(3, 4, 5) * 7 % 100).astype(dtype)
    packed = pack(values)
    assert packed == pack(values.copy())
    assert np.array_equal(unpack(packed, values.dtype.name, (3, 4, 5)), values)
    with pytest.raises(ValueError):
        unpack(packed, values.dtype.name, (3, 4, 6))


@pytest.mark.parametrize(
    ("stated", "function"),
    [
        ("SIGMOID", "SIGMOID"), ("LINEAR_EXACT", "LINEAR_EXACT"), ("LINEAR", "LINEAR"),
        ("SIGMOID ", "SIGMOID"), ("CUBIC", "LINEAR"), ("", "LINEAR"),
    ],
)  # fmt: skip
def test_the_function_of_a_window_is_told(stated: str, function: str) -> None:
    ds = image(PIXELS, WindowCenter=40, WindowWidth=100)
    ds.add(pydicom.DataElement(0x00281056, "CS", stated, validation_mode=0))
    (frame,) = clean(to_file(ds), secret=SECRET).frames
    assert (frame.window_center, frame.window_width, frame.voi_function) == (40, 100, function)


def test_a_window_that_is_not_of_the_header_maps_linearly() -> None:
    (frame,) = _decode(image(PIXELS, VOILUTFunction="SIGMOID"))
    assert frame.voi_function == "LINEAR"


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_previews_are_mapped_as_pydicom_maps(function: str) -> None:
    ds = image(PIXELS, WindowCenter=40, WindowWidth=900, VOILUTFunction=function)
    (frame,) = _decode(ds)
    lowest, highest = -32768 * 2 - 1000, 32767 * 2 - 1000
    truth = apply_voi_lut(PIXELS * 2 - 1000, ds)
    shown = cv2.imdecode(np.frombuffer(preview(frame), np.uint8), cv2.IMREAD_UNCHANGED).astype(float)
    # A JPEG keeps noise of all levels within a few of them; the functions lie up to 30 apart.
    away = np.abs(shown - (truth - lowest) / (highest - lowest) * 255)
    assert away.mean() < 3, away.mean()


def test_each_slice_of_a_pet_series_has_its_own_scale() -> None:
    truth = np.linspace(0, 30000, PIXELS.size).reshape(PIXELS.shape)
    for top in (100.0, 25000.0):
        slope = top / 32767
        stored = np.rint(truth / truth.max() * 32767).astype(np.int16)
        (frame,) = _decode(image(stored, Modality="PT", Units="BQML", RescaleSlope=slope, RescaleIntercept=0))
        assert frame.pixels.max() * frame.slope + frame.intercept == pytest.approx(top)


def test_pet_units() -> None:
    (frame,) = _decode(image(PIXELS, Modality="PT", Units="BQML", RescaleSlope=0.37))
    assert (frame.unit, frame.slope) == ("Bq/ml", 0.37)


def test_frames_in_several_fragments_are_joined() -> None:
    data = _sample("examples_ybr_color.dcm")
    ds = read_dicom(data)
    streams = list(pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=30))
    ds.PixelData = pydicom.encaps.encapsulate(streams, fragments_per_frame=3, has_bot=True)
    result = deidentify(ds, secret=SECRET).dataset
    assert len(list(pydicom.encaps.generate_fragments(result.PixelData))) == 31
    for one, other in zip(decode(result), clean(data, secret=SECRET).frames, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
    ds.NumberOfFrames = 29
    with pytest.raises(Refused):
        clean(to_file_of(ds), secret=SECRET)


def to_file_of(ds: pydicom.Dataset) -> bytes:
    """Write an object that was read, in its own syntax."""
    return to_file(ds, syntax=ds.file_meta.TransferSyntaxUID)


def test_a_panic_of_the_rle_decoder_is_a_refusal() -> None:
    ds = read_dicom(_sample("MR_small_RLE.dcm"))
    # Runs of 128 zeros: 33 of them are more than the 4096 bytes of a plane.
    plane = b"\x81\x00" * 33
    header = struct.pack("<16I", 2, 64, 64 + len(plane), *[0] * 13)
    ds.PixelData = pydicom.encaps.encapsulate([header + plane + plane])
    with pytest.raises(Refused) as refused:
        decode(ds)
    assert refused.value.code == "broken-pixels"
    # Cleaning leaves out the runs that make no pixel, so nothing is left to panic about.
    assert not clean(to_file_of(ds), secret=SECRET).frames[0].pixels.any()


def test_a_sentence_in_place_of_a_unit_is_cut() -> None:
    """Columns of databases end somewhere: on PostgreSQL a longer one refused all files beside it."""
    ds = read_dicom(_sample("MR_small.dcm"))
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "normalized signal intensity"
    assert [frame.unit for frame in decode(ds)] == ["normalized signa"]
