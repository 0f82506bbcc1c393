"""One number, one digest, whatever the notation: over the example numbers of all regions."""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tiktok_events.event.phone import to_e164

KINDS = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
FULL_WIDTH = {ord("0") + digit: chr(0xFF10 + digit) for digit in range(10)}
ARABIC = {ord("0") + digit: chr(0x660 + digit) for digit in range(10)}


def example_numbers(region: str) -> Iterator[phonenumbers.PhoneNumber]:
    """A fixed line and a mobile number, as far as E.164 can write them."""
    for kind in KINDS:
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None and phonenumbers.is_valid_number(number):
            yield number


def abroad(number: phonenumbers.PhoneNumber, trunk: str) -> list[str]:
    """Notations that name the country."""
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    spaced = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    code = f"+{number.country_code}"
    rest = e164.removeprefix(code)
    return [
        e164,
        spaced,
        phonenumbers.format_number(number, PhoneNumberFormat.RFC3966),
        f"tel:{e164}",
        f"{code} ({trunk}){rest}",
        f"{code}{trunk}{rest}",
        f"({code}) {rest}",
        spaced.replace(" ", "."),
        spaced.replace(" ", "-"),
        spaced.replace(" ", "\u00a0"),
        " ".join(e164),
        f"+ {e164[1:]}",
        f"+{e164}",
        f"+00{e164[1:]}",
        f"00{e164[1:]}",
        f"00 {spaced[1:]}",
        f"'{e164}",
        f'="{e164}"',
        f"{spaced} ext. 12",
        e164.translate(FULL_WIDTH),
        e164.translate(ARABIC),
        f"{e164[:5]}\u200b{e164[5:]}",
    ]


def at_home(number: phonenumbers.PhoneNumber) -> list[str]:
    """Notations that need a region."""
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    rest = e164.removeprefix(f"+{number.country_code}")
    digits = "".join(filter(str.isdigit, national))
    return [
        national,
        digits,
        rest,
        e164[1:],
        f"{e164[1:]}.0",
        f"{digits}.0",
        national.replace(" ", "/", 1),
        f"{number.country_code} {national}",
    ]


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_notation_gives_the_number_or_nothing(region: str) -> None:
    """Nobody's result is another number; with its country code, each is found."""
    trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ""
    for number in example_numbers(region):
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        for home in (region, None):
            assert [e164] * 22 == [to_e164(text, home) for text in abroad(number, trunk)]
        assert {to_e164(text, region) for text in at_home(number)} <= {e164, None}
        assert {to_e164(text) for text in at_home(number)} <= {e164, None}
        assert to_e164(f"{int(e164):.4E}", region) is None
