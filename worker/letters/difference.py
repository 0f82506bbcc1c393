"""What differs between two events, for people: place by place, no match key ever raw."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.paths import ABSENT, written
from tiktok_events.event.match_rules import MATCH_RULES, PLAIN_KEYS

HIDDEN: Final = "[hidden]"

_IN_USER: Final = 2
"""Steps from the event to a match key."""

_is_digest: Final = re.compile(r"[0-9A-Fa-f]{64}").fullmatch


@dataclass(frozen=True, slots=True)
class Change:
    """One place that differs.

    Attributes:
        path: the path that was changed.
        before: what stood there; `None` for nothing.
        after: what stands there now; `None` for nothing.
    """

    path: str
    before: Any = field(repr=False)
    after: Any = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {"path": self.path, "before": self.before, "after": self.after}


def differences(before: Any, after: Any) -> tuple[Change, ...]:
    """The places where two JSON documents differ."""
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
    """A value that may be shown: of match keys that are hashed only the digest."""
    if isinstance(value, dict):
        return {key: _shown(item, (*at, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item, (*at, place)) for place, item in enumerate(value)]
    if value is ABSENT:
        return None
    return HIDDEN if _is_personal(at) and not _is_a_digest(value) else value


def _is_personal(at: tuple[str | int, ...]) -> bool:
    """Whether a place in `user` may hold a person: every one that is not known to be plain."""
    if len(at) < _IN_USER or at[0] != "user":
        return False
    rule = MATCH_RULES.get(str(at[1]))
    return at[1] not in PLAIN_KEYS if rule is None else rule.hashed


def _is_a_digest(value: Any) -> bool:
    return isinstance(value, str) and _is_digest(value) is not None
