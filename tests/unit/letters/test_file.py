"""Dead letters in files: nothing is lost, and nothing personal comes in."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

import orjson
import pytest

from tests.builders import letters
from worker.attempts.history import Attempt, History
from worker.letters.file import LetterFileError, read_line, to_line
from worker.letters.letter import DeadLetter

NOW: Final = 1_795_000_000.0
HISTORY: Final = History(
    NOW - 60, suspect=False, replays=(NOW - 9,), edits=({"at": 1.5, "who": "a", "paths": ["b"]},)
).after(Attempt(NOW - 30, "unclear", 20001, 120, "R1"))


BODY = {"event": "Purchase", "event_id": "é-1", "properties": {"value": 1.1, "currency": "EUR"}}


def letter(body: Any = BODY, **changes: Any) -> DeadLetter:
    """A letter with all that one can have."""
    dead = letters.letter(
        body,
        now=NOW,
        message="properties.value: must be a number",
        path="properties.value",
        history=HISTORY,
        expires_at=NOW + 60,
        code=40002,
        request_id="R1",
    )
    return replace(dead, id="17-0", **changes)


def test_a_line_loses_nothing() -> None:
    """What is read back is what was written, and writes the same record."""
    once = read_line(to_line(letter()))
    assert letter().write() == once.write()
    assert once.id == "17-0"


def test_a_letter_without_a_body_survives() -> None:
    """One that was refused before hashing has no destination either."""
    nothing: dict[str, Any] = dict.fromkeys(("body", "event", "event_id", "value", "currency"))
    bare = replace(letter(), destination="", **nothing)
    assert bare.write() == read_line(to_line(bare)).write()


def test_raw_match_keys_are_hashed_on_the_way_in() -> None:
    """A file of another hand must not bring personal data into Redis."""
    line = to_line(letter({"event": "Lead", "user": {"email": "Jo@Example.com"}}))
    assert read_line(line).body["user"] == {"email": sha256(b"jo@example.com").hexdigest()}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "x"}, "format:"),
        ({"id": "17"}, "id:"),
        ({"reason": "bored"}, "reason: Must be one of: invalid"),
        ({"destination": "C0PIXEL"}, "destination: event_source"),
        ({"died_at": "jo@example.com"}, "died_at: Not a valid number"),
        ({"log": [{}]}, "log.0.at: Missing data"),
        ({"jo@example.com": 1}, "<key>: Unknown field"),
        ({"body": {"user": "jo"}}, "body.user: must be a dict, not str"),
    ],
)
def test_a_wrong_line_says_what_is_wrong_without_values(
    changes: dict[str, Any], words: str
) -> None:
    """The place and the rule; nothing of the line."""
    line = orjson.dumps(orjson.loads(to_line(letter())) | changes)
    with pytest.raises(LetterFileError) as error:
        read_line(line)
    assert words in str(error.value)
    assert "jo@example.com" not in str(error.value)


@pytest.mark.parametrize("line", [b"{", b"[]", b"7", b"null", b"\xff"])
def test_what_is_no_object_is_no_letter(line: bytes) -> None:
    """Each ends in the one error of this module."""
    with pytest.raises(LetterFileError):
        read_line(line)


def test_the_body_carries_its_destination() -> None:
    """So it can be sent from elsewhere; a body that names another one is refused."""
    line = orjson.loads(to_line(letter()))
    source = {"event_source": line["body"]["event_source"]}
    assert source | {"event_source_id": line["body"]["event_source_id"]} | BODY == line["body"]
    line["body"]["event_source_id"] = "C0OTHER"
    with pytest.raises(LetterFileError, match=r"^body.event_source_id: is not what destination"):
        read_line(orjson.dumps(line))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attempts", 10**30),
        ("code", -(10**30)),
        ("died_at", 1e300),
        ("first_accepted_at", -1.0),
        ("expires_at", 1.8e12),
        ("ambiguous_since", 1e18),
        ("replays", [1e300]),
        ("log", [{"at": 1e300, "verdict": "x", "code": 1, "duration_ms": 1, "request_id": None}]),
    ],
)
def test_absurd_numbers_are_refused_by_name(name: str, value: Any) -> None:
    """What no view could show, and no script count, is told with its path and its bounds."""
    line = orjson.loads(to_line(letter()))
    with pytest.raises(LetterFileError, match=rf"^{name}.*less than or equal to"):
        read_line(json.dumps(line | {name: value}).encode())


def test_a_key_that_a_setting_lets_pass_is_imported() -> None:
    """As it would be stored; any other unknown key of `user` is left out."""
    line = to_line(letter(body={"event": "Lead", "user": {"tier": "gold", "other": "x"}}))
    assert read_line(line, None, frozenset({"tier"})).body["user"] == {"tier": "gold"}
    assert read_line(line).body["user"] == {}
