"""``python -m tests.bench.coldstart``: seconds from a bare checkout to a ready MedWeb, and of a second start.

Works on a copy of the tracked files in a temporary folder, with the machine's own ``python3``: nothing of the
developer's environment, data or caches is used, except what pip has downloaded before.
"""

import argparse
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests import support


def checkout(target: Path) -> None:
    """Copy the tracked files, as they lie here, to ``target``."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=support.ROOT, capture_output=True, check=True
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        source, copy = support.ROOT / name, target / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
            copy.chmod(source.stat().st_mode)


def start(folder: Path, data: Path) -> tuple[float, str]:
    """Seconds from ``make run`` to ``/readyz`` = 200, and what the console said until it was stopped."""
    port = support.free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MEDWEB_")}
    for name in ("DATABASE_URL", "REDIS_URL", "VIRTUAL_ENV"):
        environment.pop(name, None)
    environment |= {"MEDWEB_PORT": str(port), "MEDWEB_DATA_DIR": str(data)}
    console = folder / "console.txt"
    began = time.monotonic()
    with console.open("wb") as output:
        process = subprocess.Popen(
            ["make", "run"], cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        support.wait_until(
            lambda: support.answer(port, "/readyz")[0] == 200,
            seconds=600,
            what="make run gets ready",
            failed=lambda: console.read_text() if process.poll() is not None else None,
        )
        took = time.monotonic() - began
        support.wait_until(
            lambda: "Stop: Ctrl-C" in console.read_text(),
            what="the console shows the address",
        )
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    return took, console.read_text()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="also print what the console said")
    show = parser.parse_args().show
    with tempfile.TemporaryDirectory(prefix="medweb-coldstart-") as name:
        folder = Path(name) / "checkout"
        folder.mkdir()
        checkout(folder)
        for title in ("first start, nothing installed", "second start"):
            seconds, console = start(folder, Path(name) / "data")
            print(f"{title}: {seconds:.1f} s", flush=True)
            if show:
                print(console, flush=True)


if __name__ == "__main__":
    main()
