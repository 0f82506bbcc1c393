"""Find where an event differs from what a test expects; no answer holds a personal value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from tiktok_events.event.match_keys import prepare_user

_DIGEST: Final = re.compile(r"[A-Fa-f0-9]{64}")
# The types of JSON.
_WRITTEN: Final = (str, int, float, Sequence, Mapping, type(None))
_SHOWN_DIGITS: Final = 12
_SHOWN_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the two events differ.

    Attributes:
        path: dotted, such as ``properties.contents.0.price``.
        expected: what should be there, as text for people.
        tracked: what is there.
    """

    path: str
    expected: str
    tracked: str


def as_sent(expected: Mapping[str, Any], region: str | None) -> dict[str, Any]:
    """Return an expected event with its match keys as a client sends them."""
    sent = dict(expected)
    if isinstance(user := sent.get("user"), Mapping):
        sent["user"] = {key: _match_key(key, value, region) for key, value in user.items()}
    return sent


def differences(expected: Mapping[str, Any], tracked: Mapping[str, Any]) -> list[Difference]:
    """Return where the tracked event lacks or contradicts what is expected; extra keys are fine."""
    return list(_compared(expected, tracked, ""))


def _match_key(key: str, value: Any, region: str | None) -> Any:
    prepared = prepare_user({key: value}, region).get(key)
    if prepared is None and not isinstance(value, _WRITTEN):
        return value  # an object with its own comparison, such as ANY
    return prepared


def _compared(expected: Any, tracked: Any, path: str) -> Iterator[Difference]:
    if isinstance(expected, Mapping) and isinstance(tracked, Mapping):
        for key, value in expected.items():
            yield from _compared(value, tracked.get(key), f"{path}.{key}" if path else str(key))
    elif _is_list(expected) and _is_list(tracked) and len(expected) == len(tracked):
        for position, (one, other) in enumerate(zip(expected, tracked, strict=True)):
            yield from _compared(one, other, f"{path}.{position}")
    elif _plain(expected) != tracked:
        yield Difference(path, _shown(expected), _shown(tracked))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _plain(value: Any) -> Any:
    """Return a value as a client writes it: prices may be Decimal, times datetime, ids UUID."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return int(value.timestamp())
    return str(value) if isinstance(value, UUID) else value


def _shown(value: Any) -> str:
    if value is None:
        return "absent"
    if isinstance(value, str) and _DIGEST.fullmatch(value):
        return f"digest {value[:_SHOWN_DIGITS]}…"
    if _is_list(value):
        return f"{len(value)} of them: [{', '.join(map(_shown, value))}]"
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
