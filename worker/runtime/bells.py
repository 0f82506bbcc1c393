"""Doorbells: messages that ask a worker for one of its tasks, and may be lost without harm.

They are written and read here, not by Celery. What Celery is handed is made anew from the name
and the arguments of a known task, so that nothing a stranger has written reaches it: kombu ends
the worker on an envelope that lacks a key, and Celery obeys a message that brings further tasks,
time limits or a date with it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

import orjson
from redis import Redis

from tiktok_events.outbox.keys import DOORBELL_QUEUE, BrokerKeys
from tiktok_events.outbox.lua_script import LuaScript
from worker.runtime.task_table import BELLS, TaskEntry

MOST_BYTES: Final = 4_096
"""No bell is longer."""

MOST_HANGING: Final = 1_000
"""Bells that hang at once: more of them would ask for nothing new."""


def written(task: TaskEntry, arguments: Sequence[int] = ()) -> bytes:
    """A bell as Celery reads it.

    Source: https://docs.celeryq.dev/en/stable/internals/protocol.html (version 2) and
    kombu's virtual transport envelope (kombu/transport/virtual/base.py), read 2026-11-22.
    """
    tag = str(uuid4())
    body = base64.b64encode(orjson.dumps([list(arguments), {}, {}])).decode()
    return orjson.dumps(
        {
            "body": body,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"lang": "py", "task": task.name, "id": tag, "root_id": tag},
            "properties": {
                "correlation_id": tag,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": DOORBELL_QUEUE},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": tag,
            },
        }
    )


def heard(message: bytes) -> bytes | None:
    """Rebuild the bell that a message carries; `None` when it is not one of ours."""
    if len(message) > MOST_BYTES:
        return None
    try:
        envelope = orjson.loads(message)
        task = BELLS[envelope["headers"]["task"]]
        arguments, *_ = orjson.loads(base64.b64decode(envelope["body"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return written(task, arguments) if _fit(task, arguments) else None


def _fit(task: TaskEntry, arguments: Any) -> bool:
    return isinstance(arguments, list) and tuple(map(type, arguments)) == task.arguments


class Bells:
    """Rings workers with Celery messages.

    Args:
        broker: a connection to Celery's broker that fails soon.
        keys: of the installation.
    """

    def __init__(self, broker: Redis, keys: BrokerKeys) -> None:
        self._keys = [keys.inbox_due, keys.doorbell]
        self._ring = LuaScript(broker, "worker", "lib/unblocked", "hang_bell")

    def ring(self, task: TaskEntry, *arguments: int, alone: bool = False) -> bool:
        """Ask some worker for a task, also on a broker at its memory limit.

        Args:
            task: the name of the task to run.
            arguments: the arguments of the task.
            alone: only if no bell hangs; one that hangs means that all workers are busy.

        Returns:
            Whether it was rung.
        """
        most = 0 if alone else MOST_HANGING
        return bool(self._ring(self._keys, [written(task, arguments), most]))


class Strays:
    """Messages that stand in the doorbell's queue and are no bells.

    Args:
        broker: a connection to Celery's broker.
        keys: of the installation.
    """

    def __init__(self, broker: Redis, keys: BrokerKeys) -> None:
        self._keys = [keys.inbox_due, keys.prefix + keys.queue]
        self._push = LuaScript(broker, "worker", "lib/unblocked", "stray")

    def hand_over(self, message: bytes) -> None:
        """Move a message to where events are read: there it is accepted, buried or counted."""
        self._push(self._keys, [message])
