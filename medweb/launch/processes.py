"""Child processes: started in their own group, started again when they die, never left behind."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOG_BYTES = 5_000_000
HEALTHY_SECONDS = 60.0
LONGEST_PAUSE = 30.0


def open_log(path: Path) -> int:
    """Descriptor that appends to ``path``; a log that grew long is put aside first (one generation)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def tail(path: Path, lines: int = 12) -> str:
    """Last lines of a log."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; ``False`` when it is gone."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # macOS answers so for a group in which only a zombie is left.
        return False
    return True


class Watchdog:
    """A process that outlives the launcher by moments: when the launcher is killed, it ends what is left.

    It holds the reading end of a pipe. The launcher writes ``+group`` and ``-group``; the end of the pipe,
    which even ``kill -9`` brings about, means that the launcher is gone. Unlike PR_SET_PDEATHSIG this also
    reaches the pool processes of a worker, and works on macOS.
    """

    def __init__(self, *, on_end: Callable[[], None], grace: float = 2.0) -> None:
        reading, self._writing = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(reading)
            return
        status = 1
        try:
            os.close(self._writing)
            os.setsid()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            _watch(reading, on_end, grace)
            status = 0
        finally:
            os._exit(status)

    def add(self, group: int) -> None:
        """Name a group to end."""
        os.write(self._writing, b"+%d\n" % group)

    def remove(self, group: int) -> None:
        """Forget a group: its number may soon belong to a stranger."""
        os.write(self._writing, b"-%d\n" % group)

    def close(self) -> None:
        """Say good-bye in order, and wait until the watchdog is gone."""
        os.close(self._writing)
        os.waitpid(self.pid, 0)


def _watch(reading: int, on_end: Callable[[], None], grace: float) -> None:
    groups: set[int] = set()
    with os.fdopen(reading) as lines:
        for line in lines:
            (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    alive = {group for group in groups if signal_group(group, signal.SIGTERM)}
    end = time.monotonic() + grace
    while alive and time.monotonic() < end:
        select.select([], [], [], 0.05)
        alive = {group for group in alive if signal_group(group, 0)}
    for group in alive:
        signal_group(group, signal.SIGKILL)
    on_end()


@dataclass
class Child:
    """One supervised process.

    Attributes
    ----------
    name : str
        What the console and the log file call it.
    command, environment : sequence of str, mapping
        What runs, with which variables.
    log : Path
        Where its output goes.
    stdin : str
        Text it reads at its start.
    errors : Path, optional
        Where its standard error goes instead.
    grace : float
        Seconds it gets to end by itself before it is killed. A job cut short here is no loss: its lease ends
        and the sweep queues it again.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    stdin: str = ""
    errors: Path | None = None
    grace: float = 3.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started: float = 0.0
    due: float = 0.0
    deaths: int = 0

    def start(self, watchdog: Watchdog | None, folder: Path) -> None:
        """Start it in its own session, so that Ctrl-C at the terminal reaches the launcher alone."""
        output = open_log(self.log)
        errors = open_log(self.errors) if self.errors else os.dup(output)
        try:
            self.process = subprocess.Popen(  # noqa: S603
                list(self.command),
                cwd=folder,
                env=dict(self.environment),
                stdin=subprocess.PIPE if self.stdin else subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        finally:
            os.close(output)
            os.close(errors)
        self.started = time.monotonic()
        if watchdog:
            watchdog.add(self.process.pid)
        if self.process.stdin:
            # A program that ends at once closes the pipe; its log says why, and `poll` notices.
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(self.stdin.encode())
                self.process.stdin.flush()
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self.process is not None and self.process.poll() is None

    def tell(self, number: int) -> None:
        """Signal the leader; a worker then ends its own pool."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def end_group(self, watchdog: Watchdog | None) -> None:
        """Kill whatever is left of its group and forget it."""
        if self.process is None:
            return
        signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if watchdog:
            watchdog.remove(self.process.pid)
        self.process = None

    def pause(self) -> float:
        """Seconds to wait before the next start: 0.5, 1, 2 ... 30, forgiven after a healthy minute."""
        if time.monotonic() - self.started > HEALTHY_SECONDS:
            self.deaths = 0
        self.deaths += 1
        return float(min(LONGEST_PAUSE, 0.5 * 2 ** (self.deaths - 1)))


class Supervisor:
    """Keeps children alive until told to stop. Single-threaded; waits on a pipe that signals write to."""

    def __init__(self, folder: Path, say: Callable[[str], None], on_end: Callable[[], None]) -> None:
        self.folder = folder
        self.say = say
        self.children: list[Child] = []
        self.stopping = 0
        self.watchdog = Watchdog(on_end=on_end)
        self._reading, self._writing = os.pipe()
        for end in (self._reading, self._writing):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def _asked_to_stop(self, _number: int, _frame: object) -> None:
        self.stopping += 1

    def add(self, child: Child) -> Child:
        """Start ``child`` and look after it from now on."""
        child.start(self.watchdog, self.folder)
        self.children.append(child)
        return child

    def wait(self, seconds: float) -> None:
        """Return after ``seconds``, or as soon as a signal arrives or a child dies."""
        ready, _, _ = select.select([self._reading], [], [], seconds)
        if ready:
            os.read(self._reading, 4096)

    def poll(self) -> None:
        """Start again what died and has waited long enough."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and not child.running:
                code = child.process.returncode
                child.end_group(self.watchdog)
                pause = child.pause()
                child.due = now + pause
                self.say(
                    f"{child.name} ended (code {code}); starting it again in {pause:g} s. See {child.log}"
                )
            elif child.process is None and now >= child.due:
                child.start(self.watchdog, self.folder)

    def stop(self) -> None:
        """End all: the last started first, the broker last. A second Ctrl-C kills at once."""
        asked = self.stopping
        rest = list(reversed(self.children))
        if rest:
            self._end(rest[:-1], asked)
            self._end(rest[-1:], asked)
        self.children.clear()
        signal.set_wakeup_fd(-1)
        self.watchdog.close()
        for end in (self._reading, self._writing):
            os.close(end)

    def _end(self, children: Sequence[Child], asked: int) -> None:
        for child in children:
            child.tell(signal.SIGTERM)
        end = time.monotonic() + max((child.grace for child in children), default=0)
        while any(child.running for child in children):
            left = end - time.monotonic()
            if left <= 0 or self.stopping > asked:
                break
            self.wait(min(left, 0.25))
        for child in children:
            child.end_group(self.watchdog)
