"""Read, leave out or pass the keys of ``user`` that TikTok does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktok_events.event.junk import JUNK_WORDS, is_junk
from tiktok_events.event.key_names import (
    LIMITED_DATA_USE,
    PERSONAL,
    USER_KEYS,
    meaning_in_user,
    squeezed,
)
from tiktok_events.event.match_rules import MATCH_RULES
from tiktok_events.event.remarks import Reason, Remark, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktok_events.event.match_rules import MatchRule
    from tiktok_events.event.remarks import Remarks

_NO_LIMIT: Final = (None, False, 0, "", "0", "false", "no", "none", "null", "off")


def closed_user(
    user: Mapping[str, Any], passing: frozenset[str], remarks: Remarks | None = None
) -> dict[str, Any]:
    """Return a user that has only TikTok's keys and those that may pass.

    Where a key has no value, the first value under another spelling of the key is taken.

    Args:
        user: it is not changed.
        passing: further keys that may pass.
        remarks: receives a remark for each key that is not TikTok's.
    """
    closed = {key: value for key, value in user.items() if key in USER_KEYS or key in passing}
    for key, value in user.items():
        if key not in closed:
            remark = _take(closed, key, value)
            if remarks is not None and value not in (None, ""):
                remarks.append(remark)
    return closed


def _take(closed: dict[str, Any], key: object, value: Any) -> Remark:
    path = f"user.{shown(key)}"
    if names_limit(key):
        return Remark.read_as(path, "limited_data_use")
    meant = meaning_in_user(key) if isinstance(key, str) else None
    if meant is None:
        return Remark.left_out(path, "user", Reason.UNKNOWN_KEY)
    if meant == PERSONAL:
        return Remark.left_out(path, meant, Reason.PERSONAL)
    return adopt(closed, meant, value, path)


def adopt(user: dict[str, Any], key: str, value: Any, path: str) -> Remark:
    """Add a value to ``user``, unless the key has one already or cannot hold this value.

    Args:
        user: the object to change.
        key: a match key.
        value: the value that was found elsewhere.
        path: where the value was found.
    """
    if isinstance(value, list | tuple) and len(value) == 1:
        (value,) = value
    if _says_nothing(key, user.get(key)) and _fits(MATCH_RULES.get(key), value):
        user[key] = value
        return Remark.read_as(path, key)
    return Remark.left_out(path, key, Reason.MISPLACED)


def keys_that_say(user: Mapping[Any, Any]) -> set[str]:
    """Return the match keys that have a value, under any spelling."""
    named = ((meaning_in_user(key), value) for key, value in user.items() if isinstance(key, str))
    return {key for key, value in named if key is not None and not _says_nothing(key, value)}


def _says_nothing(key: str, value: Any) -> bool:
    """Return whether a match key has only blanks or junk, so that another value may replace it."""
    if isinstance(value, str):
        text = value.strip()
        return not text or (key in JUNK_WORDS and is_junk(key, text))
    if isinstance(value, list | tuple):
        return all(_says_nothing(key, one) for one in value)
    return value is None


def _fits(rule: MatchRule | None, value: Any) -> bool:
    """Return whether the key can hold a value of this type, so that the event stays valid."""
    if isinstance(value, str):
        return True
    if rule is None:
        return False
    if isinstance(value, list | tuple):
        return rule.takes_array and all(_fits(rule, one) for one in value)
    whole = value.is_integer() if isinstance(value, float) else isinstance(value, int)
    return rule.takes_number and whole and not isinstance(value, bool)


def names_limit(key: object) -> bool:
    """Return whether a key means ``limited_data_use``, which is honoured wherever it stands."""
    return isinstance(key, str) and squeezed(key) in LIMITED_DATA_USE


def is_limit(key: object, value: Any) -> bool:
    """Return whether a key and its value ask for limited data use; all but a clear no does."""
    if not names_limit(key):
        return False
    said = value.strip().lower() if isinstance(value, str) else value
    return said not in _NO_LIMIT
