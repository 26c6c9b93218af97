"""A batch is called off: on its page, on the case page and by the API."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import Upload, UploadBatch
from cases.services import quarantine
from tests.builders import pictures, traces

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.broker]


@pytest.fixture
def batch(case, author, stores, send) -> UploadBatch:
    """Three files of which one has its verdict."""
    batch = UploadBatch.objects.create(case=case, created_by=author)
    first, *_rest = send(*(pictures.png(n) for n in (1, 2, 3)), batch=batch)
    batch.uploads.filter(pk=first.pk).update(state="refused", code="unknown", storage_key="")
    quarantine.discard(first.storage_key)
    return batch


@pytest.fixture
def client(author) -> Client:
    client = Client()
    client.force_login(author)
    return client


def states(batch: UploadBatch) -> list[str]:
    return list(batch.uploads.order_by("pk").values_list("state", flat=True))


def test_the_page_offers_it_while_a_file_waits(client, batch, stores):
    page, action = reverse("cases:batch", args=[batch.pk]), reverse("cases:batch-cancel", args=[batch.pk])
    text = client.get(page).content.decode()
    assert f'action="{action}"' in text
    assert "Cancel the 2 files of this upload that have no verdict yet?" in text
    answer = client.post(action, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert "2 files were cancelled. What was taken before stays in the case." in answer.content.decode()
    assert states(batch) == ["refused", "cancelled", "cancelled"]
    assert f'action="{action}"' not in client.get(page).content.decode()
    assert traces.files(stores / "quarantine") == []
    assert "Every file had its verdict already." in client.post(action, follow=True).content.decode()


def test_the_case_page_stays_and_gets_its_list(client, case, batch):
    action = reverse("cases:batch-cancel", args=[batch.pk])
    fragment = client.get(reverse("cases:upload-list", args=[case.pk])).content.decode()
    assert f'hx-post="{action}"' in fragment
    answer = client.post(action, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'id="upload-list"' in answer.content.decode()
    assert f'hx-post="{action}"' not in answer.content.decode()
    assert states(batch) == ["refused", "cancelled", "cancelled"]


def test_the_api_tells_how_many(client, batch):
    answer = client.post(reverse("api-batch-cancel", args=[batch.pk]))
    assert answer.json() == {
        "id": batch.pk,
        "case": batch.case_id,
        "cancelled": 2,
        "counts": {"all": 3, "refused": 3, "waiting": 0, "accepted": 0},
    }


def test_the_case_page_shows_some_and_counts_all(client, case, author, stores):
    batch = UploadBatch.objects.create(case=case, created_by=author)
    now = timezone.now()
    rest = {"case": case, "created_by": author, "byte_count": 9, "expires_at": now, "batch": batch}
    states = ["refused"] * 15 + ["accepted"] * 10
    Upload.objects.bulk_create(Upload(state=state, **rest) for state in states)
    text = client.get(reverse("cases:upload-list", args=[case.pk])).content.decode()
    assert "10 accepted, 15 refused, 0 waiting" in text
    assert text.count("<tr data-state=") == 20
    assert "1–20 of 25" in text
    assert client.get(reverse("cases:batch", args=[batch.pk])).content.count(b"<tr data-state=") == 25
