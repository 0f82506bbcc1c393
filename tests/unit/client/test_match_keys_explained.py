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
        ("email", "ann", KeyOutcome.DROPPED, None, "It is not an e-mail address."),
        ("email", DIGEST, KeyOutcome.PASSED, None, "It is a SHA-256 digest already"),
        ("email", " ", KeyOutcome.DROPPED, None, "There is nothing in it."),
        ("email", None, KeyOutcome.DROPPED, None, "There is nothing in it."),
        ("email", [], KeyOutcome.DROPPED, None, "The array is empty."),
        ("email", "a\ud83d", KeyOutcome.DROPPED, None, "half a character"),
        ("email", 7, KeyOutcome.DROPPED, None, "It must be a text, or an array of these."),
        (
            "phone",
            "+12133734253",
            KeyOutcome.HASHED,
            "+12133734253",
            "It is an international number",
        ),
        ("phone", "030 1", KeyOutcome.DROPPED, None, "It lacks its country code"),
        ("external_id", 7, KeyOutcome.HASHED, "7", "Trimmed; the case is kept."),
        ("first_name", "?!", KeyOutcome.DROPPED, None, "Nothing was left of it."),
        ("country", "us", KeyOutcome.NORMALISED, "us", "Two letters of ISO 3166-1, lower case"),
        ("country", "atlantis", KeyOutcome.NORMALISED, "atlantis", "expects the two letters"),
        ("ip", "203.0.113.9", KeyOutcome.UNTOUCHED, None, "TikTok wants it as it is."),
        ("loyalty", 3, KeyOutcome.DROPPED, None, "TikTok knows no such key of user"),
        ("date_of_birth", "1990-01-02", KeyOutcome.DROPPED, None, "TikTok has no key for it"),
        ("external_id", "None", KeyOutcome.DROPPED, None, "a word for nothing"),
        ("ttclid", "__CLICKID__", KeyOutcome.DROPPED, None, "a word for nothing"),
        ("phone", "1111111111", KeyOutcome.DROPPED, None, "a word for nothing"),
        ("email", "test@test.com", KeyOutcome.DROPPED, None, "a word for nothing"),
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


def test_a_key_by_another_name_is_explained_as_the_key_it_means() -> None:
    """The reading comes first, with its digest; then it is said where it was found."""
    read, found = explain_user({"E-Mail": "a@x.com"})

    assert (read.key, read.outcome, read.sent) == ("email", KeyOutcome.HASHED, hash_text("a@x.com"))
    assert (found.outcome, found.reason) == (KeyOutcome.RENAMED, "It is read as user.email.")


@pytest.mark.parametrize(
    ("key", "value", "prepared"),
    [
        ("phone", "+8613800138000", ["+8613800138000", "13800138000"]),
        ("email", "Ann <a@x.com>; b@x.com", ["a@x.com", "b@x.com"]),
    ],
)
def test_several_values_in_one_text_are_explained_apart(
    key: str, value: str, prepared: list[str]
) -> None:
    """Each has its own digest."""
    explained = explain_user({key: value})

    assert prepared == [one.prepared for one in explained]
    assert [hash_text(text) for text in prepared] == [one.sent for one in explained]
