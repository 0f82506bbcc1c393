"""Who carries calls that come at once in one event loop; as `turns` does for threads."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.turns import EXCHANGE_SHARE, take_along

AsyncCarry = Callable[[Sequence[Commit]], Awaitable[None]]
"""Carries calls, and settles each of them."""


class AsyncTurns:
    """Lets one group of calls at a time be carried; for one event loop.

    A call that finds nobody at work goes at once, within its caller's task. Those that come
    meanwhile are carried by a task of their own: who cancels one of them cancels no other.

    Args:
        timeout_s: longest time of one call.
    """

    def __init__(self, timeout_s: float) -> None:
        self._reserve_s = timeout_s * EXCHANGE_SHARE
        self._line: deque[Commit] = deque()
        self._is_busy = False
        self._carrier: asyncio.Task[None] | None = None

    async def run(self, commit: Commit, carry: AsyncCarry) -> None:
        """Have a call carried; or it leaves the line as late."""
        if self._is_busy:
            await self._wait(commit)
            return
        self._is_busy = True
        try:
            await carry(commit.together)
        finally:
            self._is_busy = bool(self._line)
            if self._is_busy:
                self._carrier = asyncio.create_task(self._carry_all(carry))

    async def _wait(self, commit: Commit) -> None:
        """Return when the call is settled, or late."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        commit.wake = partial(_resolve, done)
        self._line.append(commit)
        wait_end = min(commit.wait_end, commit.end - self._reserve_s)
        timer = loop.call_at(wait_end, self._leave, commit)
        try:
            await done
        except asyncio.CancelledError:
            self._leave(commit)
            raise
        finally:
            timer.cancel()

    async def _carry_all(self, carry: AsyncCarry) -> None:
        """Carry group after group, until nobody waits; with a loop that ends it ends, too."""
        group: Sequence[Commit] = ()
        try:
            while self._line:
                group = take_along(self._line.popleft(), self._line)
                await carry(group)
                _wake(group)
        finally:
            self._is_busy = False
            _wake(group)
            for commit in tuple(self._line):
                self._leave(commit)

    def _leave(self, commit: Commit) -> None:
        """Leave the line as late, unless it is taken along already."""
        if commit in self._line:
            self._line.remove(commit)
            commit.is_late = True
            _wake([commit])


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _wake(commits: Sequence[Commit]) -> None:
    for commit in commits:
        if commit.wake is not None:
            commit.wake()
