"""What is remembered of who leads which slots of a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from tiktok_events.connection.discovery import PrimaryUnknown
from tiktok_events.connection.discovery_address import DiscoveryAddress
from tiktok_events.connection.leaders import Leaders, slot_of
from tiktok_events.outbox.shards import Shards

ONE, TWO, ASKED = ("10.0.0.1", 6379), ("10.0.0.2", 6379), ("asked", 6379)
SLOTS: Any = [[0, 8_191, [b"10.0.0.1", 6379]], [8_192, 16_383, [b"10.0.0.2", 6379]]]


@pytest.fixture
def leaders() -> Leaders:
    """Nothing is known yet."""
    address = DiscoveryAddress.parse("redis+cluster://asked:6379")
    assert address is not None
    return Leaders(address, 1.0)


def answer(leaders: Leaders, slots: Any) -> None:
    """What the asking does with an answer to CLUSTER SLOTS."""
    leaders.found(leaders.owner(slots, ASKED), 0)


def test_each_slot_has_its_leader(leaders: Leaders) -> None:
    """And all of them may be asked from now on, though the address names another."""
    answer(leaders, SLOTS)
    assert (leaders.of(0), leaders.of(8_191), leaders.of(8_192)) == (ONE, ONE, TWO)
    assert leaders.nodes == (ASKED, ONE, TWO)


def test_a_node_without_a_name_is_the_one_that_was_asked(leaders: Leaders) -> None:
    """A node does not know its own address; one with ``?`` has none that others know."""
    answer(leaders, [[0, 1, [b"", 7000]], [2, 3, [b"?", 7001]]])
    assert leaders.of(0) == ("asked", 7000)
    with pytest.raises(PrimaryUnknown, match="serves slot 2"):
        leaders.of(2)


def test_a_cluster_without_leaders_is_no_answer(leaders: Leaders) -> None:
    """The next node is asked."""
    with pytest.raises(PrimaryUnknown):
        leaders.owner([], ASKED)


def test_it_is_asked_again_once_somebody_doubts(
    leaders: Leaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not all the time."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    due = [leaders.is_due]
    answer(leaders, SLOTS)
    due.append(leaders.is_due)
    leaders.doubt()
    due.append(leaders.is_due)
    now[0] += 1
    assert [*due, leaders.is_due] == [True, False, False, True]


def test_who_could_not_be_asked_is_told(leaders: Leaders) -> None:
    """As long as nothing is known; then what was known goes on."""
    leaders.unknown(["asked:6379: refused"])
    with pytest.raises(PrimaryUnknown, match="asked:6379: refused"):
        leaders.of(0)
    answer(leaders, SLOTS)
    leaders.unknown(["asked:6379: refused"])
    assert leaders.of(0) == ONE


def test_the_keys_of_a_shard_are_in_one_slot() -> None:
    """Whatever braces a destination has."""
    keys = Shards(count=8).at(5)
    names: list[str | bytes] = [keys.ready, keys.outbox("web:{x}"), keys.outbox("web:{").encode()]
    assert len({slot_of(name) for name in names}) == 1
    assert slot_of("{}plain") != slot_of("{}other")
