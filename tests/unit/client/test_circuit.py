"""The circuit: after a failure one caller probes now and then, the others do not wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tests.builders.clock import Clock
from tiktok_events.connection.circuit import LONGEST_PAUSE_S, PAUSE_FACTOR, Circuit, CircuitOpen
from tiktok_events.connection.role import PrimaryChanged


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    """A closed circuit."""
    return Circuit(clock)


def call(circuit: Circuit, does: Callable[[], object] = lambda: None) -> str:
    """What became of a call: `passed`, or the name of the error."""
    try:
        began = circuit.admit()
    except CircuitOpen:
        return "CircuitOpen"
    try:
        does()
    except RedisError as error:
        circuit.learn(error, began)
        return type(error).__name__
    circuit.learn(None, began)
    return "passed"


def failing(clock: Clock, took_s: float, error: RedisError) -> Callable[[], None]:
    """A call that fails after some time."""

    def fail() -> None:
        clock.now += took_s
        raise error

    return fail


def test_a_pause_is_ten_times_what_the_failure_took(circuit: Circuit, clock: Clock) -> None:
    """Nobody is asked before its end; after it somebody is."""
    assert call(circuit, failing(clock, 0.25, RedisTimeoutError())) == "TimeoutError"
    clock.now += 0.25 * PAUSE_FACTOR - 0.01
    assert call(circuit) == "CircuitOpen"
    clock.now += 0.02
    assert call(circuit) == "passed"


def test_a_pause_has_a_longest(circuit: Circuit, clock: Clock) -> None:
    """A Redis that is back is noticed soon, however long the time-out."""
    call(circuit, failing(clock, 60, RedisTimeoutError()))
    clock.now += LONGEST_PAUSE_S
    assert call(circuit) == "passed"


def test_a_failure_that_took_no_time_pauses_nothing(circuit: Circuit, clock: Clock) -> None:
    """A refused connection holds nobody up."""
    assert call(circuit, failing(clock, 0, RedisConnectionError())) == "ConnectionError"
    assert call(circuit) == "passed"


def test_one_caller_probes_and_the_others_do_not_wait_for_it(
    circuit: Circuit, clock: Clock
) -> None:
    """While the probe is under way, the answer to others is that of before."""
    call(circuit, failing(clock, 1, RedisTimeoutError()))
    clock.now += LONGEST_PAUSE_S
    seen: list[str] = []
    assert call(circuit, lambda: seen.append(call(circuit))) == "passed"
    assert (seen, call(circuit)) == (["CircuitOpen"], "passed")


def test_a_probe_that_never_ends_keeps_nobody_out_for_ever(circuit: Circuit, clock: Clock) -> None:
    """Its thread may have been killed; the next pause ends too."""
    call(circuit, failing(clock, 1, RedisTimeoutError()))
    clock.now += LONGEST_PAUSE_S
    circuit.admit()
    assert call(circuit) == "CircuitOpen"
    clock.now += LONGEST_PAUSE_S
    assert call(circuit) == "passed"


def test_an_error_that_redis_answers_pauses_nothing(circuit: Circuit, clock: Clock) -> None:
    """It is there: another destination's events may be welcome."""
    full = failing(clock, 1, OutOfMemoryError())
    assert (call(circuit, full), call(circuit)) == ("OutOfMemoryError", "passed")


def test_a_server_that_does_not_lead_pauses_nothing(circuit: Circuit, clock: Clock) -> None:
    """It answered, if only after a failover; the next call may find the primary."""
    replica = failing(clock, 1, PrimaryChanged())
    assert (call(circuit, replica), call(circuit)) == ("PrimaryChanged", "passed")


def test_the_error_tells_when_redis_is_asked_again(circuit: Circuit, clock: Clock) -> None:
    """A log of a checkout then explains itself."""
    call(circuit, failing(clock, 0.2, RedisTimeoutError()))
    with pytest.raises(CircuitOpen, match=r"asked again in 2\.0 s"):
        circuit.admit()
