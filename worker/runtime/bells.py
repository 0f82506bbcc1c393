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
from celery.worker.state import active_requests, reserved_requests
from kombu import Message
from redis import Redis

from tiktok_events.outbox.broker_keys import DOORBELL_QUEUE, BrokerKeys
from tiktok_events.outbox.lua_script import LuaScript
from worker.runtime.task_table import BELLS, TaskEntry

MOST_BYTES: Final = 4_096
"""No doorbell message is longer."""


def written(task: TaskEntry, arguments: Sequence[int] = ()) -> bytes:
    """Return a doorbell message as Celery reads it.

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


class OwnBells:
    """Asks this worker for tasks: Celery runs them as if a message had come, and needs no broker.

    Args:
        consumer: Celery's, whose pool runs them.
    """

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def ring(self, task: TaskEntry, *arguments: int) -> None:
        """Ask for a task, unless the same waits here for a process that is free.

        Args:
            task: the task to run.
            arguments: of the task.
        """
        if not _waits(task, arguments):
            self._consumer.create_task_handler()(_message(task, arguments))


def _waits(task: TaskEntry, arguments: tuple[int, ...]) -> bool:
    return any(
        (one.name, one.argsrepr) == (task.name, repr(arguments))
        for one in set(reserved_requests) - set(active_requests)
    )


def _message(task: TaskEntry, arguments: tuple[int, ...]) -> Message:
    """Return the doorbell message as Celery gets it from kombu; see `written`."""
    tag = str(uuid4())
    return Message(
        orjson.dumps([arguments, {}, {}]).decode(),
        delivery_tag=tag,
        content_type="application/json",
        content_encoding="utf-8",
        headers={
            "lang": "py",
            "task": task.name,
            "id": tag,
            "root_id": tag,
            "argsrepr": repr(arguments),
        },
        properties={"correlation_id": tag},
        accept={"application/json"},
        channel=_Nobody(),
    )


class _Nobody:
    """Stands in for the broker's channel: nobody is told that a doorbell was heard."""

    no_ack_consumers = None

    def basic_ack(self, *_: Any, **__: Any) -> None:
        """Do nothing: the doorbell was heard."""

    def basic_reject(self, *_: Any, **__: Any) -> None:
        """Do nothing: the doorbell was not heard, but the next look rings again."""


class Strays:
    """Messages in the doorbell's queue that are no doorbell messages.

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
