"""Move events from the spool into the outbox, oldest first, one flusher at a time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from tiktok_events.errors import OutboxUnavailable
from tiktok_events.outbox.commit import NotAppended
from tiktok_events.outbox.outbox import Appender
from tiktok_events.spool.spool import Spool, SpoolBatch

CALL_BYTES: Final = 32_768
"""Bytes of JSON that are flushed with one `track()`: it takes about half a millisecond."""

BATCH_BYTES: Final = 1024 * 1024
"""Bytes of JSON in one step when only flushing is asked for."""


@dataclass(frozen=True, slots=True)
class Until:
    """When a call must be over, in seconds of the monotonic clock.

    By default each part has its own time limit.

    Attributes:
        append: end of the part that Redis does.
        end: end of the whole call.
    """

    append: float | None = None
    end: float | None = None


NO_END: Final = Until()


def flush_batch(
    spool: Spool, appender: Appender, most_bytes: int = BATCH_BYTES, until: Until = NO_END
) -> int:
    """Move the oldest blocks into the outbox.

    If a flusher is killed between append and delete, the next one appends the events again, with
    the same ids, which the API counts once.

    Args:
        spool: the spool to take events from.
        appender: puts them into their outboxes.
        most_bytes: how many bytes of JSON to move.
        until: when the call must be over.

    Returns:
        How many events; 0 when nothing waits, or another process is flushing.

    Raises:
        redis.RedisError: Redis failed; the events stay spooled.
        OutboxUnavailable: the spool cannot be used.
    """
    batch = spool.take(most_bytes, until.end)
    if not batch.blocks:
        return 0
    try:
        appender.append_blocks(batch.blocks, until.append)
    except BaseException as error:
        give_back(spool, batch, until, error)
        raise
    spool.settle(batch, until.end)
    return batch.events


def give_back(spool: Spool, batch: SpoolBatch, until: Until, error: BaseException) -> None:
    """Keep what is not in the outbox; if that fails, the lease expires by itself."""
    with suppress(OutboxUnavailable):
        if isinstance(error, NotAppended) and (error.one_of_several or error.accepted):
            spool.settle(batch, until.end, [*error.in_doubt, *error.missing])
        else:
            spool.give_back(batch, until.end)
