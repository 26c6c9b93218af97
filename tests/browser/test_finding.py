"""A student finds a case, keeps it and the way to it, and comes back; an instructor shares a collection."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, make_case

NAMES = ("Zebrafish pneumonia", "Zebrafish fracture")


def test_a_student_finds_keeps_and_comes_back(visit: Visit, api: Api) -> None:
    cases = [make_case(api, name, images=0, publish=False) for name in NAMES]
    client = api("instructor")
    found = client.get("/api/cases/", params={"q": "zebrafish"}).json()["results"]
    assert {row["id"] for row in found} >= {case["id"] for case in cases}

    page = visit("instructor", "/")
    page.get_by_label("Search titles, findings, diagnoses and keywords").fill("zebrafihs")
    meant = page.locator("#did-you-mean")
    expect(meant).to_have_text("zebrafish")
    meant.click()
    expect(page).to_have_url(re.compile(r"q=zebrafish"))
    hit = page.locator(".case-card__title a", has_text=NAMES[0])
    expect(hit.locator("mark")).to_have_text("Zebrafish")

    page.get_by_role("link", name="List", exact=True).click()
    head = page.get_by_role("columnheader", name="Title")
    head.get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Title")).to_have_attribute("aria-sort", "ascending")
    rows = page.locator(".case-table tbody th a")
    expect(rows.nth(0)).to_have_text(NAMES[1])
    page.get_by_role("columnheader", name="Title").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Title")).to_have_attribute("aria-sort", "descending")
    expect(rows.nth(0)).to_have_text(NAMES[0])

    page.locator("#save-search summary").click()
    page.get_by_label("Name of the search").fill("Fishes")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("The search “Fishes” is kept.")).to_be_visible()

    page.locator(".case-table tbody th a", has_text=NAMES[0]).click()
    bookmark = page.locator("#bookmark-button")
    expect(bookmark).to_have_attribute("aria-pressed", "false")
    # Before htmx is there the form works as any form does, which is not what is tried here.
    page.wait_for_load_state("load")
    bookmark.click()
    expect(bookmark).to_have_attribute("aria-pressed", "true")

    page.goto("/")
    page.locator("#kept-menu summary").click()
    expect(page.locator("#saved-searches").get_by_role("button", name=re.compile("Fishes"))).to_be_visible()
    page.get_by_role("link", name="Bookmarks", exact=True).click()
    expect(page.locator(".case-card", has_text=NAMES[0])).to_be_visible()
    page.goto("/searches/")
    page.get_by_role("button", name=re.compile(r"Open\s*: Fishes")).click()
    expect(page).to_have_url(re.compile(r"q=zebrafish"))
    page.goto("/history/")
    expect(page.locator(".case-card", has_text=NAMES[0])).to_be_visible()


def test_a_collection_is_arranged_by_keyboard_and_read_by_a_link(visit: Visit, api: Api) -> None:
    client = api("instructor")
    made = client.post("/api/collections/", json={"title": "Linked", "visibility": "members"}).json()
    cases = [make_case(api, f"Linked {n}") for n in (1, 2)]
    for case in cases:
        answer = client.post(f"/api/collections/{made['id']}/items/", json={"case": case["id"]})
        assert answer.is_success, answer.text
    page = visit("instructor", f"/collections/{made['id']}/arrange/")
    titles = page.locator("tbody th a")
    expect(titles).to_have_text(["Linked 1", "Linked 2"])
    up = page.get_by_role("button", name="Move “Linked 2” up")
    up.focus()
    page.keyboard.press("Enter")
    expect(titles).to_have_text(["Linked 2", "Linked 1"])
    page.get_by_role("button", name="Make a link").click()
    address = page.locator("#links code")
    expect(address).to_have_text(re.compile(r"/shared/"))
    path = "/" + address.inner_text().split("/", 3)[3]

    guest = visit("student", path)
    guest.get_by_role("button", name="Open the collection").click()
    expect(guest.get_by_role("heading", name="Linked", exact=True)).to_be_visible()
    expect(guest.locator(".case-card__title")).to_have_text(["Linked 2", "Linked 1"])
