"""axe-core, the accessibility checker: fetched once by npm into a folder git ignores, never shipped."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.node_tools import Absent, fetched

VERSION = "axe-core@4.10.3"
WORST = {"serious", "critical"}


def source() -> str:
    """The script; skips the test by name when it is not there and cannot be fetched."""
    try:
        return fetched(VERSION, "axe.min.js").read_text()
    except Absent as reason:
        pytest.skip(str(reason))


def violations(page: Page) -> list[str]:
    """Serious and critical findings on the page once its requests are answered, a line for each element."""
    # What waits for an answer is dimmed, which is no colour to be judged.
    expect(page.locator(".htmx-request")).to_have_count(0)
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:160]} {_why(node)}"
        for rule in found
        if rule["impact"] in WORST
        for node in rule["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for check in [*node["any"], *node["all"], *node["none"]])[:240]
