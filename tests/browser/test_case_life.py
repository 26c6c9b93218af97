"""The life of a case: read as an unknown, step by step; submitted, looked at by another person, published."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case

PHONE = {"width": 390, "height": 844, "touch": True}


def publish(api: Api, case: dict[str, Any], **fields: Any) -> None:
    client = api("instructor")
    told = client.get(f"/api/cases/{case['id']}/").json()
    body = {"revision": told["revision"], **fields}
    assert client.patch(f"/api/cases/{case['id']}/", json=body).is_success
    assert client.post(f"/api/cases/{case['id']}/publish/").is_success


def ask(page: Page, words: str) -> None:
    """Ask for the next step with the keyboard."""
    button = page.get_by_role("button", name=words, exact=True)
    button.focus()
    page.keyboard.press("Enter")


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["wide", "phone"])
def test_an_unknown_is_read_step_by_step(visit: Visit, api: Api, screen: dict[str, Any]) -> None:
    case = make_case(api, "Sarcoidosis of the lung", images=1, publish=False)
    publish(
        api, case, findings="Many small nodules.", diagnosis_text="Sarcoidosis",
        discussion="Granulomas along the lymph vessels.",
    )  # fmt: skip
    page = visit("student", f"/cases/{case['id']}/", **screen)
    heading, neutral = page.get_by_role("heading", level=1), f"Unknown case {case['id']}"
    page.get_by_role("button", name="Read it as an unknown").click()
    expect(heading).to_have_text(neutral)
    text = page.locator("#case-text")
    expect(text).not_to_contain_text("Many small nodules.")
    ask(page, "Show the findings")
    expect(text).to_contain_text("Many small nodules.")
    expect(page.get_by_role("heading", name="Findings")).to_be_focused()
    expect(heading).to_have_text(neutral)
    ask(page, "Show the diagnosis")
    expect(heading).to_have_text("Sarcoidosis of the lung")
    expect(text).not_to_contain_text("Granulomas")
    ask(page, "Show the discussion")
    expect(text).to_contain_text("Granulomas")
    expect(page.get_by_role("heading", name="Discussion")).to_be_focused()
    page.get_by_role("button", name="Read it as an unknown").click()
    expect(heading).to_have_text(neutral)
    expect(text).not_to_contain_text("Many small nodules.")


def test_a_case_is_submitted_looked_at_and_published(visit: Visit, api: Api) -> None:
    case = make_case(api, "A case for four eyes", images=1, publish=False)
    author = visit("instructor", f"/cases/{case['id']}/")
    author.get_by_role("button", name="Submit for review").click()
    expect(author.locator("#case-head .badge--warning")).to_have_text("In review")

    page = visit("admin", f"/cases/{case['id']}/review/", expected=("422",))
    findings = page.locator("#section-findings")
    findings.get_by_text("Comment on this section").click()
    findings.get_by_label("Comment", exact=True).fill("Say how large it is.")
    findings.locator("details button").click()
    expect(page.locator("#section-findings .thread__item")).to_contain_text("Say how large it is.")
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.get_by_role("alert")).to_contain_text("Not confirmed yet")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A case for four eyes")
    expect(page.locator("#case-head .badge--warning")).to_have_count(0)
