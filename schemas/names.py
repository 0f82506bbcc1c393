"""Event names: the rule for custom ones, and what deserves a warning.

TikTok takes every unknown name silently as a custom event, so a misspelt standard name costs the
campaign its optimisation without any failure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

from marshmallow import ValidationError

from schemas import catalogue, limits
from schemas.fields import DOUBT, EventField

NAME_RULE: Final = (
    f"must be a standard event, or a custom name of 1 to {limits.EVENT_NAME_CHARS} letters (a-z, "
    "A-Z), digits, _ or -, beginning with a letter"
)
STANDARD_ONLY: Final = "must be a standard event: offline events take no custom names"

_CUSTOM_NAME: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{limits.EVENT_NAME_CHARS - 1}}}")
_SEPARATORS: Final = re.compile(r"[_-]")
_LIKENESS: Final = 0.83
"""A transposed pair in a name of six letters still counts as a slip."""


@dataclass(frozen=True, slots=True)
class NameVerdict:
    """Why a name cannot be sent, or what its sender should know; ``None`` where nothing is."""

    error: str | None = None
    warning: str | None = None


class EventName(EventField):
    """The name of an event; warnings on it are a rule of `schemas.rules`."""

    def __init__(self, event_source: str, *, needed: str | None = None) -> None:
        super().__init__(needed=needed)
        self.event_source = event_source
        self.plain_names = plain_names(event_source)

    def take(self, value: Any) -> Any:
        """Take a name that has no error."""
        if type(value) is not str or len(value) > limits.EVENT_NAME_CHARS:
            return DOUBT
        if value in self.plain_names:
            return value
        return DOUBT if judge_name(value, self.event_source).error else value

    def mend(self, value: Any) -> Any:
        """Raise the rule that the name breaks."""
        known = isinstance(value, str) and len(value) <= limits.EVENT_NAME_CHARS
        error = judge_name(str(value), self.event_source).error if known else None
        if known and error is None:
            return str(value)
        raise ValidationError(error or NAME_RULE)


@lru_cache(maxsize=4_096)
def judge_name(name: str, event_source: str) -> NameVerdict:
    """Return what is to be said about ``name`` for this source.

    Source: https://ads.tiktok.com/help/article/custom-events and, on offline events,
    https://business-api.tiktok.com/portal/docs?id=1771101027431425 (read 2026-11-22).
    """
    if name in standard_events(event_source) or name in catalogue.RESERVED_NAMES:
        return NameVerdict(warning=_fate(name, event_source))
    if not _CUSTOM_NAME.fullmatch(name):
        return NameVerdict(error=NAME_RULE)
    if event_source == "offline":
        return NameVerdict(error=_with_hint(STANDARD_ONLY, _resembled(name, event_source)))
    return NameVerdict(warning=_custom_warning(name, event_source))


def plain_names(event_source: str) -> frozenset[str]:
    """Return the names about which there is nothing to be said: those of most events."""
    names = standard_events(event_source)
    return frozenset(name for name in names if judge_name(name, event_source) == NameVerdict())


def standard_events(event_source: str) -> frozenset[str]:
    """Return the names, of both generations, that are not custom for this source."""
    if event_source == "app":
        return catalogue.APP_EVENTS
    return catalogue.STANDARD_EVENTS | catalogue.FORMER_STANDARD_EVENTS


def _fate(name: str, event_source: str) -> str | None:
    """Return what TikTok makes of a name it knows, if that is another event."""
    if event_source == "app" and name in catalogue.APP_EVENTS:
        return None
    if name in catalogue.SUCCESSORS:
        return f"is an old name: TikTok counts it as {catalogue.SUCCESSORS[name]}"
    if name in catalogue.RESERVED_NAMES:
        return f"is a reserved name: TikTok turns it into {catalogue.RESERVED_NAMES[name]}"
    return None


def _custom_warning(name: str, event_source: str) -> str | None:
    if name in catalogue.PAGE_VIEWS:
        return None
    meant = catalogue.OPTIMISATION_NAMES.get(name) or _resembled(name, event_source)
    return _with_hint("counts as a custom event", meant) if meant else None


def _with_hint(sentence: str, meant: str | None) -> str:
    return f"{sentence}; was {meant} meant?" if meant else sentence


def _resembled(name: str, event_source: str) -> str | None:
    """Return the standard event that ``name`` is probably a misspelling of."""
    spellings = {_bare(known): known for known in sorted(standard_events(event_source))}
    close = get_close_matches(_bare(name), spellings, n=1, cutoff=_LIKENESS)
    return spellings[close[0]] if close else None


def _bare(name: str) -> str:
    """Return the name without what people write differently: case and separators."""
    return _SEPARATORS.sub("", name).lower()
