"""What tests of every kind share: reference data, the embedded broker, a running MedWeb."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from medweb.launch import broker as brokers
from medweb.launch.processes import tail
from medweb.limits import WEB_OPTIONS
from tests import databases
from tests.databases import scratch_database
from tests.shell import Shell

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
MIGRATE = "from django.core.management import call_command; call_command('migrate', verbosity=0)"
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.25
# Seconds until a wait that nothing ends is given up. It ends what hangs and judges no speed: four workers on
# two processors make a start of ten seconds one of forty.
PATIENCE = 120.0
# A test run that is killed cannot clean up; the system then ends what it started (Linux).
_SETPRIV = shutil.which("setpriv")
DIES_WITH_US = [_SETPRIV, "--pdeathsig", "TERM"] if _SETPRIV else []


def shared(path: str) -> Path:
    """A file or folder of the shared reference data; skips the test by name when it is absent.

    Parameters
    ----------
    path : str
        Relative to the folder in ``MEDWEB_SHARED`` (default ``../shared`` beside the repository).
    """
    found = Path(os.environ.get("MEDWEB_SHARED") or ROOT.parent / "shared") / path
    if not found.exists():
        pytest.skip(f"shared data absent: {path}")
    return found


def wait_until(
    ready: Callable[[], bool],
    *,
    what: str,
    seconds: float = PATIENCE,
    failed: Callable[[], str | None] = lambda: None,
) -> None:
    """Poll ``ready`` until it holds; raise with ``what`` when it never does or ``failed`` names a reason."""
    end = time.monotonic() + seconds
    pause = SHORTEST_PAUSE
    while not ready():
        reason = failed()
        if reason is None and time.monotonic() > end:
            reason = f"not within {seconds:g} s"
        if reason is not None:
            raise AssertionError(f"{what}: {reason}")
        time.sleep(pause)
        # Asking is a request as a rule: at short intervals it took the time of the work that was waited for.
        pause = min(pause * 1.3, LONGEST_PAUSE)


def end_group(process: subprocess.Popen[bytes], *, grace: float = 5.0) -> None:
    """End a process started in its own session, and everything that it started."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass
class EmbeddedBroker:
    """A broker of this test run alone."""

    url: str
    process: subprocess.Popen[bytes]
    folder: tempfile.TemporaryDirectory[str]

    def stop(self) -> None:
        """End it and delete its files."""
        end_group(self.process)
        self.folder.cleanup()


def start_broker() -> EmbeddedBroker:
    """Start the broker that ``make run`` would start, in a temporary folder."""
    folder = tempfile.TemporaryDirectory(prefix="medweb-broker-")
    broker = brokers.plan(Path(folder.name))
    log = Path(folder.name) / "broker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*DIES_WITH_US, *broker.command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    assert process.stdin is not None
    process.stdin.write(broker.configuration.encode())
    process.stdin.close()
    wait_until(
        broker.answers,
        what="the embedded broker starts",
        failed=lambda: tail(log) if process.poll() is not None else None,
    )
    return EmbeddedBroker(broker.url, process, folder)


def with_database(url: str, number: int) -> str:
    """``url`` of a Redis server with another database number."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


def answer(port: int, path: str, *, timeout: float = 5.0) -> tuple[int, bytes]:
    """Status and body of a plain GET on this computer; status 0 when nobody answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def session_processes(group: int) -> list[int]:
    """Living processes of a group (Linux), zombies left out."""
    return [pid for pid, fields in _processes() if int(fields[2]) == group]


def processes_with(text: str) -> dict[int, str]:
    """Living processes whose environment holds ``text`` (Linux): number -> command line."""
    found = {}
    for pid, _fields in _processes():
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if text.encode() in environment:
            found[pid] = command.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def _processes() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            yield int(entry.name), fields


def free_port() -> int:
    """A port nobody listens on at this moment."""
    return brokers.free_port()


class LiveApp:
    """MedWeb as users meet it: uvicorn and a Celery worker in processes of their own."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        self.folder = folder
        (folder / "static").mkdir(exist_ok=True)
        self.port = free_port()
        self.base_url = f"http://{HOST}:{self.port}"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "medweb.settings",
            "MEDWEB_DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "MEDWEB_SAMPLE_LIBRARY": "0",
            # A killed worker's job is taken up after this; thirty seconds suit people, not tests.
            "MEDWEB_JOB_LEASE": "6",
            "PYTHONUNBUFFERED": "1",
            "CELERY_SKIP_CHECKS": "1",
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._shell: Shell | None = None

    def log(self, name: str) -> Path:
        """Log file of ``web`` or ``worker``."""
        return self.folder / f"{name}.log"

    def manage(self, *arguments: str, **extra: str) -> str:
        """Run ``manage.py`` in this MedWeb's environment; returns what it printed, fails with its errors."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.environment, **extra},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, code: str) -> str:
        """Run ``code`` with Django set up in this MedWeb's environment; returns what it printed.

        One process runs it all, so the environment is the one of the first call.
        """
        if self._shell is None:
            self._shell = Shell(
                DIES_WITH_US, folder=ROOT, environment=self.environment, log=self.log("shell")
            )
        return self._shell.run(code)

    def _start(self, name: str, *arguments: str) -> None:
        with self.log(name).open("ab") as output:
            self._processes[name] = subprocess.Popen(
                [*DIES_WITH_US, sys.executable, "-m", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def start_web(self) -> None:
        """Start the web server."""
        self._start(
            "web", "uvicorn", "medweb.asgi:application", "--host", HOST, "--port", str(self.port),
            "--lifespan", "off", "--no-proxy-headers", "--timeout-graceful-shutdown", "1", *WEB_OPTIONS,
        )  # fmt: skip

    def start_worker(self) -> None:
        """Start one worker for all queues, with the sweep's clock."""
        self._start(
            "worker", "celery", "-A", "medweb.celery", "worker", "-B", "--loglevel", "INFO",
            "--without-gossip", "--without-mingle", "--concurrency", "1",
            "-Q", "import,analysis,sweep,train,sample", "-n", f"live{self.port}@%h",
        )  # fmt: skip

    def group(self, name: str) -> int:
        """Process group of a running part, for code that must end it at a moment of its own choosing."""
        return self._processes[name].pid

    def stop(self, name: str, *, kill: bool = False) -> None:
        """End ``web`` or ``worker``; ``kill`` gives it no chance to say good-bye."""
        process = self._processes.pop(name)
        if kill:
            os.killpg(process.pid, signal.SIGKILL)
        end_group(process)

    def wait_ready(self, path: str = "/readyz", *, seconds: float = PATIENCE) -> None:
        """Wait until ``path`` answers 200."""

        def failed() -> str | None:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    return f"{name} ended:\n{tail(self.log(name), 30)}"
            return None

        wait_until(
            lambda: answer(self.port, path)[0] == 200,
            seconds=seconds,
            what=f"{path} answers 200 (last: {answer(self.port, path)})",
            failed=failed,
        )

    def close(self) -> None:
        """End everything."""
        for name in list(self._processes):
            self.stop(name)
        if self._shell is not None:
            self._shell.close()
            self._shell = None


@contextlib.contextmanager
def running_app(
    folder: Path, *, redis_url: str, database_url: str | None, seed: Callable[[LiveApp], None] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[LiveApp]:  # fmt: skip
    """A migrated, seeded, ready MedWeb with web server and worker.

    Parameters
    ----------
    folder : Path
        Its data folder, empty.
    redis_url : str
        Broker with a database number nobody else uses.
    database_url : str or None
        PostgreSQL server to make a scratch database on; ``None`` for a SQLite file.
    seed : callable, optional
        Called after the migrations and before the servers start.
    settings : mapping, optional
        Further environment variables.
    """
    with scratch_database(database_url, folder) as scratch:
        app = LiveApp(folder, scratch, redis_url)
        app.environment.update(settings or {})
        try:
            databases.fill(scratch, lambda: app.python(MIGRATE))
            if seed:
                seed(app)
            app.start_web()
            app.start_worker()
            app.wait_ready()
            yield app
        finally:
            app.close()


def refuse_strangers(real: Callable[..., object]) -> Callable[..., object]:
    """Wrap ``socket.socket.connect`` so that only this computer can be reached."""

    def connect(self: socket.socket, address: object) -> object:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0]) if isinstance(address, tuple) else str(address)
            if not (host == "localhost" or host == "::1" or host.startswith("127.")):
                self.close()
                raise AssertionError(f"A test tried to reach {host}: tests stay on this computer.")
        return real(self, address)

    return connect
