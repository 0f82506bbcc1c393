"""A primary, a replica of it, and three Sentinels that watch them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from redis.exceptions import ResponseError

from tests.chaos.node import Node, SentinelNode, ask, is_in_step, wait_until
from worker.local.loopback import HOST

SERVICE: Final = "outbox"
QUORUM: Final = 2
DOWN_AFTER_MS: Final = 2_000
"""30 seconds is the default. With half a second, a primary that has just been promoted counts as
down while the Sentinels still connect to it: it flaps, and two lead at once."""


class Sentinels:
    """Servers of which one leads; a context manager.

    Attributes:
        servers: the first leads at the start.
    """

    def __init__(self, directory: Path, program: Path | None = None) -> None:
        self._directory = directory
        self._program = program
        self._parts = ExitStack()
        self.servers: list[Node] = []
        self.sentinels: list[SentinelNode] = []

    @property
    def url(self) -> str:
        """The address for clients and workers."""
        hosts = ",".join(f"{HOST}:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{SERVICE}/0"

    def __enter__(self) -> Self:
        with ExitStack() as parts:
            first = parts.enter_context(Node(self._directory / "first", program=self._program))
            replica = {"replicaof": f"{HOST} {first.port}", "repl-diskless-sync-delay": "0"}
            second = Node(self._directory / "second", replica, self._program)
            self.servers = [first, parts.enter_context(second)]
            wait_until(lambda: is_in_step(second))
            self.sentinels = [parts.enter_context(self._sentinel(n)) for n in range(3)]
            wait_until(lambda: all(map(_sees_all, self.sentinels)))
            self._parts = parts.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    def kill_primary(self) -> None:
        """SIGKILL; returns when another is promoted, and every Sentinel says so."""
        primary = self.primary
        primary.kill()
        others = {server.port for server in self.servers} - {primary.port}
        wait_until(
            lambda: {_master(one)["port"] for one in self.sentinels} <= set(map(str, others))
        )

    def hand_over(self) -> None:
        """A planned failover: the primary writes nothing more until the replica has everything.

        Source: https://valkey.io/topics/sentinel/ (coordinated, since Valkey 9.0), read 2026-11-22.
        """
        before = self.primary.port
        wait_until(lambda: self._begins("COORDINATED"))
        wait_until(lambda: all(_master(s)["port"] != str(before) for s in self.sentinels))

    def in_step(self) -> bool:
        """Whether the one that is not the primary has all that the primary has."""
        return any(one.running and is_in_step(one) for one in self.servers)

    def depose(self) -> Node:
        """A failover that the old primary learns of some seconds later; return that one."""
        before = self.primary
        wait_until(self._begins)
        wait_until(lambda: all(_master(s)["port"] != str(before.port) for s in self.sentinels))
        return before

    @property
    def primary(self) -> Node:
        """The primary, as the first Sentinel sees it."""
        port = _master(self.sentinels[0])["port"]
        return next(server for server in self.servers if str(server.port) == port)

    def _begins(self, *how: str) -> bool:
        """A Sentinel looks at a replica every ten seconds: it may not know yet that it is fit."""
        try:
            ask(self.sentinels[0], "SENTINEL", "FAILOVER", SERVICE, *how)
        except ResponseError as error:
            if not str(error).startswith(("NOGOODSLAVE", "INPROG")):
                raise
            return False
        else:
            return True

    def _sentinel(self, number: int) -> SentinelNode:
        lines = [
            f"bind {HOST}",
            f"sentinel monitor {SERVICE} {HOST} {self.servers[0].port} {QUORUM}",
            f"sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MS}",
            f"sentinel failover-timeout {SERVICE} 5000",
        ]
        return SentinelNode(self._directory / f"sentinel{number}", lines, self._program)


def _sees_all(sentinel: SentinelNode) -> bool:
    seen = _master(sentinel)
    return (seen["num-slaves"], seen["num-other-sentinels"]) == ("1", "2")


def _master(sentinel: SentinelNode) -> dict[str, Any]:
    fields = ask(sentinel, "SENTINEL", "MASTER", SERVICE)
    return fields if isinstance(fields, dict) else dict(zip(fields[::2], fields[1::2], strict=True))
