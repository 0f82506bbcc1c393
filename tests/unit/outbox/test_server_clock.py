"""A worker knows the server's time, and whether it may judge by it."""

from __future__ import annotations

import pytest

from worker.outbox.server_clock import ServerClock, clock_words

SERVER: float = 1_796_000_000.0


class Machine:
    """A machine whose clock goes ahead by so many seconds."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.ahead_s = ahead_s
        self.up_s = 100.0

    def wall(self) -> float:
        """Unix seconds, as it believes."""
        return SERVER + self.up_s - 100 + self.ahead_s

    def clock(self) -> ServerClock:
        """What a process on it knows."""
        return ServerClock(self.wall, lambda: self.up_s)


def test_before_it_is_told_it_trusts_its_machine() -> None:
    """There is nothing to compare with yet."""
    clock = Machine(ahead_s=500).clock()
    assert (clock.now(), clock.ahead_s, clock.judges) == (SERVER + 500, 0.0, True)


def test_the_time_between_asking_and_answer_is_halved() -> None:
    """The server read its clock about in the middle."""
    machine = Machine()
    clock = machine.clock()
    machine.up_s += 0.4
    clock.learn(SERVER + 0.2, asked_at=100.0)
    assert clock.now() == pytest.approx(SERVER + 0.4)
    machine.up_s += 60
    assert clock.now() == pytest.approx(SERVER + 60.4)


def test_a_slow_answer_does_not_spoil_what_is_known() -> None:
    """But it is better than nothing."""
    machine = Machine()
    clock = machine.clock()
    machine.up_s += 4
    clock.learn(SERVER, asked_at=100.0)
    assert clock.now() == pytest.approx(SERVER + 2)
    clock.learn(SERVER + 4, asked_at=104.0)
    machine.up_s += 4
    clock.learn(SERVER + 4, asked_at=104.0)
    assert clock.now() == pytest.approx(SERVER + 8)


@pytest.mark.parametrize(
    ("ahead_s", "judges"), [(0, True), (59, True), (-59, True), (61, False), (-700_000, False)]
)
def test_it_judges_within_a_minute(ahead_s: float, judges: bool) -> None:  # noqa: FBT001 — parameter
    """Further apart nobody knows which clock is wrong."""
    machine = Machine(ahead_s=ahead_s)
    clock = machine.clock()
    clock.learn(SERVER, asked_at=100.0)
    assert (clock.now(), clock.ahead_s, clock.judges) == (SERVER, ahead_s, judges)


def test_a_jump_of_the_server_stops_the_judging() -> None:
    """Nothing dies because the reference is suddenly days ahead."""
    clock = Machine().clock()
    clock.learn(SERVER, asked_at=100.0)
    assert clock.judges
    clock.learn(SERVER + 8 * 86_400, asked_at=100.0)
    assert not clock.judges


def test_words_tell_direction_and_consequence() -> None:
    """For status and doctor."""
    assert clock_words(4.04) == "is 4.0 s ahead of the server's"
    assert clock_words(8 * 86_400).startswith("is 8.0 days ahead")
    assert clock_words(-90) == "is 90.0 s behind the server's: it ends no event by its age"
