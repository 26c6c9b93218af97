"""``python3 -m medweb.launcher``: from a bare Python to a running MedWeb.

This file runs under whatever ``python3`` the machine has, before anything is installed: standard library
only, and no syntax newer than Python 3.7, so that an old Python says the sentence below, not SyntaxError.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
STAMP = "medweb-installed.txt"


def say(text: str) -> None:
    """One line on the console, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def too_old(version: tuple[int, ...]) -> str | None:
    """The sentence for a Python that is too old, or ``None`` for one that will do."""
    if tuple(version[:2]) >= OLDEST:
        return None
    return (
        f"MedWeb needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and this is {version[0]}.{version[1]}: "
        "install a newer one and say, for example, make run PYTHON=python3.12."
    )


def venv_python(venv: Path) -> Path:
    """The interpreter inside ``venv``."""
    return venv / "bin" / "python"


def fingerprint(python: Path, requirements: Path) -> str:
    """What the stamp must say: Python's version and every line that ``requirements`` reaches."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    digest.update(str(python).encode())
    todo, done = [requirements], set()
    while todo:
        path = todo.pop().resolve()
        if path in done:
            continue
        done.add(path)
        text = path.read_text(encoding="utf-8")
        digest.update(text.encode())
        todo += [path.parent / line[3:].strip() for line in text.splitlines() if line.startswith("-r ")]
    return digest.hexdigest()


def _stamps(venv: Path) -> dict[str, str]:
    path = venv / STAMP
    if not path.exists():
        return {}
    return dict(line.split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines() if " " in line)


def _usable(venv: Path) -> bool:
    """Whether ``venv`` still runs; a moved folder or an upgraded system breaks it."""
    python = venv_python(venv)
    if not python.exists():
        return False
    show = "import sys; print(repr(sys.version_info[:2]))"
    answer = subprocess.run([str(python), "-c", show], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return False
    return too_old(tuple(int(part) for part in answer.stdout.strip("()\n ").split(","))) is None


def install(venv: Path, requirements: Path) -> Path:
    """Make ``venv`` hold exactly the pins of ``requirements``; quick when nothing changed.

    Parameters
    ----------
    venv : Path
        Folder of the virtual environment; made when missing or broken.
    requirements : Path
        Pinned requirements file.

    Returns
    -------
    Path
        The interpreter to use from now on.

    Raises
    ------
    SystemExit
        With a sentence, when the environment cannot be made or a package cannot be installed.
    """
    python = venv_python(venv)
    stamps = _stamps(venv)
    wanted = fingerprint(python, requirements)
    if stamps.get(requirements.name) == wanted and python.exists():
        return python
    uv = shutil.which("uv")
    if not _usable(venv):
        say(f"Making the Python environment in {venv} ...")
        shutil.rmtree(venv, ignore_errors=True)
        stamps = {}
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(venv)] if uv else None
        made = subprocess.run(make or [sys.executable, "-m", "venv", str(venv)], check=False)
        if made.returncode != 0 or not python.exists():
            shutil.rmtree(venv, ignore_errors=True)
            raise SystemExit(
                f"The Python environment in {venv} could not be made. On Debian or Ubuntu install "
                "python3-venv, and check that the folder may be written."
            )
    count = sum(line[:1].isalnum() for line in requirements.read_text(encoding="utf-8").splitlines())
    say(f"Installing {count} pinned packages of {requirements.name} (once; about a minute) ...")
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(requirements)]
    else:
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # Compiling 60 packages takes a third of the time; Python compiles what it imports anyway.
        command += ["--no-compile", "-r", str(requirements)]
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit(
            "Some packages could not be installed (see above). MedWeb needs a package index once: check the "
            "network or proxy, then run the same command again."
        )
    stamps[requirements.name] = wanted
    lines = [f"{name} {value}\n" for name, value in sorted(stamps.items())]
    (venv / STAMP).write_text("".join(lines), encoding="utf-8")
    return python


def main(arguments: list[str]) -> int:
    """Install what is missing, then become the program named in ``arguments``.

    ``run`` (the default) starts MedWeb; ``install`` only installs; ``dev`` adds what tests and checks need.
    """
    sentence = too_old(sys.version_info[:3])
    if sentence:
        say(sentence)
        return 2
    what = arguments[0] if arguments else "run"
    if what not in ("run", "install", "dev"):
        say(f"python3 -m medweb.launcher takes run, install or dev, not {what!r}.")
        return 2
    venv = Path(os.environ.get("MEDWEB_VENV") or ROOT / ".venv")
    python = install(venv, ROOT / ("requirements-dev.txt" if what == "dev" else "requirements.txt"))
    if what == "run":
        os.chdir(str(ROOT))
        # Becoming the launcher, not starting it, leaves one process for Ctrl-C and kill to find.
        os.execv(str(python), [str(python), "-m", "medweb.launch"])  # noqa: S606
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("\nStopped.")
        sys.exit(130)
