"""Packed blocks on a real server: who writes them, and that every script reads them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from redis import Redis
from redis.exceptions import ResponseError

from tiktok_events import AsyncClient, Client
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.outbox import keys
from tiktok_events.outbox.packing import is_packed, packed, unpacked
from worker.attempts.history import History
from worker.files.progress import SendProgress
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.delayed import HeldEvents
from worker.outbox.outbox import Claim, Outbox, Want
from worker.outbox.settlement import Settlement, Turns

PIXEL: Final = "C0PACKED0PIXEL000000"
KEY: Final = f"web:{PIXEL}"
TURNS: Final = Turns("digest", 10_000.0)
CROWDED: Final = 100_000


def lead(event_id: str, **changes: Any) -> dict[str, Any]:
    """An event whose block is packed even when it is alone."""
    return {
        "event": "Lead",
        "event_id": event_id,
        "user": {"email": "jo@example.com"},
        "page": {"url": f"https://shop.example/thanks?{'q' * 400}"},
        **changes,
    }


def client(redis_url: str, compression: str = "zlib", **settings: Any) -> Client:
    """A producer."""
    return Client(
        redis_url, event_source_id=PIXEL, linger_ms=0, compression=compression, **settings
    )


def stored(redis: Redis) -> list[tuple[bytes, bytes]]:
    """The fields of each block."""
    entries: Any = redis.xrange(keys.outbox(KEY))
    return [(fields[b"n"], fields[b"b"]) for _, fields in entries]


def are_packed(redis: Redis) -> list[bool]:
    """Which of the blocks are."""
    return [is_packed(payload) for _, payload in stored(redis)]


def claim(redis: Redis, *, size_bytes: int = 10_000_000, consumer: str = "one") -> Claim:
    """Claim what waits."""
    outbox = Outbox(redis, consumer=consumer, lease_ms=60_000)
    return outbox.claim([Want(KEY, 1_000, size_bytes, TURNS)])[0]


def ids(claimed: Claim) -> list[str]:
    """Event ids, in order."""
    return [
        event["event_id"]
        for block in claimed.blocks
        for event in orjson.loads(unpacked(block.payload))
    ]


def crowd(redis: Redis, waiting: int = CROWDED) -> None:
    """As if so many events waited."""
    redis.hset(keys.state(KEY), "waiting", waiting)


# --- who packs ----------------------------------------------------------------------------


def test_a_packed_block_is_claimed_as_any_other(redis: Redis, redis_url: str) -> None:
    """Beside one that is not, in order, with the number of its events."""
    with client(redis_url) as packing, client(redis_url, "none") as plain:
        packing.track_many([lead("e1"), lead("e2")])
        plain.track(lead("e3"))
        packing.track(lead("e4"))
    assert [count for count, _ in stored(redis)] == [b"2 zlib", b"1", b"1 zlib"]
    claimed = claim(redis)
    assert [block.events for block in claimed.blocks] == [2, 1, 1]
    assert ids(claimed) == ["e1", "e2", "e3", "e4"]


def test_the_default_packs_once_very_much_waits(redis: Redis, redis_url: str) -> None:
    """From the call on after the one that the server has answered so; until little waits."""
    with client(redis_url, "auto") as one:
        one.track(lead("before"))
        crowd(redis, CROWDED - 1)
        one.track(lead("crowded from here on"))
        one.track(lead("packed"))
        crowd(redis, 10)
        one.track(lead("packed too"))
        one.track(lead("after"))
    assert are_packed(redis) == [False, False, True, True, False]


def test_one_crowded_destination_says_nothing_of_another(redis: Redis, redis_url: str) -> None:
    """Each has an outbox of its own."""
    crowd(redis)
    with client(redis_url, "auto") as one:
        for _ in range(2):
            one.track_many([lead("a"), lead("b", event_source_id="C0OTHER")])
    others: Any = redis.xrange(keys.outbox("web:C0OTHER"))
    assert are_packed(redis) == [False, True]
    assert [fields[b"n"] for _, fields in others] == [b"1", b"1"]


def test_a_transaction_of_several_calls_tells_too(redis: Redis, redis_url: str) -> None:
    """What is too large for one call of the script is answered by several."""
    crowd(redis)
    large = [
        lead(f"e{n}", page={"url": f"https://shop.example/?{'q' * 60_000}"}) for n in range(80)
    ]
    with client(redis_url, "auto") as one:
        one.track_many(large)
        one.track(lead("last"))
    assert not any(are_packed(redis)[:-1])
    assert are_packed(redis)[-1]


async def _track_twice(redis_url: str) -> None:
    async with AsyncClient(redis_url, event_source_id=PIXEL, compression="auto") as one:
        await one.track(lead("e1"))
        await one.track(lead("e2"))


def test_the_client_for_asyncio_does_the_same(redis: Redis, redis_url: str) -> None:
    """When very much waits."""
    crowd(redis)
    asyncio.run(_track_twice(redis_url))
    assert are_packed(redis) == [False, True]


def test_what_was_spooled_is_packed_when_it_is_moved(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    """In the spool it stands as JSON."""
    spool = {"on_failure": "spool", "spool_file": tmp_path / "spool.sqlite"}
    with client("redis://127.0.0.1:1/0", "zlib", **spool) as away:
        away.track(lead("e1"))
    with client(redis_url, "zlib", **spool) as back:
        assert back.flush() == 1
    assert are_packed(redis) == [True]


@pytest.mark.parametrize(
    ("choice", "expected"), [("none", [False] * 2), ("auto", [False, True]), ("zlib", [True] * 2)]
)
def test_a_file_that_is_sent_is_packed_as_a_client_would(
    redis: Redis, choice: str, expected: list[bool]
) -> None:
    """Each step tells the next."""
    crowd(redis)
    preparer = EventPreparer({"web": PIXEL}, None, 65_536)
    progress = SendProgress(redis, "d", linger_ms=0, rings=True, compression=choice)
    progress.begin(resume=False)
    for number in (1, 2):
        progress.append([preparer.prepare(lead(f"e{number}"))], done=number, refused=0)
    assert expected == are_packed(redis)
    assert redis.hget(keys.COUNTERS, "accepted") == b"2"


def test_what_was_held_is_released_as_json(redis: Redis, redis_url: str) -> None:
    """A script makes its blocks, and scripts cannot pack; it is cancelled as ever."""
    with client(redis_url) as one:
        one.track(lead("kept"), delay=60)
        one.track(lead("cancelled"), delay=60)
        assert one.cancel("cancelled", event="Lead")
    held: Any = redis.zrange(keys.HELD, 0, -1)
    redis.zadd(keys.HELD, dict.fromkeys(held, 0))
    assert HeldEvents(redis).release() == 1
    assert are_packed(redis) == [False]
    assert ids(claim(redis)) == ["kept"]


# --- what claims and settlements do with it -----------------------------------------------


def test_a_claim_counts_the_bytes_of_json(redis: Redis, redis_url: str) -> None:
    """A worker that wants a request's worth does not get ten, because they look small."""
    with client(redis_url) as one:
        for number in range(10):
            one.track(lead(f"e{number}"))
    json_bytes = len(unpacked(stored(redis)[0][1]))
    assert sum(len(payload) for _, payload in stored(redis)) < 7 * json_bytes
    assert ids(claim(redis, size_bytes=3 * json_bytes)) == ["e0", "e1", "e2"]


def settled(redis: Redis, claimed: Claim, block: OpenBlock) -> None:
    """End one claimed block."""
    settlement = Settlement(KEY, claimed.failures, TURNS)
    block.settle_into(settlement)
    assert Outbox(redis, consumer="one", lease_ms=60_000).settle(settlement).lost == 0


def letter(body: Any) -> DeadLetter:
    """The letter of an event that was refused."""
    now = time.time()
    return DeadLetter.of(
        body,
        destination=KEY,
        reason=Reason.REJECTED,
        message="refused",
        history=History(now),
        died_at=now,
        expires_at=now + 60,
    )


@pytest.mark.parametrize(("choice", "expected"), [("zlib", True), ("none", False)])
def test_what_is_left_of_a_block_goes_back_as_it_stood(
    redis: Redis, redis_url: str, choice: str, *, expected: bool
) -> None:
    """Two blocks of it, when its events are left for two reasons; the dead have their letters."""
    with client(redis_url, choice) as one:
        one.track_many([lead(f"e{n}") for n in range(6)])
    claimed = claim(redis)
    block = OpenBlock.of(claimed.blocks[0], lease_ends=60.0)
    block.delivered()
    block.dead(1, letter(block.events[1]))
    block.left([2, 4])
    block.left([3, 5], group=1)
    settled(redis, claimed, block)
    assert are_packed(redis) == [expected] * 2
    again = claim(redis)
    assert [block.events for block in again.blocks] == [2, 2]
    assert ids(again) == ["e2", "e4", "e3", "e5"]
    assert [one.event_id for one in DeadLetters(redis)] == ["e1"]


def test_a_letter_of_a_packed_block_can_be_replayed(
    redis: Redis, redis_url: str, replay_letter: Any
) -> None:
    """Letters are JSON, and what is replayed is too."""
    with client(redis_url) as one:
        one.track(lead("e1"))
    claimed = claim(redis)
    block = OpenBlock.of(claimed.blocks[0], lease_ends=60.0)
    block.dead(0, letter(block.events[0]))
    settled(redis, claimed, block)
    (dead,) = DeadLetters(redis)
    assert replay_letter(redis, dead.id)
    assert ids(claim(redis)) == ["e1"]


# --- what cannot be read ------------------------------------------------------------------


def test_to_an_older_worker_it_is_no_number(redis: Redis, redis_url: str) -> None:
    """Its script stops at the block, instead of handing it over as garbage to be buried."""
    with client(redis_url) as one:
        one.track(lead("e1"))
    former = "return 1 + tonumber(redis.call('XRANGE', KEYS[1], '-', '+')[1][2][2])"
    with pytest.raises(ResponseError, match="arithmetic on a nil value"):
        redis.eval(former, 1, keys.outbox(KEY))
    assert ids(claim(redis)) == ["e1"]


def test_what_only_a_newer_version_can_unpack_is_not_buried(redis: Redis) -> None:
    """The claim fails aloud; the block stays, and is there for whoever can read it."""
    redis.xadd(keys.outbox(KEY), {"n": "1 zstd", "b": b"(\xb5/\xfd"})
    with pytest.raises(ResponseError, match="a block of a newer version"):
        claim(redis)
    assert stored(redis) == [(b"1 zstd", b"(\xb5/\xfd")]


DAMAGED: Final = packed(orjson.dumps([{"event_time": 1_795_384_568}] * 50))[:-4]


@pytest.mark.parametrize("payload", [b"[{", DAMAGED], ids=["JSON", "packed"])
def test_a_block_that_is_damaged_is_so_many_nothings(redis: Redis, payload: bytes) -> None:
    """Packed or not, its events end as letters of their own."""
    redis.xadd(keys.outbox(KEY), {"n": "50 zlib" if is_packed(payload) else 50, "b": payload})
    block = OpenBlock.of(claim(redis).blocks[0], lease_ends=60.0)
    assert block.events == [None] * 50
