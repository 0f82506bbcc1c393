"""Whoever can write to the server can write junk into the figures; folds go on, and are exact."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.builders.figures import HOUR, PURCHASES, SHOP, accepted, folding, settled, total
from tests.builders.stores import keys, store_of
from worker.reporting.figures.totals import read_totals

JUNK = [b"", b"many", b"-5", b"1.5", b" 5", b"\xff", b"9" * 19, b"9" * 400]
NUMBERS = ["-5", "1.5", "null", '"many"', "true", "9223372036854775807", "1e400"]


def folded_twice(redis: Redis) -> None:
    """Something is counted and folded; and once more, with two folds that find nothing."""
    for _ in range(2):
        settled(redis, PURCHASES)
        accepted(redis, 2)
        for _ in range(2):
            folding(redis).fold()


def is_exact(redis: Redis) -> bool:
    """Whether hours and totals have what `folded_twice` counted, and nothing is left to fold."""
    known, hours = read_totals(store_of(redis))[SHOP], total(redis)["Purchase"]
    wanted = {"accepted": 4, "delivered": 6}
    left = redis.exists(keys.journal, keys.accepted, keys.accepted_of(SHOP))
    return not left and wanted.items() <= known.items() and wanted.items() <= hours.items()


@pytest.mark.parametrize("number", JUNK)
@pytest.mark.parametrize("field", [f"{HOUR.number} AddToCart", "many"])
def test_junk_among_what_was_accepted_is_removed(redis: Redis, field: str, number: bytes) -> None:
    """An error in the middle of a fold would count the same again with each fold."""
    redis.hset(keys.accepted_of(SHOP), field, number)

    folded_twice(redis)

    assert is_exact(redis)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_in_the_journal_that_is_no_count_is_nothing(redis: Redis, number: str) -> None:
    """No total falls by it."""
    redis.rpush(keys.journal, f'[{HOUR.number},"{SHOP}",{{"Purchase":{{"delivered":{number}}}}}]')

    folded_twice(redis)

    assert is_exact(redis)


@pytest.mark.parametrize("junk", [b"", b"many", b"1.5", b"\xff", b"9223372036854775807"])
def test_a_total_that_is_junk_begins_anew(redis: Redis, junk: bytes) -> None:
    """The totals of other destinations go on."""
    redis.hset(keys.totals, f"delivered {SHOP}", junk)
    redis.sadd(keys.named, SHOP)
    settled(redis, PURCHASES)
    settled(redis, PURCHASES, to="app:7")
    folding(redis).fold()

    folded = read_totals(store_of(redis))

    assert folded[SHOP]["delivered"] == folded["app:7"]["delivered"] == 3
