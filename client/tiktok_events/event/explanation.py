"""What becomes of each value of ``user``, and why: for people who look for a lost match."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.match_keys import KeyOutcome, apply_rule, text_of
from tiktok_events.event.match_rules import (
    MATCH_RULES,
    PLAIN_KEYS,
    MatchRule,
    holds_half_character,
    trim,
)
from tiktok_events.event.phone import read_phone

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class KeyExplanation:
    """What became of one value of ``user``, and why.

    Attributes:
        key: the key in ``user``.
        position: index in the array; ``None`` where the value is not in one.
        outcome: what became of it.
        prepared: the text before hashing; ``None`` where nothing was prepared. Personal.
        sent: what goes to TikTok; ``None`` where nothing does.
        reason: which rule did it, as a sentence without any value.
    """

    key: str
    position: int | None
    outcome: KeyOutcome
    prepared: str | None = field(repr=False)
    sent: Any = field(repr=False)
    reason: str


def explain_user(
    user: Mapping[str, Any], default_region: str | None = None
) -> list[KeyExplanation]:
    """Say of every value of ``user`` what ``prepare_user`` does with it, in the same order.

    It does not raise: what ``prepare_user`` would not take is ``refused``.
    """
    return [
        explanation
        for key, value in user.items()
        for explanation in _explain_key(key, value, default_region)
    ]


def _explain_key(key: str, value: Any, region: str | None) -> list[KeyExplanation]:
    rule = MATCH_RULES.get(key)
    if rule is None:
        reason = _why_untouched(key)
        return [KeyExplanation(key, None, KeyOutcome.UNTOUCHED, None, value, reason)]
    if not rule.takes_array or not isinstance(value, list | tuple):
        return [_explain_value(rule, key, None, value, region)]
    if not value:
        return [KeyExplanation(key, None, KeyOutcome.DROPPED, None, None, "The array is empty.")]
    return [_explain_value(rule, key, i, element, region) for i, element in enumerate(value)]


def _explain_value(
    rule: MatchRule, key: str, position: int | None, value: Any, region: str | None
) -> KeyExplanation:
    path = f"user.{key}" if position is None else f"user.{key}.{position}"
    try:
        outcome, prepared, sent = apply_rule(rule, value, path, region)
    except InvalidEvent as error:
        reason = f"The event is not accepted: {key} {error.message}."
        return KeyExplanation(key, position, KeyOutcome.REFUSED, None, None, reason)
    text = "" if value is None else text_of(rule, value, path)
    reason = _why(rule, text, prepared, outcome, region)
    return KeyExplanation(key, position, outcome, prepared, sent, reason)


def _why(
    rule: MatchRule, text: str, prepared: str | None, outcome: KeyOutcome, region: str | None
) -> str:
    """Say which rule led to ``outcome``, in the order in which they apply."""
    if outcome is KeyOutcome.PASSED:
        return "It is a SHA-256 digest already and passes unchanged."
    if holds_half_character(text):
        return "It holds half a character, which UTF-8 cannot write."
    trimmed = trim(text)
    if not trimmed:
        return "There is nothing in it."
    if rule is MATCH_RULES["phone"]:
        return read_phone(trimmed, region).reason.value
    if prepared is None:
        return f"Nothing was left of it. ({rule.says})"
    return f"{rule.says} {rule.hint(prepared)}".rstrip()


def _why_untouched(key: str) -> str:
    if key in PLAIN_KEYS:
        return "TikTok wants it as it is."
    meant = get_close_matches(key, [*MATCH_RULES, *PLAIN_KEYS], n=1)
    question = f" Did you mean {meant[0]}?" if meant else ""
    return f"Not a key that TikTok documents: sent as it is.{question}"
