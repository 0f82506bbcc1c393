"""What holds for match keys whatever a sender writes into them."""

from __future__ import annotations

import copy
import json
import re
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events.event.explanation import KeyExplanation, explain_user
from tiktok_events.event.match_keys import KeyOutcome, prepare_user

HASHED = ("email", "phone", "external_id", "first_name", "last_name", "zip_code")
ARRAYS = ("email", "phone", "external_id")
PLAIN = ("city", "state", "country", "idfa", "gaid")
OTHER = ("ip", "ttclid", "locale")

DIGEST = re.compile(r"[A-Fa-f0-9]{64}")

# Every string that JSON can write, halves of surrogate pairs included, and what looks like phones.
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.text("0123456789+() -/.x\u0664\uff11", max_size=20),
    st.from_regex(r"[A-Fa-f0-9]{63,65}", fullmatch=True),
)
REGIONS = st.sampled_from([None, "DE", "US", "IT", "CN", "BR"])
TEXT_USERS = st.dictionaries(st.sampled_from(HASHED + PLAIN + OTHER), TEXTS)
USERS = st.builds(
    lambda texts, arrays: {**texts, **arrays},
    TEXT_USERS,
    st.dictionaries(st.sampled_from(ARRAYS), st.lists(st.none() | TEXTS, max_size=4)),
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def values_of(sent: Any) -> list[Any]:
    """Return the elements of an array, or the one value."""
    return sent if isinstance(sent, list) else [sent]


@given(user=USERS, region=REGIONS)
def test_preparing_twice_changes_nothing_more(user: dict[str, Any], region: str | None) -> None:
    """A prepared user may pass through the worker again."""
    prepared = prepare_user(user, region)

    assert prepared == prepare_user(prepared, region)


@given(user=USERS, region=REGIONS)
def test_hashed_keys_are_digests_or_absent(user: dict[str, Any], region: str | None) -> None:
    """No text but a digest ever stands in a key that is hashed."""
    prepared = prepare_user(user, region)

    sent = [value for key in HASHED if key in prepared for value in values_of(prepared[key])]
    assert [value for value in sent if not DIGEST.fullmatch(value)] == []


@given(user=USERS, region=REGIONS)
def test_the_given_user_is_not_changed(user: dict[str, Any], region: str | None) -> None:
    """Preparing reads only."""
    before = copy.deepcopy(user)

    prepare_user(user, region)

    assert before == user


@given(key=st.sampled_from(HASHED + PLAIN), text=TEXTS, region=REGIONS)
def test_no_json_string_is_refused(key: str, text: str, region: str | None) -> None:
    """Whatever string arrives is sent in some form or left out, after a way through JSON too."""
    user = json.loads(json.dumps({key: text}))

    assert prepare_user(user, region).keys() <= {key}


@given(key=st.sampled_from(HASHED + PLAIN), value=JSON_VALUES)
def test_no_value_of_json_ends_an_event(key: str, value: Any) -> None:
    """Whatever its type: what cannot be used is left out, and explaining says so."""
    sent = prepare_user({key: value})
    dropped = {each.outcome for each in explain_user({key: value})} == {KeyOutcome.DROPPED}

    assert (not sent) or not dropped


@given(user=USERS, region=REGIONS)
def test_explaining_says_what_preparing_sends(user: dict[str, Any], region: str | None) -> None:
    """The explanations hold exactly the values that are sent, in their order."""
    assert prepare_user(user, region) == sent_by(explain_user(user, region), user)


def sent_by(explanations: list[KeyExplanation], user: dict[str, Any]) -> dict[str, Any]:
    """Put the user together that the explanations say is sent."""
    sent: dict[str, list[Any]] = {}
    for explained in explanations:
        if explained.outcome is not KeyOutcome.DROPPED:
            sent.setdefault(explained.key, []).append(explained.sent)
    return {
        key: list(dict.fromkeys(values))
        if isinstance(user[key], list) or len(values) > 1
        else values[0]
        for key, values in sent.items()
    }


LETTER: Literal["L"] = "L"


@given(key=st.sampled_from(HASHED), text=st.text(st.characters(categories=[LETTER]), min_size=6))
def test_an_explanation_shows_no_value_in_its_repr(key: str, text: str) -> None:
    """Explanations may stand in a log: repr and reason are the same for every such text."""
    (explained,) = explain_user({key: f"qqq{text}"})
    (other,) = explain_user({key: "qqqqqqqqq"})

    assert (repr(other), other.reason) == (repr(explained), explained.reason)


@pytest.mark.parametrize("key", ["email", "external_id", "city"])
def test_a_very_long_text_is_prepared_in_linear_time(key: str) -> None:
    """A megabyte of anything is no way to stop a worker."""
    text = "ab- " * 250_000
    assert key in prepare_user({key: text + "a@b.example" * (key == "email")})
