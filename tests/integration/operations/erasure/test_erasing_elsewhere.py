"""Erasure reaches the spool of its machine and Celery's messages, or says that it could not."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from click.testing import Result
from redis import Redis

from tests.builders.commands import tiktok_events
from tests.builders.stores import broker_keys, store_of
from tiktok_events.client import Client
from tiktok_events.spool.spool import Spool
from worker.operations.data_subject import DataSubject
from worker.operations.queued_events import QueuedEvents, users_in
from worker.reporting.audit import Audit

JO, AL = "jo@example.com", "al@example.com"
QUEUE: Final = broker_keys.prefix + broker_keys.queue
SUBJECT: Final = DataSubject.of({"email": [JO], "phone": ["+49 151 23456789"]}, None)


def message(user: dict[str, Any], **event: Any) -> bytes:
    """A `tiktok_events.track` message as kombu writes it."""
    body = orjson.dumps([[{"event": "Lead", "user": user, **event}], {}, {}])
    return orjson.dumps(
        {
            "body": b64encode(body).decode(),
            "headers": {"task": "tiktok_events.track", "id": "1"},
            "properties": {"body_encoding": "base64"},
        }
    )


RAW: Final = message({"email": f" {JO.upper()} "})
BARE: Final = orjson.dumps({"event": "Lead", "user": {"email": JO}})
PLAIN_BODY: Final = orjson.dumps({"body": '[[{"user": {"email": "jo@example.com"}}], {}, {}]'})
DIGEST: Final = message({"email": sha256(JO.encode()).hexdigest().upper()})
NATIONAL: Final = message({"phone": "0151 23456789", "email": 7})


@pytest.fixture
def run(shop: Any, tmp_path: Path) -> Callable[..., Result]:
    """Runs `tiktok-events erase …` on a machine with a spool."""

    def erase(*arguments: str, **settings: str) -> Result:
        given = {"REDIS_URL": shop.url, "ACTOR": "ops", "SPOOL_FILE": str(tmp_path / "spool")}
        return tiktok_events("erase", "--email", JO, *arguments, **(given | settings))

    return erase


@pytest.fixture
def spool(shop: Any, tmp_path: Path) -> Spool:
    """A spool with one block of each of three kinds: Jo's and Al's, Jo's alone, Al's alone."""
    path = tmp_path / "spool"
    for emails in ((JO, AL), (JO,), (AL,)):
        with Client(
            "redis://127.0.0.1:1/0",
            event_source_id="C0P",
            on_failure="spool",
            spool_file=str(path),
            redis_timeout_s=0.1,
        ) as client:
            client.track_many({"event": "Lead", "user": {"email": email}} for email in emails)
    return Spool(path, 10_000_000, 1.0)


# --- the spool -------------------------------------------------------------------


def test_spooled_events_of_a_person_are_erased(run: Any, spool: Spool, shop: Any) -> None:
    """Those of others stay, in their blocks."""
    result = run("--yes")
    assert (result.exit_code, "2 spooled, erased" in result.stdout) == (0, True)
    digest = sha256(JO.encode()).hexdigest().encode()
    assert [block.events for block in spool.blocks()] == [1, 1]
    assert all(digest not in block.payload for block in spool.blocks())
    (entry,) = Audit(store_of(shop.redis)).read()
    assert (entry.count, dict(entry.facts), entry.result) == (2, {"spooled": 2}, "done")


def test_a_dry_run_counts_what_is_spooled(run: Any, spool: Spool) -> None:
    """And changes nothing."""
    assert orjson.loads(run("--dry-run", "--json").stdout)["spooled"] == 2
    assert [block.events for block in spool.blocks()] == [2, 1, 1]


def test_a_spool_in_somebodys_hands_is_told(
    run: Any, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process flushes it all the while; the exit code says so, and nothing is changed."""
    assert spool.take(1_000_000).events == 4
    monkeypatch.setattr("worker.operations.erasure.MARGIN_S", -600.0)
    result = run("--yes")
    assert result.exit_code == 1
    assert "Not reached: this machine's spool: another process was flushing" in result.stdout
    assert [block.events for block in spool.blocks()] == [2, 1, 1]


def test_a_spool_that_is_none_is_told(run: Any, tmp_path: Path, shop: Any) -> None:
    """The rest is erased all the same."""
    (tmp_path / "spool").write_bytes(b"no database at all" * 100)
    shop.track(JO)
    result = run("--yes")
    assert result.exit_code == 1
    assert "1 waiting, erased" in result.stdout
    assert "Not reached: this machine's spool: " in result.stdout


# --- Celery's messages -------------------------------------------------------------


@pytest.mark.parametrize("carrying", [RAW, BARE, PLAIN_BODY, DIGEST])
@pytest.mark.parametrize("name", [QUEUE, f"{QUEUE}\x06\x163", broker_keys.queue])
def test_messages_of_a_person_are_erased(run: Any, shop: Any, carrying: bytes, name: str) -> None:
    """Raw or hashed, enveloped or bare, with a priority or without our prefix."""
    others = [message({"email": AL}), b"no message", message({"email": [1]})]
    shop.redis.lpush(name, others[0], carrying, *others[1:])
    assert "1 Celery messages, would be erased" in run("--dry-run").stdout
    result = run("--yes")
    assert (result.exit_code, "1 Celery messages, erased" in result.stdout) == (0, True)
    assert shop.redis.lrange(name, 0, -1) == [*others[:0:-1], others[0]]


def test_a_national_number_is_found_beside_what_is_no_address(redis: Redis) -> None:
    """Each match key is read by itself, with the region of this process."""
    redis.lpush(QUEUE, NATIONAL)
    assert QueuedEvents(redis, broker_keys, SUBJECT, "DE").count() == 1
    assert QueuedEvents(redis, broker_keys, SUBJECT, None).count() == 0


def test_a_message_in_a_workers_hand_is_told(
    run: Any, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is waited for, and then the command says that it must be run again."""
    held = orjson.dumps([orjson.loads(message({"email": JO})), "", broker_keys.queue])
    shop.redis.hset(broker_keys.unacked, "tag", held)
    monkeypatch.setattr("worker.operations.erasure.MARGIN_S", -600.0)
    result = run("--yes")
    assert result.exit_code == 1
    assert "1 Celery messages taken by workers, not handed over yet" in result.stdout


def test_a_message_that_is_handed_over_is_found_where_it_goes(shop: Any) -> None:
    """From the worker's hand into the outbox, while the erasure looks."""
    held = orjson.dumps([orjson.loads(message({"email": JO})), "", broker_keys.queue])
    shop.redis.hset(broker_keys.unacked, "tag", held)

    def hand_over() -> None:
        if shop.redis.hdel(broker_keys.unacked, "tag"):
            shop.track(JO)

    found = shop.erase(hand_over, QueuedEvents(shop.redis, broker_keys, shop.subject(), None))
    assert (found.waiting, found.in_hand, found.complete) == (1, 0, True)


def test_a_broker_that_is_away_is_told(run: Any, shop: Any) -> None:
    """The outbox is on another server, and is erased from."""
    shop.track(JO)
    result = run("--yes", BROKER_URL="redis://127.0.0.1:1/0")
    assert result.exit_code == 1
    assert "1 waiting, erased" in result.stdout
    assert "Not reached: Celery's queue: the broker cannot be reached" in result.stdout


def test_a_monstrous_message_is_looked_through() -> None:
    """However wide; what is nested too deeply for JSON, no worker can read either."""
    wide = orjson.dumps([{"user": {"email": JO}}, *([[]] * 20_000)])
    began = time.monotonic()
    assert list(users_in(b"[" * 2_000 + b"]" * 2_000)) == []
    assert list(users_in(wide)) == [{"email": JO}]
    assert time.monotonic() - began < 5
