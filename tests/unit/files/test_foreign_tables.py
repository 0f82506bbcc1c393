"""Tables as Excel, pandas, psql and TikTok's own template write them become events."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders.readers import Reader
from worker.files.cells import ROUNDED, TWO_READINGS, Locale
from worker.files.event_table import DRAWN, GOES_ON, LONE_RETURN, UnusableTable
from worker.files.moments import NO_ORDER, NO_ZONE
from worker.files.text import READ_AS_1252

SIX = 1_767_247_200
"""2026-01-01 07:00 in Berlin."""

TABLE = "event,event_time,user.first_name,properties.value\nLead,1767247200,Zoë,59.98\n"
LEAD = {
    "event": "Lead",
    "event_time": SIX,
    "user": {"first_name": "Zoë"},
    "properties": {"value": 59.98},
}


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-le"),
        TABLE.encode("utf-16-be"),
        TABLE.encode("utf-32"),
        TABLE.encode("cp1252"),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        TABLE.replace("\n", "\r").encode("utf-16"),
        ("sep=;\n" + TABLE.replace(",", ";")).encode(),
        ("sep=;\r\n" + TABLE.replace(",", ";").replace("\n", "\r\n")).encode("utf-16"),
        ('"sep=|"\n' + TABLE.replace(",", "|")).encode(),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").encode("utf-16"),
        TABLE.replace(",", ", ").encode(),
        TABLE.replace("59.98", '"59,98"').replace("Zoë,", '"Zoë",').replace(",", ";")
        .replace("59;98", "59,98").encode(),
    ],
)  # fmt: skip
def test_a_table_is_read_however_it_is_written(reader: Reader, content: bytes) -> None:
    """Encoding, line ends, separators and blanks make no difference."""
    assert reader.events(content) == [LEAD]


def test_a_guessed_encoding_is_told_and_can_be_given(reader: Reader) -> None:
    """A Polish name in Windows-1250 would be another one in Windows-1252."""
    table = "event,user.first_name\nLead,Zoë\nLead,Ärmel\n".encode("cp1252")
    assert len(reader.events(table)) == 2
    assert reader.told == [READ_AS_1252]
    polish = "event,user.first_name\nLead,Michał\n".encode("cp1250")
    expected = [{"event": "Lead", "user": {"first_name": "Michał"}}]
    assert reader.events(polish, encoding="cp1250") == expected


def test_the_template_of_tiktok_is_read(reader: Reader) -> None:
    """Its header, its labels."""
    table = (
        b"event_type,timestamp,email,phone,value,currency,order_id\n"
        b"Complete Payment,2026-01-01T06:00:00Z,ann@example.com,+4917012345,59.98,EUR,17\n"
        b"Add to Wishlist,2026-01-01T06:00:00Z,,,,,\n"
    )
    first, second = reader.events(table)
    assert first == {
        "event": "CompletePayment",
        "event_time": SIX,
        "user": {"email": "ann@example.com", "phone": "+4917012345"},
        "properties": {"value": 59.98, "currency": "EUR", "order_id": "17"},
    }
    assert second == {"event": "AddToWishlist", "event_time": SIX}


def test_what_pandas_writes_is_read(reader: Reader) -> None:
    """Whole numbers with gaps become floats, and gaps may be words."""
    table = (
        b",event,event_id,event_time,user.phone,user.external_id,properties.value\n"
        b"0,Lead,1042.0,2026-01-01 06:00:00+00:00,491701234567.0,7.0,10.5\n"
        b"1,Lead,1043.0,1767247200.0,NaN,,\n"
    )
    assert reader.events(table) == [
        {
            "event": "Lead",
            "event_id": "1042",
            "event_time": SIX,
            "user": {"phone": "491701234567", "external_id": "7"},
            "properties": {"value": 10.5},
        },
        {"event": "Lead", "event_id": "1043", "event_time": SIX},
    ]


def test_what_psql_draws_is_read(reader: Reader) -> None:
    """The rule and the footer are no rows; a cell over two lines is no half of one."""
    table = b"""\
 event | event_id |       event_time       |    user.email
-------+----------+------------------------+-----------------
 Lead  | 1        | 2026-01-01 06:00:00+00 | ann@example.com
 Lead  | 2        | 2026-01-01 06:00:00+00 |
 Lead  | 3        | 2026-01-01 06:00:00+00 | ann@example.com+
(3 rows)

"""
    first, second, third = reader.events(table)
    expected = {"event": "Lead", "event_id": "1", "event_time": SIX}
    assert first == {**expected, "user": {"email": "ann@example.com"}}
    assert second == {**expected, "event_id": "2"}
    assert third == GOES_ON
    assert reader.events(b" event \n-------\n Lead\n(1 row)\n") == [{"event": "Lead"}]
    assert reader.events(b"event|event_id\nLead|1\n(1 row)\n", "x.txt") == [
        {"event": "Lead", "event_id": "1"}
    ]


@pytest.mark.parametrize(
    "table",
    [
        b"+-------+\n| event |\n+-------+\n",
        b"-[ RECORD 1 ]---\nevent | Lead\n",
        b"*************************** 1. row ***************************\nevent: Lead\n",
        "┌───────┐\n│ event │\n".encode(),
    ],
)
@pytest.mark.parametrize("name", ["orders.txt", "orders.csv"])
def test_what_is_drawn_is_named(reader: Reader, table: bytes, name: str) -> None:
    """It is for eyes; the same programs write CSV."""
    with pytest.raises(UnusableTable) as refusal:
        reader.events(table, name)
    assert str(refusal.value) == DRAWN


# --- amounts, times, ids ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delimiter", "decimal", "cell", "expected"),
    [
        (";", None, "59,98", 59.98),
        (";", None, "1.234,56", 1234.56),
        (";", None, "1.234.567", 1_234_567),
        (";", None, "59.98", 59.98),
        (";", None, "1.234", TWO_READINGS),
        (";", ",", "1.234", 1234),
        (";", ".", "1.234", 1.234),
        (";", ".", "1,234.5", 1234.5),
        ("\t", None, "1,234.50", 1234.5),
        ("\t", None, "1,234", TWO_READINGS),
        ("\t", ",", "1,234", 1.234),
        ("\t", None, "1.234", 1.234),
        ("\t", None, "0.30000000000000004", 0.3),
        ("\t", None, "1.234,56", "must be a number without symbol or separator, such as 59.98"),
    ],
)
def test_an_amount_with_one_reading_is_read(
    reader: Reader, delimiter: str, decimal: str | None, cell: str, expected: Any
) -> None:
    """A thousand times as much is worse than a refusal."""
    table = f"event{delimiter}properties.value\nLead{delimiter}{cell}\n"
    (found,) = reader.events(table.encode(), locale=Locale(None, decimal))
    assert found == (
        expected
        if isinstance(expected, str)
        else {"event": "Lead", "properties": {"value": expected}}
    )


@pytest.mark.parametrize(
    "cell",
    [
        "2026-01-01 07:00",
        "2026-01-01 07:00:00",
        "2026-01-01T07:00:00.000",
        "01.01.2026 07:00",
        "1.1.2026 7:00:00",
        "2026-01-01 06:00:00 UTC",
        "1767247200000",
        "1767247200.5",
    ],
)
def test_a_time_is_read_in_the_zone_that_was_given(reader: Reader, cell: str) -> None:
    """One that names its own keeps it."""
    (found,) = reader.events(f"event;event_time\nLead;{cell}\n".encode())
    assert found == {"event": "Lead", "event_time": SIX}


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("2026-01-01 07:00", NO_ZONE),
        ("31.01.2026 07:00", NO_ZONE),
        ("01/02/2026 7:00 PM", NO_ORDER),
        ("32.01.2026", "must be Unix seconds"),
        ("46023.29", NO_ZONE),
        ("146023.29", "must be Unix seconds"),
        ("0001-01-01T00:00:00+23:00", "must be Unix seconds"),
    ],
)
def test_a_time_with_no_or_two_readings_is_refused(reader: Reader, cell: str, problem: str) -> None:
    """With what is allowed."""
    (entry,) = reader.entries(f"event;event_time\nLead;{cell}\n".encode(), locale=Locale())
    assert entry.problem.startswith(problem)
    assert (entry.number, entry.path) == (2, "event_time")


def test_a_rounded_id_is_refused_where_conversions_would_share_it(reader: Reader) -> None:
    """Excel shows 4.91702E+11; TikTok would count all such orders once."""
    table = b"event,event_id,properties.order_id\nLead,4.91702E+11,1\nLead,2,4.9E+11\nLead,3,4E+9\n"
    first, second, third = reader.events(table)
    assert first == ROUNDED
    assert second == {"event": "Lead", "event_id": "2"}
    assert third == {"event": "Lead", "event_id": "3"}
    assert reader.told == [f"properties.order_id is left out where it {ROUNDED}"]


@pytest.mark.parametrize("nothing", ["NULL", r"\N", "(null)", "None", "<NA>", "#N/A", " "])
def test_a_word_for_nothing_is_an_empty_cell(reader: Reader, nothing: str) -> None:
    """All orders with the id NULL would count once."""
    assert reader.events(f"event,event_id\nLead,{nothing}\n".encode()) == [{"event": "Lead"}]


def test_a_decimal_comma_behind_a_phone_number_is_none(reader: Reader) -> None:
    """Excel's, for a column of numbers."""
    table = b"event;user.phone;event_id\nLead;491701234567,0;1042,0\n"
    expected = {"event": "Lead", "user": {"phone": "491701234567"}, "event_id": "1042"}
    assert reader.events(table) == [expected]


def test_a_carriage_return_within_a_row_is_told_in_words(reader: Reader) -> None:
    """The rows beside it are read."""
    first, bad, last = reader.events(b"event,event_id\nLead,1\nLe\rad,2\nLead,3\n")
    assert bad == f"this is no CSV: {LONE_RETURN}"
    assert (first["event_id"], last["event_id"]) == ("1", "3")
