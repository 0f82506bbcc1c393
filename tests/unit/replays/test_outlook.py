"""What is foretold of a letter is what a worker would do with its event."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import letters
from worker.replays.outlook import dies_of, is_as_refused

GOOD: dict[str, Any] = {"event": "Lead", "event_id": "e", "event_time": 1_795_000_000}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (GOOD, None),
        ({**GOOD, "event_time": "soon"}, "event_time"),
        ({**GOOD, "properties": {"value": "much"}}, "properties.value"),
        ({**GOOD, "properties": {"currency": "EURO"}}, None),
        (None, ""),
    ],
)
def test_only_what_makes_a_conversion_ends_it(body: Any, path: str | None) -> None:
    """Any other key that cannot be used is left out, and the event goes."""
    death = dies_of(letters.letter(body), strict=False)
    assert (None if death is None else death.path) == path


def test_a_strict_destination_ends_it_for_any_key_but_those_that_pass() -> None:
    """As the destinations file and `USER_KEYS` say."""
    good = {**GOOD, "page": {"url": "https://shop.example/"}, "user": {"loyalty": "7"}}
    assert dies_of(letters.letter(good), strict=True, passing=frozenset({"loyalty"})) is None
    bad = letters.letter({**good, "properties": {"currency": "EURO"}})
    death = dies_of(bad, strict=True)
    assert death is not None
    assert death.path == "properties.currency"


def test_an_event_that_was_edited_since_is_not_as_it_was_refused() -> None:
    """An edit before the death is of a former life."""
    letter = letters.letter(GOOD, now=1_795_000_000.0)
    assert is_as_refused(letter)
    for at, refused in ((1_794_999_999.0, True), (1_795_000_001.0, False)):
        object.__setattr__(letter, "edits", ({"at": at, "who": "a", "paths": []},))
        assert is_as_refused(letter) is refused
