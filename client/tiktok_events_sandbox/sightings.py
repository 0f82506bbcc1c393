"""Show people the latest events, with a verdict on each field and without personal data.

Events are kept in memory as they came, and prepared for display only when somebody looks. A match
key is shown as present, hashed or not; other texts are shown if they are not personal; anything
else is shown by type and size.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from tiktok_events_sandbox.checks import REQUIRED_BY_SOURCE, Options, Problem, problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tiktok_events_sandbox.api import Call
    from tiktok_events_sandbox.checks import Refusal
    from tiktok_events_sandbox.deduplication import Outcome

KEPT: Final = 200
"""How many events of each destination are kept, the newest."""

DESTINATIONS: Final = 50
"""How many destinations are kept, the most recent."""

_LONG: Final = 10**6
"""A number with more digits may be a phone number, and is not shown."""

NAME_CHARS: Final = 200
FIELDS_SHOWN: Final = 60
TEXT_CHARS: Final = 80
HIDDEN: Final = "hidden"

# Sent plain, but personal.
_PLAIN_KEYS: Final = frozenset(
    {"ip", "user_agent", "ttclid", "ttp", "locale", "idfa", "idfv", "gaid"}
)
_SHOWN: Final = frozenset(
    {
        *("event", "event_id", "event_time", "limited_data_use", "properties.value"),
        *("properties.currency", "properties.content_type", "properties.order_id"),
        *("properties.contents.price", "properties.contents.quantity", "page.url"),
        *("properties.contents.content_id", "app.app_id", "lead.lead_id"),
    }
)
"""Paths, without list positions, whose values are not personal."""

_DIGEST: Final = re.compile(r"[0-9A-Fa-f]{64}")
_ADDRESS: Final = re.compile(r"@|%40", re.IGNORECASE)
_NO_ID: Final = "without event_id nothing recognises a repeat: it counts again"
_NO_KEY: Final = "without a match key TikTok can match it to nobody"
_NO_CURRENCY: Final = "a value without currency is worth nothing in reports"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One event as it came, and what became of it.

    Attributes:
        received_at: Unix seconds.
        source: the event source.
        event: decoded JSON.
        outcome: how it counts, if its request was accepted.
        refusal: why its request was refused.
    """

    received_at: float
    source: str
    event: Any = field(repr=False)
    outcome: Outcome | None = None
    refusal: Refusal | None = None


class Sightings:
    """The newest events of the most recent destinations. Not safe for several threads."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, deque[Sighting]] = OrderedDict()

    def accepted(self, call: Call, at: float, outcomes: Sequence[Outcome]) -> None:
        """Keep the events of an accepted request, with how each counts."""
        self._keep(call, [
            Sighting(at, call.source, event, outcome)
            for event, outcome in zip(call.events[-KEPT:], outcomes[-KEPT:], strict=True)
        ])  # fmt: skip

    def refused(self, call: Call, at: float, refusal: Refusal) -> None:
        """Keep the events of a refused request."""
        events = call.events[-KEPT:]
        self._keep(call, [Sighting(at, call.source, one, refusal=refusal) for one in events])

    def newest(self) -> dict[str, list[Sighting]]:
        """Return destination → its events, newest first; the most recent destination is first."""
        return {name: list(reversed(seen)) for name, seen in reversed(self._seen.items())}

    def _keep(self, call: Call, sightings: list[Sighting]) -> None:
        if not sightings:
            return
        name = call.destination or "unknown"
        name = HIDDEN if _ADDRESS.search(name) else name[:NAME_CHARS]
        self._seen.setdefault(name, deque(maxlen=KEPT)).extend(sightings)
        self._seen.move_to_end(name)
        while len(self._seen) > DESTINATIONS:
            self._seen.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One field of an event, as it may be shown.

    Attributes:
        path: dotted path with list positions.
        shown: the value, or what kind of value it is.
        verdict: `taken`, `hashed`, or what is wrong with it.
        ok: whether the field is fine.
    """

    path: str
    shown: str
    verdict: str
    ok: bool


def verdicts_of(sighting: Sighting, options: Options) -> list[Verdict]:
    """Return the fields of an event with their verdicts; faulty ones come first."""
    problems = {one.path: one for one in problems_of(sighting.source, sighting.event, options)}
    fields = list(islice(_leaves(sighting.event, ()), FIELDS_SHOWN))
    found = [_verdict(path, value, problems) for path, value in fields]
    known = {one.path for one in found}
    missing = [
        Verdict(_place(path), "", one.reason, ok=False)
        for path, one in problems.items()
        if _place(path) not in known
    ]
    return sorted([*missing, *found], key=lambda one: one.ok)


def remarks_on(sighting: Sighting) -> list[str]:
    """Return remarks on what is allowed, but costs conversions."""
    event = sighting.event
    if not isinstance(event, dict):
        return []
    user, properties = (_object(event.get(name)) for name in ("user", "properties"))
    remarks = [
        (not event.get("event_id"), _NO_ID),
        (not any(user.values()), _NO_KEY),
        ("value" in properties and "currency" not in properties, _NO_CURRENCY),
    ]
    group, key = REQUIRED_BY_SOURCE.get(sighting.source) or ("", "")
    missing = bool(group) and not _object(event.get(group)).get(key)
    remarks.append((missing, f"the portal asks for {group}.{key} in {sighting.source} events"))
    return [words for is_so, words in remarks if is_so]


def shown(path: str, value: Any) -> str:
    """Return a value as it may be shown.

    Args:
        path: dotted path without list positions.
        value: decoded JSON.
    """
    if path.partition(".")[0] == "user":
        return _shown_key(path, value)
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int | float):
        may_be_a_phone = abs(value) >= _LONG and path not in _SHOWN
        return f"{HIDDEN}: a long number" if may_be_a_phone else _printable(str(value))
    if isinstance(value, str) and path in _SHOWN:
        text = value.partition("?")[0] if path == "page.url" else value
        return f"{HIDDEN}: an address" if _ADDRESS.search(text) else _printable(text)
    return f"text, {len(value):,} characters" if isinstance(value, str) else _size(value)


def _shown_key(path: str, value: Any) -> str:
    if not isinstance(value, str):
        return _size(value)
    if _DIGEST.fullmatch(value):
        return f"{value[:8]}…"
    kind = "sent as it is" if path.rpartition(".")[2] in _PLAIN_KEYS else "not hashed"
    return f"{HIDDEN}, {kind}"


def _verdict(path: tuple[str, ...], value: Any, problems: dict[str, Problem]) -> Verdict:
    dotted = ".".join(path)
    text = shown(".".join(part for part in path if not part.isdigit()), value)
    problem = problems.get(dotted)
    if problem is not None:
        return Verdict(_place(dotted), text, problem.reason, ok=False)
    hashed = path[0] == "user" and isinstance(value, str) and _DIGEST.fullmatch(value)
    return Verdict(_place(dotted), text, "hashed" if hashed else "taken", ok=True)


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the leaves without recursion: a body may nest deeper than Python's stack."""
    waiting = [(path, value)]
    while waiting:
        path, value = waiting.pop()
        inner = _inner(value)
        if inner and len(path) < FIELDS_SHOWN:
            waiting += [((*path, key), one) for key, one in reversed(inner)]
        elif path:
            yield path, value


def _inner(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(str(key), one) for key, one in value.items()]
    if isinstance(value, list):
        return [(str(number), one) for number, one in enumerate(value)]
    return []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _size(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value):,}"
    return f"{HIDDEN}: {type(value).__name__}"


def _place(path: str) -> str:
    """Return a path as it may be shown: a key that holds an address is hidden."""
    return f"<key {HIDDEN}>" if _ADDRESS.search(path) else _printable(path)


def _printable(text: str) -> str:
    return clean(text if len(text) <= TEXT_CHARS else f"{text[: TEXT_CHARS - 1]}…")


def clean(text: str) -> str:
    """Return text of a request without characters that control terminals or text direction."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
