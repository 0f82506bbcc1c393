"""The keys and queues on Celery's broker, which may be another server than that of the outbox."""

from __future__ import annotations

from typing import Final, Self

DOORBELL_QUEUE: Final = "tiktok_events.doorbell"
"""Apart from that of `tiktok_events.track`: a doorbell must not wait behind a flood of these."""

CELERY: Final = ":celery:"
"""Behind the namespace, of every key that Celery makes."""

_PRIORITIES: Final = ("\x06\x169", "\x06\x166", "\x06\x163", "")
"""Endings of kombu's lists, one for each step of priority.

Source: kombu's transport/redis.py, `_q_for_pri` and `priority_steps` (read 2026-11-30).
"""


class BrokerKeys:
    """The keys and queues of one installation on Celery's broker.

    Args:
        namespace: of the installation.

    Attributes:
        prefix: stands before every key that Celery makes, so that ours and its never meet.
        queue: where any Celery application sends `tiktok_events.track`.
        doorbell: the list that holds the doorbell's messages.
        unacked: a hash, where kombu notes the messages that a worker has taken.
        inbox: a hash of messages that a worker is reading: number → how often leased, bytes,
            message.
        inbox_due: a sorted set: number of such a message → when its lease ends, Unix ms.
    """

    def __init__(self, namespace: str) -> None:
        self.prefix = namespace + CELERY
        self.queue = namespace
        self.doorbell = self.prefix + DOORBELL_QUEUE
        self.unacked = self.prefix + "unacked"
        self.inbox = self.prefix + "inbox"
        self.inbox_due = self.prefix + "inbox:due"

    @classmethod
    def under(cls, prefix: str) -> Self:
        """The keys that have this prefix."""
        return cls(prefix.removesuffix(CELERY))

    def lists(self) -> list[str]:
        """Where messages of `tiktok_events.track` stand, those of the highest priority first."""
        return [
            prefix + self.queue + priority
            for priority in _PRIORITIES
            # Celery applications that were not told of our prefix write to the plain name.
            for prefix in (self.prefix, "")
        ]
