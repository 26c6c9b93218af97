"""Planes through a series: over the page's addresses, as its viewer asks."""

import gzip
import threading

import numpy as np
import pytest
from django.urls import reverse

from cases import blobs
from cases.enums import Clearance
from cases.imaging.frames import unpack
from cases.services import planes
from tests.builders import rows
from tests.support import PATIENCE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(planes, "_stacks", planes._Stacks())


@pytest.fixture
def stack(author):
    case = rows.published(author, images=6)
    return case.series.get()


@pytest.fixture
def reader(client):
    client.force_login(rows.person())
    return client


def told(reader, series):
    answer = reader.get(reverse("api-series-planes", args=[series.pk]))
    assert answer.status_code == 200
    return answer.json()


def address(series, found, plane="coronal", index=0, **query):
    where = reverse("cases:plane-pixels", args=[series.pk, found["key"], plane, index])
    return where + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")


def shown(answer, found, plane):
    assert answer.status_code == 200
    assert answer["Content-Encoding"] == "gzip"
    one = next(one for one in found["planes"] if one["name"] == plane)
    return np.frombuffer(gzip.decompress(answer.content), found["dtype"]).reshape(one["rows"], one["columns"])


def recorded(series):
    return np.stack([unpack(blobs.get(f.digest), f.dtype, f.shape) for f in series.frames.order_by("index")])


def test_the_planes_of_a_stack_are_its_voxels(stack, reader):
    found = told(reader, stack)
    assert found["reason"] == ""
    assert [one["name"] for one in found["planes"]] == ["axial", "coronal", "sagittal"]
    voxels = recorded(stack)
    coronal = shown(reader.get(address(stack, found, "coronal", 5)), found, "coronal")
    assert (coronal == voxels[::-1, 5, :]).all()
    sagittal = shown(reader.get(address(stack, found, "sagittal", 7)), found, "sagittal")
    assert (sagittal == voxels[::-1, :, 7]).all()
    axial = shown(reader.get(address(stack, found, "axial", 2)), found, "axial")
    assert (axial == voxels[2]).all()
    thick = shown(reader.get(address(stack, found, "axial", 2, slab=3, by="max")), found, "axial")
    assert (thick == voxels[1:4].max(axis=0)).all()


def test_addresses_last_as_long_as_the_stack(stack, reader):
    found = told(reader, stack)
    answer = reader.get(address(stack, found))
    assert "immutable" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
    rows.add_series(stack.case, first=90)
    assert told(reader, stack)["key"] == found["key"]
    stack.frames.last().delete()
    assert told(reader, stack)["key"] != found["key"]
    assert reader.get(address(stack, found)).status_code == 404


def test_what_waits_at_the_desk_has_no_planes(stack, reader):
    found = told(reader, stack)
    assert reader.get(address(stack, found)).status_code == 200
    type(stack).objects.filter(pk=stack.pk).update(clearance=Clearance.HELD)
    assert reader.get(address(stack, found)).status_code == 404
    assert reader.get(reverse("api-series-planes", args=[stack.pk])).status_code == 404


def test_a_series_without_depth_says_why(author, reader):
    series = rows.published(author, images=2).series.get()
    found = told(reader, series)
    assert "fewer than three" in found["reason"]
    assert found["planes"] == []


def test_a_stack_larger_than_the_memory_says_so(stack, reader, settings):
    settings.VOLUME_BYTES = 1000
    assert "memory" in told(reader, stack)["reason"]


@pytest.mark.parametrize(
    ("plane", "index", "query", "code"),
    [
        ("oblique", 0, {}, 400),
        ("axial", 6, {}, 404),
        ("axial", 0, {"slab": "thick"}, 400),
        ("axial", 0, {"slab": "nan"}, 400),
        ("axial", 0, {"slab": "-1"}, 400),
        ("axial", 0, {"slab": "3", "by": "median"}, 400),
    ],
)
def test_what_cannot_be_cut_is_refused(stack, reader, plane, index, query, code):
    found = told(reader, stack)
    assert reader.get(address(stack, found, plane, index, **query)).status_code == code


def test_bytes_that_are_gone_are_no_server_error(stack, reader):
    found = told(reader, stack)
    for frame in stack.frames.all():
        blobs.delete(frame.digest)
    assert reader.get(address(stack, found)).status_code == 404


def test_readers_who_come_together_build_one_stack(stack, monkeypatch):
    frames = planes.frames_of(stack)
    stacks, built = planes._Stacks(), []
    begun, go = threading.Event(), threading.Event()

    def slow(given):
        begun.set()
        built.append(given)
        assert go.wait(PATIENCE)
        return planes.Volume(None, np.zeros(3), 1.0, 0.0)

    monkeypatch.setattr(planes, "_build", slow)
    found = []
    readers = [threading.Thread(target=lambda: found.append(stacks.get("k", frames))) for _n in range(3)]
    readers[0].start()
    assert begun.wait(PATIENCE)
    for one in readers[1:]:
        one.start()
    go.set()
    for one in readers:
        one.join(10)
    assert len(built) == 1
    assert found[0] is found[1] is found[2]


def test_memory_goes_to_the_stack_that_is_read(stack, settings, monkeypatch):
    settings.VOLUME_BYTES = 100
    stacks, built = planes._Stacks(), []

    def build(given):
        built.append(given)
        return planes.Volume(None, np.zeros(60, np.uint8), 1.0, 0.0)

    monkeypatch.setattr(planes, "_build", build)
    stacks.get("a", ["a"])
    stacks.get("b", ["b"])
    stacks.get("b", ["b"])
    stacks.get("a", ["a"])
    assert built == [["a"], ["b"], ["a"]]
    monkeypatch.setattr(planes, "IDLE_SECONDS", -1.0)
    stacks.forget_idle()
    stacks.get("a", ["a"])
    assert built[3:] == [["a"]]
