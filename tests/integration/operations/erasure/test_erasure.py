"""Erasure with the real scripts: the person's events go, those of others stay."""

from __future__ import annotations

import time
from typing import Any, Final

import pytest

from tests.builders.stores import keys, store_of
from worker.letters.dead_letters import DeadLetters
from worker.operations.erasure import Erasure
from worker.operations.erasure_found import Found
from worker.operations.status import read_figures
from worker.outbox.parking import Parking

KEY: Final = "web:C0ERASE00PIXEL000000"
JO, AL = "jo@example.com", "al@example.com"


def test_only_the_persons_events_go(shop: Any) -> None:
    """Of a mixed block the others stay; a block of theirs alone is not touched."""
    shop.track(JO, AL, JO)
    shop.track(AL)
    assert shop.erase() == Found(waiting=2)
    assert shop.blocks() == [["al/0"], ["al/1"]]
    assert shop.counted() == (2, 2, 0, 0)


def test_an_outbox_with_nothing_left_leaves_no_key(shop: Any) -> None:
    """As when everything was delivered; also of what a dead worker held."""
    shop.track(JO, JO)
    shop.outlive(shop.claim())
    shop.track(JO)
    assert shop.erase() == Found(waiting=3)
    assert shop.redis.exists(keys.outbox(KEY), keys.attempts(KEY), keys.ready) == 0
    assert shop.redis.hget(keys.state(KEY), "waiting") is None


def test_every_outbox_is_looked_at(shop: Any) -> None:
    """Parked ones too, which are not due, and are not made due."""
    shop.track(JO, source_id="C0ONE")
    shop.track(JO, AL, source_id="C0TWO")
    Parking(store_of(shop.redis)).park("web:C0TWO")
    assert shop.erase() == Found(waiting=2)
    assert shop.blocks("web:C0TWO") == [["al/1"]]
    assert shop.redis.zrange(keys.ready, 0, -1) == []


def test_what_is_left_is_due_at_once(shop: Any) -> None:
    """It need not wait until the lease that the destination was taken for has ended."""
    shop.track(JO, AL)
    shop.redis.zadd(keys.ready, {KEY: 2e12})
    shop.erase()
    assert shop.redis.zscore(keys.ready, KEY) / 1000 <= time.time()


def test_a_back_off_is_heeded(shop: Any) -> None:
    """Erasing sends nothing sooner."""
    shop.track(JO, AL)
    ends_ms = round((time.time() + 300) * 1000)
    shop.redis.hset(keys.state(KEY), mapping={"not_before": ends_ms, "failures": 1})
    shop.redis.zadd(keys.ready, {KEY: ends_ms})
    shop.erase()
    assert shop.redis.zscore(keys.ready, KEY) == ends_ms


def test_dead_letters_of_the_person_go_and_count_as_purged(shop: Any) -> None:
    """Others' letters stay."""
    for email in (JO, AL, JO):
        shop.bury(email)
    assert shop.erase() == Found(dead_letters=2)
    assert [letter.event_id for letter in DeadLetters(store_of(shop.redis))] == ["al"]
    assert read_figures(store_of(shop.redis)).count("purged") == 2
    assert shop.counted() == (0, 0, 0, 0)


def test_a_letter_without_a_body_is_nobodys(shop: Any) -> None:
    """An event that was refused before its match keys were hashed keeps none."""
    DeadLetters(store_of(shop.redis)).bury(shop.letter(None))
    assert shop.erase() == Found()


def test_counting_changes_nothing(shop: Any) -> None:
    """It tells what an erasure would do, and looks at every block and letter."""
    shop.track(JO, AL, JO)
    shop.bury(JO)
    before = shop.redis.xrange(keys.outbox(KEY))
    seen: list[int] = []
    erasure = Erasure(store_of(shop.redis), shop.subject(), lease_s=60.0)
    assert erasure.count(lambda: seen.append(1)) == Found(waiting=2, dead_letters=1)
    assert (shop.redis.xrange(keys.outbox(KEY)), len(seen)) == (before, erasure.steps())


@pytest.mark.parametrize("payload", ['["{digest}', '"{digest}"', '["{digest}"]'])
def test_a_block_that_holds_no_events_is_passed_over(shop: Any, payload: str) -> None:
    """None of ours writes one, and nobody's events could be told in it."""
    (digest,) = shop.subject().digests["email"]
    shop.redis.xadd(keys.outbox(KEY), {"n": 1, "b": payload.replace("{digest}", digest)})
    shop.redis.zadd(keys.ready, {KEY: 0})
    assert shop.erase() == Found()


@pytest.mark.parametrize("page_bytes", [1, 1_000, 1_000_000])
def test_a_large_backlog_is_read_in_pages(
    shop: Any, page_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every block is looked at once, however small the pages."""
    monkeypatch.setattr("worker.outbox.backlog.PAGE_BYTES", page_bytes)
    for _ in range(40):
        shop.track(AL, JO, AL)
    assert shop.erase() == Found(waiting=40)
    assert shop.counted() == (80, 40, 0, 0)


def test_a_full_server_can_be_erased_from(shop: Any) -> None:
    """Erasing is what empties it."""
    shop.track(JO, AL)
    shop.redis.config_set("maxmemory", "1")
    try:
        assert shop.erase() == Found(waiting=1)
    finally:
        shop.redis.config_set("maxmemory", "0")
