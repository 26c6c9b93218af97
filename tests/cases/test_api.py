"""The API as a script uses it, and as nobody should."""

import warnings
from collections import Counter
from functools import cache

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, TestCase
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medweb.accounts.models import Role
from medweb.accounts.services import create_token, revoke_token
from medweb.jobs.run import work
from tests.access.table import TABLE
from tests.builders import pictures, rows, traces, world

with warnings.catch_warnings():
    # Schemathesis warns about its own dependencies while it is imported.
    warnings.simplefilter("ignore")
    import schemathesis

JSON = "application/json"
EXAMPLES = 12
AT_THE_DOOR = {401, 405, 415}


def script_of(user, **options):
    """A client with a fresh API token of ``user``."""
    _row, key = create_token(name="script", days=1, by=user)
    return Client(headers={"Authorization": f"Bearer {key}"}, **options)


@pytest.mark.django_db(transaction=True)
def test_from_a_new_case_to_a_submitted_drawing():
    author, student = rows.instructor("ann"), rows.person()
    script, reader = script_of(author), script_of(student)
    text = {**rows.TEXT, "modality": "CT", "body_region": "chest", "diagnosis_text": "Granuloma"}
    made = script.post("/api/cases/", text, content_type=JSON)
    assert made.status_code == 201
    case = made.json()["id"]
    assert script.post(f"/api/cases/{case}/publish/").status_code == 400

    file = SimpleUploadedFile("series.zip", pictures.archive({f"{n}": pictures.ct(n) for n in (2, 1, 3)}))
    sent = script.post(f"/api/cases/{case}/uploads/", {"file": file})
    assert (sent.status_code, sent.json()["state"]) == (202, "quarantined")
    upload = sent.json()["id"]
    (job,) = script.get("/api/jobs/").json()["results"]
    assert (job["kind"], job["state"]) == ("cases.clean-uploads", "queued")
    assert work(job["id"]) == "done"
    assert len(script.get(f"/api/jobs/{job['id']}/").json()["result"]["series"]) == 1
    verdict = script.get(f"/api/uploads/{upload}/").json()
    assert (verdict["state"], verdict["taken"]) == ("accepted", 3)
    assert "file" not in verdict

    assert reader.get(f"/api/cases/{case}/").status_code == 404
    assert script.post(f"/api/cases/{case}/publish/").json()["status"] == "published"
    (series,) = reader.get(f"/api/cases/{case}/series/").json()["results"]
    detail = reader.get(f"/api/series/{series['id']}/").json()
    assert [frame["position"][2] for frame in detail["frames"]] == [1.0, 2.0, 3.0]
    assert detail["unit"] == "HU"
    assert {preset["name"] for preset in detail["presets"]} >= {"Lung", "Bone"}

    body = {"series": series["id"], "shapes": [rows.shape(frame=2)]}
    layer = reader.post("/api/annotations/", body, content_type=JSON).json()
    assert (layer["layer"], layer["revision"], layer["can_edit"]) == ("mine", 1, True)
    address = f"/api/annotations/{layer['id']}/"
    saved = reader.put(address, {"revision": 1, "shapes": []}, content_type=JSON).json()
    assert saved["revision"] == 2
    assert script.get(address).status_code == 404
    sent = reader.post(f"{address}submit/", {"revision": 2}, content_type=JSON)
    assert (sent.status_code, sent.json()["status"]) == (200, "submitted")
    shown = script.get(address).json()
    assert (shown["layer"], shown["can_edit"]) == ("other", False)


@pytest.mark.django_db
def test_errors_are_problems_with_stable_codes():
    script = script_of(rows.instructor())
    for response, status, code in (
        (Client().get("/api/cases/"), 401, "not-signed-in"),
        (script.get("/api/cases/999999/"), 404, "not-found"),
        (script.get("/api/nothing/"), 404, "not-found"),
        (script.put("/api/cases/", {}, content_type=JSON), 405, "method-not-allowed"),
        (script.post("/api/cases/", "{", content_type=JSON), 400, "invalid"),
        (script.post("/api/cases/", {"title": ""}, content_type=JSON), 400, "invalid"),
        (script.post("/api/cases/", "x", content_type="text/plain"), 415, "unsupported-media-type"),
    ):
        assert response.status_code == status
        assert response["Content-Type"].startswith("application/problem+json")
        problem = response.json()
        assert problem["status"] == status
        if code != "invalid" or status != 400:
            assert problem["code"] == code
        assert problem["detail"]
        assert problem["title"]


@pytest.mark.django_db
def test_a_refused_field_is_named():
    script = script_of(rows.instructor())
    answer = script.post("/api/cases/", {"title": "x" * 201, "modality": "XX"}, content_type=JSON)
    assert answer.status_code == 400
    assert {row["field"] for row in answer.json()["errors"]} == {"title", "modality"}


@pytest.mark.django_db
def test_a_revoked_token_and_one_of_a_deactivated_person_open_nothing():
    user = rows.instructor()
    token, key = create_token(name="script", days=1, by=user)
    client = Client(headers={"Authorization": f"Bearer {key}"})
    assert client.get("/api/me/").json()["username"] == user.username
    revoke_token(token=token, by=user)
    assert client.get("/api/me/").status_code == 401
    other = script_of(user)
    user.is_active = False
    user.save()
    assert other.get("/api/me/").status_code == 401
    for header in ("Bearer", "Bearer a b", "Bearer ÿ", "Basic YTpi", "bearer " + "x" * 5000):
        assert Client(headers={"Authorization": header}).get("/api/me/").status_code == 401


@pytest.mark.django_db
def test_the_key_of_a_token_is_shown_once_and_stored_nowhere():
    script = script_of(rows.instructor())
    made = script.post("/api/tokens/", {"name": "other", "days": 3}, content_type=JSON).json()
    assert made["key"].startswith("mw_")
    assert made["key"] not in traces.database()
    assert made["key"].encode() not in script.get("/api/tokens/").content


# --- every operation of the schema, with what nobody would send -------------------------------------------


@cache
def operations():
    """The operations of the generated schema; no database is needed to know them."""
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    return [found.ok() for found in schema.get_all_operations()]


@schemathesis.serializer("application/offset+octet-stream")
def bytes_as_they_are(_context, value):
    """Pieces of a file have no other form."""
    return value if isinstance(value, bytes) else str(value).encode()


def send(client, case):
    """One generated request through Django's client: the status, and the body for the message."""
    options = {"headers": {k: v for k, v in (case.headers or {}).items() if k.isascii() and v.isascii()}}
    if case.query:
        options["query_params"] = {k: v for k, v in case.query.items() if v is not None}
    address = case.formatted_path
    if isinstance(case.body, dict) and "multipart" in (case.media_type or ""):
        fields = {k: v for k, v in case.body.items() if v is not None}
        file = fields.get("file")
        if isinstance(file, (bytes, str)):
            fields["file"] = SimpleUploadedFile(
                "x", file if isinstance(file, bytes) else file.encode("utf-8", "replace")
            )
        fields = {k: v if isinstance(v, (str, SimpleUploadedFile)) else repr(v) for k, v in fields.items()}
        return client.post(address, fields, **options)
    body = {}
    if (case.media_type or JSON).startswith("application/") and isinstance(case.body, bytes):
        body = {"data": case.body, "content_type": case.media_type}
    elif not isinstance(case.body, schemathesis.core.NotSet):
        body = {"data": case.body, "content_type": JSON}
    return getattr(client, case.method.lower())(address, **body, **options)


class Attack(TestCase):
    """Every operation, as the least and as the most powerful person."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.world = world.build("schema")

    def test_as_a_student_and_as_an_administrator(self) -> None:
        rows_of_world = [row for row in vars(self.world).values() if not isinstance(row, dict)]
        pks = sorted({row.pk for row in rows_of_world} | {0, 1, 2**31, 2**63 - 1, 2**63, 10**30})
        clients = {
            role: Client(
                headers={"Authorization": f"Bearer {self.world.keys[role]}"}, raise_request_exception=False
            )
            for role in (Role.STUDENT, Role.ADMINISTRATOR)
        }
        failed, turned_away = {}, []
        for operation in operations():
            counts, failures = self.send_many(clients, operation, pks)
            failed |= {operation.label: failures} if failures else {}
            # Requests that are turned away at the door try nothing.
            turned_away += [
                (operation.label, role) for role in clients if not set(counts[role]) - AT_THE_DOOR
            ]
        assert failed == {}
        assert turned_away == []

    def send_many(self, clients, operation, pks):
        """Generated requests, good and bad: how often each status came to whom, and what gave a 5xx.

        A request is made once and sent by everybody: making it costs more than answering it.
        """
        counts, failures = {role: Counter() for role in clients}, []
        made = [operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode]

        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
        @given(case=st.one_of(*made), pk=st.sampled_from(pks))
        def once(case, pk):
            if case.path_parameters:
                case.path_parameters.update(dict.fromkeys(case.path_parameters, pk))
            for role, client in clients.items():
                with transaction.atomic():
                    response = send(client, case)
                    transaction.set_rollback(True)
                counts[role][response.status_code] += 1
                if response.status_code >= 500:
                    failures.append((role, case.method, case.formatted_path, case.query, case.body))

        once()
        return counts, failures


def test_the_schema_knows_every_address_of_the_api():
    addresses = {row.name for row in TABLE if row.is_api} - {"api-schema"}
    assert len({operation.path for operation in operations()}) == len(addresses)


@pytest.mark.django_db
def test_the_schema_gives_away_nothing_of_this_server():
    author = rows.instructor()
    rows.bare(author, title="Xylophone")
    content = script_of(author).get("/api/schema/?format=json").content
    assert b"Xylophone" not in content
