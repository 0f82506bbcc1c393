"""What is at risk is read while workers go on; an outbox may be empty before it is looked at."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import store_of
from tiktok_events import Client
from worker.operations.quality.at_risk import SAMPLES, read_at_risk
from worker.operations.status import read_figures
from worker.settings import Settings

EVENT: Any = {"event": "Lead", "page": {"url": "https://shop.example/"}}


class Emptied(Redis):
    """A connection beside which workers empty each outbox as soon as its length was read."""

    left = 0
    """So many blocks come in again before the next look."""

    def xlen(self, name: Any) -> Any:
        """The length, and then the outbox is another."""
        length = super().xlen(name)
        self.delete(name)
        for _ in range(self.left):
            self.xadd(name, {"b": b"[{}]", "n": 1})
        return length


@pytest.mark.parametrize("left", [0, 1])
def test_an_outbox_that_is_emptied_meanwhile_is_not_at_risk(redis_url: str, left: int) -> None:
    """Nor is it an error: `status` shows what is left."""
    with (
        Client(redis_url, event_source_id="C0PIXEL") as client,
        Emptied.from_url(redis_url, protocol=2) as redis,
    ):
        for _ in range(SAMPLES + 1):
            client.track(EVENT)
        figures = read_figures(store_of(redis))
        redis.left = left
        risks = read_at_risk(store_of(redis), Settings(), figures)
    assert [one.currency for one in risks] == [""] * left
