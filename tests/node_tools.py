"""Programs of the npm registry that only the checks use: each fetched once into a folder git ignores."""

import shutil
import subprocess
import sys
from pathlib import Path

SECONDS = 180


class Absent(Exception):
    """It is not here and cannot be fetched; the text says why."""


def fetched(package: str, file: str) -> Path:
    """Path of a file of an npm package, which npm fetches when it is not here yet.

    Parameters
    ----------
    package : str
        Name and version, such as ``axe-core@4.10.3``.
    file : str
        Path inside of the package.

    Raises
    ------
    Absent
        Neither here nor to be fetched.
    """
    name = package.rpartition("@")[0]
    folder = Path(sys.prefix) / "node-tools" / name
    found, stamp = folder / "node_modules" / name / file, folder / "installed"
    if found.exists() and stamp.exists() and stamp.read_text() == package:
        return found
    npm = shutil.which("npm")
    if npm is None:
        raise Absent(f"npm absent: install npm (it fetches {name})")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "install", "--prefix", str(folder), "--no-save", "--no-audit", "--no-fund", package],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if done.returncode != 0 or not found.exists():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Absent(f"{package} could not be fetched: {last}")
    stamp.write_text(package)
    return found
