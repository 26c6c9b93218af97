"""Fuzz the reader, the walker or the geometry parser, and print what came of it as JSON.

Each run happens in a child process with 3 GiB of memory: a decoder that crashes or hangs ends the child, the
input that did it is kept, and the next child goes on for the time that is left.

The engine ``atheris`` is led by coverage and needs its wheel (``pip install -r requirements-dev.txt``);
``hypothesis`` and ``random`` need nothing more. Seconds are per engine.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
TARGETS = ("reader", "walker", "geometry")
# What coverage is measured in.
_MEASURED = ("cases.imaging", "cases.geometry", "pydicom.filereader", "pydicom.encaps", "pydicom.values")
_START = """
import sys
if sys.argv[2] == "atheris":
    import atheris
    with atheris.instrument_imports(include={measured!r}):
        import tests.fuzz.targets
from tests.fuzz.child import main
main(*sys.argv[1:])
"""


def fuzz(target: str, engine: str, seconds: float, seed: int, folder: Path) -> dict[str, Any]:
    """One engine on one target; the inputs found lie in ``folder`` afterwards."""
    begun = time.monotonic()
    found: dict[str, dict[str, str]] = {}
    result: dict[str, Any] = {"target": target, "engine": engine, "runs": 0, "children": 0, "peak_mb": 0}
    while (left := seconds - (time.monotonic() - begun)) > 1:
        result["children"] += 1
        place = folder / f"{target}-{engine}-{seed + result['children']}"
        place.mkdir(parents=True)
        code, log = _child(target, engine, left, seed + result["children"], place)
        told = json.loads((place / "progress.json").read_text()) if (place / "progress.json").exists() else {}
        result["runs"] += told.get("runs", 0)
        result["peak_mb"] = max(result["peak_mb"], told.get("peak_mb", 0))
        covered = re.findall(r"cov: (\d+)", log)
        if covered:
            result["coverage"] = max(result.get("coverage", 0), int(covered[-1]))
        for report in (place / "findings").glob("*.json"):
            found.setdefault(
                json.loads(report.read_text())["signature"], {"file": str(report.with_suffix(".bin"))}
            )
        if code != 0 and not (place / "current").exists():
            raise RuntimeError(f"the fuzzing process did not start:\n{log[-3000:]}")
        if code != 0:
            # Ended by what it tried: the input it had written down before is the finding.
            kept = place / "findings" / "ended.bin"
            shutil.copyfile(place / "current", kept)
            found.setdefault(f"process ended with {code}", {"file": str(kept), "log": log[-1500:]})
            if told.get("runs", 0) == 0:
                break
    result["seconds"] = round(time.monotonic() - begun, 1)
    result["findings"] = [{"signature": name, **more} for name, more in sorted(found.items())]
    return result


def _child(target: str, engine: str, seconds: float, seed: int, place: Path) -> tuple[int, str]:
    start = _START.format(measured=list(_MEASURED))
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONFAULTHANDLER": "1",
    }
    log = place / "log"
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-c", start, target, engine, f"{seconds:.0f}", str(seed), str(place)],
            cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
        )  # fmt: skip
    return done.returncode, log.read_text(errors="replace")


def main() -> int:
    """Command line; status 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--engine", choices=("atheris", "hypothesis", "random"), action="append")
    parser.add_argument("--seconds", type=float, default=60, help="per target and engine")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for inputs and logs; a temporary one otherwise")
    given = parser.parse_args()
    engines = given.engine or ["atheris", "hypothesis"]
    if "atheris" in engines and importlib.util.find_spec("atheris") is None:
        print("atheris absent: there is no wheel for this Python; going on without it", file=sys.stderr)
        engines = [engine for engine in engines if engine != "atheris"]
    folder = given.out or Path(tempfile.mkdtemp(prefix="medweb-fuzz-"))
    results = [
        fuzz(target, engine, given.seconds, given.seed, folder)
        for target in given.target or TARGETS
        for engine in engines
    ]
    print(json.dumps(results, indent=2))
    return int(any(result["findings"] for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
