"""Kinds by content, and headers that lie."""

import contextlib
import struct
from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from cases.imaging import decoders, pictures, reader
from cases.imaging.clean import clean
from cases.imaging.deidentify import deidentify
from cases.imaging.errors import Refused
from cases.imaging.reader import Kind, ReadLimits, handled, read_dicom, sniff

from .build import SECRET, image, item, raw_element, sequence, to_file


def _sample(name: str) -> bytes:
    path = get_testdata_file(name)
    assert path is not None
    with open(path, "rb") as stream:
        return stream.read()


def _code(data: bytes, limits: ReadLimits | None = None) -> str:
    with pytest.raises(Refused) as refused:
        read_dicom(data, limits=limits) if limits else read_dicom(data)
    assert refused.value.sentence.endswith(".")
    return refused.value.code


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", Kind.PNG),
        (b"\xff\xd8\xff\xe0", Kind.JPEG),
        (b"II*\x00", Kind.TIFF),
        (b"MM\x00*", Kind.TIFF),
        (b"MM\x00+", Kind.TIFF),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", Kind.WEBP),
        (b"RIFF\x00\x00\x00\x00WAVE", Kind.UNKNOWN),
        (b"BM" + b"\0" * 12 + struct.pack("<I", 40), Kind.BMP),
        (b"BMW is a make of cars", Kind.UNKNOWN),
        (b"PK\x03\x04", Kind.ZIP),
        (b"PK\x05\x06", Kind.ZIP),
        (b"\x1f\x8b\x08", Kind.GZIP),
        (b"x" * 257 + b"ustar\x00", Kind.TAR),
        (b"\0" * 128 + b"DICM", Kind.DICOM),
        (b"<svg onload=alert(1)>", Kind.UNKNOWN),
        (b"GIF89a", Kind.UNKNOWN),
        (b"", Kind.UNKNOWN),
        (b"\x08\x00", Kind.UNKNOWN),
    ],
)
def test_kind_by_content(head: bytes, kind: Kind) -> None:
    assert sniff(head) is kind


def test_directories_and_headerless_objects_are_known() -> None:
    assert sniff(_sample("DICOMDIR")) is Kind.DICOMDIR
    data = to_file(image())
    body = data[data.index(b"\x08\x00\x16\x00UI") :]
    assert sniff(body) is Kind.DICOM
    ds = read_dicom(body)
    assert ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    implicit = to_file(image(), syntax=ImplicitVRLittleEndian)
    body = implicit[implicit.index(b"\x08\x00\x16\x00\x1a\x00\x00\x00") :]
    assert sniff(body) is Kind.DICOM
    assert read_dicom(body).file_meta.TransferSyntaxUID == ImplicitVRLittleEndian


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Rows": 0}, "bad-header"),
        ({"Rows": 65535}, "too-large"),
        ({"NumberOfFrames": 2**31 - 1}, "too-large"),
        ({"NumberOfFrames": -1}, "bad-header"),
        ({"NumberOfFrames": 2}, "truncated"),
        ({"SamplesPerPixel": 0}, "bad-header"),
        ({"SamplesPerPixel": 3}, "truncated"),
        ({"BitsAllocated": 64}, "bad-depth"),
        ({"BitsStored": 17}, "bad-header"),
        ({"PixelData": None}, "no-pixels"),
        ({"SOPInstanceUID": "1." + "2" * 70}, "bad-uid"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.11"}, "sr-document"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2"}, "radiotherapy"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.3"}, "radiotherapy"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"}, "segmentation"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.9.1.1"}, "waveform"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, "document"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.11.1"}, "presentation-state"),
    ],
)
def test_headers_that_lie(changes: dict[str, object], code: str) -> None:
    with handled():  # pydicom warns of the identifier that is too long
        data = to_file(image(**changes))
    assert _code(data) == code


def test_limits_are_checked_before_decoding() -> None:
    data = to_file(image())
    assert _code(data, ReadLimits(file_bytes=100)) == "too-large"
    assert _code(data, ReadLimits(side=63)) == "too-large"
    assert _code(data, ReadLimits(pixel_bytes=6143)) == "too-large"
    read_dicom(data, limits=ReadLimits(side=64, pixel_bytes=6144, frames=1))


def test_files_cut_anywhere_are_refused_or_whole() -> None:
    data = to_file(image(AnatomicRegionSequence=sequence(item(CodeMeaning="Chest"))))
    for end in range(0, len(data) - 1, 61):
        assert _code(data[:end]) in {"truncated", "no-pixels", "broken", "no-uid", "bad-header"}


def test_a_declared_length_is_not_believed() -> None:
    data = to_file(image())
    place = data.rindex(b"\xe0\x7f\x10\x00OW\x00\x00") + 8
    assert _code(data[:place] + struct.pack("<I", 0xFFFFFFF0) + data[place + 4 :]) == "truncated"


@pytest.mark.parametrize("defined", [True, False])
def test_deep_nesting_is_refused_without_a_crash(defined: bool) -> None:
    inner = b""
    for _ in range(3000):
        if defined:
            element = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(inner)) + inner
            inner = raw_element(0x00082218, "SQ", element)
        else:
            inner += b"\x08\x00\x18\x22SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    data = to_file(image())
    place = data.index(b"\x10\x00\x10\x00PN")
    assert _code(data[:place] + inner + data[place:]) == "too-deep"


def test_unknown_syntax_is_named_when_it_is_one_of_dicom() -> None:
    data = to_file(image()).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0")
    with pytest.raises(Refused, match=r"1\.2\.840\.10008\.1\.2\.9") as refused:
        read_dicom(data)
    assert refused.value.code == "unknown-syntax"


@pytest.mark.parametrize(
    ("name", "code"),
    [("rtplan.dcm", "radiotherapy"), ("test-SR.dcm", "sr-document"), ("waveform_ecg.dcm", "waveform"),
     ("DICOMDIR", "dicomdir"), ("MR_truncated.dcm", "truncated"), ("rtdose.dcm", "radiotherapy")],
)  # fmt: skip
def test_real_files_that_are_no_pictures(name: str, code: str) -> None:
    assert _code(_sample(name)) == code


def test_noise_is_refused() -> None:
    random = np.random.default_rng(7)
    data = to_file(image())
    for _ in range(60):
        noisy = bytearray(data)
        for place in random.integers(0, len(data) - 6200, 12):
            noisy[place] = random.integers(256)
        try:
            read_dicom(bytes(noisy))
        except Refused as refused:
            assert len(refused.sentence) > 20  # noqa: PT017  either answer is right, a crash is not


class SoftTimeLimitExceeded(Exception):
    """Named as the worker's; the package under test may not import that."""


@pytest.mark.parametrize(
    ("place", "name", "picture"),
    [
        (pydicom, "dcmread", False),
        (reader, "_checked", False),
        (decoders, "pixel_array", False),
        (pictures, "_pages", True),
    ],
)
def test_the_end_of_the_time_is_no_damage(
    monkeypatch: pytest.MonkeyPatch, place: object, name: str, picture: bool
) -> None:
    buffer = BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(buffer, "PNG")
    # 32 bits need a decoder; fewer are read as they lie there.
    data = buffer.getvalue() if picture else to_file(image(np.zeros((4, 4), np.int32)))

    def late(*_arguments: object, **_options: object) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(place, name, late)
    with pytest.raises(SoftTimeLimitExceeded):
        clean(data, secret=SECRET)


@pytest.mark.parametrize("tag", [0x00100010, 0x00181030], ids=["who the patient is", "what is kept"])
def test_the_end_of_the_time_is_no_unreadable_value(monkeypatch: pytest.MonkeyPatch, tag: int) -> None:
    # Plain ASCII would be read without pydicom's conversion.
    named = image(SpecificCharacterSet="ISO_IR 192", PatientName="Müller^Jörg", ProtocolName="Schädel")
    ds = read_dicom(to_file(named))
    usual = pydicom.Dataset.__getitem__

    def late(self: pydicom.Dataset, key: int) -> object:
        if key == tag:
            raise SoftTimeLimitExceeded
        return usual(self, key)

    monkeypatch.setattr(pydicom.Dataset, "__getitem__", late)
    with pytest.raises(SoftTimeLimitExceeded):
        deidentify(ds, secret=SECRET)


def test_nothing_of_a_header_reaches_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    data = to_file(image()).replace(b"CT", b"C\xff").replace(b"20240229", b"JOHNDOE!")
    with handled(), contextlib.suppress(Refused):
        clean(data, secret=SECRET)
    assert caplog.text == ""
