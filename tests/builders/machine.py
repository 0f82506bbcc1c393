"""Random histories beside a real server."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from redis import Redis

from worker.local.embedded import EmbeddedServer


class RedisMachine(RuleBasedStateMachine):
    """A model of what stands in Redis.

    Attributes:
        server: the real one; `run_histories` sets it.
        redis: a client of its empty database, after `connect`.
    """

    server: EmbeddedServer

    def connect(self) -> None:
        """Begin with nothing."""
        self.redis = Redis.from_url(self.server.url, protocol=2)
        self.redis.flushall()

    def teardown(self) -> None:
        """Close what was opened."""
        if hasattr(self, "redis"):
            self.redis.close()


def run_histories(
    machine: type[RedisMachine], server: EmbeddedServer, *, histories: int, steps: int
) -> None:
    """Play so many random histories of so many steps."""
    run_state_machine_as_test(
        type("Machine", (machine,), {"server": server}),
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
