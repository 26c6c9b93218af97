"""``python -m tests.bench.pages``: library, case page and API list with 30 and 1,000 cases (20,000: --full).

The floor is ``/healthz`` of the same server on the same connection, asked in turn with the pages: what a
request costs before any page of ours does something. Queries are counted in a process of their own by
Django's test client.
"""

import argparse
from typing import Any

from tests.bench import measure

ROWS = """
import json
from django.utils import timezone
from datetime import timedelta
from cases.enums import BodyRegion, CaseStatus, Level
from cases.models import Case, Collection, CollectionItem, Frame, Instance, Series
from cases.services.terms import local_term
from medweb.accounts.models import User
author = User.objects.get(username="instructor")
have = Case.objects.count()
terms = [local_term(f"Finding {n}") for n in range(20)]
modalities, regions, levels = ("CT", "MR", "CR", "US"), BodyRegion.values, Level.values
now = timezone.now()
numbers = range(have, WANTED)
cases = Case.objects.bulk_create([
    Case(
        author=author, title=f"Case {n}: cough and fever", history="Cough for three weeks. " * 10,
        findings="One nodule of 8 mm in the right upper lobe. " * 10, discussion="What to think of. " * 40,
        diagnosis=terms[n % 20], modality=modalities[n % 4], body_region=regions[n % len(regions)],
        level=levels[n % len(levels)], keywords="lung, nodule",
        status=CaseStatus.DRAFT if n % 10 == 9 else CaseStatus.PUBLISHED, published_at=now,
        created_at=now - timedelta(minutes=WANTED - n), patient_key=f"p{n}",
    ) for n in numbers
], batch_size=500)
series = Series.objects.bulk_create([
    Series(case=case, series_uid=f"2.25.{case.pk}", modality=case.modality, frame_count=3) for case in cases
], batch_size=500)
instances = Instance.objects.bulk_create([
    Instance(series=row, sop_uid=f"2.25.{row.pk}.1", digest=f"{row.pk:064x}", byte_count=1, kind="dicom")
    for row in series
], batch_size=500)
Frame.objects.bulk_create([
    Frame(
        series=row.series, instance=row, index=i, number_in_instance=i, digest=f"{row.pk:064x}",
        preview_digest=f"{row.pk:064x}", rows=512, columns=512, dtype="int16", window_center=40,
        window_width=400,
    ) for row in instances for i in range(3)
], batch_size=500)
collections = list(Collection.objects.all()) or [
    Collection.objects.create(
        title=f"Course {n}", slug=f"course-{n}", owner=author, visibility="everyone" if n % 3 else "members"
    ) for n in range(6)
]
CollectionItem.objects.bulk_create([
    CollectionItem(collection=collections[case.pk % 6], case=case, label="nodule")
    for case in cases if case.pk % 2
], batch_size=500)
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("ANALYZE")
student = User.objects.get(username="student")
print(json.dumps(Case.objects.visible_to(student).order_by("-pk").values_list("pk", flat=True)[0]))
"""
QUERIES = """
import json
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from medweb.accounts.models import User
settings.ALLOWED_HOSTS = ["testserver"]
found = {}
for name in ("student", "instructor"):
    client = Client()
    client.cookies["sessionid"] = SESSIONS[name]
    for title, path in PATHS.items():
        client.get(path)
        with CaptureQueriesContext(connection) as seen:
            answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        slow = max(seen.captured_queries, key=lambda row: float(row["time"]), default={"time": "0"})
        found[f"{title}, {name}"] = {
            "queries": len(seen), "query ms": round(1000 * sum(float(row["time"]) for row in seen), 1),
            "slowest query ms": round(1000 * float(slow["time"]), 1), "bytes": len(answer.content),
            **({"slowest": slow["sql"]} if EXPLAIN else {}),
        }
print(json.dumps(found))
"""


def paths_of(case: int) -> dict[str, str]:
    """What is asked for, by title."""
    return {
        "floor": "/healthz",
        "library": "/",
        "library, facet": "/?modality=CT",
        "library, search": "/?q=nodule",
        "case": f"/cases/{case}/",
        "case, analysis": f"/cases/{case}/analysis/",
        "api list": "/api/cases/",
    }


def latencies(served: measure.App, paths: dict[str, str], rounds: int) -> dict[str, Any]:
    """Milliseconds of each page, asked in turn so that all meet the same load, and CPU of the web process."""
    client = served.client("student")
    times: dict[str, list[float]] = {title: [] for title in paths}
    cpu: dict[str, float] = dict.fromkeys(paths, 0.0)
    pid = served.pid("web")
    for path in paths.values():
        client.get(path)
    for _round in range(rounds):
        for title, path in paths.items():
            before = measure.cpu_seconds(pid)
            # Five at a time: the kernel counts CPU in steps of 10 ms.
            times[title] += [client.timed(path) for _again in range(5)]
            cpu[title] += measure.cpu_seconds(pid) - before
    client.close()
    return {
        title: {
            **measure.summary(values, "ms", digits=1),
            "server CPU ms": round(1000 * cpu[title] / len(values), 1),
        }
        for title, values in times.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also with 20,000 cases")
    parser.add_argument("--rounds", type=int, default=12, help="rounds of five requests of each page")
    parser.add_argument("--explain", action="store_true", help="also print the slowest query of each page")
    options = parser.parse_args()
    report = measure.Report("pages")
    with measure.app(warm=False) as served:
        sessions = {name: key for name, (_pk, key) in served.people.items()}
        for wanted in (30, 1_000, *((20_000,) if options.full else ())):
            paths = paths_of(served.json(f"WANTED = {wanted}\n{ROWS}"))
            given = f"SESSIONS = {sessions!r}\nPATHS = {paths!r}\nEXPLAIN = {options.explain}\n"
            report.add(
                f"{wanted} cases",
                {
                    "latency, student, 1 client": latencies(served, paths, options.rounds),
                    "queries": served.json(given + QUERIES),
                },
            )
    report.print()


if __name__ == "__main__":
    main()
