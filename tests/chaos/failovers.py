"""Another server takes the lead: unplanned, planned, or because slots are moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.chaos.cluster import Cluster
from tests.chaos.scenarios import Scenario
from tests.chaos.sentinels import Sentinels
from tests.chaos.stage import Stage

AT_RISK: Final = 500
"""Replication is asynchronous: so many of the newest events, about half a second of them, may
be lost with their primary. Anything older must not be."""


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
)
