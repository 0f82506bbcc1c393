"""The spool's file: order, bounds, leases, and what others may do to it."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builders.clock import Clock
from tiktok_events import InvalidSetting, OutboxUnavailable
from tiktok_events.outbox.blocks import Block
from tiktok_events.settings import ClientSettings
from tiktok_events.spool.spool import LONGEST_LEASE_S, Spool, Spooled

MEBIBYTE = 1024 * 1024
TIMEOUT_S = 2.0


@pytest.fixture
def clock() -> Clock:
    """The clock of the machine; it stands."""
    return Clock()


@pytest.fixture
def reopened(tmp_path: Path, clock: Clock) -> Iterator[Callable[[], Spool]]:
    """Opens the spool as one more process would."""
    opened: list[Spool] = []

    def open_one_more() -> Spool:
        opened.append(Spool(tmp_path / "spool.sqlite", MEBIBYTE, TIMEOUT_S, clock))
        return opened[-1]

    yield open_one_more
    for spool in opened:
        spool.close()


@pytest.fixture
def spool(reopened: Callable[[], Spool]) -> Spool:
    """An empty spool."""
    return reopened()


def block(number: int, destination: str = "web:A", size: int = 10) -> Block:
    """A block that can be told from others."""
    return Block(destination, 1, str(number).encode().ljust(size, b"."))


def numbers(blocks: tuple[Block, ...]) -> list[int]:
    """The numbers of blocks."""
    return [int(one.payload.rstrip(b".")) for one in blocks]


def test_blocks_come_out_in_the_order_they_came_in(
    spool: Spool, reopened: Callable[[], Spool]
) -> None:
    """Whoever put them in, and whoever takes them out."""
    other = reopened()
    for number in range(0, 10, 2):
        spool.put([block(number)])
        other.put([block(number + 1, "web:B")])
    batch = reopened().take(MEBIBYTE)
    assert numbers(batch.blocks) == list(range(10))
    assert batch.blocks[1] == block(1, "web:B")


def test_a_batch_is_as_large_as_wanted_and_never_empty(spool: Spool) -> None:
    """A block that alone is larger is taken all the same."""
    spool.put([block(number, size=100) for number in range(5)])
    first = spool.take(250)
    spool.settle(first)
    second = spool.take(1)
    assert (numbers(first.blocks), numbers(second.blocks)) == ([0, 1], [2])


def test_a_settled_batch_is_gone_and_the_rest_stays(spool: Spool) -> None:
    """New blocks that came meanwhile, too."""
    spool.put([block(0), block(1)])
    batch = spool.take(MEBIBYTE)
    spool.put([block(2)])
    spool.settle(batch)
    assert numbers(spool.take(MEBIBYTE).blocks) == [2]


def test_what_is_kept_of_a_batch_stands_behind_the_rest(spool: Spool) -> None:
    """It is for a server that is away, and what is for others is flushed all the same."""
    spool.put([block(number, size=100) for number in range(4)])
    batch = spool.take(300)
    spool.settle(batch, kept=[batch.blocks[0], batch.blocks[2]])
    spool.put([block(4)])
    assert numbers(spool.take(MEBIBYTE).blocks) == [3, 0, 2, 4]


def test_one_flusher_works_at_a_time(spool: Spool, reopened: Callable[[], Spool]) -> None:
    """The other finds nothing to do until the first has settled or given back."""
    other = reopened()
    spool.put([block(0), block(1)])
    batch = spool.take(1)
    assert other.take(MEBIBYTE).blocks == ()
    spool.settle(batch)
    batch = other.take(MEBIBYTE)
    assert (numbers(batch.blocks), spool.take(1).blocks) == ([1], ())
    other.give_back(batch)
    assert numbers(spool.take(1).blocks) == [1]


def test_the_lease_of_a_killed_flusher_ends(
    spool: Spool, reopened: Callable[[], Spool], clock: Clock
) -> None:
    """Then another one takes the same blocks."""
    spool.put([block(0)])
    spool.take(1)
    clock.now += 8
    assert numbers(reopened().take(1).blocks) == [0]


def test_a_flusher_that_lost_its_lease_takes_nothing_from_the_next(
    spool: Spool, reopened: Callable[[], Spool], clock: Clock
) -> None:
    """It wakes up late: it forgets only what it had, and ends no lease but its own."""
    other = reopened()
    spool.put([block(0)])
    late = spool.take(1)
    clock.now += 8
    other.settle(other.take(1))
    spool.put([block(1)])
    batch = other.take(1)
    spool.settle(late)
    assert (numbers(batch.blocks), spool.take(1).blocks) == ([1], ())


def test_a_clock_that_goes_back_does_not_make_a_lease_longer(spool: Spool, clock: Clock) -> None:
    """One that ends too far ahead was taken before it."""
    spool.put([block(0)])
    spool.take(1)
    clock.now -= LONGEST_LEASE_S
    assert numbers(spool.take(1).blocks) == [0]


def test_a_full_spool_refuses_all_of_a_call(spool: Spool) -> None:
    """With a clear error; what it has, it keeps, and a flush makes room."""
    spool.put([block(0, size=MEBIBYTE // 2)])
    with pytest.raises(OutboxUnavailable, match="is full: 1,048,576 bytes"):
        spool.put([block(1, size=1000), block(2, size=MEBIBYTE)])
    batch = spool.take(MEBIBYTE)
    assert numbers(batch.blocks) == [0]
    assert spool.path.stat().st_size <= MEBIBYTE
    spool.settle(batch)
    spool.put([block(3, size=MEBIBYTE // 2)])


def test_the_contents_are_told_by_destination(spool: Spool, clock: Clock) -> None:
    """How many events, how many bytes, and since when."""
    since = clock.now
    spool.put([block(0, "web:A", 100), block(1, "web:B", 7)])
    clock.now += 60
    spool.put([block(2, "web:A", 50)])
    expected = [Spooled("web:A", 2, 150, since), Spooled("web:B", 1, 7, since)]
    assert expected == spool.contents()


def test_only_the_owner_may_read_it(spool: Spool) -> None:
    """The log beside it too, and nothing else is left of making it."""
    spool.put([block(0)])
    files = sorted(spool.path.parent.iterdir())
    assert [file.name for file in files] == [
        "spool.sqlite",
        "spool.sqlite-shm",
        "spool.sqlite-wal",
    ]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_what_was_flushed_is_in_no_file(spool: Spool) -> None:
    """Addresses of people do not stay behind in free pages."""
    spool.put([block(0), Block("web:A", 1, b"198.51.100.7")])
    spool.settle(spool.take(MEBIBYTE))
    spool.close()
    assert b"198.51.100.7" not in spool.path.read_bytes()


def test_a_deleted_file_is_made_anew(spool: Spool) -> None:
    """What comes later is not written into a file without a name."""
    spool.put([block(0)])
    for file in spool.path.parent.iterdir():
        file.unlink()
    spool.put([block(1)])
    with sqlite3.connect(spool.path) as connection:
        found = connection.execute("SELECT count(*) FROM spooled").fetchone()
    connection.close()
    assert found == (1,)


def test_a_file_that_is_no_spool_is_left_alone(tmp_path: Path) -> None:
    """Somebody else's data, or those of a later version."""
    text, database = tmp_path / "text", tmp_path / "database"
    text.write_bytes(b"not a database, but long enough to be taken for one" * 20)
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE orders (id)")
    connection.close()
    for path in (text, database):
        before = path.read_bytes()
        with pytest.raises(InvalidSetting):
            Spool.of(ClientSettings(on_failure="spool", spool_file=path))
        assert before == path.read_bytes()


def test_a_place_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    """Not in the outage."""
    with pytest.raises(InvalidSetting, match="TIKTOK_EVENTS_SPOOL_FILE must be a file"):
        Spool.of(ClientSettings(on_failure="spool", spool_file=tmp_path / "none" / "spool"))
    assert list(tmp_path.iterdir()) == []
