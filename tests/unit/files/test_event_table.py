"""A row of a table becomes an event; what is none is told by its line, without values."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import BadValue, FieldPath
from worker.files.event_file import Entry
from worker.files.event_table import NOT_TEXT, UnusableTable, read_table

HEADER = "event,event_id,user.email,properties.value\n"


def entries(text: str | bytes, columns: Mapping[str, str] | None = None) -> list[Entry]:
    """The rows of a table."""
    content = text.encode() if isinstance(text, str) else text
    return list(read_table(io.BytesIO(content), columns or {}).rows)


def events(text: str | bytes, columns: Mapping[str, str] | None = None) -> list[Any]:
    """The events of a table."""
    return [entry.event for entry in entries(text, columns)]


def field(dotted: str) -> FieldPath:
    """A field that exists."""
    found = FieldPath.of(dotted)
    assert found is not None
    return found


EXPECTED = {
    "event": "Lead",
    "event_id": "7",
    "user": {"email": "a@example.com"},
    "properties": {"value": 59.98},
}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n \n"])
def test_columns_are_named_like_fields(delimiter: str, start: str) -> None:
    """Parted by what parts the header; an id stays text, a price becomes a number."""
    table = start + (HEADER + "Lead,7,a@example.com,59.98\n").replace(",", delimiter)
    assert events(table) == [EXPECTED]


def test_columns_with_other_names_are_mapped() -> None:
    """One column may stand for two fields; others are left out, and named."""
    text = "order,mail,junk\n7,a@example.com,x\n"
    columns = {"event_id": "order", "properties.order_id": "order", "user.email": "mail"}
    table = read_table(io.BytesIO(text.encode()), columns)
    assert table.left_out == ["junk"]
    assert table.fields == {"event_id", "properties.order_id", "user.email"}
    expected = {"user": {"email": "a@example.com"}, "properties": {"order_id": "7"}}
    assert [entry.event for entry in table.rows] == [expected | {"event_id": "7"}]


def test_empty_cells_are_absent_and_blank_rows_are_none() -> None:
    """Numbers are those of the lines."""
    found = entries(HEADER + "Lead,7,,\n\n  \n,,,\nLead,8,,\n")
    assert [(entry.number, entry.event) for entry in found] == [
        (2, {"event": "Lead", "event_id": "7"}),
        (5, {}),
        (6, {"event": "Lead", "event_id": "8"}),
    ]


def test_a_cell_may_hold_lines_and_quotes() -> None:
    """The next row has the number of its own line."""
    text = 'event,properties.description\nLead,"a ""b""\n\nc"\nLead,d\n'
    assert [(entry.number, entry.event) for entry in entries(text)] == [
        (2, {"event": "Lead", "properties": {"description": 'a "b"\n\nc'}}),
        (5, {"event": "Lead", "properties": {"description": "d"}}),
    ]


BAD = [
    (b"Lead,7,ann@example.com,lots\n", "properties.value", "must be a number"),
    (b"Lead,7,ann@example.com\n", "", "this row has 3 cells, the header 4"),
    (b"Lead,7,ann@example.com,1,2\n", "", "this row has 5 cells, the header 4"),
    (b"Lead,7,\xe4nn@example.com,1\n", "", NOT_TEXT),
    (b'Lead,7,"ann@example.com"x,1\n', "", "this is no CSV: ',' expected after '\"'"),
]


@pytest.mark.parametrize(("row", "path", "problem"), BAD)
def test_a_bad_row_harms_no_other(row: bytes, path: str, problem: str) -> None:
    """It is told by its path and reason."""
    good = "Lead,é,,1\n".encode()
    first, bad, last = entries(HEADER.encode() + good + row + good)
    assert (bad.number, bad.event, bad.path) == (3, None, path)
    assert bad.problem.startswith(problem)
    assert "ann" not in bad.problem
    assert first.event == last.event


def test_a_quote_that_is_not_closed_is_told_with_its_lines() -> None:
    """So that nobody looks for the rows it swallowed."""
    (bad,) = entries(HEADER + 'Lead,7,"a,1\nLead,8,b,1\n')
    assert bad.problem == "this is no CSV: unexpected end of data; the row ends with line 3"


def test_a_quote_that_is_not_closed_takes_a_bounded_part() -> None:
    """A row ends at the limit of a cell; memory stays flat."""
    rows = "Lead,8,b,1\n" * 50_000
    found = entries(HEADER + 'Lead,7,"a,1\n' + rows)
    assert found[0].event is None
    assert sum(entry.event is not None for entry in found) > 30_000


@pytest.mark.parametrize(
    ("text", "columns", "problem"),
    [
        ("ann@example.com,7,59.98\n", {}, "no column is named like a field of an event"),
        ("", {}, "no column is named like a field of an event"),
        ("event\n", {"user.email": "mail"}, "the table has no column mail"),
        ("event,event\n", {}, "two columns of the table are event"),
    ],
    ids=["no header", "empty", "a column that is not there", "the same twice"],
)
def test_a_header_must_say_what_the_columns_are(
    text: str, columns: Mapping[str, str], problem: str
) -> None:
    """Without quoting it: it may be a person's data."""
    with pytest.raises(UnusableTable, match=problem) as refusal:
        entries(text, columns)
    assert "ann" not in str(refusal.value)


# --- values --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dotted", "text", "expected"),
    [
        ("properties.value", " 59.98 ", 59.98),
        ("properties.num_items", "2", 2),
        ("properties.contents", '[{"price": 3}]', [{"price": 3}]),
        ("properties", '{"value": 3}', {"value": 3}),
        ("properties.order_id", "007", "007"),
        ("properties.own", "5", "5"),
        ("user.email", "a@example.com", "a@example.com"),
        ("user.email", '["a@example.com", "b@example.com"]', ["a@example.com", "b@example.com"]),
        ("user.email", "[a", "[a"),
        ("event_time", "1767225600", 1_767_225_600),
        ("event_time", "2026-01-01T01:00:00+01:00", 1_767_225_600),
        ("event_time", "2026-01-01 00:00:00Z", 1_767_225_600),
        ("limited_data_use", "TRUE", True),
        ("event_source", "offline", "offline"),
    ],
)
def test_the_schema_says_what_a_text_stands_for(dotted: str, text: str, expected: Any) -> None:
    """Numbers, lists, times and flags; all else stays as it is."""
    value = field(dotted).read(text)
    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    ("dotted", "text", "message"),
    [
        ("properties.value", "59,98", "must be a number"),
        ("properties.num_items", "2.5", "must be a whole number"),
        ("properties.contents", "ann", "must be JSON, such as"),
        ("event_time", "2026-01-01 00:00", "must be an integer of Unix seconds"),
        ("event_time", "1767225600000", "must be in seconds, not milliseconds"),
        ("limited_data_use", "perhaps", "must be true or false"),
    ],
)
def test_a_text_that_is_no_value_is_refused(dotted: str, text: str, message: str) -> None:
    """With what is allowed, and without the text."""
    with pytest.raises(BadValue, match=message) as refusal:
        field(dotted).read(text)
    assert text not in str(refusal.value)


@pytest.mark.parametrize("name", ["mail", "user.", "event.x", "user email", "0", "", "event_id.x"])
def test_what_no_event_has_is_no_field(name: str) -> None:
    """Objects take fields of one's own, an event does not."""
    assert FieldPath.of(name) is None


def test_a_value_needs_an_object_around_it() -> None:
    """A file may hold anything there."""
    with pytest.raises(BadValue):
        field("user.email").put({"user": "ann"}, "x")


@given(text=st.text(max_size=60), dotted=st.sampled_from(["event_time", "properties.contents"]))
def test_any_text_is_a_value_or_refused(text: str, dotted: str) -> None:
    """Nothing else happens."""
    said = "must be"
    try:
        field(dotted).read(text)
    except BadValue as error:
        said = str(error)
    assert said.startswith("must be")
