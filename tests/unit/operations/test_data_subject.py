"""Whose event it is: by the digests that our hashing makes of a person's values."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.match_keys import prepare_user
from worker.operations.data_subject import DataSubject

EMAIL = "jo@example.com"
DIGEST = sha256(EMAIL.encode()).hexdigest()


def subject(region: str | None = None, **values: str) -> DataSubject:
    """Somebody with one value of each kind."""
    return DataSubject.of({key: [value] for key, value in values.items()}, region)


def event(region: str | None = None, **user: Any) -> dict[str, Any]:
    """An event as the client stores it."""
    return {"event": "Purchase", "user": prepare_user(user, region)}


@pytest.mark.parametrize(
    ("key", "asked", "tracked"),
    [
        ("email", " Jo@Example.com ", EMAIL),
        ("email", EMAIL, " JO@example.COM\u200b"),
        ("email", DIGEST, EMAIL),
        ("email", DIGEST.upper(), EMAIL),
        ("email", EMAIL, DIGEST.upper()),
        ("email", EMAIL, ["other@example.com", EMAIL]),
        ("phone", "+49 151 23456789", "0049 (151) 234-567-89"),
        ("phone", "+4915123456789", 4915123456789),
        ("external_id", "4711", " 4711 "),
        ("external_id", "4711", 4711),
        ("external_id", "4711", 4711.0),
        ("external_id", "Customer-7", ["Customer-8", "Customer-7"]),
    ],
)
def test_every_way_of_writing_a_value_is_the_same_person(
    key: str, asked: str, tracked: Any
) -> None:
    """The operator's spelling and the application's meet in one digest."""
    stored = event(**{key: tracked})
    somebody = subject(**{key: asked})
    assert somebody.owns(stored)
    assert somebody.may_be_in(orjson.dumps([event(email="other@example.com"), stored]))


def test_a_national_number_is_looked_for_at_home() -> None:
    """The default region is that of the application; the buyer's country gives the same digest."""
    somebody = subject("DE", phone="0151 23456789")
    assert somebody.owns(event("DE", phone="15123456789"))
    assert somebody.owns(event(None, phone="015123456789", country="de"))


def test_a_number_with_its_country_code_is_one_number() -> None:
    """No reading of it is a stranger's."""
    (digests,) = subject("DE", phone="+49 151 23456789").digests.values()
    assert digests == {sha256(b"+4915123456789").hexdigest()}


@pytest.mark.parametrize(
    ("key", "asked", "tracked"),
    [
        ("email", EMAIL, {"email": "jon@example.com"}),
        ("email", EMAIL, {"external_id": EMAIL}),
        ("external_id", "4711", {"zip_code": "4711"}),
        ("external_id", "customer-7", {"external_id": "Customer-7"}),
        ("phone", "+4915123456789", {"phone": "+4915123456780"}),
        ("email", EMAIL, {}),
    ],
)
def test_another_person_is_another_person(key: str, asked: str, tracked: dict[str, Any]) -> None:
    """Neither a like value nor the same digest under another key will do."""
    assert not subject(**{key: asked}).owns(event(**tracked))


@pytest.mark.parametrize("broken", [None, [], "text", {"user": None}, {"user": [EMAIL]}, {}])
def test_what_is_no_event_is_nobodys(broken: object) -> None:
    """A dead letter may have any body."""
    assert not subject(email=EMAIL).owns(broken)


def test_any_of_several_values_is_enough() -> None:
    """Values of all kinds are one person's."""
    somebody = DataSubject.of({"email": [EMAIL, "jo@shop.example"], "external_id": ["7"]}, None)
    own = [event(email="jo@shop.example"), event(external_id="7"), event(email=EMAIL)]
    assert [somebody.owns(one) for one in own] == [True, True, True]


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("email", "  ", "nothing in it"),
        ("phone", "0151 23456789", "nor DEFAULT_REGION says which. Give it with its country code"),
        ("phone", "jo@example.com", "not a phone number"),
        ("external_id", "", "nothing in it"),
        ("email", "ann", "not an e-mail address"),
    ],
)
def test_a_value_that_no_event_can_have_is_refused(key: str, value: str, reason: str) -> None:
    """The sentence says why, and never what."""
    with pytest.raises(InvalidEvent, match=reason) as refusal:
        subject(**{key: value})
    assert refusal.value.path == key
    assert not value.strip() or value not in str(refusal.value)


def test_a_person_does_not_print() -> None:
    """A digest stands for a person too."""
    assert repr(subject(email=EMAIL)) == "DataSubject()"


@given(
    user=st.dictionaries(
        st.sampled_from(["email", "phone", "external_id", "first_name", "zip_code"]),
        st.sampled_from(["7", "8", "+4915123456789", EMAIL, DIGEST, DIGEST.upper()]),
    ),
    asked=st.sampled_from(["7", EMAIL, DIGEST]).map(lambda value: {"external_id": value})
    | st.sampled_from([EMAIL, DIGEST]).map(lambda value: {"email": value}),
)
def test_a_quick_look_never_misses_an_event(user: dict[str, str], asked: dict[str, str]) -> None:
    """A block that is passed over has no event of the person."""
    somebody, stored = subject(**asked), event(**user)
    assert somebody.may_be_in(orjson.dumps([stored])) or not somebody.owns(stored)
