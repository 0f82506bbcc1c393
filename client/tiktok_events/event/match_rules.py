"""How the text of each match key is prepared before it is hashed or sent.

Pure functions from text to text, and one table of them. Text is not brought to a Unicode normal
form: TikTok's pages ask for none, and the Pixel hashes what it finds, so composing ``é`` here
would only part the two digests of one person.

Source: portal page https://business-api.tiktok.com/portal/docs?id=1771101151059969, as transcribed
in github.com/bububa/tiktok-business ``model/event/track.go``, for e-mail, phone, external id, IDFA
and GAID; for the other keys the connectors github.com/rudderlabs/rudder-transformer ``tiktok_ads``
and github.com/segmentio/action-destinations ``tiktok-conversions`` (all read 2026-11-22).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from tiktok_events.event.phone import to_e164

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Prepare: TypeAlias = Callable[[str, str | None], str | None]

# White space as str.isspace() knows it, listed because str.strip() cannot mix it with the rest.
WHITE_SPACE: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
# What is pasted along unseen: zero-width characters, and the direction marks of address books.
INVISIBLE: Final = (
    "\u200b\u200c\u200d\u2060\ufeff"
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_EDGES: Final = WHITE_SPACE + INVISIBLE

# Half of a UTF-16 pair: JSON can escape one, UTF-8 cannot write it, so no digest of it exists.
_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")

_COUNTRY_LETTERS: Final = 2


@dataclass(frozen=True, slots=True)
class MatchRule:
    """How one match key is treated.

    Attributes:
        prepare: trimmed text and default region to the prepared text; nothing drops the value.
        says: what ``prepare`` did, as a sentence.
        hashed: send the digest of the prepared text, not the text.
        takes_digest: a value that is a digest already passes unchanged.
        takes_array: several values are allowed.
        takes_number: a whole number stands for its digits.
        hint: a doubt about the prepared text, as a sentence; empty where there is none.
    """

    prepare: Prepare
    says: str
    hashed: bool = True
    takes_digest: bool = True
    takes_array: bool = False
    takes_number: bool = False
    hint: Callable[[str], str] = lambda _prepared: ""


def trim(text: str) -> str:
    """Cut white space and invisible characters off both ends; half a character empties it all."""
    if text.isascii():
        return text.strip()
    return "" if holds_half_character(text) else text.strip(_EDGES)


def holds_half_character(text: str) -> bool:
    """Tell whether UTF-8 cannot write ``text``, because half of a surrogate pair is missing."""
    return _HALF_CHARACTER.search(text) is not None


def _email(text: str, _region: str | None) -> str:
    """Lower the case; dots and plus tags stay, because no source removes them."""
    return text.lower()


def _external_id(text: str, _region: str | None) -> str:
    """Keep the case: the Pixel hashes the id as it stands."""
    return text


def _name(text: str, _region: str | None) -> str:
    """Lower the case, drop punctuation, keep single inner spaces."""
    lowered = text.lower()
    if not lowered.isalpha():
        lowered = " ".join("".join(filter(_is_no_punctuation, lowered)).split())
    return trim(lowered)


def _is_no_punctuation(char: str) -> bool:
    return not unicodedata.category(char).startswith("P")


def _zip_code(text: str, _region: str | None) -> str:
    """Lower the case, drop white space and dashes."""
    lowered = text.lower()
    return lowered if lowered.isalnum() else "".join(filter(_is_zip_char, lowered))


def _is_zip_char(char: str) -> bool:
    return char not in _EDGES and unicodedata.category(char) != "Pd"


def _place(text: str, _region: str | None) -> str:
    """Lower the case, keep letters, their combining marks, and digits, of every script."""
    lowered = text.lower()
    return lowered if lowered.isalnum() else "".join(filter(_is_letter_mark_or_digit, lowered))


def _is_letter_mark_or_digit(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _country(text: str, _region: str | None) -> str:
    """Lower the case, keep letters."""
    return "".join(filter(str.isalpha, text.lower()))


def _idfa(text: str, _region: str | None) -> str:
    return text.upper()


def _gaid(text: str, _region: str | None) -> str:
    return text.lower()


def _email_hint(prepared: str) -> str:
    return "" if "@" in prepared else "It has no @ and may match nobody."


def _country_hint(prepared: str) -> str:
    if len(prepared) == _COUNTRY_LETTERS:
        return ""
    return "TikTok expects the two letters of ISO 3166-1, such as us."


_NAME_SAYS: Final = "Lower case, no punctuation."
_PLACE_SAYS: Final = "Lower case, letters and digits only; sent plain."

MATCH_RULES: Final[Mapping[str, MatchRule]] = {
    "email": MatchRule(
        _email, "Trimmed, lower case; nothing else.", takes_array=True, hint=_email_hint
    ),
    "phone": MatchRule(to_e164, "E.164 with its plus sign.", takes_array=True, takes_number=True),
    "external_id": MatchRule(
        _external_id, "Trimmed; the case is kept.", takes_array=True, takes_number=True
    ),
    "first_name": MatchRule(_name, _NAME_SAYS),
    "last_name": MatchRule(_name, _NAME_SAYS),
    "zip_code": MatchRule(_zip_code, "Lower case, no spaces, no dashes.", takes_number=True),
    "city": MatchRule(_place, _PLACE_SAYS, hashed=False, takes_digest=False),
    "state": MatchRule(_place, _PLACE_SAYS, hashed=False, takes_digest=False),
    "country": MatchRule(
        _country,
        "Lower case, letters only; sent plain.",
        hashed=False,
        takes_digest=False,
        hint=_country_hint,
    ),
    "idfa": MatchRule(_idfa, "Upper case; sent plain.", hashed=False),
    "gaid": MatchRule(_gaid, "Lower case; sent plain.", hashed=False),
}
"""The match keys that are prepared. Every other key of ``user`` goes out as it came in."""

PLAIN_KEYS: Final = frozenset(
    ("ttclid", "ttp", "ip", "user_agent", "locale", "idfv", "att_status", "lead_id")
)
"""The keys of ``user`` that TikTok wants as they are."""
