"""Every Redis key of the outbox: the only place where one is spelled.

All keys of a shard carry the same hash tag, so that a script may touch them
together on Redis Cluster. There is one shard, `{tiktok_events:0}`, today.

    key                       type         members, lifetime, writer
    ready                     sorted set   destination → due, Unix ms; there while it has work
    sequence                  string       number of the newest block; for ever
    counters                  hash         name → count since the first start; for ever
    awake                     string       a deliver task is polling; a second or two
    workers                   sorted set   worker → when it last looked, Unix ms; some seconds
    parked                    hash         destination → digest of the token it was parked for,
                                           '' when by hand; while it is parked
    salvaged                  hash         <destination> <place> → events delivered with it mended
                                           or left out; for ever, 5,000 at most
    sweeping                  string       somebody looks for expired parked events; a minute
    clock                     string       the server's time when last looked at, Unix ms; for ever
    clocks                    hash         worker whose clock differs → by how many ms, and when
                                           it last looked, Unix ms; a minute
    delayed                   sorted set   event key → when it is released, Unix ms; until then
    delayed:events            hash         event key → JSON; with `delayed`
    delayed:ids               sorted set   <destination> NUL <event_id> NUL <event>; with `delayed`
    cancelled:<call>          string       how many a call of `cancel` took out; a minute
    outbox:<destination>      stream       blocks: n (events), b (JSON array); until it is empty
    state:<destination>       hash         waiting, failures, not_before, parked …; gone when idle
    attempts:<destination>    hash         block id → what its attempts met; gone with the block
    limit:<token digest>      hash         rate, next_at … of one access token; an hour
    sending:<file digest>     hash         how far a file was handed over; 30 days
    dead                      hash         dead letter id → line, JSON; until replayed or purged
    dead:of:<kind digest>     sorted set   dead letter id → deadline, Unix s; with `dead`
    dead:kinds                hash         kind digest → JSON; while there are letters of it
    dead:ledger               hash         <kind digest>|<deadline hour>|<hour of death> → letters,
                                           and their values in thousandths of the currency
    dead:event_ids            sorted set   <event_id> NUL <dead letter id>; with `dead`
    dead:warned               string       it was said that letters will be purged; a day
    alerts                    hash         open incident → since, calm since, peak; until it is over
    alerts:deaths             sorted set   how many had died, by Unix ms; the last minute
    alerting                  string       somebody has just looked at the figures; some seconds
    audit                     stream       who did what to which events; the newest 50,000
    audit:acts                hash         entry of many steps → count, facts, at, result; with it
    announcements             sorted set   what is not known to be told yet → when its lease
                                           ends, Unix ms; until it is told
    withdrawals               hash         digest → match keys of who has withdrawn consent, JSON;
                                           until their events are taken back
    withdrawing               string       a worker has just begun to; some seconds
    erasing                   sorted set   erasure under way → when its lease ends, Unix ms
    replays                   sorted set   replay → when to ask a worker for it, Unix ms, inf
                                           while it is paused; until it ends
    replays:ended             sorted set   replay → when it ended, Unix ms; the newest 100
    replay:<number>           hash         filter, rate, counts, state, lease …; with one of the two
    replay:places:<number>    hash         destination → place behind the last letter; until it ends
    replay:letters:<number>   hash         dead letter id → what became of it, and what it was,
                                           JSON; 1,000 of each replay, as long as the replay
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

PREFIX: Final = "{tiktok_events:0}:"
GROUP: Final = "workers"
"""The consumer group of every outbox."""

READY: Final = PREFIX + "ready"
SEQUENCE: Final = PREFIX + "sequence"
COUNTERS: Final = PREFIX + "counters"
AWAKE: Final = PREFIX + "awake"
WORKERS: Final = PREFIX + "workers"
PARKED: Final = PREFIX + "parked"
SALVAGED: Final = PREFIX + "salvaged"
SWEEPING: Final = PREFIX + "sweeping"
CLOCK: Final = PREFIX + "clock"
CLOCKS: Final = PREFIX + "clocks"
DELAYED: Final = PREFIX + "delayed"
DELAYED_EVENTS: Final = PREFIX + "delayed:events"
DELAYED_IDS: Final = PREFIX + "delayed:ids"
DEAD: Final = PREFIX + "dead"
DEAD_KINDS: Final = PREFIX + "dead:kinds"
DEAD_LEDGER: Final = PREFIX + "dead:ledger"
DEAD_EVENT_IDS: Final = PREFIX + "dead:event_ids"
DEAD_WARNED: Final = PREFIX + "dead:warned"
ALERTS: Final = PREFIX + "alerts"
DEATHS: Final = PREFIX + "alerts:deaths"
ALERTING: Final = PREFIX + "alerting"
AUDIT: Final = PREFIX + "audit"
AUDIT_ACTS: Final = PREFIX + "audit:acts"
ANNOUNCEMENTS: Final = PREFIX + "announcements"
WITHDRAWALS: Final = PREFIX + "withdrawals"
WITHDRAWING: Final = PREFIX + "withdrawing"
ERASING: Final = PREFIX + "erasing"
REPLAYS: Final = PREFIX + "replays"
REPLAYS_ENDED: Final = PREFIX + "replays:ended"

BROKER_PREFIX: Final = "tiktok_events:celery:"
"""Stands before every key that Celery makes, so that ours and its never meet."""

QUEUE: Final = "tiktok_events"
"""Where any Celery application sends `tiktok_events.track`."""

DOORBELL_QUEUE: Final = "tiktok_events.doorbell"
"""Apart from QUEUE: a doorbell must not wait behind a flood of `track` messages."""

DOORBELL: Final = BROKER_PREFIX + DOORBELL_QUEUE

INBOX: Final = BROKER_PREFIX + "inbox"
"""A hash on the broker, for messages that a worker is reading: number → how often leased, bytes,
message."""

INBOX_DUE: Final = BROKER_PREFIX + "inbox:due"
"""A sorted set on the broker: number of such a message → when its lease ends, Unix ms."""


def bell(*, rings: bool) -> str:
    """The doorbell's queue; in its place, where another server has it, a key that there is.

    Redis Cluster refuses a script that declares keys of two slots, touched or not.
    """
    return DOORBELL if rings else AWAKE


def cancelled(call: str) -> str:
    """The answer of one call of `cancel`, for when it comes again."""
    return f"{PREFIX}cancelled:{call}"


def outbox(destination: str) -> str:
    """The stream that holds a destination's blocks."""
    return f"{PREFIX}outbox:{destination}"


def state(destination: str) -> str:
    """The hash of what is known about a destination."""
    return f"{PREFIX}state:{destination}"


def dead_of(kind_digest: str) -> str:
    """The sorted set of the dead letters of one kind."""
    return f"{PREFIX}dead:of:{kind_digest}"


def replay(number: int) -> str:
    """The hash of a replay: what was asked for, and how far it is."""
    return f"{PREFIX}replay:{number}"


def replay_places(number: int) -> str:
    """The hash of how far a replay is in the letters of each destination."""
    return f"{PREFIX}replay:places:{number}"


def replay_letters(number: int) -> str:
    """The hash of what became of the letters of a replay."""
    return f"{PREFIX}replay:letters:{number}"


def of_replays(numbers: Iterable[int]) -> list[str]:
    """What stays of each replay: its hash, and that of its letters."""
    return [key for number in numbers for key in (replay(number), replay_letters(number))]


def of_blocks(destination: str) -> list[str]:
    """What a script needs that moves blocks: ready, outbox, state, attempts, counters, sequence."""
    return [
        READY,
        outbox(destination),
        state(destination),
        attempts(destination),
        COUNTERS,
        SEQUENCE,
    ]


def limit(token_digest: str) -> str:
    """The hash of how fast requests with one access token may follow each other."""
    return f"{PREFIX}limit:{token_digest}"


def sending(file_digest: str) -> str:
    """The hash of how far a file of events was handed over."""
    return f"{PREFIX}sending:{file_digest}"


def attempts(destination: str) -> str:
    """The hash of what a destination's blocks met so far."""
    return f"{PREFIX}attempts:{destination}"
