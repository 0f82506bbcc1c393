"""`tiktok-events dead edit` on a real server: what it shows, asks, changes and leaves."""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from redis import Redis

from tests.builders import letters
from tests.builders.replays import replay_letter
from tests.builders.stores import keys, store_of
from tests.builders.waiting import events_waiting
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetters, Reason
from worker.reporting.audit import Audit

DAY_S: Final = 86_400
PIXEL: Final = "web:C0PIXEL0EXAMPLE00001"
EUR: Final = "properties.currency=EUR"


class Desk(letters.Desk):
    """A desk whose commands are answered with yes."""

    def json(self, *arguments: str, given: str | None = None) -> list[dict[str, Any]]:
        """Run it with --json and --yes; one object per line."""
        return super().json(*arguments, "--yes", given=given)

    def bury(self, name: str = "order-1", *, body: Any = ..., **given: Any) -> str:
        """Bury an event with a currency that is none; returns its letter's id."""
        now = time.time()
        event = {
            "event": "Purchase",
            "event_id": name,
            "event_time": int(now) - 3_600,
            "user": {"email": sha256(b"jo@example.com").hexdigest()},
            "page": {"url": "https://shop.example/thanks"},
            "properties": {"value": 10, "currency": given.pop("currency", "EURO")},
        }
        known = {
            "destination": PIXEL,
            "reason": Reason.INVALID,
            "message": "properties.currency: must be a three-letter ISO 4217 code, such as EUR",
            "path": "properties.currency",
            "expires_at": now + 5 * DAY_S,
            "history": History(now - 3_600, ambiguous_since=given.pop("doubted_at", None)),
        }
        return letters.bury(self.redis, event if body is ... else body, **(known | given))

    def currencies(self) -> list[str]:
        """Of all letters."""
        return sorted(letter.currency or "" for letter in self.letters)


@pytest.fixture
def desk(redis: Redis, redis_url: str) -> Desk:
    """A desk without letters."""
    return Desk(redis, redis_url)


def test_an_edit_shows_the_difference_and_asks(desk: Desk) -> None:
    """A no leaves everything as it was."""
    letter_id = desk.bury()
    result = desk.run("edit", letter_id, "--set", EUR, given="n\n")
    assert "Edit 1 dead letter?" in result.output
    assert "properties.currency  EURO  →  EUR" in result.output
    assert (result.exit_code, desk.currencies()) == (1, ["EURO"])


def test_a_yes_edits_the_letter_and_sends_nothing(desk: Desk) -> None:
    """It stands where it stood, repaired, and `dead show` tells who did it."""
    letter_id = desk.bury()
    result = desk.run("edit", letter_id, "--set", EUR, given="y\n")
    assert (result.exit_code, desk.currencies()) == (0, ["EUR"])
    assert desk.redis.exists(keys.outbox(PIXEL)) == 0
    assert "by anna: properties.currency" in desk.run("show", letter_id).stdout


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    """It tells what would be done, without a question."""
    letter_id = desk.bury()
    result = desk.run("edit", letter_id, "--set", EUR, "--dry-run")
    assert "1 would be edited; this was a dry run" in result.stdout
    assert (result.exit_code, desk.currencies()) == (0, ["EURO"])


def test_every_letter_is_one_json_object(desk: Desk) -> None:
    """Edited, unchanged, refused and missing ones, each with what a program needs."""
    edited, same = desk.bury("a"), desk.bury("b", currency="EUR")
    nothing = desk.bury("c", body=None)
    found = {
        one["id"]: one for one in desk.json("edit", edited, same, nothing, "9-9", "--set", EUR)
    }
    change = {"path": "properties.currency", "before": "EURO", "after": "EUR"}
    assert {
        "id": edited,
        "outcome": "edited",
        "changes": [change],
        "problems": [],
        "remarks": [],
    } == found[edited]
    outcomes = {letter_id: one["outcome"] for letter_id, one in found.items()}
    assert outcomes == {edited: "edited", same: "unchanged", nothing: "refused", "9-9": "refused"}


def test_all_that_match_are_edited_and_the_others_told(desk: Desk) -> None:
    """More than a page; what stays invalid is counted by its reason."""
    for number in range(510):
        desk.bury(f"order-{number}")
    desk.bury("worse", body={"event": "Purchase", "properties": {"value": "1,234"}})
    desk.bury("other", reason=Reason.REJECTED)
    result = desk.run("edit", "--reason", "invalid", "--set", EUR, given="y\n")
    assert "Edit 510 dead letters (1 of the 511 chosen stay as they are)?" in result.output
    assert "510 edited" in result.stdout
    assert "properties.value: must be a number" in result.stdout
    assert (result.exit_code, desk.currencies().count("EUR")) == (1, 510)


def test_the_index_follows_an_edit(desk: Desk) -> None:
    """The letter is found and counted by what it is now."""
    desk.bury()
    desk.run("edit", "--all", "--set", EUR, "--set", "properties.value=12.5", "--yes")
    facets = orjson.loads(desk.run("stats", "--json").stdout)
    assert facets["money"] == {"EUR": {"total": 12.5, "recoverable": 12.5}}


def test_a_patch_comes_from_a_file_or_standard_input(desk: Desk, tmp_path: Path) -> None:
    """Both are the same merge patch."""
    one, other = desk.bury("a"), desk.bury("b")
    file = tmp_path / "fix.json"
    file.write_text('{"properties": {"currency": "EUR"}}')
    desk.run("edit", one, "--patch", str(file), "--yes")
    desk.run("edit", other, "--patch", "-", "--yes", given=file.read_text())
    assert desk.currencies() == ["EUR", "EUR"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say what to change"),
        (("--set", "currency"), "write PATH=VALUE"),
        (("--set", "properties.curency=EUR"), "did you mean properties.currency?"),
        (("--patch", "-"), "give --yes"),
        (("--patch", "-", "--yes"), "the patch is no JSON"),
    ],
)
def test_wrong_usage_says_what_is_right(desk: Desk, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, and nothing is changed."""
    desk.bury()
    result = desk.run("edit", "--all", *arguments, given="{")
    if "no JSON" not in words and "--patch" in arguments:
        result = desk.run("edit", "--all", *arguments, given="{}")
    assert (result.exit_code, desk.currencies()) == (2, ["EURO"])
    assert words in result.stderr


def test_no_output_holds_a_raw_match_key(desk: Desk) -> None:
    """Neither the difference, nor the letter, nor Redis has more than the digest."""
    letter_id = desk.bury()
    secret = "ann.secret@example.com"
    patch = orjson.dumps({"user": {"email": secret}, "properties": {"currency": "EUR"}})
    result = desk.run("edit", letter_id, "--patch", "-", "--yes", given=patch)
    digest = sha256(secret.encode()).hexdigest()
    assert digest[:31] in result.output
    letter = desk.letters.get(letter_id)
    assert letter is not None
    assert letter.body["user"]["email"] == digest
    stored = desk.redis.hget(keys.dead, letter_id)
    assert secret not in result.output + str(stored)


def test_identity_needs_a_word_of_its_own(desk: Desk) -> None:
    """Without it the edit is refused; with it the question says what it means."""
    letter_id = desk.bury()
    move = ("edit", letter_id, "--set", EUR, "--set", "event_source_id=C0OTHER")
    assert "only --new-identity changes that" in desk.run(*move, "--yes").stdout
    result = desk.run(*move, "--new-identity", given="y\n")
    assert "other conversions to TikTok, each with a new event_id" in result.output
    letter = desk.letters.get(letter_id)
    assert letter is not None
    assert (letter.destination, letter.event_id != "order-1") == ("web:C0OTHER", True)


def test_every_letter_gets_one_new_identity(desk: Desk) -> None:
    """A letter whose deadline moves behind others is not edited again when it is met again."""
    for number in range(3):
        desk.bury(f"order-{number}", expires_at=time.time() + 60 + number)
    at = int(time.time())
    values = ("--set", EUR, "--set", f"event_time={at}")
    done = desk.json("edit", "--all", *values, "--new-identity")
    assert [one["outcome"] for one in done] == ["edited"] * 3
    assert [len(letter.edits) for letter in desk.letters] == [1, 1, 1]


def test_an_edit_that_lost_a_race_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another operator changed between looking and changing stays as he left it."""
    letter_id = desk.bury()
    change_many = DeadLetters.change_many

    def late(self: DeadLetters, changes: Any, **given: Any) -> list[bool]:
        desk.letters.purge([old for old, _ in changes])
        return change_many(self, changes, **given)

    monkeypatch.setattr(DeadLetters, "change_many", late)
    result = desk.run("edit", letter_id, "--set", EUR, "--yes", "--json")
    (one,) = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, one["outcome"]) == (1, "refused")
    assert one["problems"] == [
        {"path": None, "message": "was changed, replayed or purged meanwhile"}
    ]


def test_an_edited_event_is_replayed_repaired(desk: Desk) -> None:
    """What goes back into the outbox is the repaired body, and its history knows the edit."""
    desk.bury()
    desk.run("edit", "--all", "--set", EUR, "--yes")
    (letter,) = DeadLetters(store_of(desk.redis))
    assert replay_letter(desk.redis, letter.id)
    (event,) = events_waiting(desk.redis, PIXEL)
    assert event["properties"] == {"value": 10, "currency": "EUR"}
    (attempts,) = desk.redis.hvals(keys.attempts(PIXEL))
    assert orjson.loads(attempts)["edits"][0]["paths"] == ["properties.currency"]


def test_an_edit_is_audited(desk: Desk) -> None:
    """Who, which letters and how many; a dry run and a refusal leave no entry."""
    desk.bury()
    desk.run("edit", "--all", "--set", EUR, "--dry-run")
    desk.run("edit", "--all", "--set", "properties.value=x", "--yes")
    desk.run("edit", "--field", "properties.currency", "--set", EUR, "--yes")
    (entry,) = Audit(store_of(desk.redis)).read()
    expected = ("anna", "edit", "field properties.currency", 1, "done")
    assert expected == (entry.who, entry.action, entry.what, entry.count, entry.result)
