"""Take a data subject's events out of the blocks of outboxes, once no worker holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

import orjson

from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.attempts.history import History
from worker.operations.data_subject import DataSubject
from worker.operations.erasure_found import Found, Holder
from worker.operations.erasure_receipts import ErasedReceipts
from worker.operations.spooled_events import theirs_in
from worker.outbox.backlog import Backlog, StoredBlock

Seen = Callable[[], None]
"""A callback for each block and letter that was searched."""


class _End(StrEnum):
    """The result of erasing from one block."""

    ERASED = "erased"
    GONE = "gone"
    HELD = "held"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class _Shared:
    """A block with events of the data subject.

    Attributes:
        block: the block as stored.
        theirs: the data subject's events.
        others: the other events.
    """

    block: StoredBlock
    theirs: list[Any] = field(repr=False)
    others: list[Any] = field(repr=False)

    def attempts(self, claims: int, tried: bytes) -> str:
        """Return the history of the block, which stays with the other events."""
        history = History.read(tried, self.block.accepted_at)
        # A worker that died with the block may have sent it; the new block would not show that.
        return (history.doubted(self.block.accepted_at) if claims else history).write()


class BlocksOf:
    """The blocks that have events of a data subject.

    Args:
        store: the outbox.
        subject: whose events are meant.
        lease_s: how long a claim lives without being settled.
        step: step of the act that counts what is erased (`Act.step`).
        receipts: is told of each erased event.
    """

    def __init__(
        self,
        store: Store,
        subject: DataSubject,
        *,
        lease_s: float,
        step: str,
        receipts: ErasedReceipts,
    ) -> None:
        self._receipts = receipts
        self._store = store
        self._backlog = Backlog(store)
        self._script = LuaScript(
            store.redis, "worker", "lib/unblocked", "lib/claims", "lib/replayed", "audit", "erase"
        )
        self._subject = subject
        self._lease_s = lease_s
        self._step = step
        self._looked: dict[str, str] = {}
        self._held: dict[tuple[str, str], Holder] = {}

    def __len__(self) -> int:
        return self._backlog.length(self._backlog.destinations())

    def count(self, seen: Seen) -> int:
        """Count the events, without changing anything."""
        names = self._backlog.destinations()
        blocks = (block for name in names for block in self._backlog.blocks(name))
        return sum(len(shared.theirs) for shared in self._shared(_noting(blocks, seen)))

    def begin(self) -> None:
        """Search every block again."""
        self._looked = {}

    def erase(self, found: Found, seen: Seen) -> bool:
        """Erase from blocks that came since `begin`, and from those that workers held.

        Returns:
            True if no worker holds such a block; otherwise, call it again.
        """
        self._erase_held(found)
        self._erase_new(found, seen)
        return not self._held

    def holders(self) -> list[Holder]:
        """Return the living claims on such blocks."""
        return list(self._held.values())

    def _erase_new(self, found: Found, seen: Seen) -> None:
        """Erase from all blocks that were not searched before."""
        for name in self._backlog.destinations():
            blocks = self._backlog.blocks(name, after=self._looked.get(name))
            for shared in self._shared(self._looking(_noting(blocks, seen))):
                self._erase_from(shared, found)

    def _erase_held(self, found: Found) -> None:
        """Erase from the blocks that a worker held before."""
        blocks = (self._backlog.block(*where) for where in list(self._held))
        still_there = [block for block in blocks if block is not None]
        self._held = {}
        for shared in self._shared(iter(still_there)):
            self._erase_from(shared, found)

    def _looking(self, blocks: Iterator[StoredBlock]) -> Iterator[StoredBlock]:
        for block in blocks:
            self._looked[block.destination] = block.id
            yield block

    def _shared(self, blocks: Iterator[StoredBlock]) -> Iterator[_Shared]:
        """Yield blocks that have an event of the data subject, with their events split."""
        for block in blocks:
            theirs, others = theirs_in(block.payload, self._subject)
            if theirs:
                yield _Shared(block, theirs, others)

    def _erase_from(self, shared: _Shared, found: Found) -> None:
        end, claims, tried = _End.CHANGED, 0, b""
        while end is _End.CHANGED:
            word, *more = self._ask(shared, claims, tried)
            end = _End(word.decode())
            claims, tried = more if end is _End.CHANGED else (claims, tried)
        if end is _End.ERASED:
            found.waiting += len(shared.theirs)
            for event in shared.theirs:
                self._receipts.note(shared.block.destination, event)
        elif end is _End.HELD:
            self._held[shared.block.destination, shared.block.id] = self._holder(shared, *more)

    def _holder(self, shared: _Shared, worker: bytes, left_ms: int) -> Holder:
        until = round(self._store.redis.time()[0] + left_ms / 1000)
        return Holder(worker.decode(), shared.block.destination, len(shared.theirs), until)

    def _ask(self, shared: _Shared, claims: int, tried: bytes) -> list[Any]:
        name, left = shared.block.destination, len(shared.others)
        keys = self._store.shards.of(name)
        replayed = History.read(tried, shared.block.accepted_at).replayed
        its = keys.of_replays([replayed[0]]) if replayed else []
        reply = self._script(
            [*keys.of_blocks(name), keys.audit_acts, *its],
            [
                name,
                shared.block.id,
                round(self._lease_s * 1000),
                claims,
                tried,
                len(shared.theirs),
                left,
                orjson.dumps(shared.others) if left else b"",
                shared.attempts(claims, tried) if left else "",
                self._step,
                replayed[1] if replayed else "",
            ],
        )
        return cast("list[Any]", reply)


def _noting(blocks: Iterator[StoredBlock], seen: Seen) -> Iterator[StoredBlock]:
    for block in blocks:
        yield block
        seen()
