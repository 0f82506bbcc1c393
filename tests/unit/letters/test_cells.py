"""Cells survive a spreadsheet, or are recognised after it; nothing in them is calculated."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from worker.letters.cells import cell_of, guarded, is_same, unguarded

CHANGED = (
    *("=1+1", "+1", "-1", "@x", "\tx", "\rx", "007", "123456789012", "12E5", "3-1", "1.2"),
    *("12-1999", "2026-01-31", "31.01.2026", "1/2/26", "12:30", "1-13", "17-5"),
)


@pytest.mark.parametrize("text", CHANGED)
def test_what_a_spreadsheet_would_change_is_quoted(text: str) -> None:
    """Calculated, rounded, shortened or made a date; the quote goes again on the way back."""
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize(
    "text", ["", "order-1", "20260001", "17-0", "A-1", "'quoted'", "Shop DE", "it's", "1-0i"]
)
def test_any_other_text_stays_as_it_is(text: str) -> None:
    """A table full of quotes is hard to read."""
    assert guarded(text) == unguarded(text) == text


@pytest.mark.parametrize(
    ("value", "decimal", "cell"),
    [
        (None, ".", ""),
        (59.98, ".", "59.98"),
        (59.98, ",", "59,98"),
        (7.0, ",", "7"),
        (1764500000000, ".", "'1764500000000"),
        (7, ".", "7"),
        (True, ".", "true"),
        (["a", 1], ".", '["a",1]'),
        (datetime(2026, 11, 30, 12, tzinfo=UTC), ".", "2026-11-30 12:00:00"),
    ],
)
def test_a_value_is_written_as_a_cell(value: Any, decimal: str, cell: str) -> None:
    """Numbers with the sign of the table; what is long is a text."""
    assert cell_of(value, decimal) == cell


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("007", "7"),
        ("'12345678901234567890", "1,23457E+19"),
        ("'12345678901234567890", "1.23457E+19"),
        ("20260001234567", "2,0260001E+13"),
        ("true", "WAHR"),
        ("false", "FALSE"),
        (" a ", "a"),
    ],
)
def test_what_a_spreadsheet_made_of_a_cell_is_no_edit(written: str, found: str) -> None:
    """It says what was written, as far as it can still be told."""
    assert is_same(written, found)


@pytest.mark.parametrize(
    ("written", "found"),
    [("007", "8"), ("12345678901234567890", "1,3E+19"), ("a", "b"), ("a", "A"), ("true", "false")],
)
def test_what_a_person_changed_is_an_edit(written: str, found: str) -> None:
    """It is not taken for the spreadsheet's doing."""
    assert not is_same(written, found)
