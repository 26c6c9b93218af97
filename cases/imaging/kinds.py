"""Tell files apart by content."""

from __future__ import annotations

import re
import struct
from enum import StrEnum

# Enough for every test in sniff(); reading more of a file tells nothing new.
HEAD = 1024
MEDIA_DIRECTORY = b"1.2.840.10008.1.3.10"
_EXPLICIT_VR = re.compile(
    rb"(AE|AS|AT|CS|DA|DS|DT|FL|FD|IS|LO|LT|OB|OD|OF|OW|PN|SH|SL|SQ|SS|ST|TM|UI|UL|UN|US|UT)"
)
_META_IMAGE = re.compile(rb"\s{0,16}(ObjectType|NDims|ObjectSubType|Comment)[ \t]{0,16}=")
_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}


class Kind(StrEnum):
    """What a file is by its content."""

    DICOM = "dicom"
    DICOMDIR = "dicomdir"
    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    BMP = "bmp"
    WEBP = "webp"
    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    NIFTI = "nifti"
    NRRD = "nrrd"
    METAIMAGE = "metaimage"
    UNKNOWN = "unknown"


def _looks_like_dataset(head: bytes) -> bool:
    """A data set without preamble starts with a low tag and a sane length."""
    if len(head) < 12:
        return False
    for order in ("<", ">"):
        group, element = struct.unpack(order + "HH", head[:4])
        if group not in (0x0002, 0x0008) or element > 0x0070:
            continue
        if _EXPLICIT_VR.match(head[4:6]):
            return True
        if order == "<" and struct.unpack("<I", head[4:8])[0] <= 1024:
            return True
    return False


def _is_nifti(head: bytes) -> bool:
    """NIfTI names its version behind (1) or at the start of (2) a header whose length it states first."""
    first = head[344:348] in (b"n+1\x00", b"ni1\x00") and b"\x00\x00\x01\x5c" in (head[:4], head[3::-1])
    return first or head[4:8] in (b"n+2\x00", b"ni2\x00")


def media_class(head: bytes) -> str:
    """SOP class that the file meta of a DICOM file names; empty without one.

    Looked up instead of searched for: objects that only refer to a class name it as well.
    """
    start = head.find(b"\x02\x00\x02\x00UI", 132) if head[128:132] == b"DICM" else -1
    if start < 0:
        return ""
    length = int.from_bytes(head[start + 6 : start + 8], "little")
    return head[start + 8 : start + 8 + length].rstrip(b"\x00 ").decode("latin-1")


def sniff(head: bytes) -> Kind:
    """Name the kind of a file from its first bytes, never from its name.

    Parameters
    ----------
    head : bytes
        The first ``HEAD`` bytes or more.

    Returns
    -------
    Kind
        ``UNKNOWN`` for everything this application does not take.

    Examples
    --------
    >>> sniff(b"\\x89PNG\\r\\n\\x1a\\n")
    <Kind.PNG: 'png'>
    """
    if head[128:132] == b"DICM":
        return Kind.DICOMDIR if MEDIA_DIRECTORY in head[132:HEAD] else Kind.DICOM
    magics = (
        (b"\x89PNG\r\n\x1a\n", Kind.PNG),
        (b"\xff\xd8\xff", Kind.JPEG),
        (b"II*\x00", Kind.TIFF),
        (b"MM\x00*", Kind.TIFF),
        (b"II+\x00", Kind.TIFF),
        (b"MM\x00+", Kind.TIFF),
        (b"PK\x03\x04", Kind.ZIP),
        (b"PK\x05\x06", Kind.ZIP),
        (b"\x1f\x8b\x08", Kind.GZIP),
    )
    for magic, kind in magics:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head[:2] == b"BM" and len(head) >= 18 and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return Kind.BMP
    if _is_nifti(head):
        return Kind.NIFTI
    if head.startswith(b"NRRD000"):
        return Kind.NRRD
    if _META_IMAGE.match(head):
        return Kind.METAIMAGE
    if head[257:262] == b"ustar":
        return Kind.TAR
    if _looks_like_dataset(head):
        return Kind.DICOMDIR if MEDIA_DIRECTORY in head[:HEAD] else Kind.DICOM
    return Kind.UNKNOWN
