"""axe-core, the accessibility checker: fetched once by npm into a folder git ignores, never shipped."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

VERSION = "axe-core@4.10.3"
FOLDER = Path(sys.prefix) / "axe-core"
WORST = {"serious", "critical"}


def source() -> str:
    """The script; skips the test by name when it is not there and cannot be fetched."""
    script = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    stamp = FOLDER / "installed"
    if not script.exists() or not stamp.exists() or stamp.read_text() != VERSION:
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm absent: install npm (it fetches axe-core)")
        FOLDER.mkdir(parents=True, exist_ok=True)
        fetched = subprocess.run(
            [npm, "install", "--prefix", str(FOLDER), "--no-save", "--no-audit", "--no-fund", VERSION],
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        if fetched.returncode != 0 or not script.exists():
            last = (fetched.stderr.strip().splitlines() or ["no message"])[-1]
            pytest.skip(f"{VERSION} could not be fetched: {last}")
        stamp.write_text(VERSION)
    return script.read_text()


def violations(page: Page) -> list[str]:
    """Serious and critical findings on the page as it is now, a line for each element."""
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
