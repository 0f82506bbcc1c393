"""An array is read value by value, however it is cut, and takes no more memory than one of them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import chain, islice, repeat
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.files.event_array import EVENT_CHARS, UnreadableEventsError, values_of_array

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def parts_of(document: bytes, size: int) -> Iterator[bytes]:
    """A document in pieces."""
    return (document[at : at + size] for at in range(0, len(document), size))


def read(document: bytes, size: int = 7) -> list[Any]:
    """The values of an array."""
    return [orjson.loads(one) for one in values_of_array(parts_of(document, size), 1)]


@settings(max_examples=60)
@given(st.lists(VALUES, max_size=6), st.integers(1, 40), st.booleans())
def test_it_is_read_as_a_whole_would_be(values: list[Any], size: int, indented: bool) -> None:  # noqa: FBT001 — because Hypothesis draws it
    """Wherever it is cut, in the middle of a letter too."""
    document = orjson.dumps(values, option=orjson.OPT_INDENT_2 if indented else None)
    assert read(document, size) == values


@pytest.mark.parametrize(
    ("document", "before", "problem"),
    [
        (b"[1, 2", [1, 2], "line 1, column 6: this is no JSON: expected , or ]"),
        (b"[1,\n 2,]", [1, 2], "line 2, column 4: this is no JSON: Expecting value"),
        (b'[1,\n\n{"a" 2}]', [1], "line 3, column 6: this is no JSON: Expecting ':' delimiter"),
        (b'["ab', [], "line 1, column 2: this is no JSON: Unterminated string starting at"),
        (b"[1] 2", [1], "line 1, column 5: this is no JSON: something follows the array"),
        (b'[1, "\xff"]', [1], "this is not UTF-8"),
        (b"[1, " + b"[" * 200_000, [1], "line 1, column 5: an event is nested too deep"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(
    document: bytes, before: list[Any], problem: str
) -> None:
    """And what stood before has been read."""
    values = values_of_array(parts_of(document, 3), 1)
    assert [orjson.loads(next(values)) for _ in before] == before
    with pytest.raises(UnreadableEventsError) as refused:
        next(values)
    assert problem in str(refused.value)


def test_an_array_without_an_end_is_read_as_it_comes() -> None:
    """A million small values take no more memory than a few."""
    part = b'{"event": "Purchase"},' * 1_000
    tracemalloc.start()
    values = values_of_array(chain([b"["], repeat(part)), 1)
    assert sum(1 for _ in islice(values, 20_000)) == 20_000
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 1_000_000


def test_a_value_without_an_end_is_given_up() -> None:
    """After as much as no event has."""
    text = chain([b'["'], repeat(b"x" * 262_144))
    with pytest.raises(UnreadableEventsError, match=f"at most {EVENT_CHARS:,} characters"):
        next(values_of_array(text, 1))
