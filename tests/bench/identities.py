"""What would identify somebody in files that were sent, and whether any place still has it."""

import gzip
import html
import io
import json
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.config import settings as pydicom_settings
from pydicom.dataelem import DataElement

from tests.support import ROOT

# Attributes of PS3.15 Table E.1-1 that name people, places, orders and visits in a single value.
IDS = frozenset(
    {
        "PatientID", "OtherPatientIDs", "IssuerOfPatientID", "AccessionNumber", "StudyID", "AdmissionID",
        "PatientAddress", "PatientTelephoneNumbers", "PatientMotherBirthName", "MedicalRecordLocator",
        "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "StationName",
        "PerformedProcedureStepID", "ScheduledProcedureStepID", "RequestedProcedureID", "DeviceSerialNumber",
        "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest",
        "ContainerIdentifier", "SpecimenIdentifier", "SourceApplicationEntityTitle", "PrivateInformation",
        "ReferringPhysicianAddress", "ReferringPhysicianTelephoneNumbers", "ClinicalTrialSubjectID",
        "ClinicalTrialSiteName", "ClinicalTrialSponsorName", "PerformedStationName", "ScheduledStationName",
        "PerformedStationAETitle", "ScheduledStationAETitle", "DetectorID", "GantryID", "FillerOrderNumber",
    }
)  # fmt: skip
# They say of what kind a thing is, not which one it is.
KINDS = re.compile(
    r"(SOPClass|TransferSyntax|ContextGroupExtensionCreator|CodingScheme)UID|ImplementationClass"
)
SHORTEST = 6
SHORTEST_NAME = 5
_ASCII = re.compile(rb"[\x20-\x7e]{%d,}" % SHORTEST_NAME)
_UTF16 = (
    (re.compile(rb"(?:[\x20-\x7e]\x00){%d,}" % SHORTEST_NAME), "utf-16-le"),
    (re.compile(rb"(?:\x00[\x20-\x7e]){%d,}" % SHORTEST_NAME), "utf-16-be"),
)


@dataclass
class Identities:
    """Values, in small letters, each with what it is; of those beyond ASCII also their bytes."""

    kinds: dict[str, str] = field(default_factory=dict)
    encoded: dict[bytes, str] = field(default_factory=dict)
    # Who made a device is kept; where a hospital or a station is called like its scanner, that is no trace.
    makers: set[str] = field(default_factory=set)

    def add(self, value: str, kind: str, *, raw: bytes = b"", shortest: int = SHORTEST) -> None:
        """Look for ``value``; one that is too short to be told from chance is left out."""
        text = " ".join(value.strip("\0 ").lower().split())
        if text.isascii():
            if len(text) >= shortest and len(set(text)) > 2:
                self.kinds.setdefault(text, kind)
                if (known := json.dumps(text)[1:-1]) != text:
                    self.kinds.setdefault(known, kind)
            return
        self.kinds.setdefault(json.dumps(text)[1:-1], kind)
        for coded in (
            raw,
            text.encode(),
            value.strip().encode(),
            *map(value.strip().encode, ("utf-16-le", "utf-16-be")),
        ):
            if len(coded) >= SHORTEST_NAME:
                self.encoded.setdefault(coded, f"{kind} {text}")

    def counts(self) -> dict[str, int]:
        """How many values of each kind are looked for."""
        found: dict[str, int] = {}
        for kind in self.kinds.values():
            found[kind] = found.get(kind, 0) + 1
        return dict(sorted(found.items()))


def of_files(files: Iterable[Path], top: Path) -> Identities:
    """Identities in headers of ``files``, and in their names and those of their folders below ``top``."""
    found = Identities()
    for path in files:
        for part in path.relative_to(top).parts:
            found.add(Path(part).stem, "file name")
        _header(path, found)
    return found


def _header(path: Path, found: Identities) -> None:
    with warnings.catch_warnings():
        # These files are damaged on purpose.
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
            elements = [*dataset.file_meta, *_elements(dataset)]
        except Exception as error:  # noqa: BLE001
            # What pydicom cannot read cannot be looked for; the count of values tells how much was.
            print(f"{path.name}: no header ({type(error).__name__})", file=sys.stderr)
            return
    for element in elements:
        _element(element, found)


def _elements(dataset: pydicom.Dataset) -> Iterator[DataElement]:
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except Exception:  # noqa: BLE001
            # A single value that cannot be read; the others are looked for.
            continue
        if element.VR == "SQ":
            for item in element.value or ():
                yield from _elements(item)
        else:
            yield element


def _element(element: DataElement, found: Identities) -> None:
    value = element.value
    values = list(value) if isinstance(value, (list, pydicom.multival.MultiValue)) else [value]
    for one in values:
        if element.VR == "PN":
            raw = getattr(one, "original_string", b"")
            for part in re.split(r"[\^=]", str(one)):
                found.add(part, "name", shortest=SHORTEST_NAME)
            found.add(str(one), "name", raw=raw if isinstance(raw, bytes) else b"")
        elif element.VR == "UI" and not str(one).startswith("1.2.840.10008."):
            if not KINDS.search(element.keyword):
                found.add(str(one), "uid")
        elif element.keyword == "Manufacturer" and one:
            found.makers.add(" ".join(str(one).lower().split()))
        elif element.keyword == "PatientBirthDate" and len(str(one)) == 8:
            day = str(one)
            found.add(day, "birth date")
            found.add(f"{day[:4]}-{day[4:6]}-{day[6:]}", "birth date")
        elif element.keyword in IDS and one is not None:
            found.add(str(one), "id")


# --- where they are looked for ----------------------------------------------------------------------------


class Place:
    """Texts of one kind of place, by what each is called."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.byte_count = 0
        self.labels = 0
        # Each text once, with where it is: most pages say the same.
        self.runs: dict[str, list[str]] = {}
        self.coded: list[tuple[str, str]] = []

    def add(self, label: str, data: bytes, identities: Identities) -> None:
        """Remember what may be read in ``data``, packed or not."""
        self.labels += 1
        for one in unpacked(data):
            self.byte_count += len(one)
            runs = {run.decode().lower() for run in _ASCII.findall(one)}
            for pattern, encoding in _UTF16:
                runs |= {run.decode(encoding).lower() for run in pattern.findall(one)}
            runs |= {html.unescape(run) for run in runs if "&" in run}
            for run in runs:
                self.runs.setdefault(run, []).append(label)
            self.coded += [(label, kind) for coded, kind in identities.encoded.items() if coded in one]

    def hits(self, identities: Identities, common: frozenset[str]) -> dict[str, list[dict[str, object]]]:
        """Which values are here; ``words`` are makers and what the program says itself."""
        whole = "\n".join(self.runs)
        found: dict[str, list[dict[str, object]]] = {"identities": [], "words": []}
        for value, kind in identities.kinds.items():
            if value not in whole:
                continue
            pattern = _alone(value)
            said = (labels for run, labels in self.runs.items() if value in run and pattern.search(run))
            labels = sorted({label for labels in said for label in labels})
            if labels:
                row = {"value": value, "kind": kind, "places": len(labels), "such as": labels[:5]}
                found["words" if value in common else "identities"].append(row)
        found["identities"] += [
            {"value": kind, "places": 1, "such as": [label]} for label, kind in self.coded
        ]
        return found


def _alone(value: str) -> re.Pattern[str]:
    """``value`` as a word of its own, or as a number that is not the middle of a longer one."""
    edge = "[0-9.]" if re.fullmatch(r"[0-9.\-]+", value) else "[a-z0-9]"
    return re.compile(f"(?<!{edge}){re.escape(value)}(?!{edge})")


def unpacked(data: bytes) -> Iterator[bytes]:
    """``data``, and what is in it when it is gzipped or a deflated DICOM object."""
    yield data
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    elif data[128:132] == b"DICM":
        dataset = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
        if dataset.file_meta.TransferSyntaxUID.is_deflated:
            yield str(dataset).encode()


def own_words(values: Iterable[str]) -> frozenset[str]:
    """Those of ``values`` that stand in the program itself: no file is needed to say them."""
    texts = []
    for folder in ("medweb", "cases", "analysis", "templates", "static"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".html", ".js", ".json", ".css", ".po", ".txt", ".csv"}:
                texts.append(path.read_text(errors="replace"))
    whole = "\n".join(texts).lower()
    return frozenset(value for value in values if value in whole and _alone(value).search(whole))


def search(places: Iterable[Place], identities: Identities) -> Mapping[str, object]:
    """What was found in each place, and how much was looked through."""
    common = own_words(identities.kinds) | identities.makers
    return {
        place.name: {
            "texts": place.labels,
            "bytes": place.byte_count,
            **place.hits(identities, common),
        }
        for place in places
    }


# Damaged values are looked for as they are.
pydicom_settings.reading_validation_mode = pydicom.config.IGNORE
