"""Every Redis key of the outbox: the only place where one is spelled.

All keys of a shard carry the same hash tag, so that a script may touch them
together on Redis Cluster. There is one shard, `{tiktok_events:0}`, today.

    key                       type         members, lifetime, writer
    ready                     sorted set   destination → due, Unix ms; there while it has work
    sequence                  string       number of the newest block; for ever
    counters                  hash         name → count since the first start; for ever
    awake                     string       a deliver task is polling; a second or two
    parked                    hash         destination → digest of the token it was parked for,
                                           '' when by hand; while it is parked
    sweeping                  string       somebody looks for expired parked events; a minute
    outbox:<destination>      stream       blocks: n (events), b (JSON array); gone when empty
    state:<destination>       hash         waiting, failures, not_before, parked …; gone when idle
    attempts:<destination>    hash         block id → what its attempts met; gone with the block
    limit:<token digest>      hash         rate, next_at … of one access token; an hour
    sending:<file digest>     hash         how far a file was handed over; 30 days
    dead                      hash         dead letter id → JSON; until replayed or purged
    dead:deadlines            sorted set   dead letter id → deadline, Unix s; with `dead`
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "{tiktok_events:0}:"
GROUP: Final = "workers"
"""The consumer group of every outbox."""

READY: Final = PREFIX + "ready"
SEQUENCE: Final = PREFIX + "sequence"
COUNTERS: Final = PREFIX + "counters"
AWAKE: Final = PREFIX + "awake"
PARKED: Final = PREFIX + "parked"
SWEEPING: Final = PREFIX + "sweeping"
DEAD: Final = PREFIX + "dead"
DEADLINES: Final = PREFIX + "dead:deadlines"

BROKER_PREFIX: Final = "tiktok_events:celery:"
"""Before every key Celery makes, so that ours and its never meet."""

QUEUE: Final = "tiktok_events"
"""Where any Celery application sends `tiktok_events.track`."""

DOORBELL_QUEUE: Final = "tiktok_events.doorbell"
"""Apart from QUEUE: a doorbell must not wait behind a flood of `track` messages."""

DOORBELL: Final = BROKER_PREFIX + DOORBELL_QUEUE


def outbox(destination: str) -> str:
    """The stream that holds a destination's blocks."""
    return f"{PREFIX}outbox:{destination}"


def state(destination: str) -> str:
    """The hash of what is known about a destination."""
    return f"{PREFIX}state:{destination}"


def limit(token_digest: str) -> str:
    """The hash of how fast requests with one access token may follow each other."""
    return f"{PREFIX}limit:{token_digest}"


def sending(file_digest: str) -> str:
    """The hash of how far a file of events was handed over."""
    return f"{PREFIX}sending:{file_digest}"


def attempts(destination: str) -> str:
    """The hash of what a destination's blocks met so far."""
    return f"{PREFIX}attempts:{destination}"
