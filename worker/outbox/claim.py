"""What a worker takes and claims from the outbox."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Self

from tiktok_events.outbox.blocks import CLOSED
from worker.outbox.settlement import TokenLimit
from worker.reporting.stored import text_of

_CLOSED: Final = CLOSED.encode()
_CONTEXT: Final = rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01"
_TRACED: Final = re.compile(rb"[^;]*;(%b)?(?:;(%b))?" % (_CONTEXT, _CONTEXT)).fullmatch

OTHERS_EVERY: Final = 3
"""Every third probe of a destination that fails passes over its oldest blocks."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Destinations this worker may serve now.

    Attributes:
        destinations: their keys.
        a_line: whether others may be due that were not taken, because these were all it could take.
        wait_ms: until the next one is due; ``None`` when none is within the patience.
        awake: whether producers were told that somebody looks, so no bell is rung.
    """

    destinations: list[str]
    a_line: bool
    wait_ms: int | None
    awake: bool

    @classmethod
    def of(cls, looks: Sequence[Taken]) -> Self:
        """Return what was taken from some shards."""
        waits = [one.wait_ms for one in looks if one.wait_ms is not None]
        return cls(
            [name for one in looks for name in one.destinations],
            any(one.a_line for one in looks),
            min(waits, default=None),
            any(one.awake for one in looks),
        )


@dataclass(frozen=True, slots=True)
class Want:
    """What to claim of one destination.

    Attributes:
        destination: its key.
        events: how many are wanted.
        size_bytes: how many bytes of their JSON, exceeded by a block at most.
        token_limit: how often its access token may be used.
    """

    destination: str
    events: int
    size_bytes: int
    token_limit: TokenLimit


@dataclass(slots=True)
class ClaimedBlock:
    """A block held by this process; not frozen, for the same reason as a `History`.

    Attributes:
        id: its stream id, ``<Unix ms of acceptance>-<block number>``.
        claims: how often it was claimed since it was last settled; more than one
            means that earlier claims died. Together with the consumer it is the fence.
        events: how many events it holds.
        payload: JSON array of them.
        attempts: JSON of what earlier attempts met, or empty.
        mark: that of the client which closed its events, or empty; behind a semicolon the context
            of the call that handed them over, and behind another one that of Sentry.
    """

    id: str
    claims: int
    events: int
    payload: bytes
    attempts: bytes
    mark: bytes = b""

    @property
    def is_closed(self) -> bool:
        """Whether a client has closed its events by the rules of today."""
        return self.mark == _CLOSED or self.mark.startswith(_CLOSED + b";")

    @property
    def context(self) -> str | None:
        """The span that handed its events over, as W3C's `traceparent`; `None` without one."""
        return self._context(1)

    @property
    def sentry_context(self) -> str | None:
        """Sentry's span in the same form."""
        return self._context(2)

    def _context(self, group: int) -> str | None:
        found = _TRACED(self.mark)
        return found[group].decode() if found and found[group] else None

    @property
    def accepted_at(self) -> float:
        """When it was appended, Unix seconds."""
        return int(self.id.partition("-")[0]) / 1000


class Rest(IntEnum):
    """What a claim leaves in the outbox, as far as this worker is concerned.

    Attributes:
        NOTHING: it took everything.
        MORE: there is more to be claimed now.
        LATER: the token's next slot, or the ramp's next step, has not come; offered again then.
        STOPPED: the destination is parked, backing off or being probed; nothing may be sent.
    """

    NOTHING = 0
    MORE = 1
    LATER = 2
    STOPPED = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """Blocks of one destination.

    Attributes:
        destination: its key.
        blocks: possibly none.
        rest: what else the outbox has.
        failures: how often in a row the destination has failed; above 0 this is a probe.
        taken_at: when the API last accepted events of the destination, Unix seconds; 0 when
            that is not known.
    """

    destination: str
    blocks: list[ClaimedBlock]
    rest: Rest
    failures: int
    taken_at: float

    @property
    def leaves_oldest(self) -> bool:
        """Whether it is a probe of other events than the oldest, which may be to blame."""
        return self.failures > 0 and self.failures % OTHERS_EVERY == 0


def claim_of(destination: str, reply: list[Any] | None) -> Claim:
    """Return what `claim.lua` replied; nothing for now, if its server was away."""
    if reply is None:
        return Claim(destination, [], Rest.NOTHING, 0, 0.0)
    rest, failures, taken_at, *blocks = reply
    return Claim(
        destination,
        blocks_of(blocks),
        Rest(rest),
        failures,
        int(taken_at) / 1000,
    )


def taken_of(reply: Sequence[Any], share: int) -> Taken:
    """Return what `take.lua` replied when so many were asked for."""
    _, wait_ms, awake, *names = reply
    found = [text_of(name) for name in names]
    return Taken(found, 0 < share == len(found), None if wait_ms < 0 else wait_ms, bool(awake))


def blocks_of(reply: list[Any]) -> list[ClaimedBlock]:
    """Return the blocks that a script replied."""
    return [ClaimedBlock(id_.decode(), *fields) for id_, *fields in reply]
