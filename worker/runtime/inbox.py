"""Messages of producers that have only Celery, on their way from their list into the outboxes.

Celery does not consume them. Its transport takes a message out of the list before it notes who
holds it, so a worker that is killed loses it, and it ends the worker on a message that it cannot
take apart. Here one script moves a message and notes its lease in the same step, and a message
leaves the inbox only when its event is in an outbox, or it is buried or counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, cast

from redis import Redis

from tiktok_events.outbox.broker_keys import BrokerKeys
from tiktok_events.outbox.lua_script import LuaScript

PAGE: Final = 100
"""How many messages are leased at once."""

LEASE_MS: Final = 10_000
"""Reading a page takes a fraction of a second; what a dead worker held comes back after it."""

TOGETHER: Final = 2
"""A message that was leased so often, and never done, is leased alone from then on."""

MOST_LEASES: Final = 5
"""A message that was leased so often is buried: it has ended, or outlived, each of its readers."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that this worker is reading.

    Attributes:
        number: identifies the message.
        leases: how often it was leased, this time included.
        message: as it stood in its list; empty when it was too long.
        size_bytes: size of the message in its list.
    """

    number: str
    leases: int
    message: bytes = field(repr=False)
    size_bytes: int

    @property
    def seen_at(self) -> float:
        """When it was first leased, Unix seconds of the server; the same at each reading."""
        return int(self.number.partition("-")[0]) / 1e6

    @property
    def too_long(self) -> bool:
        """Whether only its size was kept."""
        return len(self.message) < self.size_bytes

    @property
    def is_deadly(self) -> bool:
        """Whether it was leased so often that its readers seem to die of it."""
        return self.leases > MOST_LEASES


class Inbox:
    """The messages that workers have on lease.

    Args:
        broker: a connection to Celery's broker.
        keys: of the installation.
        most_bytes: of a message; of a longer one only its size is kept.
    """

    def __init__(self, broker: Redis, keys: BrokerKeys, most_bytes: int) -> None:
        self._inbox = [keys.inbox_due, keys.inbox]
        self._lists = keys.lists()
        self._most_bytes = most_bytes
        self._take = LuaScript(broker, "worker", "lib/unblocked", "inbox_take")
        self._done = LuaScript(broker, "worker", "inbox_done")
        self._untried = LuaScript(broker, "worker", "lib/unblocked", "inbox_untried")
        self._waits = LuaScript(broker, "worker", "inbox_waits")

    def waits(self) -> bool:
        """Return whether there is a message to read."""
        return bool(self._waits([self._inbox[0], *self._lists], []))

    def take(self) -> list[Leased]:
        """Lease some messages, the oldest first."""
        found = self._take(
            [*self._inbox, *self._lists], [PAGE, LEASE_MS, TOGETHER, self._most_bytes]
        )
        return [
            Leased(number.decode(), leases, message, size)
            for number, leases, message, size in cast("list[Any]", found)
        ]

    def done(self, messages: Iterable[Leased]) -> None:
        """Forget messages: nothing is left to be done for them."""
        numbers = [message.number for message in messages]
        if numbers:
            self._done(self._inbox, numbers)

    def untried(self, messages: Iterable[Leased]) -> None:
        """Keep messages that could not be read for now; this lease does not count against them."""
        numbers = [message.number for message in messages]
        if numbers:
            self._untried(self._inbox, numbers)
