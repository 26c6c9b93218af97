"""Steps that journeys share, in the words of the person at the screen."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.builders import pictures
from tests.support import PATIENCE, wait_until

Api = Callable[[str], httpx.Client]


# --- through the API: what a journey finds there ----------------------------------------------------------


def make_case(
    api: Api, title: str, *, images: int = 1, publish: bool = True, first: int = 1
) -> dict[str, Any]:
    """A case of the instructor with ``images`` CT slices (or none), cleaned by the worker."""
    client = api("instructor")
    text = {"title": title, "history": "Cough for three weeks.", "findings": "One nodule, 8 mm."}
    case = _ok(client.post("/api/cases/", json={**text, "modality": "CT", "body_region": "chest"}))
    if images:
        archive = pictures.archive(
            {f"{n}.dcm": pictures.ct(n + first, series=f"1.2.3.{case['id']}") for n in range(images)}
        )
        upload = _ok(client.post(f"/api/cases/{case['id']}/uploads/", files={"file": ("file", archive)}))
        wait_for(lambda: _ok(client.get(f"/api/uploads/{upload['id']}/"))["state"] == "accepted", "cleaned")
    if publish:
        _ok(client.post(f"/api/cases/{case['id']}/publish/"))
    found: dict[str, Any] = _ok(client.get(f"/api/cases/{case['id']}/"))
    return found


def send(api: Api, case: int, files: Mapping[str, bytes]) -> None:
    """Put files into a case of the instructor, and wait until they are clean."""
    client = api("instructor")
    sent = _ok(
        client.post(f"/api/cases/{case}/uploads/", files={"file": ("file", pictures.archive(dict(files)))})
    )
    wait_for(lambda: _ok(client.get(f"/api/uploads/{sent['id']}/"))["state"] == "accepted", "cleaned")


def _ok(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


def wait_for(ready: Callable[[], bool], what: str, *, seconds: float = PATIENCE) -> None:
    """Poll until it holds."""
    wait_until(ready, seconds=seconds, what=what)


# --- files ------------------------------------------------------------------------------------------------


def drop_files(page: Page, files: Sequence[Path]) -> None:
    """Drag ``files`` from the desk onto the page."""
    expect(page.locator(".upload[data-ready]")).to_have_count(1)
    page.evaluate(
        """() => {
          const input = document.createElement("input");
          Object.assign(input, {type: "file", multiple: true, id: "desk", hidden: true});
          document.body.append(input);
        }"""
    )
    page.set_input_files("#desk", files)
    page.evaluate(
        """() => {
          const input = document.getElementById("desk");
          const dataTransfer = new DataTransfer();
          for (const file of input.files) dataTransfer.items.add(file);
          const zone = document.querySelector("[data-dropzone]");
          for (const type of ["dragenter", "dragover", "drop"]) {
            zone.dispatchEvent(new DragEvent(type, {dataTransfer, bubbles: true, cancelable: true}));
          }
          input.remove();
        }"""
    )


# --- the viewer -------------------------------------------------------------------------------------------


class Screen:
    """The viewer of a page, spoken to in fractions of its image area."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.stage = page.locator(".viewer-stage")
        self.counter = page.locator(".viewer-corner.is-top-right")
        self.window = page.locator(".viewer-corner.is-bottom-left")
        self.saved = page.locator(".viewer-save")
        self.rows = page.locator(".viewer-row.is-mine")
        expect(self.stage).to_be_visible()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Place on the screen; (0.5, 0.5) is the middle of the image area."""
        box = self.stage.bounding_box()
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def tool(self, name: str) -> None:
        button = self.page.get_by_role("button", name=name, exact=True)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")

    def drag(self, *places: tuple[float, float], steps: int = 6) -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*places[0]))
        mouse.down()
        for place in places[1:]:
            mouse.move(*self.at(*place), steps=steps)
        mouse.up()

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.at(x, y))

    def press(self, *keys: str) -> None:
        self.stage.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def shows(self, image: int, of: int) -> None:
        expect(self.counter).to_contain_text(f"{image} / {of}")

    def has(self, count: int, *, saved: bool = True) -> None:
        """So many shapes of one's own are listed, and they are saved."""
        expect(self.rows).to_have_count(count)
        if saved:
            expect(self.saved).to_have_text("Saved")

    def window_text(self) -> str:
        """Window and level in words: the last line of the corner."""
        return self.window.inner_text().strip().splitlines()[-1]

    def label(self, text: str) -> None:
        field = self.page.get_by_label("Another label")
        field.fill(text)
        field.press("Enter")


def toast(page: Page, text: str) -> Locator:
    """The toast that says ``text``."""
    return page.locator(".toast", has_text=text)
