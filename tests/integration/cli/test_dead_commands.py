"""`tiktok-events dead` lists, shows and purges what stands in a real server."""

from __future__ import annotations

import time
from typing import Any

import pytest
from redis import Redis

from tests.builders import letters
from tests.builders.stores import store_of
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetters, Reason
from worker.operations.status import read_figures

HOUR_S = 3_600.0
DAY_S = 86_400.0
PIXEL = "web:C0PIXEL0EXAMPLE00001"


class Desk(letters.Desk):
    """A desk with letters of many kinds."""

    def bury(self, name: str = "order-1", **given: Any) -> str:
        """Bury one event; returns its letter's id."""
        now, log = time.time(), given.pop("log", ())
        doubted = [entry["at"] for entry in log if entry["verdict"] == "ambiguous"]
        known = {
            "destination": PIXEL,
            "message": "Invalid parameter: properties.value",
            "code": 40002,
            "request_id": "REQUEST1",
            "died_at": now - HOUR_S,
            "expires_at": now + 5.5 * DAY_S,
            "history": History(
                now - 3 * DAY_S, len(log), min(doubted, default=None), log=tuple(log)
            ),
        }
        body = {"event": given.pop("event", "Purchase"), "event_id": name, "properties": {}}
        return letters.bury(self.redis, body, **(known | given))

    def waiting(self) -> int:
        """Events in outboxes."""
        return read_figures(store_of(self.redis)).waiting


@pytest.fixture
def desk(redis: Redis, redis_url: str) -> Desk:
    """A desk without letters."""
    return Desk(redis, redis_url)


def attempt(ago_s: float, verdict: str) -> dict[str, Any]:
    """One line of a letter's log."""
    return {
        "at": time.time() - ago_s,
        "verdict": verdict,
        "code": 40002,
        "duration_ms": 1_234,
        "request_id": "REQUEST1",
    }


# --- list ---------------------------------------------------------------------


def test_no_letters_are_said_in_words(desk: Desk) -> None:
    """An empty list is a good message for people, and no line for programs."""
    assert "There are no dead letters" in desk.run("list").stdout
    empty = desk.run("list", "--json")
    assert (empty.exit_code, empty.stdout) == (0, "")


def test_the_nearest_deadline_comes_first(desk: Desk) -> None:
    """What must be replayed soonest stands at the top."""
    late = desk.bury("late", expires_at=time.time() + 9 * DAY_S)
    soon = desk.bury("soon", expires_at=time.time() + HOUR_S)
    assert [soon, late] == [letter["id"] for letter in desk.json("list")]


def test_the_table_fits_a_hundred_columns(desk: Desk) -> None:
    """Long names are cut, and every column still tells something."""
    letter_id = desk.bury(
        event="AVeryLongEventNameOfOurOwn",
        destination="offline:7400000000000000001:TEST12345",
        message="properties.contents.0.price: " + "must be a number " * 9,
    )
    output = desk.run("list").stdout
    assert max(map(len, output.splitlines())) <= 100
    row = next(line for line in output.splitlines() if line.startswith(letter_id))
    parts = ["AVeryLongEventNameOfOurOwn", "TEST12345", "rejected 40002", "1h", "in 5d"]
    assert parts == [part for part in parts if part in row]
    assert "  properties.contents.0.price: must be a number" in output
    assert "\x1b" not in output


def test_the_footer_says_how_many_there_are(desk: Desk) -> None:
    """What is not shown is counted, and the way to it named."""
    for number in range(22):
        desk.bury(f"order-{number}")
    assert "20 of 22 dead letters" in desk.run("list").stdout
    assert "22 of 22 dead letters" in desk.run("list", "--all").stdout
    assert len(desk.json("list", "--limit", "3")) == 3


def test_a_summary_is_a_json_object(desk: Desk) -> None:
    """Programs find every key of a summary, times as Unix seconds, and no body."""
    letter_id = desk.bury()
    (letter,) = desk.json("list")
    wanted = {
        "id": letter_id,
        "event_id": "order-1",
        "event": "Purchase",
        "destination": PIXEL,
        "reason": "rejected",
        "code": 40002,
        "message": "Invalid parameter: properties.value",
        "attempts": 0,
        "ambiguous": False,
        "ambiguous_since": None,
    }
    assert wanted == {key: letter[key] for key in wanted}
    assert letter["died_at"] < time.time() < letter["expires_at"]
    assert letter.keys().isdisjoint({"body", "log"})


@pytest.mark.parametrize(
    "filters", [("--reason", "invalid"), ("--destination", "app:1"), ("--event", "Lead")]
)
def test_filters_choose_letters(desk: Desk, filters: tuple[str, str]) -> None:
    """Each filter leaves only what it names."""
    desk.bury("other")
    desk.bury("wanted", reason=Reason.INVALID, destination="app:1", event="Lead")
    assert [letter["event_id"] for letter in desk.json("list", *filters)] == ["wanted"]
    assert "1 dead letter of 2 in all; that is all that match" in desk.run("list", *filters).stdout


def test_filters_that_match_nothing_say_so(desk: Desk) -> None:
    """It is not mistaken for an empty list."""
    desk.bury()
    assert "No dead letter matches; there are 1 in all." in desk.run("list", "--event", "X").stdout


def test_a_wrong_destination_is_wrong_usage(desk: Desk) -> None:
    """The error says how a destination is written."""
    result = desk.run("list", "--destination", "C0PIXEL")
    assert result.exit_code == 2
    assert "such as web:C0PIXEL" in result.stderr


# --- show ---------------------------------------------------------------------


def test_a_letter_is_shown_whole(desk: Desk) -> None:
    """Reason, attempts and body stand on one page."""
    letter_id = desk.bury(log=[attempt(HOUR_S, "ambiguous"), attempt(60, "rejected")])
    output = desk.run("show", letter_id).stdout
    parts = ["Invalid parameter", "REQUEST1", "2 attempts", "1,234 ms", '"event_id": "order-1"']
    assert parts == [part for part in parts if part in output]
    assert "may have been accepted unseen" in output


def test_a_letter_whose_event_has_no_time_has_no_deadline(desk: Desk) -> None:
    """A date of 1970 would be read as one."""
    output = desk.run("show", desk.bury(expires_at=604_800.0)).stdout
    assert "nobody knows: the event has no time that can be read" in output
    assert "1970" not in output


def test_a_letter_is_one_json_object(desk: Desk) -> None:
    """Programs get the summary, the log and the body."""
    letter_id = desk.bury(log=[attempt(60, "rejected")])
    (letter,) = desk.json("show", letter_id)
    assert (letter["id"], letter["body"]["event_id"]) == (letter_id, "order-1")
    assert [entry["verdict"] for entry in letter["log"]] == ["rejected"]


def test_an_unknown_letter_is_an_error(desk: Desk) -> None:
    """A sentence says why it may be gone."""
    result = desk.run("show", "99-0")
    assert result.exit_code == 1
    assert "no such dead letter" in result.stderr


def test_a_letter_commands_no_terminal(desk: Desk) -> None:
    """Control characters of an event or an answer are replaced, not printed."""
    letter_id = desk.bury("order-\x1b[2J\x9b2J", event="\x1b[31mX", message="\x1b]0;x\x07")
    output = desk.run("show", letter_id).stdout + desk.run("list").stdout
    assert {"\x1b", "\x9b", "\x07"}.isdisjoint(output)


# --- choosing ----------------------------------------------------------------


@pytest.mark.parametrize("command", ["replay", "purge"])
@pytest.mark.parametrize(
    "chosen", [(), ("1-0", "--all"), ("1-0", "--event", "X"), ("--all", "--event", "X")]
)
def test_one_way_of_choosing_is_needed(desk: Desk, command: str, chosen: tuple[str, ...]) -> None:
    """Naming nothing is not naming everything, and two ways contradict each other."""
    desk.bury()
    assert desk.run(command, *chosen, "--yes").exit_code == 2
    assert len(DeadLetters(store_of(desk.redis))) == 1


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    """It counts like the real run, asks nothing and leaves the letters."""
    desk.bury()
    for command in ("replay", "purge"):
        result = desk.run(command, "--all", "--dry-run")
        assert result.exit_code == 0
        assert "this was a dry run" in result.stdout
    assert (desk.waiting(), len(DeadLetters(store_of(desk.redis)))) == (0, 1)


# --- purge --------------------------------------------------------------------


def test_a_purge_states_the_count_and_asks(desk: Desk) -> None:
    """A no leaves everything as it was."""
    desk.bury()
    result = desk.run("purge", "--all", given="n\n")
    assert result.exit_code == 1
    assert "Remove 1 dead letter for good?" in result.output
    assert len(DeadLetters(store_of(desk.redis))) == 1


def test_purged_letters_stay_counted(desk: Desk) -> None:
    """They are gone for good, and every event is still accounted for."""
    for number in range(510):
        desk.bury(f"order-{number}")
    kept = desk.bury("kept", reason=Reason.INVALID)
    (report,) = desk.json("purge", "--reason", "rejected", "--yes")
    assert report == {
        "dry_run": False,
        "selected": 510,
        "purged": 510,
        "gone": 0,
        "recoverable": 510,
        "reasons": {"rejected": 510},
        "money": {},
    }
    assert [letter["id"] for letter in desk.json("list")] == [kept]
    figures = read_figures(store_of(desk.redis))
    assert (figures.count("purged"), figures.dead_unaccounted, figures.unaccounted) == (510, 0, 0)


def test_nothing_to_purge_is_no_question(desk: Desk) -> None:
    """A selection that matches nothing ends well, and says so."""
    result = desk.run("purge", "--reason", "expired")
    assert (result.exit_code, result.stdout) == (0, "No dead letter matches.\n")


def test_a_server_that_is_down_is_one_sentence() -> None:
    """No traceback, exit code 1."""
    result = Desk(Redis(), "redis://127.0.0.1:1/0").run("list")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Redis at 127.0.0.1:1 refuses connections")
