"""Which shard a destination is in, and how its keys are spelled."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from zlib import crc32

import pytest
from redis.crc import key_slot

from tiktok_events.outbox.shards import INSTALLATION_TAG, MOST, Shards, tag

COUNTS = [2**power for power in range(9)]
SLOTS = 16_384


def leader(shard: int, leaders: int) -> int:
    """Which of some leaders that share the slots evenly has a shard."""
    return key_slot(tag(shard).encode()) * leaders // SLOTS


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("leaders", [1, 2, 3, 4, 5, 6, 8, 12, 16])
def test_no_leader_has_more_than_one_shard_above_its_share(count: int, leaders: int) -> None:
    """Plain numbers as tags would put four of eight shards on one of three leaders."""
    shards = Counter(leader(shard, leaders) for shard in range(count))
    assert max(shards.values()) <= -(-count // leaders) + (leaders & (leaders - 1) != 0)


@pytest.mark.parametrize("count", COUNTS)
def test_a_destination_is_in_the_shard_of_its_checksum(count: int) -> None:
    """As any language can compute it; twice as many shards keep half of the destinations."""
    for number in range(100):
        destination = f"web:C0PIXEL{number}"
        shard = crc32(destination.encode()) % count
        assert Shards(count=count).of(destination) is Shards().at(shard)


def test_what_is_there_once_is_in_the_slot_of_the_first_shard() -> None:
    """So that an installation with one shard has all of it in one slot."""
    assert key_slot(INSTALLATION_TAG.encode()) == key_slot(tag(0).encode())
    assert INSTALLATION_TAG not in map(tag, range(MOST))


def test_a_key_is_spelled_with_namespace_tag_and_name() -> None:
    """The namespace stands outside the tag: it does not move a shard to another slot."""
    keys = Shards("shop", 2).at(1)
    assert keys.ready == "shop:{1.8}:ready"
    assert keys.outbox("web:{x}") == "shop:{1.8}:outbox:web:{x}"
    assert key_slot(keys.outbox("web:{x}").encode()) == key_slot(b"1.8")
    assert Shards("shop").broker.doorbell == "shop:celery:tiktok_events.doorbell"


@pytest.mark.parametrize("count", [1, 2, 8, 256])
def test_the_things_of_a_shard_stay_together_and_in_order(count: int) -> None:
    """None is lost; what is for one shard is for no other."""
    shards, things = Shards(count=count), [f"web:C0{number % 20}" for number in range(200)]
    parts = shards.apart(things, str)
    assert sorted(chain.from_iterable(parts)) == sorted(things)
    assert [len({shards.of(one) for one in part}) for part in parts] == [1] * len(parts)
    assert len({shards.of(part[0]) for part in parts}) == len(parts)
    assert all(part == [one for one in things if one in set(part)] for part in map(list, parts))
    assert shards.apart([], str) == []
