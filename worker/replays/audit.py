"""What the audit says of replays: who asked for one, changed it, and how it ended."""

from __future__ import annotations

from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from worker.replays.replay import Replay
from worker.reporting.audit import Action, Audit
from worker.reporting.log import Log

log = Log("tiktok_events.replay")

ASKED: Final = "asked"
RESUMED: Final = "resumed"


def write_down(redis: Redis, replay: Replay, result: str, *, who: str) -> None:
    """Write an entry.

    Args:
        redis: a connection.
        replay: as it is now.
        result: what was done to it.
        who: by whom.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    request = replay.request
    Audit(redis).record(
        Action.REPLAY,
        who=who,
        filter=replay.words,
        count=request.selected if result == ASKED else replay.replayed,
        result=result,
        replay=replay.number,
        rate=request.rate,
        accept_duplicates=request.accept_duplicates or None,
        skipped=sum(replay.skipped.values()) or None,
        gone=replay.gone or None,
    )


def write_down_end(redis: Redis, replay: Replay) -> None:
    """Of a worker, on behalf of who asked; a failure is logged and stops no worker."""
    try:
        write_down(redis, replay, replay.state.value, who=replay.request.asked_by)
    except RedisError as error:
        log.warning("audit_unwritten", error=type(error).__name__)
