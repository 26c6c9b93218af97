"""``python -m tests.browser.pictures``: takes the README's pictures of a MedWeb that it starts and fills.

They come out the same size and compressed; look at them before committing.
"""

import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import support
from tests.browser.steps import Screen
from tests.conftest import CHROMIUM_FLAGS

FOLDER = support.ROOT / "docs" / "pictures"
LARGEST_BYTES = 150_000
PASSWORD = "reading-room"
PATIENCE_MS = 60_000
FILL = """
from cases.imaging.simulated.library import flagship_cases, teaching_sets
from cases.services import sample_library
sample_library.load_first()
for sample in flagship_cases():
    sample_library.add_case(sample, by=sample_library.author())
for sample_set in teaching_sets(radiographs=120, ultrasounds=6):
    collection = sample_library.collection_for(sample_set)
    for sample in sample_set.cases:
        sample_library.add_case(sample, by=sample_library.librarian(), collection=collection)
"""


def fill(app: support.LiveApp) -> None:
    """The whole hand-written library, and a part of each teaching set."""
    app.python(FILL)


def save(page: Page, name: str) -> None:
    """Keep what the window shows as WebP, at most :data:`LARGEST_BYTES` large."""
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    for quality in (86, 78, 70, 60, 50):
        out = io.BytesIO()
        shot.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= LARGEST_BYTES:
            break
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.webp").write_bytes(out.getvalue())
    print(f"{name}: {shot.width} x {shot.height}, {out.tell() // 1000} kB")


def settled(page: Page) -> None:
    """All pictures in the window are there, and no toast hides anything."""
    page.wait_for_function("[...document.images].every((img) => img.loading === 'lazy' || img.complete)")
    for button in page.locator(".toast [data-dismiss]").all():
        button.click()
    expect(page.locator(".toast")).to_have_count(0)


def person(
    browser: Browser, app: support.LiveApp, who: str, *, width: int = 1440, height: int = 900,
    theme: str = "light", phone: bool = False,
) -> Page:  # fmt: skip
    """A signed-in page."""
    context = browser.new_context(
        base_url=app.base_url,
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=2 if phone else 1,
        has_touch=phone,
        is_mobile=phone,
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(who)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("#sign-in").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()
    return page


def open_case(page: Page, words: str) -> None:
    """Find a case by its title and open it."""
    page.goto(f"/?q={words}")
    page.locator(".case-card__title a").first.click()
    expect(page.locator(".viewer-canvas")).to_be_visible()


def take(browser: Browser, app: support.LiveApp) -> None:
    """Walk through the program and take every picture."""
    page = person(browser, app, "student")
    expect(page.locator(".case-card").nth(7)).to_be_visible()
    settled(page)
    save(page, "library")

    staff = person(browser, app, "staff")
    open_case(staff, "spiculated")
    address = staff.url
    staff.get_by_role("button", name="Analyse case").click()
    expect(staff.get_by_role("heading", name="Measured features")).to_be_visible(timeout=120_000)

    reader = person(browser, app, "instructor", theme="dark")
    reader.goto(address)
    screen = Screen(reader)
    expect(screen.counter).not_to_contain_text("Loading")
    screen.rows.first.get_by_role("button").first.click()
    # Unselected, so that no handles hide the finding.
    screen.press("Escape")
    reader.get_by_label("Preset").select_option("Lung")
    settled(reader)
    save(reader, "case")

    staff.locator("#case-analysis").evaluate("(one) => window.scrollTo(0, one.offsetTop - 130)")
    settled(staff)
    save(staff, "analysis")

    staff.goto("/models/")
    staff.get_by_role("link", name="Simulated chest radiographs").first.click()
    staff.get_by_role("button", name="Retrain").click()
    expect(staff.locator("#model-list article")).to_have_count(2, timeout=300_000)
    staff.locator("#model-list h3 a").first.click()
    staff.locator("#model-head").get_by_role("button", name="Promote").click()
    staff.locator("#confirm-dialog").get_by_role("button", name="Promote").click()
    expect(staff.locator("#model-head")).to_contain_text("In use")
    settled(staff)
    save(staff, "model")

    phone = person(browser, app, "student", width=390, height=844, phone=True)
    phone.goto(address)
    screen = Screen(phone)
    expect(screen.counter).not_to_contain_text("Loading")
    screen.stage.evaluate("(one) => one.closest('.case-pictures').scrollIntoView()")
    settled(phone)
    save(phone, "phone")


def main(use: Callable[[Browser, support.LiveApp], None] = take) -> int:
    """Start everything, take the pictures, end everything."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        print("Chromium absent: install the package chromium", file=sys.stderr)
        return 1
    broker = support.start_broker()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="medweb-pictures-") as folder,
            support.running_app(Path(folder), redis_url=broker.url, database_url=None, seed=fill) as app,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
            expect.set_options(timeout=PATIENCE_MS)
            use(browser, app)
            browser.close()
    finally:
        broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
