"""``python -m tests.bench.live``: 100 open streams: memory of the web process, and how fast news arrive."""

import argparse
import asyncio
import json
import time

import redis

from tests import support
from tests.bench import measure

TOPIC = "medweb:live:user:"


class Stream:
    """One open event stream; keeps when each message came in."""

    def __init__(self, port: int, session: str, topic: str) -> None:
        self._port, self._session, self._topic = port, session, topic
        self.heard: dict[int, float] = {}
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Ask for the stream; returns when the server says that it listens."""
        self._reader, self._writer = await asyncio.open_connection(support.HOST, self._port)
        self._writer.write(
            f"GET /live/?topics={self._topic} HTTP/1.1\r\nHost: {support.HOST}:{self._port}\r\n"
            f"Cookie: sessionid={self._session}\r\nAccept: text/event-stream\r\n\r\n".encode()
        )
        status = await self._reader.readline()
        if b" 200 " not in status:
            raise RuntimeError(f"The stream was refused: {status!r}")
        while b"event: ready" not in await self._line():
            continue

    async def _line(self) -> bytes:
        assert self._reader is not None
        line = await asyncio.wait_for(self._reader.readline(), 60)
        if not line:
            raise RuntimeError("The server ended a stream.")
        return line

    async def listen(self, until: int) -> None:
        """Take messages until number ``until``."""
        while until not in self.heard:
            line = await self._line()
            if line.startswith(b"data: ") and b"number" in line:
                self.heard[json.loads(line[6:])["number"]] = time.perf_counter()

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()


async def measure_streams(served: measure.App, report: measure.Report, streams: int, messages: int) -> None:
    """Open ``streams`` and send ``messages`` to all of them, one after another."""
    pk, session = served.people["student"]
    pid = served.pid("web")
    opened: list[Stream] = []
    try:
        warm = Stream(served.live.port, session, f"user:{pk}")
        opened.append(warm)
        await warm.open()
        before = measure.memory_mb(pid)
        opening = []
        for _number in range(streams - 1):
            stream = Stream(served.live.port, session, f"user:{pk}")
            opened.append(stream)
            began = time.perf_counter()
            await stream.open()
            opening.append((time.perf_counter() - began) * 1000)
        report.add("opening a stream", measure.summary(opening, "ms", digits=1))
        after = measure.memory_mb(pid)
        report.add(
            "memory of the web process",
            {
                "with 1 stream": round(before, 1),
                f"with {streams} streams": round(after, 1),
                "per stream": round((after - before) / (streams - 1), 3),
                "unit": "MB",
            },
        )
        await _publish(served, report, opened, messages, f"{TOPIC}{pk}")
    finally:
        for stream in opened:
            stream.close()


async def _publish(
    served: measure.App, report: measure.Report, opened: list[Stream], messages: int, channel: str
) -> None:
    sent: dict[int, float] = {}
    with redis.Redis.from_url(served.redis_url) as broker:
        for number in range(messages):
            listeners = [asyncio.create_task(stream.listen(number)) for stream in opened]
            sent[number] = time.perf_counter()
            broker.publish(channel, json.dumps({"event": "benchmark", "number": number}))
            await asyncio.gather(*listeners)
    every = [(stream.heard[n] - sent[n]) * 1000 for stream in opened for n in sent]
    last = [max((stream.heard[n] - sent[n]) * 1000 for stream in opened) for n in sent]
    report.add("published to received, every stream", measure.summary(every, "ms", digits=1))
    report.add("published to received, the last stream", measure.summary(last, "ms", digits=1))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--messages", type=int, default=50)
    options = parser.parse_args()
    report = measure.Report("live")
    with measure.app(warm=False) as served:
        client = served.client("student")
        # What the first pages load is not the streams' doing.
        for _again in range(5):
            client.get("/")
        client.close()
        asyncio.run(measure_streams(served, report, options.streams, options.messages))
        other = served.client("student")
        report.add(
            "library page beside the closed streams",
            measure.summary([other.timed("/") for _again in range(20)], "ms", digits=1),
        )
        other.close()
    report.print()


if __name__ == "__main__":
    main()
