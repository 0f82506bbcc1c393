"""Phone numbers as people write them, and the E.164 they become."""

from __future__ import annotations

import re
import subprocess
import sys

import phonenumbers
import pytest

from tiktok_events.errors import InvalidSetting
from tiktok_events.event.match_keys import hash_text, prepare_user
from tiktok_events.event.phone import (
    PhoneReason,
    check_region,
    read_phone,
    region_of,
    to_e164,
)
from tiktok_events.event.phone_plans import COUNTRY_CODE, REGIONS, forms


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+12133734253", None, "+12133734253"),
        ("+1234567890", None, "+1234567890"),
        ("+1 (213) 373-4253", None, "+12133734253"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("+4901701234567", None, "+491701234567"),
        ("+390612345678", None, "+390612345678"),
        ("+2250712345678", None, "+2250712345678"),
        ("+1 213 373 4253 ext. 12", None, "+12133734253"),
        ("tel:+1-213-373-4253", None, "+12133734253"),
        ("\uff0b\uff11\uff12\uff11\uff13\uff13\uff17\uff13\uff14\uff12\uff15\uff13", None,
         "+12133734253"),
        ("+\u0664\u0664\u0662\u0660\u0667\u0669\u0664\u0666\u0660\u0669\u0665\u0668", None,
         "+442079460958"),
        ("+86 138 1234 5678", None, "+8613812345678"),
        ("0170 1234567", "DE", "+491701234567"),
        ("030 / 123 45 67", "DE", "+49301234567"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("(213) 373-4253", "US", "+12133734253"),
        ("12133734253", "US", "+12133734253"),
        ("+44 20 7946 0958", "US", "+442079460958"),
        ("0044 20 7946 0958", "DE", "+442079460958"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("0044 20 7946 0958", "US", "+442079460958"),
        ("4915112345678", "US", "+4915112345678"),
        ("0044 20 7946 0958", None, "+442079460958"),
        ("(0044) 20 7946 0958", None, "+442079460958"),
        ("\u0660\u0660\u0664\u0664\u0662\u0660\u0667\u0669\u0664\u0666\u0660\u0669\u0665\u0668",
         None, "+442079460958"),
        ("1 213 373 4253", None, "+12133734253"),
        ("tel:12133734253", None, "+12133734253"),
        ("15123456789", "DE", "+4915123456789"),
        ("491701234567", "DE", "+491701234567"),
        ("491701234567", None, "+491701234567"),
        ("491701234567.0", None, "+491701234567"),
        ("0061412345678", "AU", "+61412345678"),
        ("005511961656627", "BR", "+5511961656627"),
        ("+52 1 55 1234 5678", None, "+525512345678"),
        ("+5215512345678", None, "+525512345678"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("+54 11 15 2345 6789", None, "+5491123456789"),
        ("+55 11 6123-4567", None, "+5511961234567"),
        ("+7 8 912 345-67-89", None, "+79123456789"),
        ("+1 1 213 373 4253", None, "+12133734253"),
        ("++44 20 7946 0958", None, "+442079460958"),
        ("+0044 20 7946 0958", None, "+442079460958"),
        ("'+44 20 7946 0958", None, "+442079460958"),
        ('="+442079460958"', None, "+442079460958"),
    ],
)  # fmt: skip
def test_a_number_becomes_e164(text: str, region: str | None, expected: str | None) -> None:
    """Every usual notation leads to the one form that is hashed."""
    assert expected == to_e164(text, region)


@pytest.mark.parametrize(
    ("text", "region", "reason"),
    [
        ("030 1234567", None, PhoneReason.NATIONAL),
        ("2133734253", None, PhoneReason.NATIONAL),
        ("6421234567", None, PhoneReason.NATIONAL),
        ("(642) 123-4567", None, PhoneReason.NATIONAL),
        ("tel:6421234567", None, PhoneReason.NATIONAL),
        ("642 123 4567 ext. 12345", None, PhoneReason.NATIONAL),
        ("373-4253", "US", PhoneReason.IMPOSSIBLE),
        ("110", "DE", PhoneReason.IMPOSSIBLE),
        ("+1 23", None, PhoneReason.IMPOSSIBLE),
        ("+999 123 456 789", None, PhoneReason.NO_COUNTRY),
        ("-4915112345678", None, PhoneReason.NOT_A_NUMBER),
        ("00 0 1234567", None, PhoneReason.NATIONAL),
        ("+", None, PhoneReason.NOT_A_NUMBER),
        ("call me", None, PhoneReason.NOT_A_NUMBER),
        ("+" + "1" * 300, None, PhoneReason.NO_E164),
        ("030 123456789012", "DE", PhoneReason.NO_E164),
        ("89123456789", None, PhoneReason.NATIONAL),
        ("+89123456789", None, PhoneReason.NO_COUNTRY),
        ("11961675322", None, PhoneReason.NATIONAL),
        ("12345678901234", None, PhoneReason.NATIONAL),
        ("13123456789", None, PhoneReason.AMBIGUOUS),
        ("642 123 4567", "DE", PhoneReason.AMBIGUOUS),
        ("447740125622", "DE", PhoneReason.AMBIGUOUS),
        ("61234567/8", "HK", PhoneReason.SEVERAL),
        ("0170 1234567, 0171 7654321", "DE", PhoneReason.SEVERAL),
        ("4.91701E+11", "DE", PhoneReason.SHORTENED),
    ],
)
def test_what_is_no_number_is_dropped_with_its_reason(
    text: str, region: str | None, reason: PhoneReason
) -> None:
    """No digest of a guess is sent; the reason says what was missing."""
    reading = read_phone(text, region)

    assert (None, reason) == (reading.e164, reading.reason)
    assert to_e164(text, region) is None


@pytest.mark.parametrize(
    ("text", "region", "reason"),
    [
        ("+12133734253", None, PhoneReason.AS_GIVEN),
        ("+1 213 373 4253", None, PhoneReason.PARSED),
        ("0044 20 7946 0958", None, PhoneReason.PARSED),
        ("213 373 4253", "US", PhoneReason.PARSED),
        ("1 213 373 4253", None, PhoneReason.PLUS_ADDED),
        ("4915112345678", "US", PhoneReason.PLUS_ADDED),
    ],
)
def test_the_reason_tells_a_guess_from_a_certain_number(
    text: str, region: str | None, reason: PhoneReason
) -> None:
    """Whoever looks for a lost match sees where a plus sign was put in front."""
    assert reason is read_phone(text, region).reason


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_the_library_and_the_cheap_path_agree_on_every_country(region: str) -> None:
    """The example number of each country, in E.164 or written for reading, comes out the same."""
    example = phonenumbers.example_number(region)
    assert example is not None
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)

    assert [e164] * 3 == [to_e164(e164), to_e164(written), to_e164(national, region)]


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_a_trunk_zero_after_the_country_code_is_seen_for_every_country(region: str) -> None:
    """A zero right behind any country code is not taken as it stands but asked about."""
    code = phonenumbers.country_code_for_region(region)

    assert read_phone(f"+{code}01234567").reason is not PhoneReason.AS_GIVEN


@pytest.mark.parametrize("text", ["de", " US ", "Jp"])
def test_a_region_is_two_letters_in_any_case(text: str) -> None:
    """The region comes back trimmed and in capitals."""
    assert text.strip().upper() == check_region(text)


@pytest.mark.parametrize("text", ["", "D", "DEU", "Germany", "XX", "49", "001"])
def test_what_is_no_region_is_refused_with_an_example(text: str) -> None:
    """The error says what is allowed."""
    with pytest.raises(InvalidSetting, match=re.escape("such as DE, US or JP")):
        check_region(text)


def test_a_reading_does_not_show_its_number() -> None:
    """The repr of a reading may stand in a log."""
    assert repr(read_phone("+12133734253")) == "PhoneReading(AS_GIVEN)"


def test_a_sender_of_e164_never_loads_the_phone_library() -> None:
    """Its 27 ms and 3 MB are paid by those who need it only."""
    program = (
        "import sys; from tiktok_events.event.match_keys import prepare_user;"
        "prepare_user({'phone': ['+12133734253', 'a' * 64, '', None]});"
        "print('phonenumbers' in sys.modules)"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert answer.stdout.strip() == b"False"


def test_the_listed_plans_are_those_of_the_library() -> None:
    """Country codes and regions are copied, so that a look does not load the library."""
    codes = {int(code) for code in map(str, range(1000)) if re.fullmatch(COUNTRY_CODE, code)}

    assert set(phonenumbers.COUNTRY_CODE_TO_REGION_CODE) == codes
    assert phonenumbers.SUPPORTED_REGIONS == REGIONS


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("gb", "GB"),
        (" DE ", "DE"),
        ("uk", "GB"),
        ("FRA", "FR"),
        ("Great Britain", "GB"),
        ("Türkiye", "TR"),
        ("Atlantis", None),
        ("QQ", None),
        ("XX", "US"),
        ("n/a", "US"),
        ("", "US"),
        (49, "US"),
        (None, "US"),
    ],
)
def test_the_country_of_the_buyer_is_a_region(country: object, region: str | None) -> None:
    """What says nothing leaves the default in force; a country we cannot read is not the shop's."""
    assert region == region_of(country, "US")


def test_the_country_may_stand_in_an_array() -> None:
    """As some connectors write every key; the number is that of the buyer all the same."""
    user = {"phone": "06 12 34 56 78", "country": ["fr"]}
    assert prepare_user(user, "DE")["phone"] == hash_text("+33612345678")


@pytest.mark.parametrize(
    "text",
    [
        "030 12345 privat",
        "030 12345 (office)",
        "030 12345 x42",
        "030 12345;ext=42",
        "030 12345 DW 7",
    ],
)
def test_words_behind_a_number_are_no_digits_of_it(text: str) -> None:
    """The library reads letters as the digits of their keys, which makes another's number."""
    assert read_phone(text, "DE").e164 == "+493012345"


@pytest.mark.parametrize("text", ["030 12345 ab 18 Uhr 30", "1-800-FLOWERS", "0170 1234 oh 567"])
def test_words_within_a_number_make_it_none(text: str) -> None:
    """There is no telling which digits belong to it."""
    assert read_phone(text, "DE").e164 is None


def test_a_chinese_number_has_two_forms() -> None:
    """TikTok's pages contradict each other, so both are hashed."""
    assert forms("+8613800138000") == ("+8613800138000", "13800138000")
    assert forms("+85261234567") == "+85261234567"
