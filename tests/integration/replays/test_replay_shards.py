"""Replays of letters that stand in several shards."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import Any, Final

import pytest
from redis import Redis

from tests.integration.replays.conftest import Ward
from tiktok_events.outbox.shards import Shards
from worker.letters.letter import DeadLetter
from worker.letters.search import BEGINNING
from worker.operations.status import read_figures
from worker.replays.lease import Page, ReplayLease, Step
from worker.replays.state import ReplayState
from worker.reporting.audit import Audit

PIXELS: Final = [f"web:P{number}" for number in range(12)]


@pytest.fixture
def wide(redis: Redis, redis_url: str) -> Any:
    """A ward of eight shards, with letters in each of them."""
    ward = Ward(redis, redis_url, Shards(count=8))
    for pixel in PIXELS:
        ward.bury(3, pixel)
    return ward


def test_each_letter_goes_once_and_is_counted(wide: Any) -> None:
    """The replay's counts are those of all shards; so is what the audit says."""
    number = wide.ask()
    replay = wide.turn(number)
    assert (replay.state, replay.replayed, replay.gone) == (ReplayState.FINISHED, 36, 0)
    assert wide.waiting() == Counter(f"e{n}" for n in range(36))
    figures = read_figures(wide.store)
    assert (figures.unaccounted, figures.dead_unaccounted, figures.dead) == (0, 0, 0)
    finished, asked = Audit(wide.store).read(action="replay")
    assert [(one.result, one.count) for one in (asked, finished)] == [
        ("asked", 36),
        ("finished", 36),
    ]


@pytest.mark.parametrize("order", ["pause", "cancel"])
def test_no_step_comes_to_pass_after_an_order(wide: Any, order: str) -> None:
    """In no shard, though the worker holds what was its lease."""
    number = wide.ask()
    lease = ReplayLease(wide.store, holder="one", lease_ms=60_000)
    held = lease.take(number)
    assert held is not None
    assert getattr(wide.replays, order)(number)
    for letter in wide.letters:
        page = Page(letter.destination, BEGINNING, BEGINNING)
        step = lease.move(held, page, room=9, now=time.time(), paid_until=0.0)
        assert step == (Step.NOT_HELD, 0)
    assert wide.waiting() == Counter()


def test_another_worker_goes_on_where_one_was_killed(wide: Any) -> None:
    """It reads the places of all shards, and repeats nothing."""
    number = wide.ask(rate=20.0)
    first = wide.turn(number)
    assert 0 < first.replayed < 36
    wide.kill_holder(number)
    wide.let_pass(number, 60)
    last = wide.turn(number, wide.worker("two"))
    while last.state is ReplayState.RUNNING:
        wide.let_pass(number, 60)
        last = wide.turn(number, wide.worker("two"))
    assert (last.replayed, wide.waiting()) == (36, Counter(f"e{n}" for n in range(36)))


def test_a_letter_for_another_shard_is_brought_there(wide: Any) -> None:
    """Changed to a destination elsewhere, it keeps its id and the figures close."""
    (letter, *_) = wide.letters
    changed = _elsewhere(letter)
    assert wide.letters.change(letter, changed)
    found = wide.letters.get(letter.id)
    assert found is not None
    assert found.destination == changed.destination
    figures = read_figures(wide.store)
    assert (figures.dead, figures.dead_unaccounted) == (36, 0)
    assert wide.turn(wide.ask()).replayed == 36


def test_a_letter_that_somebody_left_elsewhere_is_replayed(wide: Any) -> None:
    """Whoever changed it was killed before it was brought home."""
    (letter, *_) = wide.letters
    wide.letters._homes.bring = lambda _letters: None
    assert wide.letters.change(letter, _elsewhere(letter))
    assert wide.turn(wide.ask()).replayed == 36
    assert (len(wide.letters), read_figures(wide.store).dead_unaccounted) == (0, 0)


def _elsewhere(letter: DeadLetter) -> DeadLetter:
    """The letter, changed to a destination of another shard."""
    return replace(letter, destination="web:P2" if letter.destination == "web:P1" else "web:P1")
