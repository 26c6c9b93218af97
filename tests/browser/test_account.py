"""Signing in and out, passwords, tokens, roles, theme."""

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, Visit, sign_in
from tests.support import LiveApp

REFUSED = (r"status of 4\d\d",)
NEW_PASSWORD = "the reading room is dark"


def test_signing_in_wrong_then_right_and_out(visit: Visit) -> None:
    page = visit(None, "/jobs/")
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    page.get_by_label("Username").fill("walt")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.locator("#sign-in").get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Please enter a correct username and password")).to_be_visible()
    # What was typed is kept, and the page that was wished for is remembered.
    expect(page.get_by_label("Username")).to_have_value("walt")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("#sign-in").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    page.locator("summary", has_text="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    page.goto("/collections/")
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()


def test_a_demo_account_fills_in_the_form(visit: Visit) -> None:
    page = visit(None, "/sign-in/")
    page.get_by_role("button", name="Use student").click()
    page.locator("#sign-in").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()


def test_guessing_is_stopped(visit: Visit) -> None:
    page = visit(None, "/sign-in/", expected=REFUSED)
    blocked = page.get_by_role("heading", name="Too many wrong passwords")
    for attempt in range(9):
        sign_in(page, "nobody-here", f"guess {attempt}")
        # Either the form comes back with its error, or the end of the guessing.
        expect(blocked.or_(page.get_by_text("Please enter a correct username"))).to_be_visible()
        if blocked.is_visible():
            break
    expect(blocked).to_be_visible()
    expect(page.get_by_text("Signing in is blocked for 15 minutes")).to_be_visible()


def test_a_changed_password_signs_other_devices_out(visit: Visit) -> None:
    page, other = visit("pia", "/account/", expected=REFUSED), visit(None)
    sign_in(other, "pia")
    expect(other.get_by_role("heading", name="Library", level=1)).to_be_visible()
    page.locator("#password summary").click()
    page.get_by_label("Old password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("1234567890")
    page.get_by_label("New password confirmation").fill("1234567890")
    submit = page.locator("#password").get_by_role("button", name="Change the password")
    submit.click()
    expect(page.get_by_text("This password is entirely numeric.")).to_be_visible()
    page.get_by_label("Old password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("New password confirmation").fill(NEW_PASSWORD)
    submit.click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    other.goto("/account/")
    expect(other.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    sign_in(other, "pia", NEW_PASSWORD)
    expect(other.get_by_role("heading", name="Library", level=1)).to_be_visible()


def test_a_token_works_until_it_is_revoked(visit: Visit, app: LiveApp) -> None:
    page = visit("instructor", "/account/")
    page.get_by_label("Name", exact=True).fill("upload script")
    page.get_by_label("Valid for").select_option("30")
    page.get_by_role("button", name="Make a token").click()
    key = page.locator(".new-key code").inner_text()
    with httpx.Client(base_url=app.base_url, headers={"Authorization": f"Bearer {key}"}) as client:
        assert client.get("/api/cases/").status_code == 200
        page.goto("/account/")
        # Shown once and never again.
        assert key not in page.content()
        page.get_by_role("button", name="Revoke upload script").click()
        confirm = page.locator("#confirm-dialog")
        expect(confirm).to_contain_text("Scripts that use it stop working at once.")
        confirm.get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("The token “upload script” no longer works.")).to_be_visible()
        assert client.get("/api/cases/").status_code == 401


def test_an_administrator_changes_roles(visit: Visit) -> None:
    page = visit("admin", "/people/", expected=REFUSED)
    row = page.get_by_role("row").filter(has_text="thea")
    row.get_by_label("Instructor").check()
    row.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The roles of thea are saved.")).to_be_visible()
    expect(row.get_by_label("Instructor")).to_be_checked()
    thea = visit("thea")
    expect(thea.get_by_role("link", name="New case").first).to_be_visible()
    page.locator("#new-person summary").click()
    page.get_by_label("Username").fill("thea")
    page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("Password confirmation").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_text("A user with that username already exists.")).to_be_visible()
    expect(page.get_by_label("Username")).to_have_value("thea")


def test_nobody_else_manages_people(visit: Visit) -> None:
    page = visit("staff", "/people/", expected=REFUSED)
    expect(page.get_by_text("Only administrators manage people.")).to_be_visible()
    page.goto("/")
    expect(page.locator("#navigation").get_by_role("link", name="People")).to_have_count(0)


def test_the_theme_follows_the_system_until_somebody_chooses(visit: Visit) -> None:
    page = visit("student", theme="dark")
    body = page.locator("body")
    dark = page.evaluate("getComputedStyle(document.body).color")
    button = page.get_by_role("button", name="Theme:")
    expect(button).to_have_accessible_name("Theme: as the system")
    expect(body).to_have_css("color", dark)
    button.click()
    expect(button).to_have_accessible_name("Theme: light")
    expect(body).not_to_have_css("color", dark)
    page.goto("/collections/")
    expect(button).to_have_accessible_name("Theme: light")
    expect(body).not_to_have_css("color", dark)
    button.click()
    expect(button).to_have_accessible_name("Theme: dark reading room")
    expect(body).to_have_css("color", dark)
