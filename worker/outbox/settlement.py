"""What became of claimed blocks, as `settle.lua` gets it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

import orjson

from tiktok_events.outbox.keys import Keys
from worker.letters.kind import Kind
from worker.letters.record import Record
from worker.outbox.receipt import Ended
from worker.reporting.audit_entry import WORKER, Action, entry_parts
from worker.reporting.figures.cell import Cell, add, summed
from worker.reporting.figures.delivered import Part, delivered
from worker.reporting.figures.names import NO_NAME, REQUESTS
from worker.reporting.figures.unfolded import journal_part

DEAD_A_STEP: Final = 250
"""How many dead letters one script buries: about four milliseconds."""


@dataclass(frozen=True, slots=True)
class TokenLimit:
    """How often an access token may be used, by all workers together.

    Attributes:
        token_digest: names the token without telling it.
        per_second: requests, while the API has not asked for fewer.
    """

    token_digest: str
    per_second: float


NO_TOKEN: Final = TokenLimit("", 1.0)
"""The count of requests of a settlement after which none was sent."""


class Outcome(StrEnum):
    """What a settled batch says about its destination."""

    HEALTHY = "healthy"
    FAILING = "failing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class BuriedEvent:
    """A dead letter on its way into Redis.

    Attributes:
        suffix: its place in the block; it stands behind the number in the letter's id.
        record: the letter; its reason is counted as ``dead:<reason>``.
    """

    suffix: str
    record: Record


@dataclass(frozen=True, slots=True)
class LeftPart:
    """Events of a block that stay, as a block of their own."""

    events: int
    payload: bytes
    attempts: str


@dataclass(frozen=True, slots=True)
class MixedBlock:
    """A block whose events ended in several ways."""

    id: str
    claims: int
    delivered: int
    dead: list[BuriedEvent]
    left: list[LeftPart]


@dataclass(slots=True)
class Settlement:
    """What became of claimed blocks, and what it says about their destination.

    Attributes:
        destination: its key.
        failures: the failure count that the claim saw.
        token_limit: how often its access token may be used.
        extra_requests: those that no claim has taken a slot of the token for.
        throttled: whether the API asked for fewer requests.
        done: (id, claims, events) of blocks that were delivered whole.
        again: (id, claims, attempts JSON or ``None`` when not even tried, whether it is postponed
            by a lease).
        mixed: blocks with several ends.
        salvaged: block → place → how many of its events were delivered with it mended or left out.
        replayed: block → number of the replay that its event came from, and the id of its letter.
        ended: block → what the receipts of its events are made of.
        counters: what to add to the counters whatever happens.
        figures: block → what its events add to the figures of the hour, but for the accepted ones.
        accepted: block → those of its events that the API has accepted.
        noted: event name → remark → what to add to the counts of remarks, whatever happens: in all,
            of the destination, and of the hour.
        outcome: for the destination's back-off.
        delay_ms: the back-off, when failing.
        answered: when failing, whether the API judged events of the batch before it did.
        first_delay_ms: the back-off, when this failure is the first in a row after all.
        park: why the destination must wait for a person.
        notice: with `park`, the announcement to be made if this settlement parks it.
    """

    destination: str
    failures: int
    token_limit: TokenLimit
    extra_requests: int = 0
    throttled: bool = False
    done: list[tuple[str, int, int]] = field(default_factory=list)
    again: list[tuple[str, int, str | None, bool]] = field(default_factory=list)
    mixed: list[MixedBlock] = field(default_factory=list)
    salvaged: dict[str, dict[str, int]] = field(default_factory=dict)
    replayed: dict[str, tuple[int, str]] = field(default_factory=dict)
    ended: dict[str, list[Ended]] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Cell] = field(default_factory=dict)
    accepted: dict[str, list[Part]] = field(default_factory=dict)
    noted: Cell = field(default_factory=dict)
    outcome: Outcome = Outcome.NONE
    delay_ms: int = 0
    answered: bool = False
    first_delay_ms: int = 0
    park: str | None = None
    notice: Mapping[str, Any] = field(default_factory=dict)

    def steps(self) -> Iterator[Settlement]:
        """Yield the steps: some that only bury, then the one that judges the destination."""
        part: list[MixedBlock] = []
        dead = 0
        for block in self.mixed:
            dead += len(block.dead)
            if part and dead > DEAD_A_STEP:
                yield Settlement(
                    self.destination,
                    self.failures,
                    self.token_limit,
                    mixed=part,
                    salvaged=self.salvaged,
                    replayed=self.replayed,
                    ended=self.ended,
                    figures=self.figures,
                    accepted=self.accepted,
                )
                part, dead = [], len(block.dead)
            part.append(block)
        yield replace(self, mixed=part)

    def without(self, lost: Collection[str]) -> Settlement:
        """Return what is left to settle if the claims of some blocks were lost."""
        claims_lost = self.counters.get("claims_lost", 0) + len(lost)
        return replace(
            self,
            done=[block for block in self.done if block[0] not in lost],
            again=[block for block in self.again if block[0] not in lost],
            mixed=[block for block in self.mixed if block.id not in lost],
            counters=self.counters | {"claims_lost": claims_lost},
        )

    def endings(self) -> Iterator[Ended]:
        """What the receipts of the events that end by it are made of."""
        for block_id in self._gone():
            yield from self.ended.get(block_id, ())

    def counted(self) -> Cell:
        """Return what it adds to the figures of the hour."""
        gone = list(self._gone())
        cell = delivered(part for block_id in gone for part in self.accepted.get(block_id, ()))
        for block_id in gone:
            if block_id in self.figures:
                add(cell, self.figures[block_id])
        add(cell, self.noted)
        if requests := self.counters.get(REQUESTS):
            add(cell, {NO_NAME: {REQUESTS: requests}})
        return cell

    @property
    def remarked(self) -> dict[str, int]:
        """What to add to the counts of remarks, in all and of the destination."""
        return summed(self.noted)

    def _gone(self) -> Iterator[str]:
        """Return the blocks that it ends."""
        yield from (block[0] for block in self.done)
        yield from (block.id for block in self.mixed)

    def kinds(self) -> list[Kind]:
        """Return the kinds of the dead letters, each once."""
        return list(dict.fromkeys(one.record.kind for block in self.mixed for one in block.dead))

    def replays(self) -> list[int]:
        """Return numbers of the replays that events came from, each once."""
        return list(dict.fromkeys(number for number, _ in self.replayed.values()))

    def keys(self, keys: Keys) -> list[str]:
        """Return the keys of a shard that `settle.lua` needs, in its order."""
        return [
            *keys.of_blocks(self.destination),
            keys.dead,
            keys.dead_kinds,
            keys.limit(self.token_limit.token_digest),
            keys.parked,
            keys.audit,
            keys.audit_acts,
            keys.announcements,
            keys.salvaged,
            keys.journal,
            *keys.of_replays(self.replays()),
            keys.dead_ledger,
            keys.dead_event_ids,
            *(keys.dead_of(kind.digest) for kind in self.kinds()),
        ]

    def payloads(self) -> list[bytes]:
        """Return the JSON of what is left, in the plan's order: the server need not decode it."""
        return [part.payload for block in self.mixed for part in block.left]

    def plan(self) -> bytes:
        """Return the plan as `settle.lua` reads it."""
        kinds, numbers = self.kinds(), itertools.count(1)
        places = {kind: place for place, kind in enumerate(kinds, 1)}
        return orjson.dumps(
            {
                "done": self.done,
                "again": self.again,
                "mixed": [_mixed_plan(block, places, numbers) for block in self.mixed],
                "kinds": [(kind.write(), kind.reason) for kind in kinds],
                "salvaged": self.salvaged,
                "replayed": self._places_of_replayed(),
                "counters": self.counters,
                "remarked": self.remarked,
                "journal": journal_part(self.destination, cell) if (cell := self.counted()) else "",
                "outcome": self.outcome,
                "failures": self.failures,
                "delay_ms": self.delay_ms,
                "answered": self.answered,
                "first_delay_ms": self.first_delay_ms,
                **self._parking(),
                "token": self.token_limit.token_digest,
                "extra": self.extra_requests,
                "slow_down": self.throttled,
                "rate": self.token_limit.per_second,
            }
        )

    def _places_of_replayed(self) -> dict[str, tuple[int, str]]:
        places = {number: place for place, number in enumerate(self.replays(), 1)}
        known = self.replayed.items()
        return {block: (places[number], letter) for block, (number, letter) in known}

    def _parking(self) -> dict[str, Any]:
        if not self.park:
            return {"park": None, "entry": None, "notice": None}
        entry = entry_parts(Action.PARK, who=WORKER, what=self.destination, reason=self.park)
        notice = orjson.dumps(self.notice).decode()
        return {"park": self.park, "entry": entry, "notice": notice}


@dataclass(frozen=True, slots=True)
class Settled:
    """What a settlement did.

    Attributes:
        lost: blocks that this process no longer held.
        announcement: that the destination was parked, by this settlement and no other; the
            caller is to make it.
    """

    lost: int
    announcement: bytes = b""

    @property
    def parked(self) -> bool:
        """Whether the settlement parked the destination."""
        return bool(self.announcement)


def _mixed_plan(
    block: MixedBlock, places: Mapping[Kind, int], numbers: Iterator[int]
) -> dict[str, Any]:
    return {
        "id": block.id,
        "claims": block.claims,
        "delivered": block.delivered,
        "dead": [(b.suffix, b.record.stored, places[b.record.kind]) for b in block.dead],
        "left": [[part.events, next(numbers), part.attempts] for part in block.left],
    }
