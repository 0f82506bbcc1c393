"""Several workers, several replays, and workers that die: each letter is sent once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from worker.letters.record import read_letter
from worker.letters.search import BEGINNING, Cursor
from worker.operations.status import read_figures
from worker.replays.lease import LeasedReplay, Page, ReplayLease, Step
from worker.replays.state import ReplayState

PIXEL = "web:C0PIXEL"
PLENTY = 10_000
LEASE_MS = 60_000


def hold(ward: Any, name: str = "one") -> ReplayLease:
    """A worker's side of all replays."""
    return ReplayLease(store_of(ward.redis), holder=name, lease_ms=LEASE_MS)


def page(ward: Any, ids: list[str], before: Cursor = BEGINNING) -> Page:
    """A page of these letters, as they stand there now."""
    stored = [(letter_id, ward.redis.hget(keys.dead, letter_id)) for letter_id in ids]
    going = [(record, read_letter(letter_id, record)) for letter_id, record in stored]
    return Page(PIXEL, before, Cursor.of(going[-1][1]), going)


def move(ward: Any, held: LeasedReplay | None, some: Page, worker: ReplayLease) -> tuple[Step, int]:
    """One step."""
    assert held is not None
    now = time.time()
    return worker.move(held, some, room=PLENTY, now=now, paid_until=now)


def check_sum(ward: Any, count: int) -> None:
    """Every event is in one place, and the counters say the same."""
    assert ward.waiting() + Counter(ward.dead()) == Counter(f"e{n}" for n in range(count))
    figures = read_figures(store_of(ward.redis))
    assert (figures.unaccounted, figures.dead_unaccounted) == (0, 0)


def test_one_worker_at_a_time_holds_a_replay(ward: Any) -> None:
    """Another finds nothing to do until it is left, or the lease has ended."""
    ward.bury()
    number = ward.ask()
    first, second = hold(ward, "first"), hold(ward, "second")
    held = first.take(number)
    assert held is not None
    assert second.take(number) is None
    assert first.leave(held, due_in_s=0, waits_for={})
    assert second.take(number) is not None
    ward.kill_holder(number)
    assert first.take(number) is not None


def test_a_killed_worker_is_followed_where_it_stopped(ward: Any) -> None:
    """The second sends the rest, and nothing of what the first had sent."""
    ids = ward.bury(250)
    number, first = ward.ask(), hold(ward)
    held = first.take(number)
    assert move(ward, held, page(ward, ids[:100]), first) == (Step.MOVED, 100)
    ward.kill_holder(number)
    ward.let_pass(number, 3600)
    replay = ward.turn(number)
    assert (replay.state, replay.replayed, replay.gone) == (ReplayState.FINISHED, 250, 0)
    check_sum(ward, 250)


def test_a_worker_that_slept_through_its_lease_changes_nothing(ward: Any) -> None:
    """Its fence is old: neither a step nor its end counts."""
    ids = ward.bury(250)
    number, sleeper = ward.ask(), hold(ward, "sleeper")
    held = sleeper.take(number)
    some = page(ward, ids[:100])
    ward.kill_holder(number)
    other = hold(ward, "other").take(number)
    assert move(ward, held, some, sleeper) == (Step.NOT_HELD, 0)
    assert held is not None
    assert not sleeper.finish(held)
    assert not sleeper.leave(held, due_in_s=0, waits_for={})
    assert move(ward, other, some, hold(ward, "other")) == (Step.MOVED, 100)
    check_sum(ward, 250)


def test_a_step_made_twice_counts_once(ward: Any) -> None:
    """Its answer was lost and the connection asked again: the place has moved on."""
    ids = ward.bury(10)
    number, worker = ward.ask(), hold(ward)
    held, some = worker.take(number), page(ward, ids)
    assert move(ward, held, some, worker) == (Step.MOVED, 10)
    assert move(ward, held, some, worker) == (Step.NOT_HELD, 0)
    assert ward.get(number).replayed == 10
    check_sum(ward, 10)


def test_a_letter_that_was_repaired_meanwhile_is_not_sent_as_it_was(ward: Any) -> None:
    """Nor is one that was purged: the others of the step go."""
    ids = ward.bury(3)
    number, worker = ward.ask(), hold(ward)
    held, some = worker.take(number), page(ward, ids)
    old = ward.letters.get(ids[0])
    assert ward.letters.change(old, replace(old, body={"event_id": "repaired"}))
    ward.letters.purge([ward.letters.get(ids[1])])
    assert move(ward, held, some, worker) == (Step.MOVED, 1)
    assert ward.waiting() == Counter(["e2"])
    assert [letter.body["event_id"] for letter in ward.letters] == ["repaired"]


@pytest.mark.parametrize("order", ["pause", "cancel"])
def test_an_order_stops_the_next_step(ward: Any, order: str) -> None:
    """Whoever works at the replay can do no more; what was sent stays sent."""
    ids = ward.bury(200)
    number, worker = ward.ask(), hold(ward)
    held = worker.take(number)
    some = page(ward, ids[:100])
    assert move(ward, held, some, worker) == (Step.MOVED, 100)
    rest = page(ward, ids[100:], some.behind)
    assert getattr(ward.replays, order)(number)
    assert move(ward, held, rest, worker) == (Step.NOT_HELD, 0)
    assert worker.take(number) is None
    replay = ward.get(number)
    assert (replay.replayed, replay.left, replay.gone) == (100, 100, 0)
    check_sum(ward, 200)


def test_a_paused_replay_goes_on_where_it_was(ward: Any) -> None:
    """Once, however often it is paused and resumed."""
    ward.bury(30)
    number = ward.ask(rate=10.0)
    ward.turn(number)
    assert ward.replays.pause(number)
    assert not ward.replays.pause(number)
    assert ward.turn(number).replayed == 10
    assert ward.replays.resume(number)
    assert not ward.replays.resume(number)
    ward.let_pass(number, 3600)
    assert ward.turn(number).replayed == 30
    check_sum(ward, 30)


def test_an_ended_replay_takes_no_order(ward: Any) -> None:
    """It is neither paused, resumed nor cancelled any more."""
    number = ward.ask()
    assert ward.turn(number).state is ReplayState.FINISHED
    orders = [ward.replays.pause, ward.replays.resume, ward.replays.cancel]
    assert [order(number) for order in orders] == [False, False, False]
    assert ward.get(number).state is ReplayState.FINISHED


@pytest.mark.parametrize("overlapping", [False, True])
def test_many_workers_send_each_letter_once(ward: Any, overlapping: bool) -> None:  # noqa: FBT001 — because pytest passes it by name
    """At one replay, or at several that want the same letters."""
    ward.bury(900)
    numbers = [ward.ask() for _ in range(3 if overlapping else 1)]

    def work(name: str) -> None:
        worker = ward.worker(name)
        while any(not ward.get(number).ended for number in numbers):
            for number in numbers:
                worker.run(number, lambda: True)

    threads = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = [ward.get(number) for number in numbers]
    assert ward.waiting() == Counter(f"e{n}" for n in range(900))
    assert sum(one.replayed for one in ended) == 900
    assert [one.replayed + one.gone for one in ended] == [900] * len(numbers)
    check_sum(ward, 900)


def test_a_replay_is_offered_when_nobody_is_at_it(ward: Any, redis: Redis) -> None:
    """Once a moment; not while it is held, paused, or when it has ended."""
    ward.bury(2)
    number, worker = ward.ask(), hold(ward)
    assert (worker.offered(), worker.offered()) == ([number], [])
    held = worker.take(number)
    assert held is not None
    redis.zadd(keys.replays, {str(number): 1})
    assert worker.offered() == [number]
    ward.replays.pause(number)
    assert worker.offered() == []
    ward.replays.resume(number)
    assert worker.offered() == [number]
    ward.turn(number)
    assert worker.offered() == []


def test_a_clock_that_jumped_back_holds_up_no_replay(ward: Any, redis: Redis) -> None:
    """Neither what was due on the old clock, nor a lease, nor a rate that seems paid ahead."""
    ward.bury(2)
    number, ahead_ms = ward.ask(), round(time.time() * 1000) + 86_400_000
    redis.zadd(keys.replays, {str(number): ahead_ms})
    ahead: Any = {"lease_until": ahead_ms, "paid_until": ahead_ms / 1000}
    redis.hset(keys.replay(number), mapping=ahead)
    assert hold(ward).offered() == [number]
    assert ward.turn(number).state is ReplayState.FINISHED
