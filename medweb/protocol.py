"""How the web server speaks HTTP: as uvicorn does, but the head of a request has to come within some seconds.

Uvicorn waits without end for the rest of a head, and for the first byte of a new connection. Connections are
counted (``--limit-concurrency``), so whoever opened that many and kept silent would have kept everybody out.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
"""How long a connection may take to say what it wants, from its beginning or from the answer before."""


class Protocol(H11Protocol):
    """One connection; the option ``--http medweb.protocol:Protocol`` of the web server."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Read what has come; a head that is whole ends the wait."""
        super().handle_events()
        self._look()

    def on_response_complete(self) -> None:
        """Begin to wait for the next head."""
        super().on_response_complete()
        self._look()

    def _look(self) -> None:
        if self.transport.is_closing() or (self.cycle is not None and not self.cycle.response_complete):
            self._wait_no_longer()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _wait_no_longer(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
