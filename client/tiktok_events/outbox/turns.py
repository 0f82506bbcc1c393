"""Who carries calls that come at once: leader and followers, without a thread of its own."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Final
from weakref import WeakSet

from tiktok_events.outbox.commit import Commit

EXCHANGE_SHARE: Final = 0.3
"""The share of a call's time that is kept back from the wait for its turn. What times out in
less than that would look like a Redis that is away."""

GROUP_EVENTS: Final = 1_000
GROUP_BYTES: Final = 1024 * 1024
"""The most that is carried at a time: a script of this size holds the server some milliseconds."""

Carry = Callable[[Sequence[Commit]], None]
"""Carries calls, and settles each of them."""


class Turns:
    """Lets one caller at a time carry calls: its own, and those that came while it waited.

    A call that finds nobody at work goes at once. Those that come meanwhile wait in line; whoever
    is done hands on to the first of them, which takes along all that wait behind it. Safe to
    share between threads, and across a fork: in a child nobody is at work.

    Args:
        timeout_s: longest time of one call.
        forget: called in a forked child.
    """

    def __init__(self, timeout_s: float, forget: Callable[[], None]) -> None:
        self._reserve_s = timeout_s * EXCHANGE_SHARE
        self._forget = forget
        self._begin()
        _ALL.add(self)

    def run(self, commit: Commit, carry: Carry) -> None:
        """Have a call carried, by this thread or another; or it leaves the line as late."""
        group: Sequence[Commit] = ()
        try:
            if self._is_my_turn(commit):
                group = self._taken_along(commit) if self._line else commit.together
                carry(group)
        except BaseException:
            self._leave(commit)
            raise
        finally:
            if self._leader is commit:
                self._hand_on()
            for other in group[1:]:
                _wake(other)

    def _begin(self) -> None:
        self._mutex = threading.RLock()  # a signal's handler may track an event, too
        self._leader: Commit | None = None
        self._line: deque[Commit] = deque()

    def in_child(self) -> None:
        """Begin anew, in a forked process: the others of the parent's threads are not in it."""
        self._begin()
        self._forget()

    def _is_my_turn(self, commit: Commit) -> bool:
        """Wait until it leads, or another has carried it, or its time is up."""
        with self._mutex:
            if self._leader is None:
                self._leader = commit
                return True
            asleep = threading.Lock()
            asleep.acquire()
            commit.wake = asleep.release
            self._line.append(commit)
        wait_end = min(commit.wait_end, commit.end - self._reserve_s)
        if not _woken(asleep, wait_end) and not self._leave(commit):
            _woken(asleep, commit.end)
        return self._leader is commit

    def _leave(self, commit: Commit) -> bool:
        """Leave the line as late, unless somebody has taken it along, or made it lead."""
        with self._mutex:
            if commit not in self._line:
                return False
            self._line.remove(commit)
            commit.is_late = True
            return True

    def _taken_along(self, first: Commit) -> list[Commit]:
        with self._mutex:
            return take_along(first, self._line)

    def _hand_on(self) -> None:
        with self._mutex:
            self._leader = self._line.popleft() if self._line else None
            if self._leader is not None:
                _wake(self._leader)


def take_along(first: Commit, line: deque[Commit]) -> list[Commit]:
    """Take out of the line what fits into one group with its first call."""
    group = list(first.together)
    count, size = load_of(group)
    while line and first.command is line[0].command is None:
        next_ = line[0].together
        more, larger = load_of(next_)
        count, size = count + more, size + larger
        if count > GROUP_EVENTS or size > GROUP_BYTES:
            break
        line.popleft()
        group += next_
    return group


def load_of(commits: Sequence[Commit]) -> tuple[int, int]:
    """How many events they have, and the bytes of their JSON."""
    return sum(one.count for one in commits), sum(one.size_bytes for one in commits)


def batches(commits: Sequence[Commit], place_of: Callable[[Commit], Hashable]) -> list[Commit]:
    """The scripts of one call, those for one server together as far as they fit into one group.

    Returns:
        The first of each batch, which has the others as its company.
    """
    by_place: dict[Hashable, deque[Commit]] = {}
    for commit in commits:
        by_place.setdefault(place_of(commit), deque()).append(commit)
    firsts = []
    for line in by_place.values():
        while line:
            first, *company = take_along(line.popleft(), line)
            first.company = company
            firsts.append(first)
    return firsts


_ALL: Final[WeakSet[Turns]] = WeakSet()
"""What begins anew in a forked child; the hook of a fork takes no arguments."""


def _begin_anew() -> None:
    for turns in list(_ALL):
        turns.in_child()


os.register_at_fork(after_in_child=_begin_anew)


def _wake(commit: Commit) -> None:
    if commit.wake is not None:
        commit.wake()


def _woken(asleep: threading.Lock, end: float) -> bool:
    return asleep.acquire(timeout=max(end - time.monotonic(), 0.0))
