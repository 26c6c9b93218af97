"""Heat maps: what they say, who gets them, and when they go."""

import gzip

import numpy as np
import pytest
from django.urls import reverse

from analysis.core.features.registry import FEATURE_SETS
from analysis.core.learn.occlude import MOST_PIXELS, grid_of, occlusion
from analysis.models import ModelVersion, Overlay, Prediction
from analysis.services import analyses, models
from cases import blobs
from cases.enums import Clearance, Visibility
from medweb.jobs.models import Job
from medweb.jobs.run import work
from tests.analysis.building import a_case, a_collection, add_series, person, promoted, speckle

pytestmark = pytest.mark.django_db(transaction=True)


class Brightness:
    """Asks for one feature only: the brighter the picture, the surer."""

    classes_ = np.array(["clear", "opacity"])

    def predict_proba(self, table):
        p = np.clip(table[:, 0], 0, 1)
        return np.column_stack([1 - p, p])


def spot(rows=60, columns=40):
    pixels = np.zeros((rows, columns), np.uint8)
    pixels[6:18, 20:32] = 255
    return pixels


def test_the_place_that_matters_is_the_hottest():
    settings = FEATURE_SETS["seed"]
    name = next(one for one in _names(settings) if "mean" in one)
    heat = occlusion(Brightness(), spot(), [name], settings=settings, label="opacity")
    assert heat is not None
    assert heat.values.shape == (10, 7)
    assert heat.label == "opacity"
    row, column = np.unravel_index(int(heat.values.argmax()), heat.values.shape)
    assert 6 <= (row + 0.5) * 6 <= 18
    assert 20 <= (column + 0.5) * 40 / 7 <= 32
    # The other class is moved the other way round, by as much.
    other = occlusion(Brightness(), spot(), [name], settings=settings, label="clear")
    assert np.allclose(other.values, -heat.values, atol=1e-4)
    (ring,) = heat.outlines
    xs, ys = zip(*ring, strict=True)
    assert min(xs) < 26 < max(xs)
    assert min(ys) < 12 < max(ys)


def _names(settings):
    from analysis.core.features.registry import feature_names

    return feature_names(settings)


def test_no_map_where_nothing_matters_or_measuring_takes_too_long():
    settings = FEATURE_SETS["seed"]
    name = next(one for one in _names(settings) if "mean" in one)
    assert (
        occlusion(Brightness(), np.zeros((40, 40), np.uint8), [name], settings=settings, label="clear")
        is None
    )
    rows, columns = grid_of(4664, 3064)
    assert rows * columns * 4664 * 3064 <= MOST_PIXELS
    with pytest.raises(ValueError, match="does not know class"):
        occlusion(Brightness(), spot(), [name], settings=settings, label="cyst")


@pytest.fixture
def in_use():
    staff = person("sam", "staff")
    author = person("ann", "instructor")
    collection = a_collection(author)
    promoted(collection, staff)
    case = collection.items.order_by("position")[0].case
    return staff, author, collection, case


def analysed(case, by):
    job = analyses.request(case=case, by=by)
    assert work(job.pk) == "done", Job.objects.get(pk=job.pk).error


def test_an_analysis_leaves_a_map_that_its_readers_get(in_use, client):
    staff, _author, collection, case = in_use
    assert not Overlay.objects.exists()
    analysed(case, staff)
    overlay = Overlay.objects.get()
    prediction = Prediction.objects.get(case=case)
    assert overlay.prediction == prediction
    assert overlay.frame.series.case == case
    student = person("stu")
    client.force_login(student)
    (told,) = client.get(reverse("api-case-overlays", args=[case.pk])).json()["results"]
    model = ModelVersion.objects.get(collection=collection)
    assert (told["name"], told["label"], told["collection"]) == (
        str(model),
        prediction.label,
        collection.title,
    )
    assert (told["series"], told["frame"]) == (overlay.frame.series_id, 0)
    answer = client.get(told["url"])
    values = np.frombuffer(gzip.decompress(answer.content), "<f4").reshape(told["rows"], told["columns"])
    assert (float(values.min()), float(values.max())) == pytest.approx((told["low"], told["high"]))
    assert answer["Content-Encoding"] == "gzip"
    assert "immutable" in answer["Cache-Control"]
    assert client.get(told["url"].replace(overlay.digest[:16], "0" * 16)).status_code == 404
    panel = client.get(reverse("analysis:case-panel", args=[case.pk])).content.decode()
    assert f'data-shows-overlay="{overlay.prediction_id}"' in panel
    # Analysing again makes another row: an address never shows two maps.
    analysed(case, staff)
    assert Overlay.objects.get().pk != overlay.pk
    assert client.get(told["url"]).status_code == 404


def test_a_map_hides_with_its_prediction_and_its_picture(in_use, client):
    staff, _author, collection, case = in_use
    analysed(case, staff)
    overlay = Overlay.objects.get()
    student = person("stu")
    client.force_login(student)
    listed = reverse("api-case-overlays", args=[case.pk])
    values = reverse("analysis:overlay-values", args=[overlay.pk, overlay.digest[:16]])
    panel = reverse("analysis:case-panel", args=[case.pk])

    def seen():
        got = client.get(listed).json()["results"], client.get(values).status_code
        return bool(got[0]), got[1] == 200, "data-shows-overlay" in client.get(panel).content.decode()

    assert seen() == (True, True, True)
    series = overlay.frame.series
    series.clearance = Clearance.HELD
    series.save()
    assert seen() == (False, False, False)
    series.clearance = Clearance.CLEARED
    series.save()
    # In a collection for its members alone, the case is hidden with all that belongs to it.
    collection.visibility = Visibility.MEMBERS
    collection.save()
    assert [client.get(address).status_code for address in (listed, values, panel)] == [404, 404, 404]
    collection.visibility = Visibility.EVERYONE
    collection.save()
    assert seen() == (True, True, True)
    models.retire(model=ModelVersion.objects.get(collection=collection), by=staff)
    assert seen() == (False, False, False)


def test_the_store_keeps_the_map_as_long_as_a_row_names_it(in_use):
    from analysis.signals import named_digests

    staff, _author, _collection, case = in_use
    analysed(case, staff)
    overlay = Overlay.objects.get()
    assert overlay.digest in set(named_digests())
    assert blobs.exists(overlay.digest)
    case.delete()
    assert not Overlay.objects.exists()


def test_a_case_without_a_model_has_none(client):
    staff, author = person("sam", "staff"), person("ann", "instructor")
    case = a_case(author)
    add_series(case, [speckle(1)])
    analysed(case, staff)
    client.force_login(author)
    assert client.get(reverse("api-case-overlays", args=[case.pk])).json()["results"] == []
