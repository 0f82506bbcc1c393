"""Event names: the rule for custom ones, and what deserves a warning.

TikTok takes every unknown name silently as a custom event, so a misspelt standard name costs the
campaign its optimisation without any failure.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from marshmallow import ValidationError

from schemas import catalogue, limits
from schemas.fields import DOUBT, EventField
from tiktok_events.event.likeness import resembled, with_hint
from tiktok_events.event.readings import NAME_CHARS, readable_name

NAME_RULE: Final = (
    f"must be a standard event, or a custom name of 1 to {limits.EVENT_NAME_CHARS} letters (a-z, "
    "A-Z), digits, _ or -, beginning with a letter"
)
STANDARD_ONLY: Final = "must be a standard event: offline events take no custom names"

MEASURED_BY_PIXEL: Final = "is what the Pixel measures by itself: sent, it is a custom event"
IS_GIVEN_UP: Final = "is a former standard event, which TikTok supports until {} only"
WAS_GIVEN_UP: Final = "is no standard event any more: TikTok has not supported it since {}"

_CUSTOM_NAME: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{limits.EVENT_NAME_CHARS - 1}}}")
NO_NAME: Final = f"must be a name of 1 to {NAME_CHARS} characters, without blanks around it"


@dataclass(frozen=True, slots=True)
class NameVerdict:
    """Why a name cannot be sent, or what its sender should know; ``None`` where nothing is."""

    error: str | None = None
    warning: str | None = None


class EventName(EventField):
    """The name of an event; warnings on it are a rule of `schemas.rules`.

    One that TikTok's rules do not allow goes out all the same, with a remark: TikTok takes any name
    as a custom event's, and nobody has seen it refuse one.
    """

    reading = "name"

    def __init__(self, event_source: str, *, needed: str | None = None) -> None:
        super().__init__(needed=needed)
        self.event_source = event_source
        self.plain_names = plain_names(event_source)

    @property
    def reading_options(self) -> Sequence[Any]:
        """The names that may have been meant."""
        return sorted(standard_events(self.event_source))

    def take(self, value: Any) -> Any:
        """Take a name that has no error."""
        if type(value) is not str or len(value) > NAME_CHARS:
            return DOUBT
        if value in self.plain_names:
            return value
        return DOUBT if judge_name(value, self.event_source).error else value

    def mend(self, value: Any) -> Any:
        """Raise the rule that the name breaks."""
        if not isinstance(value, str) or len(value) > NAME_CHARS:
            raise ValidationError(NO_NAME if self.event_source == "crm" else NAME_RULE)
        error = judge_name(value, self.event_source).error
        if error is None:
            return str(value)
        raise ValidationError(error)


@lru_cache(maxsize=4_096)
def judge_name(name: str, event_source: str) -> NameVerdict:
    """Return what is to be said about ``name`` for this source.

    Source: https://ads.tiktok.com/help/article/custom-events and, on offline events,
    https://business-api.tiktok.com/portal/docs?id=1771101027431425 (read 2026-11-22); on CRM events
    https://ads.tiktok.com/help/article/how-to-postback-signals-through-events-api (2026-11-30).
    """
    if name in standard_events(event_source) or name in catalogue.RESERVED_NAMES:
        return NameVerdict(warning=_known_name_warning(name, event_source))
    if event_source == "crm":
        return _of_crm(name)
    meant = resembled(name, standard_events(event_source))
    if not _CUSTOM_NAME.fullmatch(name):
        return NameVerdict(error=with_hint(NAME_RULE, meant))
    if event_source == "offline":
        return NameVerdict(error=with_hint(STANDARD_ONLY, meant))
    return NameVerdict(warning=_custom_warning(name, event_source))


def _of_crm(name: str) -> NameVerdict:
    """Judge the stage of a CRM, which may be named in any language."""
    if readable_name(name) != name:
        return NameVerdict(error=NO_NAME)
    return NameVerdict(warning=_custom_warning(name, "crm") if name.isascii() else None)


def sunset_warning(name: str, event_time: Any) -> str | None:
    """Return what is said of a name that TikTok gives up, by the time of the event."""
    last_day = catalogue.SUNSETS.get(name)
    if last_day is None:
        return None
    is_over = isinstance(event_time, int) and event_time >= calendar.timegm(last_day.timetuple())
    return (WAS_GIVEN_UP if is_over else IS_GIVEN_UP).format(last_day.isoformat())


def plain_names(event_source: str) -> frozenset[str]:
    """Return the names about which there is nothing to be said: those of most events."""
    names = standard_events(event_source)
    return frozenset(name for name in names if judge_name(name, event_source) == NameVerdict())


def standard_events(event_source: str) -> frozenset[str]:
    """Return the names, of both generations, that are not custom for this source."""
    if event_source == "app":
        return catalogue.APP_EVENTS
    return catalogue.STANDARD_EVENTS | catalogue.FORMER_STANDARD_EVENTS


def _known_name_warning(name: str, event_source: str) -> str | None:
    """Return what TikTok makes of a name it knows, if that is another event."""
    if event_source == "app" and name in catalogue.APP_EVENTS:
        return None
    if name in catalogue.SUNSETS:
        return IS_GIVEN_UP.format(catalogue.SUNSETS[name].isoformat())
    if name in catalogue.SUCCESSORS:
        return f"is an old name: TikTok counts it as {catalogue.SUCCESSORS[name]}"
    if name in catalogue.RESERVED_NAMES:
        return f"is a reserved name: TikTok turns it into {catalogue.RESERVED_NAMES[name]}"
    return None


def _custom_warning(name: str, event_source: str) -> str | None:
    if name in catalogue.PAGE_VIEWS:
        return None
    if name in catalogue.PIXEL_TYPES:
        return MEASURED_BY_PIXEL
    meant = catalogue.OPTIMISATION_NAMES.get(name) or resembled(name, standard_events(event_source))
    return with_hint("counts as a custom event", meant) if meant else None
