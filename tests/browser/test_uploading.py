"""Files on their way: pieces, pauses, broken connections, a reload in the middle; the table of fates."""

import io
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import axe
from tests.browser.conftest import Visit
from tests.browser.steps import Api, drop_files, make_case, wait_for
from tests.builders import pictures

PIECE = 8 * 1024 * 1024
PIECES = re.compile(r"/files/\d+/$")


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".upload [data-list] > li").filter(has_text=name)


def troubles(page: Page) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe.source())
    return axe.violations(page)


def large_archive(path: Path, *, seed: int = 3) -> Path:
    """An archive of three pieces: one slice, and bytes that are no image."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("one.dcm", pictures.ct(1, series=f"1.2.9.{seed}"))
        archive.writestr("noise.bin", random.Random(seed).randbytes(2 * PIECE + 1000))
    path.write_bytes(packed.getvalue())
    return path


def draft(visit: Visit, api: Api, title: str, **options: object) -> Page:
    case = make_case(api, title, images=0, publish=False)
    return visit("instructor", f"/cases/{case['id']}/", **options)  # type: ignore[arg-type]


def test_every_file_of_a_drop_has_its_fate_in_one_table(
    visit: Visit, api: Api, tmp_path: Path, picture_file: Callable[..., Path]
) -> None:
    page = draft(visit, api, "A mixed drop")
    letter = tmp_path / "letter-of-a-colleague.dcm"
    letter.write_text("Dear colleague, thank you for referring this patient.")
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    mixed = tmp_path / "mixed.zip"
    mixed.write_bytes(pictures.archive({"a.dcm": pictures.ct(3), "b.dcm": b"no image"}))
    drop_files(page, [letter, empty, mixed, picture_file("fine.png", seed=8)])
    expect(page.locator("[data-summary-words]")).to_have_text("4 of 4 done, 2 not accepted")
    expect(row_of(page, "empty.png")).to_contain_text("This file is empty.")
    table = page.locator("#upload-list .fate-table")
    expect(table.locator("tbody tr")).to_have_count(3)
    # Names come from this browser; the server knows none of them.
    refused = table.locator("tr", has_text=letter.name)
    expect(refused).to_contain_text("Refused")
    expect(table.locator("tr", has_text="fine.png").get_by_role("link", name="Series")).to_be_visible()
    table.locator("tr", has_text="mixed.zip").get_by_text("1 file inside was refused").click()
    expect(table.locator("tr", has_text="mixed.zip")).to_contain_text("file 2 inside")
    assert troubles(page) == []
    page.get_by_role("link", name="Table of all 3 files").click()
    expect(page.get_by_role("heading", name="Files of an upload", level=1)).to_be_visible()
    rows = page.locator(".fate-table tbody tr")
    expect(rows.first).to_contain_text("Refused")
    expect(page.locator("main")).not_to_contain_text("letter-of-a-colleague")
    page.get_by_role("link", name="Size").click()
    expect(rows.last).to_contain_text("PNG")
    page.get_by_role("link", name="Refused 1").click()
    expect(rows).to_have_count(1)
    assert troubles(page) == []


def test_files_wait_for_a_script_that_is_still_on_its_way(
    visit: Visit, api: Api, picture_file: Callable[..., Path]
) -> None:
    case = make_case(api, "Dropped early", images=0, publish=False)
    page = visit("instructor", "/account/")
    held: list[Route] = []
    page.route("**/tus.min*.js", lambda route: held.append(route))
    page.goto(f"/cases/{case['id']}/", wait_until="commit")
    # Ready for files, which shows in nothing but that they are taken.
    rows = page.locator(".upload [data-list] > li")
    files = [picture_file("early.png", seed=21)]
    expect(page.locator("[data-dropzone]")).to_be_attached()

    def taken() -> bool:
        drop_files(page, files)
        return rows.count() > 0

    wait_for(taken, "the page takes files")
    assert held
    expect(rows.first).not_to_have_attribute("data-state", "failed")
    for route in held:
        route.continue_()
    expect(page.locator("[data-summary-words]")).to_contain_text("done")
    expect(rows.first).to_have_attribute("data-state", "accepted")


def test_a_large_file_is_paused_cut_off_and_goes_on_after_a_reload(
    visit: Visit, api: Api, tmp_path: Path
) -> None:
    page = draft(visit, api, "In pieces", expected=("ERR_FAILED", "ERR_INTERNET", "net::"))
    file = large_archive(tmp_path / "stack.zip")
    sent: list[str] = []
    cut = {"left": 1}

    def piece(route: Route) -> None:
        method = route.request.method
        offset = route.request.headers.get("upload-offset", "")
        sent.append(f"{method} {offset}".strip())
        if method == "PATCH" and offset == str(PIECE) and cut["left"]:
            cut["left"] -= 1
            route.abort()
        elif method == "PATCH" and offset == str(2 * PIECE):
            # The last piece never gets there, until the page is loaded anew.
            return
        else:
            route.continue_()

    page.route(PIECES, piece)
    drop_files(page, [file])
    row = row_of(page, "stack.zip")
    # The second piece is cut off, asked for and sent again without anybody's doing.
    page.wait_for_function("() => document.querySelector('.upload-item progress')?.value > 0.6")
    expect(row).to_have_attribute("data-state", "sending")
    row.get_by_role("button", name="Pause: stack.zip").click()
    expect(row).to_have_attribute("data-state", "paused")
    assert troubles(page) == []
    assert sent.count(f"PATCH {PIECE}") == 2
    assert "HEAD" in sent
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute(PIECES)
    expect(page.locator("[data-notice]")).to_contain_text("Files whose sending was interrupted: 1")
    stored = page.evaluate("() => JSON.stringify({...localStorage})")
    assert "stack" not in stored
    sent.clear()
    page.on("request", lambda request: sent.append(f"{request.method} {request.url.rsplit('/', 3)[1]}"))
    drop_files(page, [file])
    expect(row).to_have_attribute("data-state", "accepted", timeout=60_000)
    # It went on where it was: no new upload, and one piece, not three.
    assert not [one for one in sent if one == "POST files"]
    assert len([one for one in sent if one.startswith("PATCH")]) == 1
    expect(page.locator("#upload-list .fate-table tbody tr")).to_have_count(1)
    expect(page.locator("#upload-list .fate-table")).to_contain_text("1 image taken")


def test_everything_is_paused_and_goes_on(visit: Visit, api: Api, picture_file: Callable[..., Path]) -> None:
    page = draft(visit, api, "All at once", width=390, height=780, touch=True)
    held: list[Route] = []
    page.route("**/files/?batch=*", lambda route: held.append(route))
    drop_files(page, [picture_file(f"{n}.png", seed=20 + n) for n in range(5)])
    states = page.locator(".upload [data-list] > li")
    expect(page.locator(".upload [data-list] > li[data-state=sending]")).to_have_count(3)
    page.get_by_role("button", name="Pause all").tap()
    expect(page.locator(".upload [data-list] > li[data-state=paused]")).to_have_count(5)
    page.unroute("**/files/?batch=*")
    row_of(page, "3.png").get_by_role("button", name="Cancel: 3.png").tap()
    expect(row_of(page, "3.png")).to_have_attribute("data-state", "cancelled")
    page.get_by_role("button", name="Go on with all").tap()
    expect(page.locator("[data-summary-words]")).to_have_text("5 of 5 done")
    expect(states.and_(page.locator("[data-state=accepted]"))).to_have_count(4)
    page.get_by_role("button", name="Clear finished").tap()
    expect(states).to_have_count(0)


def test_what_breaks_a_limit_is_said_before_the_first_byte(
    visit: Visit, api: Api, picture_file: Callable[..., Path]
) -> None:
    page = draft(visit, api, "Too much")
    expect(page.locator(".dropzone__limits")).to_contain_text("a file")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.evaluate(
        """() => {
          const limits = JSON.parse(document.querySelector("[data-limits]").dataset.limits);
          const file = new File(["x"], "huge.dcm");
          Object.defineProperty(file, "size", {value: limits.file_bytes + 1});
          const input = document.querySelector("[data-input=files]");
          Object.defineProperty(input, "files", {value: [file], configurable: true});
          input.dispatchEvent(new Event("change"));
        }"""
    )
    expect(row_of(page, "huge.dcm")).to_contain_text("This file is larger than")
    assert not [url for url in requests if "/batches/" in url or "/files/" in url]
