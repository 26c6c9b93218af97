"""A running MedWeb as its attackers see it: two people's keys, cases to send files to, and raw sockets."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support import HOST, LiveApp, session_processes, wait_until

PEOPLE = ("door-ann", "door-bob")
PASSWORD = "a door is knocked upon"
PENDING = ("receiving", "quarantined", "cleaning")
_SEED = f"""
from medweb.accounts.services import create_token, create_user
for name in {PEOPLE!r}:
    user = create_user(username=name, password={PASSWORD!r}, roles=["instructor"], by=None)
    print(create_token(name="door", days=30, by=user)[1])
"""
_KEYS: dict[int, tuple[str, ...]] = {}


def seed_live_app(app: LiveApp) -> None:
    """Two instructors who know nothing of one another."""
    _KEYS[app.port] = tuple(app.python(_SEED).split())


@dataclass
class Answer:
    """What came back on a raw socket."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Door:
    """MedWeb and the key of a person."""

    app: LiveApp
    number: int = 0
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.app.base_url, timeout=60, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that say who asks."""
        return {"Authorization": f"Bearer {_KEYS[self.app.port][self.number]}"}

    def new_case(self) -> int:
        """A draft without pictures."""
        made = self.client.post("/api/cases/", json={"title": "Door", "history": "h", "findings": "f"})
        assert made.status_code == 201, made.text
        return int(made.json()["id"])

    def send(self, case: int, data: bytes, *, name: str = "file") -> httpx.Response:
        """One file as people's programs send it."""
        return self.client.post(f"/api/cases/{case}/uploads/", files={"file": (name, data)})

    def verdict(self, upload: int) -> dict[str, Any]:
        """Wait for what the worker says of a file."""
        found: dict[str, Any] = {}

        def judged() -> bool:
            found.update(self.client.get(f"/api/uploads/{upload}/").raise_for_status().json())
            return found["state"] not in PENDING

        wait_until(judged, what="a file is judged")
        return found

    def uploads(self, case: int) -> list[dict[str, Any]]:
        """The files of a case, as its author sees them."""
        listed: list[dict[str, Any]] = self.client.get(f"/api/cases/{case}/uploads/").json()["results"]
        return listed

    def alive(self) -> bool:
        """Whether the server answers somebody else."""
        return self.client.get("/healthz").status_code == 200

    def temporary_files(self) -> list[Path]:
        """Where a request's body or a raw upload would be left behind."""
        return [*self.app.folder.glob("*.upload*"), *self.app.folder.glob("quarantine/*")]

    def tidied(self) -> bool:
        """Whether raw bytes go once the verdict is told: the job ends a moment after it."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not self.temporary_files(), what="tidied")
        return not self.temporary_files()

    # --- processes ----------------------------------------------------------------------------------------

    def workers(self) -> list[int]:
        """The worker, its pool, and the children that decode."""
        return session_processes(self.app.group("worker"))

    def spent(self) -> float:
        """Seconds of processor time of all workers, children that ended included."""
        ticks = 0
        for pid in self.workers():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(int(one) for one in fields[11:15])
        return ticks / os.sysconf("SC_CLK_TCK")

    def peaks(self) -> dict[int, float]:
        """Most MB each worker process held since :meth:`forget_peaks`."""
        found = {}
        for pid in self.workers():
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/status").read_text()
                if match := re.search(r"VmHWM:\s+(\d+) kB", text):
                    found[pid] = int(match[1]) / 1000
        return found

    def forget_peaks(self) -> dict[int, float]:
        """Begin to measure peaks anew; returns what each process holds now, in MB."""
        for pid in self.workers():
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")
        return self.peaks()

    # --- raw sockets --------------------------------------------------------------------------------------

    def connect(self) -> socket.socket:
        """A connection to the web server."""
        return socket.create_connection((HOST, self.app.port), timeout=60)

    def head(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """First lines of a request, signed in."""
        lines = {"Host": f"{HOST}:{self.app.port}", **self.headers, **(headers or {})}
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode("utf-8", "surrogateescape")

    def raw(self, request: bytes) -> Answer:
        """The answer to a request sent as it is."""
        with self.connect() as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(request)
            return read_answer(connection)


def read_answer(connection: socket.socket) -> Answer:
    """Read one answer; status 0 when the connection was closed without one."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while b"\r\n\r\n" not in data and (chunk := connection.recv(65536)):
            data += chunk
        head, _blank, body = data.partition(b"\r\n\r\n")
        if not head:
            return Answer(0, {}, b"")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _colon, value in (line.partition(": ") for line in lines)}
        # Without a length the answer ends with the connection.
        length = int(headers.get("content-length", 1 << 30))
        while len(body) < length and (chunk := connection.recv(65536)):
            body += chunk
        return Answer(int(first.split()[1]), headers, body)
    return Answer(0, {}, b"")


def reset(connection: socket.socket) -> None:
    """Break a connection off as a pulled plug does, without saying good-bye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def multipart(files: list[tuple[bytes, bytes]], *, boundary: bytes = b"doorstep") -> bytes:
    """A form of files under the field ``file``; names are written as they are."""
    parts = [
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="file"; filename="' + name
        + b'"\r\nContent-Type: application/octet-stream\r\n\r\n' + data + b"\r\n"
        for name, data in files
    ]  # fmt: skip
    return b"".join(parts) + b"--" + boundary + b"--\r\n"


@contextlib.contextmanager
def signed_in(app: LiveApp, name: str = PEOPLE[0]) -> Iterator[httpx.Client]:
    """A browser's session."""
    with httpx.Client(base_url=app.base_url, timeout=60) as client:
        page = client.get("/sign-in/").raise_for_status().text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        assert client.post("/sign-in/", data=form).status_code == 302
        yield client


def problem_of(answer: Answer) -> dict[str, Any]:
    """The body of a problem+json answer."""
    assert answer.headers["content-type"].startswith("application/problem+json"), answer
    found: dict[str, Any] = json.loads(answer.body)
    return found
