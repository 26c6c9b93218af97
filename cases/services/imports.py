"""Files and folders from the server's own disk, brought in as draft cases: one case a study."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from cases.enums import Modality
from cases.imaging.errors import Refused
from cases.imaging.prepare import Prepared
from cases.imaging.regions import CleanRegions
from cases.models import Case, Collection
from cases.services import cases, collections, fates, intake, regions
from cases.services.cleaning import Cleaner
from cases.services.datasets import Progress, Report, Verdict, origin_of
from medweb.accounts.models import User
from medweb.audit.services import record

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


def import_images(
    *,
    paths: Iterable[Path],
    collection: Collection | None,
    progress: Progress,
    pixels_checked: bool = False,
    by: User,
) -> Report:
    """Bring files in. Instances of one study become one draft case; the same again is known, not doubled.

    Parameters
    ----------
    paths : iterable of Path
        Files and folders.
    collection : Collection, optional
        Takes the cases.
    progress : callable
        Told how many files of how many are done.
    pixels_checked : bool
        ``by`` says that nobody is named in the pixels: nothing waits at the desk, and the trail says so of
        every case that takes images in this run.
    by : User
    """
    files = files_in(paths)
    report = Report(collection=collection.pk if collection else None)
    # Regions come after the images that they were drawn on.
    drawn: list[tuple[int, CleanRegions]] = []
    # Cases for whose pixels ``by`` answers already, in the trail of this run.
    vouched: set[int] | None = set() if pixels_checked else None
    with Cleaner() as cleaner:
        for number, path in enumerate(files, start=1):
            for member in _members(cleaner, path):
                if isinstance(member, CleanRegions):
                    drawn.append((number, member))
                elif isinstance(member, Refused):
                    report.rows.append(Verdict(number, "refused", member.sentence))
                else:
                    report.rows.append(_attach(member, number, collection, vouched, by))
            progress(number, len(files))
    cases_made = {row.case for row in report.rows if row.case is not None}
    report.rows += [_draw(number, found, cases_made, by) for number, found in drawn]
    return report


def _members(cleaner: Cleaner, path: Path) -> list[Prepared | CleanRegions | Refused]:
    """What a file holds. All is prepared before the first is attached: of an archive that is refused at its
    end, for what it unfolds to or because it is cut off, nothing is kept.
    """
    if path.stat().st_size > settings.UPLOAD_MAX_BYTES:
        return [Refused("too-large", f"Larger than {settings.UPLOAD_MAX_BYTES // 2**20} MB.")]
    try:
        return cleaner.file(path)
    except Refused as refusal:
        return [refusal]


def _draw(number: int, found: CleanRegions, keys: set[int], by: User) -> Verdict:
    """Lay regions onto the case that has their images; only of those that this run met."""
    refused = Refused("images-missing", "None of the images that these regions lie on came with them.")
    for case in Case.objects.filter(pk__in=keys).order_by("pk"):
        try:
            laid = regions.attach(case=case, regions=found, by=by)
        except Refused as refusal:
            refused = refusal
            continue
        return Verdict(number, "taken" if laid.added else "known", regions=laid.added, case=case.pk)
    return Verdict(number, "refused", refused.sentence)


def _attach(
    prepared: Prepared, number: int, collection: Collection | None, vouched: set[int] | None, by: User
) -> Verdict:
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
        outcome = intake.attach(case, [prepared], trusted=vouched is not None)
        # Also when the case was there before: these images come past the desk on somebody's word.
        if vouched is not None and outcome.taken and case.pk not in vouched:
            record("case.pixels-checked", case, by=by)
            vouched.add(case.pk)
    if outcome.conflicts:
        return Verdict(number, "refused", fates.conflict().sentence)
    return Verdict(number, "taken" if outcome.taken else "known", case=case.pk)


def _title(modality: str, body_part: str) -> str:
    return f"{modality} {body_part.lower()}".strip() + " (imported, to be written)"
