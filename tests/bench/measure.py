"""What the benchmarks share: a running MedWeb, signed-in clients, and one JSON object at the end.

Figures come from shared machines, so each object names the load while it was measured: read a wall-clock
figure with its ``load`` beside it, and prefer the CPU figures when the two disagree.
"""

import contextlib
import http.client
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import support

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

CSRF = "benchmarkbenchmarkbenchmarkbench"
PEOPLE = {"student": "student", "instructor": "instructor", "staff": "staff"}
SESSIONS = """
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from medweb.accounts.services import create_user
keys = {}
for name, role in PEOPLE.items():
    user = create_user(username=name, password=None, roles=[role], by=None)
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    keys[name] = [user.pk, store.session_key]
print(json.dumps(keys))
"""


def machine() -> dict[str, Any]:
    """The computer and the versions that matter."""
    names = ("Django", "djangorestframework", "uvicorn", "celery", "redis", "pydicom", "numpy")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=support.ROOT, capture_output=True, text=True, check=False
    )
    return {
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in names},
        "commit": commit.stdout.strip(),
    }


def rank(values: Sequence[float], share: float) -> float:
    """The nearest-rank quantile: always a value that was measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def summary(values: Sequence[float], unit: str, *, digits: int = 3) -> dict[str, Any]:
    """``n``, median, 95th percentile, smallest and largest of ``values``, with their unit."""
    if not values:
        raise ValueError("There is nothing to sum up: no repetition ended.")
    return {
        "n": len(values),
        "median": round(statistics.median(values), digits),
        "p95": round(rank(values, 0.95), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
        "unit": unit,
    }


class Report:
    """Collects figures; :meth:`print` writes them as the one JSON object of a benchmark."""

    def __init__(self, name: str) -> None:
        self.figures: dict[str, Any] = {}
        self._name = name
        self._loads = [os.getloadavg()[0]]

    def add(self, name: str, figure: Any) -> None:
        """Keep a figure, and the load average at this moment."""
        self.figures[name] = figure
        self._loads.append(os.getloadavg()[0])

    def print(self) -> None:
        """Write the object to standard output."""
        load = {"first": self._loads[0], "highest": max(self._loads), "last": os.getloadavg()[0]}
        whole = {
            "benchmark": self._name,
            "machine": machine(),
            "load": {name: round(value, 2) for name, value in load.items()},
            "figures": self.figures,
        }
        json.dump(whole, sys.stdout, indent=1)
        sys.stdout.write("\n")


class App:
    """A running MedWeb with three people signed in."""

    def __init__(self, live: support.LiveApp, redis_url: str, people: Mapping[str, tuple[int, str]]) -> None:
        self.live, self.redis_url, self.people = live, redis_url, people

    def client(self, name: str) -> "Client":
        """A keep-alive connection of one of the people."""
        return Client(self.live.port, self.people[name][1])

    def json(self, code: str) -> Any:
        """What ``code`` printed last, read as JSON; it runs with Django set up."""
        return json.loads(self.live.python(code).strip().splitlines()[-1])

    def pid(self, name: str) -> int:
        """Process number of ``web`` or ``worker``."""
        return self.live._processes[name].pid


@contextlib.contextmanager
def app(*, settings: Mapping[str, str] | None = None, warm: bool = True) -> Iterator[App]:
    """Broker, web server and worker of this benchmark alone, on the database of ``DATABASE_URL`` or SQLite.

    ``warm`` waits until the worker has imported its heavy libraries: what is measured is work, not a start.
    """
    people: dict[str, tuple[int, str]] = {}

    def seed(live: support.LiveApp) -> None:
        printed = live.python(f"PEOPLE = {PEOPLE!r}\n{SESSIONS}")
        people.update({name: (pk, key) for name, (pk, key) in json.loads(printed).items()})

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="medweb-bench-")))
        broker = support.start_broker()
        stack.callback(broker.stop)
        live = stack.enter_context(
            support.running_app(
                folder,
                redis_url=broker.url,
                database_url=os.environ.get("DATABASE_URL"),
                seed=seed,
                settings={"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", **(settings or {})},
            )
        )
        if warm:
            wait_warm(live)
        yield App(live, broker.url, people)


def wait_warm(live: support.LiveApp) -> None:
    """Wait until the worker says that its libraries are loaded."""
    support.wait_until(
        lambda: "Warm: " in live.log("worker").read_text(errors="replace"),
        what="the worker is warm",
    )


class Client:
    """One signed-in keep-alive connection on this computer."""

    def __init__(self, port: int, session: str) -> None:
        self._connection = http.client.HTTPConnection(support.HOST, port, timeout=60)
        self._used = time.monotonic()
        self._headers = {"Cookie": f"sessionid={session}; csrftoken={CSRF}", "X-CSRFToken": CSRF}

    def get(self, path: str, **headers: str) -> bytes:
        """Body of a GET that must answer 200."""
        return self._send("GET", path, None, headers, (200,))

    def post(
        self, path: str, body: bytes = b"", *, allowed: tuple[int, ...] = (200, 201, 202), **headers: str
    ) -> bytes:
        """Body of a POST that must succeed."""
        return self._send("POST", path, body, headers, allowed)

    def put(self, path: str, body: bytes, **headers: str) -> bytes:
        """Body of a PUT that must answer 200."""
        return self._send("PUT", path, body, headers, (200,))

    def timed(self, path: str) -> float:
        """Milliseconds from sending a GET to the last byte of its body."""
        began = time.perf_counter()
        self.get(path)
        return (time.perf_counter() - began) * 1000

    def upload(self, path: str, data: bytes) -> dict[str, Any]:
        """Send ``data`` as the multipart field ``file``; the answer as JSON."""
        head = b'--benchmark\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        body = head + data + b"\r\n--benchmark--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=benchmark"}
        answer: dict[str, Any] = json.loads(self._send("POST", path, body, headers, (201,)))
        return answer

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], allowed: tuple[int, ...]
    ) -> bytes:
        # The server hangs up on a connection that was silent for five seconds.
        if time.monotonic() - self._used > 3:
            self._connection.close()
        self._used = time.monotonic()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body=body, headers={**self._headers, **named})
        reply = self._connection.getresponse()
        data = reply.read()
        if reply.status not in allowed:
            raise RuntimeError(f"{method} {path} answered {reply.status}: {data[:300]!r}")
        return data


def shared(path: str) -> Path:
    """A path of the shared reference data; ends the benchmark with a sentence when it is absent."""
    found = Path(os.environ.get("MEDWEB_SHARED") or support.ROOT.parent / "shared") / path
    if not found.exists():
        raise SystemExit(f"shared data absent: {path}. Set MEDWEB_SHARED to the folder that holds it.")
    return found


def ct_slices() -> list[bytes]:
    """The 41 slices of the reference CT series."""
    return [path.read_bytes() for path in sorted(shared("data/04_dicom_ct_series/series").iterdir())]


def cpu_seconds(pid: int) -> float:
    """CPU time a process has used, without its children (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident memory of a process in MB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"Process {pid} is gone.")


@contextlib.contextmanager
def chromium() -> Iterator["Browser"]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    from tests.conftest import CHROMIUM_FLAGS

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("Chromium absent: install the package chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=CHROMIUM_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def signed_in(browser: "Browser", served: App, name: str) -> "BrowserContext":
    """A fresh profile in which one of the people is signed in."""
    context = browser.new_context(base_url=served.live.base_url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "sessionid", "value": served.people[name][1], "url": served.live.base_url}])
    return context


def wait_for(ready: Callable[[], bool], *, seconds: float, what: str, every: float = 0.05) -> None:
    """Ask every so many seconds until it holds; asking costs the server, so long waits ask seldom."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {seconds:g} s")
        time.sleep(every)
