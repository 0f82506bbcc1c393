"""A phone number as people write it, turned into E.164.

The slow work is the ``phonenumbers`` library's. Results are not cached: a cache would keep raw
numbers in the memory of the process for its whole life, to save some 15 microseconds each.

Source: portal page https://business-api.tiktok.com/portal/docs?id=1771101151059969, as transcribed
in github.com/bububa/tiktok-business ``model/event/track.go`` (read 2026-11-22): E.164 with its
plus sign, no leading 0, bracket, space or dash.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tiktok_events.errors import InvalidSetting

if TYPE_CHECKING:
    import phonenumbers  # at run time it is imported where it is needed: see _parse

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")

# A zero right behind the country code is mostly the trunk prefix (+49 0170 …), which E.164 does
# not have, but belongs to the number in Italy or Ivory Coast: only the library knows.
_ZERO_AFTER_COUNTRY_CODE: Final = (
    r"\+(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[0578]|9[679])[0-9])0"
)
_CERTAIN_E164: Final = re.compile(rf"(?!{_ZERO_AFTER_COUNTRY_CODE}){_E164.pattern}").fullmatch

_INTERNATIONAL_DIGITS: Final = re.compile(r"[1-9][0-9]{10,14}")
_BEFORE_FIRST_DIGIT: Final = re.compile(r"\A[^0-9]+")
_PLUS_SIGNS: Final = frozenset("+\uff0b")


class PhoneReason(StrEnum):
    """Which rule decided about a phone number; the value is a sentence for people."""

    AS_GIVEN = "It is E.164 already."
    PARSED = "It was brought to E.164."
    PLUS_ADDED = "It has no plus sign and fits no default region: read as international."
    NATIONAL = "It is or may be a national number and there is no default region."
    NOT_A_NUMBER = "It is not a phone number."
    NO_COUNTRY = "It begins with no known country code."
    IMPOSSIBLE = "Its country has no numbers of that length."
    NO_E164 = "E.164 has 7 to 15 digits."


@dataclass(frozen=True, slots=True)
class PhoneReading:
    """What became of a phone number: ``e164`` is ``None`` where it is none."""

    e164: str | None
    reason: PhoneReason

    def __repr__(self) -> str:
        """Show the reason only: the number is personal."""
        return f"PhoneReading({self.reason.name})"


def check_region(text: str) -> str:
    """Return ``text`` as a region ``to_e164`` understands: two capital letters of ISO 3166-1.

    It also loads the library, so that a process with a default region pays for that at its start.

    Raises:
        InvalidSetting: it is no region that the library has numbers for.
    """
    import phonenumbers  # noqa: PLC0415 — because it costs 27 ms and 3 MB: see _parse

    region = text.strip().upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidSetting("must be two letters of ISO 3166-1, such as DE, US or JP")
    return region


def to_e164(text: str, region: str | None = None) -> str | None:
    """Return ``text`` in E.164, or ``None`` where it is no phone number.

    Args:
        text: the number, trimmed; any usual notation.
        region: where a national number is at home, as ``check_region`` returns it.
    """
    if _CERTAIN_E164(text):
        return text
    return read_phone(text, region).e164


def read_phone(text: str, region: str | None = None) -> PhoneReading:
    """Do what ``to_e164`` does, and say which rule decided.

    ``+1234567890`` is no number of the library's, yet passes as given: what has the form of
    E.164 is most likely hashed in that form by the sender's Pixel too.
    A Chinese number keeps its +86 as the portal asks. (The help text of TikTok's template,
    github.com/tiktok/gtm-template-eapi, read 2026-11-22, wants it without; one form must win.)
    """
    if _CERTAIN_E164(text):
        return PhoneReading(text, PhoneReason.AS_GIVEN)
    reading = _parse(text, region)
    if reading.e164 or not _PLUS_SIGNS.isdisjoint(text):
        return reading
    return _read_as_international(text, region) or _without_country(reading, region)


def _without_country(reading: PhoneReading, region: str | None) -> PhoneReading:
    """Name the missing region as the cause where there is none."""
    if region is None and reading.reason is PhoneReason.NO_COUNTRY:
        return PhoneReading(None, PhoneReason.NATIONAL)
    return reading


def _read_as_international(text: str, region: str | None) -> PhoneReading | None:
    """Read a number whose plus sign was lost or written 00; ``None`` where that gives nothing."""
    bare = _BEFORE_FIRST_DIGIT.sub("", _with_ascii_digits(text))
    if bare.startswith("00"):
        reading = _parse(f"+{bare[2:]}", None)
        return reading if reading.e164 else None
    if bare.startswith("0") or not bare:
        return None
    return _read_without_plus(bare, region)


def _read_without_plus(bare: str, region: str | None) -> PhoneReading | None:
    """Trust what the library calls valid, then what is as long as international numbers are.

    Where no region has said that it is no national number, it must have 11 digits: one number of
    the United States in ten is a valid number of another country too, once a plus sign stands in
    front, and the digest of a stranger's number is worse than none.

    Warning:
        11 to 15 digits without a region are still a guess: a German mobile number without its 0
        has 11. A default region ends the guessing.

    Source: for 11 to 15 digits, github.com/segmentio/action-destinations ``tiktok-conversions``
    (read 2026-11-22) puts a plus sign in front without asking more.
    """
    e164 = _parse(f"+{bare}", None, strict=True).e164
    if e164 is None and _INTERNATIONAL_DIGITS.fullmatch(bare):
        e164 = f"+{bare}"
    if e164 is None or (region is None and not _INTERNATIONAL_DIGITS.fullmatch(e164[1:])):
        return None
    return PhoneReading(e164, PhoneReason.PLUS_ADDED)


def _with_ascii_digits(text: str) -> str:
    """Write the digits of every script as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char, char)) for char in text)


def _parse(text: str, region: str | None, *, strict: bool = False) -> PhoneReading:
    """Ask the library; ``strict`` wants a number that is in use, not only a possible length.

    The library is imported here, and not above, because it costs 27 ms and 3 MB: a sender whose
    numbers are E.164 or hashed never pays them.
    """
    import phonenumbers  # noqa: PLC0415 — because of the cost above

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        return PhoneReading(None, _why_unparsed(error))
    # Not is_possible_number(): it takes a number that lacks its area code.
    length = phonenumbers.is_possible_number_with_reason(number)
    if length != phonenumbers.ValidationResult.IS_POSSIBLE:
        return PhoneReading(None, PhoneReason.IMPOSSIBLE)
    if strict and not phonenumbers.is_valid_number(number):
        return PhoneReading(None, PhoneReason.IMPOSSIBLE)
    return _within_e164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _within_e164(formatted: str) -> PhoneReading:
    """Refuse what has not the length of E.164: the library lets German lines be longer."""
    if _E164.fullmatch(formatted):
        return PhoneReading(formatted, PhoneReason.PARSED)
    return PhoneReading(None, PhoneReason.NO_E164)


def _why_unparsed(error: phonenumbers.NumberParseException) -> PhoneReason:
    """Translate the library's error; its text is left behind, as it may quote the number."""
    if error.error_type == error.INVALID_COUNTRY_CODE:
        return PhoneReason.NO_COUNTRY
    if error.error_type == error.TOO_LONG:
        return PhoneReason.NO_E164
    return PhoneReason.NOT_A_NUMBER
