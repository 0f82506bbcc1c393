"""`tiktok-events figures`: rows for people, sheets and programs."""

from __future__ import annotations

import csv
import io
import re

import pytest
from click.testing import Result
from redis import Redis

from tests.builders.commands import objects, tiktok_events
from tests.builders.figures import SHOP, accepted, fold_all, settled
from worker.reporting.figures.cell import Cell
from worker.reporting.figures.period import Period

OTHER = "app:7123"
SALE: Cell = {
    "Purchase": {"delivered": 3, "value:EUR": 59_970, "latency:2": 3, "key:email": 2, "junk": 1},
    "=cmd|x": {"dead:invalid": 1},
    "": {"requests": 2},
}


@pytest.fixture(autouse=True)
def _sales(redis: Redis) -> None:
    """Of two destinations, in the hour that runs; one is folded."""
    hour = Period.at("h", redis.time()[0])
    settled(redis, SALE, hour=hour)
    accepted(redis, 4, hour=hour)
    fold_all(redis)
    settled(redis, SALE, to=OTHER, hour=hour)


def run(redis_url: str, *arguments: str) -> Result:
    """Run `tiktok-events figures`."""
    return tiktok_events("figures", *arguments, REDIS_URL=redis_url)


def test_the_table_has_one_row_for_all(redis_url: str) -> None:
    """The last hours, all destinations and events together."""
    (_, row) = run(redis_url).stdout.splitlines()

    words = re.split(r"\s{2,}", row.strip())
    assert words[1:] == ["4", "6", "2", "0", "4", "2s", "119.94 EUR"]


def test_a_row_for_each_is_a_choice(redis_url: str) -> None:
    """By destination and event; by day as by hour."""
    for by in ("hour", "day"):
        rows = objects(run(redis_url, "--by", by, "--each", "--events", "--json"))
        found = {(row["destination"], row["event"]) for row in rows}
        assert found == {(to, name) for to in (SHOP, OTHER) for name in SALE}


def test_json_tells_everything(redis_url: str) -> None:
    """Values in units of their currency, the rest as counted."""
    (row,) = objects(run(redis_url, "--destination", SHOP, "--event", "Purchase", "--json"))

    assert row["ends_at"] - row["at"] == 3_600
    del row["at"], row["ends_at"]
    assert row == {
        "destination": SHOP,
        "event": "Purchase",
        "accepted": 4,
        "delivered": 3,
        "dead": {},
        "salvaged": {},
        "remarks": {"junk": 1},
        "requests": 0,
        "keys": {"email": 2},
        "value": {"EUR": 59.97},
        "latency": {"2": 3},
        "latency_ms": 0,
    }


def test_a_sheet_calculates_nothing(redis_url: str) -> None:
    """A name that looks like a formula is a text."""
    sheet = run(redis_url, "--each", "--events", "--csv").stdout

    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert {"'=cmd|x", "Purchase", ""} == {row["event"] for row in rows}
    assert {row["value:EUR"] for row in rows if row["event"] == "Purchase"} == {"59.97"}


def test_nothing_is_said_so(redis_url: str) -> None:
    """Of a time in which nothing happened."""
    assert "Nothing was counted" in run(redis_url, "--until", "30d").stdout


@pytest.mark.parametrize("wrong", [("--csv", "--json"), ("--each", "--destination", SHOP)])
def test_what_contradicts_itself_is_wrong_usage(redis_url: str, wrong: tuple[str, ...]) -> None:
    """Exit code 2, and a sentence."""
    assert run(redis_url, *wrong).exit_code == 2
