"""A cell reads as it was written, in both forms; junk is an empty one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.reporting.figures.cell import Cell, add, is_sealed, read_cell, sealed, written
from worker.reporting.figures.names import ANY, MOST_EVENTS

names = st.text(max_size=20)
cells = st.dictionaries(
    names, st.dictionaries(names, st.integers(1, 2**53), max_size=5), max_size=5
)


@given(cells)
def test_both_forms_say_the_same(cell: Cell) -> None:
    """Whatever the names and the numbers are."""
    assert cell == read_cell(written(cell))
    assert cell == read_cell(sealed(cell))
    assert (is_sealed(written(cell)), is_sealed(sealed(cell))) == (False, True)


@pytest.mark.parametrize(
    "junk", [b"", b"junk", b"[]", b"\1", b"\1junk", b'{"a":1}', b'{"a":{"b":"c"}}', b"\xff", None]
)
def test_junk_has_no_figures(junk: bytes | None) -> None:
    """Anybody may have written it."""
    assert not any(read_cell(junk).values())


def test_names_beyond_a_hundred_count_together() -> None:
    """A name may be anything, and must not fill the memory."""
    cell: Cell = {}
    for number in range(MOST_EVENTS + 20):
        add(cell, {f"event{number}": {"accepted": 1}})

    assert len(cell) == MOST_EVENTS + 1
    assert cell[ANY] == {"accepted": 20}
