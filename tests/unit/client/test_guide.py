"""Who leads, as Sentinels and nodes of a cluster tell it, and who says that it does not lead."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

from tiktok_events.connection.guide import Guide, LeaderUnknown
from tiktok_events.connection.leading import leads
from tiktok_events.connection.led_address import LedAddress
from tiktok_events.outbox import keys

ASKED = ("asked", 7_000)
OTHER = ("other", 7_001)
SLOT = key_slot(keys.READY.encode())


def guide(url: str) -> Guide:
    """Knows two to ask."""
    address = LedAddress.parse(url)
    assert address is not None
    return Guide(address, keys.READY)


@pytest.fixture
def sentinel() -> Guide:
    """Of two Sentinels."""
    return guide("redis+sentinel://asked:7000,other:7001/outbox")


@pytest.fixture
def cluster() -> Guide:
    """Of two nodes."""
    return guide("redis+cluster://asked:7000,other:7001")


def told(flags: str) -> list[bytes]:
    """What a Sentinel tells of its service."""
    fields = {"name": "outbox", "ip": "10.0.0.7", "port": "6379", "flags": flags}
    return [word.encode() for word in itertools.chain(*fields.items())]


def test_a_sentinel_tells_the_leader(sentinel: Guide) -> None:
    """Address and port."""
    assert sentinel.question == ("SENTINEL", "MASTER", "outbox")
    assert sentinel.leader(ASKED, told("master")) == ("10.0.0.7", 6_379)


@pytest.mark.parametrize("flags", ["master,s_down", "master,o_down", "slave", "s_down,master"])
def test_a_leader_that_is_down_leads_nobody(sentinel: Guide, flags: str) -> None:
    """It is of no use to wait for it: the Sentinels will tell another."""
    with pytest.raises(LeaderUnknown, match="the leader is down"):
        sentinel.leader(ASKED, told(flags))


@pytest.mark.parametrize(
    ("owner", "leader"),
    [(b"10.0.0.7", ("10.0.0.7", 6_379)), (b"", ("asked", 6_379)), (None, ("asked", 6_379))],
)
def test_a_node_tells_the_owner_of_the_slot(
    cluster: Guide, owner: bytes | None, leader: tuple[str, int]
) -> None:
    """One that does not know its own address means the one it was asked at."""
    others: list[Any] = [[0, SLOT - 1, [b"10.0.0.1", 1]], [SLOT + 1, 16_383, [b"10.0.0.2", 2]]]
    answer = [*others, [SLOT, SLOT, [owner, 6_379, b"id", []], [b"replica", 3]]]
    assert cluster.question == ("CLUSTER", "SLOTS")
    assert leader == cluster.leader(ASKED, answer)


@pytest.mark.parametrize("answer", [[], [[0, 16_383, [b"?", 6_379]]]])
def test_a_slot_without_an_owner_is_said(cluster: Guide, answer: list[Any]) -> None:
    """Or with one that nobody can reach."""
    with pytest.raises(LeaderUnknown, match=f"no node serves slot {SLOT}"):
        cluster.leader(ASKED, answer)


def test_what_a_sentinel_said_is_believed_for_a_second(sentinel: Guide) -> None:
    """Then it is asked again: a leader may not know that another leads."""
    assert not sentinel.is_sure
    found = sentinel.leader(ASKED, told("master"))
    assert (sentinel.is_sure, sentinel.points_to(found)) == (True, True)
    assert not sentinel.points_to(OTHER)


def test_sentinels_that_are_gone_are_not_asked_again_at_once(sentinel: Guide) -> None:
    """Whoever led before goes on."""
    found = sentinel.leader(ASKED, told("master"))
    list(sentinel.turns(0.01))
    sentinel.unknown(["gone"])
    assert (sentinel.is_sure, sentinel.points_to(found)) == (True, True)


def test_a_cluster_need_not_be_asked_again(cluster: Guide) -> None:
    """Its servers know, and say MOVED."""
    assert (cluster.is_sure, cluster.points_to(OTHER)) == (True, True)


def test_who_answered_last_is_asked_first(sentinel: Guide) -> None:
    """The first may be gone for hours."""
    sentinel.leader(OTHER, told("master"))
    assert [node for node, _ in sentinel.turns(1.0)] == [OTHER, ASKED]


def test_who_is_silent_leaves_time_for_the_others(sentinel: Guide) -> None:
    """Half of it; the last has all that is left."""
    (_, first_s), (_, last_s) = sentinel.turns(1.0)
    assert first_s <= 0.5 < last_s <= 1.0


@pytest.mark.parametrize(
    "error",
    [
        ReadOnlyError("You can't write against a read only replica."),
        MovedError("254 10.0.0.7:6379"),
        AskError("254 10.0.0.7:6379"),
        TryAgainError("Multiple keys request during rehashing of slot"),
        ClusterDownError("The cluster is down"),
        MasterDownError("Link with MASTER is down"),
        ResponseError("NOREPLICAS Not enough good replicas to write."),
        ResponseError("Error running script: @user_script: 11: -READONLY You can't write"),
    ],
)
def test_a_server_says_that_it_does_not_lead(error: ResponseError) -> None:
    """In many ways."""
    assert not leads(error)


@pytest.mark.parametrize(
    "error", [NoScriptError("No matching script."), OutOfMemoryError("used memory > 'maxmemory'")]
)
def test_a_leader_may_refuse(error: ResponseError) -> None:
    """It leads all the same."""
    assert leads(error)
