"""What a field takes at once is what its slower half would have let pass without a word."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from schemas.digests import MatchKey
from schemas.event import EVENTS
from schemas.fields import DOUBT, Choice, EventField, Shaped
from schemas.finding import as_noted
from schemas.flags import Flag
from schemas.lists import ListOf
from schemas.objects import EventObject, Object
from tests.differential.odd_values import ALL_VALUES, some_value

WITHOUT_COMPARISON = (Choice, Flag, MatchKey, Shaped)
"""Their slower half relies on the faster one: it refuses, or remarks on, whatever it sees."""


def fields_of(schema: EventObject, path: str = "") -> Iterator[tuple[str, EventField]]:
    """Yield every field of a schema that holds a plain value, with its path."""
    for key, declared in schema.fields.items():
        field = declared.item if isinstance(declared, ListOf) else declared
        if isinstance(field, Object):
            yield from fields_of(field.schema, f"{path}{key}.")
        elif isinstance(field, EventField) and not isinstance(field, WITHOUT_COMPARISON):
            yield path + key, field


@pytest.mark.parametrize("event_source", sorted(EVENTS))
def test_what_is_taken_needs_no_mending(event_source: str, differential_events: int) -> None:
    """The same value, no error, no remark, for values at every bound and of every type."""
    rng = Random(event_source)
    values = [*ALL_VALUES, *(some_value(rng) for _ in range(differential_events // 20))]
    taken = 0
    for path, field in fields_of(EVENTS[event_source]):
        for value in values:
            clean = field.take(value)
            if clean is DOUBT or clean is None:
                continue
            noted = as_noted(field.mend(value))
            assert (path, repr(clean), ()) == (path, repr(noted.value), noted.findings)
            taken += 1
    assert taken > len(values)
