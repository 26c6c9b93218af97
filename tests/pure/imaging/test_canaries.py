"""A word is planted in every attribute that can hold one, at every place of a file; none may come out."""

import re
import struct
from collections.abc import Iterator
from datetime import date
from io import BytesIO

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from cases.imaging import rules
from cases.imaging.clean import clean
from cases.imaging.deidentify import deidentify
from cases.imaging.pseudonyms import date_shift, patient_key
from cases.imaging.reader import handled, read_dicom
from cases.imaging.writing import raw, write_file

from .build import SECRET, image, item, sequence, to_file

CANARY = "QZXCAN"
_LONG_BINARY = {"OB", "OW", "OF", "OD", "OL", "OV", "UN"}
_NUMBERS = {"US", "SS", "UL", "SL", "FL", "FD", "SV", "UV", "AT"}
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "cp500")


def _attributes() -> Iterator[tuple[int, str]]:
    """Every attribute of the dictionary that a data set may hold, with one of its representations."""
    for tag, (vr, *_rest) in sorted(DicomDictionary.items()):
        if tag >> 16 >= 8 and tag & 0xFFFF and vr not in ("SQ", "NONE") and tag >> 16 not in (0x7FE0, 0xFFFE):
            yield tag, vr.partition(" or ")[0]


def _planted(tag: int, vr: str, word: str) -> bytes:
    if vr == "UI":
        return f"1.2.{tag}.271828".encode()
    if vr == "DA":
        return b"20240229"
    if vr == "DT":
        return b"20240229101112"
    if vr == "TM":
        return b"101112"
    if vr == "AS":
        return b"101Y"
    if vr in _NUMBERS or vr in _LONG_BINARY:
        # As many bytes as a word needs; its length fits every width.
        return f"{word}-{tag:08X}".encode().ljust(24, b"Z")
    return f"{word}-{tag:08X}".encode()[:64] if vr != "CS" else f"{word} {tag:08X}".encode()


def _all_planted(word: str, *, without: frozenset[int] = frozenset()) -> Dataset:
    elements = {}
    for tag, vr in _attributes():
        if tag not in without:
            elements[BaseTag(tag)] = raw(tag, vr, _planted(tag, vr, word))
    return Dataset(elements)


def _file(word: str, *, name: str) -> bytes:
    """An image with the word in all attributes: at the top, three deep, in private blocks, as UN."""
    base = image(PatientName=name)
    # Nonsense in the attributes that describe the pixels is refused, at the top.
    pixels = {tag for tag, _vr in _attributes() if tag >> 16 == 0x0028}
    top = _all_planted(word, without=frozenset(int(tag) for tag, _element in base.items()) | pixels)
    base.update(dict(top.items()))
    deep = _all_planted(word)
    for _ in range(2):
        deep = item(AnatomicRegionSequence=sequence(deep, _all_planted(word)))
    base.AnatomicRegionSequence = sequence(deep)
    block = base.private_block(0x0029, f"{word} BLOCK", create=True)
    block.add_new(0x10, "LO", word)
    block.add_new(0x11, "SQ", [_all_planted(word)])
    block.add_new(0x12, "UN", word.encode() * 4)
    for tag in (0x60003000, 0x60020022, 0x50003000, 0x501E0022):
        base.add(
            DataElement(
                tag,
                "OB" if tag & 0xFFFF == 0x3000 else "LO",
                word.encode() if tag & 0xFFFF == 0x3000 else word,
            )
        )
    base.add(raw(0xFFFCFFFC, "OB", word.encode()))
    base.IconImageSequence = sequence(_all_planted(word))
    base[BaseTag(0x00400555)] = raw(0x00400555, "UN", _implicit_sequence(word))
    base[BaseTag(0x00081199)] = raw(0x00081199, "UN", _implicit_sequence(word))
    base.file_meta = pydicom.dataset.FileMetaDataset()
    base.file_meta.MediaStorageSOPClassUID = base.SOPClassUID
    base.file_meta.MediaStorageSOPInstanceUID = base.SOPInstanceUID
    base.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    for keyword in ("Source", "Sending", "Receiving"):
        setattr(base.file_meta, f"{keyword}ApplicationEntityTitle", word)
    base.file_meta.PrivateInformationCreatorUID = "1.2.271828"
    base.file_meta.PrivateInformation = word.encode()
    data = write_file(base)
    return word.encode().ljust(128, b" ") + data[128:]


def _implicit_sequence(word: str) -> bytes:
    """A sequence as it lies inside of UN: implicit little endian (PS3.5 section 6.2.2 note 2)."""
    inner = word.encode() + b" " * (len(word) % 2)
    texts = b"".join(
        struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(inner)) + inner
        for tag in (0x00080050, 0x00080060, 0x00100010, 0x00104000, 0x00280030, 0x00291010)
    )
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(texts)) + texts


def _found(data: bytes, word: str) -> set[str]:
    """Which canaries are in the bytes, in some encoding; the digits behind name the attribute."""
    found = set()
    for encoding in _ENCODINGS:
        for match in re.finditer(re.escape(word.encode(encoding)), data):
            found.add(data[match.start() : match.start() + 20].decode("latin-1"))
    return found


def test_the_canaries_are_planted() -> None:
    """The test would pass on an empty file as well."""
    data = _file(CANARY, name=f"{CANARY}^Ann")
    assert data.count(CANARY.encode()) > 10_000
    read_dicom(data)


@pytest.fixture(scope="module")
def cleaned() -> bytes:
    return clean(_file(CANARY, name=f"{CANARY}^Ann"), secret=SECRET).clean_bytes


def test_a_patients_name_comes_out_of_no_attribute(cleaned: bytes) -> None:
    assert _found(cleaned, CANARY) == set()
    assert _found(cleaned.lower(), CANARY.lower()) == set()


def test_dates_ages_and_identifiers_come_out_of_no_attribute(cleaned: bytes) -> None:
    for word in (b"20240229", b"19610102", b"101Y", b"271828", b"ID-4711", b"1.2.3.4.5"):
        assert word not in cleaned


def test_an_unknown_word_is_kept_in_cleaned_descriptors_only() -> None:
    """Not a name of this object's people: it may stay where free text is kept, and nowhere else."""
    ds = pydicom.dcmread(BytesIO(clean(_file(CANARY, name="Roe^Jane"), secret=SECRET).clean_bytes))
    kept: set[int] = set()

    def look(one: Dataset) -> None:
        for element in one:
            if element.VR == "SQ":
                for inner in element.value:
                    look(inner)
            elif CANARY in str(element.value):
                kept.add(int(element.tag))

    with handled():
        look(ds)
    allowed = {tag for tag, _vr in _attributes() if rules.rule_for(tag).action is rules.Action.TEXT}
    assert kept <= allowed
    # A longer list needs a look at each attribute that joins it.
    assert len(allowed) == 25


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2"])
def test_other_encodings_of_the_header(syntax: str) -> None:
    ds = image(PatientName=f"{CANARY}^Ann", StudyDescription=f"of {CANARY}", ImageComments=CANARY)
    ds.AnatomicRegionSequence = sequence(
        item(CodeMeaning=CANARY, PatientID=CANARY, ReferringPhysicianName=CANARY)
    )
    ds.SeriesDescription = f"{CANARY} T1"
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, _with_syntax(ds, syntax), enforce_file_format=True)
    assert CANARY.encode() in buffer.getvalue()
    result = clean(buffer.getvalue(), secret=SECRET)
    assert _found(result.clean_bytes, CANARY) == set()
    assert result.series_description == "[removed] T1"


def _with_syntax(ds: Dataset, syntax: str) -> Dataset:
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds["PixelData"].VR = "OW"
    return ds


_TEXTS = st.sampled_from([tag for tag, vr in _attributes() if vr not in _LONG_BINARY | _NUMBERS])
_VRS = st.sampled_from(["LO", "SH", "PN", "UT", "CS", "DS", "IS", "UN", "UI", "DA", "AE", "LT"])
_NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZäöüéßøñ", min_size=6, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    name=_NAMES,
    places=st.lists(st.tuples(_TEXTS, _VRS, st.integers(0, 3)), min_size=1, max_size=12),
    around=st.sampled_from(["{}", "x {} y", "{}^{}", "CT {}, 2", "({})"]),
)
def test_a_name_at_random_places(name: str, places: list[tuple[int, str, int]], around: str) -> None:
    ds = image(PatientName=f"{name}^Ann")
    ds.SpecificCharacterSet = "ISO_IR 192"
    own = {int(tag) for tag, _element in ds.items()}
    text = around.replace("{}", name).encode()
    for tag, vr, depth in places:
        if depth == 0 and tag in own:
            continue
        if depth == 0:
            ds[BaseTag(tag)] = raw(tag, vr, text)
            continue
        inner = Dataset({BaseTag(tag): raw(tag, vr, text)})
        for _ in range(depth - 1):
            inner = item(AnatomicRegionSequence=Sequence([inner]))
        ds.AnatomicRegionSequence = Sequence([*ds.get("AnatomicRegionSequence", []), inner])
    _with_syntax(ds, "1.2.840.10008.1.2.1")
    out = clean(write_file(ds), secret=SECRET).clean_bytes.decode("latin-1").lower()
    assert name.lower().encode().decode("latin-1") not in out
    assert name.encode().decode("latin-1").lower() not in out


@settings(max_examples=60, deadline=None)
@given(
    days=st.lists(st.dates(date(1930, 1, 1), date(2030, 1, 1)), min_size=2, max_size=5),
    number=st.text("0123456789", min_size=6, max_size=10),
)
def test_all_dates_of_a_patient_move_together(days: list[date], number: str) -> None:
    keywords = ["StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "InstanceCreationDate"]
    texts = [f"{day:%Y%m%d}" for day in days]
    ds = image(PatientID=number, **dict(zip(keywords, texts, strict=False)))
    out = deidentify(read_dicom(to_file(ds)), secret=SECRET).dataset
    shift = date_shift(SECRET, patient_key(SECRET, number))
    for keyword, text in zip(keywords, texts, strict=False):
        assert (pydicom.valuerep.DA(out.get(keyword)) - pydicom.valuerep.DA(text)).days == shift
