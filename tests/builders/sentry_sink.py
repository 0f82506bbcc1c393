"""A server in the place of Sentry's."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.builders.loopback_server import Handler, LoopbackServer


class _Handler(Handler):
    def answer(self, body: bytes) -> None:
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server_of_test.keep(gzip.decompress(body) if packed else body)
        self.respond(200, b"{}")


class SentrySink(LoopbackServer):
    """What Sentry's server would receive."""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self._envelopes: list[bytes] = []

    @property
    def dsn(self) -> str:
        """For `TIKTOK_EVENTS_SENTRY_DSN`."""
        return f"http://key@127.0.0.1:{self.port}/1"

    def received(self) -> bytes:
        """All envelopes, unpacked."""
        return b"\n".join(self._envelopes)

    def events(self) -> list[dict[str, Any]]:
        """The events of all envelopes."""
        lines = (json.loads(line) for line in self.received().splitlines() if line)
        return [line for line in lines if "platform" in line]

    def keep(self, body: bytes) -> None:
        """Take an envelope."""
        self._envelopes.append(body)
