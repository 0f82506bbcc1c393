"""The reasons that are given for what becomes of a match key."""

from __future__ import annotations

from typing import Any

import pytest

from tiktok_events.event.explanation import explain_user
from tiktok_events.event.match_keys import KeyOutcome, hash_text

DIGEST = hash_text("anything")


@pytest.mark.parametrize(
    ("key", "value", "outcome", "prepared", "reason"),
    [
        ("email", "A@x.com", KeyOutcome.HASHED, "a@x.com", "Trimmed, lower case; nothing else."),
        ("email", "ann", KeyOutcome.HASHED, "ann", "It has no @ and may match nobody."),
        ("email", DIGEST, KeyOutcome.PASSED, None, "It is a SHA-256 digest already"),
        ("email", " ", KeyOutcome.DROPPED, None, "There is nothing in it."),
        ("email", None, KeyOutcome.DROPPED, None, "There is nothing in it."),
        ("email", [], KeyOutcome.DROPPED, None, "The array is empty."),
        ("email", "a\ud83d", KeyOutcome.DROPPED, None, "half a character"),
        ("email", 7, KeyOutcome.REFUSED, None, "not accepted: email must be a string"),
        ("phone", "+12133734253", KeyOutcome.HASHED, "+12133734253", "It is E.164 already."),
        ("phone", "030 1", KeyOutcome.DROPPED, None, "national number and there is no default"),
        ("external_id", 7, KeyOutcome.HASHED, "7", "Trimmed; the case is kept."),
        ("first_name", "?!", KeyOutcome.DROPPED, None, "Nothing was left of it."),
        ("country", "us", KeyOutcome.NORMALISED, "us", "Lower case, letters only; sent plain."),
        ("country", "usa", KeyOutcome.NORMALISED, "usa", "the two letters of ISO 3166-1"),
        ("ip", "203.0.113.9", KeyOutcome.UNTOUCHED, None, "TikTok wants it as it is."),
        ("e-mail", "a@x.com", KeyOutcome.UNTOUCHED, None, "Did you mean email?"),
        ("loyalty", 3, KeyOutcome.UNTOUCHED, None, "sent as it is."),
    ],
)
def test_the_reason_names_the_rule(
    key: str, value: Any, outcome: KeyOutcome, prepared: str | None, reason: str
) -> None:
    """One value gives one explanation with its outcome, its prepared text and a sentence."""
    (explained,) = explain_user({key: value})

    assert (key, None, outcome, prepared) == (
        explained.key,
        explained.position,
        explained.outcome,
        explained.prepared,
    )
    assert reason in explained.reason


def test_elements_of_an_array_are_explained_by_position() -> None:
    """The position is the index in what was given, left-out elements included."""
    explained = explain_user({"phone": ["0170 1234567", "", "x"]}, "DE")

    assert [(each.position, each.outcome, each.prepared) for each in explained] == [
        (0, KeyOutcome.HASHED, "+491701234567"),
        (1, KeyOutcome.DROPPED, None),
        (2, KeyOutcome.DROPPED, None),
    ]
