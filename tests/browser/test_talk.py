"""Talk: a question reaches the author at once, names are offered while typing, an answer comes back live."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case

PHONE = {"width": 390, "height": 844, "touch": True}


def bell(page: Page, unread: int) -> None:
    expect(page.get_by_role("link", name=f"Notices, {unread} unread")).to_be_visible()


def read_all(api: Api, who: str) -> None:
    """Journeys before this one left notices."""
    assert api(who).post("/api/notices/read/", json={}).is_success


@pytest.mark.parametrize("size", [{"width": 1280}, PHONE], ids=["desk", "phone"])
def test_a_question_is_asked_told_of_answered_and_settled(
    visit: Visit, api: Api, size: dict[str, int]
) -> None:
    case = make_case(api, "A case to talk about", images=0, publish=False)
    path = f"/cases/{case['id']}/talk/"
    read_all(api, "instructor")
    theirs = visit("instructor", path, **size)
    bell(theirs, 0)
    page = visit("admin", path, **size)
    field = page.get_by_label("Remark or question")
    field.fill("Is it a cyst? See @instr")
    people = page.get_by_role("listbox", name="People to name")
    # A person is offered because of what is typed, not of what is filled in.
    field.press("u")
    expect(people.get_by_role("option")).to_have_count(1)
    field.press("Enter")
    expect(field).to_have_value("Is it a cyst? See @instructor ")
    page.get_by_role("button", name="Ask it").click()
    question = page.locator(".talk__thread")
    expect(question).to_contain_text("Is it a cyst?")
    expect(question.get_by_text("Question", exact=True)).to_be_visible()
    expect(field).to_have_value("")

    # The author has the page open: the thread and the bell come by themselves.
    thread = theirs.locator(".talk__thread")
    expect(thread).to_contain_text("Is it a cyst?")
    bell(theirs, 1)
    thread.locator("summary", has_text="Answer").click()
    thread.get_by_role("textbox", name="Answer").fill("It is; see **slice 12**.")
    thread.get_by_role("button", name="Send the answer").click()
    expect(thread.locator("strong", has_text="slice 12")).to_be_visible()

    expect(page.locator("strong", has_text="slice 12")).to_be_visible()
    page.get_by_role("button", name="It is answered").click()
    expect(page.get_by_text("Answered, says")).to_be_visible()
    expect(theirs.get_by_text("Answered, says")).to_be_visible()

    theirs.get_by_role("link", name="Notices, 1 unread").click()
    theirs.get_by_role("link", name="named you in the talk").first.click()
    expect(theirs.locator(".talk__thread")).to_contain_text("Is it a cyst?")
    bell(theirs, 0)


def test_what_is_half_written_stays_when_somebody_else_writes(visit: Visit, api: Api) -> None:
    case = make_case(api, "A case with much talk", images=0, publish=False)
    base = f"/api/cases/{case['id']}/remarks/"
    assert api("instructor").post(base, json={"text": "A first remark"}).is_success
    page = visit("admin", f"/cases/{case['id']}/talk/")
    page.locator(".talk__thread summary", has_text="Answer").click()
    half = page.get_by_role("textbox", name="Answer")
    half.fill("Half an answer")
    page.get_by_label("Remark or question").click()
    assert api("instructor").post(base, json={"text": "A second remark"}).is_success
    expect(page.locator(".talk__thread")).to_have_count(2)
    expect(half).to_have_value("Half an answer")
    expect(half).to_be_visible()


def test_the_page_of_a_case_brings_its_talk_when_one_goes_there(visit: Visit, api: Api) -> None:
    case = make_case(api, "A case with a talk below", images=0, publish=False)
    base = f"/api/cases/{case['id']}/remarks/"
    assert api("instructor").post(base, json={"text": "A first remark"}).is_success
    page = visit("instructor", f"/cases/{case['id']}/")
    page.locator(".case-jumps").get_by_role("link", name="Talk").click()
    talk = page.locator("#case-talk")
    expect(talk.locator(".prose", has_text="A first remark")).to_be_visible()
    talk.get_by_label("Remark or question").fill("A second one")
    talk.get_by_role("button", name="Say it").click()
    expect(talk.locator(".talk__thread")).to_have_count(2)
