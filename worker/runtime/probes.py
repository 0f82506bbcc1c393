"""Probes of a worker, for an orchestrator that asks by HTTP.

/live     the process answers. Neither Redis nor a broker that is away is a reason to restart it;
          a worker that stands still ends itself (`worker.runtime.stall`), and one that is frozen
          does not answer
/ready    it has looked for work in the last `READY_S`, and Redis answered
"""

from __future__ import annotations

import os
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from tiktok_events.errors import InvalidSetting
from tiktok_events.settings import ENVIRONMENT_PREFIX

READY_S: Final = 30.0
"""As long as the heartbeat file counts."""

EVERYWHERE: Final = ""
"""An orchestrator asks from another address; what is answered tells nothing."""


class Health:
    """When the main process last did its work."""

    def __init__(self) -> None:
        self._beat_at = float("-inf")

    def beat(self) -> None:
        """Note that it has looked for work, and Redis answered."""
        self._beat_at = time.monotonic()

    @property
    def ready(self) -> bool:
        """Return whether that happened recently."""
        return time.monotonic() - self._beat_at < READY_S


HEALTH: Final = Health()
"""The health of this worker's main process."""


class _Probe(BaseHTTPRequestHandler):
    timeout = 5
    server_version = "tiktok-events"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer one probe."""
        states = {"/live": True, "/ready": HEALTH.ready}
        if self.path not in states:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        fine = states[self.path]
        self.send_response(HTTPStatus.OK if fine else HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 — because the base class calls it so
        """Say nothing: a probe comes every few seconds."""


def answer_probes(port: int) -> None:
    """Answer in a thread of this process from now on; its children do not.

    Raises:
        InvalidSetting: the port cannot be listened at.
    """
    try:
        server = ThreadingHTTPServer((EVERYWHERE, port), _Probe)
    except OSError as error:
        raise InvalidSetting(
            f"{ENVIRONMENT_PREFIX}PROBE_PORT = {port} cannot be listened at: {error.strerror}"
        ) from error
    server.daemon_threads = True
    os.register_at_fork(after_in_child=server.socket.close)
    threading.Thread(target=server.serve_forever, daemon=True, name="probes").start()
