"""A value has one safe reading, or none: nobody's guess is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events.event.amount import read_amount
from tiktok_events.event.ip import read_address
from tiktok_events.event.readings import READINGS, read
from tiktok_events.event.times import read_time

NOW: Final = 1_767_225_600


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5", 5),
        (" 59.98\n", 59.98),
        ("59,98", 59.98),
        ("59,9", 59.9),
        ("0,999", 0.999),
        ("1.234", 1.234),
        ("1,234.50", 1234.5),
        ("1.234,50", 1234.5),
        ("1'234.50", 1234.5),
        ("1 234", 1234),
        ("1\u00a0234\u202f567,89", 1234567.89),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("1234,567", 1234.567),
        ("-12,50", -12.5),
        ("+5", 5),
        (".5", 0.5),
        ("1.5E+3", 1500.0),
        ("1,234", None),
        ("12,345", None),
        ("-1,234", None),
        ("1,23,456", None),
        ("1,234,56", None),
        ("1.2.3", None),
        ("12 5", None),
        ("5 EUR", None),
        ("$5", None),
        ("free", None),
        ("nan", None),
        ("inf", None),
        ("٣", None),
        ("", None),
        ("-", None),
        (",", None),
        ("1" * 41, None),
        ("1e99", None),
    ],
)
def test_an_amount_has_one_reading_or_none(text: str, amount: float | None) -> None:
    """What parts thousands here parts decimals there; both apart, a reading is certain."""
    assert amount == read_amount(text)


@given(st.integers(0, 10**9), st.integers(0, 99), st.sampled_from([",.", ".,", " ,", " .", "'."]))
def test_an_amount_with_cents_reads_the_same_in_every_country(
    units: int, cents: int, marks: str
) -> None:
    """Two decimals are never a group of thousands."""
    written = f"{units:,}".replace(",", marks[0]) + f"{marks[1]}{cents:02}"
    assert read_amount(written) == float(f"{units}.{cents:02}")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.4, 10.0.0.1", "203.0.113.4"),
        ("10.0.0.1, 203.0.113.4", "203.0.113.4"),
        ("unknown, 203.0.113.4", "203.0.113.4"),
        ("203.0.113.4:51034", "203.0.113.4"),
        (" 203.0.113.4\n", "203.0.113.4"),
        ("203.0.113.4/32", "203.0.113.4"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("::ffff:203.0.113.4", "203.0.113.4"),
        ('for="[2001:db8::1]:4711";proto=https', "2001:db8::1"),
        ("for=203.0.113.4, for=198.51.100.7", "203.0.113.4"),
        ("10.0.0.1, 10.0.0.2", "10.0.0.1"),
        ("203.0.113.0/24", None),
        ("203.0.113.256", None),
        ("unknown", None),
        ("", None),
        ("203.0.113.x", None),
        ("1," * 600, None),
    ],
)
def test_an_address_is_found_in_what_proxies_write(text: str, address: str | None) -> None:
    """The first public one, without its port."""
    assert address == read_address(text)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), st.integers(1, 65_535))
def test_a_port_is_no_part_of_an_address(address: IPv4Address | IPv6Address, port: int) -> None:
    """Whatever the address is."""
    host = f"[{address}]" if address.version == 6 else str(address)
    assert read_address(f"{host}:{port}") == read_address(str(address))


@pytest.mark.parametrize(
    "written",
    [
        NOW * 1_000,
        NOW * 1_000 + 999,
        float(NOW * 1_000),
        NOW * 10**6,
        NOW * 10**9,
        str(NOW * 1_000),
        f" {NOW * 1_000}\n",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.123456789Z",
        "2026-01-01T01:00:00+01:00",
        "2026-01-01 01:00:00 +0100",
        "2026-01-01 00:00:00 UTC",
        "20260101T000000Z",
    ],
)
def test_a_time_is_read_out_of_any_unit_and_date(written: Any) -> None:
    """If there is a time zone."""
    found = read_time(written)
    assert found is not None
    assert found.seconds == NOW


@pytest.mark.parametrize(
    "written",
    [
        *(NOW, 0, -1, True, None, [], 10**400, float("nan"), float("inf"), "soon", "", "x" * 50),
        *("2026-01-01T00:00:00", "2026-01-01", "1999-12-31T23:59:59Z", "20260101", "01/02/2026"),
    ],
)
def test_what_is_no_other_unit_has_no_reading(written: Any) -> None:
    """Seconds need none; a date without a time zone has one for every zone."""
    assert read_time(written) is None


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)),  # noqa: DTZ001 — made aware below
    st.integers(-12 * 60, 14 * 60),
)
def test_a_date_reads_the_same_in_every_time_zone(moment: datetime, minutes: int) -> None:
    """ISO 8601, whatever the offset."""
    utc = moment.replace(microsecond=0, tzinfo=UTC)
    there = utc.astimezone(timezone(timedelta(minutes=minutes)))
    found = read_time(there.isoformat())
    assert found is not None
    assert found.seconds == int(utc.timestamp())


@pytest.mark.parametrize("kind", sorted(READINGS))
@given(
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.none())
    )
)
def test_a_reading_never_raises(kind: str, value: Any) -> None:
    """Whatever stands there."""
    options = (10,) if kind in {"cut", "url"} else ("Purchase", "eco")
    found = read(kind, value, options)
    assert found is None or found.sentence


@pytest.mark.parametrize(
    ("kind", "value", "read_as"),
    [
        ("choice", " In Store", "in_store"),
        ("choice", "IN-STORE", "in_store"),
        ("choice", "pickup", None),
        ("currency", " eur ", "EUR"),
        ("currency", "€", "EUR"),
        ("currency", "$", None),
        ("flag", " Yes ", True),
        ("flag", "perhaps", None),
        ("limit", "perhaps", True),
        ("limit", "no", False),
        ("quantity", 0.5, 0.5),
        ("quantity", "0,5", 0.5),
        ("quantity", float("nan"), None),
        ("count", "1 200", 1200),
        ("count", "2,5", None),
        ("name", " Purchase ", "Purchase"),
        ("name", "Size Guide", "Size Guide"),
        ("name", "a\x00b", None),
        ("name", "x" * 257, None),
        ("object", [{"value": 5}], {"value": 5}),
        ("object", [{}, {}], None),
    ],
)
def test_each_kind_has_its_reading(kind: str, value: Any, read_as: Any) -> None:
    """`None` stands for none."""
    found = read(kind, value, ("in_store", "curbside"))
    assert (found and found.value) == read_as or (found is None and read_as is None)
