"""``make run`` as a whole, with real processes; a file of its own, so that pytest-xdist can run it apart."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from medweb.limits import WEB_OPTIONS
from tests import support

pytestmark = [pytest.mark.broker, pytest.mark.sqlite]
LINUX = Path("/proc/self/stat").exists()


class Run:
    """``python -m medweb.launch`` on a fresh data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = support.free_port()
        # Unique, so that every process of this run can be found by its environment.
        self.mark = f"MEDWEB_DATA_DIR={folder}"
        self.environment = {
            **os.environ,
            "MEDWEB_DATA_DIR": str(folder),
            "MEDWEB_PORT": str(self.port),
            "MEDWEB_SAMPLE_LIBRARY": "0",
            "DATABASE_URL": "",
            "REDIS_URL": "",
        }
        self.output = folder.parent / "console.txt"
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        with self.output.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "medweb.launch"],
                cwd=support.ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def wait_ready(self) -> None:
        support.wait_until(
            lambda: "Ready after" in self.output.read_text(),
            what="make run gets ready",
            failed=lambda: self.output.read_text() if self.process.poll() is not None else None,
        )

    def others(self) -> dict[int, str]:
        """Living processes of this run other than the launcher and its watchdog."""
        return {
            pid: command
            for pid, command in support.processes_with(self.mark).items()
            if not command.endswith("-m medweb.launch")
        }


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    if not LINUX:
        pytest.skip("needs /proc to count processes")
    started = Run(tmp_path / "data")
    yield started
    started.process.kill()
    started.process.wait()
    support.wait_until(lambda: not support.processes_with(started.mark), what="all ends")


def test_start_serve_stop(run: Run) -> None:
    run.wait_ready()
    status, body = support.answer(run.port, "/readyz")
    assert (status, json.loads(body)["status"]) == (200, "ready")
    address = run.folder / "broker-url"
    assert address.stat().st_mode & 0o777 == 0o600
    password = address.read_text().split(":")[2].split("@")[0]
    commands = run.others()
    assert {"uvicorn", "celery"} <= {word for c in commands.values() for word in c.split()}
    assert not any(password in command for command in commands.values())

    second = subprocess.run(
        [sys.executable, "-m", "medweb.launch"],
        cwd=support.ROOT, env=run.environment, capture_output=True, text=True, check=False,
        timeout=support.PATIENCE,
    )  # fmt: skip
    assert second.returncode == 1
    assert "MedWeb already runs on" in second.stdout
    assert second.stderr == ""

    web = next(pid for pid, command in commands.items() if "uvicorn" in command)
    assert commands[web].endswith(" ".join(WEB_OPTIONS))
    os.kill(web, signal.SIGKILL)
    support.wait_until(
        lambda: "web ended" in run.output.read_text() and support.answer(run.port, "/readyz")[0] == 200,
        what="the web server comes back",
    )

    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(support.PATIENCE) == 0
    assert support.processes_with(run.mark) == {}
    assert not address.exists()
    assert run.output.read_text().endswith("MedWeb has stopped.\n")


def test_killed_run_leaves_no_orphan_and_starts_again(run: Run) -> None:
    run.wait_ready()
    assert len(run.others()) >= 4
    run.process.kill()
    run.process.wait()
    # At once: the new one waits for the old one's watchdog to let go of the data folder.
    run.output.unlink()
    run.process = run.start()
    run.wait_ready()
    assert "Preparing" not in run.output.read_text(), "the second start must not wait for that again"
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(support.PATIENCE) == 0
    assert support.processes_with(run.mark) == {}
