"""What goes out for each match key of a user."""

from __future__ import annotations

import sys
from types import MappingProxyType
from typing import Any

import pytest

from tiktok_events.event.match_keys import hash_text, prepare_user
from tiktok_events.event.match_rules import INVISIBLE, WHITE_SPACE
from tiktok_events.event.remarks import Remarks

DIGEST = hash_text("anything")


@pytest.mark.parametrize(
    ("key", "raw", "prepared"),
    [
        ("email", "A.n.n+tag@Gmail.COM", "a.n.n+tag@gmail.com"),
        ("email", "\u200b\ufeff Ann@example.com\xa0\u200b", "ann@example.com"),
        ("email", "\u202aann@example.com\u202c", "ann@example.com"),
        ("external_id", "\tUser-7 B\n", "User-7 B"),
        ("external_id", 7, "7"),
        ("external_id", 7.0, "7"),
        ("external_id", -7, "-7"),
        ("first_name", " Zoë ", "zoë"),
        ("first_name", "Jean-Luc", "jeanluc"),
        ("first_name", "Anna   Maria", "anna maria"),
        ("first_name", "- Anna", "anna"),
        ("last_name", "O\u2019Brien", "obrien"),
        ("last_name", "de la Cruz, Jr.", "de la cruz jr"),
        ("zip_code", "12345-6789", "123456789"),
        ("zip_code", "SW1A\xa01AA", "sw1a1aa"),
        ("zip_code", "100\u20110001", "1000001"),
        ("zip_code", 10115, "10115"),
    ],
)
def test_a_hashed_key_is_the_digest_of_its_prepared_text(
    key: str, raw: object, prepared: str
) -> None:
    """The rule of the key prepares the text, then it is hashed."""
    assert {key: hash_text(prepared)} == prepare_user({key: raw})


@pytest.mark.parametrize(
    ("key", "raw", "sent"),
    [
        ("city", "São Paulo", "sãopaulo"),
        ("city", "मुंबई", "मुंबई"),
        ("city", "St. John's", "stjohns"),
        ("state", "Nordrhein-Westfalen", "nordrheinwestfalen"),
        ("state", " CA ", "ca"),
        ("country", " DE ", "de"),
        ("country", "U.S.", "us"),
        ("country", "USA", "us"),
        ("country", "Great Britain", "gb"),
        ("country", "uk", "gb"),
        ("country", "Atlantis", "atlantis"),
        ("idfa", "6D92078A-8246-4BA4-AE5B-76104861E7DC", "6d92078a-8246-4ba4-ae5b-76104861e7dc"),
        ("gaid", " 38400000-8CF0-11BD-B23E-10B96E40000D", "38400000-8cf0-11bd-b23e-10b96e40000d"),
    ],
)
def test_a_plain_key_is_sent_in_its_normal_form(key: str, raw: str, sent: str) -> None:
    """Places, the country and device ids are not hashed."""
    assert {key: sent} == prepare_user({key: raw})


@pytest.mark.parametrize(
    "key",
    [
        "email",
        "phone",
        "external_id",
        "first_name",
        "last_name",
        "zip_code",
        "idfa",
        "gaid",
    ],
)
@pytest.mark.parametrize("digest", [DIGEST, DIGEST.upper()])
def test_a_digest_passes_in_every_key_that_may_hold_one(key: str, digest: str) -> None:
    """What is hashed already is not hashed again; its letters become small."""
    assert {key: DIGEST} == prepare_user({key: digest})


@pytest.mark.parametrize("almost", [DIGEST[:-1], DIGEST + "0", "g" + DIGEST[1:], "\uff10" * 64])
def test_what_is_almost_a_digest_is_hashed(almost: str) -> None:
    """Only 64 ASCII hex digits count as a digest."""
    assert {"external_id": hash_text(almost)} == prepare_user({"external_id": almost})


def test_a_value_given_twice_is_sent_once() -> None:
    """Whatever its case; the order stays."""
    digests = [hash_text("b@x.example"), hash_text("a@x.example")]
    sent = prepare_user({"email": ["B@x.example", "a@x.example", "b@x.example"]})
    assert {"email": digests} == sent


@pytest.mark.parametrize(
    ("key", "nothing"),
    [
        *(("email", text) for text in ("ann", "ann@", "@shop.example", "no@email", "keine")),
        ("zip_code", "{{zip}}"),
        ("last_name", "<name>"),
        ("email", None),
        ("email", ""),
        ("email", " \u200b\n"),
        ("email", []),
        ("email", ["", None, " "]),
        ("email", "\ud83d@example.com"),
        ("idfa", "\ud83d"),
        ("phone", "n/a"),
        ("first_name", "..."),
        ("zip_code", " - "),
        ("city", "!"),
        ("country", "49"),
        ("gaid", None),
    ],
)
def test_a_key_with_nothing_left_is_left_out(key: str, nothing: object) -> None:
    """No empty string, no empty array and no null is sent for a match key."""
    assert prepare_user({key: nothing}) == {}


def test_an_array_stays_an_array_in_its_order() -> None:
    """Each element is prepared alone; empty ones are left out."""
    user = {"email": ["B@x.com", "", "a@x.com"], "external_id": (DIGEST,), "phone": "+12133734253"}

    expected = {
        "email": [hash_text("b@x.com"), hash_text("a@x.com")],
        "external_id": [DIGEST],
        "phone": hash_text("+12133734253"),
    }
    assert expected == prepare_user(user)


def test_plain_keys_are_untouched_and_the_order_stays() -> None:
    """What TikTok wants plain goes out as it came in."""
    user = {
        "ttclid": " E.C.P.x ",
        "email": "a@x.com",
        "ip": "203.0.113.4",
        "user_agent": "Mozilla/5.0 (X)",
        "city": "Bonn",
        "own": {"nested": [1]},
    }

    prepared = prepare_user(user, passing=frozenset({"own"}))

    expected = {**user, "email": hash_text("a@x.com"), "city": "bonn"}
    assert list(expected.items()) == list(prepared.items())


def test_the_user_is_not_changed() -> None:
    """A read-only mapping is enough, and the result is another object."""
    user = {"email": "A@x.com", "phone": ["+12133734253"]}
    before = {"email": "A@x.com", "phone": ["+12133734253"]}

    prepare_user(MappingProxyType(user))

    assert before == user


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("email", 7),
        ("email", False),
        ("email", {}),
        ("email", {"value": "secret"}),
        ("email", [{"value": "secret"}]),
        ("phone", True),
        ("external_id", 1.5),
        ("external_id", float("inf")),
        ("external_id", 2.0**60),
        pytest.param("external_id", 10**5000, id="huge"),
        ("first_name", ["secret", "secret"]),
        ("country", 49),
        ("ip", {"v4": "203.0.113.4"}),
        ("user_agent", ["a", "b"]),
    ],
)
def test_a_type_that_no_match_key_has_is_left_out(key: str, value: Any) -> None:
    """The conversion is not refused for it; a remark says that it was there."""
    remarks: Remarks = []

    assert prepare_user({key: value}, remarks=remarks) == {}
    assert {remark.path for remark in remarks} == {f"user.{key}"}
    assert "secret" not in str(remarks)


@pytest.mark.parametrize(
    ("key", "value", "sent"),
    [("zip_code", ["10115"], hash_text("10115")), ("ip", ["203.0.113.4"], "203.0.113.4")],
)
def test_an_array_of_one_is_its_value(key: str, value: Any, sent: str) -> None:
    """Where TikTok takes no array."""
    assert prepare_user({key: value}) == {key: sent}


@pytest.mark.parametrize("nothing", [None, [], ""])
def test_what_says_nothing_is_left_out_without_a_word(nothing: object) -> None:
    """As applications write it."""
    remarks: Remarks = []

    assert prepare_user({"email": nothing}, remarks=remarks) == {}
    assert remarks == []


def test_trimming_knows_all_of_unicodes_white_space() -> None:
    """The list in the code is what Python calls white space, and holds nothing invisible twice."""
    white_space = {char for char in map(chr, range(sys.maxunicode + 1)) if char.isspace()}

    assert white_space == set(WHITE_SPACE)
    assert white_space.isdisjoint(INVISIBLE)


def test_hashing_never_raises_with_the_text_in_the_error() -> None:
    """Half a character, which UTF-8 cannot write, has a digest all the same."""
    assert len(DIGEST) == len(hash_text("\ud83d"))
