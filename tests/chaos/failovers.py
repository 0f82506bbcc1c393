"""Another server takes the lead: unplanned, planned, or because slots are moved."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.builders.stores import SHARDS
from tests.chaos.cluster import Cluster
from tests.chaos.scenarios import Scenario
from tests.chaos.sentinels import Sentinels
from tests.chaos.stage import Stage

AT_RISK: Final = 500
"""Replication is asynchronous: so many of the newest events, about half a second of them, may
be lost with their primary. Anything older must not be."""


BIG_SLOT: Final = 50_000_000
"""Bytes, in ten keys."""


@dataclass(frozen=True, slots=True)
class KillLeader:
    """SIGKILL of the primary, while claims are held."""

    def strike(self, stage: Stage) -> None:
        """Kill it, and wait until another is promoted."""
        stage.wait_for_claims()
        accepted = len(stage.producer.accepted)
        stage.server.kill_primary()
        stage.at_risk = frozenset(stage.producer.accepted[max(accepted - AT_RISK, 0) :])


@dataclass(frozen=True, slots=True)
class HandOver:
    """A planned failover: the primary gives way to its replica."""

    def strike(self, stage: Stage) -> None:
        """Begin it, and wait until it is over."""
        stage.wait_for_claims()
        stage.server.hand_over()


@dataclass(frozen=True, slots=True)
class MoveSlot:
    """The outbox's slot is given to another primary of the cluster, key by key."""

    def strike(self, stage: Stage) -> None:
        """Move it."""
        stage.wait_for_claims()
        stage.server.move_slot(stage.server.others[0])


@dataclass(frozen=True, slots=True)
class MoveBigSlot:
    """The same with 50 MB in the slot, and a pause after each key."""

    pause_s: float = 0.15

    def strike(self, stage: Stage) -> None:
        """Fill and move it."""
        stage.server.fill(BIG_SLOT)
        stage.wait_for_claims()
        stage.server.move_slot(stage.server.others[0], self.pause_s)


@dataclass(frozen=True, slots=True)
class MigrateBigSlot:
    """The slot with 50 MB is given to another primary as a whole."""

    def strike(self, stage: Stage) -> None:
        """Fill and move it."""
        stage.server.fill(BIG_SLOT)
        stage.wait_for_claims()
        stage.server.migrate_slot(stage.server.others[0])


@dataclass(frozen=True, slots=True)
class AddLeader:
    """A primary joins the cluster, and gets the outbox's slot."""

    def strike(self, stage: Stage) -> None:
        """Start it, and give it the slot."""
        stage.wait_for_claims()
        stage.server.migrate_slot(stage.server.add_primary())


@dataclass(frozen=True, slots=True)
class LoseLeader:
    """SIGKILL of a primary that has no replica; it comes back with what it had.

    Attributes:
        for_s: how long it is away.
        of_outbox: whether the outbox is there; if not, everything must go on.
    """

    for_s: float
    of_outbox: bool

    def strike(self, stage: Stage) -> None:
        """Kill it, wait, and start it again."""
        stage.wait_for_claims()
        node = stage.server.primary if self.of_outbox else stage.server.others[0]
        node.kill()
        time.sleep(self.for_s)
        if not self.of_outbox:
            stage.wait_for_requests()
        node.restart()


def lonely(directory: Path, program: Path | None) -> Cluster:
    """A cluster without a replica."""
    return Cluster(directory, program, replica=False)


FAILOVERS: Final = (
    Scenario(
        name="Sentinel: SIGKILL of the primary",
        disturbance=KillLeader(),
        servers=Sentinels,
        may_repeat=True,
        may_refuse=True,
    ),
    Scenario(
        name="Sentinel: coordinated failover",
        disturbance=HandOver(),
        servers=Sentinels,
        may_refuse=True,
    ),
    Scenario(
        name="Cluster: SIGKILL of the primary",
        disturbance=KillLeader(),
        servers=Cluster,
        may_repeat=True,
        may_refuse=True,
    ),
    Scenario(
        name="Cluster: planned failover",
        disturbance=HandOver(),
        servers=Cluster,
        may_refuse=True,
    ),
    Scenario(
        name="Cluster: slot moved to another primary",
        disturbance=MoveSlot(),
        servers=Cluster,
        may_refuse=True,
    ),
    Scenario(
        name="Cluster: 50 MB moved key by key",
        disturbance=MoveBigSlot(),
        servers=Cluster,
        may_repeat=True,  # nothing can be settled while the slot is in two places
        may_refuse=True,
    ),
    Scenario(
        name="Cluster: 50 MB moved as a whole",
        disturbance=MigrateBigSlot(),
        servers=Cluster,
        may_refuse=True,
    ),
    Scenario(
        name="Cluster: slot to a primary just added",
        disturbance=AddLeader(),
        servers=Cluster,
        may_refuse=True,
    ),
    Scenario(
        name="Cluster: primary away for 5 s, spooled",
        disturbance=LoseLeader(for_s=5, of_outbox=True),
        servers=lonely,
        may_repeat=True,
        spools=True,
    ),
    Scenario(
        name="Cluster: another primary away for 5 s",
        disturbance=LoseLeader(for_s=5, of_outbox=False),
        servers=lonely,
        may_repeat=SHARDS.count > 1,  # then it has shards, too
        may_refuse=SHARDS.count > 1,
    ),
)
