"""Cases open with their images where they belong; a choice of one's own wins."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case, send
from tests.builders import pictures

VIEWS = (("L", "MLO"), ("L", "CC"), ("R", "MLO"), ("R", "CC"))


@pytest.fixture(scope="module")
def breasts(api: Api) -> str:
    """Address of a case of four mammograms, each a series, all recorded with rows to the front."""
    case = make_case(api, "Four views of two breasts", images=0, publish=False)
    files = {
        f"{at}.dcm": pictures.ct(
            at + 1, series=f"1.2.3.{case['id']}.{at + 1}", Modality="MG", ImageLaterality=side,
            ViewPosition=view, PatientOrientation=["A", "F"], ImageOrientationPatient=None,
            ImagePositionPatient=None,
        )
        for at, (side, view) in enumerate(VIEWS)
    }  # fmt: skip
    send(api, case["id"], files)
    return f"/cases/{case['id']}/"


def seen(page: Page) -> list[str]:
    """Side and view of each image, once all are there."""
    corners = page.locator(".viewer-corner.is-top-left")
    for corner in corners.all():
        expect(corner).to_contain_text(re.compile("MG  [RL] "))
    return [" ".join(text.split()[1:3]) for text in corners.all_inner_texts()]


def test_mammograms_hang_with_the_chest_walls_together(visit: Visit, breasts: str) -> None:
    page = visit("instructor", breasts)
    areas = page.locator(".viewer-main")
    expect(areas.locator(".viewer-stage")).to_have_count(4)
    expect(page.locator(".viewer-live").first).to_have_text("Hung: Right and left breast side by side")
    assert seen(page) == ["R CC", "L CC", "R MLO", "L MLO"]
    # The right breast was mirrored: its front lies on the left, that of the left one on the right.
    right, left = areas.nth(2), areas.nth(3)
    expect(right.locator(".viewer-letter.is-left")).to_have_text("A")
    expect(left.locator(".viewer-letter.is-right")).to_have_text("A")
    expect(right.locator(".viewer-letter.is-bottom")).to_have_text("F")


def test_a_choice_of_ones_own_wins_until_it_is_forgotten(visit: Visit, breasts: str) -> None:
    page = visit("instructor", breasts)
    stages = page.locator(".viewer-stage")
    expect(stages).to_have_count(4)
    page.get_by_role("button", name="Divide the window").click()
    page.locator(".viewer-sheet").get_by_role("button", name="One image", exact=True).click()
    expect(stages).to_have_count(1)
    page.reload()
    expect(stages).to_have_count(1)
    expect(page.locator(".viewer-corner.is-top-left")).to_contain_text("MG")
    page.get_by_role("button", name="Divide the window").click()
    page.locator(".viewer-sheet").get_by_role("button", name="Hang again").click()
    expect(stages).to_have_count(4)
    page.reload()
    expect(stages).to_have_count(4)


def test_the_prior_says_how_old_it_is(visit: Visit, api: Api) -> None:
    case = make_case(api, "Eight months later", images=0, publish=False)
    days = {"1": "20230701", "2": "20240301"}
    files = {
        f"{at}.dcm": pictures.ct(int(at), series=f"1.2.3.{case['id']}.{at}", study=f"1.2.{at}", StudyDate=day)
        for at, day in days.items()
    }
    send(api, case["id"], files)
    page = visit("instructor", f"/cases/{case['id']}/")
    areas = page.locator(".viewer-main")
    expect(areas.locator(".viewer-stage")).to_have_count(2)
    expect(areas.nth(1).locator(".viewer-corner.is-top-left")).to_contain_text("8 months earlier")
    expect(areas.nth(0).locator(".viewer-corner.is-top-left")).not_to_contain_text("earlier")
    expect(page.locator(".series-strip")).to_contain_text("8 months earlier")


def test_a_telephone_hangs_one_image(visit: Visit, breasts: str) -> None:
    page = visit("instructor", breasts, width=390, height=844, touch=True)
    expect(page.locator(".viewer-stage")).to_have_count(1)
    expect(page.locator(".viewer-corner.is-top-left")).to_contain_text("R CC")
