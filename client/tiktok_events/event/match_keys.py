"""Match keys: the part of an event that TikTok recognises a person by, prepared and hashed.

``apply_rule`` alone decides what becomes of a value. ``prepare_user`` here keeps what is sent,
``explanation.explain_user`` tells the rest, so the one cannot say what the other does not do.

Source: portal page https://business-api.tiktok.com/portal/docs?id=1771101151059969, as transcribed
in github.com/bububa/tiktok-business ``model/event/track.go``; digests that pass through and empty
keys that are left out: github.com/tiktok/gtm-template-eapi (both read 2026-11-22).
"""

from __future__ import annotations

import re
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.match_rules import MATCH_RULES, MatchRule, trim
from tiktok_events.event.phone import check_region

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["KeyOutcome", "apply_rule", "check_region", "hash_text", "prepare_user", "text_of"]

_DIGEST_CHARS: Final = 64
_IS_DIGEST: Final = re.compile(r"[A-Fa-f0-9]{64}").fullmatch

# Above these a number is no longer the digits its sender wrote (a float), or no id (an int).
_LARGEST_EXACT_FLOAT: Final = 2**53
_LARGEST_ID: Final = 10**64


class KeyOutcome(StrEnum):
    """What became of one value."""

    HASHED = "hashed"
    PASSED = "passed"
    NORMALISED = "normalised"
    UNTOUCHED = "untouched"
    DROPPED = "dropped"
    REFUSED = "refused"


# Looked up once: a member is found through its metaclass, which the hot path would feel.
_HASHED, _PASSED = KeyOutcome.HASHED, KeyOutcome.PASSED
_NORMALISED, _DROPPED = KeyOutcome.NORMALISED, KeyOutcome.DROPPED

Applied: TypeAlias = tuple[KeyOutcome, str | None, str | None]
"""What became of a text, its prepared form, and what is sent."""

_NOTHING: Final[Applied] = (_DROPPED, None, None)


def hash_text(text: str) -> str:
    """Return the SHA-256 of ``text`` in UTF-8, as 64 lower-case hex digits.

    It never raises: the error for half a surrogate pair would carry the text with it.
    """
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        encoded = text.encode("utf-8", "surrogatepass")
    return sha256(encoded).hexdigest()


def prepare_user(user: Mapping[str, Any], default_region: str | None = None) -> dict[str, Any]:
    """Return a new ``user`` as TikTok wants it: match keys prepared, personal ones hashed.

    Preparing it again changes nothing. Keys that hold nothing are left out; keys that are no match
    key stay as they are; the order stays.

    Args:
        user: raw or hashed values; it is not changed.
        default_region: where national phone numbers are at home, from ``check_region``.

    Raises:
        InvalidEvent: a value has a type that no match key can have; ``path`` says which.
    """
    prepared: dict[str, Any] = {}
    for key, value in user.items():
        rule = MATCH_RULES.get(key)
        if rule is None:
            prepared[key] = value
        elif (sent := _sent(rule, key, value, default_region)) is not None:
            prepared[key] = sent
    return prepared


def _sent(rule: MatchRule, key: str, value: Any, region: str | None) -> str | list[str] | None:
    """Return what goes out for one key, ``None`` for nothing."""
    if type(value) is str:
        return _apply(rule, value, region)[2]
    if rule.takes_array and isinstance(value, list | tuple):
        return _sent_array(rule, key, value, region) or None
    return apply_rule(rule, value, f"user.{key}", region)[2]


def _sent_array(rule: MatchRule, key: str, values: Sequence[Any], region: str | None) -> list[str]:
    applied = (
        apply_rule(rule, value, f"user.{key}.{position}", region)[2]
        for position, value in enumerate(values)
    )
    return [sent for sent in applied if sent is not None]


def _apply(rule: MatchRule, text: str, region: str | None) -> Applied:
    """Apply the rule to a text: the one place that decides what is sent."""
    trimmed = trim(text)
    if len(trimmed) == _DIGEST_CHARS and rule.takes_digest and _IS_DIGEST(trimmed):
        return _PASSED, None, trimmed
    prepared = rule.prepare(trimmed, region) if trimmed else None
    if not prepared:
        return _NOTHING
    if rule.hashed:
        return _HASHED, prepared, hash_text(prepared)
    return _NORMALISED, prepared, prepared


def apply_rule(rule: MatchRule, value: Any, path: str, region: str | None) -> Applied:
    """Return what becomes of one value of any type, its prepared text, and what is sent.

    Args:
        rule: the rule of the value's key.
        value: one value, not an array of them.
        path: where the value stands, for the error.
        region: as in ``prepare_user``.

    Raises:
        InvalidEvent: the value has a type that this match key cannot have.
    """
    if value is None:
        return _NOTHING
    return _apply(rule, text_of(rule, value, path), region)


def text_of(rule: MatchRule, value: Any, path: str) -> str:
    """Return ``value`` as the text that the rule applies to; raises like ``apply_rule``."""
    if isinstance(value, str):
        return value
    if rule.takes_number and _is_whole_number(value):
        return str(int(value))
    raise InvalidEvent(_allowed_types(rule), path=path)


def _is_whole_number(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer() and abs(value) <= _LARGEST_EXACT_FLOAT
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_ID


def _allowed_types(rule: MatchRule) -> str:
    single = "a string or a whole number" if rule.takes_number else "a string"
    return f"must be {single}, or an array of these" if rule.takes_array else f"must be {single}"
