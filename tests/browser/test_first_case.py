"""An instructor writes a case and reads it; staff analyse it; a student watches the result arrive."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, Worker
from tests.browser.steps import Api, Screen, drop_files, toast, wait_for
from tests.support import shared

LOADED = (
    "() => [...document.querySelectorAll('.compare img')].slice(0, 2).every((img) => img.naturalWidth > 0)"
)

TITLE = "Liver metastases of a colorectal cancer"
SLICES = 41


def write_case(page: Page) -> str:
    """From the library to an empty draft; returns its address."""
    page.get_by_role("link", name="New case").last.click()
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    page.get_by_label("Title").fill(TITLE)
    page.get_by_label("History").fill("Man of 64 years. Colon cancer two years ago, rising CEA.")
    page.get_by_label("Findings").fill("Several **hypodense** lesions of the liver.")
    # Enter in a row begins the next one.
    for row, name in enumerate(("Metastases", "Cysts", "Abscesses")):
        line = page.get_by_label("Line of the differential").nth(row)
        line.fill(name)
        line.press("Enter")
        expect(page.get_by_label("Line of the differential")).to_have_count(row + 2)
    page.get_by_label("Diagnosis").fill("Colorectal liver metastases")
    page.get_by_label("Modality").select_option("CT")
    page.get_by_label("Body region").select_option("abdomen")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(page.locator("#case-text strong")).to_have_text("hypodense")
    publish = page.locator("#case-head").get_by_role("button", name="Publish")
    expect(publish).to_have_attribute("aria-disabled", "true")
    return page.url


def bring_series(page: Page, files: list[Path]) -> None:
    """Drag the files onto the page; each gets a verdict, and the viewer opens by itself."""
    drop_files(page, files)
    rows = page.locator(".upload [data-list] > li")
    expect(rows).to_have_count(len(files))
    expect(rows.first.locator(".upload-item__name")).to_have_text(files[0].name)
    summary = page.locator("[data-summary-words]")
    expect(summary).to_have_text(f"{len(files)} of {len(files)} done", timeout=120_000)
    expect(page.locator(".upload [data-list] > li[data-state=accepted]")).to_have_count(len(files))
    expect(rows.last).to_contain_text(re.compile(r"1 image taken; \d+ header values removed or replaced"))
    expect(page.locator(".viewer-stage")).to_be_visible()


def look(page: Page, screen: Screen) -> None:
    """Window and scroll: mouse, keys, lists, slider."""
    # A stack opens in its middle.
    screen.shows(SLICES // 2 + 1, SLICES)
    expect(screen.counter).not_to_contain_text("Loading")
    stored = screen.window_text()
    screen.tool("Window and level")
    screen.drag((0.5, 0.5), (0.65, 0.55))
    expect(screen.window).not_to_contain_text(stored)
    page.get_by_label("Preset").select_option("Soft tissue")
    expect(screen.window).to_contain_text("W 400")
    screen.press("]")
    expect(screen.window).not_to_contain_text("W 400")
    page.get_by_label("Preset").select_option("Soft tissue")
    page.get_by_label("Window width").fill("350")
    page.get_by_label("Window width").press("Enter")
    expect(screen.window).to_contain_text("W 350")

    screen.press("Home")
    screen.shows(1, SLICES)
    page.mouse.move(*screen.at(0.5, 0.5))
    page.mouse.wheel(0, 120)
    screen.shows(2, SLICES)
    screen.press("PageDown", "ArrowDown")
    screen.shows(4, SLICES)
    screen.press("End")
    screen.shows(SLICES, SLICES)
    page.get_by_label("Image in the series").fill("20")
    screen.shows(20, SLICES)
    screen.press("+")
    screen.press("0")
    # The pixel under the pointer, in Hounsfield units.
    page.mouse.move(*screen.at(0.5, 0.5))
    expect(screen.window).to_contain_text(re.compile(r"-?\d+ HU"))


def draw(page: Page, screen: Screen) -> None:
    """Every kind of shape; all of them inside of the body."""
    screen.label("metastasis")
    screen.tool("Box")
    screen.drag((0.40, 0.35), (0.46, 0.45))
    screen.tool("Ellipse")
    screen.drag((0.48, 0.35), (0.54, 0.42))
    screen.tool("Polygon")
    for place in ((0.42, 0.5), (0.48, 0.5), (0.47, 0.6), (0.42, 0.58)):
        screen.click(*place)
    page.locator(".viewer-draft").get_by_role("button", name="Finish").click()
    screen.tool("Freehand contour")
    screen.drag((0.52, 0.5), (0.58, 0.5), (0.59, 0.6), (0.53, 0.62), (0.51, 0.54))
    screen.tool("Length")
    screen.drag((0.42, 0.66), (0.5, 0.7))
    screen.tool("Point")
    screen.click(0.56, 0.68)
    screen.has(6)
    # The seventh by keyboard alone: a box from the crosshair.
    screen.press("b", "Enter", "Enter", *["Shift+ArrowRight"] * 2, *["ArrowDown"] * 9, "Enter")
    screen.has(7)
    expect(screen.rows.filter(has_text="metastasis")).to_have_count(7)
    screen.press("Control+z")
    screen.has(6)
    screen.press("Control+Shift+Z")
    screen.has(7)


def touch_one(visit: Visit, address: str) -> None:
    """The same person on a telephone: one more shape, by finger."""
    page = visit("instructor", address, width=390, height=844, touch=True)
    screen = Screen(page)
    screen.has(7)
    page.get_by_label("Image in the series").fill("20")
    screen.tool("Point")
    screen.stage.scroll_into_view_if_needed()
    page.touchscreen.tap(*screen.at(0.5, 0.3))
    screen.has(8)


def analyse(visit: Visit, worker: Worker, page: Page, address: str) -> None:
    """Staff ask; a student who has the page open sees progress and result without a reload."""
    student = visit("student", address)
    expect(student.get_by_text("Not analysed yet")).to_be_visible()
    expect(student.get_by_role("button", name="Analyse case")).to_have_count(0)
    student.evaluate("() => { window.neverReloaded = true; }")
    staff = visit("staff", address)
    # Without a worker the progress stands still long enough to be seen; with one it may pass in a blink.
    worker.stop()
    staff.get_by_role("button", name="Analyse case").click()
    for watcher in (student, staff, page):
        expect(watcher.get_by_text("Waiting for a worker")).to_be_visible()
    worker.start()
    for watcher in (student, staff, page):
        expect(watcher.get_by_role("heading", name="Measured features")).to_be_visible(timeout=90_000)
    assert student.evaluate("window.neverReloaded")
    expect(toast(student, "The analysis is ready.")).to_be_visible()
    later = visit("student", address)
    for watcher in (student, later):
        panel = watcher.locator("#analysis-panel")
        pictures = panel.locator(".compare img")
        expect(pictures.nth(1)).to_be_visible()
        pictures.first.scroll_into_view_if_needed()
        # Not wait_for_function: it polls by eval, which the page's policy refuses.
        wait_for(lambda page=watcher: page.evaluate(LOADED), "the first two pictures are there")
        # The whole picture and the first regions, each a column with numbers.
        expect(panel.locator("table thead").first.locator("th.numeric").nth(1)).to_be_visible()
    with later.expect_download() as download:
        later.get_by_role("link", name="CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert len(lines) > 40, lines[:3]


def test_a_ct_from_the_desk_to_a_result_that_a_student_sees(visit: Visit, worker: Worker, api: Api) -> None:
    files = sorted(shared("data/04_dicom_ct_series/series").glob("*.dcm"))
    assert len(files) == SLICES
    page = visit("instructor", width=1440, height=900, expected=("status of 422",))
    address = write_case(page)
    bring_series(page, files)
    page.locator(".upload [data-list] > li").last.get_by_role("link", name="Open").click()
    screen = Screen(page)
    address = page.url
    look(page, screen)
    draw(page, screen)
    touch_one(visit, address)
    page.reload()
    screen = Screen(page)
    screen.has(8)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Submit", exact=True).click()
    expect(screen.saved).to_have_text("Submitted")
    page.locator("#case-head").get_by_role("button", name="Publish").click()
    expect(page.locator("#case-head").get_by_role("button", name="Withdraw")).to_be_visible()
    analyse(visit, worker, page, address)
