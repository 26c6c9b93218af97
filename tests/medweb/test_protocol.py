"""A connection that does not say what it wants is closed; one that waits for its answer is not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
import yaml

from medweb import protocol
from medweb.limits import WEB_OPTIONS
from tests.support import HOST, ROOT

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def slow(_scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, then answers after longer than a head may take."""
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(0.2)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def served(**options: Any) -> AsyncIterator[int]:
    """Port of a server of this test alone."""
    config = uvicorn.Config(
        slow, host=HOST, port=0, http="medweb.protocol:Protocol", lifespan="off", log_level="error", **options
    )
    server = uvicorn.Server(config)
    server.config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)


@pytest.mark.parametrize("begun", [b"", b"G", GET[:-2]])
async def test_half_a_head_is_not_waited_for(begun: bytes) -> None:
    async with served() as port, connected(port) as (reader, writer):
        writer.write(begun)
        assert await reader.read() == b""


async def test_a_head_that_drips_is_not_waited_for() -> None:
    """Each byte is news, and none of them buys time."""
    async with served() as port, connected(port) as (reader, writer):

        async def drip() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"G")
                    await writer.drain()
                    await asyncio.sleep(0.01)

        dripping = asyncio.ensure_future(drip())
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        dripping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dripping


async def test_an_answer_is_waited_for_and_the_next_head_again_is_not() -> None:
    async with served(timeout_keep_alive=60) as port, connected(port) as (reader, writer):
        for _turn in range(2):
            writer.write(GET)
            assert b"204" in await reader.readuntil(b"\r\n\r\n")
        writer.write(GET[:9])
        assert await reader.read() == b""


async def test_a_connection_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 60)
    async with (
        served(limit_concurrency=3) as port,
        connected(port),
        connected(port),
        connected(port) as (reader, writer),
    ):
        writer.write(GET)
        assert b"503" in await reader.readuntil(b"\r\n\r\n")


def test_servers_start_with_these_options() -> None:
    """`make run` is asked in its own test."""
    web = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["web"]["command"]
    options = dict(zip(WEB_OPTIONS[::2], WEB_OPTIONS[1::2], strict=True))
    assert {f"{name}={value}" for name, value in options.items()} <= set(web)
