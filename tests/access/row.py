"""One row of the access table: a request, what it carries, and its answers.

A cell is the status of the answer, or one of these words:

- ``sign-in``: sent to the sign-in page (pages) or 401 (API);
- ``refused``: a redirect that only carries an error message; nothing was written.

``OWN`` lists student, instructor, staff and administrator of the world the row is about; ``OTHER`` the same
people of the other world, or ``""`` for addresses that name no row. The instructor is the author and owner,
student and staff are invited to the collection, administrators are administrators everywhere.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from cases.models import Case, Slide
from cases.services import planes
from tests.builders import rows
from tests.builders.world import World

SIGN_IN = "sign-in"
REFUSED = "refused"


@dataclass(frozen=True)
class Row:
    """One request and its answers."""

    name: str
    method: str
    own: str
    other: str = ""
    args: Callable[[World], list[Any]] = field(default=lambda w: [])
    body: Callable[[World], dict[str, Any]] = field(default=lambda w: {})
    query: Callable[[World], str] = field(default=lambda w: "")
    multipart: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    # Content type of a body that is bytes, here a single one.
    raw: str = ""
    anonymous: str = SIGN_IN

    @property
    def is_api(self) -> bool:
        # The page that shows the API is a page: it takes a session and no token.
        return self.name.startswith("api-") and self.name != "api-docs"

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


def draft(w: World) -> list[Any]:
    return [w.draft.pk]


def hidden(w: World) -> list[Any]:
    return [w.hidden.pk]


def waiting(w: World) -> list[Any]:
    return [w.waiting.pk]


def waiting_frame(w: World) -> list[Any]:
    return [w.waiting.frames.get().pk]


def boxes(w: World) -> dict[str, Any]:
    return {"revision": 0, "boxes": []}


def club(w: World) -> list[Any]:
    return [w.club.pk]


def series(w: World) -> list[Any]:
    return [w.series.pk]


def plane(case: Case) -> list[Any]:
    """An image of a plane through a stack of ``case``."""
    stack = rows.add_series(case, images=3)
    return [stack.pk, planes.key_of(planes.frames_of(stack)), "coronal", 0]


def tile(slide: Slide) -> list[Any]:
    return [slide.instance_id, slide.instance.digest[:16], 0, 0, 0]


def upload(w: World) -> list[Any]:
    return [w.upload.pk]


def batch(w: World) -> list[Any]:
    return [w.batch.pk]


def arriving(w: World) -> list[Any]:
    return [w.arriving.pk]


def job(w: World) -> list[Any]:
    return [w.job.pk]


def failed_job(w: World) -> list[Any]:
    return [w.failed_job.pk]


def layer(w: World) -> list[Any]:
    return [w.student_layer.pk]


def reference(w: World) -> list[Any]:
    return [w.reference.pk]


def handed_in(w: World) -> list[Any]:
    return [w.handed_in.pk]


def looked_at(w: World) -> dict[str, Any]:
    """What a verdict names: the revision, a chosen shape, and words."""
    layer = w.handed_in
    return {"revision": layer.revision, "shape": layer.shapes[0]["id"], "text": "Too wide."}


def token(w: World) -> list[Any]:
    return [w.token.pk]


def model(w: World) -> list[Any]:
    return [w.model.pk]


def analysis(w: World) -> list[Any]:
    return [w.analysis.pk]


def case_form(w: World) -> dict[str, Any]:
    return {
        "title": "Typed", "modality": "CT", "body_region": "chest", "level": "beginner",
        "history": "h", "findings": "f", "revision": w.draft.revision,
    }  # fmt: skip


def collection_form(w: World) -> dict[str, Any]:
    return {"title": "Typed", "visibility": "everyone"}


def a_file(w: World) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("scan.dcm", b"some bytes")}


def a_shape(w: World) -> list[dict[str, Any]]:
    return [rows.shape("point")]


def new_person(w: World) -> dict[str, Any]:
    word = "a long enough pass phrase"
    return {
        "username": f"new-{uuid.uuid4().hex[:8]}",
        "password1": word,
        "password2": word,
        "roles": "student",
    }


def new_password(w: World) -> dict[str, Any]:
    word = "another pass phrase of mine"
    return {"old_password": rows.PASSWORD, "new_password1": word, "new_password2": word}


def training(w: World) -> dict[str, Any]:
    return {
        "label_source": "label", "algorithms": "svm", "imbalance": "balanced", "feature_set": "picture",
    }  # fmt: skip


BYTES = "application/offset+octet-stream"
TUS = {"Tus-Resumable": "1.0.0"}
ALL = "200 200 200 200"
WRITERS = "403 200 403 200"
READ_HIDDEN = {"own": ALL, "other": "404 404 404 200"}
READ_DRAFT = {"own": "404 200 404 200", "other": "404 404 404 200"}
