"""How long a destination waits after a failure."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.delivery.backoff import delay_s

SEEDS = st.integers(0, 2**32)
BASES = st.floats(0.01, 60)
CAPS = st.floats(0.01, 3_600)


class LongestJitter(Random):
    """Always the upper end."""

    def uniform(self, a: float, b: float) -> float:
        """Return the upper end."""
        return max(a, b)


@pytest.mark.parametrize(
    ("failures", "expected"), [(0, 1.0), (1, 2.0), (2, 4.0), (3, 8.0), (4, 10.0), (40, 10.0)]
)
def test_the_step_doubles_up_to_the_cap(failures: int, expected: float) -> None:
    """1, 2, 4, 8 and then the longest."""
    assert expected == delay_s(failures, base_s=1.0, cap_s=10.0, rng=LongestJitter())


@given(failures=st.integers(0, 10**9), base_s=BASES, cap_s=CAPS, seed=SEEDS)
def test_a_delay_is_within_its_step(failures: int, base_s: float, cap_s: float, seed: int) -> None:
    """Never negative, never over the step, never over the cap, however many failures."""
    delay = delay_s(failures, base_s=base_s, cap_s=cap_s, rng=Random(seed))
    assert 0 <= delay <= min(cap_s, base_s * 2 ** min(failures, 60))


@given(failures=st.integers(0, 100), floor_s=st.floats(0, 3_600), seed=SEEDS)
def test_the_servers_advice_is_a_floor(failures: int, floor_s: float, seed: int) -> None:
    """It holds even above the cap."""
    floored = delay_s(failures, base_s=1.0, cap_s=10.0, rng=Random(seed), floor_s=floor_s)
    free = delay_s(failures, base_s=1.0, cap_s=10.0, rng=Random(seed))
    assert max(free, floor_s) == floored


def test_delays_are_spread_over_the_whole_step() -> None:
    """Who failed together does not come back together."""
    rng = Random(1)
    tenths = [0] * 10
    for _ in range(1_000):
        tenths[int(delay_s(3, base_s=1.0, cap_s=10.0, rng=rng) / 0.8)] += 1
    assert min(tenths) > 50


def test_the_same_seed_gives_the_same_delay() -> None:
    """Chance comes in as an argument."""
    first, second = (delay_s(5, base_s=1.0, cap_s=10.0, rng=Random(7)) for _ in range(2))
    assert first == second
