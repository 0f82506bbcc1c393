"""`tiktok-events dead stats` and the filters that all commands of `dead` share."""

from __future__ import annotations

import time
from typing import Any

import pytest
from redis import Redis

from tests.builders import letters
from worker.attempts.history import History
from worker.letters.dead_letters import Reason

HOUR_S = 3_600.0
DAY_S = 86_400.0


class Desk(letters.Desk):
    """A desk with letters of more than a day ago."""

    def bury(self, name: str, **given: Any) -> str:
        """Bury one event."""
        now = time.time()
        body = {
            "event": given.pop("event", "Purchase"),
            "event_id": name,
            "properties": {"value": 19.9, "currency": given.pop("currency", "EUR")},
        }
        known = {
            "destination": "web:C0PIXEL0EXAMPLE00001",
            "message": "Invalid parameter: properties.value",
            "code": 40002,
            "died_at": now - 30 * HOUR_S,
            "expires_at": now + 5.5 * DAY_S,
            "history": History(now - 3 * DAY_S, ambiguous_since=given.pop("ambiguous_since", None)),
        }
        return letters.bury(self.redis, body, **(known | given))


@pytest.fixture
def desk(redis: Redis, redis_url: str) -> Desk:
    """A letter that every filter below leaves out, and one that it names."""
    desk = Desk(redis, redis_url)
    desk.bury("other")
    desk.bury(
        "wanted",
        reason=Reason.INVALID,
        code=None,
        path="properties.contents.0.price",
        event="Lead",
        destination="app:1",
        died_at=time.time() - HOUR_S,
        ambiguous_since=time.time() - DAY_S,
        expires_at=time.time() - 2 * HOUR_S,
        message="must be a number",
    )
    return desk


FILTERS = [
    ("--reason", "invalid"),
    ("--field", "properties.contents[].price"),
    ("--field", "properties.contents.7.price"),
    ("--event", "Lead"),
    ("--destination", "app:1"),
    ("--source", "app"),
    ("--since", "2h"),
    ("--ambiguous",),
    ("--not-recoverable",),
    ("--event-id", "wanted"),
    ("--text", "MUST be"),
]


@pytest.mark.parametrize("chosen", FILTERS)
def test_every_filter_chooses(desk: Desk, chosen: tuple[str, ...]) -> None:
    """The list and the figures agree on the letter that it names."""
    (letter,) = desk.json("list", *chosen)
    (stats,) = desk.json("stats", *chosen)
    assert (letter["event_id"], stats["letters"]) == ("wanted", 1)


@pytest.mark.parametrize(
    "chosen",
    [("--code", "40002"), ("--not-ambiguous",), ("--recoverable",), ("--until", "2h")],
)
def test_every_filter_has_another_side(desk: Desk, chosen: tuple[str, ...]) -> None:
    """What the others leave out."""
    assert [letter["event_id"] for letter in desk.json("list", *chosen)] == ["other"]


def test_letters_without_a_destination_can_be_chosen(desk: Desk) -> None:
    """`none` is the word for it."""
    desk.bury("lost", destination="")
    found = desk.json("list", "--destination", "none")
    assert [letter["event_id"] for letter in found] == ["lost"]


@pytest.mark.parametrize(
    ("chosen", "hint"),
    [
        (("--since", "yesterday"), "30m, 2h, 3d, 1w"),
        (("--source", "tv"), "'web'"),
        (("--reason", "bored"), "'rejected'"),
        (("--code", "many"), "not a valid integer"),
    ],
)
def test_a_wrong_filter_is_wrong_usage(desk: Desk, chosen: tuple[str, str], hint: str) -> None:
    """The error says what is allowed."""
    result = desk.run("stats", *chosen)
    assert (result.exit_code, hint in result.stderr) == (2, True)


def test_pages_follow_each_other(desk: Desk) -> None:
    """The list names the place where the next page begins, for people and for programs."""
    page = desk.run("list", "--limit", "1").stdout
    first, second = desk.json("list")
    assert f"Next page: the same with --after {first['cursor']}\n" in page
    assert [second] == desk.json("list", "--after", first["cursor"])
    assert "Next page" not in desk.run("list", "--after", first["cursor"]).stdout


def test_a_wrong_cursor_is_wrong_usage(desk: Desk) -> None:
    """The error says where a cursor comes from."""
    result = desk.run("list", "--after", "17-0")
    assert (result.exit_code, "DEADLINE/ID" in result.stderr) == (2, True)


def test_a_line_of_the_list_has_its_documented_keys(desk: Desk) -> None:
    """Programs rely on them."""
    letter = desk.json("list", "--event-id", "wanted")[0]
    wanted = {
        "field": "properties.contents[].price",
        "path": "properties.contents.0.price",
        "value": 19.9,
        "currency": "EUR",
        "ambiguous": True,
        "recoverable": False,
        "code": None,
    }
    assert {key: letter[key] for key in wanted} == wanted


def test_the_figures_fit_a_hundred_columns(desk: Desk) -> None:
    """Long names are cut; every table tells letters, what can be sent, until when, and value."""
    desk.bury("long", message="word " * 90, destination="offline:" + "7" * 60, event="E" * 60)
    for number in range(8):
        desk.bury(f"many-{number}", code=40000 + number, currency="USD")
    output = desk.run("stats").stdout
    assert max(map(len, output.splitlines())) <= 100
    parts = [
        "11 dead letters; 10 can still be sent",
        "USD       159.20            159.20   0.00",
        "rejected                                       10           10    in 5d  159.20 USD +1",
        "and 3 more: --top 9",
        "expired                                         1            0        -",
    ]
    assert parts == [part for part in parts if part in output]


def test_an_event_without_a_name_has_a_dash(desk: Desk) -> None:
    """An empty name is shown as `dead list` shows it, not as a blank cell."""
    desk.bury("nameless", event="")
    table = desk.run("stats").stdout.split("\nevent ")[1]
    assert [line.split()[0] for line in table.splitlines()[1:4]].count("-") == 1


def test_a_figure_that_is_a_bound_says_so(desk: Desk) -> None:
    """Kinds have no numbers, so a text with one is counted as what may be."""
    desk.bury("numbered", message="value 71")
    assert desk.run("stats", "--text", "value 7").stdout.startswith("At most 1 dead letter; ")
    assert desk.run("stats", "--text", "value").stdout.startswith("2 dead letters; ")
    assert not desk.json("stats", "--text", "value 7")[0]["exact"]


def test_no_letters_are_said_in_words(redis: Redis, redis_url: str) -> None:
    """No letters at all is good news; none that match is not the same."""
    desk = Desk(redis, redis_url)
    assert "There are no dead letters" in desk.run("stats").stdout
    assert desk.run("stats", "--reason", "invalid").stdout == "No dead letter matches.\n"
    assert desk.json("stats")[0]["letters"] == 0


def test_a_purge_by_filter_takes_the_same_letters(desk: Desk) -> None:
    """All filters mean the same to every command."""
    result = desk.run("purge", "--field", "properties.contents[].price", "--ambiguous", "--yes")
    assert (result.exit_code, result.stdout) == (0, "        1 purged\n")
    assert [letter["event_id"] for letter in desk.json("list")] == ["other"]
