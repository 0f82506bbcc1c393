"""The scenarios as data: what is broken, how often, for how long, and what may come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.chaos.deadly_worker import MARK as DEADLY_MARK
from tests.chaos.disturbances import (
    Deaths,
    Disturbance,
    Fault,
    Freeze,
    InTurn,
    KillChild,
    KillServer,
    KillWorker,
    Outage,
    RestartServer,
    RevokeToken,
    RollingRestarts,
)
from tests.chaos.producer import PIXELS, Marked
from tests.chaos.server_disturbances import Cut, Demote, Fill, LoseData, LoseGroups
from tests.chaos.stage import Servers, one_server
from worker.letters.dead_letters import Reason

Rule = tuple[Mapping[str, Any], Mapping[str, Any]]
"""Effect and match, in the words of the sandbox."""

POISON: Final = Marked("poison-", every=100)
DEADLY: Final = Marked(DEADLY_MARK, every=500, at_most=1)
SHORTEST_LEASE: Final = {"LEASE_S": "6", "REQUEST_TIMEOUT_S": "0.9"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way in which the world may behave.

    Attributes:
        name: as the table shows it.
        disturbance: what is broken.
        workers: at the start.
        settings: of the workers, beside those of every scenario.
        latency_ms: of the API.
        rules: faults of the API from the beginning to the end.
        marked: events that must end as dead letters, all of them and no others.
        reason: of those dead letters.
        deadly: whether a marked event kills its worker.
        may_repeat: whether an attempt can end unseen, so that it must be repeated.
        may_refuse: whether `track` can raise.
        loses_claims: whether a worker must find that a claim is no longer its own.
        wired: whether the workers reach the server through a wire that can be cut.
        spools: whether the application keeps on its machine what the server does not take.
        is_outage: whether the workers must say, once each, that Redis is away, and back.
        servers: makes what stands in the place of one server.
    """

    name: str
    disturbance: Disturbance
    workers: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    latency_ms: float = 30.0
    rules: tuple[Rule, ...] = ()
    marked: Marked | None = None
    reason: Reason = Reason.REJECTED
    deadly: bool = False
    may_repeat: bool = False
    may_refuse: bool = False
    loses_claims: bool = False
    wired: bool = False
    spools: bool = False
    is_outage: bool = False
    servers: Servers = one_server


def some(effect: Mapping[str, Any], fraction: float) -> Rule:
    """A fault that strikes a share of the requests."""
    return effect, {"fraction": fraction}


POISONED: Final[Rule] = ({"kind": "refuse"}, {"event_id_prefix": POISON.prefix})

SCENARIOS: Final = (
    Scenario(
        name="SIGKILL of a pool child, 5 times",
        disturbance=KillChild(times=5),
        may_repeat=True,
    ),
    Scenario(
        name="SIGKILL of the whole worker, 10 times",
        disturbance=KillWorker(times=10),
        may_repeat=True,
    ),
    Scenario(
        name="SIGKILL of the server, 3 times",
        disturbance=KillServer(times=3),
        may_repeat=True,
        may_refuse=True,
    ),
    Scenario(
        name="Graceful restart of the server",
        disturbance=RestartServer(times=1),
        may_repeat=True,
        may_refuse=True,
    ),
    Scenario(
        name="SIGKILL of the worker, default settings",
        disturbance=KillWorker(times=1),
        settings={"LEASE_S": "25", "REQUEST_TIMEOUT_S": "10"},
        may_repeat=True,
    ),
    Scenario(
        name="Read-only replica for 5 s",
        disturbance=Demote(for_s=5),
        workers=2,
        may_repeat=True,
        may_refuse=True,
        is_outage=True,
    ),
    Scenario(
        name="The server loses all data, 3 times",
        disturbance=LoseData(times=3),
        may_refuse=True,
        loses_claims=True,
    ),
    Scenario(
        name="The server loses its groups, 3 times",
        disturbance=LoseGroups(times=3),
        may_repeat=True,
    ),
    Scenario(
        name="Memory limit reached for 8 s",
        disturbance=Fill(for_s=8),
        workers=2,
        may_refuse=True,
    ),
    Scenario(
        name="SIGSTOP for longer than the lease",
        disturbance=Freeze(),
        latency_ms=500,
        may_repeat=True,
        loses_claims=True,
    ),
    Scenario(
        name="20 % answers 50002 or HTTP 502",
        disturbance=Fault(
            rules=[
                some({"kind": "answer", "code": 50002}, 0.1),
                some({"kind": "html", "http_status": 502}, 0.1),
            ],
            for_s=15,
        ),
        workers=2,
    ),
    Scenario(
        name="Throttled for 3 s, 3 times",
        disturbance=Fault(
            rules=[({"kind": "throttle", "for_s": 3}, {"times": len(PIXELS)})],
            for_s=3,
            times=3,
            calm_s=2,
        ),
        workers=2,
    ),
    Scenario(
        name="20 % reset once accepted",
        disturbance=Fault(rules=[some({"kind": "reset", "accept": True}, 0.2)], for_s=15),
        workers=2,
        may_repeat=True,
    ),
    Scenario(
        name="20 % hang once accepted",
        disturbance=Fault(rules=[some({"kind": "hang", "accept": True}, 0.2)], for_s=15),
        workers=2,
        may_repeat=True,
    ),
    Scenario(
        name="A token revoked for 5 s, then resumed",
        disturbance=RevokeToken(for_s=5),
        workers=2,
    ),
    Scenario(
        name="1 % poison, index not named",
        disturbance=Deaths(letters=100),
        workers=2,
        rules=(POISONED,),
        marked=POISON,
    ),
    Scenario(
        name="Rolling restarts of two workers",
        disturbance=RollingRestarts(times=6),
        workers=2,
    ),
    Scenario(
        name="An event that kills its worker",
        disturbance=Deaths(letters=1),
        settings=SHORTEST_LEASE,
        marked=DEADLY,
        reason=Reason.CRASH_LOOP,
        deadly=True,
        may_repeat=True,
    ),
    Scenario(
        name="Poison, faults and kills together",
        disturbance=InTurn([KillWorker(times=3), KillServer(times=2), KillWorker(times=1)]),
        rules=(
            POISONED,
            some({"kind": "answer", "code": 50002}, 0.05),
            some({"kind": "reset", "accept": True}, 0.05),
        ),
        marked=POISON,
        may_repeat=True,
        may_refuse=True,
    ),
)


def outage(for_s: float) -> Scenario:
    """The API is gone for some seconds."""
    return Scenario(
        name=f"Connections refused for {for_s:g} s",
        disturbance=Outage(for_s),
        workers=2,
        may_repeat=True,
    )


def cut(for_s: float) -> Scenario:
    """The workers do not reach the server for some seconds."""
    return Scenario(
        name=f"Network to Redis cut for {for_s:g} s",
        disturbance=Cut(for_s),
        workers=2,
        wired=True,
        may_repeat=True,
        is_outage=True,
    )
