"""From clean instances to rows: what uploads, imports and the sample library have in common."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from cases import blobs
from cases.enums import Clearance, Modality
from cases.imaging import prepare as pure
from cases.imaging import typed
from cases.imaging.burned import TextBox
from cases.imaging.instance import CleanInstance
from cases.imaging.prepare import Prepared
from cases.models import Case, Frame, Instance, Series
from cases.services import desk, faces, headers, numbering, slides, stacks

__all__ = ["Fate", "Outcome", "Prepared", "attach", "prepare"]

# What a series is told apart by when another carries its UID.
_TELLS = ("study_uid", "modality", "patient_key", "frame_of_reference")
_UID_ROOM = 2**127


@dataclass(frozen=True)
class Fate:
    """What became of one prepared instance.

    Attributes
    ----------
    code : str
        ``"taken"``; ``"here"`` when the case has the same file; ``"conflict"`` when it has another content
        under the same SOP instance UID, which stays.
    series : int or None
        Key of the series it lies in.
    remarks : tuple of str
        ``"apart"``: its series UID was taken by a different series; ``"other-patient"`` than the case's other
        series; ``"held"`` for the desk.
    since : datetime or None
        When that series was made.
    """

    code: str
    series: int | None = None
    remarks: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass
class Outcome:
    """What attaching did; ``fates`` are in the order of what was given."""

    fates: list[Fate] = field(default_factory=list)
    adopted: tuple[str, ...] = ()

    def _count(self, code: str) -> int:
        return sum(fate.code == code for fate in self.fates)

    @property
    def taken(self) -> int:
        return self._count("taken")

    @property
    def doubled(self) -> int:
        return self._count("here")

    @property
    def conflicts(self) -> int:
        return self._count("conflict")

    @property
    def series(self) -> set[int]:
        """Keys of the series that hold what was given."""
        return {fate.series for fate in self.fates if fate.series is not None and fate.code != "conflict"}


def prepare(data: bytes) -> Prepared:
    """De-identify, decode and store the bytes of one file in this process; touches no database row.

    For bytes that this server made itself; what strangers send goes through :mod:`cases.services.cleaning`.

    Raises
    ------
    cases.imaging.errors.Refused
        With the sentence to show.
    """
    return pure.prepare(
        data,
        secret=settings.PSEUDONYM_KEY,
        put=blobs.put,
        keep_characteristics=settings.KEEP_PATIENT_CHARACTERISTICS,
    )


@transaction.atomic
def attach(
    case: Case, prepared: Sequence[Prepared], *, trusted: bool = False, stored: bool = True
) -> Outcome:
    """Write rows for ``prepared``, and say what became of each.

    All rows of a series are written at once: one by one, a thousand slices held SQLite's only write lock
    for ten seconds.

    Parameters
    ----------
    case : Case
    prepared : sequence of Prepared
    trusted : bool
        A person has looked at the pixels already: nothing is held for the desk.
    stored : bool
        Their bytes are in the store; otherwise the caller adopts those that were taken, in this transaction.

    Raises
    ------
    cases.blobs.Gone
        Stored bytes were erased since they were prepared.
    """
    # One writer per case at a time: two uploads of one series would number its frames twice.
    case = Case.objects.select_for_update().get(pk=case.pk)
    blobs.hold()
    known = _known(case, (item.clean.sop_uid for item in prepared))
    places = _Places(case, trusted=trusted)
    fates: list[Fate] = []
    fresh: dict[int, list[Prepared]] = defaultdict(list)
    first: CleanInstance | None = None

    def write() -> None:
        for key, items in fresh.items():
            if stored:
                _meet(items)
            _write(places.rows[key], items, trusted=trusted)
        fresh.clear()

    for item in prepared:
        uid = item.clean.sop_uid
        if uid in known:
            digest, series = known[uid]
            code = "here" if digest == item.clean.digest else "conflict"
            if code == "conflict" and item.clean.slide is not None:
                # Levels of one slide may come together: the first has to have its row.
                write()
                if stored:
                    _meet([item])
                code = _level(case, item, trusted=trusted)
            fates.append(Fate(code, series))
            continue
        series, remarks = places.of(item.clean)
        known[uid] = item.clean.digest, series
        fresh[series].append(item)
        first = first or item.clean
        fates.append(Fate("taken", series, remarks, places.rows[series].created_at))
    write()
    return Outcome(fates, _adopt_facts(case, first) if first is not None else ())


def _known(case: Case, uids: Iterable[str]) -> dict[str, tuple[str, int]]:
    """SOP instance UID -> digest on arrival and series, of those of ``uids`` that the case has."""
    found: dict[str, tuple[str, int]] = {}
    wanted = sorted(set(uids))
    for start in range(0, len(wanted), 500):
        rows = Instance.objects.filter(series__case=case, sop_uid__in=wanted[start : start + 500]).order_by()
        for uid, arrived, digest, series in rows.values_list("sop_uid", "arrived_digest", "digest", "series"):
            found[uid] = arrived or digest, series
    return found


def _meet(items: Iterable[Prepared]) -> None:
    for item in items:
        for digest in sorted(item.digests()):
            blobs.touch(digest)


def _level(case: Case, item: Prepared, *, trusted: bool) -> str:
    """A level of a slide that the case has: a finer one takes its place, a coarser one is known already."""
    known = Instance.objects.filter(series__case=case, sop_uid=item.clean.sop_uid).first()
    if known is None or not slides.is_finer(item, known):
        return "here"
    slides.refine(known, item, trusted=trusted)
    series = Series.objects.get(pk=known.series_id)
    if series.is_held:
        desk.images_changed(series, replaced=True)
    return "taken"


class _Places:
    """Finds or makes the series of an instance, looking each up once."""

    def __init__(self, case: Case, *, trusted: bool) -> None:
        self.case, self.trusted = case, trusted
        self.rows: dict[int, Series] = {}
        self._found: dict[tuple[str, ...], tuple[int, tuple[str, ...]]] = {}
        keys = Series.objects.filter(case=case).exclude(patient_key="").order_by()
        self._patients = set(keys.values_list("patient_key", flat=True).distinct())

    def of(self, instance: CleanInstance) -> tuple[int, tuple[str, ...]]:
        """Key of the series and the remarks on it."""
        tells = self._tells(instance)
        known = self._found.get((instance.series_uid, *tells.values()))
        if known is None:
            known = self._found[(instance.series_uid, *tells.values())] = self._find(instance, tells)
        key, remarks = known
        if not self.trusted and (instance.suspicion or instance.boxes):
            remarks = (*remarks, "held")
        return key, remarks

    def _tells(self, instance: CleanInstance) -> dict[str, str]:
        modality = instance.modality if instance.modality in Modality.values else Modality.OT
        # A file without a header does not know its modality; its case does.
        if modality == Modality.OT and instance.kind != "dicom":
            modality = Modality(self.case.modality)
        found = {name: str(getattr(instance, name)) for name in _TELLS if name != "modality"}
        return {**found, "modality": str(modality)}

    def _find(self, instance: CleanInstance, tells: dict[str, str]) -> tuple[int, tuple[str, ...]]:
        remarks: tuple[str, ...] = ()
        row = Series.objects.filter(case=self.case, series_uid=instance.series_uid).first()
        uid = instance.series_uid
        if row is not None and not _same(row, tells, instance.modality):
            remarks = ("apart",)
            uid = _uid_of(instance.series_uid, tells)
            row = Series.objects.filter(case=self.case, series_uid=uid).first()
        patient = tells["patient_key"]
        if not self.trusted and patient and self._patients - {patient}:
            remarks = (*remarks, "other-patient")
        if patient:
            self._patients.add(patient)
        if row is None:
            last = Series.objects.filter(case=self.case).aggregate(Max("number"))["number__max"] or 0
            row = Series.objects.create(
                case=self.case,
                series_uid=uid,
                description=instance.series_description[:120],
                number=last + 1,
                notes=[remark for remark in remarks if remark in ("apart", "other-patient")],
                **tells,
            )
        self.rows[row.pk] = row
        return row.pk, remarks


def _same(row: Series, tells: dict[str, str], modality: str) -> bool:
    """Whether a series with the same UID is the same one; what is not known tells nothing apart."""
    vague = {"modality"} if modality == Modality.OT or modality not in Modality.values else set()
    known = {name: getattr(row, name) for name in tells.keys() - vague}
    return all(value == tells[name] for name, value in known.items() if value and tells[name])


def _uid_of(series_uid: str, tells: dict[str, str]) -> str:
    """UID of a series whose own is taken: always the same for the same series."""
    text = "\0".join([series_uid, *tells.values()])
    return f"2.25.{int.from_bytes(hashlib.sha256(text.encode()).digest()[:16]) % _UID_ROOM}"


def _write(series: Series, new: list[Prepared], *, trusted: bool) -> None:
    instances = Instance.objects.bulk_create(
        Instance(
            series=series,
            sop_uid=item.clean.sop_uid,
            digest=item.clean.digest,
            arrived_digest=item.clean.digest,
            byte_count=item.byte_count,
            kind=item.clean.kind,
            number=item.clean.instance_number or 0,
            facts=_facts(item.clean),
            suspicion=[] if trusted else list(item.clean.suspicion),
            boxes=[] if trusted else [_box(box) for box in item.clean.boxes],
        )
        for item in new
    )
    slides.write_rows(list(zip(instances, new, strict=True)))
    # Behind all others; number_frames gives every frame its place.
    before = Frame.objects.filter(series=series).count()
    free = count(before)
    Frame.objects.bulk_create(
        (
            Frame(series=series, instance=instance, index=next(free), number_in_instance=n, **values)
            for instance, item in zip(instances, new, strict=True)
            for n, values in enumerate(item.frames)
        ),
        batch_size=500,
    )
    headers.learn(series, (item.clean for item in new))
    _mark(series, new, trusted=trusted)
    arranged = stacks.arranged(series)
    for one in arranged:
        numbering.number_frames(one)
        stacks.note_spacing(one)
        faces.note(one)
        if one.is_held and (before or len(arranged) > 1):
            desk.images_changed(one, moved=len(arranged) > 1)


def _box(box: TextBox) -> dict[str, Any]:
    return {**typed.to_json(box), "source": "detector"}


def _mark(series: Series, new: list[Prepared], *, trusted: bool) -> None:
    """Hold the series when a person has to look at what came, and note what readers should know."""
    # Notes may be dictionaries, such as that of uneven slices.
    new_notes = dict.fromkeys(note for item in new for note in item.clean.notes)
    notes = [*series.notes, *(note for note in new_notes if note not in series.notes)]
    held = not trusted and any(item.clean.suspicion or item.clean.boxes for item in new)
    clearance = Clearance.HELD if held else series.clearance
    if notes != series.notes or clearance != series.clearance:
        series.notes, series.clearance = notes, clearance
        series.save(update_fields=["notes", "clearance"])


def _facts(instance: CleanInstance) -> dict[str, str]:
    """Header values that are safe to show after de-identification."""
    facts = {
        "manufacturer_model": instance.manufacturer_model,
        "patient_sex": instance.patient_sex,
        "patient_age": instance.patient_age,
        "body_part": instance.body_part,
    }
    return {name: value for name, value in facts.items() if value}


def _adopt_facts(case: Case, instance: CleanInstance) -> tuple[str, ...]:
    """A case that does not yet know its patient or modality learns them from its first picture."""
    changed = []
    if not case.patient_key and instance.patient_key:
        case.patient_key = instance.patient_key
        changed.append("patient_key")
    tells = instance.modality in Modality.values and instance.modality != Modality.OT
    if tells and case.modality == Modality.OT:
        case.modality = Modality(instance.modality)
        changed.append("modality")
    if changed:
        case.save(update_fields=[*changed, "modified_at"])
    return tuple(changed)
