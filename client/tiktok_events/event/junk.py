"""Values that are the same for many people: their digest would make one person of all buyers.

The tables say why each value is in them, and name those that a real person may have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NAMES: Final = _set("first_name last_name")
_IDS: Final = _set("email phone external_id zip_code idfa gaid idfv ttclid ttp ip")
_ALL: Final = _IDS | _NAMES | _set("city state country user_agent locale")


@dataclass(frozen=True, slots=True)
class Words:
    """Words that say nothing about a person.

    Attributes:
        words: lower-case words, separated by bars.
        keys: the match keys to which the words apply.
        reason: where the words come from, and which real names are among them.
    """

    words: str
    keys: frozenset[str]
    reason: str


WORDS: Final = (
    Words("none|null|void|<null>|<none>|(null)|(none)", _ALL, "no value; some people are Null"),
    Words("nil", _IDS, "no value; but a first name in Turkey"),
    Words("undefined|[object object]|object object|[object undefined]", _ALL, "JavaScript"),
    Words("nan", _ALL - {"locale"}, "pandas; far more often than Nan, but a locale of China"),
    Words("nat|<na>|inf", _IDS, "pandas; Nat is a first name"),
    Words("n/a|n.a.|#n/a|#ref!|#value!|#name?|\\n", _ALL, "table programs, dumps of databases"),
    Words("na", _IDS, "not available; but a family name, Naples, and Namibia"),
    Words("unknown|not set|(not set)|not provided|(not provided)", _ALL, "analytics"),
    Words("not available|not specified|notset|no name|noname", _ALL, "forms"),
    Words("unbekannt|inconnu|desconocido|sconosciuto|onbekend|keine angabe|k.a.", _ALL, "forms"),
    Words("test|testing|test test|dummy|asdf|qwerty|xxx", _ALL, "developers"),
    Words("tester|sample|foo|bar", _IDS, "developers; but family names"),
    Words("anonymous|anonym", _ALL, "shops, for whoever is not logged in"),
    Words("guest", _ALL - {"last_name"}, "shops; but a family name"),
    Words("0|-1|true|false|yes|no|default|empty|blank|string|id|email", _IDS, "defaults of code"),
    Words("user|customer|admin", _IDS, "roles in place of persons"),
    Words("+|-|--|---|.|..|...|?|??|???|*|_|/", _ALL, "typed to satisfy a form"),
    Words("00000|000000|99999|xxxxx", frozenset({"zip_code"}), "typed to satisfy a form"),
    Words("0123456789|1234567890|123456789|12345678", frozenset({"phone"}), "typed in order"),
    Words(
        "00000000-0000-0000-0000-000000000000|00000000000000000000000000000000",
        _set("idfa gaid idfv"),
        "the device's user has emptied it",
    ),
    Words("0.0.0.0|::", frozenset({"ip"}), "the address of no machine"),
    Words("first name|firstname|vorname", _NAMES, "the label of the field"),
    Words("last name|lastname|nachname|surname", _NAMES, "the label of the field"),
    Words("zz|xx", frozenset({"country"}), "ISO 3166's user-assigned codes for unknown"),
)

NOBODYS: Final = _set(
    "noreply no-reply no_reply donotreply do-not-reply do_not_reply noemail no-email nomail"
    " no-mail none null undefined nan unknown anonymous guest notprovided na n.a"
)
"""Local parts, at any domain: the shop's own sender, or a form filled with nothing."""

PLACEHOLDERS: Final = _set(
    "test tests testing tester example email mail user name yourname your-name your.name your"
    " youremail foo bar demo sample dummy a aa aaa abc asdf qwerty xxx"
)
"""Local parts, at the hosts below only, that developers and forms write. No such domain is junk by
itself: people who test with ann@example.com want to see its digest.
"""

PLACEHOLDER_HOSTS: Final = _set(
    "test tests example email mail domain yourdomain company website foo bar asdf qwerty abc a aa"
    " aaa xxx gmail"
)
"""First labels of a domain that is junk."""

ZEROS: Final = re.compile(r"[0-]+")
"""The device id of users who have reset or limited it.

Source: https://developer.apple.com/documentation/adsupport/asidentifiermanager/advertisingidentifier
and https://support.google.com/googleplay/android-developer/answer/6048248 (read 2026-11-30).
"""

MACRO_STARTS: Final = frozenset("_{$%[<#@(*")
_MACRO: Final = re.compile(
    r"__\w+__|\{\{?[^{}]*\}?\}|[$#@]\{[^{}]*\}|\$\w+\$?|%%?[\w.: -]+%%?|\[\[?[\w.: -]+\]?\]"
    r"|<%?=?[^<>@]*%?>|@@\w+@@|\*\|[^|]*\|\*|\{%.*%\}"
)
"""How placeholders begin that nobody filled in: TikTok's, Google's, Meta's, Liquid, ERB, shells,
Mailchimp.
"""

_INNER_MACROS: Final = ("{{", "}}", "${", "%%", "__clickid__", "%7b%7b", "%5f%5fclickid")
_SAME_DIGIT: Final = re.compile(r"\+?([0-9])\1{6,}")
_MANY: Final = 7
_TO_DIGITS: Final = str.maketrans("", "", " -()./")
LONGEST_WORD: Final = 20
"""No word of the tables is as long as this."""

JUNK_WORDS: Final[Mapping[str, frozenset[str]]] = {
    key: frozenset(word for row in WORDS if key in row.keys for word in row.words.split("|"))
    for key in _ALL
}
"""Match key → words that say nothing under it, in lower case."""

SUSPECTS: Final = frozenset(
    written
    for words in JUNK_WORDS.values()
    for word in words
    for written in (word, word.upper(), word.title(), word.capitalize(), f" {word}", f"{word} ")
) | {"NaN", "[object Object]"}
"""All words in their usual spellings: one look-up tells that a value is none of them."""


def _digests(texts: frozenset[str]) -> frozenset[str]:
    written = (w for text in texts for w in (text, text.upper(), text.title(), text.capitalize()))
    odd = ("", " ", "+", "NaN", "[object Object]", "None", "n/a", "N/A")
    return frozenset(map(_digest, (*written, *odd)))


@cache  # most tables share most words, and 4,000 digests would take half a megabyte
def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


SUSPECT_LOCALS: Final = NOBODYS | PLACEHOLDERS

_ADDRESSES: Final = frozenset(
    f"{local}@{host}.{ending}"
    for local in ("test", "example", "email", "user", "name", "a")
    for host in ("test", "example", "email", "domain", "a", "gmail")
    for ending in ("com", "org", "net", "de")
)

JUNK_DIGESTS: Final[Mapping[str, frozenset[str]]] = {
    key: _digests(words | (_ADDRESSES if key == "email" else frozenset()))
    | ({"0" * 64} if key != "zip_code" else frozenset())
    for key, words in JUNK_WORDS.items()
}
"""Match key → the digests of such words, and of the empty text."""


def is_junk(key: str, text: str) -> bool:
    """Return whether a trimmed text says nothing about a person.

    Args:
        key: one of the match keys.
        text: the text as it was given, in any case.
    """
    if len(text) <= LONGEST_WORD and text.lower() in JUNK_WORDS[key]:
        return True
    if text[:1] in MACRO_STARTS and _MACRO.fullmatch(text):
        return True
    if key in _EXTRA:
        return _EXTRA[key](text)
    return False


def is_placeholder(address: str) -> bool:
    """Return whether an e-mail address in lower case belongs to nobody."""
    local, _, domain = address.partition("@")
    if local not in SUSPECT_LOCALS:
        return False
    return local in NOBODYS or domain.partition(".")[0] in PLACEHOLDER_HOSTS


def _is_zeros(text: str) -> bool:
    return ZEROS.fullmatch(text) is not None


def _is_macro_inside(text: str) -> bool:
    lowered = text.lower()
    return any(macro in lowered for macro in _INNER_MACROS)


def _is_same_digit(text: str) -> bool:
    if text.count(text[-1]) < _MANY and text[:1] == "+":
        return False
    digits = text.translate(_TO_DIGITS)
    return _SAME_DIGIT.fullmatch(digits) is not None or digits in JUNK_WORDS["phone"]


_EXTRA: Final = {
    "phone": _is_same_digit,
    "idfa": _is_zeros,
    "gaid": _is_zeros,
    "idfv": _is_zeros,
    "ttclid": _is_macro_inside,
    "ttp": _is_macro_inside,
}
