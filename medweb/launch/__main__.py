"""``python -m medweb.launch``: run MedWeb on this computer until told to stop."""

import fcntl
import hashlib
import http.client
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from medweb import env
from medweb.launch import broker as brokers
from medweb.launch.processes import Child, Supervisor, tail
from medweb.limits import WEB_OPTIONS

HOST = "127.0.0.1"
READY_SECONDS = 180.0
PREPARE_SECONDS = 300.0
LOCK_FILE = "launcher.lock"


class Stop(Exception):
    """Starting failed; the text is what the user reads."""


def say(text: str) -> None:
    """One line on the console, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def lock(folder: Path, *, patience: float = 5.0) -> int:
    """Take the data folder for this process alone.

    Raises
    ------
    Stop
        When another MedWeb works on it. One that was killed keeps the lock for the moment its watchdog needs
        to end its children, so a dead owner is waited for.
    """
    path = folder / LOCK_FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            if _alive(owner) or time.monotonic() > end:
                os.close(descriptor)
                raise Stop(
                    f"MedWeb already runs on {folder} (process {owner or 'unknown'}): stop that one first, "
                    "or set MEDWEB_DATA_DIR and MEDWEB_PORT to start a second one."
                ) from None
            select.select([], [], [], 0.1)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _alive(owner: str) -> bool:
    if not owner.isdigit():
        return False
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def check_port(port: int) -> None:
    """Raise :class:`Stop` with a sentence when ``port`` cannot be listened on."""
    if not 1 <= port <= 65535:
        raise Stop(f"MEDWEB_PORT must lie between 1 and 65535, not {port}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Stop(
                f"Port {port} needs an administrator's rights: set MEDWEB_PORT to 1024 or more."
            ) from None
        except OSError:
            raise Stop(
                f"Port {port} is in use by another program: stop that program, or choose another port, for "
                f"example MEDWEB_PORT={port + 1 if port < 65535 else port - 1} make run."
            ) from None


def readiness(port: int) -> tuple[bool, str]:
    """Ask ``/readyz``: whether all is ready, and the parts that are not."""
    hosts = [name for name in env.words("MEDWEB_HOSTS") if name != "*"]
    headers = {"Host": hosts[0].lstrip(".") if hosts else f"{HOST}:{port}"}
    if env.flag("MEDWEB_HTTPS"):
        headers["X-Forwarded-Proto"] = "https"
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            return True, ""
        checks = json.loads(body)["checks"]
        return False, ", ".join(f"{name}: {state}" for name, state in checks.items() if state != "ok")
    except (OSError, http.client.HTTPException):
        return False, "web: not answering yet"
    except (ValueError, KeyError):
        return False, f"web: /readyz answered {answer.status}"
    finally:
        connection.close()


class Launch:
    """One run, from the lock to the last child's end."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.logs = folder / "logs"
        self.began = time.monotonic()
        self.address_file = folder / env.BROKER_FILE
        self.accounts = folder / "logs" / "accounts.txt"
        self.stamp = folder / "prepared"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "medweb.settings",
            "MEDWEB_DATA_DIR": str(folder),
            "MEDWEB_SAMPLE_LIBRARY": env.text("MEDWEB_SAMPLE_LIBRARY", "1"),
            "PYTHONUNBUFFERED": "1",
            # Each worker would repeat Django's checks, views and all; they belong to `make check`.
            "CELERY_SKIP_CHECKS": "1",
        }
        self.supervisor = Supervisor(env.ROOT, say, self.forget_broker)

    def forget_broker(self) -> None:
        """Remove the broker's address: nobody answers there any more."""
        self.address_file.unlink(missing_ok=True)

    def child(self, name: str, *arguments: str, grace: float = 3.0) -> Child:
        """A child that runs ``python -m ...`` in the environment of this run."""
        command = [sys.executable, "-m", *arguments]
        return Child(name, command, self.environment, self.logs / f"{name}.log", grace=grace)

    def start_broker(self) -> None:
        """Start the embedded broker unless ``REDIS_URL`` names one; leave its address for ``manage.py``."""
        url = env.text("REDIS_URL")
        if not url:
            try:
                broker = brokers.plan(self.folder / "broker")
            except brokers.NoServer as error:
                raise Stop(str(error)) from None
            child = Child(
                "broker",
                broker.command,
                self.environment,
                self.logs / "broker.log",
                stdin=broker.configuration,
            )
            self.supervisor.add(child)
            self._until(broker.answers, child, 20.0, "The broker did not start")
            url = broker.url
        self.environment["REDIS_URL"] = url
        draft = self.address_file.with_suffix(".tmp")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(url + "\n")
        draft.replace(self.address_file)

    def prepare(self) -> None:
        """Bring the database up to date, load the first sample case, note the accounts that this printed."""
        child = self.child("prepare", "medweb.launch.prepare")
        errors = child.errors = child.log
        child.log = self.accounts.with_suffix(".new")
        for path in (errors, child.log):
            path.unlink(missing_ok=True)
        child.start(self.supervisor.watchdog, env.ROOT)
        end = time.monotonic() + PREPARE_SECONDS
        while child.running and not self.supervisor.stopping and time.monotonic() < end:
            self.supervisor.poll()
            self.supervisor.wait(0.5)
        code = child.process.poll() if child.process else None
        child.end_group(self.supervisor.watchdog)
        if self.supervisor.stopping:
            raise Stop("Stopped before the start was complete.")
        if code != 0:
            self.stamp.unlink(missing_ok=True)
            raise Stop(f"The database could not be made ready. {errors} ends with:\n{tail(errors)}")
        child.log.replace(self.accounts)
        self.stamp.write_text(self.state())

    def state(self) -> str:
        """What decides whether the database needs preparing: migrations, packages, sample library or not."""
        digest = hashlib.sha256(self.environment["MEDWEB_SAMPLE_LIBRARY"].encode())
        apps = (env.ROOT / name for name in ("medweb", "cases", "analysis"))
        files = sorted(path for app in apps for path in app.glob("**/migrations/*.py"))
        for path in [*files, env.ROOT / "requirements.txt"]:
            digest.update(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def prepared(self) -> bool:
        """Whether the last start prepared this very state; never claimed for a database server."""
        database = self.folder / "medweb.sqlite3"
        known = self.stamp.read_text() if self.stamp.exists() else ""
        return not env.text("DATABASE_URL") and database.exists() and known == self.state()

    def start_services(self) -> None:
        """Start web server and worker at once, since each spends its first seconds importing.

        The trainer follows when they are ready, so that three do not share two processors until then.
        """
        worker = ["celery", "-A", "medweb.celery", "worker", "--loglevel", "WARNING", "--without-gossip"]
        worker += ["--without-mingle", "--pool", "prefork", "--concurrency", "1"]
        web = ["uvicorn", "medweb.asgi:application", "--host", HOST, "--port", str(self.port)]
        # No proxy stands before this server: whoever names another address in a header wants to try passwords
        # without end.
        web += ["--no-access-log", "--no-server-header", "--no-proxy-headers", "--lifespan", "off"]
        web += ["--timeout-graceful-shutdown", "2", *WEB_OPTIONS]
        self.supervisor.add(self.child("web", *web))
        self.supervisor.add(
            self.child("worker", *worker, "-B", "-Q", "import,analysis,sweep", "-n", "worker@%h")
        )
        self.wait_until_ready()
        # The sweep is taken by both: behind a long cleaning job alone it would not come round.
        self.supervisor.add(self.child("trainer", *worker, "-Q", "train,sample,sweep", "-n", "trainer@%h"))

    def wait_until_ready(self) -> None:
        """Return when ``/readyz`` says so; a web server that keeps dying ends the start."""
        end = time.monotonic() + READY_SECONDS
        missing = ""
        while time.monotonic() < end:
            self.supervisor.poll()
            ready, missing = readiness(self.port)
            if ready:
                return
            if self.supervisor.stopping:
                raise Stop("Stopped before the start was complete.")
            for child in self.supervisor.children:
                if child.deaths >= 3:
                    raise Stop(f"{child.name} does not start. {child.log} ends with:\n{tail(child.log)}")
            self.supervisor.wait(0.2)
        raise Stop(f"MedWeb was not ready within {READY_SECONDS:.0f} s ({missing}). Look into {self.logs}.")

    def _until(self, ready: Callable[[], bool], child: Child, seconds: float, sentence: str) -> None:
        end = time.monotonic() + seconds
        while not ready():
            if self.supervisor.stopping:
                raise Stop("Stopped before the start was complete.")
            if not child.running or time.monotonic() > end:
                raise Stop(f"{sentence}. {child.log} ends with:\n{tail(child.log)}")
            self.supervisor.wait(0.05)

    def run(self) -> int:
        """Start everything, watch it until asked to stop, end it."""
        code = 0
        try:
            say(f"MedWeb keeps its data in {self.folder}")
            # WhiteNoise warns when the folder of collected files is missing.
            (self.folder / "static").mkdir(exist_ok=True)
            self.start_broker()
            late = self.prepared()
            if not late:
                say("Preparing the database and the first sample case ...")
                self.prepare()
            self.start_services()
            say(f"Ready after {time.monotonic() - self.began:.1f} s:  http://{HOST}:{self.port}/")
            accounts = self.accounts.read_text(errors="replace").strip() if self.accounts.exists() else ""
            if accounts:
                say(accounts)
            say(f"Logs: {self.logs}   Stop: Ctrl-C")
            if late:
                # Preparing again mends what a person changed by hand, and nobody waits for it.
                self.prepare()
            while not self.supervisor.stopping:
                self.supervisor.poll()
                self.supervisor.wait(0.5)
            say("Stopping ... (Ctrl-C again to force)")
        except Stop as stop:
            say(str(stop))
            code = 0 if self.supervisor.stopping else 1
        finally:
            self.supervisor.stop()
            self.forget_broker()
        say("MedWeb has stopped.")
        return code


def main() -> int:
    """Check what can be checked first, then run."""
    held = None
    try:
        folder = env.data_dir()
        port = env.number("MEDWEB_PORT", 8000)
        env.flag("MEDWEB_SAMPLE_LIBRARY")
        env.flag("MEDWEB_HTTPS")
        held = lock(folder)
        check_port(port)
    except (Stop, ImproperlyConfigured) as error:
        say(str(error))
        return 1
    try:
        return Launch(folder, port).run()
    finally:
        os.close(held)


if __name__ == "__main__":
    sys.exit(main())
