"""The client's own way through phone numbers is the library's, in every region."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from schemas.phone_table import text
from tiktok_events.event import phone_table
from tiktok_events.event.phone import _ask_library, _parse
from tiktok_events.event.phone_plans import REGIONS
from tiktok_events.event.phone_table import read_cleanly

LEAST_TAKEN_SHARE = 0.7
RANDOM_TEXTS = 3


def test_the_table_is_made_of_the_version_that_is_pinned() -> None:
    """`make phone-table` writes it."""
    assert phone_table.FILE.read_text() == text()


def notations(number: phonenumbers.PhoneNumber, rng: Random) -> Iterator[str]:
    """Yield ways to write it, and numbers that are nearly it."""
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    spaced = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    digits = "".join(filter(str.isdigit, national))
    rest = e164.removeprefix(f"+{number.country_code}")
    yield from (e164, national, spaced, digits, rest, e164[1:], spaced.replace(" ", "-"))
    yield from (
        f"00{e164[1:]}",
        f"011{e164[1:]}",
        f"+{number.country_code} (0){rest}",
        f"+{digits}",
    )
    yield from (f"{number.country_code}{digits}", f"0{digits}", f"8{rest}", f"1{rest}")
    yield from (digits[:-1], digits[1:], f"{digits}3", e164[:-1], f"{e164}1")
    at = rng.randrange(1, len(e164))
    yield f"{e164[:at]}{rng.randrange(10)}{e164[at + 1 :]}"


def texts(region: str, rng: Random) -> Iterator[str]:
    """Yield numbers of the region, of every kind, and some that are of nowhere."""
    for kind in PhoneNumberType.values():
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None:
            yield from notations(number, rng)
    for _ in range(RANDOM_TEXTS):
        digits = "".join(rng.choices("0123456789", k=rng.randint(4, 15)))
        yield from (digits, f"+{digits}")


@pytest.mark.parametrize("begins", sorted({region[0] for region in REGIONS}))
def test_both_ways_read_the_same(begins: str) -> None:
    """The same number, or the same reason for none, at home, abroad and without a region."""
    rng, regions = Random(begins), sorted(REGIONS)
    taken = compared = 0
    for region in (each for each in regions if each[0] == begins):
        for given in set(texts(region, rng)):
            for home in (region, None, rng.choice(regions)):
                strict = rng.random() < 0.5
                own, library = (way(given, home, strict=strict) for way in (_parse, _ask_library))
                assert own == library, (given, home, strict)
                compared += 1
                taken += read_cleanly(given, home) is not None
    assert taken > LEAST_TAKEN_SHARE * compared
