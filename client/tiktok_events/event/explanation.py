"""Explain what becomes of each value of ``user``, and why, to people who look for a lost match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tiktok_events.event.closed_user import closed_user
from tiktok_events.event.match_keys import KeyOutcome, alone, apply_rule, text_of
from tiktok_events.event.match_rules import (
    MATCH_RULES,
    PLAIN_KEYS,
    MatchRule,
    holds_half_character,
    trim,
)
from tiktok_events.event.phone import read_phone, region_of
from tiktok_events.event.reasons import HALF_CHARACTER, looks_junk
from tiktok_events.event.remarks import Reason, Remark, Remarks


@dataclass(frozen=True, slots=True)
class KeyExplanation:
    """What became of one value of ``user``, and why.

    Attributes:
        key: the key in ``user``.
        position: index in the array; ``None`` where the value is not in one.
        outcome: what was done with the value.
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
    user: Mapping[str, Any],
    default_region: str | None = None,
    passing: frozenset[str] = frozenset(),
) -> list[KeyExplanation]:
    """Explain for every value of ``user`` what ``prepare_user`` does with it.

    What is sent comes first, in its order; then come the keys that are sent under no name.
    """
    remarks: Remarks = []
    closed = closed_user(user, passing, remarks)
    region = region_of(alone(closed.get("country")), default_region)
    explained = [
        explanation
        for key, value in closed.items()
        for explanation in _explain_key(key, value, region)
    ]
    return explained + [
        KeyExplanation(
            remark.path.removeprefix("user."), None, _outcome(remark), None, None, remark.text
        )
        for remark in remarks
    ]


def _outcome(remark: Remark) -> KeyOutcome:
    return KeyOutcome.RENAMED if remark.counter.startswith("read_as:") else KeyOutcome.DROPPED


def _explain_key(key: str, value: Any, region: str | None) -> list[KeyExplanation]:
    rule = MATCH_RULES.get(key)
    if rule is None:
        return [_explain_plain(key, alone(value))]
    if not rule.takes_array or not isinstance(value, list | tuple):
        return _explain_value(rule, None, alone(value), region)
    if not value:
        return [KeyExplanation(key, None, KeyOutcome.DROPPED, None, None, "The array is empty.")]
    return [
        explanation
        for position, element in enumerate(value)
        for explanation in _explain_value(rule, position, element, region)
    ]


def _explain_plain(key: str, value: Any) -> KeyExplanation:
    if isinstance(value, str) and looks_junk(key, trim(value)):
        return KeyExplanation(key, None, KeyOutcome.DROPPED, None, None, Reason.JUNK.value)
    known = key in PLAIN_KEYS
    if known and isinstance(value, list | tuple | Mapping):
        return KeyExplanation(key, None, KeyOutcome.DROPPED, None, None, "It must be a text.")
    reason = "TikTok wants it as it is." if known else "A setting lets this key pass as it is."
    return KeyExplanation(key, None, KeyOutcome.UNTOUCHED, None, value, reason)


def _explain_value(
    rule: MatchRule, position: int | None, value: Any, region: str | None
) -> list[KeyExplanation]:
    """Explain one value; it may hold several, such as two addresses in one text."""
    key = rule.key
    outcome, prepared, sent = apply_rule(rule, value, region)
    text = "" if value is None else text_of(rule, value)
    if text is None:
        return [KeyExplanation(key, position, outcome, None, None, _allowed_types(rule))]
    if isinstance(prepared, tuple) and isinstance(sent, list):
        return [
            KeyExplanation(key, position, outcome, one, digest, _why_several(rule))
            for one, digest in zip(prepared, sent, strict=True)
        ]
    assert not isinstance(prepared, tuple)
    reason = _why(rule, text, prepared, outcome, region)
    return [KeyExplanation(key, position, outcome, prepared, sent, reason)]


def _allowed_types(rule: MatchRule) -> str:
    single = "a text or a whole number" if rule.takes_number else "a text"
    several = ", or an array of these" if rule.takes_array else ""
    return f"It must be {single}{several}."


def _why_several(rule: MatchRule) -> str:
    if rule.key == "phone":
        return "TikTok's pages contradict each other on +86, so both forms are sent."
    return f"One of several in one text. {rule.says}"


def _why(
    rule: MatchRule, text: str, prepared: str | None, outcome: KeyOutcome, region: str | None
) -> str:
    """Say which rule led to ``outcome``, in the order in which they apply."""
    if outcome is KeyOutcome.PASSED:
        return "It is a SHA-256 digest already and passes, in lower case."
    if holds_half_character(text):
        return HALF_CHARACTER
    trimmed = trim(text)
    if prepared is None:
        return _why_nothing(rule, trimmed, region)
    if rule is MATCH_RULES["phone"]:
        return read_phone(trimmed, region).reason.value
    return f"{rule.says} {rule.hint(prepared)}".rstrip()


def _why_nothing(rule: MatchRule, trimmed: str, region: str | None) -> str:
    if not trimmed:
        return "There is nothing in it."
    if looks_junk(rule.key, trimmed):
        return Reason.JUNK.value
    if rule.key == "phone":
        return read_phone(trimmed, region).reason.value
    if rule.key == "email":
        return Reason.NO_ADDRESS.value
    return f"Nothing was left of it. ({rule.says})"
