"""Events of every source, each changed at some places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

import orjson

from schemas.event import EVENTS
from schemas.objects import EventObject, Object
from tests.differential.changes import FULL
from tests.differential.odd_values import KEYS, some_known_word, some_value
from tiktok_events.event.prepare import EventPreparer
from worker.local.samples.events import sample_events
from worker.local.samples.people import SAMPLE_REGION

NOW: Final = 1_767_225_600
SAMPLES: Final = 400
MOST_CHANGES: Final = 2
SHARE_OF_FULL: Final = 0.3
"""Of events in which every documented object occurs; the others are samples."""

Holder = dict[Any, Any] | list[Any]


def mutated_events(event_source: str, count: int, rng: Random) -> Iterator[Any]:
    """Yield ``count`` events for that source, none of which shares anything with another.

    Args:
        event_source: that the events are checked for, and most are made for.
        count: how many.
        rng: the same one gives the same events.
    """
    samples = _samples(event_source, seed=rng.randrange(2**32))
    for _ in range(count):
        full = rng.random() < SHARE_OF_FULL
        event = orjson.loads(orjson.dumps(FULL) if full else rng.choice(samples))
        for _ in range(rng.randint(0, MOST_CHANGES)):
            _change(event, EVENTS[event_source], rng)
        yield event


def _samples(event_source: str, seed: int) -> list[bytes]:
    """Return samples as they stand in an outbox, and what has one of the documented faults."""
    preparer = EventPreparer({}, SAMPLE_REGION, 65_536)
    events = sample_events(SAMPLES * 20, seed=seed, now=NOW, invalid_share=0.05)
    chosen = [event for event in events if event["event_source"] == event_source]
    return [preparer.prepare(event).body for event in chosen[:SAMPLES]]


def _change(event: dict[Any, Any], schema: EventObject, rng: Random) -> None:
    """Change one place, at any depth."""
    holder: Holder = event
    known: EventObject | None = schema
    while inner := _inner(holder):
        if rng.random() < 1 / (MOST_CHANGES + 1):
            break
        key, holder = rng.choice(inner)
        known = _schema_of(known, key)
    rng.choice(CHANGES)(holder, known, rng)


def _inner(holder: Holder) -> list[tuple[Any, Holder]]:
    return [(key, value) for key, value in _items(holder) if type(value) in {dict, list}]


def _items(holder: Holder) -> list[tuple[Any, Any]]:
    return list(holder.items() if isinstance(holder, dict) else enumerate(holder))


def _schema_of(schema: EventObject | None, key: Any) -> EventObject | None:
    """Return the schema of what stands under a key; that of a list is its items'."""
    if isinstance(key, int):
        return schema
    field = schema.fields.get(key) if schema else None
    field = getattr(field, "item", field)
    return field.schema if isinstance(field, Object) else None


def _replace(holder: Holder, _: EventObject | None, rng: Random) -> None:
    for key, _value in rng.sample(_items(holder), min(1, len(holder))):
        holder[key] = some_value(rng)


def _remove(holder: Holder, _: EventObject | None, rng: Random) -> None:
    for key, _value in rng.sample(_items(holder), min(1, len(holder))):
        del holder[key]


def _add_known(holder: Holder, schema: EventObject | None, rng: Random) -> None:
    if isinstance(holder, list) or schema is None:
        _replace(holder, schema, rng)
    else:
        make = rng.choice((some_value, some_value, some_known_word))
        holder[rng.choice(list(schema.fields))] = make(rng)


def _add_unknown(holder: Holder, _: EventObject | None, rng: Random) -> None:
    if isinstance(holder, list):
        holder.append(some_value(rng))
    else:
        holder[rng.choice(KEYS)] = some_value(rng)


def _repeat(holder: Holder, _: EventObject | None, rng: Random) -> None:
    """Put a copy of one value under another key, or into the list once more."""
    for _key, value in rng.sample(_items(holder), min(1, len(holder))):
        if isinstance(holder, list):
            holder.append(value)
        else:
            holder[rng.choice(list(holder))] = value


def _wrap(holder: Holder, _: EventObject | None, rng: Random) -> None:
    """Put a value into a list, or take one out."""
    for key, value in rng.sample(_items(holder), min(1, len(holder))):
        is_wrapped = isinstance(value, list) and len(value) == 1
        holder[key] = value[0] if is_wrapped else [value]


def _shout(holder: Holder, _: EventObject | None, rng: Random) -> None:
    """Write a text in upper case, or with a space around it."""
    texts = [(key, value) for key, value in _items(holder) if isinstance(value, str)]
    for key, value in rng.sample(texts, min(1, len(texts))):
        holder[key] = rng.choice((value.upper(), value.lower(), f" {value}", f"{value}\n"))


CHANGES: Final[tuple[Callable[[Holder, EventObject | None, Random], None], ...]] = (
    *(_replace, _replace, _replace, _add_known, _add_known, _add_known),
    *(_remove, _add_unknown, _repeat, _wrap, _shout),
)
