"""The filter in an address, in the words of the commands: `/dead?reason=rejected&since=2h`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from tiktok_events.errors import InvalidDestination
from tiktok_events.event.destination import EVENT_SOURCES, Destination
from worker.delivery.labels import Labels
from worker.letters.filter import LetterFilter
from worker.letters.letter import Reason, field_of
from worker.reporting.timestamp import parse_timestamp

NONE: Final = "none"
IDS: Final = "id"
WORDS: Final = (
    "reason",
    "code",
    "field",
    "event",
    "destination",
    "source",
    "since",
    "until",
    "ambiguous",
    "recoverable",
    "event_id",
    "text",
)
"""Everything but ids, as the commands have it, with `_` for `-`."""

_YES_NO: Final = {"yes": True, "no": False}
Pairs = Sequence[tuple[str, str]]


class BadQuery(ValueError):
    """An address says something that no filter has; the sentence says what is allowed."""


def read_filter(pairs: Pairs, labels: Labels, now: float) -> LetterFilter:
    """The filter of an address; other parameters are left alone.

    Raises:
        BadQuery: a value cannot be read.
    """
    given = {name: value.strip() for name, value in pairs if name in WORDS and value.strip()}
    ids = tuple(dict.fromkeys(value for name, value in pairs if name == IDS and value))
    known = {name: _read(name, value, labels, now) for name, value in given.items()}
    return LetterFilter(ids=ids, **known)


def read_words(typed: str, wanted: LetterFilter, labels: Labels, now: float) -> LetterFilter:
    """A filter narrowed by what somebody typed: `key:value`, and words of the message.

    Raises:
        BadQuery: a value cannot be read.
    """
    text: list[str] = []
    for word in _split(typed):
        name, colon, value = word.partition(":")
        if colon and name in WORDS and value:
            wanted = changed(wanted, name, _read(name, value, labels, now))
        else:
            text.append(word)
    return replace(wanted, text=" ".join(text)) if text else wanted


def pairs_of(wanted: LetterFilter) -> list[tuple[str, str]]:
    """The filter as parameters of an address."""
    known = wanted.as_dict()
    ids = [(IDS, letter_id) for letter_id in known.pop("ids", ())]
    return [*((name, _written(name, value)) for name, value in known.items()), *ids]


def address(path: str, wanted: LetterFilter, **more: str) -> str:
    """A path with a filter, and what else is to be asked."""
    pairs = [*pairs_of(wanted), *((name, value) for name, value in more.items() if value)]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def changed(wanted: LetterFilter, name: str, value: Any) -> LetterFilter:
    """The filter with another value of one condition; `None` for none."""
    change: dict[str, Any] = {name: value}
    return replace(wanted, **change)


def options(wanted: LetterFilter) -> str:
    """The filter as the options of a command."""
    return " ".join(_options(wanted))


def _options(wanted: LetterFilter) -> Iterator[str]:
    for name, value in pairs_of(wanted):
        if name == IDS:
            yield shlex.quote(value)
        elif name in {"ambiguous", "recoverable"}:
            yield f"--{'' if value == 'yes' else 'not-'}{name}"
        else:
            yield f"--{name.replace('_', '-')} {shlex.quote(value)}"


def _split(typed: str) -> list[str]:
    try:
        return shlex.split(typed)
    except ValueError:  # a quotation that does not end
        return typed.split()


def _read(name: str, value: str, labels: Labels, now: float) -> Any:
    try:
        return _READERS.get(name, _as_it_is)(value, labels, now)
    except ValueError as error:
        raise BadQuery(f"{name}: {error}") from error


def _as_it_is(value: str, _labels: Labels, _now: float) -> str:
    return value


def _reason(value: str, _labels: Labels, _now: float) -> str:
    return _one_of(value, [one.value for one in Reason])


def _source(value: str, _labels: Labels, _now: float) -> str:
    return _one_of(value, EVENT_SOURCES)


def _one_of(value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise ValueError(f"must be one of {', '.join(allowed)}")
    return value


def _code(value: str, _labels: Labels, _now: float) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:  # noqa: PLR2004 — because no code has more
        raise ValueError("must be a whole number, such as 40002")
    return int(value)


def _destination(value: str, labels: Labels, _now: float) -> str:
    if value == NONE:
        return ""
    try:
        return Destination.from_key(value).key
    except InvalidDestination as error:
        if key := labels.key_of(value):
            return key
        raise ValueError(f"must be event_source:event_source_id, or a label ({error})") from error


def _time(value: str, _labels: Labels, now: float) -> float:
    return parse_timestamp(value, now)


def _yes(value: str, _labels: Labels, _now: float) -> bool:
    return _YES_NO[_one_of(value, list(_YES_NO))]


def _field(value: str, _labels: Labels, _now: float) -> str:
    return field_of(value)


_READERS: Final[Mapping[str, Any]] = {
    "reason": _reason,
    "code": _code,
    "field": _field,
    "destination": _destination,
    "source": _source,
    "since": _time,
    "until": _time,
    "ambiguous": _yes,
    "recoverable": _yes,
}


def _written(name: str, value: Any) -> str:
    if name in {"since", "until"}:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or NONE
