"""A head in thin slices warns its author."""

import pytest
from django.urls import reverse

from tests.builders import rows

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("region", "images", "warned"), [("head", 20, True), ("head", 19, False), ("chest", 20, False)]
)
def test_thin_slices_of_a_head_warn(region: str, images: int, warned: bool, client, stores) -> None:
    author = rows.instructor()
    case = rows.draft(author, images=images, body_region=region)
    assert case.series.get().notes == (["face"] if warned else [])
    client.force_login(author)
    text = client.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert ("A face may be reconstructed" in text) is warned


def test_readers_are_not_warned(client, stores) -> None:
    case = rows.published(rows.instructor(), images=20, body_region="head")
    client.force_login(rows.person())
    text = client.get(reverse("cases:case", args=[case.pk])).content.decode()
    assert "A face may be reconstructed" not in text
