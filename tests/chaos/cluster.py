"""A Redis Cluster of some primaries, and a replica of the one that has the outbox's slot."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from redis.crc import key_slot

from tests.builders.stores import keys
from tests.chaos.node import Node, ask, is_in_step, wait_until
from worker.local.loopback import HOST, free_port

SLOTS: Final = 16_384
SLOT: Final = key_slot(keys.ready.encode())
NODE_TIMEOUT_MS: Final = 1_000
"""15 seconds is the default."""


class Cluster:
    """A cluster, and no broker beside it; a context manager.

    Args:
        directory: for all of them.
        program: of all of them.
        primaries: how many.
        replica: whether the primary of the outbox has one.
    """

    def __init__(
        self,
        directory: Path,
        program: Path | None = None,
        *,
        primaries: int = 3,
        replica: bool = True,
    ) -> None:
        self._directory = directory
        self._program = program
        self._primaries = primaries
        self._replica = replica
        self._parts = ExitStack()
        self._bus_ports = [free_port() for _ in range(primaries + replica)]
        self.nodes: list[Node] = []

    @property
    def url(self) -> str:
        """The address for clients and workers."""
        return f"redis+cluster://{','.join(f'{HOST}:{node.port}' for node in self.nodes)}"

    def __enter__(self) -> Self:
        with ExitStack() as parts:
            for number in range(self._primaries + self._replica):
                self.nodes.append(parts.enter_context(self._node(number)))
            self._assemble()
            self._parts = parts.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    @property
    def primary(self) -> Node:
        """The node that has the outbox's slot, as one that lives sees it."""
        return self._by_port(_owner(self._alive()[0]))

    @property
    def others(self) -> list[Node]:
        """The primaries that have not."""
        primary = self.primary
        return [one for one in self._alive() if one is not primary and _leads(one)]

    @property
    def replica(self) -> Node:
        """The one there is."""
        return next(one for one in self._alive() if not _leads(one))

    def in_step(self) -> bool:
        """Whether the replica has all that its primary has."""
        return any(is_in_step(one) for one in self._alive())

    def kill_primary(self) -> None:
        """SIGKILL; returns when another has the slot, and every node says so."""
        primary = self.primary
        primary.kill()
        self._wait_for_another(primary.port)

    def hand_over(self) -> None:
        """A planned failover: the replica takes over when it has everything."""
        before = self.primary.port
        ask(self.replica, "CLUSTER", "FAILOVER")
        self._wait_for_another(before)

    def add_primary(self) -> Node:
        """One that has no slot yet."""
        self._bus_ports.append(free_port())
        node = self._parts.enter_context(self._node(len(self.nodes)))
        ask(node, "CLUSTER", "MEET", HOST, self.nodes[0].port, self._bus_ports[0])
        self.nodes.append(node)
        wait_until(lambda: all(map(self._is_whole, self._alive())))
        return node

    def fill(self, size_bytes: int) -> None:
        """Put ten keys of somebody else's into the outbox's slot."""
        tag = keys.ready[keys.ready.index("{") : keys.ready.index("}") + 1]
        for number in range(10):
            ask(self.primary, "SET", f"ballast:{tag}:{number}", "x" * (size_bytes // 10))

    def migrate_slot(self, target: Node) -> None:
        """Give the outbox's slot to another primary as a whole.

        Source: https://valkey.io/commands/cluster-migrateslots/ (since 9.0), read 2026-11-30.
        """
        source = self.primary
        ask(source, "CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", SLOT, SLOT, "NODE", _id(target))
        self._wait_for_another(source.port)

    def move_slot(self, target: Node, pause_s: float = 0.0) -> None:
        """Give the outbox's slot to another primary, key by key.

        Args:
            target: who gets it.
            pause_s: between two keys; without one, a hundred go at once.
        """
        source, at_once = self.primary, 1 if pause_s else 100
        ask(target, "CLUSTER", "SETSLOT", SLOT, "IMPORTING", _id(source))
        ask(source, "CLUSTER", "SETSLOT", SLOT, "MIGRATING", _id(target))
        while found := ask(source, "CLUSTER", "GETKEYSINSLOT", SLOT, at_once, reply_in_words=False):
            ask(source, "MIGRATE", HOST, target.port, "", 0, 5_000, "KEYS", *found)
            time.sleep(pause_s)
        for node in (target, source, *self._alive()):
            if _leads(node):
                ask(node, "CLUSTER", "SETSLOT", SLOT, "NODE", _id(target))
        self._wait_for_another(source.port)

    def _node(self, number: int) -> Node:
        options = {
            "cluster-enabled": "yes",
            "cluster-port": str(self._bus_ports[number]),
            "cluster-node-timeout": str(NODE_TIMEOUT_MS),
            "cluster-require-full-coverage": "no",
            "repl-diskless-sync-delay": "0",
        }
        return Node(self._directory / f"node{number}", options, self._program)

    def _assemble(self) -> None:
        primaries, first = self.nodes[: self._primaries], self.nodes[0]
        for number, node in enumerate(primaries):
            begin, end = (SLOTS * n // len(primaries) for n in (number, number + 1))
            ask(node, "CLUSTER", "ADDSLOTSRANGE", begin, end - 1)
        for node in self.nodes[1:]:
            ask(node, "CLUSTER", "MEET", HOST, first.port, self._bus_ports[0])
        wait_until(lambda: all(map(self._is_whole, self.nodes)))
        if self._replica:
            self._replicate(self.nodes[-1])

    def _replicate(self, node: Node) -> None:
        ask(node, "CLUSTER", "REPLICATE", _id(self.primary))
        wait_until(lambda: is_in_step(node) and all(map(_is_replicated, self.nodes)))

    def _is_whole(self, node: Node) -> bool:
        state = ask(node, "CLUSTER", "INFO").split()
        return {"cluster_state:ok", f"cluster_known_nodes:{len(self.nodes)}"} <= set(state)

    def _wait_for_another(self, before: int) -> None:
        wait_until(lambda: all(_owner(node) not in {None, before} for node in self._alive()))

    def _alive(self) -> list[Node]:
        return [node for node in self.nodes if node.running]

    def _by_port(self, port: int | None) -> Node:
        return next(node for node in self.nodes if node.port == port)


def _id(node: Node) -> str:
    return str(ask(node, "CLUSTER", "MYID"))


def _leads(node: Node) -> bool:
    return bool(ask(node, "ROLE")[0] == "master")


def _owner(node: Node) -> int | None:
    """The port of whoever has the outbox's slot, as a node sees it."""
    ranges = ask(node, "CLUSTER", "SLOTS")
    return next((owner[1] for first, last, owner, *_ in ranges if first <= SLOT <= last), None)


def _is_replicated(primary: Node) -> bool:
    return any(
        replicas
        for first, last, _, *replicas in ask(primary, "CLUSTER", "SLOTS")
        if first <= SLOT <= last
    )
