"""Prepare the text of each match key before it is hashed or sent.

Pure functions from text to text, and one table of them. Text is not brought to a Unicode normal
form: TikTok's pages ask for none, and the Pixel hashes what it finds, so composing ``é`` here would
make the two digests of one person differ.

Source: portal page https://business-api.tiktok.com/portal/docs?id=1771101151059969, as transcribed
in github.com/bububa/tiktok-business ``model/event/track.go``, for e-mail, phone, external id, IDFA
and GAID; for the other keys the connectors github.com/rudderlabs/rudder-transformer ``tiktok_ads``
and github.com/segmentio/action-destinations ``tiktok-conversions`` (all read 2026-11-22).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from tiktok_events.event.addresses import addresses_in, holds_address, is_usual_address
from tiktok_events.event.countries import country_of
from tiktok_events.event.junk import (
    JUNK_DIGESTS,
    JUNK_WORDS,
    SUSPECT_LOCALS,
    is_junk,
    is_placeholder,
)
from tiktok_events.event.phone import to_e164
from tiktok_events.event.phone_plans import CERTAIN_E164, forms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Prepare: TypeAlias = Callable[[str, str | None], str | tuple[str, ...] | None]

# White space as str.isspace() knows it, listed because str.strip() cannot mix it with the rest.
WHITE_SPACE: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
# Invisible characters that get pasted: zero-width ones, and direction marks of address books.
INVISIBLE: Final = (
    "\u200b\u200c\u200d\u2060\ufeff"
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_EDGES: Final = WHITE_SPACE + INVISIBLE

# Half of a UTF-16 pair: JSON can escape one, UTF-8 cannot write it, so no digest of it exists.
_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")

_NO_IDS: Final = JUNK_WORDS["external_id"]
_COUNTRY_LETTERS: Final = 2
_MOST_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class MatchRule:
    """How one match key is treated.

    Attributes:
        key: the match key.
        prepare: turns trimmed text and region into the prepared text, or several; an empty result
            drops the value.
        says: what ``prepare`` does, as a sentence.
        hashed: whether the digest of the prepared text is sent instead of the text.
        takes_digest: whether a value that is a digest already passes unchanged.
        takes_array: whether several values are allowed.
        takes_number: whether a whole number stands for its digits.
        hint: returns a doubt about the prepared text as a sentence, or an empty text.
        usual: does what ``prepare`` does, in a fraction of the time, for a text of the usual form,
            all ASCII; returns ``None`` for any other form, and for junk.
        junk: prepared texts that say nothing about a person.
        junk_digests: the digests of these texts.
    """

    key: str
    prepare: Prepare
    says: str
    hashed: bool = True
    takes_digest: bool = True
    takes_array: bool = False
    takes_number: bool = False
    hint: Callable[[str], str] = lambda _prepared: ""
    usual: Callable[[str], str | None] = lambda _text: None
    junk: frozenset[str] = field(init=False, repr=False)
    junk_digests: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "junk", JUNK_WORDS[self.key])
        object.__setattr__(self, "junk_digests", JUNK_DIGESTS[self.key])


def trim(text: str) -> str:
    """Strip white space and invisible characters; a text with half a character becomes empty."""
    if text.isascii():
        return text.strip()
    return "" if holds_half_character(text) else text.strip(_EDGES)


def holds_half_character(text: str) -> bool:
    """Tell whether UTF-8 cannot write ``text``, because half of a surrogate pair is missing."""
    return _HALF_CHARACTER.search(text) is not None


def _email(text: str, _region: str | None) -> str | tuple[str, ...] | None:
    """Lower the case; dots and plus tags stay, because no source removes them.

    Several addresses in one text are several values; a name or ``mailto:`` around an address is
    dropped.
    """
    lowered = text.lower()
    if is_usual_address(lowered):
        return None if is_placeholder(lowered) else lowered
    found = addresses_in(lowered)
    if isinstance(found, str):
        return found if _is_address(found) and not is_placeholder(found) else None
    usable = tuple(address for address in found if not is_placeholder(address))
    return usable[0] if len(usable) == 1 else usable or None


def _is_address(text: str) -> bool:
    """Return whether this is an address that somebody on the internet can have."""
    local, _, domain = text.rpartition("@")
    return local != "" and "." in domain.strip(".")


def _usual_email(text: str) -> str | None:
    lowered = text.strip().lower()
    if is_usual_address(lowered) and lowered.partition("@")[0] not in SUSPECT_LOCALS:
        return lowered
    return None


def _phone(text: str, region: str | None) -> str | tuple[str, ...] | None:
    """Return the number in E.164, followed by the other form of a Chinese number."""
    if not CERTAIN_E164(text):
        e164 = None if is_junk("phone", text) else to_e164(text, region)
        return e164 if e164 is None else forms(e164)
    return forms(text) if text.startswith("+86") else text


def _usual_phone(text: str) -> str | None:
    return text if CERTAIN_E164(text) and not text.startswith("+86") else None


def _external_id(text: str, _region: str | None) -> str | None:
    """Keep the case: the Pixel hashes the id as it stands."""
    suspect = text.lower() in _NO_IDS or not text[0].isalnum()
    return None if suspect and is_junk("external_id", text) else text


def _usual_id(text: str) -> str | None:
    plain = text.isascii() and text[:1].isalnum() and text.strip() is text
    return text if plain and text.lower() not in _NO_IDS else None


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
    """Lower the case, keep letters, their combining marks, and digits, of every script.

    A text that has more digits than any place, or holds an address, is dropped, because a place is
    sent unhashed.
    """
    lowered = text.lower()
    if lowered.isalpha():
        return lowered
    kept = "".join(filter(_is_letter_mark_or_digit, lowered))
    return "" if sum(map(str.isdigit, kept)) > _MOST_DIGITS or holds_address(text) else kept


def _is_letter_mark_or_digit(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _country(text: str, _region: str | None) -> str:
    """Return the country's two letters in lower case, or the letters of an unknown country."""
    if found := country_of(text):
        return found
    return "" if holds_address(text) else "".join(filter(str.isalpha, text.lower()))


def _device_id(text: str, _region: str | None) -> str:
    """Lower the case, as the portal asks for, both raw and hashed.

    Source: portal page https://business-api.tiktok.com/portal/docs?id=1771101303285761 in a public
    copy (read 2026-11-30); an older page wanted the IDFA in upper case.
    """
    return "" if is_junk("idfa", text) else text.lower()


def _country_hint(prepared: str) -> str:
    if len(prepared) == _COUNTRY_LETTERS:
        return ""
    return "TikTok expects the two letters of ISO 3166-1, such as us."


_NAME_SAYS: Final = "Lower case, no punctuation."
_PLACE_SAYS: Final = "Lower case, letters and digits only; sent plain."
# Diacritics stay: TikTok does not ask to strip them, and the connector that does so
# (action-destinations) strips every letter outside ASCII with them.

MATCH_RULES: Final[Mapping[str, MatchRule]] = {
    "email": MatchRule(
        "email",
        _email,
        "Trimmed, lower case; nothing else.",
        takes_array=True,
        usual=_usual_email,
    ),
    "phone": MatchRule(
        "phone",
        _phone,
        "E.164 with its plus sign.",
        takes_array=True,
        takes_number=True,
        usual=_usual_phone,
    ),
    "external_id": MatchRule(
        "external_id",
        _external_id,
        "Trimmed; the case is kept.",
        takes_array=True,
        takes_number=True,
        usual=_usual_id,
    ),
    "first_name": MatchRule("first_name", _name, _NAME_SAYS),
    "last_name": MatchRule("last_name", _name, _NAME_SAYS),
    "zip_code": MatchRule(
        "zip_code", _zip_code, "Lower case, no spaces, no dashes.", takes_number=True
    ),
    "city": MatchRule("city", _place, _PLACE_SAYS, hashed=False, takes_digest=False),
    "state": MatchRule("state", _place, _PLACE_SAYS, hashed=False, takes_digest=False),
    "country": MatchRule(
        "country",
        _country,
        "Two letters of ISO 3166-1, lower case; sent plain.",
        hashed=False,
        takes_digest=False,
        hint=_country_hint,
    ),
    "idfa": MatchRule("idfa", _device_id, "Lower case; sent plain.", hashed=False),
    "gaid": MatchRule("gaid", _device_id, "Lower case; sent plain.", hashed=False),
}
"""The match keys that are prepared; ``PLAIN_KEYS`` are sent unchanged, others not at all."""

PLAIN_KEYS: Final = frozenset(
    ("ttclid", "ttp", "ip", "user_agent", "locale", "idfv", "att_status", "lead_id")
)
"""The keys of ``user`` that TikTok wants as they are."""
