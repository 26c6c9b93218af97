"""The privacy report, for whom it is and what it says; and that no name survives the whole way of a file."""

import csv
import io
import json
import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cases.imaging import report as reports
from cases.imaging import rules, suspicion
from cases.models import Case, Upload, UploadBatch
from cases.services import privacy, receiving
from cases.views import privacy as views
from medweb.accounts.services import create_token
from medweb.audit.models import AuditEvent
from tests.builders import pictures, rows, traces

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = ("", "-json", "-csv")
# Every spelling of what is planted into headers, names of files, folders and members of archives.
WORDS = (*pictures.PLANTED_WORDS, "ID471177", "zyxwvplanted", "Zyxwvplanted")


@pytest.fixture
def case(author) -> Case:
    return rows.draft(author, images=0)


@pytest.fixture
def batch(stores, case, author, judged) -> UploadBatch:
    """Two slices, a PNG and a text, judged."""
    batch = receiving.open_batch(case=case, by=author)
    for data in (pictures.ct(1), pictures.ct(2), pictures.png(), b"no image"):
        upload = rows.upload(case, data, by=author)
        Upload.objects.filter(pk=upload.pk).update(batch=batch)
    judged(upload)
    return batch


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_tells_counts_and_reasons_and_no_value(batch, author):
    page = client_of(author).get(reverse("cases:batch-report", args=[batch.pk]))
    text = page.content.decode()
    assert page.status_code == 200
    for word in ("PatientName", "PrivateBlock", rules.VERSION, "Replaced by a pseudonym", "Patient"):
        assert word in text
    assert "Only the maker of the device knows" in text
    assert not [word for word in WORDS if word in text]


def test_the_numbers_of_a_batch_are_those_of_its_files(batch, author):
    found = privacy.of_batch(batch)
    assert found.files == {"sent": 4, "accepted": 3, "refused": 1}
    assert found.objects == {"dicom": 2, "picture": 1}
    lines = {(line.name, line.action): line.count for line in found.lines}
    assert lines["PatientID", "pseudonym"] == 2
    assert lines["PrivateBlock", "remove"] == 4
    assert lines["Text", "remove"] == 2
    each = [privacy.of_upload(upload) for upload in batch.uploads.all()]
    assert sum(one.count("removed") for one in each) == found.count("removed") >= 20


@pytest.mark.parametrize("show", ["removed", "changed", "kept"])
def test_the_table_can_be_narrowed(batch, author, show):
    page = client_of(author).get(reverse("cases:batch-report", args=[batch.pk]), {"show": show})
    assert {line.fate for line in page.context["lines"]} == {show}
    assert sum(line.count for line in page.context["lines"]) == page.context["report"].count(show)


def test_downloads_say_what_the_page_says(batch, author):
    client = client_of(author)
    answer = client.get(reverse("cases:batch-report-json", args=[batch.pk]))
    assert answer["Content-Disposition"] == f'attachment; filename="privacy-batch-{batch.pk}.json"'
    told = json.loads(answer.content)
    table = client.get(reverse("cases:batch-report-csv", args=[batch.pk]))
    assert table["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(table.content.decode())))
    assert [line["attribute"] for line in lines] == [line["attribute"] for line in told["attributes"]]
    assert told["rules"] == [rules.VERSION]
    assert told["profiles"] == [rules.profile(characteristics=True)]
    assert all(line["why"] for line in lines)


def test_the_api_gives_the_same_report(batch, author):
    client = Client(headers={"authorization": f"Bearer {create_token(name='t', days=1, by=author)[1]}"})
    session = client_of(author)
    for name, pk in (("batch", batch.pk), ("upload", batch.uploads.first().pk)):
        told = client.get(reverse(f"api-{name}-report", args=[pk]))
        assert told.status_code == 200
        assert told.json() == json.loads(session.get(reverse(f"cases:{name}-report-json", args=[pk])).content)


def test_only_those_who_may_edit_the_case_see_it(batch):
    stranger = client_of(rows.instructor("bob"))
    for kind in KINDS:
        for name, pk in (("batch", batch.pk), ("upload", batch.uploads.first().pk)):
            assert stranger.get(reverse(f"cases:{name}-report{kind}", args=[pk])).status_code == 404


def test_a_report_without_lines_says_so(stores, case, author):
    upload = rows.upload(case, b"no image", by=author)
    page = client_of(author).get(reverse("cases:upload-report", args=[upload.pk]))
    assert "Nothing to report" in page.content.decode()


def test_a_long_report_is_told_group_by_group(batch, author, monkeypatch):
    client, address = client_of(author), reverse("cases:batch-report", args=[batch.pk])
    short = client.get(address)
    assert short.context["groups"] == []
    monkeypatch.setattr(views, "ROWS_IN_ONE_TABLE", 5)
    long = client.get(address)
    groups = long.context["groups"]
    assert [line for group in groups for line in group["lines"]] == list(long.context["lines"])
    assert all(len({line.group for line in group["lines"]}) == 1 for group in groups)
    for page in (short, long):
        assert page.content.count(b'<th scope="row"') == len(page.context["lines"])
    assert long.content.count(b'<details class="disclosure report-group" open>') == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_becomes_a_formula(start):
    line = privacy.Line(f"{start}cmd|'/C calc'!A0", "other", "remove", "private", 1)
    found = privacy.PrivacyReport((line,), {}, (), (), {}, {})
    cell = next(csv.reader(io.StringIO(privacy.as_csv(found).partition("\r\n")[2])))[0]
    assert cell == f"'{start}cmd|'/C calc'!A0"


def _possible() -> set[tuple[str, str]]:
    """Every action and reason that the rules can give, with those of the walker itself."""
    from pydicom.datadict import DicomDictionary

    tags = [*DicomDictionary, 0x00091001, 0x00080000, 0x60003000, 0x50003000, 0x00080009, 0x00020010]
    found = {
        (rule.action.value, rule.reason)
        for tag in tags
        for keep in (True, False)
        for rule in (rules.rule_for(tag, characteristics=keep),)
    }
    return found | {
        ("remove", "unreadable"), ("remove", "mismatch"), ("remove", "number-of-patient"), ("age", "derived"),
        ("keep", "pixels"), ("remove", "preamble"), ("remove", "file-meta"), ("replace", "file-meta"),
        ("remove", "metadata"), ("replace", "rewritten"),
    }  # fmt: skip


def test_every_action_and_reason_has_words():
    possible = _possible()
    actions = {action for action, _reason in possible} - {"descend"}
    assert actions <= privacy.ACTIONS.keys()
    assert {reason for _action, reason in possible} <= privacy.REASONS.keys()
    # What nothing says any more is not kept; regions use two, ages of future attributes the third.
    assert privacy.REASONS.keys() - {reason for _action, reason in possible} <= {
        "clean-descriptors",
        "regions",
        "age",
    }
    groups = map(reports.group_of, ["Rows", "EXIF", "PatientName", "Preamble", "ROIName", "PrivateBlock"])
    assert set(groups) <= privacy.GROUPS.keys()


def test_every_code_of_suspicion_has_words():
    assert {suspicion.FLAG, suspicion.KIND, suspicion.TEXT, "boxes"} == privacy.FINDINGS.keys()


def test_audit_says_what_was_removed_and_no_value(batch):
    told = list(AuditEvent.objects.filter(verb="upload.accept").values_list("details", flat=True))
    assert len(told) == 3
    assert any(details["removed"].get("pseudonym") for details in told)
    assert not [word for word in WORDS if word in json.dumps(told)]


def test_characteristics_are_left_out_where_the_setting_says_so(stores, case, author, judged, settings):
    settings.KEEP_PATIENT_CHARACTERISTICS = False
    upload = judged(rows.upload(case, pictures.ct(1), by=author))
    found = privacy.of_upload(upload)
    assert found.profiles == (rules.profile(characteristics=False),)
    assert not [line for line in found.lines if line.name == "PatientSex" and line.fate == "kept"]
    assert "patient_sex" not in case.series.get().instances.get().facts


def _everything(client: Client, api: Client, case: Case) -> dict[str, bytes]:
    """Every page and API answer that knows of the case's files."""
    batch = UploadBatch.objects.get(case=case)
    pages = [
        reverse("cases:case", args=[case.pk]), reverse("cases:library"),
        reverse("cases:upload-list", args=[case.pk]), reverse("cases:batch", args=[batch.pk]),
        reverse("cases:batch-state", args=[batch.pk]),
        *(reverse(f"cases:batch-report{kind}", args=[batch.pk]) for kind in KINDS),
        "/jobs/",
    ]  # fmt: skip
    answers = [reverse("api-case", args=[case.pk]), reverse("api-case-series", args=[case.pk])]
    answers += [reverse("api-case-uploads", args=[case.pk]), reverse("api-batch-report", args=[batch.pk])]
    for upload in case.uploads.all():
        pages += [reverse("cases:upload", args=[upload.pk])]
        pages += [reverse(f"cases:upload-report{kind}", args=[upload.pk]) for kind in KINDS]
        answers.append(reverse("api-upload", args=[upload.pk]))
    answers += [reverse("api-series", args=[series.pk]) for series in case.series.cleared()]
    found = {}
    for who, urls in ((client, pages), (api, answers)):
        for url in urls:
            reply = who.get(url)
            assert reply.status_code == 200, url
            found[url] = reply.content + repr(dict(reply.items())).encode()
    return found


def test_no_name_survives_the_whole_journey(stores, case, author, judged, caplog, capfd):
    """Names in headers, file names, folders and archive members; searched wherever anything may be left."""
    caplog.set_level(logging.DEBUG)
    client = client_of(author)
    name = f"{pictures.PLANTED}_{pictures.PLANTED_ID}"
    batch = receiving.open_batch(case=case, by=author)
    broken = pictures.ct(7)[:900]
    inside = {
        f"{name}/{name}.dcm": pictures.ct(3), f"{name}/{name}.txt": name.encode(),
        f"{name}/x.png": pictures.png(5), f"../{name}.dcm": broken,
        f"{name}/{name}.zip": pictures.archive({f"{name}.dcm": pictures.ct(4)}),
    }  # fmt: skip
    odd = pictures.ct(
        8, BurnedInAnnotation="YES", SeriesInstanceUID="1.2.3.77", SeriesDescription=f"{pictures.PLANTED} T1"
    )
    for data in (pictures.ct(1), pictures.png(2), broken, name.encode(), pictures.archive(inside), odd):
        file = SimpleUploadedFile(f"{name}/{name}.dcm", data, content_type=f"image/{name}")
        answer = client.post(reverse("cases:upload-create", args=[case.pk]), {"file": file})
        assert answer.status_code == 201
        Upload.objects.filter(pk=answer.json()["id"]).update(batch=batch)
    judged(Upload.objects.latest("pk"))
    states = set(case.uploads.values_list("state", flat=True))
    assert states == {"accepted", "refused"}
    token = create_token(name="t", days=1, by=author)[1]
    places = _everything(client, Client(headers={"authorization": f"Bearer {token}"}), case)
    printed = capfd.readouterr()
    places |= {
        "log": caplog.text.encode(),
        "stdout": printed.out.encode(),
        "stderr": printed.err.encode(),
        "database": traces.database().encode(),
        "files": traces.stored_bytes(stores),
    }
    assert len(places) > 30
    found = {
        (place, word)
        for place, content in places.items()
        for word in WORDS
        for encoding in ("utf-8", "utf-16-le")
        if word.encode(encoding) in content
    }
    assert found == set()
