"""A worker that is killed in the middle of a job: the next one does it once more, and it counts once."""

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests import support
from tests.conftest import POSTGRES

pytestmark = pytest.mark.broker
PICTURES = 60

SEED = """
import json, sys
from pathlib import Path
from medweb.accounts.services import create_token, create_user
from cases.services import cases
ann = create_user(username="ann", password="a long password", roles=["instructor"], by=None)
case = cases.create(fields={"title": "Many pictures"}, by=ann)
print(json.dumps({"case": case.pk, "key": create_token(name="test", days=None, by=ann)[1]}))
"""


def archive() -> bytes:
    """A ZIP of different noisy pictures, which takes a worker some seconds."""
    generator, packed = np.random.default_rng(5), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for number in range(PICTURES):
            picture = io.BytesIO()
            pixels = generator.integers(0, 255, (480, 480), dtype=np.uint8)
            Image.fromarray(pixels).save(picture, "PNG", compress_level=1)
            file.writestr(f"{number}.png", picture.getvalue())
    return packed.getvalue()


@pytest.fixture
def app() -> Iterator[support.LiveApp]:
    """A MedWeb whose workers lose a job two seconds after their last sign of life."""
    broker = support.start_broker()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="medweb-killed-") as folder,
            support.running_app(
                Path(folder),
                redis_url=broker.url,
                database_url=os.environ.get("DATABASE_URL") if POSTGRES else None,
                settings={"MEDWEB_JOB_LEASE": "2"},
            ) as running,
        ):
            yield running
    finally:
        broker.stop()


def test_a_killed_worker_leaves_exactly_one_result(app: support.LiveApp) -> None:
    seeded = json.loads(app.python(SEED))
    with httpx.Client(
        base_url=app.base_url, headers={"Authorization": f"Bearer {seeded['key']}"}, timeout=support.PATIENCE
    ) as client:

        def job() -> dict[str, Any]:
            found: dict[str, Any] = client.get("/api/jobs/").raise_for_status().json()["results"][0]
            return found

        def wait_for(what: str, *states: str) -> dict[str, Any]:
            seen: dict[str, Any] = {}

            def reached() -> bool:
                seen.update(job())
                return seen["state"] in states and (what != "half way" or seen["progress"] > 0)

            support.wait_until(reached, seconds=240, what=f"the job is {what}")
            return seen

        reply = client.post(
            f"/api/cases/{seeded['case']}/uploads/",
            files={"file": ("many.zip", archive())},
        )
        assert reply.status_code == 202, reply.text
        wait_for("half way", "running")
        app.stop("worker", kill=True)
        dead = job()
        assert (dead["state"], dead["attempt"]) == ("running", 1)
        app.start_worker()
        done = wait_for("over", "done", "failed", "cancelled")
        assert (done["state"], done["attempt"], done["error"]) == ("done", 2, "")
        upload = client.get(f"/api/uploads/{reply.json()['id']}/").json()
        assert upload["state"] == "accepted"
        assert upload["taken"] == PICTURES
        assert client.get("/api/jobs/").json()["results"] == [job()]
    kept = app.python(
        "from django.conf import settings; from cases.models import Frame, Instance; "
        "from medweb.audit.models import AuditEvent; "
        "print(Instance.objects.count(), Frame.objects.count(), "
        "AuditEvent.objects.filter(verb='upload.accept').count(), "
        "len(list(settings.QUARANTINE_DIR.iterdir())))"
    )
    assert kept.split() == [str(PICTURES), str(PICTURES), "1", "0"]
