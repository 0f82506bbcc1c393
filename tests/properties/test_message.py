"""Whatever bytes a producer writes, reading them has one of four ends."""

from __future__ import annotations

import json
from typing import Final

from hypothesis import given
from hypothesis import strategies as some

from tiktok_events import InvalidEvent
from worker.runtime.message import Foreign, Unreadable, read

NUMBER: Final = "1795378563000000-0"
MOST_BYTES: Final = 100_000


JSON: Final = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: (
        some.lists(inner)
        | some.dictionaries(
            some.text()
            | some.sampled_from(
                ["body", "headers", "properties", "task", "id", "args", "kwargs", "event"]
            ),
            inner,
        )
    ),
)


@given(some.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_else_comes_of_a_message(message: bytes) -> None:
    """An event, or one of three errors."""
    try:
        carried = read(message, NUMBER, MOST_BYTES)
    except (Unreadable, Foreign, InvalidEvent):
        return
    assert carried.event_id
