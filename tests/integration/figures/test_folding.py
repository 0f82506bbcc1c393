"""What was counted is folded into cells of hours, once."""

from __future__ import annotations

import orjson
import pytest
from redis import Redis

from tests.builders.figures import HOUR, PURCHASES, SHOP, accepted, folding, settled, total
from tests.builders.stores import keys, store_of
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from worker.reporting.figures.folding import ENTRIES, Folding, Write, is_time_to_fold
from worker.reporting.figures.names import ANY
from worker.reporting.figures.period import Period
from worker.reporting.figures.reading import read

OTHER = "app:7123"


def test_what_is_not_folded_yet_is_read_already(redis: Redis) -> None:
    """A reader adds the journal, and what was accepted."""
    settled(redis, PURCHASES)
    accepted(redis, 4)

    assert total(redis) == {
        "Purchase": {"delivered": 3, "value:EUR": 30_000, "accepted": 4},
        "": {"requests": 1},
    }


def test_a_fold_changes_nothing_of_what_is_read(redis: Redis) -> None:
    """It moves the figures: journal and accepted are empty, and the sums are the same."""
    for _ in range(3):
        settled(redis, PURCHASES)
        accepted(redis, 2)
    before = total(redis)

    folding(redis).fold()

    assert before == total(redis)
    assert not redis.exists(keys.journal, keys.accepted, keys.accepted_of(SHOP))


def test_a_fold_of_a_fold_adds_up(redis: Redis) -> None:
    """The cell of an hour grows with every fold."""
    for _ in range(2):
        settled(redis, PURCHASES)
        folding(redis).fold()

    assert total(redis)["Purchase"]["delivered"] == 6


def test_all_destinations_have_a_cell_of_their_own(redis: Redis) -> None:
    """Totals need not be added up by whoever reads them."""
    settled(redis, PURCHASES)
    settled(redis, PURCHASES, to=OTHER)
    folding(redis).fold()

    assert total(redis, "*") == total(redis, None)
    assert total(redis, OTHER)["Purchase"]["delivered"] == 3


def test_a_fold_out_of_date_is_refused(redis: Redis) -> None:
    """Of two that have read the same journal, one writes."""
    settled(redis, PURCHASES)
    late = Write(folding(redis).folds(), 1, {HOUR: {SHOP: b"{}"}})

    folding(redis).fold()

    assert not folding(redis).write(late)
    assert total(redis)["Purchase"]["delivered"] == 3


def test_what_is_accepted_while_a_fold_reads_stays(redis: Redis) -> None:
    """A fold takes away the number that it has read, not what stands there now."""
    accepted(redis, 5)
    write = Write(b"0", accepted={SHOP: {f"{HOUR.number} Purchase".encode(): b"3"}})
    write.cells = {HOUR: {SHOP: b'{"Purchase":{"accepted":3}}'}}

    folding(redis).write(write)

    assert total(redis) == {"Purchase": {"accepted": 5}}


def test_a_long_journal_is_folded_in_steps(redis: Redis) -> None:
    """No step holds up the server for long."""
    for _ in range(ENTRIES + 1):
        settled(redis, {"Purchase": {"delivered": 1}})

    assert folding(redis).fold()
    assert redis.llen(keys.journal) == 1
    folding(redis).run(lambda: True)
    assert total(redis)["Purchase"]["delivered"] == ENTRIES + 1


@pytest.mark.parametrize("junk", [b"junk", b"[]", b'[1,"x"]', b'["a",1,{}]', b'[1,"x",{"a":1}]'])
def test_junk_in_the_journal_counts_as_nothing(redis: Redis, junk: bytes) -> None:
    """Whoever can write to the server can write anything there; the fold goes on."""
    redis.rpush(keys.journal, junk)
    settled(redis, PURCHASES)

    folding(redis).fold()

    assert total(redis)["Purchase"]["delivered"] == 3
    assert not redis.exists(keys.journal)


@pytest.mark.parametrize("name", ["journal", "accepted", "folds", "hours", "silent", "totals"])
def test_junk_in_the_place_of_a_key_is_removed(redis: Redis, name: str) -> None:
    """A text where we have something else would stop every fold."""
    place = getattr(keys, name)
    accepted(redis, 2)
    settled(redis, PURCHASES)
    redis.set(place, "junk")

    folding(redis).run(lambda: True)
    settled(redis, PURCHASES)
    folding(redis).run(lambda: True)

    assert total(redis)["Purchase"]["delivered"] == (3 if name == "journal" else 6)
    assert not redis.exists(keys.journal)


@pytest.mark.parametrize("place", [keys.cells(HOUR.name), keys.accepted_of(SHOP)])
def test_a_key_of_another_type_stops_no_fold(redis: Redis, place: str) -> None:
    """What stood there is gone; what is counted from then on is right."""
    accepted(redis, 1)
    redis.delete(place)
    redis.set(place, "junk")
    settled(redis, PURCHASES)

    folding(redis).fold()
    settled(redis, PURCHASES)

    assert total(redis)["Purchase"]["delivered"] == 6
    assert not redis.exists(keys.accepted)


def test_a_destination_is_silent_until_something_is_delivered(redis: Redis) -> None:
    """It counts from the first event that was accepted since."""
    accepted(redis, 1)
    folding(redis).fold()
    since = redis.zscore(keys.silent, SHOP)
    accepted(redis, 1)
    folding(redis).fold()
    assert since == redis.zscore(keys.silent, SHOP)

    settled(redis, PURCHASES)
    folding(redis).fold()

    assert redis.zscore(keys.silent, SHOP) is None


def test_one_worker_a_second_folds_if_there_is_anything(redis: Redis) -> None:
    """Idle installations do nothing."""
    store = store_of(redis)
    assert not is_time_to_fold(store)

    settled(redis, PURCHASES)

    assert is_time_to_fold(store)
    assert not is_time_to_fold(store)


def test_rows_are_of_the_time_and_the_event_that_were_asked_for(redis: Redis) -> None:
    """The hour of `since` is the first, the one of `until` is not there if it begins then."""
    later = Period.hour(HOUR.number + 1)
    settled(redis, PURCHASES)
    settled(redis, PURCHASES, hour=later)
    folding(redis).fold()
    store, begins = store_of(redis), HOUR.begins_at

    rows = read(store, begins + 5, later.begins_at, event="Purchase")

    assert [(begins, SHOP, "Purchase")] == [(r.at, r.destination, r.event) for r in rows]
    assert len(read(store, begins, later.begins_at + 1, event="Purchase")) == 2


def test_shards_are_added_up(redis: Redis) -> None:
    """Each has its own journal; a reader sees all of them."""
    store = Store(redis, Shards(count=4))
    names = [f"web:C{number}" for number in range(8)]
    for name in names:
        shard = store.shards.of(name)
        redis.rpush(shard.journal, orjson.dumps([HOUR.number, name, PURCHASES]))
        Folding(store, shard).fold()

    every = read(store, HOUR.begins_at, HOUR.ends_at, event="Purchase")
    (whole,) = read(store, HOUR.begins_at, HOUR.ends_at, destination=ANY, event="Purchase")

    assert [row.destination for row in every] == names
    assert whole.figures == {"delivered": 24, "value:EUR": 240_000}
