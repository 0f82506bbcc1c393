"""Prepare and hash match keys, the part of an event by which TikTok recognises a person.

``apply_rule`` alone decides what becomes of a value. ``prepare_user`` keeps what is sent,
``explanation.explain_user`` describes the rest, so that the two cannot disagree.

Source: portal page https://business-api.tiktok.com/portal/docs?id=1771101151059969, as transcribed
in github.com/bububa/tiktok-business ``model/event/track.go``; digests that pass through and empty
keys that are left out: github.com/tiktok/gtm-template-eapi (both read 2026-11-22).
"""

from __future__ import annotations

from binascii import unhexlify
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tiktok_events.event.closed_user import closed_user
from tiktok_events.event.junk import (
    JUNK_WORDS,
    MACRO_STARTS,
    SUSPECTS,
    is_junk,
)
from tiktok_events.event.key_names import USER_KEYS
from tiktok_events.event.match_rules import MATCH_RULES, MatchRule, trim
from tiktok_events.event.phone import check_region, region_of
from tiktok_events.event.reasons import why_left_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktok_events.event.remarks import Remarks

__all__ = ["KeyOutcome", "apply_rule", "check_region", "hash_text", "prepare_user", "text_of"]

_DIGEST_CHARS: Final = 64

# Above these a number is no longer the digits its sender wrote (a float), or no id (an int).
_LARGEST_EXACT_FLOAT: Final = 2**53
_LARGEST_ID: Final = 10**64


class KeyOutcome(StrEnum):
    """What becomes of one value."""

    HASHED = "hashed"
    PASSED = "passed"
    NORMALISED = "normalised"
    UNTOUCHED = "untouched"
    RENAMED = "renamed"
    DROPPED = "dropped"


# Looked up once: finding a member through its metaclass would slow the hot path.
_HASHED, _PASSED = KeyOutcome.HASHED, KeyOutcome.PASSED
_NORMALISED, _DROPPED = KeyOutcome.NORMALISED, KeyOutcome.DROPPED

Sent: TypeAlias = str | list[str] | None
"""What is sent for one key."""

Applied: TypeAlias = tuple[KeyOutcome, tuple[str, ...] | str | None, Sent]
"""The outcome of a text, its prepared form or forms, and what is sent for each."""

_SINGLE: Final = frozenset({str, int, float, bool})

_EMPTY: Final[tuple[Any, ...]] = (None, "", [], ())
_NOTHING: Final[Applied] = (_DROPPED, None, None)


def hash_text(text: str) -> str:
    """Return the SHA-256 of ``text`` in UTF-8, as 64 lower-case hex digits.

    It never raises: an error about half a surrogate pair would quote the text.
    """
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        encoded = text.encode("utf-8", "surrogatepass")
    return sha256(encoded).hexdigest()


def prepare_user(
    user: Mapping[str, Any],
    default_region: str | None = None,
    *,
    passing: frozenset[str] = frozenset(),
    remarks: Remarks | None = None,
) -> dict[str, Any]:
    """Return a new ``user`` as TikTok wants it: match keys prepared, personal ones hashed.

    Preparing it again changes nothing. Keys in other spellings are read as the key they mean. Empty
    values, values that many people share, and keys that TikTok does not know are left out. The
    order stays.

    Args:
        user: raw or hashed values; the object is not changed.
        default_region: the region of national phone numbers, from ``check_region``, unless the
            user's country names another one.
        passing: further keys that may pass as they are.
        remarks: receives what was left out or read under another name.
    """
    user = user if USER_KEYS.issuperset(user) else closed_user(user, passing, remarks)
    region = default_region
    if "phone" in user and "country" in user:
        region = region_of(alone(user["country"]), default_region)
    prepared: dict[str, Any] = {}
    for key, value in user.items():
        sent: Any = value
        if type(value) is not str:
            sent = _sent(MATCH_RULES.get(key), key, value, region, remarks)
        elif key in MATCH_RULES:
            sent = _sent_text(MATCH_RULES[key], value, region)
        elif value in SUSPECTS or value[:1] in MACRO_STARTS:
            sent = _plain(key, value)
        if sent is not None:
            prepared[key] = sent
        elif remarks is not None and value not in _EMPTY:
            remarks += why_left_out(key, value, region)
    return prepared


def _sent_text(rule: MatchRule, text: str, region: str | None) -> Sent:
    """Return what is sent for a text: a usual one is only hashed, any other follows its rule."""
    if len(text) != _DIGEST_CHARS:
        if usual := rule.usual(text):
            return sha256(usual.encode()).hexdigest()
    elif text.isalnum() and rule.takes_digest and _is_hex(text):
        digest = text.lower()
        return None if digest in rule.junk_digests else digest
    return _apply(rule, text, region)[2]


def _plain(key: str, value: str) -> str | None:
    """Return what is sent, for a key that is not hashed, of a value that may be junk."""
    return None if key in JUNK_WORDS and is_junk(key, trim(value)) else value


def _sent(
    rule: MatchRule | None, key: str, value: Any, region: str | None, remarks: Remarks | None
) -> Any:
    """Return what is sent for a value that is no text, or ``None`` for nothing."""
    if rule is None:
        value = alone(value)
        return value if key not in USER_KEYS or type(value) in _SINGLE else None
    if rule.takes_array and isinstance(value, list | tuple):
        return _sent_array(rule, value, region, remarks) or None
    return apply_rule(rule, alone(value), region)[2]


def alone(value: Any) -> Any:
    """Return the item of an array of one, and anything else as it is."""
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value


def _sent_array(
    rule: MatchRule, values: Sequence[Any], region: str | None, remarks: Remarks | None
) -> list[str]:
    """Return what is sent for each value; remarks are made here if any of them is sent."""
    sent: list[str] = []
    unsent: list[Any] = []
    for value in values:
        one = (
            _sent_text(rule, value, region)
            if type(value) is str
            else apply_rule(rule, value, region)[2]
        )
        if one is None:
            unsent.append(value)
        else:
            sent += [one] if isinstance(one, str) else one
    if sent and unsent and remarks is not None:
        remarks += why_left_out(rule.key, unsent, region)
    return list(dict.fromkeys(sent)) if len(sent) > 1 else sent


def _apply(rule: MatchRule, text: str, region: str | None) -> Applied:
    """Apply the rule to a text: only this function decides what is sent."""
    trimmed = text.strip() if text.isascii() else trim(text)
    if len(trimmed) == _DIGEST_CHARS and rule.takes_digest and _is_hex(trimmed):
        digest = trimmed.lower()
        return _NOTHING if digest in rule.junk_digests else (_PASSED, None, digest)
    prepared = rule.prepare(trimmed, region) if trimmed else None
    if not prepared:
        return _NOTHING
    if type(prepared) is not str:
        return _HASHED, prepared, [hash_text(one) for one in prepared]
    # A macro begins with a sign or loses some in preparing; so does a junk word with signs.
    if prepared in rule.junk or (
        (len(prepared) != len(trimmed) or trimmed[0] in MACRO_STARTS) and is_junk(rule.key, trimmed)
    ):
        return _NOTHING
    if rule.hashed:
        return _HASHED, prepared, hash_text(prepared)
    return _NORMALISED, prepared, prepared


def _is_hex(text: str) -> bool:
    try:
        unhexlify(text)  # a quarter of the time of a regular expression
    except ValueError:
        return False
    return True


def apply_rule(rule: MatchRule, value: Any, region: str | None) -> Applied:
    """Return what becomes of one value of any type, its prepared texts, and what is sent.

    Args:
        rule: the rule of the value's key.
        value: one value, not an array of them.
        region: the region, as for ``prepare_user``.
    """
    text = text_of(rule, value)
    return _NOTHING if text is None else _apply(rule, text, region)


def text_of(rule: MatchRule, value: Any) -> str | None:
    """Return ``value`` as the text that the rule applies to; ``None`` for another type."""
    if isinstance(value, str):
        return value
    return str(int(value)) if rule.takes_number and _is_whole_number(value) else None


def _is_whole_number(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer() and abs(value) <= _LARGEST_EXACT_FLOAT
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_ID
