"""What de-identifying a header costs, without and with pixels: CPU milliseconds on one core.

Run it as ``python -m tests.bench.walker``; series of the shared reference data are used where they are there.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag

from cases.imaging import rules
from cases.imaging.clean import clean
from cases.imaging.deidentify import deidentify, to_bytes
from cases.imaging.reader import read_dicom
from cases.imaging.writing import raw, write_file
from tests import support
from tests.bench.measure import Report, summary
from tests.pure.imaging import build

ROUNDS = 5
_VALUES = {
    "UI": b"1.2.826.0.1.3680043.10.511.3.1", "DA": b"20240229", "DT": b"20240229101112", "TM": b"101112",
    "AS": b"045Y", "DS": b"1.5", "IS": b"12", "US": b"\x01\x00", "UL": b"\x01\x00\x00\x00", "FL": bytes(4),
    "FD": bytes(8), "AT": bytes(4), "SS": bytes(2), "OB": b"ab", "OW": b"ab", "UN": b"ab",
}  # fmt: skip


def slices() -> list[bytes]:
    """Whole CT slices: of the reference data, else made ones."""
    folder = (
        Path(os.environ.get("MEDWEB_SHARED") or support.ROOT.parent / "shared")
        / "data/04_dicom_ct_series/series"
    )
    found = sorted(folder.glob("*"))[:40] if folder.is_dir() else []
    return [path.read_bytes() for path in found] or [build.to_file(build.image()) for _ in range(40)]


def of_the_table() -> Dataset:
    """One element for each attribute of Table E.1-1; sequences hold an item with a name."""
    elements: dict[BaseTag, Any] = {}
    for text in rules.table():
        if "x" in text or text == "private" or int(text[:4], 16) < 8:
            continue
        tag = int(text, 16)
        # The table is younger than pydicom's dictionary.
        vr = dictionary_VR(tag).partition(" or ")[0] if dictionary_has_tag(tag) else "LO"
        if vr == "SQ":
            inner = build.item(PatientName="Doe^John", CodeMeaning="of Doe")
            elements[BaseTag(tag)] = _sequence(tag, inner)
        else:
            elements[BaseTag(tag)] = raw(tag, vr, _VALUES.get(vr, b"Doe^John"))
    return Dataset(elements)


def _sequence(tag: int, item: Dataset) -> Any:
    ds = Dataset()
    ds.add_new(tag, "SQ", [item])
    return ds[tag]


def full_header() -> bytes:
    """An image whose header nests all attributes of the table three deep, beside those of its own."""
    ds = build.image()
    deep = of_the_table()
    for _ in range(2):
        deep = build.item(AnatomicRegionSequence=build.sequence(deep))
    ds.AnatomicRegionSequence = build.sequence(deep)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = build.CT, "1.2.3.4.5"
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    return write_file(ds)


def times(act: Callable[[Any], Any], inputs: Iterable[Any]) -> Iterator[float]:
    for one in inputs:
        begin = time.process_time()
        act(one)
        yield (time.process_time() - begin) * 1000


def main() -> None:
    figures = Report("walker")
    whole = slices()
    for name, files in (("ct", whole), ("all-attributes-nested", [full_header()] * 20)):
        walked = [spent for _ in range(ROUNDS) for spent in times(_walk, map(read_dicom, files))]
        figures.add(f"{name} walk", summary(walked[len(files) :], "ms CPU"))
        results = [deidentify(read_dicom(data), secret=build.SECRET).dataset for data in files]
        figures.add(f"{name} write", summary(list(times(to_bytes, results)), "ms CPU"))
        figures.add(f"{name} read", summary(list(times(read_dicom, files)), "ms CPU"))
    figures.add("ct clean with pixels", summary(list(times(_clean, whole)), "ms CPU"))
    figures.add("attributes in the nested header", len(of_the_table()))
    figures.print()


def _walk(ds: Dataset) -> None:
    deidentify(ds, secret=build.SECRET)


def _clean(data: bytes) -> None:
    clean(data, secret=build.SECRET)


if __name__ == "__main__":
    main()
