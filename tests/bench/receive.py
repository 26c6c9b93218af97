"""``python -m tests.bench.receive``: files per second that come in, by every way a file may come.

Sends CT-like files (512 x 512, 16 bit, 0.5 MB each) with the load generator of the shared data, which makes
them as well, and names the CPU time that the server spent on each file. With ``--judged`` the worker cleans
them meanwhile, as it does on a server; without it the worker is stopped, and only receiving is measured.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import measure
from tests.bench.jobs import CASE

TOKEN = """
import json
from medweb.accounts.models import User
from medweb.accounts.services import create_token
user = User.objects.get(username="instructor")
print(json.dumps(create_token(name="bench", days=1, by=user)[1]))
"""


def made(folder: Path, count: int) -> float:
    """Write ``count`` CT-like files into ``folder``; returns bytes of one."""
    maker = measure.shared("perf/dicom_make.py")
    command = [sys.executable, str(maker), "--out", str(folder), "--slices", str(count)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.iterdir()).stat().st_size


def pushed(
    served: measure.App, path: str, folder: Path, token: str, clients: int, mode: str
) -> dict[str, Any]:
    """Send every file of ``folder``; what the load generator says, and the server's CPU time per file."""
    command = [
        sys.executable, str(measure.shared("perf/push_files.py")), "--url", served.live.base_url + path,
        "--dir", str(folder), "--mode", "form" if mode == "form" else "raw", "--clients", str(clients),
        "--header", f"Authorization: Bearer {token}",
    ]  # fmt: skip
    web = served.pid("web")
    before = measure.cpu_seconds(web)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    if told["files"] != told["of"]:
        raise RuntimeError(f"{told['files']} of {told['of']} files were taken: {told['first_bad']}")
    spent = measure.cpu_seconds(web) - before
    return {
        "files_per_s": told["files_s"],
        "mb_per_s": told["mb_s"],
        "p50_ms": told["p50_ms"],
        "p95_ms": told["p95_ms"],
        "server_cpu_ms_per_file": round(1000 * spent / told["files"], 2),
        "client_cpu_ms_per_file": round(1000 * told["client_cpu_s"] / told["files"], 2),
        "load": round(told["load1"], 2),
    }


def judged(served: measure.App, case: int, began: float) -> dict[str, Any]:
    """Wait until every file has its verdict; seconds since ``began``."""
    client = served.client("instructor")

    def waiting() -> bool:
        left = json.loads(client.get(f"/api/cases/{case}/uploads/?page_size=1"))["results"]
        return bool(left) and left[0]["state"] in ("receiving", "quarantined", "cleaning")

    measure.wait_for(lambda: not waiting(), seconds=600, what="every file is judged", every=0.5)
    return {"seconds": round(time.perf_counter() - began, 2)}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--clients", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--modes", nargs="+", choices=["raw", "form"], default=["raw", "form"])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--judged", action="store_true", help="let the worker clean the files meanwhile")
    asked = parser.parse_args()
    report = measure.Report("receive")
    with (
        tempfile.TemporaryDirectory(prefix="medweb-ct-") as made_in,
        measure.app(warm=asked.judged) as served,
    ):
        folder = Path(made_in)
        report.add("file_bytes", made(folder, asked.files))
        token = served.json(TOKEN)
        if not asked.judged:
            served.live.stop("worker")
        for mode in asked.modes:
            for clients in asked.clients:
                runs = []
                for _turn in range(asked.repeat):
                    case = served.json(CASE)
                    began = time.perf_counter()
                    run = pushed(served, f"/api/cases/{case}/uploads/", folder, token, clients, mode)
                    if asked.judged:
                        run["all_judged"] = judged(served, case, began)
                    runs.append(run)
                report.add(f"{mode}, {clients} clients", runs if len(runs) > 1 else runs[0])
    report.print()


if __name__ == "__main__":
    main()
