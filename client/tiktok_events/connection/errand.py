"""Commands on their way to the leaders of a cluster, some of them more than once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.exceptions import ClusterDownError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.cluster import Cluster, LeaderAway
from tiktok_events.connection.discovery_address import Node
from tiktok_events.connection.role import changed, is_from_primary

Command = tuple[Sequence[Any], dict[str, Any]]
"""Arguments and options, as redis-py's pipelines keep them."""


class Errand:
    """Carries commands to the leaders of their keys.

    Args:
        cluster: who leads.
        home: where commands go if none of them has a key.
        commands: what to carry.
        transaction: whether they are one; then all keys are in one slot.

    Attributes:
        replies: an error stands in place of the reply of one that failed.
        rest: the numbers of those that another try may help.
    """

    def __init__(
        self, cluster: Cluster, home: str, commands: Sequence[Command], *, transaction: bool
    ) -> None:
        self._cluster = cluster
        keys = (key for args, _ in commands if (key := _key(args)))
        self._home = next(keys, home)  # the time belongs to what is asked with it
        self._commands = commands
        self._transaction = transaction
        self._silent: dict[Node, RedisError] = {}
        self.replies: list[Any] = [None] * len(commands)
        self.rest = list(range(len(commands)))

    def go(self) -> None:
        """Carry those that are left, one round trip for each leader."""
        parts = self._parts()
        self.rest = []
        self._silent = {}
        for node, numbers in parts.items():
            self._visit(node, numbers)
        self.rest.sort()

    def give_up(self) -> None:
        """Have nobody wait for leaders that did not answer to the end."""
        for node, error in self._silent.items():
            self._cluster.lost(node, error)

    def _parts(self) -> dict[Node, list[int]]:
        """What is left, by leader."""
        parts: dict[Node, list[int]] = {}
        for number in self.rest:
            args, _ = self._commands[number]
            try:
                node = self._cluster.leader(_key(args) or self._home)
            except RedisError as error:
                self.replies[number] = error
            else:
                parts.setdefault(node, []).append(number)
        return parts

    def _visit(self, node: Node, numbers: Sequence[int]) -> None:
        replies: Sequence[Any]
        try:
            self._cluster.check(node, _key(self._commands[numbers[0]][0]) or self._home)
            replies = self._send(node, [self._commands[number] for number in numbers])
        except LeaderAway as error:
            replies = [error] * len(numbers)
        except RedisTimeoutError as error:  # who has waited that long waits no more
            replies = [error] * len(numbers)
            self._cluster.lost(node, error)
        except RedisConnectionError as error:
            replies = [error] * len(numbers)
            self._silent[node] = error
            self._cluster.leaders.doubt()
            self.rest += numbers
        for number, reply in zip(numbers, replies, strict=True):
            self._learn(node, number, reply)

    def _learn(self, node: Node, number: int, reply: Any) -> None:
        self.replies[number] = reply
        if isinstance(reply, ResponseError) and not is_from_primary(reply):
            self.replies[number] = changed(reply)
            self.rest.append(number)
            self._cluster.leaders.doubt()
            if isinstance(reply, ClusterDownError):
                self._silent[node] = self.replies[number]

    def _send(self, node: Node, commands: Sequence[Command]) -> Sequence[Any]:
        client = self._cluster.client(node)
        try:
            if len(commands) == 1 and not self._transaction:
                args, options = commands[0]
                return [client.execute_command(*args, **options)]  # type: ignore[no-untyped-call]  # redis-py's
            with client.pipeline(transaction=self._transaction) as pipeline:
                pipeline.command_stack = list(commands)
                return pipeline.execute(raise_on_error=False)
        except ResponseError as error:
            return [error] * len(commands)


def _key(args: Sequence[Any]) -> str | bytes | None:
    """The first key of a command, if it has one; a key of ours has a hash tag."""
    place = 3 if args[0].startswith("EVAL") else 1
    key = args[place] if place < len(args) else None
    if isinstance(key, bytes):
        return key if b"{" in key else None
    is_key = isinstance(key, str) and "{" in key and not args[0].startswith("SCRIPT")
    return key if is_key else None
