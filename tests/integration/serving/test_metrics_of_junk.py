"""Prometheus refuses a whole answer for one line: no junk in Redis makes such a line."""

from __future__ import annotations

from typing import Any, Final

from prometheus_client.openmetrics.parser import text_string_to_metric_families
from redis import Redis

from tests.builders.figures import PURCHASES, SHOP, folding, settled
from tests.builders.serving import Visitor, site
from tests.builders.stores import keys
from worker.serving.app import create_app

JUNK: Final[dict[Any, Any]] = {
    "": "1",
    "accepted": "-5",
    "delivered": "many",
    "accepted web:OTHER": "-5",
    'delivered a"b\\c\n': "1",
    "dead: web:OTHER": "1",
    "dead:\n web:OTHER": "1",
    "latency:nan web:OTHER": "1",
    "latency:1 web:OTHER": "-5",
}


def test_what_is_scraped_can_be_read_beside_junk(redis: Redis) -> None:
    """And what is sound among it is told."""
    settled(redis, PURCHASES)
    folding(redis).fold()
    redis.hset(keys.counters, mapping=JUNK)
    redis.hset(keys.totals, mapping=JUNK)

    shown = site(redis)
    shown.watch.look()
    answer = Visitor(create_app(shown)).get(
        "/metrics", headers={"Accept": "application/openmetrics-text"}
    )

    parse: Any = text_string_to_metric_families
    families = {one.name: one for one in parse(answer.text)}
    delivered = families["tiktok_events_destination_delivered"].samples
    assert {one.labels["destination"]: one.value for one in delivered}[SHOP] == 3
