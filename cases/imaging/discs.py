"""The index of a disc: which images it lists, by pseudonym and never by the name of a file."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import pydicom

from . import pseudonyms
from .errors import Refused
from .reader import LIMITS, damage_refused, handled

MOST_RECORDS = 100_000


@dataclass(frozen=True)
class CleanIndex:
    """What a DICOMDIR says of the images on its disc.

    Attributes
    ----------
    sop_uids : tuple of str
        Pseudonyms of the images it lists; of each once.
    nameless : int
        Images it lists without saying which.
    """

    sop_uids: tuple[str, ...]
    nameless: int = 0

    @property
    def listed(self) -> int:
        """Images in all."""
        return len(self.sop_uids) + self.nameless

    def refused(self) -> Refused:
        """What is said where nobody knows which of the images are there."""
        return Refused("dicomdir", "This is the index of a disc, not an image. Upload the images it lists.")


def read_index(data: bytes, *, secret: bytes) -> CleanIndex:
    """Read the index of a disc (DICOM PS3.3 Annex F).

    Parameters
    ----------
    data : bytes
        The whole file. The names of files in it are not looked at, and no other file is opened.
    secret : bytes
        Key of the pseudonyms.

    Returns
    -------
    CleanIndex

    Raises
    ------
    Refused
        When it is damaged or too large.
    """
    if len(data) > LIMITS.file_bytes:
        raise Refused("too-large", "The index of the disc is too large. Upload the images it lists.")
    with handled(), damage_refused():
        ds = pydicom.dcmread(BytesIO(data), force=True)
        records = ds.get("DirectoryRecordSequence") or []
        if len(records) > MOST_RECORDS:
            raise Refused("too-large", "The index of the disc is too large. Upload the images it lists.")
        found: dict[str, None] = {}
        nameless = 0
        for record in records:
            if str(record.get("DirectoryRecordType", "")).strip().upper() != "IMAGE":
                continue
            own = str(record.get("ReferencedSOPInstanceUIDInFile", "") or "").strip(" \x00")
            if own:
                found[pseudonyms.uid(secret, own)] = None
            else:
                nameless += 1
        return CleanIndex(tuple(found), nameless)
