"""Drawing by keys of one's own, and turning by keys."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api
from tests.browser.test_viewer_draw import open_board


@pytest.fixture
def board(visit: Visit, api: Api) -> Any:
    """``board()``: see :func:`open_board`."""
    return lambda **how: open_board(visit, api, **how)


def test_labels_by_number_and_keys_of_ones_own(board: Any) -> None:
    """2 chooses the second label; a key is changed, a taken one is refused, and all come back."""
    b = board()
    page = b.page
    chips = page.locator(".viewer-chip")
    second = chips.nth(1).evaluate("(chip) => chip.childNodes[1].textContent")
    b.press("2")
    expect(chips.nth(1)).to_have_attribute("aria-pressed", "true")
    b.press("b", "Enter", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter")
    b.has(1)
    assert b.stored()[0]["label"] == second
    b.press("?")
    change = page.get_by_role("button", name="Change: Box", exact=True)
    change.click()
    page.keyboard.press("p")
    told = page.locator(".viewer-told")
    expect(told).to_have_text("P is taken by “Point”. Press another key.")
    page.keyboard.press("F9")
    expect(told).to_have_text("F9: Box")
    page.get_by_role("button", name="Close", exact=True).click()
    b.press("p")
    expect(page.get_by_role("button", name="Point", exact=True)).to_have_attribute("aria-pressed", "true")
    b.press("b")
    expect(page.get_by_role("button", name="Box", exact=True)).to_have_attribute("aria-pressed", "false")
    page.reload()
    b.has(1)
    b.press("F9")
    expect(page.get_by_role("button", name="Box", exact=True)).to_have_attribute("aria-pressed", "true")
    b.press("?")
    page.get_by_role("button", name="All keys as they were").click()
    page.get_by_role("button", name="Close", exact=True).click()
    b.press("p", "b")
    expect(page.get_by_role("button", name="Box", exact=True)).to_have_attribute("aria-pressed", "true")


def test_an_ellipse_is_turned(board: Any) -> None:
    """By keys and back; turned, it is the ends of its axes, and is the same when reloaded."""
    b = board()
    b.tool("Ellipse")
    b.drag((0.42, 0.4), (0.58, 0.5))
    b.has(1)
    (upright,) = b.stored()
    b.select()
    b.press("Control+a", ">")
    b.becomes("turned", lambda now: len(now[0]["points"]) == 4)
    b.press("Control+z")
    b.becomes("upright", lambda now: now == [upright])
    b.press("Control+a", ">", ">", ">")
    b.becomes("turned by fifteen degrees", lambda now: len(now[0]["points"]) == 4)
    (turned,) = b.stored()
    expect(b.page.locator("circle.viewer-knob")).to_have_count(1)
    expect(b.page.locator(".viewer-row")).to_contain_text("mm²")
    b.page.reload()
    b.has(1)
    assert b.stored() == [turned]
