"""Rules about several keys at once: warnings, on both ways of the check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from schemas.catalogue import EVENT_SOURCES
from schemas.finding import Finding
from schemas.names import judge_name, plain_names, sunset_warning
from schemas.wanted import wanted_in

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_MATCH_KEY: Final = Finding(
    "user", "has no match key: TikTok cannot attribute the event to anybody"
)
NO_OFFLINE_KEY: Final = Finding(
    "user", "has neither email nor phone: offline events are matched by these alone"
)
VALUE_WITHOUT_CURRENCY: Final = Finding(
    "properties.currency", "is missing: a value counts only with its currency"
)
CURRENCY_WITHOUT_VALUE: Final = Finding(
    "properties.value", "is missing: a currency says nothing without a value"
)

_MATCH_KEYS: Final = frozenset(
    {"email", "phone", "external_id", "ttclid", "ttp", "idfa", "idfv", "gaid"}
)
_OFFLINE_KEYS: Final = frozenset({"email", "phone"})
_IP_PAIR: Final = frozenset({"ip", "user_agent"})

_PLAIN_NAMES: Final = {source: plain_names(source) for source in EVENT_SOURCES}
_SPECIAL_KEYS: Final = ("page", "app", "ad", "lead", "limited_data_use", "device")
_OWN_KEYS: Final = {
    "web": {"page", "ad", "limited_data_use", "device"},
    "app": {"app", "ad", "limited_data_use"},
    "offline": set[str](),
    "crm": {"lead"},
}
_MISPLACED: Final = {
    source: {
        key: Finding(key, f"is not documented for {source} events: it is sent as it is")
        for key in _SPECIAL_KEYS
        if key not in own
    }
    for source, own in _OWN_KEYS.items()
}


def warnings_on(event: dict[str, Any], event_source: str) -> list[Finding]:
    """Return the warnings on a clean event of that source."""
    found: list[Finding] = []
    for rule in _RULES:
        found += rule(event, event_source)
    return found


def _name(event: dict[str, Any], event_source: str) -> Sequence[Finding]:
    name = event.get("event")
    if name is None or name in _PLAIN_NAMES[event_source]:
        return ()
    warning = sunset_warning(name, event.get("event_time")) or (
        judge_name(name, event_source).warning
    )
    return [Finding("event", warning)] if warning else ()


def _match_keys(event: dict[str, Any], event_source: str) -> Sequence[Finding]:
    """Return a warning when nothing says who it was.

    Source: https://ads.tiktok.com/help/article/about-events-api-for-offline and, for the other
    sources, https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22).
    """
    user = event.get("user", {})
    if event_source == "offline":
        return [NO_OFFLINE_KEY] if _OFFLINE_KEYS.isdisjoint(user) else ()
    if not _MATCH_KEYS.isdisjoint(user) or user.keys() >= _IP_PAIR:
        return ()
    return () if event_source == "crm" and "lead" in event else [NO_MATCH_KEY]


def _money(event: dict[str, Any], event_source: str) -> Sequence[Finding]:
    """Return a warning when one of ``value`` and ``currency`` stands alone.

    Source: https://ads.tiktok.com/help/article/about-parameters (read 2026-11-22).
    """
    del event_source
    properties = event.get("properties")
    if properties is None or ("value" in properties) == ("currency" in properties):
        return ()
    return [VALUE_WITHOUT_CURRENCY if "value" in properties else CURRENCY_WITHOUT_VALUE]


def _misplaced(event: dict[str, Any], event_source: str) -> Sequence[Finding]:
    """Return a warning for each key that TikTok documents for another source only.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22).
    """
    misplaced = _MISPLACED[event_source]
    if misplaced.keys().isdisjoint(event):
        return ()
    return [misplaced[key] for key in event if key in misplaced]


_RULES: Final = (_name, wanted_in, _match_keys, _money, _misplaced)
