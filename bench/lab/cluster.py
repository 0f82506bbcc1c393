"""A cluster of some leaders, without replicas."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from redis import Redis

from worker.local.embedded import EmbeddedServer
from worker.local.loopback import HOST, free_port

SLOTS: Final = 16_384
JOINED_S: Final = 30.0


class Leader(EmbeddedServer):
    """A server that is part of a cluster."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.bus_port = free_port()

    def _server_command(self, port: int) -> list[str]:
        options = ["--cluster-enabled", "yes", "--cluster-port", str(self.bus_port)]
        return [*super()._server_command(port), *options]


@contextmanager
def cluster(leaders: int) -> Iterator[list[Leader]]:
    """Leaders that share the slots evenly, once each of them knows all others."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        nodes = [stack.enter_context(Leader(folder / f"node{n}")) for n in range(leaders)]
        for number, node in enumerate(nodes):
            begin, end = (SLOTS * one // leaders for one in (number, number + 1))
            with Redis.from_url(node.url) as redis:
                redis.execute_command("CLUSTER", "ADDSLOTSRANGE", begin, end - 1)
                redis.execute_command("CLUSTER", "MEET", HOST, nodes[0].port, nodes[0].bus_port)
        _wait_until_whole(nodes)
        yield nodes


def url_of(nodes: list[Leader]) -> str:
    """The address for clients and workers."""
    return f"redis+cluster://{','.join(f'{HOST}:{node.port}' for node in nodes)}"


def _wait_until_whole(nodes: list[Leader]) -> None:
    give_up_at = time.monotonic() + JOINED_S
    while not all(map(_sees_all_slots, nodes)):
        assert time.monotonic() < give_up_at, "the nodes have not become a cluster"
        time.sleep(0.05)


def _sees_all_slots(node: Leader) -> bool:
    with Redis.from_url(node.url) as redis:
        return b"cluster_state:ok" in redis.execute_command("CLUSTER", "INFO")
