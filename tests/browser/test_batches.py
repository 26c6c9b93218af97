"""Somebody dropped the wrong folder: what has no verdict yet is called off with one button."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.conftest import Visit, Worker
from tests.browser.steps import Api, drop_files, make_case
from tests.builders import pictures


def test_the_rest_of_a_batch_is_called_off_under_a_list_that_lives(
    visit: Visit, api: Api, worker: Worker, picture_file: Callable[..., Path]
) -> None:
    case = make_case(api, "The wrong folder", images=0, publish=False)
    worker.stop()
    page = visit("instructor", f"/cases/{case['id']}/")
    drop_files(page, [picture_file(f"{number}.png", seed=30 + number) for number in range(3)])
    table = page.locator("#upload-list .fate-table tbody tr")
    expect(table).to_have_count(3)
    # What is being read anew is dimmed.
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.evaluate(axe.source())
    assert axe.violations(page) == []
    page.locator("#upload-list").get_by_role("button", name="Cancel the rest").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel the 3 files of this upload that have no verdict yet?")
    # The list is read anew under the question, and the form that asked it is gone.
    form = page.locator("#batch-cancel").element_handle()
    page.evaluate("() => document.body.dispatchEvent(new CustomEvent('live:uploads-changed'))")
    page.wait_for_function("(form) => !form.isConnected", arg=form)
    dialog.get_by_role("button", name="Cancel the rest").click()
    expect(page.locator("#upload-list .badge", has_text="Cancelled")).to_have_count(3)
    expect(page.locator("#batch-cancel")).to_have_count(0)
    expect(page.locator("[data-summary-words]")).to_have_text("3 of 3 done")


def test_from_the_table_of_a_batch(visit: Visit, api: Api, worker: Worker) -> None:
    case = make_case(api, "Called off later", images=0, publish=False)
    worker.stop()
    client = api("instructor")
    batch = client.post(f"/api/cases/{case['id']}/batches/").json()
    data = pictures.png(40)
    tus = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(data)),
        "Content-Type": "application/offset+octet-stream",
    }
    assert client.post(batch["files_url"], headers=tus, content=data).status_code == 201
    page = visit("instructor", f"/batches/{batch['id']}/")
    page.get_by_role("button", name="Cancel the rest").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel the 1 file of this upload that has no verdict yet?")
    dialog.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator(".fate-table")).to_contain_text("In quarantine")
    page.get_by_role("button", name="Cancel the rest").click()
    dialog.get_by_role("button", name="Cancel the rest").click()
    expect(page.get_by_text("1 file was cancelled.")).to_be_visible()
    expect(page.locator(".fate-table .badge")).to_have_text("Cancelled")
    expect(page.get_by_role("button", name="Cancel the rest")).to_have_count(0)
