"""``python -m tests.check``: every check that is not a test. A line per step: ok, failed, or skipped and why.

With MEDWEB_REQUIRE_ALL=1 a skipped step counts as failed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.node_tools import Absent, fetched

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# TypeScript only reads the JSDoc types; nothing of it is shipped.
TYPESCRIPT = "typescript@5.9.3"
OLDEST_NODE = 18


class Skipped(Exception):
    """The step cannot run here; the text says why."""


@dataclass(frozen=True)
class Step:
    """A name and what makes its command; the maker may raise :class:`Skipped`."""

    name: str
    command: Callable[[], list[str]]
    environment: Mapping[str, str]


def _tool(name: str, *arguments: str) -> Callable[[], list[str]]:
    def command() -> list[str]:
        return [str(BIN / name), *arguments]

    return command


def _manage(*arguments: str) -> Callable[[], list[str]]:
    def command() -> list[str]:
        return [sys.executable, "manage.py", *arguments]

    return command


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise Skipped("node absent: install nodejs")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        raise Skipped(f"node {version} is older than {OLDEST_NODE}")
    return node


def _typescript() -> list[str]:
    """Command of the pinned compiler, fetched once into a folder git ignores."""
    node = _node()
    config = ROOT / "tests" / "js" / "jsconfig.json"
    if not config.exists():
        raise Skipped("tests/js/jsconfig.json absent")
    try:
        compiler = fetched(TYPESCRIPT, "bin/tsc")
    except Absent as reason:
        raise Skipped(str(reason)) from reason
    return [node, str(compiler), "--noEmit", "-p", str(config)]


def _node_tests() -> list[str]:
    node = _node()
    folder = ROOT / "tests" / "js"
    files = sorted(str(path.relative_to(ROOT)) for path in folder.rglob("*.test.*js"))
    if not files:
        raise Skipped("no *.test.js below tests/js")
    return [node, "--test", *files]


def steps(data_dir: str) -> list[Step]:
    """All steps, quick ones first."""
    plain = {
        "MEDWEB_DATA_DIR": data_dir,
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "MEDWEB_SAMPLE_LIBRARY": "0",
    }
    production = {
        **plain,
        "MEDWEB_HTTPS": "1",
        "MEDWEB_HOSTS": "medweb.example.org",
        "MEDWEB_ORIGINS": "https://medweb.example.org",
        "MEDWEB_COLLECTED_STATIC": "1",
        "MEDWEB_SECRET_KEY": "0123456789-only-for-this-check-" + "".join(map(chr, range(97, 123))),
    }
    return [
        Step("ruff check", _tool("ruff", "check", "--quiet"), plain),
        Step("ruff format", _tool("ruff", "format", "--check", "--quiet"), plain),
        Step("import arrows", _tool("lint-imports"), plain),
        Step("types (mypy)", _tool("mypy"), plain),
        Step("migrations complete", _manage("makemigrations", "--check", "--dry-run"), plain),
        Step("deploy settings", _manage("check", "--deploy", "--fail-level", "WARNING"), production),
        Step(
            "API schema",
            _manage("spectacular", "--validate", "--fail-on-warn", "--file", f"{data_dir}/schema.yaml"),
            plain,
        ),
        Step("types (tsc)", _typescript, plain),
        Step("node tests", _node_tests, plain),
    ]


def run(step: Step) -> tuple[str, str]:
    """Run one step: its state (``ok``, ``failed`` or ``skipped``) and its output or reason."""
    try:
        command = step.command()
    except Skipped as reason:
        return "skipped", str(reason)
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **step.environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ("ok" if done.returncode == 0 else "failed"), done.stdout.rstrip()


def main() -> int:
    """Run every step, even after one failed; returns the exit status."""
    strict = os.environ.get("MEDWEB_REQUIRE_ALL") == "1"
    bad = []
    with tempfile.TemporaryDirectory(prefix="medweb-check-") as data_dir:
        for step in steps(data_dir):
            began = time.monotonic()
            state, output = run(step)
            reason = f" ({output})" if state == "skipped" else ""
            print(f"{step.name:22}{state}{reason}  {time.monotonic() - began:.1f} s", flush=True)
            if state == "failed":
                print(output, flush=True)
            if state == "failed" or (strict and state == "skipped"):
                bad.append(step.name)
    print(f"check: {'failed: ' + ', '.join(bad) if bad else 'all good'}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
