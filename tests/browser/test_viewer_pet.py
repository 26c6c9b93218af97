"""PET in two units, and pictures that move as fast as their file recommends."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case, send
from tests.builders import pictures


@pytest.fixture(scope="module")
def pet(api: Api) -> str:
    """Address of a case with one PET slice of known uptake."""
    case = make_case(api, "PET of known uptake", images=0, publish=False)
    send(api, case["id"], {"1.dcm": pictures.pet(1, series=f"1.2.3.{case['id']}.1")})
    return f"/cases/{case['id']}/"


def test_uptake_stands_beside_the_recorded_value(visit: Visit, pet: str) -> None:
    page = visit("instructor", pet)
    screen = Screen(page)
    page.mouse.move(*screen.at(0.5, 0.5))
    expect(screen.window).to_contain_text(re.compile(r"[\d.]+ SUVbw g/ml   \d+ Bq/ml"))
    preset = page.get_by_label("Preset")
    expect(preset.locator("option", has_text="SUV 0 to 5")).to_have_count(1)
    screen.tool("Ellipse")
    screen.drag((0.45, 0.45), (0.55, 0.6))
    mean = page.locator(".viewer-numbers > div", has=page.get_by_text("Mean", exact=True)).locator("dd")
    expect(mean).to_have_text(re.compile(r"^[\d.]+ SUVbw g/ml \(\d+ Bq/ml\)$"))
    uptake = mean.inner_text()
    screen.press("Shift+Y")
    expect(page.locator(".viewer-live")).to_have_text("Values in Bq/ml")
    expect(mean).to_have_text(re.compile(r"^\d+ Bq/ml \([\d.]+ SUVbw g/ml\)$"))
    # The same two numbers, the other way round.
    first, second = re.findall(r"[\d.]+(?= )", mean.inner_text())[:2]
    assert re.findall(r"[\d.]+(?= )", uptake)[:2] == [second, first]
    expect(preset.locator("option", has_text="SUV 0 to 5")).to_have_count(0)
    page.get_by_role("button", name="Window and colours").click()
    page.locator(".viewer-sheet").get_by_role("button", name="Uptake (SUV)").click()
    page.keyboard.press("Escape")
    expect(mean).to_have_text(uptake)
    screen.press("Delete")
    screen.has(0)


def test_uptake_that_is_not_known_says_why(visit: Visit, api: Api) -> None:
    case = make_case(api, "PET without a weight", images=0, publish=False)
    send(api, case["id"], {"1.dcm": pictures.pet(1, weight="0", series=f"1.2.3.{case['id']}.1")})
    page = visit("instructor", f"/cases/{case['id']}/")
    screen = Screen(page)
    screen.press("Shift+Y")
    expect(page.locator(".viewer-live")).to_have_text(
        "SUV is not known: the header names no weight of the patient."
    )
    page.mouse.move(*screen.at(0.5, 0.5))
    expect(screen.window).to_contain_text(re.compile(r"\d+ Bq/ml"))
    expect(screen.window).not_to_contain_text("SUV")


def test_a_cine_run_begins_with_the_speed_of_its_file(visit: Visit, api: Api) -> None:
    case = make_case(api, "A run of two images a second", images=0, publish=False)
    send(api, case["id"], {"1.dcm": pictures.cine(6, rate=2, series=f"1.2.3.{case['id']}.1")})
    page = visit("instructor", f"/cases/{case['id']}/")
    screen = Screen(page)
    expect(screen.counter).to_contain_text("/ 6")
    screen.press("Space")
    expect(page.locator(".viewer-live")).to_have_text("Playing, 2 images per second")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Speed and range").click()
    expect(page.get_by_label("Images per second", exact=True)).to_have_value("2")
