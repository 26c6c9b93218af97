"""Files and folders from the server's own disk, brought in as draft cases: one case a study."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from cases.enums import Modality
from cases.imaging import archive, reader
from cases.imaging.errors import Refused
from cases.models import Case, Collection
from cases.services import cases, collections, intake
from cases.services.datasets import Progress, Report, Verdict, origin_of
from cases.services.uploads import ARCHIVES
from medweb.accounts.models import User

SCOPE = "imported"


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Every file below ``paths``, in a stable order; hidden ones left out."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                p
                for p in path.rglob("*")
                if p.is_file() and not any(part.startswith(".") for part in p.relative_to(path).parts)
            )
        elif path.is_file():
            found.append(path)
        else:
            raise ValidationError(f"There is no file or folder {path}.")
    return found


def _contents(path: Path) -> Iterator[bytes]:
    if path.stat().st_size > settings.UPLOAD_MAX_BYTES:
        raise Refused("too-large", f"Larger than {settings.UPLOAD_MAX_BYTES // 2**20} MB.")
    with path.open("rb") as file:
        kind = reader.sniff(file.read(4096))
    if kind in ARCHIVES:
        yield from archive.members(path)
    else:
        yield path.read_bytes()


def import_images(
    *, paths: Iterable[Path], collection: Collection | None, progress: Progress, by: User
) -> Report:
    """Bring files in. Instances of one study become one draft case; the same again is known, not doubled."""
    files = files_in(paths)
    report = Report(collection=collection.pk if collection else None)
    for number, path in enumerate(files, start=1):
        report.rows += _file(path, number, collection, by)
        progress(number, len(files))
    return report


def _file(path: Path, number: int, collection: Collection | None, by: User) -> list[Verdict]:
    """Every member is prepared before the first is attached: of an archive that is refused at its end, for
    what it unfolds to or because it is cut off, nothing is kept.
    """
    members: list[intake.Prepared | Refused] = []
    try:
        for data in _contents(path):
            try:
                members.append(intake.prepare(data))
            except Refused as refusal:
                members.append(refusal)
    except Refused as refusal:
        members = [refusal]
    return [
        Verdict(number, "refused", member.sentence)
        if isinstance(member, Refused)
        else _attach(member, number, collection, by)
        for member in members
    ]


def _attach(prepared: intake.Prepared, number: int, collection: Collection | None, by: User) -> Verdict:
    origin = origin_of(SCOPE, f"{by.pk} {prepared.clean.study_uid}")
    with transaction.atomic():
        case = Case.objects.filter(origin=origin).first()
        if case is None:
            modality = prepared.clean.modality
            case = cases.create(
                fields={
                    "title": _title(prepared.clean.modality, prepared.clean.body_part),
                    "modality": modality if modality in Modality.values else Modality.OT,
                },
                by=by,
            )
            Case.objects.filter(pk=case.pk).update(origin=origin)
            if collection is not None:
                collections.put(collection=collection, case=case, by=by)
        outcome = intake.attach(case, [prepared])
    return Verdict(number, "taken" if outcome.taken else "known", case=case.pk)


def _title(modality: str, body_part: str) -> str:
    return f"{modality} {body_part.lower()}".strip() + " (imported, to be written)"
