"""A server among others: one that replicates, watches, or is part of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.builders import wait
from worker.local.embedded import EmbeddedServer
from worker.local.server_program import find_server

WAIT_S: Final = 60.0

Found = TypeVar("Found")


class Node(EmbeddedServer):
    """A server with more options than an outbox alone needs.

    Args:
        directory: of its own.
        options: of the server, as on its command line.
        program: default: what `find_server` finds.
    """

    def __init__(
        self, directory: Path, options: Mapping[str, str] | None = None, program: Path | None = None
    ) -> None:
        super().__init__(directory, program=program)
        self._options = options or {}

    def _server_command(self, port: int) -> list[str]:
        pairs = ((f"--{name}", value) for name, value in self._options.items())
        return [*super()._server_command(port), *(word for pair in pairs for word in pair)]


class SentinelNode(EmbeddedServer):
    """A Sentinel: the same program, watching instead of serving.

    Args:
        directory: of its own.
        port: of the primary it is to watch.
        lines: of its configuration.
        program: default: what `find_server` finds.
    """

    def __init__(self, directory: Path, lines: list[str], program: Path | None = None) -> None:
        super().__init__(directory, program=program)
        self._server = find_server(program)
        self._lines = lines

    def _server_command(self, port: int) -> list[str]:
        file = self.directory / "sentinel.conf"
        file.write_text("\n".join([f"port {port}", f"dir {self.directory}", *self._lines, ""]))
        return [str(self._server), str(file), "--sentinel"]


def ask(node: EmbeddedServer, *words: Any, reply_in_words: bool = True) -> Any:
    """What a node answers to one command."""
    with Redis.from_url(node.url, protocol=2, decode_responses=reply_in_words) as client:
        return client.execute_command(*words)


def is_in_step(replica: EmbeddedServer) -> bool:
    """Whether a replica has all that its primary had, and gets what it gets.

    A Sentinel that makes a replica of a server has it close its connections: so does this one.
    """
    try:
        return bool(ask(replica, "INFO", "replication").get("master_link_status") == "up")
    except RedisConnectionError:
        return False


def wait_until(condition: Callable[[], Found]) -> Found:
    """The condition's first true value; an election takes its time."""
    return wait.wait_until(condition, WAIT_S)
