"""What DICOM segmentations and reports have in common: their sources, their codes, who made them.

``highdicom`` takes two seconds to load, and few requests need it: it is imported where it is used.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.sr.coding import Code

from cases.exchange.codes import scheme_of
from cases.exchange.layers import UNLABELLED, Layer, Picture, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEME: Final = "99MEDWEB"
MAKER: Final = "MedWeb"
EDITION: Final = "1"
"""Of what is written here; a reader may have to tell older objects apart."""
CONTENT_TYPE: Final = "application/dicom"
# In the names of PS3.3 every object carries these, if need be without a value.
_TYPE_2: Final = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate",
    "StudyTime", "ReferringPhysicianName",
)  # fmt: skip


def new_uid() -> str:
    """A UID of nothing but chance, below the root of UUIDs (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def uid_of_shape(shape_id: str) -> str:
    """The UID by which a shape is known in every file: its own random number."""
    return f"2.25.{uuid.UUID(shape_id).int}"


def code_of(label: str, code: str = "") -> Code:
    """A label as a code: that of its terminology, else one of this program. Equal labels get equal codes.

    Examples
    --------
    >>> code_of("Cyst").scheme_designator, len(code_of("Cyst").value)
    ('99MEDWEB', 13)
    >>> code_of("Cyst", "radlex:RID3890").scheme_designator
    'RADLEX'
    """
    known = scheme_of(code)
    if known is not None and len(known[1]) <= 16:
        return Code(known[1], known[0], text(label))
    name = label or UNLABELLED
    return Code("L" + hashlib.sha256(name.encode()).hexdigest()[:12].upper(), SCHEME, text(name))


def text(words: str) -> str:
    """Words as a Long String (LO) holds them: 64 characters, no backslash."""
    return words.replace("\\", "/")[:64].strip() or UNLABELLED


def sources_hold(layers: Sequence[Layer]) -> tuple[Picture, ...]:
    """The pictures of `layers`, all of them from DICOM files.

    Raises
    ------
    Unreadable
        They came as files of another kind.
    """
    pictures = layers[0].pictures
    if layers[0].header is None or not all(picture.source for picture in pictures):
        raise Unreadable("These images did not come as DICOM, so DICOM objects cannot refer to them.")
    return pictures


def read_header(data: bytes) -> Dataset:
    """The header of a stored instance, without its pixels."""
    return dcmread(BytesIO(data), stop_before_pixels=True)


def header_of(layers: Sequence[Layer], source: str) -> Dataset:
    """The header of an instance, with an empty value where it lacks what every object must have."""
    reader = layers[0].header
    if reader is None:
        raise Unreadable("These images did not come as DICOM, so DICOM objects cannot refer to them.")
    header = reader(source)
    for keyword in _TYPE_2:
        if keyword not in header:
            setattr(header, keyword, None)
    # The library warns of names without a caret, which pseudonyms are; `saved` takes it away again.
    if name := str(header.PatientName or ""):
        header.PatientName = f"{name.rstrip('^')}^"
    return header


@contextmanager
def headers_suffice() -> Iterator[None]:
    """Turn what `highdicom` raises for odd headers into a sentence."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(
            "The headers of these images lack what a DICOM object must say of them. Choose another format."
        ) from error


def saved(dataset: Any) -> bytes:
    """The bytes of a file."""
    out = BytesIO()
    made: FileDataset = dataset
    made.PatientName = str(made.PatientName or "").rstrip("^")
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()
