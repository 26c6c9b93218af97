"""``python -m tests.bench.slow_bodies``: what others wait while eight people send a byte a second.

Times the library's page and small answers, alone and then while eight requests trickle in; rounds of both
take turns, so that a busy machine spoils them alike. The 95th percentile may not double.
"""

import argparse
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

from tests import support
from tests.bench import measure

SLOW = 8
PATHS = ("/", "/api/terms/", "/healthz")


@contextlib.contextmanager
def trickling(port: int) -> Iterator[None]:
    """Eight uploads that send a byte a second until the block ends."""
    ended = threading.Event()
    head = (
        f"POST /api/cases/1/uploads/ HTTP/1.1\r\nHost: {support.HOST}:{port}\r\n"
        "Content-Type: application/octet-stream\r\nContent-Length: 100000\r\n\r\n"
    ).encode()
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection((support.HOST, port))) for _number in range(SLOW)
        ]
        for connection in connections:
            connection.sendall(head)

        def trickle() -> None:
            while not ended.wait(1):
                for connection in connections:
                    with contextlib.suppress(OSError):
                        connection.sendall(b"x")

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def timed(client: measure.Client, path: str, seconds: float) -> list[float]:
    """Milliseconds of each request to ``path``, for so long."""
    found = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found.append(client.timed(path))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument(
        "--seconds", type=float, default=1.5, help="for each path, alone and beside, per round"
    )
    given = parser.parse_args()
    report = measure.Report("slow_bodies")
    with measure.app() as served, contextlib.closing(served.client("student")) as client:
        alone: dict[str, list[float]] = {path: [] for path in PATHS}
        beside: dict[str, list[float]] = {path: [] for path in PATHS}
        for path in PATHS:
            timed(client, path, 0.5)  # templates and connections
        for _round in range(given.rounds):
            for path in PATHS:
                alone[path] += timed(client, path, given.seconds)
            with trickling(served.live.port):
                for path in PATHS:
                    beside[path] += timed(client, path, given.seconds)
        for path in PATHS:
            quiet, slow = measure.summary(alone[path], "ms"), measure.summary(beside[path], "ms")
            report.add(f"GET {path} alone", quiet)
            report.add(f"GET {path} beside {SLOW} slow bodies", slow)
            report.add(f"GET {path} p95 ratio", round(slow["p95"] / quiet["p95"], 2))
    report.print()


if __name__ == "__main__":
    main()
