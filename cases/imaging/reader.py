"""Tell files apart by content and read DICOM without trusting what it declares."""

from __future__ import annotations

import logging
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import generate_fragments

from .elements import is_there, plain_text, plain_whole
from .errors import UNREADABLE, Refused, let_stops_pass
from .kinds import HEAD, MEDIA_DIRECTORY, Kind, sniff

__all__ = [
    "HEAD",
    "LIMITS",
    "Kind",
    "ReadLimits",
    "check_depth",
    "damage_refused",
    "declared_bits",
    "handled",
    "pixel_keyword",
    "read_dicom",
    "read_limits_hold",
    "sniff",
    "whole_number",
]


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How much a header may declare before anything is decoded.

    Attributes
    ----------
    file_bytes : int
        Size of the file.
    side : int
        Rows or columns in pixels.
    frames : int
        Frames in one object.
    pixel_bytes : int
        Rows x columns x samples x bytes x frames, decoded.
    depth : int
        Sequences inside sequences.
    """

    file_bytes: int = 1 << 30
    side: int = 16384
    frames: int = 4096
    pixel_bytes: int = 512 << 20
    depth: int = 32


LIMITS = ReadLimits()

# Its log lines quote header values and stack traces of damaged files; names do not belong in logs.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

_UNDEFINED = 0xFFFFFFFF
_NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}
_COMPRESSED = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 80, 81, 90, 91, 201, 202, 203)}
_COMPRESSED.add("1.2.840.10008.1.2.5")
# Letters are not valid, but other de-identification tools write hashes; all are replaced anyway.
_UID = re.compile(r"[0-9A-Za-z]+(\.[0-9A-Za-z]+)*", re.ASCII)
_SOP = "1.2.840.10008.5.1.4.1.1."

# SOP class prefixes that are no picture, with the code and the sentence of the refusal.
_NO_PICTURE: tuple[tuple[str, str, str], ...] = (
    (
        _SOP + "88.",
        "sr-document",
        "This is a structured report, not an image. Upload the images it describes.",
    ),
    (
        _SOP + "104.",
        "document",
        "This is a document inside DICOM, not an image. Upload the images themselves.",
    ),
    (_SOP + "9.", "waveform", "This is a waveform such as an ECG, not an image. Leave it out."),
    (_SOP + "11.", "presentation-state", "This is a presentation state, not an image. Leave it out."),
    (_SOP + "66", "segmentation", "This is a registration or a fiducial, not an image. Upload the images."),
    (_SOP + "68.", "surface", "This is a surface or mesh, not an image. Leave it out."),
    (_SOP + "91.", "annotations", "This is an annotation object, not an image. Upload the images."),
    (_SOP + "67", "value-mapping", "This is a value mapping, not an image. Leave it out."),
    (_SOP + "481.1", "", ""),
    (_SOP + "481.", "radiotherapy", "This is a radiotherapy plan or dose, not an image. Upload the images."),
)


@contextmanager
def handled() -> Iterator[None]:
    """Silence pydicom and Pillow while a stranger's file is read.

    Their warnings quote header values, which would carry names into the logs.
    What matters in them is checked here and refused with a sentence.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def whole_number(ds: pydicom.Dataset, keyword: str, default: int) -> int:
    """First value of an attribute as an integer.

    Raises
    ------
    Refused
        ``bad-header`` when the value is no whole number.
    """
    plain = plain_whole(ds, keyword)
    if plain is not None:
        return plain
    try:
        value = ds.get(keyword)
        if isinstance(value, (list, pydicom.multival.MultiValue)):
            value = value[0] if value else None
        return default if value in (None, "") else int(value)
    except UNREADABLE as error:
        raise Refused(
            "bad-header",
            "The header does not describe the picture correctly. Export it again from its source.",
        ) from error


def pixel_keyword(ds: pydicom.Dataset) -> str | None:
    """Which of the three pixel attributes the object holds."""
    found = (key for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if is_there(ds, key))
    return next(found, None)


def declared_bits(ds: pydicom.Dataset) -> int:
    """Bits of one sample as stored: 1, 8, 16, 32 or 64."""
    keyword = pixel_keyword(ds)
    if keyword == "PixelData":
        return whole_number(ds, "BitsAllocated", 0)
    return 32 if keyword == "FloatPixelData" else 64


def _uid(ds: pydicom.Dataset, keyword: str) -> str:
    """An identifier as it stands there; of several, all of them as one text that is no identifier."""
    plain = plain_text(ds, keyword)
    return plain if plain is not None else str(ds.get(keyword, "") or "")


def _check_class(ds: pydicom.Dataset) -> None:
    sop_class = _uid(ds, "SOPClassUID")
    for prefix, code, sentence in _NO_PICTURE:
        if sop_class.startswith(prefix):
            if code and not (prefix.endswith("66") and sop_class.startswith(_SOP + "66.7.")):
                raise Refused(code, sentence)
            if not code and sop_class != prefix:
                continue
            return


def _check_uids(ds: pydicom.Dataset) -> None:
    # Absent is the habit of some converters, and is filled in; empty is damage.
    if is_there(ds, "SOPInstanceUID") and not _uid(ds, "SOPInstanceUID"):
        raise Refused("no-uid", "The image has no identifier of its own. Export it again from its source.")
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "SOPClassUID"):
        value = _uid(ds, keyword)
        if value and (len(value) > 64 or not _UID.fullmatch(value)):
            raise Refused("bad-uid", "An identifier in the header is not valid. Export the image again.")


def _check_syntax(ds: pydicom.Dataset, also: frozenset[str] = frozenset()) -> None:
    syntax = str(ds.file_meta.TransferSyntaxUID)
    if syntax in _NATIVE or syntax in _COMPRESSED or syntax in also:
        return
    named = f" {syntax}" if re.fullmatch(r"1\.2\.840\.10008\.[0-9.]{1,40}", syntax) else ""
    raise Refused(
        "unknown-syntax",
        f"The picture is stored in a transfer syntax{named} that cannot be read here. "
        "Export it uncompressed, or as JPEG 2000, JPEG-LS or RLE.",
    )


def _check_size(ds: pydicom.Dataset, limits: ReadLimits) -> int:
    """Check what the header declares; return its size in bytes as stored without compression."""
    rows, columns = whole_number(ds, "Rows", 0), whole_number(ds, "Columns", 0)
    samples, frames = whole_number(ds, "SamplesPerPixel", 1), whole_number(ds, "NumberOfFrames", 1)
    bits = declared_bits(ds)
    floating = pixel_keyword(ds) != "PixelData"
    if rows < 1 or columns < 1 or frames < 1 or samples not in (1, 3):
        raise Refused("bad-header", "The header declares a picture without any pixels. Export it again.")
    if bits not in ((32, 64) if floating else (1, 8, 16, 32)):
        raise Refused(
            "bad-depth", "Only 1, 8, 16 and 32 bits per sample can be read. Export it with 16 bits."
        )
    stored = whole_number(ds, "BitsStored", bits)
    if not floating and not 1 <= stored <= bits:
        raise Refused("bad-header", "The header declares an impossible bit depth. Export the image again.")
    pixels = rows * columns * samples * frames
    # A bit becomes a byte when it is decoded.
    decoded = pixels * max(bits, 8) // 8
    if max(rows, columns) > limits.side or frames > limits.frames or decoded > limits.pixel_bytes:
        raise Refused(
            "too-large",
            f"The picture is larger than {limits.side} pixels a side, {limits.frames} frames or "
            f"{limits.pixel_bytes >> 20} MiB. Upload a smaller part of it.",
        )
    return (pixels * bits + 7) // 8


def _check_data(ds: pydicom.Dataset, size: int) -> None:
    cut = Refused("truncated", "The file ends before the picture does. Copy or export it again, then upload.")
    keyword = pixel_keyword(ds) or "PixelData"
    raw = ds.get_item(keyword)
    if isinstance(raw, RawDataElement) and raw.length != _UNDEFINED and raw.length > len(raw.value or b""):
        raise cut
    data = ds[keyword].value
    if not isinstance(data, bytes):
        raise Refused("bad-header", "The pixels are not stored as binary data. Export the image again.")
    if str(ds.file_meta.TransferSyntaxUID) not in _NATIVE:
        frames = whole_number(ds, "NumberOfFrames", 1)
        try:
            # The first item is the offset table.
            fragments = sum(1 for _ in islice(generate_fragments(data), frames + 1))
        except (ValueError, EOFError, struct.error) as error:
            raise cut from error
        if fragments < frames + 1:
            raise cut
    elif len(data) < size and not _subsampled(ds, len(data), size):
        raise cut


def _subsampled(ds: pydicom.Dataset, length: int, size: int) -> bool:
    """YBR_FULL_422 without compression stores two samples a pixel instead of three."""
    return str(ds.get("PhotometricInterpretation", "")) == "YBR_FULL_422" and length >= size // 3 * 2


def _with_meta(ds: pydicom.Dataset) -> None:
    """Give a data set without file meta the transfer syntax it was read with."""
    meta = getattr(ds, "file_meta", None)
    if meta is None:
        meta = FileMetaDataset()
        ds.file_meta = meta
    if not meta.get("TransferSyntaxUID"):
        implicit, little = ds.original_encoding
        if not little:
            meta.TransferSyntaxUID = pydicom.uid.ExplicitVRBigEndian
        elif implicit:
            meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        else:
            meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    if not isinstance(meta.TransferSyntaxUID, str):
        # Damaged, it is read as a list or a number, and would stay one under the VR it came with.
        text = str(meta.TransferSyntaxUID)
        del meta.TransferSyntaxUID
        meta.TransferSyntaxUID = pydicom.uid.UID(text)


def read_dicom(
    data: bytes, *, limits: ReadLimits = LIMITS, also: frozenset[str] = frozenset()
) -> pydicom.Dataset:
    """Read a DICOM image object and check it before anything is decoded.

    Parameters
    ----------
    data : bytes
        The whole file, with or without preamble and file meta.
    limits : ReadLimits
        What a header may declare.
    also : frozenset of str
        SOP classes that are taken although they are no images, checked for their depth only.

    Returns
    -------
    pydicom.Dataset
        With ``file_meta.TransferSyntaxUID``; its pixels are not decoded yet.

    Raises
    ------
    Refused
        When the object is no image, damaged, too large or declares nonsense.
    """
    if len(data) > limits.file_bytes:
        raise Refused(
            "too-large", f"The file is larger than {limits.file_bytes >> 20} MiB. Upload a smaller one."
        )
    with handled(), damage_refused():
        ds = pydicom.dcmread(BytesIO(data), force=True)
        _with_meta(ds)
        if also and _uid(ds, "SOPClassUID") in also:
            check_depth(ds, limits.depth)
            return ds
        return _checked(ds, limits)


@contextmanager
def damage_refused() -> Iterator[None]:
    """Turn what pydicom raises on a damaged object into a refusal; it lets errors of every kind through."""
    try:
        yield
    except Refused:
        raise
    except RecursionError as error:
        raise _too_deep() from error
    except MemoryError as error:
        raise Refused(
            "too-large", "The file declares more data than can be read. Export it again."
        ) from error
    except Exception as error:
        let_stops_pass(error)
        raise Refused(
            "broken", "The file is damaged or is not DICOM. Copy or export it again, then upload."
        ) from error


def _too_deep() -> Refused:
    return Refused("too-deep", "The header nests sequences deeper than any image needs. Export it again.")


def _checked(ds: pydicom.Dataset, limits: ReadLimits) -> pydicom.Dataset:
    if str(ds.file_meta.get("MediaStorageSOPClassUID", "")) == MEDIA_DIRECTORY.decode():
        raise Refused("dicomdir", "This is the index of a disc, not an image. Upload the images it lists.")
    _check_class(ds)
    if pixel_keyword(ds) is None:
        raise Refused("no-pixels", "The object holds no picture. Upload the files that contain the images.")
    _check_syntax(ds)
    size = _check_size(ds, limits)
    _check_uids(ds)
    check_depth(ds, limits.depth)
    _check_data(ds, size)
    return ds


def read_limits_hold(
    ds: pydicom.Dataset, limits: ReadLimits = LIMITS, *, also: frozenset[str] = frozenset()
) -> None:
    """Refuse a data set that was not read by `read_dicom` and declares too much to decode.

    Parameters
    ----------
    also : frozenset of str
        Encapsulated transfer syntaxes to take beside those of images.
    """
    if pixel_keyword(ds) is None:
        raise Refused("no-pixels", "The object holds no picture. Upload the files that contain the images.")
    _check_syntax(ds, also)
    _check_data(ds, _check_size(ds, limits))


def check_depth(ds: pydicom.Dataset, limit: int) -> None:
    """Refuse sequences nested deeper than `limit`, without recursion of our own."""
    level = [ds]
    depth = 0
    while level:
        if depth > limit:
            raise _too_deep()
        level = [item for inner in level for item in _items(inner)]
        depth += 1


def _items(ds: pydicom.Dataset) -> list[pydicom.Dataset]:
    found: list[pydicom.Dataset] = []
    for tag, raw in list(ds.items()):
        if raw.VR not in ("SQ", None, "UN"):
            continue
        if raw.VR != "SQ" and (tag.is_private or not pydicom.datadict.dictionary_has_tag(tag)):
            continue
        if raw.VR == "SQ" or pydicom.datadict.dictionary_VR(tag) == "SQ":
            value = ds[tag].value
            found.extend(value or [])
    return found
