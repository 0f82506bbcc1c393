"""What was counted of a destination since the first start never falls, and is bounded."""

from __future__ import annotations

from redis import Redis

from tests.builders.figures import SHOP, accepted, folding, settled
from tests.builders.stores import keys, store_of
from worker.reporting.figures.folding import Folding, Write
from worker.reporting.figures.totals import MOST_NAMED, OTHER, read_totals

ENDED = {
    "Purchase": {"delivered": 2, "latency:1": 2, "latency_ms": 900, "key:email": 2, "value:EUR": 9},
    "Lead": {"delivered": 1, "latency:5": 1, "latency_ms": 4_000, "dead:invalid": 1},
    "": {"requests": 1},
}


def test_totals_are_of_all_hours_and_names(redis: Redis) -> None:
    """A figure that nobody scrapes by destination is not kept."""
    for _ in range(2):
        settled(redis, ENDED)
        accepted(redis, 4)
        folding(redis).fold()

    assert read_totals(store_of(redis)) == {
        SHOP: {
            "accepted": 8,
            "delivered": 6,
            "dead:invalid": 2,
            "requests": 2,
            "latency:1": 4,
            "latency:5": 2,
            "latency_ms": 9_800,
        }
    }


def test_who_comes_after_the_two_hundredth_is_other(redis: Redis) -> None:
    """For ever: nobody's total moves from one name to another, where it would fall."""
    for number in range(MOST_NAMED + 3):
        settled(redis, {"Lead": {"delivered": 1}}, to=f"web:C0{number:04}")
    folding(redis).run(lambda: True)
    settled(redis, {"Lead": {"delivered": 1}}, to=f"web:C0{MOST_NAMED:04}")
    settled(redis, {"Lead": {"delivered": 1}}, to="web:C00000")
    folding(redis).run(lambda: True)

    totals = read_totals(store_of(redis))

    assert len(totals) == redis.scard(keys.named) + 1 == MOST_NAMED + 1
    assert totals[OTHER] == {"delivered": 4}
    assert totals["web:C00000"] == {"delivered": 2}


def test_a_fold_out_of_date_adds_nothing(redis: Redis) -> None:
    """Of two that have read the same journal, one counts."""
    settled(redis, ENDED)
    fold = Folding(store_of(redis), keys)
    late = Write(fold.folds(), 1, totals={SHOP: {"delivered": 3}})
    fold.fold()
    before = read_totals(store_of(redis))

    assert not fold.write(late)
    assert read_totals(store_of(redis)) == before


def test_junk_among_totals_counts_as_nothing(redis: Redis) -> None:
    """A field that is not as we write it, and a number that is none."""
    settled(redis, ENDED)
    folding(redis).fold()
    before = read_totals(store_of(redis))
    redis.hset(keys.totals, mapping={"x": "1", "accepted web:C0X": "many", b"\xff": b"\xff"})

    assert {name: known for name, known in read_totals(store_of(redis)).items() if known} == before
