"""The library that comes with the program: a few cases at once, the rest in the background."""

from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import CaseStatus
from cases.imaging.simulated.records import SampleCase, SampleRegion, SampleSet
from cases.models import Case, Collection, Frame
from cases.services import annotations, collections, intake
from cases.services.terms import coded_term
from medweb.accounts import demo
from medweb.accounts.models import User
from medweb.audit.services import record
from medweb.jobs import services as jobs
from medweb.jobs.models import Job, State
from medweb.jobs.run import Run

ORIGIN = "sample:"
FIRST_CASES = 2
SET_AGE = timedelta(days=30)
KIND = "cases.load-sample-library"
SOURCES = {
    "simulated": "Simulated by this program; not a patient. CC0.",
    "pydicom": "Example file that ships with pydicom (MIT licence); de-identified on import.",
}


def author() -> User:
    return User.objects.get(username="instructor")


def librarian() -> User:
    return User.objects.get(username=demo.LIBRARIAN)


def load_first() -> int:
    """Demo accounts and the first cases, before the address is printed; returns how many are new."""
    demo.create_accounts()
    if Case.objects.filter(origin__startswith=ORIGIN).exists() or _job_done():
        return 0
    from cases.imaging.simulated.library import flagship_cases

    return sum(add_case(sample, by=author()) for sample in islice(flagship_cases(), FIRST_CASES))


def _job_done() -> bool:
    return Job.objects.filter(kind=KIND, state=State.DONE).exists()


def queue_rest() -> Job | None:
    """Queue what is missing, once; deleted sample cases do not come back."""
    if _job_done():
        return None
    return jobs.enqueue(KIND, params={}, key=KIND, by=librarian())


def load_rest(run: Run) -> None:
    """The background job: each case in its own transaction, so that it shows up as soon as it is there."""
    from cases.imaging.simulated.library import flagship_cases, teaching_sets

    sets = list(teaching_sets())
    total = 16 + sum(sample_set.count for sample_set in sets)
    done = made = 0
    for sample in flagship_cases():
        done += 1
        run.progress(done / total, _("Teaching case %(n)d") % {"n": done})
        made += add_case(sample, by=author())
    for sample_set in sets:
        collection = collection_for(sample_set)
        for sample in sample_set.cases:
            done += 1
            run.progress(min(done / total, 0.999), _("Filling “%(set)s”") % {"set": collection.title})
            made += add_case(sample, by=librarian(), collection=collection)
    with run.finish(cases=made):
        pass


def collection_for(sample_set: SampleSet) -> Collection:
    """The collection of a set; found by its title on the second run."""
    owner = librarian()
    return Collection.objects.filter(owner=owner, title=sample_set.title).first() or collections.create(
        title=sample_set.title, description=sample_set.description, by=owner
    )


def _text(sample: SampleCase) -> dict[str, Any]:
    text = sample.text
    return {
        "title": text.title,
        "history": text.history,
        "findings": text.findings,
        "differential": "\n".join(
            f"{name}: {reason}" if reason else name for name, reason in text.differential
        ),
        "diagnosis": coded_term(
            system=text.diagnosis_system, code=text.diagnosis_code, display=text.diagnosis_display
        ),
        "discussion": text.discussion,
        "management": text.management,
        "modality": text.modality,
        "body_region": text.body_region,
        "level": text.level,
        "keywords": ", ".join(text.keywords),
        "source": SOURCES[sample.source],
    }


def add_case(sample: SampleCase, *, by: User, collection: Collection | None = None) -> bool:
    """Bring one sample in through the normal door; ``False`` when it is there already."""
    origin = f"{ORIGIN}{sample.slug}"
    if Case.objects.filter(origin=origin).exists():
        return False
    prepared = [intake.prepare(data) for data in sample.load()]
    with transaction.atomic():
        case = Case(
            author=by,
            origin=origin,
            simulated=sample.source == "simulated",
            patient_key=sample.patient_group,
            status=CaseStatus.PUBLISHED,
            published_at=timezone.now(),
            # Members of large sets stand behind the hand-written cases in a library sorted by age.
            created_at=timezone.now() - (SET_AGE if collection is not None else timedelta()),
            **_text(sample),
        )
        case.full_clean(exclude=["author"])
        case.save()
        intake.attach(case, prepared, trusted=True)
        if sample.regions:
            _draw(case, sample, prepared, by)
        if collection is not None:
            collections.put(collection=collection, case=case, label=sample.label, split=sample.split, by=by)
        record("case.sample", case, by=by)
    return True


def _draw(case: Case, sample: SampleCase, prepared: list[intake.Prepared], by: User) -> None:
    """The known truth as the author's submitted layer."""
    if len(prepared) == 1:
        places = dict(Frame.objects.filter(series__case=case).values_list("number_in_instance", "index"))
    else:
        by_uid = dict(Frame.objects.filter(series__case=case).values_list("instance__sop_uid", "index"))
        places = {number: by_uid[item.clean.sop_uid] for number, item in enumerate(prepared)}
    shapes = [
        {
            "id": str(uuid5(NAMESPACE_URL, f"{sample.slug}#{number}")),
            "kind": region.kind,
            "frame": places[region.frame],
            "points": corners(region),
            "label": region.label,
        }
        for number, region in enumerate(sample.regions)
    ]
    annotations.put_reference(series=case.series.get(), shapes=shapes, by=by)


def corners(region: SampleRegion) -> list[list[float]]:
    """Points of a region as a shape keeps them; an ellipse becomes two corners of its box."""
    points = [[float(x), float(y)] for x, y in region.points]
    if region.kind != "ellipse":
        return points
    (cx, cy), *ends = points
    half_x = max(abs(x - cx) for x, _y in ends)
    half_y = max(abs(y - cy) for _x, y in ends)
    return [[cx - half_x, cy - half_y], [cx + half_x, cy + half_y]]
