"""What is the same for many people is nobody's match key."""

from __future__ import annotations

from typing import Any

import pytest

from tiktok_events.event.junk import JUNK_WORDS, WORDS
from tiktok_events.event.match_keys import hash_text, prepare_user
from tiktok_events.event.match_rules import MATCH_RULES, PLAIN_KEYS


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("email", "nan"),
        ("email", "undefined"),
        ("email", " N/A "),
        ("email", "{{email}}"),
        ("email", "test@test.com"),
        ("email", "noreply@shop.example"),
        ("email", "None@none.com"),
        ("email", hash_text("")),
        ("email", hash_text("null").upper()),
        ("email", hash_text("test@test.com")),
        ("phone", "0000000000"),
        ("phone", "+1 111 111 1111"),
        ("phone", "unknown"),
        ("phone", hash_text("undefined")),
        ("external_id", "None"),
        ("external_id", "[object Object]"),
        ("external_id", "0"),
        ("external_id", 0),
        ("external_id", "guest"),
        ("external_id", "${user.id}"),
        ("external_id", "%%USER_ID%%"),
        ("first_name", "NULL"),
        ("first_name", "test"),
        ("first_name", "{{ first_name }}"),
        ("last_name", "n/a"),
        ("last_name", "undefined"),
        ("zip_code", "00000"),
        ("city", "unknown"),
        ("country", "xx"),
        ("idfa", "00000000-0000-0000-0000-000000000000"),
        ("gaid", "00000000-0000-0000-0000-000000000000"),
        ("idfv", "00000000-0000-0000-0000-000000000000"),
        ("idfa", hash_text("00000000-0000-0000-0000-000000000000")),
        ("ttclid", "__CLICKID__"),
        ("ttclid", "{{ttclid}}"),
        ("ttclid", "undefined"),
        ("ttclid", "%7B%7Bttclid%7D%7D"),
        ("ttp", "null"),
        ("ttp", "${ttp}"),
        ("user_agent", "unknown"),
        ("locale", "undefined"),
    ],
)
def test_a_word_for_nothing_is_left_out(key: str, value: Any) -> None:
    """Hashed or not, in any case: it would make one person of all buyers."""
    assert prepare_user({key: value}) == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("email", "ann@example.com"),
        ("email", "user@shop.example"),
        ("email", "test.person@gmail.com"),
        ("last_name", "Na"),
        ("last_name", "Guest"),
        ("last_name", "Foo"),
        ("first_name", "Nil"),
        ("state", "NA"),
        ("country", "NA"),
        ("city", "Bar"),
        ("external_id", "10"),
        ("external_id", "_7"),
        ("zip_code", "12345"),
        ("locale", "nan"),
        ("phone", "+1234567890"),
        ("ttclid", "E.C.P.CabCdEf0123456789"),
        ("user_agent", "Mozilla/5.0 (X)"),
    ],
)
def test_what_somebody_may_really_have_stays(key: str, value: str) -> None:
    """Family names, Naples, Namibia, and everything that only looks odd."""
    assert prepare_user({key: value}).keys() == {key}


def test_junk_in_a_list_does_not_harm_the_rest() -> None:
    """The good value goes alone."""
    user = {"email": ["null", "ann@example.com", hash_text("none")]}

    assert prepare_user(user) == {"email": [hash_text("ann@example.com")]}


def test_the_table_knows_every_match_key_and_says_why() -> None:
    """Each row has its reason; no key is forgotten."""
    assert {*MATCH_RULES, *PLAIN_KEYS} - {"att_status", "lead_id"} == JUNK_WORDS.keys()
    assert all(row.reason and row.words == row.words.lower() for row in WORDS)


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("ann@example.com;bob@example.com", ["ann@example.com", "bob@example.com"]),
        ("ann@example.com, bob@example.com", ["ann@example.com", "bob@example.com"]),
        ("ann@example.com / bob@example.com", ["ann@example.com", "bob@example.com"]),
        ("ann@example.com bob@example.com", ["ann@example.com", "bob@example.com"]),
        ("ann@example.com|ann@example.com", ["ann@example.com"]),
        ("Ann Lee <Ann@Example.com>", ["ann@example.com"]),
        ('"Lee, Ann" <ann@example.com>', ["ann@example.com"]),
        ("<ann@example.com>", ["ann@example.com"]),
        ("mailto:ann@example.com", ["ann@example.com"]),
        ("mailto:ann@example.com?subject=Hi", ["ann@example.com"]),
        ("ann@example.com.", ["ann@example.com"]),
        ("ann%40example.com", ["ann@example.com"]),
        ("ann\uff20example.com", ["ann@example.com"]),
    ],
)
def test_addresses_are_read_out_of_a_text(text: str, addresses: list[str]) -> None:
    """Several in one text are several values, as if they had been given as a list."""
    digests = [hash_text(address) for address in addresses]

    assert prepare_user({"email": text}) == {"email": digests if len(digests) > 1 else digests[0]}
