"""An orchestrator asks a real worker by HTTP, while its server is away and when it has come."""

from __future__ import annotations

from pathlib import Path

import requests

from tests.builders.nowhere import nowhere
from tests.builders.wait import wait_until
from tests.builders.workers import Workers
from worker.local.embedded import EmbeddedServer
from worker.local.loopback import free_port


def test_what_is_away_is_no_reason_to_be_restarted(tmp_path: Path) -> None:
    """Without Redis a worker lives and is not ready; without a broker it is ready all the same."""
    redis_port, port = free_port(), free_port()
    away = {"REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "BROKER_URL": nowhere()}
    with Workers(tmp_path, PROBE_PORT=str(port)) as workers:
        worker = workers.start(1, **away)

        def answers(path: str) -> int:
            try:
                return requests.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code
            except requests.ConnectionError:
                return 0

        wait_until(lambda: worker.lines("server_unusable"))
        assert (answers("/live"), answers("/ready"), answers("/other")) == (200, 503, 404)
        with EmbeddedServer(port=redis_port):
            wait_until(lambda: answers("/ready") == 200)
            assert answers("/live") == 200
            assert worker.terminate() == 0


def test_a_port_that_is_taken_stops_the_start(tmp_path: Path) -> None:
    """With a sentence that names the setting."""
    with EmbeddedServer() as server, Workers(tmp_path, REDIS_URL=nowhere()) as workers:
        worker = workers.start(1, PROBE_PORT=str(server.port))
        assert worker.wait() == 1
        assert "Error: TIKTOK_EVENTS_PROBE_PORT" in worker.log()
