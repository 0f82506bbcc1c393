"""An event from a producer that has only Celery: into the outbox, or dead with a reason."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from celery import Task, shared_task
from celery.exceptions import Reject
from redis.exceptions import RedisError

from tiktok_events.errors import EventTooLarge, InvalidEvent, OutboxUnavailable
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.reporting.outage import Outage
from worker.reporting.sentry import report_failure
from worker.runtime.engine import ENGINES, Engine
from worker.runtime.progress import PROGRESS

log = structlog.get_logger("tiktok_events.track")

OUTBOX: Final = Outage("outbox_unavailable", "outbox_is_back")
"""Apart from the server: a full one lets workers work, but takes no event."""

OUTAGE_PAUSE_S: Final = 1.0
"""Before a message goes back to the broker: without it an outage is a loop at full speed."""


@shared_task(
    name="tiktok_events.track",
    bind=True,
    ignore_result=True,
    # The message is the only copy of the event until it is in the outbox.
    acks_late=True,
    reject_on_worker_lost=True,
)
def track(self: Task[..., None], *arguments: Any, **named: Any) -> None:
    """Hash an event's match keys and append it to its outbox: `track.delay(event)`.

    While the outbox cannot be reached, or is full, the message goes back to the broker:
    Celery acknowledges a task that fails, late or not, and with it the event would be gone.
    For the same reason whatever else goes wrong ends in a dead letter.

    An event without an `event_id` gets the id of its task, so that a message that is
    delivered twice is one conversion.

    Warning: kombu's Redis transport loses the message in flight when a worker is killed,
    and a raw event stands in the broker until it is read. The client does neither.
    """
    engine = ENGINES.current()
    try:
        _hand_over(engine, arguments, named, self.request.id)
    except (OutboxUnavailable, RedisError) as error:
        OUTBOX.met(error.__cause__ or error)
        time.sleep(OUTAGE_PAUSE_S)
        raise Reject("the outbox is unavailable", requeue=True) from error
    OUTBOX.over()
    PROGRESS.beat()


def _hand_over(
    engine: Engine, arguments: Sequence[Any], named: Mapping[str, Any], task_id: str | None
) -> None:
    """Into the outbox, or dead."""
    try:
        engine.client.track(_event(arguments, named), event_id=task_id)
    except InvalidEvent as error:
        _bury(engine, error)
    except OutboxUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 — because the message may be the only copy
        report_failure("", error)
        name = type(error).__name__
        log.error("track_failed", error=name)  # noqa: TRY400 — because its text may hold the event
        _bury(engine, InvalidEvent(f"the worker could not prepare it: {name}"))


def _event(arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """The one argument of the task.

    Raises:
        InvalidEvent: there is none, or another.
    """
    if len(arguments) == 1 and not named:
        return arguments[0]
    if not arguments and set(named) == {"event"}:
        return named["event"]
    raise InvalidEvent("the task takes one argument, the event")


def _bury(engine: Engine, error: InvalidEvent) -> None:
    """Nobody waits for this task's answer, so the refusal becomes a dead letter.

    Its body stays out: the match keys of an event that was refused here are not hashed.
    """
    now = time.time()
    letter = DeadLetter.of(
        None,
        destination="",
        reason=Reason.OVERSIZE if isinstance(error, EventTooLarge) else Reason.INVALID,
        message=str(error),
        path=error.path or None,
        history=History(now),
        died_at=now,
        expires_at=now,
    )
    DeadLetters(engine.redis).bury(letter)
