"""What goes wrong is said in a sentence, with a way on: files, jobs, analyses."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Visit, Worker
from tests.browser.steps import Api, drop_files, make_case, toast
from tests.builders import pictures
from tests.support import LiveApp


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".upload [data-list] > li").filter(has_text=name)


def test_files_that_are_refused_say_why(
    visit: Visit, api: Api, tmp_path: Path, picture_file: Callable[..., Path]
) -> None:
    case = make_case(api, "Odd files", images=0, publish=False)
    page = visit("instructor", f"/cases/{case['id']}/")
    letter = tmp_path / "letter.dcm"
    letter.write_text("Dear colleague, thank you for referring this patient.")
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    mixed = tmp_path / "mixed.zip"
    mixed.write_bytes(
        pictures.archive(
            {"good.png": pictures.png(7), "bad.dcm": b"not an image", "slice.dcm": pictures.ct(3)}
        )
    )
    drop_files(page, [letter, empty, mixed, picture_file("fine.png", seed=8)])
    expect(page.locator("[data-summary-words]")).to_have_text("4 of 4 done, 2 not accepted")
    for name, sentence in (
        ("letter.dcm", "archives of them can be read."),
        ("empty.png", "This file is empty."),
        ("mixed.zip", "2 images taken"),
        ("mixed.zip", "1 file refused"),
        ("fine.png", "1 image taken"),
    ):
        expect(row_of(page, name)).to_contain_text(sentence)
    expect(row_of(page, "letter.dcm")).to_have_attribute("data-state", "refused")
    # After a reload the verdicts are still there, without the names.
    page.reload()
    page.locator("summary", has_text="Add images").click()
    earlier = page.locator("#upload-list")
    expect(earlier.locator("tbody tr")).to_have_count(3)
    expect(earlier).not_to_contain_text("letter.dcm")


def test_sending_is_cancelled_and_tried_again(
    visit: Visit, api: Api, picture_file: Callable[..., Path]
) -> None:
    case = make_case(api, "Second thoughts", images=0, publish=False)
    page = visit("instructor", f"/cases/{case['id']}/")
    held: list[Route] = []
    page.route("**/files/?batch=*", lambda route: held.append(route))
    drop_files(page, [picture_file("slow.png", seed=9)])
    row = row_of(page, "slow.png")
    expect(row).to_have_attribute("data-state", "sending")
    row.get_by_role("button", name="Cancel: slow.png").click()
    expect(row).to_have_attribute("data-state", "cancelled")
    page.unroute("**/files/?batch=*")
    row.get_by_role("button", name="Try again: slow.png").click()
    expect(row).to_have_attribute("data-state", "accepted")


def test_a_job_is_cancelled_and_tried_again(visit: Visit, api: Api, worker: Worker) -> None:
    case = make_case(api, "Patience")
    worker.stop()
    page = visit("staff", f"/cases/{case['id']}/")
    page.get_by_role("button", name="Analyse case").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    jobs = visit("staff", "/jobs/")
    row = jobs.locator("#jobs tbody tr").first
    expect(row).to_contain_text("Analyse a case")
    expect(row).to_contain_text("Waiting")
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_contain_text("Cancelled")
    expect(page.get_by_text("The analysis was cancelled")).to_be_visible()
    row.get_by_role("button", name="Try again").click()
    expect(row).to_contain_text("Waiting")
    worker.start()
    expect(row).to_contain_text("Done", timeout=90_000)
    expect(page.get_by_role("heading", name="Measured features")).to_be_visible()


def test_news_just_after_a_click_do_not_leave_the_old_list(visit: Visit, api: Api, worker: Worker) -> None:
    make_case(api, "Waits for its turn")
    worker.stop()
    jobs = visit("staff", "/jobs/")
    # A link inside of the list, as the button that was pressed: a list with focus does not follow news.
    jobs.locator("#jobs a").first.focus()
    with jobs.expect_request(lambda request: request.headers.get("hx-target") == "jobs"):
        jobs.evaluate(
            """() => {
              for (const [name, detail] of [
                ["medweb:toast", {text: "The job is cancelled.", level: "success"}],
                ["live:job-changed", {job: 1}],
              ]) document.body.dispatchEvent(new CustomEvent(name, {detail, bubbles: true}));
            }"""
        )


def test_a_failed_analysis_says_what_to_do(visit: Visit, api: Api, app: LiveApp) -> None:
    case = make_case(api, "Pixels lost", first=510)
    series = api("instructor").get(f"/api/series/{case['series'][0]}/").json()
    begin = series["frames"][0]["pixels_url"].split("/")[-2]
    (pixels,) = (app.folder / "blobs" / begin[:2] / begin[2:4]).glob(f"{begin}*")
    away = app.folder / "away"
    pixels.rename(away)
    page = visit("staff", f"/cases/{case['id']}/", expected=(r"status of (404|410|503)",))
    page.get_by_role("button", name="Analyse case").click()
    expect(page.get_by_text("The analysis did not work")).to_be_visible()
    expect(page.get_by_text("The pixels of a picture are missing from the store.")).to_be_visible()
    away.rename(pixels)
    page.get_by_role("button", name="Try again").last.click()
    expect(page.get_by_role("heading", name="Measured features")).to_be_visible(timeout=90_000)
    expect(page.get_by_text("The analysis did not work")).to_have_count(0)
    expect(toast(page, "The analysis is ready.")).to_be_visible()


def test_a_case_without_pictures_says_why_it_cannot_be_analysed(visit: Visit, api: Api) -> None:
    case = make_case(api, "Nothing to see", images=0, publish=False)
    page = visit("instructor", f"/cases/{case['id']}/")
    button = page.locator("#analysis-status").get_by_role("button", name="Analyse case")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.focus()
    expect(button).to_have_accessible_name(re.compile("This case has no pictures yet"))
