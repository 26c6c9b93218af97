"""Staff train models, put one into use, and a student's open page shows what it says."""

import csv
import json
import re
import shutil
from collections import defaultdict
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, Worker
from tests.browser.steps import Api, toast, wait_for
from tests.support import LiveApp, shared

WANTED = {"train": 80, "test": 40}
TITLE = "Chest radiographs: pneumonia or not"


def part_of(source: Path, target: Path) -> None:
    """A small, balanced part of the data set in a folder of its own."""
    with (source / "manifest.csv").open(newline="") as file:
        reader = csv.DictReader(file)
        names = reader.fieldnames
        groups = defaultdict(list)
        for row in reader:
            groups[row["split"], row["label"]].append(row)
    assert names
    rows = [row for (split, _), members in sorted(groups.items()) for row in members[: WANTED[split] // 2]]
    for row in rows:
        copy = target / row["filename"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / row["filename"], copy)
    with (target / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def import_collection(app: LiveApp, folder: Path) -> int:
    """Bring the folder in by the command that administrators use; returns the collection's number."""
    printed = app.manage(
        "import_dataset", str(folder), "--collection", TITLE, "--modality", "CR", "--body-region", "chest",
        "--by", "instructor", "--json",
    )  # fmt: skip
    report = json.loads(printed)
    assert report["taken"] == sum(WANTED.values()), report
    return int(report["collection"])


def train(page: Page, collection: int) -> None:
    """Ask for both algorithms and watch until both candidates are listed."""
    page.goto(f"/collections/{collection}/models/")
    expect(page.get_by_text("No model yet")).to_be_visible()
    page.get_by_role("button", name="Retrain").click()
    status = page.locator("#training-status")
    expect(status.locator("progress").first).to_be_visible()
    expect(status).to_contain_text(re.compile("Measuring|vector|forest"), ignore_case=True)
    cards = page.locator("#model-list article")
    expect(cards).to_have_count(2, timeout=240_000)
    expect(status.locator("progress")).to_have_count(0)
    for words in ("vector", "forest"):
        expect(cards.filter(has_text=re.compile(words, re.IGNORECASE))).to_have_count(1)


def inspect(page: Page, collection: int, words: str) -> None:
    """Open a candidate: numbers, tables, charts in both themes."""
    page.goto(f"/collections/{collection}/models/")
    page.locator("#model-list h3 a").filter(has_text=re.compile(words, re.IGNORECASE)).click()
    expect(page.locator("#model-head")).to_contain_text("Candidate")
    expect(page.locator(".metric", has_text="Macro F1").first.locator(".metric__value")).to_have_text(
        re.compile(r"0\.\d{3}|1\.000")
    )
    for name in ("NORMAL", "PNEUMONIA"):
        expect(page.get_by_role("row", name=name).first).to_be_visible()
    expect(page.locator("table.heat").first).to_be_visible()
    charts = page.locator(".chart img:visible")
    expect(charts.nth(3)).to_be_visible()
    for number in range(charts.count()):
        charts.nth(number).scroll_into_view_if_needed()
        expect(charts.nth(number)).to_have_js_property("complete", True)
        assert charts.nth(number).evaluate("(img) => img.naturalWidth") > 0
    expect(page.get_by_text("intact")).to_be_visible()


def test_a_collection_becomes_a_model_in_use(visit: Visit, api: Api, app: LiveApp, tmp_path: Path) -> None:
    part_of(shared("data/01_cxr_pneumonia_2class"), tmp_path)
    collection = import_collection(app, tmp_path)
    newest = api("student").get("/api/cases/", params={"modality": "CR"}).json()["results"][0]
    address = f"/cases/{newest['id']}/"
    student = visit("student", address)
    expect(student.get_by_text("Not analysed yet")).to_be_visible()

    staff = visit("staff", width=1440, height=900)
    train(staff, collection)
    inspect(staff, collection, "vector")
    inspect(staff, collection, "forest")
    staff.locator("#model-head").get_by_role("button", name="Promote").click()
    confirm = staff.locator("#confirm-dialog")
    expect(confirm).to_contain_text(TITLE)
    confirm.get_by_role("button", name="Promote").click()
    expect(staff.locator("#model-head")).to_contain_text("In use")

    prediction = student.get_by_role("heading", name=re.compile("Prediction: (NORMAL|PNEUMONIA)"))
    expect(prediction).to_be_visible(timeout=120_000)
    expect(toast(student, "The predictions were renewed.")).to_be_visible()
    bars = student.locator("ul[aria-label=Probabilities] li")
    expect(bars).to_have_count(2)
    # The explanation comes with the analysis of the case, on the same open page.
    expect(student.get_by_text("Analysing the case tells what moved this prediction.")).to_be_visible()
    staff.goto(address)
    staff.get_by_role("button", name="Analyse case").click()
    student.locator("summary", has_text="What moved it").click(timeout=90_000)
    expect(student.get_by_role("columnheader", name="Effect")).to_be_visible()


def test_a_killed_worker_costs_time_and_nothing_else(
    visit: Visit, api: Api, app: LiveApp, worker: Worker
) -> None:
    collection = int(app.python("from tests.browser import seeds; seeds.make_collection()"))
    page = visit("staff", f"/collections/{collection}/models/")
    client = api("staff")

    def models() -> list[dict[str, object]]:
        rows: list[dict[str, object]] = client.get("/api/models/").json()["results"]
        return [row for row in rows if row["collection"] == collection]

    # Another test may have trained on this collection before.
    before = len(models())
    page.get_by_role("button", name="Retrain").click()

    def job() -> dict[str, object]:
        rows: list[dict[str, object]] = client.get("/api/jobs/").json()["results"]
        return next(row for row in rows if row["kind"] == "analysis.train")

    wait_for(lambda: job()["state"] == "running" and job()["progress"] > 0, "the training is under way")
    worker.stop(kill=True)
    assert job()["state"] == "running"
    worker.start()
    cards = page.locator("#model-list article")
    expect(cards).to_have_count(before + 2, timeout=300_000)
    done = job()
    assert (done["state"], done["attempt"]) == ("done", 2)
    assert len(models()) == before + 2
