"""``python -m tests.bench.library``: finding among 1,000 and 100,000 cases; the API list beside its floor.

Each page is asked for through the running server as a student, the sizes one after the other on databases
of their own: SQLite, or beside the one of ``DATABASE_URL``. The floor of the API list is bare Django REST
framework with 20,000 rows (``perf/djfloor`` of the shared data) under the same web server, asked in turn.
"""

import argparse
import http.client
import time
from typing import Any

from tests.bench import measure
from tests.bench.light_box import floor

FILL = """
import json
from tests.bench.library_rows import analyse, fill
fill(WANTED)
analyse()
print(json.dumps(WANTED))
"""
PAGES = {
    "all": "/",
    "filtered": "/?modality=CT",
    "searched": "/?q=nodule",
    "filtered and searched": "/?q=nodule&modality=CT&level=beginner",
    "rare word": "/?q=sarcoidosis&body_region=chest",
    "common word, newest": "/?q=lobe&sort=newest",
    "list by title": "/?view=list&sort=title",
    "collection": "/?collection=1&q=fracture",
}
ASKED = {"100,000 beside 1,000": "<= 3", "p95, ms": 250, "API list, share of the floor": 0.6}


def pages(served: measure.App, rounds: int) -> dict[str, dict[str, Any]]:
    """Milliseconds and processor of each page, asked in turn so that all meet the same load."""
    client = served.client("student")
    pid = served.pid("web")
    times: dict[str, list[float]] = {name: [] for name in PAGES}
    cpu = dict.fromkeys(PAGES, 0.0)
    for path in PAGES.values():
        client.get(path)
    for _round in range(rounds):
        for name, path in PAGES.items():
            before = measure.cpu_seconds(pid)
            times[name] += [client.timed(path) for _again in range(4)]
            cpu[name] += measure.cpu_seconds(pid) - before
    client.close()
    return {
        name: {
            **measure.summary(values, "ms", digits=1),
            "server CPU ms": round(1000 * cpu[name] / len(values), 1),
        }
        for name, values in times.items()
    }


def api_list(report: measure.Report, count: int) -> None:
    """Pages of 30 of 20,000 cases as a student, in turn with those of the floor."""
    ours: list[float] = []
    theirs: list[float] = []
    with measure.app(warm=False) as served, floor(rows=20_000) as (connection, _case):
        served.json(f"WANTED = 20_000\n{FILL}")
        client = served.client("student")

        def their() -> float:
            began = time.perf_counter()
            connection.request("GET", "/api/cases/?page_size=30")
            reply = connection.getresponse()
            text = reply.read()
            if reply.status != http.client.OK:
                raise RuntimeError(f"the floor answered {reply.status}: {text[:200]!r}")
            return (time.perf_counter() - began) * 1000

        client.timed("/api/cases/?page_size=30")
        their()
        for _step in range(count):
            ours.append(client.timed("/api/cases/?page_size=30"))
            theirs.append(their())
        client.close()
    report.add("API list of 30 of 20,000", measure.summary(ours, "ms", digits=1))
    report.add("the floor of it", measure.summary(theirs, "ms", digits=1))
    report.add("API list, share of the floor", {"value": round(sum(theirs) / sum(ours), 2)})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="rounds of four requests of each page")
    parser.add_argument("--sizes", type=int, nargs=2, default=[1_000, 100_000])
    parser.add_argument("--only", choices=["pages", "api"], help="leave the other half out")
    options = parser.parse_args()
    report = measure.Report("library")
    found = {}
    for size in options.sizes if options.only != "api" else ():
        with measure.app(warm=False) as served:
            served.json(f"WANTED = {size}\n{FILL}")
            found[size] = pages(served, options.rounds)
        report.add(f"{size} cases", found[size])
    if found:
        small, large = (found[size] for size in options.sizes)
        report.add(
            "larger beside smaller",
            {
                name: {
                    "median": round(large[name]["median"] / small[name]["median"], 2),
                    "CPU": round(large[name]["server CPU ms"] / max(small[name]["server CPU ms"], 0.1), 2),
                }
                for name in PAGES
            },
        )
    if options.only != "pages":
        api_list(report, options.rounds * 10)
    report.add("asked for", ASKED)
    report.print()


if __name__ == "__main__":
    main()
