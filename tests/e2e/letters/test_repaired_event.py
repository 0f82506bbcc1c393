"""An invalid event, the whole way: dead, repaired, exported, purged, imported, replayed, sent."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner
from redis import Redis

from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from tiktok_events import Client
from worker.cli import main
from worker.letters.dead_letters import DeadLetters
from worker.operations.status import read_figures

PIXEL: Final = "C0REPAIRED0PIXEL0000"


def test_a_repaired_event_is_delivered_once_as_itself(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any, tmp_path: Path
) -> None:
    """With its own id and time, the repaired value and the digest; and every sum agrees."""
    dead = CliRunner(env={"TIKTOK_EVENTS_REDIS_URL": redis_url})
    file = str(tmp_path / "letters.ndjson")
    at = int(time.time()) - 60
    event: dict[str, Any] = {"event": "Purchase", "event_id": "order-1", "event_time": at}
    page = {"page": {"url": "https://shop.example/thanks"}, "event_source_id": PIXEL}
    with Client(redis_url) as client:
        client.track(event | page | {"properties": {"value": "10,000", "currency": "EUR"}})
    start_worker()
    wait_until(lambda: len(DeadLetters(store_of(redis))))
    for command in (
        ["edit", "--field", "properties.value", "--set", "properties.value=10", "--yes"],
        ["export", "-o", file],
        ["purge", "--all", "--yes"],
        ["import", file, "--yes"],
        ["replay", "--all", "--yes"],
    ):
        result = dead.invoke(main, ["dead", *command])
        assert result.exit_code == 0, result.output
    wait_until(lambda: read_figures(store_of(redis)).count("delivered"))
    ((sent,),) = [request.document["data"] for request in fake_api.accepted(PIXEL)]
    assert event == {name: sent[name] for name in event}
    assert sent["properties"] == {"value": 10, "currency": "EUR"}
    figures = read_figures(store_of(redis))
    assert (figures.unaccounted, figures.dead_unaccounted, figures.dead) == (0, 0, 0)
