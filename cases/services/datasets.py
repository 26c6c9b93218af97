"""Labelled sets from a folder with a manifest, and plain files, brought in as cases.

One manifest row is one case. Its place in the set (collection and file) is the case's ``origin``, as a keyed
hash, because file names may carry names of people; importing twice meets the same cases.
"""

import csv
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import cv2
import numpy as np
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cases.enums import CaseStatus, Level, Split
from cases.geometry.schema import GeometryError
from cases.imaging.errors import Refused
from cases.imaging.prepare import Prepared
from cases.models import Case, Collection
from cases.services import annotations, collections, intake
from cases.services.cleaning import Cleaner
from cases.services.terms import local_term
from medweb.accounts.models import User
from medweb.audit.services import record

Progress = Callable[[int, int], None]
SPLITS = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "val": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "test": Split.TEST,
    "": Split.NONE,
}
# Contours of a mask, traced at twice its size, are simplified to a quarter of one of its pixels.
CONTOUR_TOLERANCE = 0.5


# What reading a damaged file raises: JSON, XML (a SyntaxError), pictures, and values of another type than
# expected. A full disk is not among them where pictures are stored: that is no fault of a row.
UNREADABLE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError, SyntaxError, RecursionError,
    cv2.error,
)  # fmt: skip


@dataclass
class Verdict:
    """What became of one row; ``row`` is its number in the manifest, counted from 1."""

    row: int
    outcome: str  # "taken", "known", "refused"
    reason: str = ""
    regions: int = 0
    case: int | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass
class Report:
    """The table an import ends with."""

    collection: int | None = None
    rows: list[Verdict] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        return sum(row.outcome == outcome for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        return {
            "collection": self.collection,
            "taken": self.count("taken"),
            "known": self.count("known"),
            "refused": self.count("refused"),
            "regions": sum(row.regions for row in self.rows),
            "rows": [asdict(row) for row in self.rows],
        }


def origin_of(collection: str, name: str) -> str:
    """Stable, keyed name of a row: equal on every run, tells nothing about the file's name."""
    digest = hmac.new(settings.PSEUDONYM_KEY, f"{collection}\0{name}".encode(), hashlib.sha256)
    return f"{collection[:60]}:{digest.hexdigest()[:40]}"


def read_manifest(folder: Path) -> list[dict[str, str]]:
    """Rows of ``manifest.csv``.

    Raises
    ------
    ValidationError
        When it is missing, empty or lacks the columns ``filename`` and ``label``.
    """
    path = folder / "manifest.csv"
    if not path.is_file():
        raise ValidationError(f"There is no manifest.csv in {folder.name}. It needs filename,label,split.")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"filename", "label"} - set(reader.fieldnames or [])
            if missing:
                raise ValidationError(f"manifest.csv lacks the columns {', '.join(sorted(missing))}.")
            rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValidationError("manifest.csv is not a table in UTF-8. Export it again as CSV.") from error
    if not rows:
        raise ValidationError("manifest.csv has no rows.")
    return rows


def inside(folder: Path, name: str) -> Path:
    """File of the set; a name that leads out of the folder is refused."""
    if "\0" in name:
        raise ValidationError("The manifest names a file by a name that no file can have.")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValidationError("The manifest names a file outside its folder.")
    if not path.is_file():
        raise ValidationError("The file named by the manifest is missing.")
    return path


def import_dataset(
    *,
    folder: Path,
    collection: Collection,
    fields: dict[str, Any],
    progress: Progress,
    pixels_checked: bool = False,
    by: User,
) -> Report:
    """Bring a labelled set in, row by row; a bad row is reported and the next one goes on.

    Parameters
    ----------
    folder : Path
        Holds ``manifest.csv`` with ``filename,label`` and optionally ``split``, ``patient_group``, ``mask``
        (label image, 0 = background), ``polygons`` (JSON) and ``box`` (Pascal VOC XML).
    fields : dict
        Text fields every case gets (modality, body region ...).
    pixels_checked : bool
        ``by`` says that nobody is named in the pixels; recorded, and nothing waits at the desk.
    """
    rows = read_manifest(folder)
    report = Report(collection=collection.pk)
    known = dict(
        Case.objects.filter(origin__startswith=f"{collection.slug[:60]}:").values_list("origin", "pk")
    )
    with Cleaner() as cleaner:
        for number, row in enumerate(rows, start=1):
            origin = origin_of(collection.slug, row["filename"])
            verdict = Verdict(number, "taken")
            try:
                if origin in known:
                    verdict.outcome, verdict.case = "known", known[origin]
                else:
                    prepared = _image(cleaner, folder, row)
                    _write_row(folder, row, origin, prepared, collection, fields, verdict, pixels_checked, by)
            except (ValidationError, Refused, GeometryError) as error:
                verdict.outcome, verdict.reason = "refused", _reason(error)
            report.rows.append(verdict)
            progress(number, len(rows))
    return report


def _image(cleaner: Cleaner, folder: Path, row: dict[str, str]) -> Prepared:
    """The one image that a row names; not opened when the row is wrong anyway."""
    _split(row)
    found = cleaner.file(inside(folder, row["filename"]))
    images = [one for one in found if isinstance(one, Prepared)]
    if len(found) == 1 and images:
        return images[0]
    for one in found:
        if isinstance(one, Refused):
            raise one
    raise ValidationError("The row names a file that is not one image.")


def _reason(error: Exception) -> str:
    if isinstance(error, Refused):
        return error.sentence
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error)


def _split(row: dict[str, str]) -> Split:
    split = SPLITS.get(row.get("split", "").lower())
    if split is None:
        raise ValidationError(f"The split {row['split']!r} is none of train, val, test.")
    return split


def _write_row(
    folder: Path,
    row: dict[str, str],
    origin: str,
    prepared: Prepared,
    collection: Collection,
    fields: dict[str, Any],
    verdict: Verdict,
    pixels_checked: bool,
    by: User,
) -> None:
    with transaction.atomic():
        case = Case(
            author=by,
            title=f"{collection.title}: {row['label'] or 'unlabelled'} {verdict.row:04d}"[:200],
            history="Image of a labelled data set; no clinical history is known.",
            findings=f"Label in the data set: {row['label']}." if row["label"] else "No label.",
            diagnosis=local_term(row["label"]) if row["label"] else None,
            level=Level.BEGINNER,
            origin=origin,
            patient_key=_patient_key(collection, row),
            status=CaseStatus.PUBLISHED,
            published_at=timezone.now(),
            **fields,
        )
        case.full_clean(exclude=["author"])
        case.save()
        intake.attach(case, [prepared], trusted=pixels_checked)
        series = case.series.get()
        size = (prepared.frames[0]["rows"], prepared.frames[0]["columns"])
        shapes = _regions(folder, row, size, verdict)
        if shapes:
            annotations.put_reference(series=series, shapes=shapes, by=by)
        collections.put(collection=collection, case=case, label=row["label"], split=_split(row), by=by)
        record("case.import", case, by=by, regions=len(shapes), pixels_checked=pixels_checked)
    verdict.case, verdict.regions = case.pk, len(shapes)


def _patient_key(collection: Collection, row: dict[str, str]) -> str:
    """Group of pictures of one person: keyed, so that the set's own number is not stored."""
    group = row.get("patient_group", "")
    return origin_of(collection.slug, f"patient {group}")[-40:] if group else ""


def _shape(origin: str, number: int, kind: str, points: list[list[float]], label: str) -> dict[str, Any]:
    return {
        "id": str(uuid5(NAMESPACE_URL, f"{origin}#{number}")),
        "kind": kind,
        "frame": 0,
        "points": points,
        "label": label[:64],
    }


def _regions(
    folder: Path, row: dict[str, str], size: tuple[int, int], verdict: Verdict
) -> list[dict[str, Any]]:
    """Shapes of a row, from the best source it has: polygons, then mask, then boxes.

    Raises
    ------
    ValidationError
        When the source is damaged; names its column.
    """
    origin = row["filename"]
    column = next((name for name in ("polygons", "mask", "box") if row.get(name)), None)
    if column is None:
        return []
    path = inside(folder, row[column])
    try:
        if column == "polygons":
            return list(_from_polygons(origin, json.loads(path.read_text()), verdict))
        if column == "mask":
            return list(_from_mask(origin, path, size, row["label"]))
        return list(_from_boxes(origin, path, size, verdict))
    except UNREADABLE as error:
        raise ValidationError(
            f"The file in the column {column} cannot be read. Repair it or empty the field; import again."
        ) from error


def _area(points: list[list[float]]) -> float:
    x, y = np.asarray(points, dtype=float).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _from_polygons(origin: str, data: dict[str, Any], verdict: Verdict) -> Iterator[dict[str, Any]]:
    """Contours run through pixel centres; half a pixel is added to reach our corner-based coordinates."""
    number = 0
    for item in data.get("objects", []):
        for polygon in item.get("polygons", []):
            number += 1
            points = [[float(x) + 0.5, float(y) + 0.5] for x, y in polygon]
            if len(points) < 3 or _area(points) == 0:
                # A nucleus of one or two pixels has no outline; it still has a place.
                verdict.warnings.append(f"region {number} is thinner than a pixel and became a point")
                yield _shape(origin, number, "point", points[:1], str(item.get("label", "")))
            else:
                yield _shape(origin, number, "polygon", points, str(item.get("label", "")))


def _from_mask(origin: str, path: Path, size: tuple[int, int], label: str) -> Iterator[dict[str, Any]]:
    mask = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if mask is None or mask.shape[:2] != size:
        raise ValidationError("The mask cannot be read or has another size than its image.")
    if mask.ndim == 3:
        mask = mask.max(axis=2)
    number = 0
    for value in np.unique(mask[mask > 0]):
        part = (mask == value).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(part)
        # Traced at its own size, an outline runs through the centres of the outermost pixels and loses them
        # when it is filled again; at twice the size it runs around every centre.
        double = np.kron(part[y : y + height, x : x + width], np.ones((2, 2), np.uint8))
        contours, _hierarchy = cv2.findContours(
            double, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(2 * x, 2 * y)
        )
        for contour in contours:
            number += 1
            outline = (cv2.approxPolyDP(contour, CONTOUR_TOLERANCE, True)[:, 0, :].astype(float) + 0.5) / 2
            points = outline.tolist()
            kind = "polygon" if len(points) >= 3 and _area(points) > 0 else "point"
            yield _shape(origin, number, kind, points if kind == "polygon" else points[:1], label)


def _from_boxes(origin: str, path: Path, size: tuple[int, int], verdict: Verdict) -> Iterator[dict[str, Any]]:
    """Pascal VOC boxes; one without an area is reported and left out."""
    from defusedxml.ElementTree import fromstring

    rows, columns = size
    for number, item in enumerate(fromstring(path.read_bytes()).iter("object"), start=1):
        try:
            x0, y0, x1, y1 = (
                float(item.findtext(f"bndbox/{name}", "")) for name in ("xmin", "ymin", "xmax", "ymax")
            )
        except ValueError:
            verdict.warnings.append(f"box {number} has no numbers and was left out")
            continue
        x0, x1 = max(min(x0, x1), 0.0), min(max(x0, x1), float(columns))
        y0, y1 = max(min(y0, y1), 0.0), min(max(y0, y1), float(rows))
        if x1 <= x0 or y1 <= y0:
            verdict.warnings.append(f"box {number} has no area and was left out")
            continue
        yield _shape(origin, number, "box", [[x0, y0], [x1, y1]], item.findtext("name", ""))
