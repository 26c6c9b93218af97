"""Whole slides: rows, page, tiles, and a file all the way from the upload."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from cases import blobs
from cases.enums import Clearance
from cases.errors import StaleRevision
from cases.geometry.measure import perimeter
from cases.models import Instance, Series, Slide, Upload
from cases.services import annotations, cases, desk, exchange, intake
from medweb.accounts.models import Role
from tests.builders import rows
from tests.pure.imaging import slide_files
from tests.pure.imaging.slide_files import tissue
from tests.support import shared

pytestmark = pytest.mark.django_db


def tile_url(slide: Slide, level: int = 0, x: int = 0, y: int = 0) -> str:
    return reverse("cases:slide-tile", args=[slide.instance_id, slide.instance.digest[:16], level, x, y])


@pytest.fixture
def slide(stores: Path) -> Slide:
    """On a published case."""
    author = rows.instructor("author")
    case = rows.draft(author, images=0, modality="SM")
    made = rows.add_slide(case)
    cases.publish_case(case=case, by=author)
    return made


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(rows.person(Role.STUDENT, name="reader"))
    return client


def test_rows_of_a_slide(slide: Slide) -> None:
    assert (slide.width, slide.height, slide.microns_x, slide.magnification) == (700, 300, 2.0, 20.0)
    assert slide.instance.kind == "slide"
    assert slide.instance.series.modality == "SM"
    frame = slide.instance.frames.get()
    assert (frame.rows, frame.columns, frame.samples) == (300, 700, 3)
    assert frame.pixel_spacing == pytest.approx([0.002, 0.002])
    with pytest.raises(IntegrityError), transaction.atomic():
        Slide.objects.filter(pk=slide.pk).update(width=0)


def test_its_bytes_are_named_and_stay(slide: Slide) -> None:
    blobs.delete_unnamed(now=10**12)
    assert blobs.exists(slide.instance.digest)
    slide.instance.series.case.delete()
    blobs.delete_unnamed(now=10**12)
    assert not blobs.exists(slide.instance.digest)


def test_a_tile_is_a_picture_that_browsers_keep(slide: Slide, reader: Client) -> None:
    response = reader.get(tile_url(slide, 1, 1, 0))
    assert response.status_code == 200
    assert response.content.startswith(b"\xff\xd8")
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(("level", "x", "y"), [(2, 0, 0), (1, 2, 0), (1, 0, 1), (0, 1, 0), (10**9, 0, 0)])
def test_there_is_no_such_tile(slide: Slide, reader: Client, level: int, x: int, y: int) -> None:
    assert reader.get(tile_url(slide, level, x, y)).status_code == 404
    api = tile_url(slide, level, x, y).replace("/slides/", "/api/slides/")
    assert reader.get(api).json()["code"] == "not-found"


def test_another_digest_and_lost_bytes_are_404(slide: Slide, reader: Client) -> None:
    assert reader.get(tile_url(slide).replace(slide.instance.digest[:16], "0" * 16)).status_code == 404
    blobs.delete(slide.instance.digest)
    assert reader.get(tile_url(slide)).status_code == 404


def test_the_description(slide: Slide, reader: Client) -> None:
    found = reader.get(reverse("api-slide", args=[slide.instance_id])).json()
    assert found["levels"] == [
        {"width": 350, "height": 150, "columns": 1, "rows": 1},
        {"width": 700, "height": 300, "columns": 2, "rows": 1},
    ]
    assert found["microns_per_pixel"] == [2.0, 2.0]
    assert (found["tile_size"], found["magnification"]) == (512, 20.0)
    for address in (found["tile_url"], found["api_tile_url"]):
        url = address.format(level=1, x=1, y=0)
        assert reader.get(url).content == reader.get(tile_url(slide, 1, 1, 0)).content
    assert "4711" not in json.dumps(found)
    series = reader.get(reverse("api-series", args=[found["series"]])).json()
    assert series["slides"] == [found["id"]]


def test_drawings_are_kept_on_the_overview(slide: Slide, reader: Client) -> None:
    found = reader.get(reverse("api-slide", args=[slide.instance_id])).json()
    assert found["overview"] == {"frame": 0, "scale": 1}
    larger = rows.add_slide(slide.instance.series.case, width=2300, height=700)
    assert (larger.overview.columns, larger.overview.rows, larger.scale) == (1150, 350, 2)
    author = slide.instance.series.case.author
    # A quarter of a pixel of the overview is half of one of the slide.
    shape = {"id": str(uuid.uuid4()), "kind": "length", "frame": 0, "points": [[0.25, 0], [1000.25, 0]]}
    made = annotations.start(series=larger.instance.series, shapes=[shape], by=author)
    assert made.shapes[0]["points"] == [[0.25, 0.0], [1000.25, 0.0]]
    (layer,) = exchange.as_layers(larger.instance.series, [made], author)
    millimetres = 2000 * 0.002
    assert perimeter(layer.shapes[0], layer.pictures[0].spacing) == pytest.approx(millimetres)
    page = Client()
    page.force_login(author)
    text = page.get(reverse("cases:drawings", args=[larger.instance.series_id])).content.decode()
    assert "times 2 they are pixels of the slide" in text


def test_who_sees_the_case_may_draw_on_its_slide(slide: Slide, reader: Client) -> None:
    series = slide.instance.series
    page = reader.get(reverse("cases:slide", args=[series.case_id, slide.instance_id])).content.decode()
    assert 'data-can-draw="true"' in page
    assert f'data-annotation-url="{reverse("api-annotations")}?series={series.pk}"' in page
    assert f"case:{series.case_id}" in page, "the page hears of new drawings"


def test_an_unknown_scale_is_null(slide: Slide, reader: Client) -> None:
    Slide.objects.update(microns_x=None, microns_y=None, magnification=None)
    found = reader.get(reverse("api-slide", args=[slide.instance_id])).json()
    assert (found["microns_per_pixel"], found["magnification"]) == (None, None)
    assert reader.get(reverse("cases:slide", args=[found["case"], found["id"]])).status_code == 200


def test_what_waits_at_the_desk_is_nowhere(slide: Slide, reader: Client, client: Client) -> None:
    Series.objects.update(clearance=Clearance.HELD)
    addresses = [
        tile_url(slide),
        tile_url(slide).replace("/slides/", "/api/slides/"),
        reverse("api-slide", args=[slide.instance_id]),
        reverse("cases:slide", args=[slide.instance.series.case_id, slide.instance_id]),
    ]
    author = slide.instance.series.case.author
    for user in (reader, client):
        assert [user.get(address).status_code for address in addresses] == [404] * 4
        client.force_login(author)
    page = client.get(reverse("cases:case", args=[slide.instance.series.case_id]))
    assert b"/slides/" not in page.content


def test_the_case_leads_to_its_slide_and_back(slide: Slide, reader: Client) -> None:
    case = slide.instance.series.case
    address = reverse("cases:slide", args=[case.pk, slide.instance_id])
    assert address.encode() in reader.get(reverse("cases:case", args=[case.pk])).content
    page = reader.get(address)
    assert reverse("cases:case", args=[case.pk]).encode() in page.content
    assert reverse("api-slide", args=[slide.instance_id]).encode() in page.content
    other = rows.published(case.author)
    assert reader.get(reverse("cases:slide", args=[other.pk, slide.instance_id])).status_code == 404


# --- levels of one slide ----------------------------------------------------------------------------------


def level(width: int, height: int, *, number: int, **header: object) -> intake.Prepared:
    pixels = tissue(width, height)
    return intake.prepare(slide_files.dicom([pixels], number=number, tile=(256, 256), **header))  # type: ignore[arg-type]


@pytest.mark.parametrize("together", [True, False])
def test_the_finest_level_that_came_is_the_slide(stores: Path, together: bool) -> None:
    case = rows.draft(rows.instructor(), images=0)
    levels = [level(200, 150, number=3), level(800, 600, number=1), level(400, 300, number=2)]
    fates = []
    for some in [levels] if together else [[one] for one in levels]:
        fates += [fate.code for fate in intake.attach(case, some, trusted=True).fates]
    assert fates == ["taken", "taken", "here"]
    instance = Instance.objects.get(series__case=case)
    assert (instance.slide.width, instance.slide.height) == (800, 600)
    assert instance.digest == instance.arrived_digest == levels[1].clean.digest
    assert instance.frames.get().columns == 800
    again = intake.attach(case, [level(800, 600, number=1)], trusted=True)
    assert [fate.code for fate in again.fates] == ["here"]


def test_a_slide_that_was_drawn_on_keeps_its_level(stores: Path) -> None:
    author = rows.instructor()
    case = rows.draft(author, images=0)
    intake.attach(case, [level(200, 150, number=2)], trusted=True)
    annotations.start(series=case.series.get(), shapes=[rows.shape()], by=author)
    outcome = intake.attach(case, [level(400, 300, number=1)], trusted=True)
    assert [fate.code for fate in outcome.fates] == ["here"]
    assert Slide.objects.get(instance__series__case=case).width == 200


def test_a_finer_level_that_shows_a_label_is_held(stores: Path) -> None:
    case = rows.draft(rows.instructor(), images=0)
    intake.attach(case, [level(200, 150, number=2)], trusted=True)
    intake.attach(case, [level(400, 300, number=1, SpecimenLabelInImage="YES")])
    series = case.series.get()
    assert series.is_held
    assert series.instances.get().suspicion == ["burned-in-flag"]


def test_a_finer_level_voids_what_was_opened_at_the_desk(stores: Path) -> None:
    author = rows.instructor()
    case = rows.draft(author, images=0)
    intake.attach(case, [level(200, 150, number=2, SpecimenLabelInImage="YES")])
    series = case.series.get()
    opened = desk.standing(series).revision
    intake.attach(case, [level(400, 300, number=1, SpecimenLabelInImage="YES")])
    with pytest.raises(StaleRevision):
        desk.approve(series=series, revision=opened, boxes=[], by=author)
    series.refresh_from_db()
    assert series.is_held


def test_what_was_made_black_stays_black(stores: Path) -> None:
    case = rows.draft(rows.instructor(), images=0)
    intake.attach(case, [level(200, 150, number=2)], trusted=True)
    Instance.objects.update(digest="0" * 64)
    outcome = intake.attach(case, [level(400, 300, number=1)], trusted=True)
    assert [fate.code for fate in outcome.fates] == ["here"]
    assert Slide.objects.get(instance__series__case=case).width == 200


# --- from the upload --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_scanner_s_file_from_the_upload_to_the_tile(
    stores: Path, judged: Callable[[Upload], Upload], client: Client
) -> None:
    pytest.importorskip("openslide")
    author = rows.instructor()
    case = rows.draft(author, images=0)
    data = slide_files.aperio(tissue(900, 700))
    upload = judged(rows.upload(case, data, by=author))
    assert (upload.state, upload.taken) == ("accepted", 1), upload.sentence
    slide = Slide.objects.get(instance__series__case=case)
    assert (slide.width, slide.height) == (900, 700)
    Series.objects.update(clearance=Clearance.CLEARED)
    client.force_login(author)
    assert client.get(tile_url(slide, 1, 1, 1)).status_code == 200
    left = b"".join(path.read_bytes() for path in stores.rglob("*") if path.is_file())
    assert slide_files.NAME.encode() not in left
    assert data[:4096] not in left


@pytest.mark.django_db(transaction=True)
def test_the_label_is_refused_with_a_sentence(stores: Path, judged: Callable[[Upload], Upload]) -> None:
    author = rows.instructor()
    case = rows.draft(author, images=0)
    label = slide_files.dicom([tissue(100, 80)], flavour="LABEL")
    upload = judged(rows.upload(case, label, by=author))
    assert (upload.state, upload.code) == ("refused", "slide-label")
    assert not Instance.objects.exists()
    assert not [path for path in stores.rglob("*") if path.is_file()]


@pytest.mark.shared
@pytest.mark.django_db(transaction=True)
def test_the_reference_slides_through_the_upload(stores: Path, judged: Callable[[Upload], Upload]) -> None:
    pytest.importorskip("openslide")
    folder = shared("data/09_wsi_small")
    author = rows.instructor()
    case = rows.draft(author, images=0)
    told = {}
    for path in [folder / "CMU-1-Small-Region.svs", *sorted((folder / "dicom_wsi_BPAEC").iterdir())]:
        if path.name.startswith("readme"):
            continue
        told[path.name] = judged(rows.upload(case, path.read_bytes(), by=author)).code
    assert told.pop("2") == "slide-label"
    assert told.pop("1_Map") == "slide-beside"
    # Coarser levels that come after the finest one are known already.
    assert set(told.values()) == {"accepted", "here"}
    sizes = set(Slide.objects.values_list("width", "height"))
    assert sizes == {(2220, 2967), (3072, 2304)}
