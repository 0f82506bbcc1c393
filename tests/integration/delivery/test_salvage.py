"""What is mended or left out is counted when it is delivered, once; strictness is a setting."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from redis import Redis

from tests.builders.delivery import deliver_once
from tests.builders.stores import keys, store_of
from tiktok_events import Client
from tiktok_events.event.destination import Destination
from tiktok_events_sandbox import Sandbox
from worker.cli.main import main
from worker.delivery.destinations import Destinations
from worker.delivery.prepare import Preparer
from worker.operations.status import read_figures
from worker.outbox.claim import Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.settings import Settings

PIXEL = Destination("web", "C0PIXEL")
ODD: dict[str, Any] = {
    "event": "Lead",
    "user": {"ip": "203.0.113.4:51034"},
    "properties": {"num_items": 2.5, "contents": [{"price": "x"}, {"price": "y"}]},
    "page": {"url": "https://shop.example/"},
}

Deliver = Callable[[Settings], None]


@pytest.fixture
def deliver(redis: Redis) -> Deliver:
    """Deliver what waits for the pixel, as a worker would."""
    return lambda settings: deliver_once(redis, settings, PIXEL)


def track(redis_url: str, *events: dict[str, Any]) -> None:
    """Enqueue them in one block."""
    with Client(redis_url, event_source_id=PIXEL.event_source_id, linger_ms=0) as client:
        client.track_many(list(events))


def test_what_is_delivered_is_counted_by_place_and_destination(
    redis: Redis, redis_url: str, settings: Settings, deliver: Deliver
) -> None:
    """Each place of an event once, without positions."""
    track(redis_url, ODD, ODD, {"event": "Lead", "page": ODD["page"]})
    deliver(settings)
    figures = read_figures(store_of(redis))
    expected = {"properties.contents.price": 2, "properties.num_items": 2, "user.ip": 2}
    assert figures.count("delivered") == 3
    assert (expected, {PIXEL.key: expected}) == (figures.salvaged, figures.salvaged_by_destination)


def test_what_producers_changed_is_shown_by_destination(
    redis: Redis, redis_url: str, settings: Settings, deliver: Deliver
) -> None:
    """As often as it was done, in all and of each destination."""
    people = {"emial": "ann@shop.example", "phone": "n/a", "loyalty": "gold"}
    track(redis_url, *[{"event": "Lead", "user": people, "page": ODD["page"]}] * 3)
    deliver(settings)
    remarks = {"junk": 3, "left_out:user:unknown_key": 3, "read_as:email": 3}
    figures = read_figures(store_of(redis))
    assert (remarks, {PIXEL.key: remarks}) == (figures.remarks, figures.remarks_by_destination)
    environment = {"TIKTOK_EVENTS_REDIS_URL": redis_url}
    shown = CliRunner(env=environment).invoke(main, ["status"]).output
    row = "remarks 9 junk 3 · left_out:user:unknown_key 3 · read_as:email 3"
    assert row in " ".join(shown.split())
    track(redis_url, ODD)
    listed = CliRunner(env=environment).invoke(main, ["destinations", "list", "--json"]).output
    assert orjson.loads(listed)["remarks"] == remarks


def test_what_has_to_be_sent_again_is_not_counted_before(
    redis: Redis, redis_url: str, sandbox: Sandbox, settings: Settings, deliver: Deliver
) -> None:
    """However often it is tried."""
    track(redis_url, ODD)
    sandbox.rule({"kind": "answer", "code": 50002}, match={"times": 2})
    for _ in range(2):
        deliver(settings)
        redis.hdel(keys.state(PIXEL.key), "not_before")
    assert read_figures(store_of(redis)).salvaged == {}
    deliver(settings)
    assert read_figures(store_of(redis)).salvaged["user.ip"] == 1


def test_there_is_an_end_to_what_is_counted_apart(
    redis: Redis, redis_url: str, settings: Settings, deliver: Deliver
) -> None:
    """Beyond 5,000 pairs a destination counts with the others; its places do not get lost."""
    redis.hset(keys.salvaged, mapping={f"web:P{number} user.ip": 1 for number in range(5_000)})
    track(redis_url, ODD)
    deliver(settings)
    assert redis.hget(keys.salvaged, "* user.ip") == b"1"
    assert redis.hlen(keys.salvaged) == 5_003


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_strict_destination_buries_it(
    redis: Redis, settings: Settings, deliver: Deliver, tmp_path: Path, where: str
) -> None:
    """By the setting, or by its table in the destinations file."""
    file = tmp_path / "destinations.toml"
    table = f'[[destinations]]\nevent_source_id = "{PIXEL.event_source_id}"\naccess_token = "t"\n'
    file.write_text(table + ("strict = true\n" if where == "file" else ""))
    given = {"redis_url": settings.redis_url, "api_url": settings.api_url, "access_token": "t"}
    strict = Settings.load({}, **given, destinations_file=file, strict=where == "environment")
    track(settings.redis_url, ODD)
    deliver(strict)
    figures = read_figures(store_of(redis))
    assert (figures.buried, figures.salvaged) == ({"invalid": 1}, {})


def test_an_event_of_the_day_after_tomorrow_dies(
    redis: Redis, redis_url: str, settings: Settings
) -> None:
    """Whoever wrote it into the outbox: its clock or its unit is wrong."""
    track(redis_url, ODD)
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=60_000)
    account = Destinations(settings).account(PIXEL)
    (claim,) = outbox.claim([Want(PIXEL.key, 1000, 1_000_000, account.token_limit)])
    block = OpenBlock.of(claim.blocks[0], lease_ends=time.monotonic() + 60)
    yesterday = time.time() - 2 * 86_400
    assert Preparer(PIXEL, settings).prepare(block, now=yesterday).end_in(block) == []
    assert block.closed
