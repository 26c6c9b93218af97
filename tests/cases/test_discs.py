"""The index of a disc is held against the images that came, by pseudonym and without names of files."""

import io

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence

from cases.imaging import discs
from cases.imaging.clean import clean
from cases.imaging.discs import read_index
from cases.imaging.errors import Refused
from tests.builders import pictures, rows
from tests.pure.imaging.build import PLANTED, SECRET
from tests.support import shared

MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"


def index(*uids: str) -> bytes:
    """A DICOMDIR that lists images; their files are named after the patient."""
    ds = Dataset()
    ds.FileSetID = PLANTED[:16]
    records = [Dataset()]
    records[0].DirectoryRecordType, records[0].PatientName = "PATIENT", f"{PLANTED}^Ann"
    for uid in uids:
        record = Dataset()
        record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", [PLANTED[:8], "IM1"]
        if uid:
            record.ReferencedSOPInstanceUIDInFile = uid
        records.append(record)
    ds.DirectoryRecordSequence = Sequence(records)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MEDIA_DIRECTORY, "1.2.3.50"
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    ds.file_meta, ds.preamble = meta, b"\0" * 128
    out = io.BytesIO()
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def test_only_pseudonyms_leave_an_index():
    found = read_index(index("1.2.3.4.1", "1.2.3.4.1", "1.2.3.4.2", ""), secret=SECRET)
    assert (len(found.sop_uids), found.nameless, found.listed) == (2, 1, 3)
    assert all(uid.startswith("2.25.") for uid in found.sop_uids)
    assert PLANTED not in repr(found)
    assert found.sop_uids[0] == clean(pictures.ct(1), secret=SECRET).sop_uid


def test_what_is_cut_off_or_far_too_long_does_no_harm(monkeypatch):
    assert read_index(index("1.2.3")[:400], secret=SECRET).listed <= 1
    monkeypatch.setattr(discs, "MOST_RECORDS", 1)
    with pytest.raises(Refused):
        read_index(index("1.2.3"), secret=SECRET)


def test_alone_it_is_refused():
    with pytest.raises(Refused) as refused:
        clean(index("1.2.3"), secret=SECRET)
    assert refused.value.code == "dicomdir"


@pytest.mark.django_db(transaction=True)
def test_what_is_missing_is_told_in_numbers(stores, judged):
    case = rows.draft(rows.instructor(), images=0)
    listed = index("1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.3")
    disc = pictures.archive({"DICOMDIR": listed, "a": pictures.ct(1), "b": pictures.ct(2)})
    upload = judged(rows.upload(case, disc, by=case.author))
    assert (upload.state, upload.taken, upload.refused) == ("accepted", 2, 1)
    assert "It lists 3 images; 1 of them is not here." in upload.sentence
    assert upload.inside[0]["code"] == "dicomdir"
    judged(rows.upload(case, pictures.ct(3), by=case.author))
    alone = judged(rows.upload(case, listed, by=case.author))
    assert (alone.state, alone.code) == ("refused", "dicomdir")
    assert "It lists 3 images; all of them are here." in alone.sentence
    assert PLANTED not in upload.sentence + alone.sentence


@pytest.mark.shared
def test_discs_of_others_are_counted():
    folder = shared("data/08_dicom_odd_cases/dicomdir_media")
    for path in sorted(folder.rglob("DICOMDIR*")):
        found = read_index(path.read_bytes(), secret=SECRET)
        place = path.relative_to(folder).parts
        assert found.listed == (50 if len(place) > 1 else 0 if "empty" in path.name else 31)
        assert found.nameless == 0
