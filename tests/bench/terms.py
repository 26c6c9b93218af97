"""``python -m tests.bench.terms``: terms while one types, on SQLite or the server of DATABASE_URL.

Words are put together from parts, so that beginnings are shared as in a real terminology; every term has two
synonyms. Prints JSON with times in milliseconds: the search alone, and the endpoint with session and JSON.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.databases import scratch_database

PARTS = ("pneu", "hepa", "neph", "card", "oste", "arth", "neur", "vasc", "lymph", "bron", "gast", "derm")
MIDDLES = ("mo", "to", "ro", "io", "o", "a", "ocyto", "oblasto", "ofibro", "ovascu")
ENDS = ("nia", "sis", "titis", "ma", "pathy", "megaly", "stenosis", "lar", "lysis", "sclerosis", "itis")
QUERIES = (
    "pn", "he", "pneu", "hepato", "pneumonia", "cardiopathy", "pneumo hep", "neur lymph", "lymphoma oste",
    "rid12", "rid99999", "syn pneumosis", "zzz", "ca", "arthritis gast",
)  # fmt: skip


def main() -> None:
    """Run in a process of its own per size, on a database that is thrown away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(measure(options.inside)))
        return
    found = {}
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            given = os.environ.get("DATABASE_URL")
            with scratch_database(given, Path(folder)) as url:
                if url.startswith("postgres"):
                    from tests.databases import _server

                    _server(str(given), "CREATE DATABASE {}", url.rpartition("/")[2])
                env = {**os.environ, "DATABASE_URL": url, "MEDWEB_DATA_DIR": folder}
                command = [sys.executable, "-m", "tests.bench.terms", "--inside", str(size)]
                done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
                found[size] = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(found, indent=2))


def measure(size: int) -> dict[str, object]:
    """Fill with the loader, then ask each query ten times, in turn."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medweb.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from cases.models import TermStart
    from cases.services import term_loading, term_search
    from medweb.accounts.services import create_user

    call_command("migrate", verbosity=0)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        term_loading.load(_file(Path(folder), size), by=None)
    loading = time.perf_counter() - begun
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    reader = create_user(username="reader", password="the reading room", roles=["student"], by=None)
    client = Client(HTTP_HOST="localhost")
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    alone: list[float] = []
    whole: list[float] = []
    for _turn in range(10):
        for query in QUERIES:
            start = time.perf_counter()
            term_search.find(query, user=reader)
            middle = time.perf_counter()
            client.get("/api/terms/", {"q": query})
            alone.append(middle - start)
            whole.append(time.perf_counter() - middle)
    return {
        "database": connection.vendor,
        "beginnings": TermStart.objects.count(),
        "loading_s": round(loading, 1),
        "search_ms": _spread(alone),
        "endpoint_ms": _spread(whole),
    }


def _file(folder: Path, size: int) -> Path:
    chance = random.Random(7)

    def word() -> str:
        return chance.choice(PARTS) + chance.choice(MIDDLES) + chance.choice(ENDS)

    path = folder / "terms.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("system,code,display,synonyms\n")
        for n in range(size):
            file.write(f"radlex,RID{n},{word()} {word()} {n % 97},syn {word()} {n}|{word()} {word()}\n")
    return path


def _spread(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=20)
    return {
        "median": round(statistics.median(seconds) * 1000, 1),
        "p95": round(cuts[18] * 1000, 1),
        "worst": round(max(seconds) * 1000, 1),
    }


if __name__ == "__main__":
    main()
