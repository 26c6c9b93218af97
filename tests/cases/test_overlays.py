"""Overlay planes are removed; the privacy report and the case page say so."""

import io

import pydicom
import pytest
from django.urls import reverse

from cases.services import privacy
from tests.builders import pictures, rows, traces

pytestmark = pytest.mark.django_db(transaction=True)
DRAWN = b"OVERLAIDNAME" * 8


def with_overlays(*groups: int) -> bytes:
    """A slice of 32 x 24 pixels with overlay planes whose bits spell a name."""
    ds = pydicom.dcmread(io.BytesIO(pictures.ct()))
    for group in groups:
        ds.add(pydicom.DataElement(group << 16 | 0x0010, "US", 32))
        ds.add(pydicom.DataElement(group << 16 | 0x0011, "US", 24))
        ds.add(pydicom.DataElement(group << 16 | 0x3000, "OW", DRAWN))
    out = io.BytesIO()
    ds.save_as(out)
    return out.getvalue()


def test_removed_overlays_are_told_where_people_look(client, stores, case, author, judged):
    upload = rows.upload(case, with_overlays(0x6000, 0x6002), by=author)
    judged(upload)
    client.force_login(author)

    assert b"OVERLAID" not in traces.stored_bytes(stores)
    assert privacy.of_upload(upload).overlay_words.startswith("2 overlay planes were removed")
    report = client.get(reverse("cases:upload-report", args=[upload.pk])).content.decode()
    assert "Overlays were removed" in report
    assert "2 overlay planes were removed" in report
    page = client.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert "verlay graphics were removed" in page


def test_pictures_without_overlays_say_nothing_of_them(client, stores, case, author, judged):
    upload = rows.upload(case, pictures.ct(), by=author)
    judged(upload)
    client.force_login(author)
    assert privacy.of_upload(upload).overlay_words == ""
    for name, key in (("cases:upload-report", upload.pk), ("cases:case", case.pk)):
        assert "verlay graphics" not in client.get(reverse(name, args=[key])).content.decode()
