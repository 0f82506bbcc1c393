"""Random histories of replays: every letter is sent once, and every sum agrees.

Letters die, are repaired and purged; replays of all kinds overlap; workers take turns, make
single steps, die in between and wake up again; destinations are parked and resumed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)
from structlog.testing import capture_logs

from tests.builders.machine import RedisMachine, run_histories
from tests.builders.stores import keys, store_of
from tests.builders.waiting import ids_waiting
from worker.attempts.history import History
from worker.delivery.destinations import Destinations
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.letters.filter import LetterFilter
from worker.letters.search import LetterSearch
from worker.local.embedded import EmbeddedServer
from worker.operations.status import read_figures
from worker.outbox.parking import Parking
from worker.replays.lease import LeasedReplay, Page, ReplayLease
from worker.replays.orders import Replays
from worker.replays.runner import ReplayRun, Turn
from worker.replays.state import Replay, ReplayRequest, ReplayState
from worker.settings import Settings

DESTINATIONS = ["web:C0ONE", "app:2", ""]
FILTERS = [
    LetterFilter(),
    LetterFilter(reason="rejected"),
    LetterFilter(destination="web:C0ONE"),
    LetterFilter(text="currency"),
    LetterFilter(recoverable=True),
]
ROOM = 25
LEASE_MS = 60_000
HOUR_S = 3_600


def has_time_for(steps: int) -> Callable[[], bool]:
    """A worker that has time for so many steps, and then none."""
    left = iter(range(steps))
    return lambda: next(left, None) is not None


class ReplayMachine(RedisMachine):
    """The model: which events are dead, which wait, which were purged."""

    @initialize()
    def begin(self) -> None:
        """Letters of two destinations, and a replay of all."""
        self.connect()
        self.letters = DeadLetters(store_of(self.redis))
        self.replays = Replays(store_of(self.redis))
        self.hold = ReplayLease(store_of(self.redis), holder="one", lease_ms=LEASE_MS)
        self.ever: set[str] = set()
        self.purged: set[str] = set()
        self.delivered: Counter[str] = Counter()
        self.sleepers: list[tuple[Turn, Page | None]] = []
        self.ended: dict[int, Replay] = {}
        self._bury(40, DESTINATIONS[0])
        self._bury(20, DESTINATIONS[1])
        self._ask(LetterFilter(), 10_000.0)

    @rule(
        count=st.integers(1, 30),
        destination=st.sampled_from(DESTINATIONS),
        reason=st.sampled_from([Reason.REJECTED, Reason.INVALID]),
        ahead_s=st.sampled_from([-1, HOUR_S, HOUR_S, 2 * HOUR_S]),
    )
    def die(self, count: int, destination: str, reason: Reason, ahead_s: int) -> None:
        """Some events die, a moment ago."""
        self._bury(count, destination, reason, ahead_s)

    @rule(data=st.data(), rate=st.sampled_from([10.0, 10_000.0]))
    def ask(self, data: st.DataObject, rate: float) -> None:
        """Somebody asks for a replay, by a filter or by ids."""
        ids = [letter.id for letter in self.letters] + ["99999-0"]
        named = st.lists(st.sampled_from(ids), min_size=1, max_size=9)
        by_ids = named.map(lambda chosen: LetterFilter(ids=tuple(chosen)))
        self._ask(data.draw(st.sampled_from(FILTERS) | by_ids), rate)

    @rule(steps=st.integers(0, 3))
    def work(self, steps: int) -> None:
        """Whatever is due gets a turn of some steps; none is a worker with no time left."""
        destinations = Destinations(Settings(batch_events=ROOM))
        run = ReplayRun(store_of(self.redis), destinations, holder="two", lease_s=LEASE_MS / 1000)
        for number in self._due():
            run.run(number, has_time_for(steps))

    @rule(steps=st.integers(0, 2))
    def die_at_work(self, steps: int) -> None:
        """A worker makes some steps, reads for the next, and is gone, or asleep."""
        for number in self._due():
            held = self.hold.take(number)
            if held is not None:
                turn = self._turn(held)
                turn.work(has_time_for(steps))
                page = turn._next_page(turn._heads[0][1]) if turn._heads else None
                self.sleepers.append((turn, page))

    @precondition(lambda self: self.sleepers)
    @rule(followed=st.booleans(), ends=st.booleans())
    def wake_up(self, followed: bool, ends: bool) -> None:  # noqa: FBT001 — because Hypothesis passes it by name
        """Who slept makes the step he had in mind, of what he believes he holds."""
        if followed:
            self.leases_end()
            self.work(steps=9)
        turn, page = self.sleepers.pop()
        if page is not None:
            turn._move(page)
        if ends:
            turn.end()

    @rule()
    def leases_end(self) -> None:
        """Every lease has ended, and time has passed for every rate."""
        for replay in self.replays:
            key = keys.replay(replay.number)
            if replay.state is ReplayState.RUNNING:
                self.redis.hset(key, "lease_until", 1)
                if replay.paid_until is not None:
                    self.redis.hset(key, "paid_until", repr(replay.paid_until - 10))

    @precondition(lambda self: any(True for _ in self.replays))
    @rule(data=st.data(), order=st.sampled_from(["pause", "resume", "resume", "cancel"]))
    def order(self, data: st.DataObject, order: str) -> None:
        """Somebody pauses, resumes or cancels one."""
        numbers = [replay.number for replay in self.replays]
        getattr(self.replays, order)(data.draw(st.sampled_from(numbers)))

    @rule(destination=st.sampled_from(DESTINATIONS[:2]))
    def park_or_resume(self, destination: str) -> None:
        """A destination is parked, or goes on."""
        parking = Parking(store_of(self.redis))
        assert parking.resume(destination) or parking.park(destination)

    @rule()
    def deliver(self) -> None:
        """What waits is counted as delivered: there is room again."""
        for destination in DESTINATIONS[:2]:
            waiting = self._waiting(destination)
            self.delivered += waiting
            self.redis.delete(keys.outbox(destination), keys.attempts(destination))
            self.redis.hdel(keys.state(destination), "waiting")
            self.redis.hincrby(keys.counters, "delivered", waiting.total())

    @rule(data=st.data(), purges=st.booleans())
    def change(self, data: st.DataObject, purges: bool) -> None:  # noqa: FBT001 — because Hypothesis passes it by name
        """A letter is repaired into another kind, or purged."""
        there = list(self.letters)
        if not there:
            return
        letter = data.draw(st.sampled_from(there))
        if purges:
            assert self.letters.purge([letter]) == 1
            self.purged.add(str(letter.event_id))
        else:
            self.letters.change(letter, replace(letter, reason="invalid", code=7))

    @invariant()
    def every_event_is_in_one_place(self) -> None:
        """Dead, waiting, delivered or purged: once, whatever went on."""
        places = Counter(str(letter.event_id) for letter in self.letters)
        places += self.delivered
        for destination in DESTINATIONS[:2]:
            places += self._waiting(destination)
        assert places + Counter(self.purged) == Counter(self.ever)
        figures = read_figures(store_of(self.redis))
        assert (figures.unaccounted, figures.dead_unaccounted) == (0, 0)

    @invariant()
    def the_sums_agree(self) -> None:
        """What all replays say they have replayed is what went; an ended one says no other."""
        replays = list(self.replays)
        replayed = int(self.redis.hget(keys.counters, "replayed") or 0)
        assert sum(replay.replayed for replay in replays) == replayed
        for replay in replays:
            assert self.ended.get(replay.number, replay) == replay
            if replay.ended:
                self.ended[replay.number] = replay
            if replay.state is ReplayState.FINISHED:
                assert replay.seen + replay.gone >= replay.request.selected
                assert replay.left == 0

    def _bury(
        self, count: int, destination: str, reason: Reason = Reason.REJECTED, ahead_s: int = HOUR_S
    ) -> None:
        now = time.time()
        for _ in range(count):
            event_id = f"e{len(self.ever)}"
            letter = DeadLetter.of(
                {"event": "Purchase", "event_id": event_id},
                destination=destination,
                reason=reason,
                message=f"currency of {event_id}" if len(self.ever) % 2 else "refused",
                history=History(now),
                died_at=now - 1,
                expires_at=now + ahead_s,
            )
            self.letters.bury(letter)
            self.ever.add(event_id)

    def _ask(self, wanted: LetterFilter, rate: float) -> None:
        now = time.time()
        selected = sum(1 for _ in self.letters.find(wanted, now=now))
        self.replays.ask(
            ReplayRequest(wanted=wanted, asked_at=now, asked_by="ops", rate=rate, selected=selected)
        )

    def _due(self) -> list[int]:
        found: Any = self.redis.zrange(keys.replays, 0, -1)
        return [int(number) for number in found]

    def _turn(self, held: LeasedReplay) -> Turn:
        return Turn(held, self.hold, LetterSearch(store_of(self.redis)), lambda _: ROOM)

    def _waiting(self, destination: str) -> Counter[str]:
        return Counter(ids_waiting(self.redis, destination))


def test_every_history_sends_each_letter_once(server: EmbeddedServer) -> None:
    """No order of deaths, turns, kills, orders and repairs loses a letter or sends one twice."""
    with capture_logs():
        run_histories(ReplayMachine, server, histories=100, steps=30)
