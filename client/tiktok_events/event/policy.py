"""Decide what of an event may be shared: all of it, less of it, or nothing.

The Events API has no notion of consent: without the visitor's consent, withhold the event. With
``limited_data_use`` a web or app event asks TikTok for limited processing.

Source: https://business-api.tiktok.com/portal/docs?id=1739585600931842 (consent) and
https://business-api.tiktok.com/portal/docs?id=1771101204435970 (limited data use),
read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from tiktok_events.errors import InvalidSetting
from tiktok_events.event.destination import DESTINATION_FIELDS
from tiktok_events.event.url_parameters import URL_FIELDS, without_click_id

Use: TypeAlias = Literal["keep", "limit", "drop"]

NEVER_REMOVED: Final = frozenset(
    {"event", "event_id", "event_time", "limited_data_use", *DESTINATION_FIELDS}
)
"""Keys that cannot be removed: an event needs them, or its limit would be lost."""

_CLICK_ID: Final = frozenset({"user", "user.ttclid"})
"""Removing one of these removes the click id, from the URL of the page too."""

_PATH: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be shared of an event.

    Example:
        >>> Policy("limit", remove=("user.email", "user.ip")).applied_to(
        ...     {"event": "Purchase", "user": {"email": "jo@example.com", "ttclid": "E.C.P"}}
        ... )
        {'event': 'Purchase', 'user': {'ttclid': 'E.C.P'}, 'limited_data_use': True}

    Attributes:
        use: ``keep`` sends the event, ``limit`` sends it with ``limited_data_use``, ``drop`` does
            not.
        remove: dotted paths of what is not shared, such as ``user.email`` or ``user``; a path
            through a list applies to each object in it. ``user.ttclid`` also removes the click id
            from URLs.

    Raises:
        InvalidSetting: there is no such use, or a path is invalid or cannot be removed.
    """

    use: Use = "keep"
    remove: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.use not in get_args(Use):
            raise InvalidSetting(f"a policy's use must be one of {', '.join(get_args(Use))}")
        if isinstance(self.remove, str):
            raise InvalidSetting("a policy's remove must be several paths, not one string")
        for path in self.remove:
            _check_path(path)

    def applied_to(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the event as it may be shared; the one given is not changed."""
        for path in self.remove:
            event = _without(event, path.split("."))
        if _CLICK_ID.intersection(self.remove):
            event = _without_click_id(event)
        return {**event, "limited_data_use": True} if self.use == "limit" else event

    def __and__(self, other: Policy) -> Policy:
        """Return a policy that shares only what both share: the stricter use, neither's paths."""
        if other == KEEP:
            return self
        use = max(self.use, other.use, key=get_args(Use).index)
        return Policy(use, (*self.remove, *other.remove))


KEEP: Final = Policy()
DROP: Final = Policy("drop")

PolicyRule: TypeAlias = Policy | Callable[[Mapping[str, Any]], Policy]
"""A policy, or a function that returns one for each event."""


def decide(rule: PolicyRule, event: Mapping[str, Any]) -> Policy:
    """Return the policy for an event.

    Raises:
        InvalidSetting: the function returned no policy; its own exceptions pass through.
    """
    policy = rule if isinstance(rule, Policy) else rule(event)
    if not isinstance(policy, Policy):
        raise InvalidSetting(f"a policy rule must return a Policy, not {type(policy).__name__}")
    return policy


def check_rule(rule: object) -> PolicyRule:
    """Return the rule, after checking its type.

    Raises:
        InvalidSetting: the rule is neither a policy nor a function.
    """
    if isinstance(rule, Policy) or callable(rule):
        return rule
    raise InvalidSetting(f"policy must be a Policy or a function, not {type(rule).__name__}")


def _check_path(path: object) -> None:
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise InvalidSetting("a policy removes dotted paths, such as user.email")
    if path in NEVER_REMOVED:
        raise InvalidSetting(f"a policy cannot remove {path}")


def _without_click_id(event: Mapping[str, Any]) -> Mapping[str, Any]:
    page = event.get("page")
    if not isinstance(page, Mapping):
        return event
    urls = {key: page[key] for key in URL_FIELDS if isinstance(page.get(key), str)}
    return {**event, "page": {**page, **{key: without_click_id(urls[key]) for key in urls}}}


def _without(value: Any, path: Sequence[str]) -> Any:
    """Return a copy of an object without what the path names; the rest is shared, not copied."""
    name, *below = path
    if not isinstance(value, Mapping) or name not in value:
        return value
    if not below:
        return {key: item for key, item in value.items() if key != name}
    inner = value[name]
    if isinstance(inner, list | tuple):
        return {**value, name: [_without(item, below) for item in inner]}
    return {**value, name: _without(inner, below)}
