"""For every service that writes: rows to use it on, and the act itself.

A scenario prepares in the world it is given and returns the act. ``SCENARIOS`` is closed: a service that is
not in it fails ``test_trail.py``.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from django.test import override_settings
from django.utils import timezone
from PIL import Image

from analysis.services import analyses, models, training
from cases.imaging.regions import CleanRegions, Outline, Region
from cases.imaging.simulated.library import flagship_cases
from cases.models import Annotation, Case, Collection, Series, Upload, UploadBatch
from cases.services import (
    agreement,
    annotations,
    cases,
    collections,
    comments,
    datasets,
    desk,
    exchange,
    imports,
    labels,
    quarantine,
    readings,
    receiving,
    regions,
    reviews,
    sample_library,
    uploads,
)
from medweb.accounts import services as accounts
from medweb.accounts.models import User
from medweb.jobs import services as jobs
from medweb.jobs.models import Job
from tests.analysis.building import a_case, a_collection, add_series, box, person, promoted, speckle, trained
from tests.builders import held

Act = Callable[[], Any]
PASSWORD = "another-long-one-7"


@dataclass
class World:
    """People and things of one test, made when first asked for."""

    folder: Path

    @cached_property
    def ann(self) -> User:
        """Author of everything here."""
        return person("ann", "instructor")

    @cached_property
    def ada(self) -> User:
        return person("ada", "administrator")

    @cached_property
    def sam(self) -> User:
        return person("sam", "staff")

    def case(self, **fields: Any) -> Case:
        case = a_case(self.ann, **{"history": "Cough.", "findings": "A nodule.", **fields})
        add_series(case, [speckle(1)])
        return case

    def series(self) -> Series:
        return self.case().series.get()

    def layer(self) -> Annotation:
        return annotations.start(series=self.series(), shapes=[box(4, 4, 20, 20)], by=self.ann)

    def collection(self) -> Collection:
        return collections.create(title="Lungs", by=self.ann)

    def job(self) -> Job:
        return jobs.enqueue("gone.kind", params={}, topics=["case:1"], by=self.ann)

    def batch(self) -> UploadBatch:
        """Files sent at once, one of which waits in quarantine."""
        batch = UploadBatch.objects.create(case=self.case(), created_by=self.ann)
        receiving.receive(case=batch.case, chunks=[self.picture()], batch=batch, by=self.ann)
        return batch

    def upload(self) -> Upload:
        """Written past the services, so that no job knows of it."""
        return Upload.objects.create(
            case=self.case(), created_by=self.ann, byte_count=1, expires_at=timezone.now()
        )

    def arriving(self) -> Upload:
        """Announced, and none of its bytes are here."""
        return receiving.begin(case=self.case(), batch=None, byte_count=len(self.picture()), by=self.ann)

    def picture(self) -> bytes:
        packed = io.BytesIO()
        Image.fromarray(speckle(7)).save(packed, "PNG")
        return packed.getvalue()


SCENARIOS: dict[str, Callable[[World], tuple[User, Act]]] = {}


def scenario(service: Callable[..., Any]) -> Callable[..., Any]:
    """Register the decorated function as the scenario of ``service``."""

    def register(prepare: Callable[[World], tuple[User, Act]]) -> Callable[[World], tuple[User, Act]]:
        SCENARIOS[f"{service.__module__}.{service.__name__}"] = prepare
        return prepare

    return register


def simple(service: Callable[..., Any], who: str, **makers: Callable[[World], Any]) -> None:
    """Scenario that only makes the keyword arguments of ``service``."""

    def prepare(world: World) -> tuple[User, Act]:
        by = getattr(world, who)
        return by, partial(service, **{name: make(world) for name, make in makers.items()}, by=by)

    scenario(service)(prepare)


def nothing(_done: int, _all: int) -> None:
    """Progress nobody looks at."""


simple(
    accounts.create_user,
    "ada",
    username=lambda w: "new",
    password=lambda w: PASSWORD,
    roles=lambda w: ["student"],
)
simple(accounts.set_roles, "ada", user=lambda w: w.ann, roles=lambda w: {"staff"})
simple(accounts.grant_role, "ada", user=lambda w: w.ann, role=lambda w: "staff")
simple(accounts.change_password, "ann", password=lambda w: PASSWORD)
simple(accounts.create_token, "ann", name=lambda w: "script", days=lambda w: 1)
simple(
    accounts.revoke_token, "ann", token=lambda w: accounts.create_token(name="script", days=1, by=w.ann)[0]
)
simple(jobs.enqueue, "ann", name=lambda w: "gone.kind", params=lambda w: {}, topics=lambda w: ["case:1"])
simple(jobs.cancel, "ann", job=World.job)
simple(labels.arrange, "ann", case=World.case, wanted=lambda w: [labels.Wanted("Nodule", "#56b4e9")])
simple(annotations.start, "ann", series=World.series, shapes=lambda w: [box(4, 4, 20, 20)])
simple(
    annotations.save, "ann", annotation=World.layer, revision=lambda w: 1, shapes=lambda w: [box(1, 1, 9, 9)]
)
simple(annotations.restore, "ann", annotation=World.layer, revision=lambda w: 1, number=lambda w: 1)
simple(annotations.submit, "ann", annotation=World.layer, revision=lambda w: 1)
simple(annotations.put_reference, "ann", series=World.series, shapes=lambda w: [box(4, 4, 20, 20)])
simple(annotations.add_to_reference, "ann", series=World.series, shapes=lambda w: [box(4, 4, 20, 20)])


@scenario(exchange.take_out)
def take_drawings_out(world: World) -> tuple[User, Act]:
    layer, form = world.layer(), exchange.FORMATS["csv"]
    return world.ann, partial(exchange.take_out, series=layer.series, rows=[layer], form=form, by=world.ann)


@scenario(exchange.take_in)
def take_drawings_in(world: World) -> tuple[User, Act]:
    form, layer = exchange.FORMATS["web"], world.layer()
    data = form.write(exchange.as_layers(layer.series, [layer], world.ann)).data.replace(b"4", b"5")
    return world.ann, partial(exchange.take_in, series=layer.series, data=data, form=form, by=world.ann)


def handed_in(world: World) -> Annotation:
    """A layer of somebody else that waits for its review."""
    layer = annotations.start(series=world.series(), shapes=[box(4, 4, 20, 20)], by=world.sam)
    return annotations.submit(annotation=layer, revision=1, by=world.sam)


simple(reviews.accept, "ann", annotation=handed_in, revision=lambda w: 2)
simple(reviews.send_back, "ann", annotation=handed_in, revision=lambda w: 2, text=lambda w: "Too wide.")
simple(reviews.merge, "ann", annotation=handed_in, revision=lambda w: 2)


@scenario(agreement.add_consensus)
def add_consensus(world: World) -> tuple[User, Act]:
    one = handed_in(world)
    other = annotations.start(series=one.series, shapes=[box(4, 4, 20, 20)], by=world.ada)
    layers = [one, annotations.submit(annotation=other, revision=1, by=world.ada)]
    return world.ann, partial(agreement.add_consensus, series=one.series, layers=layers, by=world.ann)


simple(comments.write, "ann", annotation=handed_in, text=lambda w: "Too wide.")
simple(cases.create, "ann", fields=lambda w: {"title": "A case"})
simple(cases.update, "ann", case=World.case, revision=lambda w: 1, fields=lambda w: {"title": "Another"})
simple(cases.publish_case, "ann", case=lambda w: w.case(published=False))
simple(cases.withdraw, "ann", case=World.case)
simple(cases.delete, "ann", case=World.case)
simple(collections.create, "ann", title=lambda w: "Lungs")
simple(
    collections.update,
    "ann",
    collection=World.collection,
    fields=lambda w: {"title": "Hearts"},
    members=lambda w: [w.sam],
)
simple(
    readings.open_reading,
    "ann",
    collection=lambda w: collections.create(title="Reading", blinded=True, by=w.ann),
)
simple(collections.delete, "ann", collection=World.collection)
simple(collections.put, "ann", collection=World.collection, case=World.case)
simple(receiving.receive, "ann", case=World.case, chunks=lambda w: [w.picture()])
simple(receiving.open_batch, "ann", case=World.case)
simple(receiving.begin, "ann", case=World.case, batch=lambda w: None, byte_count=lambda w: 9)
simple(receiving.append, "ann", upload=World.arriving, offset=lambda w: 0, chunks=lambda w: [w.picture()])
simple(receiving.abandon, "ann", upload=World.arriving)


@scenario(receiving.arrived)
def _arrived(world: World) -> tuple[User, Act]:
    upload = world.arriving()
    quarantine.add(upload.storage_key, [world.picture()], offset=0, byte_count=upload.byte_count)
    return world.ann, partial(receiving.arrived, upload=upload, by=world.ann)


simple(
    uploads.cancel,
    "ann",
    upload=lambda w: receiving.receive(case=w.case(), chunks=[w.picture()], by=w.ann),
)
simple(uploads.cancel_batch, "ann", batch=World.batch)
simple(uploads.queue, "ann", upload=World.upload)
simple(uploads.queue_case, "ann", case_id=lambda w: w.case().pk)
simple(analyses.request, "ann", case=World.case)
simple(training.request, "sam", collection=lambda w: a_collection(w.ann))
simple(models.promote, "sam", model=lambda w: trained(a_collection(w.ann), w.sam, feature_set="seed")[0])
simple(models.retire, "sam", model=lambda w: promoted(a_collection(w.ann), w.sam))
simple(sample_library.add_case, "ann", sample=lambda w: next(iter(flagship_cases())))


def held_series(world: World) -> Series:
    return held.held(world.case())


simple(desk.save_boxes, "ann", series=held_series, revision=lambda w: 0, boxes=lambda w: [])
simple(desk.approve, "ann", series=held_series, revision=lambda w: 0, boxes=lambda w: [])
simple(desk.refuse, "ann", series=held_series)


def proposed(world: World) -> Series:
    """Approved by one of two persons."""
    series = held_series(world)
    with override_settings(DESK_TWO_STEP=True):
        desk.approve(series=series, revision=0, boxes=[], by=world.ann)
    return series


simple(desk.confirm, "ada", series=proposed, revision=lambda w: 1)
simple(desk.withdraw, "ann", series=proposed, revision=lambda w: 1)


def one_region(world: World) -> tuple[Case, CleanRegions]:
    """A case with an image, and a region that lies on it."""
    frame = world.series().frames.get()
    corners = ((1.0, 1.0), (5.0, 1.0), (5.0, 5.0))
    outline = Outline(frame.instance.sop_uid, "", None, corners, rows=frame.rows, columns=frame.columns)
    return frame.series.case, CleanRegions("segmentation", "0" * 64, "", (Region("Cyst", (outline,)),))


@scenario(regions.attach)
def attach_regions(world: World) -> tuple[User, Act]:
    case, drawn = one_region(world)
    return world.ann, partial(regions.attach, case=case, regions=drawn, by=world.ann)


@scenario(regions.draw)
def draw_regions(world: World) -> tuple[User, Act]:
    case, drawn = one_region(world)
    plan = regions.matched(case_id=case.pk, regions=drawn)
    return world.ann, partial(regions.draw, case=case, plan=plan, by=world.ann)


@scenario(jobs.retry)
def retry(world: World) -> tuple[User, Act]:
    job = world.job()
    jobs.cancel(job=job, by=world.ann)
    return world.ann, partial(jobs.retry, job=job, by=world.ann)


@scenario(collections.take_out)
def take_out(world: World) -> tuple[User, Act]:
    collection, case = world.collection(), world.case()
    collections.put(collection=collection, case=case, by=world.ann)
    return world.ann, partial(collections.take_out, collection=collection, case=case, by=world.ann)


@scenario(datasets.import_dataset)
def import_dataset(world: World) -> tuple[User, Act]:
    (world.folder / "one.png").write_bytes(world.picture())
    (world.folder / "manifest.csv").write_text("filename,label,split\none.png,nodule,train\n")
    fields = {"modality": "CR", "body_region": "chest"}
    return world.ann, partial(
        datasets.import_dataset,
        folder=world.folder,
        collection=world.collection(),
        fields=fields,
        progress=nothing,
        by=world.ann,
    )


@scenario(imports.import_images)
def import_images(world: World) -> tuple[User, Act]:
    (world.folder / "one.png").write_bytes(world.picture())
    return world.ann, partial(
        imports.import_images,
        paths=[world.folder],
        collection=world.collection(),
        progress=nothing,
        by=world.ann,
    )
