"""Regions from files on the images of a case: where they land, once, beside what is drawn there."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from cases.exchange import placing
from cases.imaging.clean import clean_any
from cases.imaging.errors import Refused
from cases.models import Annotation, AnnotationRevision, Upload
from cases.services import annotations, intake, regions
from medweb.audit.models import AuditEvent
from tests.builders import pictures, rows
from tests.pure.imaging.region_files import contour, segmentation, structures
from tests.support import shared

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    found = rows.draft(rows.instructor(), images=0)
    attach(found, *[pictures.ct(number, z=5 * number) for number in (1, 2, 3)])
    return found


def attach(case, *files):
    with transaction.atomic():
        return intake.attach(case, [intake.prepare(data) for data in files])


def lay(case, data, by=None):
    from django.conf import settings

    found = clean_any(data, secret=settings.PSEUDONYM_KEY)
    return regions.attach(case=case, regions=found, by=by or case.author)


def square(z, *, x=2.0, image=None, **more):
    """From (2, 3) mm to (4, 6) mm: with pixels of 0.5 mm from column 4.5 and row 6.5 to 8.5 and 12.5."""
    return contour([(x, 3, z), (x + 2, 3, z), (x + 2, 6, z), (x, 6, z)], image=image, **more)


TRUTH = [[4.5, 6.5], [8.5, 6.5], [8.5, 12.5], [4.5, 12.5]]


def test_a_contour_lands_on_its_slice_in_pixels(case):
    laid = lay(case, structures({"Node": [square(10, image="1.2.3.4.2")]}))
    layer = Annotation.objects.get()
    assert (laid.added, laid.known, laid.elsewhere) == (1, 0, 0)
    assert (layer.author, layer.is_reference, layer.status) == (case.author, True, "submitted")
    (shape,) = layer.shapes
    assert (shape["frame"], shape["kind"], shape["label"]) == (1, "polygon", "Node")
    assert shape["points"] == TRUTH
    assert layer.revisions.count() == 1


@pytest.mark.parametrize("series", ["1.2.3.4", None])
def test_without_an_image_its_name_the_place_decides(case, series):
    lay(case, structures({"Node": [square(15.2)]}, series=series))
    assert [shape["frame"] for shape in Annotation.objects.get().shapes] == [2]


def test_the_same_file_again_adds_nothing(case):
    data = structures({"Node": [square(10), square(15)]})
    assert lay(case, data).added == 2
    again = lay(case, data)
    assert (again.added, again.known) == (0, 2)
    assert Annotation.objects.get().revision == AnnotationRevision.objects.count() == 1
    assert AuditEvent.objects.filter(verb="annotation.import").count() == 1


def test_what_is_drawn_stays_and_a_draft_stays_a_draft(case):
    own = rows.shape("point")
    annotations.start(series=case.series.get(), shapes=[own], by=case.author)
    lay(case, structures({"Node": [square(10)]}))
    layer = Annotation.objects.get()
    assert layer.shapes[0]["id"] == own["id"]
    assert len(layer.shapes) == 2
    assert (layer.status, layer.revision) == ("draft", 2)


def test_slices_that_come_later_take_their_regions_along(case):
    lay(case, structures({"Node": [square(10)]}))
    attach(case, pictures.ct(9, z=1))
    assert Annotation.objects.get().shapes[0]["frame"] == 2


def test_slices_that_come_between_matching_and_drawing_are_seen(case, monkeypatch):
    state, late = regions._state, [pictures.ct(9, z=1)]

    def then_comes_a_slice(case_id):
        seen = state(case_id)
        if late:
            attach(case, late.pop())
        return seen

    monkeypatch.setattr(regions, "_state", then_comes_a_slice)
    assert lay(case, structures({"Node": [square(10)]})).added == 1
    assert Annotation.objects.get().shapes[0]["frame"] == 2


def test_only_frames_near_an_outline_are_looked_at(case, monkeypatch):
    """One by one, four thousand outlines on four hundred slices took minutes."""
    on, asked = placing._on, []

    def counted(target, outline):
        asked.append(target.index)
        return on(target, outline)

    monkeypatch.setattr(placing, "_on", counted)
    assert lay(case, structures({"Node": [square(5), square(10), square(15), square(300)]})).added == 3
    assert asked == [0, 1, 2]


def test_masks_cover_their_pixels(case):
    import numpy as np

    from cases.geometry import mask, parse_shapes

    wanted = np.zeros((32, 24), bool)
    wanted[3:9, 4:12] = True
    wanted[5, 6] = False
    named = segmentation([wanted], [1], ["1.2.3.4.2"], {1: "Cyst"}, place=False)
    placed = segmentation([wanted], [1], [""], {1: "Cyst"})
    assert lay(case, named).added == 1
    layer = Annotation.objects.get()
    (shape,) = parse_shapes(layer.shapes, frames=[(32, 24)] * 3)
    assert shape.frame == 1
    assert np.array_equal(mask(shape, 32, 24), wanted)
    with pytest.raises(Refused):
        # Its plane lies between the slices of the case.
        lay(case, placed)


def test_images_that_are_not_here_are_asked_for(case):
    for data in (
        structures({"Node": [square(10, image="1.2.9.9")]}),
        structures({"Node": [square(300)]}),
        structures({"Node": [square(10)]}, series="1.2.77"),
    ):
        if b"1.2.77" in data:
            assert lay(case, data).added == 1  # another series of the same space
            continue
        with pytest.raises(Refused) as refused:
            lay(case, data)
        assert refused.value.code == "images-missing"
    assert Annotation.objects.count() == 1


def test_those_that_find_an_image_are_drawn_and_the_others_counted(case):
    laid = lay(case, structures({"Node": [square(10), square(300)]}))
    assert (laid.added, laid.elsewhere) == (1, 1)


def test_what_reaches_over_the_border_is_cut_and_what_lies_beyond_left(case):
    lay(case, structures({"Node": [square(10, x=-1.0), square(15, x=500.0)]}))
    (shape,) = Annotation.objects.get().shapes
    assert min(x for x, _y in shape["points"]) == 0
    assert max(x for x, _y in shape["points"]) == 2.5


def test_points_become_points(case):
    lay(case, structures({"Fiducial": [contour([(2, 3, 10)], image=None, kind="POINT")]}))
    (shape,) = Annotation.objects.get().shapes
    assert (shape["kind"], shape["points"]) == ("point", [[4.5, 6.5]])


def test_others_may_not(case):
    with pytest.raises(PermissionDenied):
        lay(case, structures({"Node": [square(10)]}), by=rows.instructor())


def test_more_than_a_layer_holds_is_refused(case, monkeypatch):
    monkeypatch.setattr("cases.geometry.schema.MAX_SHAPES", 1)
    with pytest.raises(Refused) as refused:
        lay(case, structures({"Node": [square(10), square(15)]}))
    assert refused.value.code == "too-many-regions"
    assert Annotation.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_images_and_regions_sent_at_once_meet(stores, judged):
    case = rows.draft(rows.instructor(), images=0)
    data = pictures.archive(
        {"a": structures({"Node": [square(10)]}), "b": pictures.ct(1, z=10), "c": pictures.ct(2, z=20)}
    )
    upload = judged(rows.upload(case, data, by=case.author))
    assert (upload.state, upload.taken) == ("accepted", 2)
    assert "1 outline drawn" in upload.sentence
    assert Annotation.objects.get().shapes[0]["frame"] == 0
    alone = judged(rows.upload(case, structures({"Far": [square(900)]}), by=case.author))
    assert (alone.state, alone.code) == ("refused", "images-missing")
    assert Upload.objects.count() == 2


@pytest.mark.shared
@pytest.mark.django_db(transaction=True)
def test_a_planning_export_is_drawn_on_its_series(stores, judged):
    folder = shared("data/05_dicom_mr_series")
    names = sorted(path.name for path in (folder / "series").iterdir())
    # Three slices of forty: enough to draw on, and the others are counted.
    parts = {name: (folder / "series" / name).read_bytes() for name in names[9:12]}
    parts["RS"] = (folder / "rtstruct/RS_MR_T2.dcm").read_bytes()
    case = rows.draft(rows.instructor(), images=0)
    upload = judged(rows.upload(case, pictures.archive(parts), by=case.author))
    layer = Annotation.objects.get()
    assert upload.taken == 3
    assert {shape["label"] for shape in layer.shapes} == {"GTV_Mass", "GTV_Edema"}
    assert f"{len(layer.shapes)} outlines drawn; {52 - len(layer.shapes)} outlines lie" in upload.sentence
    assert {shape["frame"] for shape in layer.shapes} == {0, 1, 2}
