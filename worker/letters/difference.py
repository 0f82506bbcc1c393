"""Compare two events for people, place by place, without raw match keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.paths import ABSENT, written
from tiktok_events.event.match_rules import MATCH_RULES, PLAIN_KEYS

HIDDEN: Final = "[hidden]"

_IN_USER: Final = 2
"""How many steps lead from the event to a match key."""

_is_digest: Final = re.compile(r"[0-9A-Fa-f]{64}").fullmatch


@dataclass(frozen=True, slots=True)
class Change:
    """One place that differs.

    Attributes:
        path: the place that differs.
        before: the former value; `None` for nothing.
        after: the present value; `None` for nothing.
    """

    path: str
    before: Any = field(repr=False)
    after: Any = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {"path": self.path, "before": self.before, "after": self.after}


def differences(before: Any, after: Any) -> tuple[Change, ...]:
    """Return the places where two JSON documents differ."""
    return tuple(_differences(before, after, ()))


def _differences(before: Any, after: Any, at: tuple[str | int, ...]) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _differences(before.get(key, ABSENT), after.get(key, ABSENT), (*at, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, (*at, place))
    elif type(before) is not type(after) or before != after:
        yield Change(written(at), _shown(before, at), _shown(after, at))


def _shown(value: Any, at: tuple[str | int, ...]) -> Any:
    """Return a value as it may be shown: hashed match keys only as digests."""
    if isinstance(value, dict):
        return {key: _shown(item, (*at, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item, (*at, place)) for place, item in enumerate(value)]
    if value is ABSENT:
        return None
    return HIDDEN if _is_personal(at) and not _is_a_digest(value) else value


def _is_personal(at: tuple[str | int, ...]) -> bool:
    """Return whether a place in `user` may be personal: all are that are not known to be plain."""
    if len(at) < _IN_USER or at[0] != "user":
        return False
    rule = MATCH_RULES.get(str(at[1]))
    return at[1] not in PLAIN_KEYS if rule is None else rule.hashed


def _is_a_digest(value: Any) -> bool:
    return isinstance(value, str) and _is_digest(value) is not None
