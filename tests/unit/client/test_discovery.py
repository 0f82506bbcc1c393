"""Which server is the primary, as Sentinels and nodes tell it, and who says that it is not."""

from __future__ import annotations

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

from tests.builders.stores import keys
from tiktok_events.connection.discovery import Discovery, PrimaryUnknown
from tiktok_events.connection.discovery_address import DiscoveryAddress
from tiktok_events.connection.role import is_from_primary

ASKED = ("asked", 7_000)
OTHER = ("other", 7_001)
PRIMARY = ("10.0.0.7", 6_379)
SLOT = key_slot(keys.ready.encode())


def discovery(url: str) -> Discovery:
    """Knows two to ask."""
    address = DiscoveryAddress.parse(url)
    assert address is not None
    return Discovery(address, keys.ready, 1.0)


@pytest.fixture
def sentinel() -> Discovery:
    """Of two Sentinels."""
    return discovery("redis+sentinel://asked:7000,other:7001/outbox")


@pytest.fixture
def cluster() -> Discovery:
    """Of two nodes."""
    return discovery("redis+cluster://asked:7000,other:7001")


UP = {"is_master": True, "is_sdown": False, "is_odown": False, "ip": "10.0.0.7", "port": 6_379}


def test_a_sentinel_tells_the_primary(sentinel: Discovery) -> None:
    """Address and port."""
    assert sentinel.master({"outbox": UP}) == PRIMARY


@pytest.mark.parametrize(
    "down",
    [
        {"is_sdown": True},
        {"is_odown": True},
        {"is_master": False},
        {"is_slave": True, "is_master": False},
    ],
)
def test_a_primary_that_is_down_leads_nobody(sentinel: Discovery, down: dict[str, bool]) -> None:
    """It is of no use to wait for it: the Sentinels will tell another."""
    with pytest.raises(PrimaryUnknown, match="the primary is down"):
        sentinel.master({"outbox": {**UP, **down}})


def test_a_sentinel_may_watch_something_else(sentinel: Discovery) -> None:
    """A misspelt service is said."""
    with pytest.raises(PrimaryUnknown, match="it watches no outbox"):
        sentinel.master({"other": UP})


@pytest.mark.parametrize(
    ("owner", "primary"),
    [(b"10.0.0.7", ("10.0.0.7", 6_379)), (b"", ("asked", 6_379)), (None, ("asked", 6_379))],
)
def test_a_node_tells_the_owner_of_the_slot(
    cluster: Discovery, owner: bytes | None, primary: tuple[str, int]
) -> None:
    """One that does not know its own address means the one it was asked at."""
    others: list[Any] = [[0, SLOT - 1, [b"10.0.0.1", 1]], [SLOT + 1, 16_383, [b"10.0.0.2", 2]]]
    answer = [*others, [SLOT, SLOT, [owner, 6_379, b"id", []], [b"replica", 3]]]
    assert primary == cluster.owner(answer, ASKED)


@pytest.mark.parametrize("answer", [[], [[0, 16_383, [b"?", 6_379]]]])
def test_a_slot_without_an_owner_is_said(cluster: Discovery, answer: list[Any]) -> None:
    """Or with one that nobody can reach."""
    with pytest.raises(PrimaryUnknown, match=f"no node serves slot {SLOT}"):
        cluster.owner(answer, ASKED)


def test_what_a_sentinel_said_is_believed_for_a_second(sentinel: Discovery) -> None:
    """Then it is asked again: a primary may not know that another is promoted."""
    assert not sentinel.is_sure
    found = sentinel.found(PRIMARY, 0)
    assert (sentinel.is_sure, sentinel.points_to(found)) == (True, True)
    assert not sentinel.points_to(OTHER)


def test_sentinels_that_are_gone_are_not_asked_again_at_once(sentinel: Discovery) -> None:
    """Whoever led before goes on."""
    sentinel.found(PRIMARY, 0)
    sentinel.asking()
    sentinel.unknown(["gone"])
    assert (sentinel.is_sure, sentinel.points_to(PRIMARY)) == (True, True)


def test_a_cluster_need_not_be_asked_again(cluster: Discovery) -> None:
    """Its servers know, and say MOVED."""
    assert (cluster.is_sure, cluster.points_to(OTHER)) == (True, True)


def test_who_answered_last_is_asked_first(sentinel: Discovery) -> None:
    """The first may be gone for hours."""
    sentinel.found(PRIMARY, 1)
    assert sentinel.nodes == (OTHER, ASKED)


def test_who_is_silent_leaves_time_for_the_others(sentinel: Discovery) -> None:
    """Connecting and answering take half of a share at most."""
    asking = sentinel.asking()
    assert asking["socket_connect_timeout"] + asking["socket_timeout"] <= 0.5


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
    assert not is_from_primary(error)


@pytest.mark.parametrize(
    "error", [NoScriptError("No matching script."), OutOfMemoryError("used memory > 'maxmemory'")]
)
def test_a_primary_may_refuse(error: ResponseError) -> None:
    """It leads all the same."""
    assert is_from_primary(error)
