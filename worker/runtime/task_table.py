"""Every Celery task: its name on the wire, its time limit, its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tiktok_events.outbox.doorbell import TASK as RUNG_BY_PRODUCERS

PREFIX: Final = "tiktok_events."


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """What is fixed about one task.

    Attributes:
        name: on the wire; the part behind the prefix names its module in `tasks`.
        limited: whether a pool process that is stuck in it is replaced after `task_limit_s`.
        arguments: the types of its positional arguments; it takes no others.
    """

    name: str
    limited: bool = True
    arguments: tuple[type, ...] = ()

    @property
    def module(self) -> str:
        """The module that defines the task."""
        return f"tasks.{self.name.removeprefix(PREFIX)}"


TRACK: Final = TaskEntry(PREFIX + "track", limited=False)
"""Sent by producers and never run by a worker: `accept` reads its messages."""

ACCEPT: Final = TaskEntry(PREFIX + "accept")
DELIVER: Final = TaskEntry(RUNG_BY_PRODUCERS)
REPLAY: Final = TaskEntry(PREFIX + "replay", arguments=(int,))
UPKEEP: Final = TaskEntry(PREFIX + "upkeep")
ALERTS: Final = TaskEntry(PREFIX + "alerts")
ANNOUNCE: Final = TaskEntry(PREFIX + "announce")
TELL: Final = TaskEntry(PREFIX + "tell")
WITHDRAW: Final = TaskEntry(PREFIX + "withdraw")
FOLD: Final = TaskEntry(PREFIX + "fold")

TASKS: Final = (TRACK, ACCEPT, DELIVER, REPLAY, UPKEEP, ALERTS, ANNOUNCE, TELL, WITHDRAW, FOLD)

BELLS: Final = {task.name: task for task in TASKS if task is not TRACK}
"""Those that a worker runs, by name; a message that asks for one carries no event."""
