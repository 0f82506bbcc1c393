"""One turn of a worker at a replay: as much as rate, room and time allow; then it is due again.

take     the replay, for a lease
heads    its lanes, the nearest deadline first
page     the next letters of a lane: which may go, which are skipped
move     they go back into their outbox, are counted, and the place behind them is kept
leave    it is due again in a moment, or finished

A turn never waits: live traffic may need this process. If it is killed, the lease ends, and the
replay goes on after the last step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import Final

from tiktok_events.event.destination import Destination
from tiktok_events.outbox.store import Store
from worker.delivery.destinations import Destinations
from worker.letters.letter import DeadLetter
from worker.letters.record import read_letter
from worker.letters.search import BEGINNING, Cursor, LetterSearch
from worker.replays.eligibility import Eligibility
from worker.replays.lanes import END, Lanes
from worker.replays.lease import LeasedReplay, Page, ReplayLease, Step
from worker.replays.orders import Replays
from worker.replays.rate import Pace
from worker.reporting.log import Log

log = Log("tiktok_events.replay")

STEP: Final = 100
"""How many letters one step moves: the server must not be held up."""

PAUSE_S: Final = 0.5
"""Seconds for which other replays come first, after a turn that sent something."""

PATIENCE_S: Final = 5.0
"""Seconds until the next turn if all that is left waits for parked or failing destinations."""


class ReplayRun:
    """Works at replays for one worker process.

    Args:
        store: the outbox, by a connection of this process.
        destinations: for what one request to a destination holds.
        holder: the name of this process.
        lease_s: how long a replay is held without a step.
    """

    def __init__(
        self, store: Store, destinations: Destinations, *, holder: str, lease_s: float
    ) -> None:
        self._lease = ReplayLease(store, holder=holder, lease_ms=round(lease_s * 1000))
        self._replays = Replays(store)
        self._search = LetterSearch(store)
        self._destinations = destinations

    def run(self, number: int, go_on: Callable[[], bool]) -> None:
        """Take a turn at a replay, unless somebody else has it, while `go_on` returns True.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        held = self._lease.take(number)
        if held is None:
            return
        if held.first:
            log.info("replay_started", replay=number, selected=held.replay.request.selected)
        turn = Turn(held, self._lease, self._search, self._room)
        turn.work(go_on)
        if turn.end():
            self._tell_end(number)

    def _room(self, destination: str) -> int:
        """Return one request's worth of events: live events wait no longer than that."""
        return self._destinations.account(Destination.from_key(destination)).limits.batch_events

    def _tell_end(self, number: int) -> None:
        replay = self._replays.get(number)
        if replay is not None:
            log.info(
                "replay_finished",
                replay=number,
                selected=replay.request.selected,
                replayed=replay.replayed,
                skipped=sum(replay.skipped.values()),
                gone=replay.gone,
            )


class Turn:
    """A worker's work at a replay while it has the lease; the clock is read once.

    Args:
        held: the leased replay.
        lease: makes the steps.
        search: finds the letters of the replay.
        room: returns for a destination how many events may wait there before nothing goes.
    """

    def __init__(
        self,
        held: LeasedReplay,
        lease: ReplayLease,
        search: LetterSearch,
        room: Callable[[str], int],
    ) -> None:
        self._held = held
        self._lease = lease
        self._request = held.replay.request
        self._room = room
        self._now = held.taken_at
        self._pace = Pace.of(self._request.rate, held.replay.paid_until, self._now)
        self._lanes = Lanes(search, self._request.wanted, self._request.asked_at, held.places)
        self._heads: list[tuple[float, str]] = []
        self._records: dict[str, Iterator[tuple[str, bytes]]] = {}
        self._closed: dict[str, Step] = {}
        self._is_held = True
        self._replayed = 0

    @property
    def _allowed(self) -> int:
        """Return how many events may still go in this turn, by the rate when it began."""
        return self._pace.allowed(self._now)

    def work(self, go_on: Callable[[], bool]) -> None:
        """Make steps, always in the lane with the nearest deadline."""
        self._heads = self._lanes.heads()
        heapify(self._heads)
        while self._heads and self._allowed and go_on():
            _, destination = heappop(self._heads)
            page = self._next_page(destination)
            what, moved = self._move(page)
            if what is Step.NOT_HELD:
                self._is_held = False
                return
            if what is Step.MOVED:
                self._note(page, moved)
            else:
                self._closed[destination] = what

    def end(self) -> bool:
        """Leave the replay; return whether this finished it."""
        if self._is_held and not self._heads and not self._closed:
            return self._lease.finish(self._held)
        waits = {name: why.words for name, why in self._closed.items()}
        self._lease.leave(
            self._held, due_in_s=self._due_in_s(), waits_for=waits, all_waits=not self._heads
        )
        return False

    def _next_page(self, destination: str) -> Page:
        """Return the next letters of a lane, at most as many as the rate allows."""
        limit = min(self._allowed, STEP)
        before = behind = self._held.places.get(destination, BEGINNING)
        going: list[tuple[bytes, DeadLetter]] = []
        skipped: Counter[Eligibility] = Counter()
        read = 0
        for letter, stored in self._letters(destination, STEP):
            read, behind = read + 1, Cursor.of(letter)
            eligibility = self._eligibility(letter)
            if eligibility is Eligibility.REPLAYABLE:
                going.append((stored, letter))
            elif eligibility is not None:
                skipped[eligibility] += 1
            if len(going) == limit:
                break
        else:
            behind = behind if read == STEP else END
        return Page(destination, before, behind, going, skipped)

    def _letters(self, destination: str, most: int) -> Iterator[tuple[DeadLetter, bytes]]:
        if destination not in self._records:
            self._records[destination] = self._lanes.records(destination)
        for letter_id, stored in islice(self._records[destination], most):
            yield read_letter(letter_id, stored), stored

    def _eligibility(self, letter: DeadLetter) -> Eligibility | None:
        """Return whether a letter may be sent; `None` if it is not part of this replay."""
        request = self._request
        asked_for = request.wanted.matches(letter, request.asked_at)
        if not asked_for or letter.died_at >= request.asked_at:
            return None
        return request.eligibility_of(letter, self._now)

    def _move(self, page: Page) -> tuple[Step, int]:
        room = self._room(page.destination) if page.going else 0
        pace = self._pace.after(len(page.going), self._now)
        what, moved = self._lease.move(
            self._held, page, room=room, now=self._now, paid_until=pace.paid_until
        )
        if what is Step.MOVED:
            self._pace = pace
        return what, moved

    def _note(self, page: Page, moved: int) -> None:
        """Note that a page is done: its lane goes on after it."""
        self._replayed += moved
        self._held.places[page.destination] = page.behind
        if page.behind != END:
            heappush(self._heads, (page.behind.deadline, page.destination))

    def _due_in_s(self) -> float:
        """Return the seconds until the next turn, fewer if there was no room in this one."""
        if not self._is_held:
            return 0.0  # matters only if a step was made twice, because its answer was lost
        if self._heads:
            paced_s = self._pace.wait_s(self._now)
            return max(paced_s, PAUSE_S) if paced_s else 0.0
        if set(self._closed.values()) <= {Step.PARKED, Step.BACKING_OFF, Step.ERASING}:
            return PATIENCE_S
        return PAUSE_S if self._replayed else 0.0
