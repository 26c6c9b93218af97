"""Plain values read from their bytes are what pydicom makes of them; what is not plain is left to pydicom."""

import pytest
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from cases.imaging.elements import is_there, plain_numbers, plain_text, plain_whole
from cases.imaging.writing import raw

TEXTS = [b"", b" ", b"CT", b"CT ", b" CT\0", b"a~b", b"1.2.3\0", b"A^B", b"O'Neil (x)"]
NOT_PLAIN = [b"A\\B", b"M\xfcller", b"\x1b$Ba", b"a\nb", b"a\0b", b"\0"]
DECIMALS = [
    b"", b"1", b" 1.5 ", b"-170.0", b"1e-3", b".5", b"5.", b"+1", b"1\\2", b" 1 \\ 2.5 \\-3e2", b"1\0",
]  # fmt: skip
NO_DECIMALS = [b"x", b"1\\", b"\\1", b"1\\x", b"nan", b"1_0", b"1,5", b"--1", b"."]
WHOLE = [b"0", b"1 ", b" 12 ", b"-3", b"+4", b"000000012"]
NOT_WHOLE = [b"", b"1.0", b"1234567890", b"1\\2", b"x"]


def _holding(tag: int, vr: str, value: bytes) -> Dataset:
    return Dataset({raw(tag, vr, value).tag: raw(tag, vr, value)})


@pytest.mark.parametrize("value", TEXTS)
def test_plain_text_is_what_pydicom_says(value):
    ds = _holding(0x00080060, "CS", value)
    assert plain_text(ds, "Modality") == str(ds.get("Modality") or "").strip()


@pytest.mark.parametrize("value", NOT_PLAIN)
def test_text_that_is_not_plain_is_left_to_pydicom(value):
    assert plain_text(_holding(0x00080060, "CS", value), "Modality") is None


@pytest.mark.parametrize("vr", ["PN", "UN", "US", "OB"])
def test_text_of_another_kind_is_left_to_pydicom(vr):
    assert plain_text(_holding(0x00080060, vr, b"CT"), "Modality") is None


@pytest.mark.parametrize("value", DECIMALS)
def test_decimals_are_what_pydicom_says(value):
    ds = _holding(0x00280030, "DS", value)
    found = plain_numbers(ds, "PixelSpacing")
    told = ds.get("PixelSpacing")
    told = () if told in (None, "") else told if isinstance(told, MultiValue) else [told]
    assert found == tuple(float(one) for one in told)


@pytest.mark.parametrize("value", NO_DECIMALS)
def test_what_is_no_decimal_is_left_to_pydicom(value):
    assert plain_numbers(_holding(0x00280030, "DS", value), "PixelSpacing") is None


def test_integers_with_a_point_are_left_to_pydicom():
    assert plain_numbers(_holding(0x00200013, "IS", b"1.5"), "InstanceNumber") is None
    assert plain_numbers(_holding(0x00200013, "IS", b"7 "), "InstanceNumber") == (7.0,)


@pytest.mark.parametrize("value", WHOLE)
def test_whole_numbers_are_what_pydicom_says(value):
    ds = _holding(0x00280008, "IS", value)
    assert plain_whole(ds, "NumberOfFrames") == int(ds.get("NumberOfFrames"))


@pytest.mark.parametrize("value", NOT_WHOLE)
def test_what_is_no_whole_number_is_left_to_pydicom(value):
    assert plain_whole(_holding(0x00280008, "IS", value), "NumberOfFrames") is None


def test_binary_numbers_keep_the_order_of_their_bytes():
    little = raw(0x00280010, "US", b"\x01\x02")
    big = little._replace(is_little_endian=False)
    for element, rows in ((little, 0x0201), (big, 0x0102)):
        assert plain_whole(Dataset({element.tag: element}), "Rows") == rows
    assert plain_whole(_holding(0x00280010, "US", b"\1\0\2\0"), "Rows") is None


def test_what_pydicom_has_converted_is_asked_of_it_again():
    ds = Dataset()
    ds.Modality, ds.PixelSpacing, ds.Rows = "CT", [1, 2], 3
    assert plain_text(ds, "Modality") is plain_numbers(ds, "PixelSpacing") is plain_whole(ds, "Rows") is None


def test_without_representations_nothing_is_plain():
    element = raw(0x00080060, "CS", b"CT")._replace(VR=None, is_implicit_VR=True)
    assert plain_text(Dataset({element.tag: element}), "Modality") is None


def test_absent_attributes():
    assert plain_text(Dataset(), "Modality") == ""
    assert plain_numbers(Dataset(), "PixelSpacing") == ()
    assert plain_whole(Dataset(), "Rows") is None
    assert not is_there(Dataset(), "Rows")
    assert is_there(_holding(0x00280010, "US", b""), "Rows")
    with pytest.raises(ValueError, match="no keyword"):
        is_there(Dataset(), "Nonsense")
