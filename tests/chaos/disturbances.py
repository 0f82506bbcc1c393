"""What can be broken: each class is one way, its fields say how often and for how long.

`strike` returns when the disturbance is over; recovery is measured from there.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from tests.builders.workers import Worker
from tests.chaos.producer import PIXELS
from tests.chaos.stage import Stage, destination, token

FENCED_WITHIN_S: Final = 6.0
"""Less than the lease of the other worker, which must not end meanwhile."""


class Disturbance(Protocol):
    """One way to break something."""

    def strike(self, stage: Stage) -> None:
        """Break it, and end the disturbance."""


@dataclass(frozen=True, slots=True)
class KillChild:
    """SIGKILL for a process of the pool, while it holds claims."""

    times: int

    def strike(self, stage: Stage) -> None:
        """Kill one child after the other."""
        killed: set[int] = set()
        for _ in range(self.times):
            worker = stage.wait_for_claims()
            (child, *_) = stage.wait_until(partial(_alive, stage, worker, killed))
            killed.add(child)
            os.kill(child, signal.SIGKILL)


def _alive(stage: Stage, worker: Worker, killed: set[int]) -> set[int]:
    """Processes that hold claims and were not killed yet."""
    return set(stage.claims(worker).values()) - killed


@dataclass(frozen=True, slots=True)
class KillWorker:
    """SIGKILL for all processes of the only worker, while it holds claims; another one starts."""

    times: int

    def strike(self, stage: Stage) -> None:
        """Kill one worker after the other."""
        for _ in range(self.times):
            stage.wait_for_claims().kill()
            stage.start_worker()


@dataclass(frozen=True, slots=True)
class KillServer:
    """SIGKILL for the server while claims are held, and a start from its append-only file."""

    times: int

    def strike(self, stage: Stage) -> None:
        """Kill it again and again."""
        for _ in range(self.times):
            stage.wait_for_claims()
            stage.server.kill()
            stage.server.restart()


@dataclass(frozen=True, slots=True)
class RestartServer:
    """SIGTERM for the server, and a new start."""

    times: int

    def strike(self, stage: Stage) -> None:
        """Restart it again and again."""
        for _ in range(self.times):
            stage.wait_for_claims()
            stage.server.restart()


@dataclass(frozen=True, slots=True)
class Freeze:
    """SIGSTOP for a worker that holds claims; it wakes while another worker holds them.

    The other one is frozen, too, from the moment it has taken them over until the first
    has tried to settle: nothing but the fence stands between the two.
    """

    def strike(self, stage: Stage) -> None:
        """Freeze a worker for longer than its lease, and see that it changes nothing."""
        sleeper = stage.wait_for_claims()
        asleep = stage.wait_until(lambda: _frozen_with_claims(stage, sleeper))
        heir = stage.start_worker()
        held = stage.wait_until(lambda: _frozen_with_claims(stage, heir, of=asleep))
        sleeper.thaw()
        stage.wait_until(lambda: stage.figures().count("claims_lost"), timeout_s=FENCED_WITHIN_S)
        assert held <= stage.claims(heir).keys(), "the sleeper settled what another holds"
        heir.thaw()


@dataclass(frozen=True, slots=True)
class Fault:
    """Faults of the API, for some seconds.

    Attributes:
        rules: effect and match of each, in the words of the sandbox.
        for_s: how long they are in force.
        times: how often.
        calm_s: between the times.
    """

    rules: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
    for_s: float
    times: int = 1
    calm_s: float = 0.0

    def strike(self, stage: Stage) -> None:
        """Put the rules in force and take them out again."""
        for number in range(self.times):
            time.sleep(self.calm_s if number else 0)
            names = [stage.sandbox.rule(effect, match=match) for effect, match in self.rules]
            time.sleep(self.for_s)
            for name in names:
                stage.sandbox.remove_rule(name)


@dataclass(frozen=True, slots=True)
class Outage:
    """Connections to the API are refused, those that there are cut."""

    for_s: float

    def strike(self, stage: Stage) -> None:
        """Let it disappear and come back."""
        stage.sandbox.stop()
        time.sleep(self.for_s)
        stage.sandbox.start()


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """One pixel's token is revoked, restored after some seconds, and its destination resumed."""

    for_s: float

    def strike(self, stage: Stage) -> None:
        """Revoke it, see the others go on, restore it, resume."""
        pixel = PIXELS[0]
        rule = stage.sandbox.rule({"kind": "revoke"}, match={"token": token(pixel)})
        stage.wait_until(lambda: stage.parked(pixel))
        stage.wait_for_requests()
        time.sleep(self.for_s)
        stage.sandbox.remove_rule(rule)
        stage.command("destinations", "resume", destination(pixel))


@dataclass(frozen=True, slots=True)
class RollingRestarts:
    """SIGTERM for one worker after the other, as a deployment does; new ones follow."""

    times: int

    def strike(self, stage: Stage) -> None:
        """Replace the oldest worker again and again."""
        for _ in range(self.times):
            stage.wait_for_requests()
            stage.start_worker()
            stage.end_worker(stage.workers[0])


@dataclass(frozen=True, slots=True)
class Deaths:
    """Nothing but the marked events: over when so many of them are dead letters."""

    letters: int

    def strike(self, stage: Stage) -> None:
        """Wait until they died."""
        stage.wait_until(lambda: stage.figures().dead >= self.letters, timeout_s=150)


@dataclass(frozen=True, slots=True)
class InTurn:
    """Several disturbances, one after the other."""

    disturbances: Sequence[Disturbance]

    def strike(self, stage: Stage) -> None:
        """Strike with each."""
        for one in self.disturbances:
            one.strike(stage)


def _frozen_with_claims(
    stage: Stage, worker: Worker, of: AbstractSet[str] | None = None
) -> AbstractSet[str]:
    """The blocks with which a worker stands still now; one that holds none of them goes on."""
    if not _held(stage, worker, of):
        return set()
    worker.freeze()
    if not (held := _held(stage, worker, of)):
        worker.thaw()
    return held


def _held(stage: Stage, worker: Worker, of: AbstractSet[str] | None) -> AbstractSet[str]:
    blocks = stage.claims(worker).keys()
    return blocks if of is None else blocks & of
