"""`tiktok-events destinations` lists, parks and resumes, on a real server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result
from redis import Redis

from tests.builders.commands import objects, tiktok_events
from tests.builders.stores import keys, store_of
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetters
from worker.reporting.audit import Audit

CONFIGURED = """
[[destinations]]
event_source_id = "C0CONFIGURED"
access_token = "TOKEN-OF-THE-FILE"
batch_events = 50

[[destinations]]
event_source = "app"
event_source_id = "7300000000000000001"
access_token = "TOKEN-OF-THE-APP"
"""


@dataclass
class Desk:
    """An operator's desk: a server, settings and the command."""

    redis: Redis
    settings: dict[str, str | None]

    def run(self, *arguments: str) -> Result:
        """Run `tiktok-events destinations …`."""
        return tiktok_events("destinations", *arguments, **self.settings)

    def json(self, *arguments: str) -> list[dict[str, Any]]:
        """Run it with --json; one object per line."""
        return objects(self.run(*arguments, "--json"))

    def track(self, source_id: str) -> None:
        """Enqueue one web event."""
        with Client(self.settings["REDIS_URL"]) as client:
            client.track({"event": "Purchase", "event_source_id": source_id})

    def due(self) -> list[str]:
        """Destinations that a worker would look at."""
        ready: Any = self.redis.zrange(keys.ready, 0, -1)
        return [name.decode() for name in ready]


@pytest.fixture
def desk(redis: Redis, redis_url: str, tmp_path: Path) -> Desk:
    """A desk with two configured destinations, and no general token."""
    file = tmp_path / "destinations.toml"
    file.write_text(CONFIGURED)
    settings = {"REDIS_URL": redis_url, "DESTINATIONS_FILE": str(file), "ACCESS_TOKEN": None}
    return Desk(redis, {**settings, "PIXEL_CODE": None})


def test_configured_and_seen_destinations_are_listed(desk: Desk) -> None:
    """Those without events are there too, and those that nobody configured."""
    desk.track("C0SEEN")
    rows = {row["destination"]: row for row in desk.json("list")}
    assert list(rows) == ["app:7300000000000000001", "web:C0CONFIGURED", "web:C0SEEN"]
    assert [(row["configured"], row["token"], row["waiting"]) for row in rows.values()] == [
        (True, True, 0),
        (True, True, 0),
        (False, False, 1),
    ]
    assert rows["web:C0CONFIGURED"]["limits"] == {"batch_events": 50}


def test_the_list_shows_no_token(desk: Desk) -> None:
    """It fits 100 columns and tells that there is one, not which."""
    output = desk.run("list").stdout + desk.run("list", "--json").stdout
    assert "TOKEN-OF" not in output
    table = desk.run("list").stdout.splitlines()
    assert max(map(len, table)) <= 100
    assert "batch_events 50" in next(line for line in table if "C0CONFIGURED" in line)


def test_an_empty_list_says_what_to_set(desk: Desk) -> None:
    """A newcomer learns which settings name a destination."""
    desk.settings["DESTINATIONS_FILE"] = None
    assert "TIKTOK_EVENTS_PIXEL_CODE" in desk.run("list").stdout


def test_an_empty_list_asks_for_no_token_that_is_set(desk: Desk) -> None:
    """One token for every destination is enough: nothing is missing when all is delivered."""
    desk.settings["DESTINATIONS_FILE"] = None
    desk.settings["ACCESS_TOKEN"] = "TOKEN"
    output = desk.run("list").stdout
    assert output.startswith("No destination has events waiting.")
    assert "TOKEN serves every destination" in output


def test_the_default_pixel_is_configured(desk: Desk) -> None:
    """The pixel of the environment is listed before its first event."""
    desk.settings["PIXEL_CODE"] = "C0DEFAULT"
    assert "web:C0DEFAULT" in {row["destination"] for row in desk.json("list")}


def test_a_parked_destination_is_not_due(desk: Desk) -> None:
    """Its events are accepted and wait, until it is resumed."""
    desk.track("C0SEEN")
    assert desk.run("park", "web:C0SEEN", "--reason", "wrong prices").exit_code == 0
    desk.track("C0SEEN")
    assert desk.due() == []
    (row,) = (row for row in desk.json("list") if row["destination"] == "web:C0SEEN")
    assert (row["waiting"], row["condition"], row["parked"]) == (2, "parked", "wrong prices")
    result = desk.run("resume", "web:C0SEEN")
    assert (result.exit_code, result.stdout) == (0, "web:C0SEEN goes on; 2 events waiting.\n")
    assert desk.due() == ["web:C0SEEN"]


def test_the_first_reason_is_kept(desk: Desk) -> None:
    """Parking what is parked does no harm and hides nothing."""
    desk.run("park", "web:C0CONFIGURED", "--reason", "first")
    assert desk.json("park", "web:C0CONFIGURED", "--reason", "second") == [
        {"destination": "web:C0CONFIGURED", "parked": True, "changed": False}
    ]
    assert "parked: first" in desk.run("list").stdout


def test_a_reason_keeps_no_personal_data(desk: Desk) -> None:
    """An address in it is struck out before it reaches Redis."""
    desk.run("park", "web:C0CONFIGURED", "--reason", "ask ann@example.com")
    reason: Any = desk.redis.hget(keys.state("web:C0CONFIGURED"), "parked")
    assert b"ann@example.com" not in reason


def test_a_destination_nobody_knows_is_not_parked(desk: Desk) -> None:
    """A slip is caught, and what was meant is named."""
    result = desk.run("park", "web:C0CONFIGURD")
    assert result.exit_code == 1
    assert "did you mean web:C0CONFIGURED?" in result.stderr
    assert desk.redis.keys(keys.state("*")) == []


def test_a_destination_can_be_parked_before_its_first_event(desk: Desk) -> None:
    """--unseen says that it is no slip."""
    assert desk.run("park", "web:C0NEW", "--unseen").exit_code == 0
    desk.track("C0NEW")
    assert desk.due() == []


def test_all_parked_destinations_can_be_resumed(desk: Desk) -> None:
    """Each one is told; a second time there are none."""
    for name in ("web:C0CONFIGURED", "app:7300000000000000001"):
        desk.run("park", name)
    resumed = desk.json("resume", "--all")
    assert sorted(row["destination"] for row in resumed) == [
        "app:7300000000000000001",
        "web:C0CONFIGURED",
    ]
    assert desk.run("resume", "--all").stdout == "No destination is parked.\n"


def test_a_destination_that_is_not_parked_is_not_resumed(desk: Desk) -> None:
    """A slip is caught, and what was meant is named."""
    desk.run("park", "web:C0CONFIGURED")
    result = desk.run("resume", "web:C0CONFIGURE")
    assert result.exit_code == 1
    assert "is not parked; did you mean web:C0CONFIGURED?" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("park", "C0PIXEL"),
        ("park", "fax:1"),
        ("resume",),
        ("resume", "web:C0PIXEL", "--all"),
        ("resume", "--all", "--bury"),
    ],
)
def test_wrong_usage_ends_with_2(desk: Desk, arguments: tuple[str, ...]) -> None:
    """A word that is no destination, none, or one too many."""
    assert desk.run(*arguments).exit_code == 2


def test_what_waits_can_be_buried_to_be_edited(desk: Desk) -> None:
    """With the reason of the parking; the destination goes on with what comes after."""
    for _ in range(30):
        desk.track("C0SEEN")
    desk.run("park", "web:C0SEEN", "--reason", "refused: no match key")
    (row,) = desk.json("resume", "web:C0SEEN", "--bury", "--yes")
    assert (row["parked"], row["waiting"]) == (False, 0)
    letters = list(DeadLetters(store_of(desk.redis)))
    assert len(letters) == 30
    assert {(one.reason, one.message) for one in letters} == {("rejected", "refused: no match key")}
    assert all(one.event_id and one.expires_at > one.died_at for one in letters)
    assert desk.redis.hget(keys.counters, "dead:rejected") == b"30"
    entries = [(entry.action, entry.count) for entry in Audit(store_of(desk.redis)).read()]
    assert ("bury", 30) in entries


def test_what_another_producer_wrote_is_not_buried_raw(desk: Desk) -> None:
    """A letter holds no raw match key, also where nothing was sent before."""
    desk.track("C0SEEN")
    desk.run("park", "web:C0SEEN")
    raw = {"event": "Lead", "event_id": "foreign", "user": {"E-Mail": "ann@shop.example"}}
    block: dict[Any, Any] = {"n": 1, "b": orjson.dumps([raw])}
    desk.redis.xadd(keys.outbox("web:C0SEEN"), block)
    desk.json("resume", "web:C0SEEN", "--bury", "--yes")
    (letter,) = (one for one in DeadLetters(store_of(desk.redis)) if one.event_id == "foreign")
    assert b"ann@shop.example" not in orjson.dumps(letter.body)


def test_nothing_is_buried_without_a_yes(desk: Desk) -> None:
    """The destination stays parked, and its events wait."""
    desk.track("C0SEEN")
    desk.run("park", "web:C0SEEN")
    assert desk.run("resume", "web:C0SEEN", "--bury").exit_code == 1
    assert not list(DeadLetters(store_of(desk.redis)))
    assert desk.redis.hexists(keys.parked, "web:C0SEEN")


def test_only_what_is_parked_is_buried(desk: Desk) -> None:
    """Events of another destination may be on their way."""
    desk.track("C0SEEN")
    assert desk.run("resume", "web:C0SEEN", "--bury", "--yes").exit_code == 1
    assert not list(DeadLetters(store_of(desk.redis)))
