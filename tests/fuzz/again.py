"""``python -m tests.fuzz.again``: judge the kept inputs once more, in a process that they may crash."""

from __future__ import annotations

import resource
import sys
import traceback
from pathlib import Path

from tests.fuzz.child import MEMORY
from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


def main() -> int:
    """Say which inputs are found again; the name of each comes first, so that a crash has one, too."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    found = 0
    for name, target in TARGETS.items():
        for path in sorted((CORPUS / name).glob("*.*")):
            print(f"{name}/{path.name}", flush=True)
            try:
                target.judge(path.read_bytes())
            except Exception:  # noqa: BLE001  whatever it is, it is told, and the next one tried
                found += 1
                traceback.print_exc(file=sys.stdout)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
