"""Turn a phone number as people write it into E.164.

The usual notations are read with a table of the ``phonenumbers`` library's data, all others by the
library itself. Results are not cached: a cache would keep raw numbers in the memory of the process
for its whole life, to save some microseconds each.

Source: portal page https://business-api.tiktok.com/portal/docs?id=1771101151059969, as transcribed
in github.com/bububa/tiktok-business ``model/event/track.go`` (read 2026-11-22): E.164 with its
plus sign, no leading 0, bracket, space or dash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tiktok_events.errors import InvalidSetting
from tiktok_events.event.countries import country_of
from tiktok_events.event.junk import is_junk
from tiktok_events.event.phone_plans import (
    CERTAIN_E164,
    E164,
    LONG_NATIONAL,
    LONG_NATIONAL_DIGITS,
    OBSOLETE,
    REGIONS,
    RENUMBERED,
)
from tiktok_events.event.phone_table import plan_of, read_cleanly
from tiktok_events.event.phone_text import written_plainly

if TYPE_CHECKING:
    import phonenumbers  # at run time it is imported where it is needed: see _ask_library

_BEFORE_FIRST_DIGIT: Final = re.compile(r"\A[^0-9]+")
_INTERNATIONAL_DIGITS: Final = re.compile(r"[1-9][0-9]{10,14}")
_holds_word: Final = re.compile(r"[^0-9]*+[0-9][\W\d_]*+[^\W\d_]").match
_SHORTENED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
_BETWEEN_NUMBERS: Final = re.compile(
    r"[/;,|&\n\r]|\b(?:or|and|oder|und|ou|et|o|y|e)\b", re.IGNORECASE
)
_has_nothing_between: Final = re.compile(r"[0-9 ()+.-]*").fullmatch


class PhoneReason(StrEnum):
    """Which rule decided about a phone number; the value is a sentence for people."""

    AS_GIVEN = "It is an international number already (E.164)."
    PARSED = "It is brought into the international form (E.164)."
    PLUS_ADDED = "Its plus sign is missing, but it begins with a country code."
    NATIONAL = "It lacks its country code, and neither user.country nor DEFAULT_REGION says which."
    AMBIGUOUS = "It is a number in two countries; write the one that is meant with + in front."
    SEVERAL = "It is more than one number; give them as a list."
    SHORTENED = "A spreadsheet has cut its last digits off."
    NOT_A_NUMBER = "It is not a phone number."
    NO_COUNTRY = "It begins with no known country code."
    IMPOSSIBLE = "Its country has no numbers of that length."
    NO_E164 = "It has fewer than 7 or more than 15 digits."


@dataclass(frozen=True, slots=True)
class PhoneReading:
    """The result for a phone number: ``e164`` is ``None`` where the text is no number."""

    e164: str | None
    reason: PhoneReason

    def __repr__(self) -> str:
        """Show the reason only: the number is personal."""
        return f"PhoneReading({self.reason.name})"


def check_region(text: str) -> str:
    """Return ``text`` as a region ``to_e164`` understands: two capital letters of ISO 3166-1.

    It also loads the table, so that a process with a default region does so at its start.

    Raises:
        InvalidSetting: the library has no numbers for this region.
    """
    region = text.strip().upper()
    if region not in REGIONS:
        raise InvalidSetting("must be two letters of ISO 3166-1, such as DE, US or JP")
    plan_of(region)
    return region


def region_of(country: object, default: str | None) -> str | None:
    """Return the region that ``country`` of an event's user names.

    Args:
        country: the country's two letters, three letters, or name.
        default: used if ``country`` is empty. A country that cannot be read has no region, because
            its numbers would be taken for those of strangers.
    """
    if not isinstance(country, str) or not country.strip():
        return default
    if (letters := country.upper()) in REGIONS:
        return letters
    if is_junk("country", country.strip()):
        return default
    region = (country_of(country) or "").upper()
    return region if region in REGIONS else None


def to_e164(text: str, region: str | None = None) -> str | None:
    """Return ``text`` in E.164, or ``None`` where it is no phone number.

    Args:
        text: the number, trimmed; any usual notation.
        region: the region of national numbers, as ``check_region`` returns it.
    """
    if CERTAIN_E164(text):
        return text
    return read_phone(text, region).e164


def read_phone(text: str, region: str | None = None) -> PhoneReading:
    """Do what ``to_e164`` does, and say which rule decided.

    The digest of a stranger's number is worse than none, so what could be two numbers is left out.
    ``+1234567890`` is invalid for the library, yet passes as given: a number in the form of E.164
    was most likely hashed in that form by the sender's Pixel too.
    """
    if CERTAIN_E164(text):
        return PhoneReading(text, PhoneReason.AS_GIVEN)
    if text.startswith("-"):  # a negative number, from a spreadsheet or a calculation
        return PhoneReading(None, PhoneReason.NOT_A_NUMBER)
    plain = written_plainly(text)
    if _SHORTENED.fullmatch(plain):
        return PhoneReading(None, PhoneReason.SHORTENED)
    if _holds_several(plain, region):
        return PhoneReading(None, PhoneReason.SEVERAL)
    if _holds_word(plain):
        return PhoneReading(None, PhoneReason.NOT_A_NUMBER)
    return _parse(plain, region) if "+" in plain else _read_without_plus(plain, region)


def _holds_several(text: str, region: str | None) -> bool:
    """Return whether the text's first part is a number by itself: 6123 4567 / 8 means two."""
    if _has_nothing_between(text):  # the usual case: takes a twentieth of the time of splitting
        return False
    first, *others = [part for part in _BETWEEN_NUMBERS.split(text) if part.strip()] or [""]
    return bool(others) and _is_valid(first, region)


def _is_valid(text: str, region: str | None) -> bool:
    home = None if "+" in text else region
    plus = "" if "+" in text or region else "+"
    return _parse(plus + text.strip(), home, strict=True).e164 is not None


def _read_without_plus(text: str, region: str | None) -> PhoneReading:
    """Read a number as one of the region, or with the country code that it may begin with."""
    home = _parse(text, region)
    digits = _BEFORE_FIRST_DIGIT.sub("", text)
    abroad = _read_as_international(digits, region)
    if abroad is None:
        return _without_country(home, region)
    if digits.startswith("00") or region is None or not _is_valid(text, region):
        return abroad
    if abroad.e164 == home.e164:
        return home
    return _of_two(home, abroad, digits)


def _of_two(home: PhoneReading, abroad: PhoneReading, digits: str) -> PhoneReading:
    """Choose between two valid numbers, if there is better evidence than a guess.

    A number in national notation is national. Otherwise, one that begins with the country's own
    code is international, and a mobile number without its 0 is national: spreadsheets drop the 0 of
    numbers.
    """
    import phonenumbers  # noqa: PLC0415 — because of its cost: see _ask_library

    number = phonenumbers.parse(str(home.e164))
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    is_whole = _only_digits(written) == _only_digits(digits)
    is_own = str(abroad.e164).startswith(f"+{number.country_code}")
    if is_own != is_whole:
        return abroad if is_own else home
    if not is_own and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE:
        return home
    return PhoneReading(None, PhoneReason.AMBIGUOUS)


def _only_digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _without_country(reading: PhoneReading, region: str | None) -> PhoneReading:
    """Give the missing region as the reason, if there is no region."""
    if region is None and reading.reason is PhoneReason.NO_COUNTRY:
        return PhoneReading(None, PhoneReason.NATIONAL)
    return reading


def _read_as_international(digits: str, region: str | None) -> PhoneReading | None:
    """Read a number whose plus sign was lost or written 00; ``None`` if that is no number.

    The number must be valid. Where no region has ruled out a national number, it must also have 11
    digits: one number in ten of the United States is valid in another country too, once a plus sign
    stands in front.

    Even then, it may be a national mobile number of some large countries.
    """
    if digits.startswith("00"):
        reading = _parse(f"+{digits[2:]}", None, strict=True)
        return reading if reading.e164 else None
    if digits.startswith("0") or not digits:
        return None
    e164 = _parse(f"+{digits}", None, strict=True).e164
    if e164 is None or (region is None and not _INTERNATIONAL_DIGITS.fullmatch(e164[1:])):
        return None
    if region is None and _could_be_national(e164[1:]):
        return PhoneReading(None, PhoneReason.AMBIGUOUS)
    return PhoneReading(e164, PhoneReason.PLUS_ADDED)


def _could_be_national(digits: str) -> bool:
    """Return whether it has 11 digits, as mobile numbers in some large countries do."""
    return len(digits) == LONG_NATIONAL_DIGITS and any(
        _is_valid(digits, home) for home in LONG_NATIONAL
    )


def _parse(text: str, region: str | None, *, strict: bool = False) -> PhoneReading:
    """Read one number; ``strict`` wants one that is in use, not only one of a possible length."""
    found = read_cleanly(text, region)
    if found is None or (found.code in RENUMBERED and not found.is_valid):
        return _ask_library(text, region, strict=strict)
    if not found.code:
        return PhoneReading(None, PhoneReason.NO_COUNTRY)
    if not found.is_possible or (strict and not found.is_valid):
        return PhoneReading(None, PhoneReason.IMPOSSIBLE)
    return _within_e164(f"+{found.code}{found.number}")


def _ask_library(text: str, region: str | None, *, strict: bool) -> PhoneReading:
    """Read any text with the library.

    The library is imported here, and not above, because it costs 27 ms and 3 MB: a sender with
    usual notations or hashed numbers never pays that.
    """
    import phonenumbers  # noqa: PLC0415 — because of the cost above

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        return PhoneReading(None, _why_unparsed(error))
    if str(number.country_code) in RENUMBERED and not phonenumbers.is_valid_number(number):
        number = _renumbered(number)
    # Not is_possible_number(): it takes a number that lacks its area code.
    length = phonenumbers.is_possible_number_with_reason(number)
    if length != phonenumbers.ValidationResult.IS_POSSIBLE:
        return PhoneReading(None, PhoneReason.IMPOSSIBLE)
    if strict and not phonenumbers.is_valid_number(number):
        return PhoneReading(None, PhoneReason.IMPOSSIBLE)
    return _within_e164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _renumbered(number: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber:
    """Return the new form of a number whose form is obsolete, or the number itself."""
    import phonenumbers  # noqa: PLC0415 — because of its cost: see _ask_library

    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for form, today in OBSOLETE:
        if form.fullmatch(e164):
            found = phonenumbers.parse(form.sub(today, e164))
            return found if phonenumbers.is_valid_number(found) else number
    return number


def _within_e164(formatted: str) -> PhoneReading:
    """Refuse a number that is too long for E.164: the library allows longer German ones."""
    if E164.fullmatch(formatted):
        return PhoneReading(formatted, PhoneReason.PARSED)
    return PhoneReading(None, PhoneReason.NO_E164)


def _why_unparsed(error: phonenumbers.NumberParseException) -> PhoneReason:
    """Translate the library's error without its text, which may quote the number."""
    if error.error_type == error.INVALID_COUNTRY_CODE:
        return PhoneReason.NO_COUNTRY
    if error.error_type == error.TOO_LONG:
        return PhoneReason.NO_E164
    return PhoneReason.NOT_A_NUMBER
