"""What a table says of products, and of days and months, is read in one sense or refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders.readers import BERLIN, Reader
from worker.files.cells import Locale
from worker.files.moments import NO_ORDER

SIX = 1_767_247_200
"""2026-01-01 07:00 in Berlin."""


def test_the_columns_of_a_product_become_contents(reader: Reader) -> None:
    """TikTok's template has them; several products have bars or semicolons between them."""
    table = (
        b"event_type,timestamp,content_id,quantity,price,brand,content_type\n"
        b"Purchase,1767247200,A-7,2,9.5,Cairn,product\n"
        b"Purchase,1767247200,A-7;B-9,2;1,9.5;x,Cairn,product\n"
        b"Purchase,1767247200,A-7|B-9,2,,,\n"
        b"Purchase,1767247200,,,,,\n"
    )
    found = [event.get("properties", {}).get("contents") for event in reader.events(table)]
    assert found == [
        [{"content_id": "A-7", "quantity": 2, "price": 9.5, "brand": "Cairn"}],
        [
            {"content_id": "A-7", "quantity": 2, "price": 9.5, "brand": "Cairn"},
            {"content_id": "B-9", "quantity": 1, "brand": "Cairn"},
        ],
        [{"content_id": "A-7"}, {"content_id": "B-9"}],
        None,
    ]


def test_columns_of_match_keys_are_read_by_any_of_their_names(reader: Reader) -> None:
    """As events are."""
    table = b"event,E-Mail,Phone Number,Vorname,PLZ\nLead,ann@example.com,0170 1234567,Ann,10115\n"
    assert reader.events(table) == [
        {
            "event": "Lead",
            "user": {
                "email": "ann@example.com",
                "phone": "0170 1234567",
                "first_name": "Ann",
                "zip_code": "10115",
            },
        }
    ]


@pytest.mark.parametrize(
    ("cells", "dates", "found"),
    [
        (["01/01/2026 7:00 AM"], "us", [SIX]),
        (["01/01/2026 07:00:00"], "eu", [SIX]),
        (["01/01/2026 7:00", "01/31/2026"], None, [SIX, 1_769_814_000]),
        (["01/01/2026 7:00", "31/01/2026"], None, [SIX, 1_769_814_000]),
        (["01/01/2026 7:00"], None, [NO_ORDER]),
        (["31/01/2026", "01/31/2026"], None, [NO_ORDER, NO_ORDER]),
        (["2026/01/01 07:00"], None, [SIX]),
        (["46023.2916666667"], None, [SIX]),
        (["46023"], None, [SIX - 7 * 3600]),
    ],
)
def test_a_column_of_dates_decides_what_comes_first(
    reader: Reader, cells: list[str], dates: Any, found: list[Any]
) -> None:
    """Day or month; else an option does. Excel's numbers of dates are read too."""
    table = "".join(f"Lead;{cell}\n" for cell in cells)
    events = reader.events(
        f"event;event_time\n{table}".encode(), locale=Locale(BERLIN.time_zone, dates=dates)
    )
    assert [e["event_time"] if isinstance(e, dict) else e for e in events] == found
